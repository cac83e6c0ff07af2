"""What `rogatory listen` prints: events with what to know of their sender, and how the connection stands."""

from __future__ import annotations

import asyncio
import io
import json
import sys

import pytest

from client.session.events import Connection, Trust
from node.cli.connection_line import ConnectionLine, tell_connection
from node.cli.event_lines import EventLines
from tests.client.fake_session import FakeSession

SENDER = "@bel.focal-point.1:weog.rogatory.test"


@pytest.fixture
def session() -> FakeSession:
    session = FakeSession()
    session.add_room("!lobby", "Lobby")
    return session


def test_why_a_sender_is_not_certain_and_what_to_do_is_said_once(
    session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below the first message of a doubtful sender stand the reason and the remedy; the next is one line."""
    lines = EventLines(session.user_id, ConnectionLine(), as_json=False)
    for body in ("One", "Two"):
        lines.show(session.receive("!lobby", body, sender=SENDER, trust=Trust.PINNED))
    assert capsys.readouterr().out.splitlines() == [
        f"!lobby {SENDER} (known key): One",
        "  why: The key is the one first seen for this person; nobody has attested or compared it.",
        f"  do:  To be sure of the person, compare emoji: `rogatory verify {SENDER}`.",
        f"!lobby {SENDER} (known key): Two",
    ]


def test_another_reason_of_the_same_sender_is_said_too(
    session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    """A warning does not go unsaid because a milder one was said before."""
    lines = EventLines(session.user_id, ConnectionLine(), as_json=False)
    for trust in (Trust.PINNED, Trust.IDENTITY_CHANGED, Trust.ATTESTED):
        lines.show(session.receive("!lobby", "x", sender=SENDER, trust=trust))
    said = capsys.readouterr().out
    assert "(IDENTITY CHANGED): x" in said
    assert said.count("  why: ") == 2
    assert said.endswith("(attested): x\n")


def test_the_steps_of_a_verification_are_not_printed_and_its_request_is_in_words(
    session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who is asked reads which command answers; what the clients say to each other is left out."""
    lines = EventLines(session.user_id, ConnectionLine(), as_json=False)
    asked = {"msgtype": "m.key.verification.request", "to": session.user_id}
    lines.show(session.receive("!lobby", "A body for others", sender=SENDER, content=dict(asked)))
    lines.show(session.receive("!lobby", None, type="m.key.verification.start", content={}))
    [line] = capsys.readouterr().out.splitlines()
    assert line.endswith(f"Within ten minutes: `rogatory verify {SENDER}`")


def test_json_has_every_event_as_it_is(session: FakeSession, capsys: pytest.CaptureFixture[str]) -> None:
    """The contract of `--json` knows no words: one object an event, with the trust's own name."""
    lines = EventLines(session.user_id, ConnectionLine(), as_json=True)
    lines.show(session.receive("!lobby", None, type="m.key.verification.start", content={}))
    lines.show(session.receive("!lobby", "x", sender=SENDER, trust=Trust.PINNED, reason="Why."))
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["type"] == "m.key.verification.start"
    assert (second["trust"], second["reason"], second["body"]) == ("pinned", "Why.", "x")
    assert set(second) == {
        "room_id", "event_id", "sender", "sent_at", "type", "content", "body", "trust", "reason"
    }  # fmt: skip


class FakeTerminal(io.StringIO):
    """Standard error that says it is a terminal."""

    def isatty(self) -> bool:
        return True


async def told(session: FakeSession, line: ConnectionLine) -> None:
    """Let the connection change as in a long absence, and have it told."""
    telling = asyncio.ensure_future(tell_connection(session, "http://127.0.0.1:1", line))
    await asyncio.sleep(0)  # it follows
    session.connect(Connection.LIVE)
    session.connect(Connection.OFFLINE)
    session.connect(Connection.CATCHING_UP, remaining=100, total=400)
    session.connect(Connection.CATCHING_UP, remaining=0, total=400, rooms=1)
    session.connect(Connection.LIVE)
    session.end()
    await telling


async def test_on_a_terminal_the_status_line_changes_in_its_place(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Offline, so many of so many, and nothing once it is live, each in the place of the last."""
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    await told(session, ConnectionLine())
    erase = "\r\x1b[2K"
    assert terminal.getvalue() == (
        f"● offline, trying again{erase}● catching up, 300 of 400{erase}● catching up, more in 1 room{erase}"
    )


async def test_in_a_log_each_change_is_a_line_and_nothing_is_counted(
    session: FakeSession, capsys: pytest.CaptureFixture[str]
) -> None:
    """Who reads a file or a pipe sees when it went away, that it catches up, and that all is there."""
    await told(session, ConnectionLine())
    assert capsys.readouterr().err.splitlines() == [
        "The homeserver at http://127.0.0.1:1 does not answer; waiting for it.",
        "Catching up with what was missed.",
        "Everything is here.",
    ]


def test_an_event_makes_the_status_line_give_way(
    session: FakeSession, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is printed never stands behind the status line, which comes back below it."""
    terminal = FakeTerminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    status = ConnectionLine()
    status.show("● offline")
    EventLines(session.user_id, status, as_json=False).show(session.receive("!lobby", "x"))
    assert terminal.getvalue() == "● offline\r\x1b[2K● offline"
    assert "(attested): x" in capsys.readouterr().out
