from __future__ import annotations

from pathlib import Path

import pytest
from vodozemac import GroupSession, InboundGroupSession

from client.session.crypto.inbound_sessions import InboundSessions, KeyRefused
from client.session.store.schema import account_schema
from client.session.store.vault import migrate, open_vault

ROOM = "!room"


def _store(path: Path) -> InboundSessions:
    db = open_vault(path, bytes(32))
    migrate(db, account_schema, path)
    return InboundSessions(db)


def _add(sessions: InboundSessions, session_id: str, key: str, *, by: str = "alice") -> bool:
    return sessions.add(
        room_id=ROOM,
        session_id=session_id,
        session_key=key,
        sender_key=f"{by}-curve",
        signing_key=f"{by}-ed",
        sender=f"@{by}:x",
        device_id=None,
        provenance="direct",
    )


def test_a_key_that_begins_later_never_replaces_one_that_begins_earlier(tmp_path: Path) -> None:
    """The earlier key stays, and an earlier one of the same session replaces a later one (D18)."""
    group = GroupSession()
    early = group.session_key.to_base64()
    group.encrypt(b"0")
    late = group.session_key.to_base64()
    sessions = _store(tmp_path / "a.db")
    assert _add(sessions, group.session_id, late)
    assert _add(sessions, group.session_id, early)
    assert not _add(sessions, group.session_id, late)
    sessions.save_changes()
    found = _store(tmp_path / "a.db").find(ROOM, group.session_id, "@alice:x")
    assert found is not None
    assert (found.first_index, found.vodozemac.first_known_index) == (0, 0)


def test_a_member_who_passes_a_key_on_neither_hides_nor_spoils_it(tmp_path: Path) -> None:
    """The same session under Mallory's name is kept apart, whichever came first (D18)."""
    group = GroupSession()
    key = group.session_key.to_base64()
    for order in (("alice", "mallory"), ("mallory", "alice")):
        sessions = _store(tmp_path / f"{order[0]}.db")
        for name in order:
            assert _add(sessions, group.session_id, key, by=name)
        sessions.save_changes()
        again = _store(tmp_path / f"{order[0]}.db")
        for name in order:
            found = again.find(ROOM, group.session_id, f"@{name}:x")
            assert found is not None
            assert found.sender_key == f"{name}-curve"


def test_a_key_under_another_sessions_id_is_refused(tmp_path: Path) -> None:
    """A session id that is not the key's own, and text that is no key, are refused."""
    sessions = _store(tmp_path / "a.db")
    other = InboundGroupSession(GroupSession().session_key).session_id
    with pytest.raises(KeyRefused, match="another session"):
        _add(sessions, other, GroupSession().session_key.to_base64())
    with pytest.raises(KeyRefused, match="malformed"):
        _add(sessions, other, "AgAAAA")
