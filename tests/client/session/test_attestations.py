"""Which attestation is believed, of which person, for which key."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from client.session.attestations import Attestations, Standing
from client.session.events import Json, Membership
from client.session.room_state import RoomState
from policies.trust.signing import SigningKey
from tests.client.session.attesting import BEGIN, BOB, END, MANIFEST, NOW, attested, state_event

MASTER = SigningKey.generate("master").public_key
OTHER = SigningKey.generate("other").public_key


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def standing(*contents: dict[str, Json], master_key: str | None = MASTER) -> Standing:
    """Judge what several rooms say of Bob."""
    attestations = Attestations(MANIFEST, now=Clock())
    for number, content in enumerate(contents):
        attestations.learn(f"!room{number}", [state_event(content)])
    return attestations.standing(BOB, master_key)


def test_what_the_users_region_signed_for_the_key_in_use_is_believed() -> None:
    """A whole attestation by the authority of Bob's own region is believed, and says who he is."""
    found = standing(attested(MASTER))
    assert found.doubt is None
    assert found.attestation is not None
    assert (found.attestation.state, found.attestation.function) == ("BEL", "focal-point")


@pytest.mark.parametrize(
    ("content", "doubt"),
    [
        (attested(MASTER, key=SigningKey.generate("2026a")), "not signed by its authority"),
        ({**attested(MASTER), "state": "SEN"}, "not signed by its authority"),
        (attested(MASTER, region="africa"), "may not attest"),
        (attested(OTHER), "another key"),
        (attested(MASTER, valid_until=NOW - timedelta(days=1)), "expired"),
        (attested(MASTER, valid_from=NOW + timedelta(days=1)), "not valid yet"),
        (attested(MASTER, user_id="@eve:b.test"), "another person's"),
        ({"v": 1, "user_id": BOB}, "not signed"),
        ({"user_id": BOB, "authority": {"weog": 1}, "signatures": [1.5]}, "not signed"),
    ],
    ids=["forged", "altered", "other region", "other key", "expired", "early", "person", "bare", "junk"],
)
def test_what_does_not_hold_is_not_believed_and_says_why(content: dict[str, Json], doubt: str) -> None:
    """Forged, altered, of another region's authority, for another key or person, out of its time: refused."""
    found = standing(content)
    assert found.attestation is None
    assert doubt in (found.doubt or "")


def test_without_a_manifest_or_an_attestation_nothing_is_said() -> None:
    """No pinned manifest, nothing published, or what was published taken away: neither belief nor doubt."""
    attestations = Attestations(None)
    attestations.learn("!room", [state_event(attested(MASTER))])
    assert attestations.standing(BOB, MASTER) == Standing()
    assert standing() == standing({}) == Standing()


def test_the_newest_that_is_signed_counts() -> None:
    """A later statement of the authority ends an earlier one, wherever either stands; a forged does not."""
    current = attested(MASTER)
    revoked = attested(MASTER, valid_from=BEGIN + timedelta(days=1), valid_until=NOW - timedelta(seconds=1))
    moved = attested(OTHER, valid_from=BEGIN + timedelta(hours=1))
    forged = attested(OTHER, valid_from=NOW, key=SigningKey.generate("2026a"))
    elsewhere = attested(MASTER, user_id="@eve:b.test", valid_from=NOW - timedelta(days=1))
    assert "expired" in (standing(current, revoked).doubt or "")
    assert "another key" in (standing(moved, current).doubt or "")
    assert standing(moved, current, master_key=OTHER).attestation is not None
    assert standing(forged, current, elsewhere).attestation is not None


def test_an_end_is_noticed_while_the_session_is_open() -> None:
    """An attestation that was believed a while ago is not believed any more once it has ended."""
    clock = Clock()
    attestations = Attestations(MANIFEST, now=clock)
    attestations.learn("!room", [state_event(attested(MASTER))])
    assert not attestations.vouch_for(BOB, OTHER)
    assert attestations.vouch_for(BOB, MASTER)
    clock.now = END
    assert not attestations.vouch_for(BOB, MASTER)


def test_only_joined_rooms_speak() -> None:
    """A room that was left says nothing any more; one that is joined does when the store is opened."""
    rooms = [RoomState("!in", Membership.JOIN), RoomState("!out", Membership.LEAVE)]
    rooms[1].apply(state_event(attested(MASTER)))
    attestations = Attestations(MANIFEST, rooms, now=Clock())
    assert attestations.users() == []
    rooms[0].apply(state_event(attested(MASTER)))
    attestations = Attestations(MANIFEST, rooms, now=Clock())
    assert attestations.users() == [BOB]
    assert attestations.vouch_for(BOB, MASTER)
    attestations.forget("!in")
    assert attestations.users() == []
    assert not attestations.vouch_for(BOB, MASTER)
