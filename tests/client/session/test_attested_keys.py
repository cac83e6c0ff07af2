"""The keys that an account's authority attests."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.session.accounts import Accounts
from client.session.answer_key import AnswerKey
from client.session.attested_keys import attested_keys
from client.session.errors import AnswerNotSigned, StoreHeld
from client.session.store.account_lock import held_store
from client.session.store.account_store import open_account_store
from policies.trust.signing import verify_object
from tests.client.session.fake_people import alice_and_bob


async def test_the_answer_key_is_made_once_and_kept_in_the_store(tmp_path: Path) -> None:
    """The master key is the published one; the answer key is made where asked for, and stays the same."""
    server, alice, _ = await alice_and_bob(tmp_path)
    account = Accounts(alice.root).find(alice.user_id)
    keys = attested_keys(account, answers=False)
    published = server.identities[alice.user_id]["master_key"]["keys"]
    assert list(published.values()) == [keys.master_key]
    assert keys.answer_key is None
    first = attested_keys(account, answers=True)
    assert first.answer_key not in (None, keys.master_key)
    assert attested_keys(account, answers=True) == first
    assert attested_keys(account, answers=False).answer_key is None


async def test_only_ones_own_answer_is_signed(tmp_path: Path) -> None:
    """The attested key signs an answer or an export of the account's own, and of nobody else."""
    _, alice, bob = await alice_and_bob(tmp_path)
    account = Accounts(alice.root).find(alice.user_id)
    key = attested_keys(account, answers=True).answer_key
    db = open_account_store(account.folder, account.user_id)
    try:
        signed = AnswerKey(db, alice.user_id).sign({"answerer": alice.user_id, "outcome": "FROZEN"})
        verify_object(signed, alice.user_id, "ed25519:answer", str(key))
        index = AnswerKey(db, alice.user_id).sign({"exporter": alice.user_id, "request_id": "x"})
        verify_object(index, alice.user_id, "ed25519:answer", str(key))
        for others in ({"answerer": bob.user_id}, {"exporter": bob.user_id}, {}):
            with pytest.raises(AnswerNotSigned):
                AnswerKey(db, alice.user_id).sign(others)
        with pytest.raises(AnswerNotSigned):
            AnswerKey(db, alice.user_id).sign({"answerer": bob.user_id, "exporter": alice.user_id})
    finally:
        db.close()


async def test_no_key_is_made_behind_the_back_of_an_open_session(tmp_path: Path) -> None:
    """While another process holds the store, a missing answer key is an error, another is read."""
    _, alice, bob = await alice_and_bob(tmp_path)
    one, other = (Accounts(person.root).find(person.user_id) for person in (alice, bob))
    made = attested_keys(one, answers=True)
    with held_store(one.lock_path, one.user_id), held_store(other.lock_path, other.user_id):
        assert attested_keys(one, answers=True) == made
        with pytest.raises(StoreHeld):
            attested_keys(other, answers=True)
