"""What it costs to decrypt and check one event, as a ratio to raw vodozemac on the same ciphertexts.

    .venv/bin/python -m tests.bench.decrypt [--runs 15] [--stored 100000]

The floor: `InboundGroupSession.decrypt(MegolmMessage.from_base64(ciphertext))`. The figure: RoomDecryption of
ours, which looks the session up, decrypts, decodes, and checks room, replay, sender, device and identity.
There are 200 sessions of 200 pinned users' devices, ten events of each, and `--stored` events in the store.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
from vodozemac import GroupSession, InboundGroupSession, MegolmMessage

from client.session.attestations import Attestations
from client.session.crypto.device_list import DeviceList
from client.session.crypto.inbound_sessions import DIRECT, InboundSessions
from client.session.crypto.room_decryption import RoomDecryption
from client.session.crypto.withheld_keys import WithheldKeys
from client.session.events import Trust
from client.session.store.schema import account_schema
from client.session.store.sqlcipher import Database
from client.session.store.vault import migrate, open_vault
from tests.bench.ratio import milliseconds, report
from tests.bench.stored import store_messages
from tests.bench.stub_homeserver import StubTransport

ROOM, SESSIONS, EACH = "!room", 200, 10
BODY = "x" * 220


@dataclass
class Message:
    """One event, as the sync has it and as vodozemac takes it."""

    event_id: str
    sender: str
    content: msgspec.Raw
    session: InboundGroupSession
    ciphertext: str


def user(number: int) -> str:
    return f"@user{number}:bench.test"


def messages(sessions: InboundSessions, db: Database) -> list[Message]:
    """Make the sessions, give them to the store, and return the events."""
    made = []
    for number in range(SESSIONS):
        group = GroupSession()
        key = group.session_key.to_base64()
        curve25519, ed25519 = f"curve{number}", f"ed{number}"
        sessions.add(
            room_id=ROOM,
            session_id=group.session_id,
            session_key=key,
            sender_key=curve25519,
            signing_key=ed25519,
            sender=user(number),
            device_id="D",
            provenance=DIRECT,
        )
        db.execute("INSERT INTO devices VALUES (?, 'D', ?, ?, 1, 1)", [user(number), curve25519, ed25519])
        db.execute("INSERT INTO identities VALUES (?, ?, 's', ?)", [user(number), f"m{number}", f"m{number}"])
        raw = InboundGroupSession(group.session_key)
        for index in range(EACH):
            plaintext = {
                "room_id": ROOM,
                "type": "m.room.message",
                "content": {"msgtype": "m.text", "body": BODY},
            }
            ciphertext = group.encrypt(msgspec.json.encode(plaintext)).to_base64()
            content = {
                "algorithm": "m.megolm.v1.aes-sha2",
                "ciphertext": ciphertext,
                "session_id": group.session_id,
                "sender_key": curve25519,
                "device_id": "D",
            }
            made.append(
                Message(
                    f"${number}-{index}",
                    user(number),
                    msgspec.Raw(msgspec.json.encode(content)),
                    raw,
                    ciphertext,
                )
            )
    with db.atomic():
        sessions.save_changes()
    return made


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--stored", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / "store.db"
        db = open_vault(path, bytes(32))
        migrate(db, account_schema, path)
        store_messages(db, options.stored)
        sessions = InboundSessions(db)
        made = messages(sessions, db)
        devices = DeviceList(db, StubTransport(), "@me:bench.test", None)
        decryption = RoomDecryption(
            db, sessions, WithheldKeys(db), devices, "@me:bench.test", Attestations(None)
        )

        def ours() -> None:
            for one in made:
                read = decryption.decrypt(ROOM, one.event_id, one.sender, one.content)
                assert read.trust is Trust.PINNED
            decryption.forget_uncommitted()

        def raw() -> None:
            for one in made:
                one.session.decrypt(MegolmMessage.from_base64(one.ciphertext))

        ours()
        raw()  # both are warm now
        pairs = [(milliseconds(ours), milliseconds(raw)) for _ in range(options.runs)]
        report(f"decrypt and check {len(made)} events", "raw vodozemac", pairs, 1.5)


if __name__ == "__main__":
    main()
