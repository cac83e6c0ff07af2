"""A store that is damaged, cut off or full: each a typed error, and nothing written by half."""

from __future__ import annotations

from pathlib import Path

import pytest

from client.session.accounts import Accounts
from client.session.errors import StoreDamaged, StoreError, StoreFull, StoreKeyWrong
from client.session.store.sqlcipher import Database, dbapi2
from client.session.store.vault import Vault, open_vault
from tests.client.session.fake_homeserver import ROOM
from tests.client.session.fake_people import Person, alice_and_bob
from tests.client.session.people import next_event

KEY = bytes(range(32))
PAGE = 4096


async def talkative(tmp_path: Path) -> tuple[Person, Path]:
    """Return Alice, whose store has forty messages of her own, and the file."""
    _, alice, _ = await alice_and_bob(tmp_path)
    async with alice.session() as session:
        for number in range(40):
            await session.send(ROOM, {"msgtype": "m.text", "body": f"message {number} " + "x" * 500})
        await next_event(session, lambda event: (event.body or "").startswith("message 39 "))
    path = Accounts(alice.root).folder(alice.user_id) / "store.db"
    assert not path.with_name("store.db-wal").exists()
    return alice, path


async def test_a_flipped_byte_in_the_timeline_is_named_with_its_page(tmp_path: Path) -> None:
    """One bit of one page: the session opens, and reading the room says which page is damaged."""
    alice, path = await talkative(tmp_path)
    good = path.read_bytes()
    data = bytearray(good)
    db = alice.store()
    [page] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()
    db.close()
    data[(page - 1) * PAGE + 100] ^= 1
    path.write_bytes(data)
    async with alice.session() as session:
        with pytest.raises(StoreDamaged, match=f"page {page}"):
            await session.timeline(ROOM)
    path.write_bytes(good)
    async with alice.session() as session:
        assert len(await session.timeline(ROOM)) == 40


@pytest.mark.parametrize("offset", [20, 3000, 5000])
async def test_a_flipped_byte_at_the_beginning_is_damage_or_a_wrong_key(tmp_path: Path, offset: int) -> None:
    """In the first page or the next, a flipped byte is told from a wrong key, and the file is left alone."""
    alice, path = await talkative(tmp_path)
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)
    with pytest.raises(StoreDamaged, match="page"):
        alice.store()
    assert path.read_bytes() == bytes(data)
    with pytest.raises(StoreKeyWrong):
        open_vault(path, KEY)


@pytest.mark.parametrize("kept", [0, 100, PAGE, PAGE + 904, 5 * PAGE, -1])
async def test_a_store_that_was_cut_off_is_damaged(tmp_path: Path, kept: int) -> None:
    """Cut to nothing, within a page or between two, it is refused as damaged, and never begun anew."""
    alice, path = await talkative(tmp_path)
    cut = path.read_bytes()[:kept]
    path.write_bytes(cut)
    with pytest.raises(StoreDamaged):
        read_through(alice)
    assert path.read_bytes() == cut


def read_through(person: Person) -> None:
    db = person.store()
    try:
        for table in db.table_names():
            db.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 # names of our own schema
    finally:
        db.close()


def filled(db: Database) -> None:
    """Let the file grow by no page more."""
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count = {pages}")


def with_room(db: Database) -> None:
    db.execute("PRAGMA max_page_count = 1000000")


async def test_a_message_for_which_there_is_no_room_is_refused_whole(tmp_path: Path) -> None:
    """On a full disk `send` says that the message was not taken, and it is not; with room the next goes."""
    server, alice, _ = await alice_and_bob(tmp_path)
    async with alice.session() as session:
        await session.send(ROOM, {"msgtype": "m.text", "body": "before"})
    server.failing = lambda user, path: path == "/sync"  # the sync would be the first to need room
    async with alice.session() as session:
        filled(session._rooms._db)
        with pytest.raises(StoreFull, match="was not taken"):
            await session.send(ROOM, {"msgtype": "m.text", "body": "x" * 20_000})
        with_room(session._rooms._db)
        await session.send(ROOM, {"msgtype": "m.text", "body": "after"})
    server.failing = lambda user, path: False
    async with alice.session() as session:
        await next_event(session, lambda event: event.body == "after")
        assert [event.body for event in await session.timeline(ROOM)] == ["before", "after"]


async def test_a_sync_for_which_there_is_no_room_is_taken_in_whole_later(tmp_path: Path) -> None:
    """Full while syncing, the session ends saying so; with room again everything of that answer is there."""
    _, alice, bob = await alice_and_bob(tmp_path)
    async with bob.session() as session:
        await session.rooms()
    async with alice.session() as session:
        for number in range(30):
            await session.send(ROOM, {"msgtype": "m.text", "body": f"{number} " + "x" * 2000})
    with pytest.raises(StoreFull, match="no room"):
        async with Full(bob).session():
            raise AssertionError("it opened")
    async with bob.session() as session:
        await next_event(session, lambda event: (event.body or "").startswith("29 "))
        bodies = [int((event.body or "").split()[0]) for event in await session.timeline(ROOM)]
        assert bodies == list(range(30))


class Full(Person):
    """A person whose disk is full: the store may not grow."""

    def __init__(self, person: Person) -> None:
        self.__dict__.update(person.__dict__)

    def store(self) -> Vault:
        db = super().store()
        filled(db)
        return db


def test_what_a_statement_does_wrong_stays_an_error_of_sqlite(tmp_path: Path) -> None:
    """A broken constraint or a misspelt table is no damage of the store."""
    db = open_vault(tmp_path / "a.db", KEY)
    db.execute("CREATE TABLE t (x UNIQUE)")
    db.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(dbapi2.IntegrityError):
        db.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(dbapi2.OperationalError):
        db.execute("SELECT * FROM nowhere")
    db.close()


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """What the system refuses is a StoreError with SQLite's words, not a defect of ours."""
    db = open_vault(tmp_path / "a.db", KEY)
    db.execute("PRAGMA query_only = on")
    with pytest.raises(StoreError, match="readonly"):
        db.execute("CREATE TABLE t (x)")
    db.close()
