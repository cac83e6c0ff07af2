"""Trust in words: every value says what it is, why, and what can be done, with commands that exist."""

from __future__ import annotations

import re

import pytest
from click.testing import CliRunner

from client.session.events import REDACTED, TimelineEvent, Trust
from client.views import trust_words
from node.cli.main import VERBS, rogatory

SENDER = "@bel.focal-point.1:weog.rogatory.test"


def event(trust: Trust, *, type: str = "m.room.message", reason: str | None = None) -> TimelineEvent:
    return TimelineEvent(
        position=1,
        room_id="!r",
        event_id="$e",
        sender=SENDER,
        sent_at=0,
        type=type,
        content={},
        body=None,
        trust=trust,
        reason=reason,
    )


EVENTS = [
    *(event(trust) for trust in Trust if trust is not Trust.UNDECRYPTABLE),
    event(Trust.UNDECRYPTABLE, type="m.room.encrypted"),
    event(Trust.UNDECRYPTABLE),
]


@pytest.mark.parametrize("found", EVENTS, ids=lambda found: f"{found.trust}-{found.type}")
def test_every_command_in_a_remedy_exists(found: TimelineEvent) -> None:
    """A verb that is offered is a verb of `rogatory`, and so is each of its options."""
    for verb, rest in re.findall(r"`rogatory ([a-z]+)([^`]*)`", trust_words.remedy(found)):
        assert verb in VERBS
        shown = CliRunner().invoke(rogatory, [verb, "--help"]).output
        for option in re.findall(r"--[a-z-]+", rest):
            assert option in shown, f"{verb} has no {option}"


@pytest.mark.parametrize("found", EVENTS, ids=lambda found: f"{found.trust}-{found.type}")
def test_what_is_less_than_certain_has_a_remedy(found: TimelineEvent) -> None:
    """Attested and verified need nothing; for everything else a person is told what to do."""
    needs_nothing = found.trust in (Trust.ATTESTED, Trust.VERIFIED)
    assert (trust_words.remedy(found) == "") == needs_nothing
    assert trust_words.why(found).endswith(".")


def test_the_reason_of_this_one_stands_beside_what_the_badge_means() -> None:
    """Which device, which key: what the session says of this message is not lost."""
    found = event(Trust.UNSIGNED_DEVICE, reason=f"{SENDER} has not vouched for the device X\x1b[2J.")
    assert trust_words.why(found) == (
        "The sender has not signed the device that this came from. Do not rely on it."
        f" {SENDER} has not vouched for the device X␛[2J."
    )
    assert f"`rogatory verify {SENDER}`" in trust_words.remedy(found)


def test_for_what_was_redacted_nothing_is_to_be_done() -> None:
    """It is not waited for."""
    found = event(Trust.UNDECRYPTABLE, type="m.room.encrypted", reason=REDACTED)
    assert trust_words.remedy(found) == ""
