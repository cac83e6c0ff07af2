"""How long it takes to open a store that was used for years, as a ratio to opening an empty one.

    .venv/bin/python -m tests.bench.open_store [--runs 15] [--sessions 5000] [--stored 100000]

Opened is what a session opens: the encrypted database with its raw key (deriving one is not counted), the
check of its schema, and all parts of the session, up to where it would begin to sync. Both stores are of an
enrolled account; one has Megolm sessions, messages, and the forty rooms with thirty members that they are in.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from vodozemac import Account

from client.session.crypto.olm_account import OlmAccount
from client.session.crypto.own_identity import OwnIdentity
from client.session.events import Membership, StateEvent
from client.session.http_transport import HttpTransport
from client.session.secret import Secret
from client.session.session import OpenSession
from client.session.store.facts import Fact, Facts
from client.session.store.room_store import RoomStore
from client.session.store.schema import account_schema
from client.session.store.vault import migrate, open_vault
from tests.bench.ratio import milliseconds, report
from tests.bench.stored import ROOMS, store_messages, store_sessions

ME, KEY = "@me:bench.test", bytes(32)
MEMBERS = 30


def enrolled(path: Path, *, sessions: int = 0, messages: int = 0) -> Path:
    """Make the store of an enrolled account."""
    db = open_vault(path, KEY)
    migrate(db, account_schema, path)
    facts = Facts(db)
    facts.put(Fact.USER_ID, ME)
    facts.put(Fact.DEVICE_ID, "ME")
    OlmAccount(ME, "ME", Account()).save(facts)
    OwnIdentity.generate(ME).save(facts)
    if messages:
        store_rooms(RoomStore(db))
        store_messages(db, messages)
        store_sessions(db, sessions)
    db.close()
    return path


def store_rooms(rooms: RoomStore) -> None:
    """Store the rooms that the messages are in, with their members."""
    for number in range(ROOMS):
        room = rooms.changing(f"!stored{number}", Membership.JOIN)
        state = [("m.room.encryption", "", {"algorithm": "m.megolm.v1.aes-sha2"})]
        state += [
            ("m.room.member", f"@user{user}:bench.test", {"membership": "join"}) for user in range(MEMBERS)
        ]
        for type, key, content in state:
            event = StateEvent(
                type=type, state_key=key, sender=ME, event_id=f"${type}{key}", content={**content}
            )
            rooms.apply(room, event)
    rooms.save_changes()


def opened(path: Path) -> None:
    """Open a store with all parts of a session, and close it."""
    db = open_vault(path, KEY)
    migrate(db, account_schema, path)
    transport = HttpTransport("http://127.0.0.1:1", Secret(""))  # nothing is asked of it
    OpenSession(db, transport, transport, lambda work: work.close(), lambda _: False)
    db.close()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--sessions", type=int, default=5_000)
    parser.add_argument("--stored", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        empty = enrolled(Path(scratch) / "empty.db")
        full = enrolled(Path(scratch) / "full.db", sessions=options.sessions, messages=options.stored)
        opened(empty)
        opened(full)
        pairs = [
            (milliseconds(lambda: opened(full)), milliseconds(lambda: opened(empty)))
            for _ in range(options.runs)
        ]
        what = f"open {options.sessions} sessions and {options.stored} messages"
        report(what, "open an empty store", pairs, 3)


if __name__ == "__main__":
    main()
