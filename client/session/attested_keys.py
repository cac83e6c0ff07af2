"""The keys of an account that its authority attests: who it is, and what its answers are signed with."""

from __future__ import annotations

from dataclasses import dataclass

from client.session.accounts import Account
from client.session.answer_key import AnswerKey
from client.session.crypto.own_identity import OwnIdentity
from client.session.errors import IdentityNotHeld
from client.session.store.account_lock import held_store
from client.session.store.account_store import open_account_store
from client.session.store.facts import Facts
from client.session.store.sqlcipher import Database


@dataclass(frozen=True)
class AttestedKeys:
    """Public keys in unpadded Base64; `answer_key` is None of an account that does not answer."""

    master_key: str
    answer_key: str | None


def attested_keys(account: Account, *, answers: bool) -> AttestedKeys:
    """Read an enrolled account's keys; of one that `answers`, make the answer key where it is missing.

    The answer key's secret half never leaves the encrypted store. Raises IdentityNotHeld, StoreError, and
    StoreHeld when a key is to be made while another process holds the store.
    """
    db = open_account_store(account.folder, account.user_id)
    try:
        identity = OwnIdentity.load(Facts(db), account.user_id)
        if identity is None:
            raise IdentityNotHeld(
                f"The store of {account.user_id} holds no identity.",
                why="Another device made the account's identity, and this one is not vouched for yet.",
                remedy=f"Run `rogatory recover --key-file FILE --as {account.user_id}`; "
                "where no recovery key is left, `rogatory recover --reset`.",
            )
        answer_key = _answer_key(db, account) if answers else None
        return AttestedKeys(identity.master.public_key, answer_key)
    finally:
        db.close()


def _answer_key(db: Database, account: Account) -> str:
    """Return the public half of the key that signs answers."""
    key = AnswerKey(db, account.user_id)
    public = key.public_key()
    if public is None:
        with held_store(account.lock_path, account.user_id), db.atomic():
            public = key.make()  # unless another process was first
    return public
