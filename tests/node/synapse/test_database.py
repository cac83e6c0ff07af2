"""What a homeserver keeps in its database, and what it does not."""

from __future__ import annotations

import contextlib
import sqlite3

import pytest

from tests.node.synapse.rooms import shared_room
from tests.synapse_nodes import HttpClient, SynapseNode, TestNetwork, wait_for

pytestmark = pytest.mark.synapse


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
    """Who shares a room with whom is written down for no search: attestations say who is competent."""
    shared_room(people["court"], people["africa"])
    # the statistics are written by a process of the same kind, after the same events
    wait_for(lambda: _count(network["court"], "room_stats_current"), "the statistics follow")
    assert _count(network["court"], "users_who_share_private_rooms") == 0
