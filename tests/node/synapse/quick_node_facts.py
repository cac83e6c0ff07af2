"""Changes Synapse as a development network's node does, if the environment asks for it; prints the effects.

Run as a program: Synapse has no business in the test process.
"""

from __future__ import annotations

import json
import threading

import jsonschema  # type: ignore[import-untyped] # Synapse brings it
from synapse.events.validator import POWER_LEVELS_SCHEMA, POWER_LEVELS_VALIDATOR
from synapse.http import server
from twisted.enterprise.adbapi import ConnectionPool
from twisted.internet.testing import MemoryReactorClock

from node.synapse.plugin.quick_node import be_quick_if_asked


def refused(power_levels: dict[str, object]) -> bool:
    try:
        jsonschema.validate(power_levels, POWER_LEVELS_SCHEMA, cls=POWER_LEVELS_VALIDATOR)
    except jsonschema.ValidationError:
        return True
    return False


def schema_is_refused(schema: dict[str, object]) -> bool:
    try:
        POWER_LEVELS_VALIDATOR.check_schema(schema)
    except jsonschema.SchemaError:
        return True
    return False


threads, encodes = ConnectionPool.runWithConnection, server._async_write_json_to_request_in_thread
be_quick_if_asked()
facts: dict[str, object] = {
    "keeps_threads": ConnectionPool.runWithConnection is threads,
    "encodes_in_a_thread": server._async_write_json_to_request_in_thread is encodes,
    "checks_the_schema": schema_is_refused({"type": 5}),
    "refuses_bad_power_levels": refused({"users_default": "50"}),
    "refuses_good_power_levels": refused({"users_default": 50}),
}
if not facts["keeps_threads"]:
    turns = MemoryReactorClock()  # type: ignore[no-untyped-call] # Twisted has no types here
    pool = ConnectionPool("sqlite3", ":memory:", check_same_thread=False, cp_reactor=turns)  # type: ignore[no-untyped-call] # nor here
    ran_in: list[int] = []
    pool.runWithConnection(lambda _: ran_in.append(threading.get_ident()))  # type: ignore[no-untyped-call] # nor here
    facts["ran_before_the_turn"] = len(ran_in)
    turns.advance(0)
    facts["ran_in_this_thread"] = ran_in == [threading.get_ident()]
print(json.dumps(facts))  # noqa: T201 # what this program is for
