"""A request to compare emoji, as those who are in the room read it."""

from __future__ import annotations

import pytest

from client.session.events import Json, TimelineEvent, Trust
from client.views.verification_words import verification_words

ALICE, BOB = "@alice:a.test", "@bob:b.test"


def request(**content: Json) -> TimelineEvent:
    return TimelineEvent(
        position=1,
        room_id="!r",
        event_id="$e",
        sender=BOB,
        sent_at=0,
        type="m.room.message",
        content={"msgtype": "m.key.verification.request", **content},
        body="?",
        trust=Trust.PINNED,
    )


def test_who_is_asked_reads_what_to_type() -> None:
    """The command that accepts it stands in the words; whoever asks, and others, read what happened."""
    asked = request(to=ALICE)
    assert verification_words(asked, ALICE) == (
        "Asks to compare emoji with you. Within ten minutes: `rogatory verify @bob:b.test`"
    )
    assert verification_words(asked, BOB) == "Asked @alice:a.test to compare emoji."
    assert verification_words(asked, "@carol:c.test") == "Asked @alice:a.test to compare emoji."


@pytest.mark.parametrize("whom", [None, 5, "\x1b[2J"])
def test_whatever_is_said_of_whom_is_asked_is_safe(whom: Json) -> None:
    """A wrong type and a control code come to no harm."""
    words = verification_words(request(to=whom), ALICE)
    assert words is not None
    assert words.isprintable()


def test_another_message_has_no_such_words() -> None:
    """A text is shown as it is."""
    assert verification_words(request(msgtype="m.text"), ALICE) is None
