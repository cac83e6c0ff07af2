"""The register: append-only, chained, encrypted, and whole after a kill."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from bridge.errors import RegisterDamaged, RequestUnknown
from bridge.register import Register
from bridge.register_event import FIRST_LINK, EventKind, link
from bridge.request_record import RequestStatus
from client.session.errors import StoreError, StoreKeyWrong
from client.session.local.lock import Locked
from client.session.store.sqlcipher import dbapi2
from client.session.store.vault import open_vault
from tests.bridge.fake_court import KEY
from tests.policies.requests.samples import ID, sample_draft

INTENDED = {"draft": msgspec.to_builtins(sample_draft()), "addressees": ["@a:africa.rogatory.test"]}
FACTS: list[tuple[EventKind, dict[str, object]]] = [
    (EventKind.INTENDED, INTENDED),
    (EventKind.ROOM_OPENED, {"room_id": "!r"}),
    (EventKind.INVITED, {"user_id": "@a:africa.rogatory.test"}),
    (EventKind.SIGNED, {"content": "{}"}),
    (EventKind.POSTED, {"event_id": "$e"}),
    (EventKind.DELIVERED, {}),
]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bridge" / "register.db"


def filled(path: Path, facts: int = len(FACTS), request_id: str = ID) -> Register:
    register = Register.open(path, KEY, now=lambda: datetime(2026, 11, 23, 10, tzinfo=UTC))
    for kind, payload in FACTS[:facts]:
        register.append(kind, request_id, payload)
    return register


def test_a_request_grows_with_its_events(path: Path) -> None:
    """Each event adds its fact, the status follows, and what was written is there after opening anew."""
    statuses = []
    with Register.open(path, KEY) as register:
        for kind, payload in FACTS:
            statuses.append(register.append(kind, ID, payload).status)
    assert statuses == ["intended", "issued", "issued", "issued", "issued", "delivered"]
    with Register.open(path, KEY) as register:
        record = register.request(ID)
        assert (record.room_id, record.content, record.event_id) == ("!r", "{}", "$e")
        assert record.draft == sample_draft()
        assert record.waiting == ()
        assert [event.kind for event in register.events(ID)] == [kind for kind, _ in FACTS]
        assert register.requests(open_only=True) == ()
        assert register.requests() == (record,)


def test_unknown_request(path: Path) -> None:
    """A request that was never recorded is named as unknown."""
    with filled(path) as register, pytest.raises(RequestUnknown, match="ROG-2026-000000"):
        register.request("ROG-2026-000000")


def test_what_cannot_follow_is_refused_and_leaves_nothing(path: Path) -> None:
    """A first event other than the intention, a second intention, or a wrong payload is not recorded."""
    with filled(path, 1) as register:
        head = register.verify_chain()
        for kind, request_id, payload in (
            (EventKind.POSTED, "ROG-2026-000000", {"event_id": "$e"}),
            (EventKind.INTENDED, ID, INTENDED),
            (EventKind.POSTED, ID, {"event": "$e"}),
        ):
            with pytest.raises(ValueError):  # noqa: PT011 # msgspec's error is one too
                register.append(kind, request_id, payload)
        assert register.verify_chain() == head
        assert len(list(register.events())) == 1


def test_the_chain(path: Path) -> None:
    """An empty register has the first link for its head, and each event moves it."""
    with Register.open(path, KEY) as empty:
        assert empty.verify_chain() == FIRST_LINK
    with filled(path) as register:
        events = list(register.events())
        assert register.verify_chain() == events[-1].sha256
        assert [event.previous_sha256 for event in events[1:]] == [event.sha256 for event in events[:-1]]


def test_the_database_itself_refuses_changes(path: Path) -> None:
    """An event can be neither altered nor removed by plain SQL."""
    with filled(path):
        pass
    db = open_vault(path, KEY)
    for statement in ("UPDATE events SET kind = 'posted'", "DELETE FROM events"):
        with pytest.raises(dbapi2.IntegrityError, match="append-only"):
            db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("statement", "sequence"),
    [
        ("UPDATE events SET payload = replace(payload, '!r', '!s') WHERE sequence = 2", 2),
        ("UPDATE events SET at = '2026-11-23T10:00:01Z' WHERE sequence = 3", 3),
        ("UPDATE events SET kind = 'nonsense' WHERE sequence = 4", 4),
        ("UPDATE events SET payload = '{\"n\":1.5}' WHERE sequence = 4", 4),
        ("UPDATE events SET payload = 'nonsense' WHERE sequence = 1", 1),
        ("DELETE FROM events WHERE sequence = 3", 3),
        ("UPDATE events SET sequence = 9 WHERE sequence = 6", 6),
    ],
)
def test_tampering_is_found(path: Path, statement: str, sequence: int) -> None:
    """Whoever holds the key and drops the triggers is still found out, with the event where it begins."""
    with filled(path):
        pass
    db = open_vault(path, KEY)
    db.execute("DROP TRIGGER events_are_not_changed")
    db.execute("DROP TRIGGER events_are_not_removed")
    db.execute(statement)
    db.close()
    with Register.open(path, KEY) as register, pytest.raises(RegisterDamaged) as damaged:
        register.verify_chain()
    assert damaged.value.sequence == sequence


def test_an_event_that_is_hashed_anew_is_found_by_the_next(path: Path) -> None:
    """Who alters an event and gives it the hash that fits still breaks the tie of the one that follows."""
    with filled(path) as register:
        third = list(register.events())[2]
    altered = msgspec.structs.replace(third, at="2020-01-01T00:00:00Z")
    db = open_vault(path, KEY)
    db.execute("DROP TRIGGER events_are_not_changed")
    db.execute("UPDATE events SET at = ?, sha256 = ? WHERE sequence = 3", [altered.at, link(altered)])
    db.close()
    with Register.open(path, KEY) as register, pytest.raises(RegisterDamaged) as damaged:
        register.verify_chain()
    assert damaged.value.sequence == 4


def test_the_projection_can_be_rebuilt(path: Path) -> None:
    """The table of requests follows from the events: lost or falsified, it comes back as it was."""
    with filled(path) as register:
        before = register.requests()
    db = open_vault(path, KEY)
    db.execute("UPDATE requests SET record = '{}', status = 'issued'")
    db.close()
    with Register.open(path, KEY) as register:
        assert register.rebuild() == 1
        assert register.requests() == before


def test_it_is_private_and_encrypted(path: Path) -> None:
    """The file has mode 0600, its folder 0700; nothing of it is readable, nor opens with another key."""
    with filled(path):
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert not [word for word in (b"SQLite format", b"EXERCISE", ID.encode()) if word in path.read_bytes()]
    with pytest.raises(StoreKeyWrong):
        Register.open(path, bytes(32))


def test_two_processes_append_one_after_the_other(path: Path) -> None:
    """Two open registers of one file make one chain."""
    with filled(path, 1, "ROG-2026-000001") as one, filled(path, 1, "ROG-2026-000002") as two:
        for kind, payload in FACTS[1:]:
            one.append(kind, "ROG-2026-000001", payload)
            two.append(kind, "ROG-2026-000002", payload)
        assert one.verify_chain() == two.verify_chain()
        assert [record.status for record in one.requests()] == [RequestStatus.DELIVERED] * 2


def test_only_one_works_on_a_request(path: Path) -> None:
    """A request that is worked on is locked for others, and its lock goes when it is delivered."""
    with filled(path) as register, filled(path, 1, "ROG-2026-000001") as other:
        with register.working_on(ID), pytest.raises(Locked), other.working_on(ID):
            pass
        with other.working_on(ID), other.working_on("ROG-2026-000001"):
            pass
    assert {file.name for file in path.parent.glob(".*")} == {".ROG-2026-000001.lock"}


def test_an_event_whose_projection_fails_is_not_recorded(path: Path) -> None:
    """The event and what follows from it are one transaction: a StoreError, and neither is there, or both."""
    with filled(path, 1) as register:
        db = open_vault(path, KEY)
        db.execute("CREATE TRIGGER full BEFORE INSERT ON requests BEGIN SELECT RAISE(ABORT, 'full'); END")
        with pytest.raises(StoreError, match="full"):
            register.append(EventKind.ROOM_OPENED, ID, {"room_id": "!r"})
        assert len(list(register.events())) == 1
        db.execute("DROP TRIGGER full")
        db.close()
        assert register.append(EventKind.ROOM_OPENED, ID, {"room_id": "!r"}).room_id == "!r"
        register.verify_chain()


WRITER = """
import sys
from pathlib import Path
from bridge.register import Register
from bridge.register_event import EventKind
from tests.bridge.test_register import INTENDED
with Register.open(Path(sys.argv[1]), bytes(range(32))) as register:
    for number in range(int(sys.argv[2]), int(sys.argv[3])):
        register.append(EventKind.INTENDED, f"ROG-2026-{number:06}", INTENDED)
        print(number, flush=True)
"""


def writing(path: Path, begin: int, end: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", WRITER, str(path), str(begin), str(end)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_the_same_time(path: Path) -> None:
    """Two processes that write as fast as they can fail neither, and make one chain."""
    with filled(path, 0), writing(path, 0, 60) as one, writing(path, 1000, 1060) as two:
        outputs = [writer.communicate(timeout=60)[0] for writer in (one, two)]
    assert ([one.returncode, two.returncode], [len(each.split()) for each in outputs]) == ([0, 0], [60, 60])
    with Register.open(path, KEY) as register:
        register.verify_chain()
        assert len(register.requests()) == 120


def test_kill_9_while_writing(path: Path) -> None:
    """A process that is killed while it writes loses nothing that it was told is recorded."""
    with writing(path, 0, 10_000) as writer:
        assert writer.stdout is not None
        told = [int(writer.stdout.readline()) for _ in range(20)]
        writer.send_signal(signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().split()]
    with Register.open(path, KEY) as register:
        assert register.verify_chain() != FIRST_LINK
        assert len(register.requests()) >= len(told) >= 20
