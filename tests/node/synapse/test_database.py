"""What a homeserver keeps in its database, and what it does not."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from tests.node.synapse.rooms import shared_room
from tests.synapse_nodes import HttpClient, SynapseNode, TestNetwork, wait_for

pytestmark = pytest.mark.synapse

# as Synapse has them in a new database, and adds them where its tables have changed
_STEPS = ("createtables", "process_rooms", "process_users", "cleanup")
_FILLING = [
    (f"populate_user_directory_{step}", f"populate_user_directory_{before}" if before else None)
    for before, step in zip((None, *_STEPS), _STEPS, strict=False)
]


def _count(node: SynapseNode, table: str) -> int:
    with contextlib.closing(sqlite3.connect(f"file:{node.folder}/homeserver.db?mode=ro", uri=True)) as db:
        return int(db.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 # names of ours


def test_a_join_brings_the_whole_state_at_once(network: TestNetwork, people: dict[str, HttpClient]) -> None:
    """No room is ever held in part: a server that lets its users write knows everyone who is in the room."""
    for _ in range(3):
        shared_room(people["court"], people["africa"])
    assert _count(network["africa"], "rooms") >= 3
    assert _count(network["africa"], "partial_state_rooms") == 0
    assert _count(network["africa"], "un_partial_stated_room_stream") == 0


def test_no_directory_of_users_is_kept(network: TestNetwork, people: dict[str, HttpClient]) -> None:
    """Nobody's sharing of a room is written down for a search, even where Synapse fills its tables anew."""
    shared_room(people["court"], people["africa"])
    node = network["court"]
    node.stop()
    with contextlib.closing(sqlite3.connect(f"{node.folder}/homeserver.db")) as db, db:
        db.execute("DELETE FROM background_updates")
        db.executemany("INSERT INTO background_updates VALUES (?, '{}', ?, 0)", _FILLING)
    node.start()
    node.wait_healthy()
    wait_for(lambda: _count(node, "background_updates") == 0, "the tables are filled", seconds=60)
    for table in ("user_directory", "users_in_public_rooms", "users_who_share_private_rooms"):
        assert _count(node, table) == 0, table
    shared_room(people["court"], people["africa"])  # it goes on
