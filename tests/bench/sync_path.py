"""What taking in a sync costs in a store of a million messages, as a ratio to raw decryption in the same run.

    .venv/bin/python -m tests.bench.sync_path [--messages 1000000] [--syncs 7]

One sync: 2,000 encrypted events in 40 rooms, of 200 Megolm sessions. The floor: vodozemac's `decrypt` of the
very same ciphertexts. The figures: the whole way from the bytes of the answer to the commit with its token
(parsed, decrypted, checked, stored and indexed), and how late the event loop is meanwhile, by a timer of two
milliseconds. Everything lies in a temporary folder.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import gc
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from vodozemac import GroupSession, InboundGroupSession, MegolmMessage, SessionKey

from client.session.crypto.inbound_sessions import DIRECT
from client.session.crypto.machine import Machine
from client.session.events import Json
from client.session.progress import Progress
from client.session.store.gap_store import GapStore
from client.session.store.room_store import RoomStore
from client.session.store.timeline import Timeline
from client.session.store.vault import Vault
from client.session.sync_answer import SyncAnswer
from client.session.sync_application import SyncApplication
from client.session.updates import Updates
from client.session.wire import read_answer
from tests.bench.big_store import MESSAGES, ROOMS, SENDERS, fill, texts
from tests.bench.search import say
from tests.client.session.fake_homeserver import FakeHomeserver
from tests.client.session.fake_people import Person

OWN = "@own:court.rogatory.test"
EVENTS = 2_000
TICK = 0.002


@dataclass
class Writer:
    """A sender with one device and one session."""

    user_id: str
    room_id: str
    session: GroupSession = field(default_factory=GroupSession)
    sender_key: str = field(default_factory=lambda: _key())
    signing_key: str = field(default_factory=lambda: _key())

    def event(self, text: str, sent_at: int) -> tuple[dict[str, Json], str]:
        """Return an encrypted event as a server sends it, and its ciphertext."""
        content: dict[str, Json] = {"msgtype": "m.text", "body": text}
        plain = {"type": "m.room.message", "room_id": self.room_id, "content": content}
        ciphertext = self.session.encrypt(msgspec.json.encode(plain)).to_base64()
        sealed: dict[str, Json] = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "sender_key": self.sender_key,
            "device_id": "DEVICE",
            "session_id": self.session.session_id,
            "ciphertext": ciphertext,
        }
        event: dict[str, Json] = {
            "type": "m.room.encrypted",
            "sender": self.user_id,
            "event_id": "$" + base64.urlsafe_b64encode(secrets.token_bytes(32)).decode().rstrip("="),
            "origin_server_ts": sent_at,
            "content": sealed,
            "unsigned": {"age": 1_234},
        }
        return event, ciphertext


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode().rstrip("=")


def introduce(db: Vault, writers: Sequence[Writer]) -> None:
    """Make every writer known to the store: device and identity."""
    masters = {one.user_id: _key() for one in writers}
    with db.atomic():
        db.conn.executemany(
            "INSERT INTO devices VALUES (?, 'DEVICE', ?, ?, 1, 1)",
            [(one.user_id, one.sender_key, one.signing_key) for one in writers],
        )
        db.conn.executemany(
            "INSERT INTO identities VALUES (?, ?, 'self-signing', ?)",
            [(user_id, master, master) for user_id, master in masters.items()],
        )
        db.conn.executemany("INSERT INTO tracked_users VALUES (?, 0)", [(user,) for user in masters])
        db.conn.executemany(
            "INSERT INTO rooms VALUES (?, 'join', ?, 0, 0, 0)",
            [(room, b'{"algorithm":"m.megolm.v1.aes-sha2"}') for room in ROOMS],
        )


def give_keys(db: Vault, machine: Machine, writers: Sequence[Writer]) -> None:
    """Let the store have every writer's room key."""
    for one in writers:
        machine.inbound.add(
            room_id=one.room_id,
            session_id=one.session.session_id,
            session_key=one.session.session_key.to_base64(),
            sender_key=one.sender_key,
            signing_key=one.signing_key,
            sender=one.user_id,
            device_id="DEVICE",
            provenance=DIRECT,
        )
    with db.atomic():
        machine.save_changes()


