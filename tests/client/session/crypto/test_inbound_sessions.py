from __future__ import annotations

import base64
from pathlib import Path

import pytest
from vodozemac import GroupSession, InboundGroupSession, SessionKey

from client.session.crypto.inbound_sessions import DIRECT, InboundSessions, KeyRefused
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


def _exported(group_key: str, index: int = 0) -> str:
    exported = InboundGroupSession(SessionKey(group_key)).export_at(index)
    assert exported is not None
    return exported.to_base64()


def _restore(sessions: InboundSessions, session_id: str, exported: str, *, by: str = "alice") -> bool:
    return sessions.add_backed_up(
        room_id=ROOM,
        session_id=session_id,
        exported_key=exported,
        sender_key=f"{by}-curve",
        signing_key=f"{by}-ed",
        version="1",
    )


def _forged(session_id: str) -> str:
    """A session of somebody else's making that calls itself `session_id`: an exported key is not signed."""
    other = base64.b64decode(_exported(GroupSession().session_key.to_base64()) + "==")
    return base64.b64encode(other[:-32] + base64.b64decode(session_id + "=")).rstrip(b"=").decode()


def test_a_restored_key_reads_what_came_earlier_and_leaves_the_senders_proof(tmp_path: Path) -> None:
    """In either order: from the earlier index on, and still proven by the key that its sender gave."""
    group = GroupSession()
    early = group.session_key.to_base64()
    group.encrypt(b"0")
    late = group.session_key.to_base64()
    for first in ("direct", "backup"):
        sessions = _store(tmp_path / f"{first}.db")
        steps = [
            lambda s=sessions: _add(s, group.session_id, late),
            lambda s=sessions: _restore(s, group.session_id, _exported(early)),
        ]
        for step in steps if first == "direct" else reversed(steps):
            step()
        sessions.save_changes()
        found = _store(tmp_path / f"{first}.db").find(ROOM, group.session_id, "@alice:x")
        assert found is not None
        assert (found.first_index, found.provenance, found.sender) == (0, DIRECT, "@alice:x")
        assert found.backup_version == "1"


def test_a_forged_backup_spoils_no_key_of_the_sender(tmp_path: Path) -> None:
    """A session that the server made up under a known id loses to the sender's key, whichever came first."""
    group = GroupSession()
    key = group.session_key.to_base64()
    group.encrypt(b"0")
    later = group.session_key.to_base64()
    message = group.encrypt(b"1")
    forged = _forged(group.session_id)
    for order in (("direct", "backup"), ("backup", "direct")):
        for given in (key, later):
            sessions = _store(tmp_path / f"{order[0]}{len(given)}{given[8:12].replace('/', '_')}.db")
            for step in order:
                if step == "direct":
                    assert _add(sessions, group.session_id, given)
                else:
                    _restore(sessions, group.session_id, forged)
            found = sessions.find(ROOM, group.session_id, "@alice:x")
            assert found is not None
            assert found.provenance == DIRECT
            assert found.vodozemac.decrypt(message).plaintext == b"1"


def test_a_restored_key_under_another_name_does_not_hide_whose_the_session_is(tmp_path: Path) -> None:
    """Asked on behalf of a third user, the session that its sender proved is found, not the restored one."""
    group = GroupSession()
    key = group.session_key.to_base64()
    sessions = _store(tmp_path / "a.db")
    _restore(sessions, group.session_id, _exported(key), by="eve")
    _add(sessions, group.session_id, key)
    found = sessions.find(ROOM, group.session_id, "@bob:x")
    assert found is not None
    assert found.sender == "@alice:x"


def test_a_restored_key_of_another_session_is_refused(tmp_path: Path) -> None:
    """What the backup holds under the wrong session id, or malformed, is refused."""
    group = GroupSession()
    sessions = _store(tmp_path / "a.db")
    with pytest.raises(KeyRefused, match="another session"):
        _restore(sessions, GroupSession().session_id, _exported(group.session_key.to_base64()))
    with pytest.raises(KeyRefused, match="malformed"):
        _restore(sessions, group.session_id, "AQ")
