"""Finding a request's room again: only a whole one, of the bot's own making, as it was to be."""

from __future__ import annotations

import msgspec
import pytest

from bridge.request_room import MARK, find_request_room, request_room
from client.session.events import StateEvent
from tests.bridge.fake_court import BOT, FakeServer
from tests.policies.trust.networks import FOCAL_POINT

ID = "ROG-2026-7KQ4XM"
CREATION = request_room(ID, BOT, [FOCAL_POINT])
WHOLE = FakeServer(set())
STATE = WHOLE.state(WHOLE.create(CREATION))


def changed(type: str, **changes: object) -> tuple[StateEvent, ...]:
    return tuple(msgspec.structs.replace(each, **changes) if each.type == type else each for each in STATE)


def test_found_among_others() -> None:
    """The room that fits is found, and of two the same one each time."""
    other = WHOLE.state(WHOLE.create(request_room("ROG-2026-000000", BOT, [FOCAL_POINT])))
    assert find_request_room({"!a": other, "!b": STATE}, CREATION, BOT) == "!b"
    assert find_request_room({"!c": STATE, "!b": STATE, "!a": other}, CREATION, BOT) == "!b"
    assert find_request_room({"!a": other}, CREATION, BOT) is None
    assert find_request_room({}, CREATION, BOT) is None


@pytest.mark.parametrize("type", sorted(each.type for each in CREATION.initial_state))
def test_state_that_another_has_set(type: str) -> None:
    """A room whose state somebody else has written is not the bot's room."""
    state = changed(type, sender="@otp:weog.rogatory.test")
    assert find_request_room({"!a": state}, CREATION, BOT) is None


@pytest.mark.parametrize("type", sorted(each.type for each in CREATION.initial_state))
def test_state_that_is_different_or_missing(type: str) -> None:
    """A room that is not locked down as it was to be is not taken, whatever is different."""
    assert find_request_room({"!a": changed(type, content={})}, CREATION, BOT) is None
    missing = tuple(each for each in STATE if each.type != type)
    assert find_request_room({"!a": missing}, CREATION, BOT) is None


def test_only_the_servers_that_take_part() -> None:
    """Addressees on several servers: these and the Court's, each once; the mark names the request alone."""
    several = [FOCAL_POINT, "@b:weog.rogatory.test", "@c:weog.rogatory.test"]
    state = {each.type: each.content for each in request_room(ID, BOT, several).initial_state}
    assert state["m.room.server_acl"] == {
        "allow": ["africa.rogatory.test", "court.rogatory.test", "weog.rogatory.test"],
        "deny": [],
        "allow_ip_literals": False,
    }
    assert state[MARK] == {"request_id": ID}