def answer(writers: Sequence[Writer], number: int) -> tuple[bytes, list[tuple[str, str]]]:
    """Return a sync as bytes, and its ciphertexts, each with who wrote it."""
    rooms: dict[str, list[Json]] = {room: [] for room in ROOMS}
    ciphertexts = []
    now = int(time.time() * 1000)
    for turn, text in enumerate(texts(EVENTS, seed=100 + number)):
        writer = writers[turn % len(writers)]
        event, ciphertext = writer.event(text, now - (EVENTS - turn) * 50)
        rooms[writer.room_id].append(event)
        ciphertexts.append((writer.user_id, ciphertext))
    joined = {room: {"timeline": {"events": events, "limited": False}} for room, events in rooms.items()}
    return msgspec.json.encode({"next_batch": f"s{number}", "rooms": {"join": joined}}), ciphertexts


def raw(ciphertexts: Sequence[tuple[str, str]], keys: Mapping[str, SessionKey]) -> float:
    """Seconds that vodozemac alone takes for the ciphertexts."""
    sessions = {name: InboundGroupSession(key) for name, key in keys.items()}
    began = time.perf_counter()
    for user_id, ciphertext in ciphertexts:
        sessions[user_id].decrypt(MegolmMessage.from_base64(ciphertext))
    return time.perf_counter() - began


@contextlib.asynccontextmanager
async def lateness() -> AsyncIterator[list[float]]:
    """Note by how much a timer of two milliseconds is late as long as the block runs."""
    late: list[float] = []

    async def tick() -> None:
        while True:
            before = time.perf_counter()
            await asyncio.sleep(TICK)
            late.append(time.perf_counter() - before - TICK)

    ticking = asyncio.create_task(tick())
    try:
        yield late
    finally:
        ticking.cancel()
        await asyncio.wait([ticking])


async def take_in(
    db: Vault, own: Person, writers: Sequence[Writer], keys: Mapping[str, SessionKey], syncs: int
) -> None:
    """Take syncs in one after the other; print each, and the medians."""
    machine = Machine(db, own.transport)
    timeline = Timeline(db)
    application = SyncApplication(
        db,
        own.transport,
        machine,
        RoomStore(db),
        timeline,
        GapStore(db, timeline),
        Progress(Updates()),
    )
    gc.collect()
    gc.freeze()
    figures: list[tuple[float, float, float]] = []
    for number in range(syncs):
        body, ciphertexts = answer(writers, number)
        before = min(raw(ciphertexts, keys) for _ in range(2))
        async with lateness() as late:
            began, spent = time.perf_counter(), time.process_time()
            applied = await application.apply(read_answer(body, SyncAnswer))
            took, worked = time.perf_counter() - began, time.process_time() - spent
        began = time.perf_counter()
        await application.checkpoints.after_commit()  # as the sync's loop does, once it has told of them
        tidied = time.perf_counter() - began
        floor = min(before, raw(ciphertexts, keys))
        assert len(applied.events) == EVENTS
        assert all(event.body for event in applied.events)
        one = floor / EVENTS
        figures.append((took / floor, max(late) / one, statistics.quantiles(late, n=20)[-1] / one))
        say(
            f"sync {number}: raw {one * 1e6:.0f} us, ours {took / EVENTS * 1e6:.0f} us an event"
            f" = {figures[-1][0]:.2f} x ({worked / EVENTS * 1e6:.0f} us on all processors);"
            f" loop late by at most {figures[-1][1]:.0f}, 95 in 100 by {figures[-1][2]:.0f} raw decryptions;"
            f" then tidied up in {tidied * 1000:.0f} ms"
        )
    ratio, most, usual = (statistics.median(each) for each in zip(*figures, strict=True))
    say(
        f"median: {ratio:.2f} x (bound 3); loop late by at most {most:.0f} (bound 250),"
        f" 95 in 100 by {usual:.0f} (bound 70) raw decryptions"
    )


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--messages", type=int, default=MESSAGES)
    parser.add_argument("--syncs", type=int, default=7)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        own = await Person(FakeHomeserver(OWN), OWN, "OWN", Path(scratch)).enrol()
        writers = [Writer(user, ROOMS[number % len(ROOMS)]) for number, user in enumerate(SENDERS)]
        keys = {one.user_id: one.session.session_key for one in writers}
        with contextlib.closing(own.store()) as db:
            began = time.perf_counter()
            fill(db, options.messages)
            introduce(db, writers)
            give_keys(db, Machine(db, own.transport), writers)
            say(f"{options.messages} messages, made in {time.perf_counter() - began:.0f} s")
        with contextlib.closing(own.store()) as db:
            await take_in(db, own, writers, keys, options.syncs)


if __name__ == "__main__":
    asyncio.run(main())
