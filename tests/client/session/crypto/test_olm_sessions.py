from __future__ import annotations

import base64
from pathlib import Path

from vodozemac import Account

from client.session.crypto.olm_account import PICKLE_KEY, OlmAccount
from client.session.crypto.olm_sessions import OlmSessions
from client.session.store.schema import account_schema
from client.session.store.vault import migrate, open_vault


def test_sessions_of_an_earlier_version_are_read_on(tmp_path: Path) -> None:
    """A session that was stored as text, before sessions became bytes, still decrypts and encrypts."""
    alice, bob = Account(), Account()
    bob.generate_one_time_keys(1)
    [key] = bob.one_time_keys.values()
    ours = alice.create_outbound_session(bob.curve25519_key, key)
    first = ours.encrypt(b"first")
    prekey = first.to_pre_key()
    assert prekey is not None
    theirs, _ = bob.create_inbound_session(alice.curve25519_key, prekey)
    path, curve25519 = tmp_path / "store.db", bob.curve25519_key.to_base64()
    db = open_vault(path, bytes(32))
    account_schema.apply(db, stop_before="keep_olm_sessions_in_fewer_pages")
    row = [curve25519, ours.session_id, ours.pickle(PICKLE_KEY), 7]
    db.execute("INSERT INTO olm_sessions VALUES (?, ?, ?, ?)", row)
    migrate(db, account_schema, path)
    sessions = OlmSessions(db, OlmAccount("@a:a", "A", alice))
    kind, body = theirs.encrypt(b"answer").to_parts()
    assert sessions.decrypt(curve25519, kind, base64.b64encode(body).decode()) == b"answer"
    sessions.save_changes()
    assert OlmSessions(db, OlmAccount("@a:a", "A", alice)).has_session(curve25519)
    db.close()
