"""The power is cut at each request: what was written and not synced is gone, what the request says is not.

A ratchet that went back would give the next message the key and index of the last one; one-time keys that the
server gives out must be ours; to-device messages that the server drops must be here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from vodozemac import GroupSession

from client.session.accounts import Accounts
from client.session.crypto.olm_account import PICKLE_KEY, OlmAccount
from client.session.crypto.own_identity import OwnIdentity
from client.session.events import Json
from client.session.store.account_store import open_account_store
from client.session.store.facts import Fact, Facts
from client.session.store.vault import Vault, open_vault
from tests.client.session.fake_homeserver import ROOM, FakeHomeserver, FakeTransport, Object
from tests.client.session.fake_people import Person
from tests.client.session.people import next_event
from tests.client.session.store.synced_files import SyncedFiles, synced_files

ALICE, BOB = "@alice:a.test", "@bob:b.test"
KEY = bytes(32)


@dataclass
class Cut:
    """A request that a homeserver got, and what a power cut at that moment leaves of the account."""

    path: str
    since: str | None
    body: Object
    folder: Path

    @contextlib.contextmanager
    def store(self) -> Iterator[Vault]:
        """Open what is left."""
        with contextlib.closing(open_account_store(self.folder, ALICE)) as db:
            yield db


@dataclass
class CuttingTransport(FakeTransport):
    """Notes what a power cut would leave, each time before the homeserver gets the request."""

    server: FakeHomeserver
    user: str
    device: str
    account: Path
    files: SyncedFiles
    target: Path
    cuts: list[Cut] = field(default_factory=list)

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        folder = self.files.after_power_cut(self.account, self.target / f"{len(self.cuts)}")
        sent = msgspec.json.decode(msgspec.json.encode(body)) if body is not None else {}
        since = query.get("since") if query else None
        self.cuts.append(Cut(path.removeprefix("/_matrix/client/v3"), since, sent, folder))
        return await super().request(method, path, query=query, body=body, timeout=timeout)


@pytest.fixture
async def cuts(tmp_path: Path) -> list[Cut]:
    """Alice enrols, sends three messages, and gets one from Bob: her requests, and what each leaves."""
    server = FakeHomeserver(ALICE, BOB)
    root = tmp_path / "now"
    bob = await Person(server, BOB, "BOB", root).enrol()
    alice = Person(server, ALICE, "ALICE", root)
    with synced_files(root, tmp_path / "synced") as files:
        account = Accounts(alice.root).folder(ALICE)
        transport = CuttingTransport(server, ALICE, "ALICE", account, files, tmp_path / "cuts")
        alice.transport = transport
        await alice.enrol()
        async with alice.session() as a, bob.session() as b:
            for number in range(3):
                await a.send(ROOM, {"msgtype": "m.text", "body": f"message {number}"})
            await next_event(b, lambda event: event.body == "message 2")
            await b.send(ROOM, {"msgtype": "m.text", "body": "answer"})
            await next_event(a, lambda event: event.body == "answer")
            await a.send(ROOM, {"msgtype": "m.text", "body": "thanks"})
    return transport.cuts


def test_no_message_index_is_used_again(cuts: list[Cut]) -> None:
    """What a request gives away of a Megolm session the ratchet on the disk has left behind."""
    sent = [cut for cut in cuts if "/send/" in cut.path]
    assert len(sent) == 4
    for index, cut in enumerate(sent):
        with cut.store() as db:
            [(pickle,)] = db.execute("SELECT pickle FROM outbound_group_sessions").fetchall()
            assert GroupSession.from_pickle(pickle, PICKLE_KEY).message_index == index + 1
            waiting = db.execute("SELECT sealed FROM outbox WHERE event_id IS NULL").fetchall()
        assert [msgspec.json.decode(sealed) for (sealed,) in waiting] == [cut.body]


def test_no_olm_session_is_used_again(cuts: list[Cut]) -> None:
    """A to-device message is on the disk with the session that encrypted it: it is sent again as it is."""
    [cut] = [cut for cut in cuts if "/sendToDevice/" in cut.path]
    with cut.store() as db:
        [(waiting,)] = db.execute("SELECT body FROM to_device_queue").fetchall()
        assert db.execute("SELECT count(*) FROM olm_sessions").fetchone() == (1,)
    assert msgspec.json.decode(waiting) == cut.body


def test_the_server_gives_out_no_key_that_is_lost(cuts: list[Cut]) -> None:
    """One-time keys and the identity are on the disk before they are published."""
    published = [cut for cut in cuts if cut.body.get("one_time_keys") and cut.path == "/keys/upload"]
    assert published
    for cut in published:
        with cut.store() as db:
            account = OlmAccount.load(Facts(db), ALICE, "ALICE")
        assert account is not None
        assert account.unpublished_keys()["one_time_keys"] == cut.body["one_time_keys"]
    [cut] = [cut for cut in cuts if cut.path == "/keys/device_signing/upload"]
    with cut.store() as db:
        identity = OwnIdentity.load(Facts(db), ALICE)
    assert identity is not None
    assert identity.public_object(identity.master)["keys"] == cut.body["master_key"]["keys"]


def test_the_server_drops_no_message_that_is_not_here(cuts: list[Cut]) -> None:
    """What a sync brought is on the disk before the next one tells the server so."""
    syncs = [cut for cut in cuts if cut.since is not None]
    assert len({cut.since for cut in syncs}) > 1
    for cut in syncs:
        with cut.store() as db:
            assert Facts(db).text(Fact.SYNC_TOKEN) == cut.since


def test_what_a_vault_has_committed_outlasts_a_power_cut(tmp_path: Path) -> None:
    """Whether a statement by itself, a transaction, or one on the connection beside."""
    root = tmp_path / "now"
    root.mkdir()
    with synced_files(root, tmp_path / "synced") as files:
        db = open_vault(root / "store.db", KEY)
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)")
        db.execute("INSERT INTO t VALUES (1)")
        files.after_power_cut(root, tmp_path / "1")
        with db.atomic():
            db.execute("INSERT INTO t VALUES (2)")
        files.after_power_cut(root, tmp_path / "2")
        db.beside()
        with db.atomic_beside():
            db.execute("INSERT INTO t VALUES (3)")
        files.after_power_cut(root, tmp_path / "3")
        db.close()
    for count in (1, 2, 3):
        with contextlib.closing(open_vault(tmp_path / f"{count}" / "store.db", KEY)) as left:
            assert left.execute("SELECT count(*) FROM t").fetchone() == (count,)
