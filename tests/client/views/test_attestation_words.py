"""Who somebody is, in words beside a message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from client.session.events import Trust
from client.ui.widgets.row_layout import row_lines
from client.views.attestation_words import short_words
from client.views.request_view import RequestReader
from client.views.timeline import TimelineWindow
from client.views.timeline_row import RowMaker
from policies.network.load import load_network
from policies.trust.attestation import Attestation
from tests.client.fake_session import FakeSession

NOW = datetime(2026, 11, 23, tzinfo=UTC)
SENDER = "@sen.focal-point.1:africa.rogatory.test"


def attestation(function: str, state: str | None, authority: str) -> Attestation:
    return Attestation(
        v=1,
        user_id=SENDER,
        state=state,
        function=function,
        themes=(),
        master_key="A" * 43,
        answer_key=None,
        valid_from=NOW,
        valid_until=NOW + timedelta(days=1),
        authority=authority,
    )


@pytest.mark.parametrize(
    ("function", "state", "authority", "words"),
    [
        ("focal-point", "SEN", "africa", "focal point of Senegal, by African States"),
        ("moderator", None, "africa", "moderator, by African States"),
        ("court", None, "court", "organ of the Court"),
        ("seer\x1b[2J", "X\nY", "z\ny", "seer[2J of X Y, by z y"),
    ],
)
def test_an_attestation_reads_short_and_safe(
    function: str, state: str | None, authority: str, words: str
) -> None:
    """State and region by their names; what a region wrote itself cannot move the cursor."""
    said = short_words(attestation(function, state, authority), load_network())
    assert said.isprintable()
    if "\x1b" not in function:
        assert said == words


async def test_rows_say_who_an_attested_sender_is() -> None:
    """A loaded row says it, a new one once the session is asked; a merely pinned sender's never does."""
    session = FakeSession()
    session.add_room("!r", "Room")
    session.attested[SENDER] = attestation("focal-point", "SEN", "africa")
    session.receive("!r", "stored", sender=SENDER)
    session.receive("!r", "pinned", sender=SENDER, trust=Trust.PINNED)
    session.receive("!r", "of nobody", sender="@x:y")
    window = TimelineWindow(session, "!r", RowMaker("@me:x", {}, RequestReader(None), UTC))
    await window.load_older()
    words = "focal point of Senegal, by African States"
    assert [row.function for row in window.rows] == [words, "", ""]

    session.attested["@x:y"] = attestation("court", None, "court")
    new = session.receive("!r", "new", sender="@x:y")
    window.apply(new)
    assert window.rows[-1].function == ""
    splice = await window.explain(new)
    assert splice is not None
    assert window.rows[-1].function == "organ of the Court"
    assert await window.explain(new) is None


async def test_a_narrow_row_leaves_the_function_out_before_the_name() -> None:
    """Wide: badge and function; narrow: the badge alone, with the whole name."""
    session = FakeSession()
    session.add_room("!r", "Room")
    session.attested[SENDER] = attestation("focal-point", "SEN", "africa")
    session.receive("!r", "text", sender=SENDER)
    window = TimelineWindow(session, "!r", RowMaker("@me:x", {}, RequestReader(None), UTC))
    await window.load_older()

    def name_line(width: int) -> str:
        return "".join(text for text, _ in list(row_lines(window.rows[0], width))[1])

    assert name_line(120).endswith("attested: focal point of Senegal, by African States")
    assert name_line(60).endswith("  attested")
    assert name_line(60).startswith(window.rows[0].sender)
