"""A file in a list of messages: its name, its size, its caption."""

from __future__ import annotations

import re
from datetime import UTC
from typing import Any

import pytest

from client.session.events import TimelineEvent, Trust
from client.views import trust_words
from client.views.attachment_words import attachment_words, caption, size_words
from client.views.request_view import RequestReader
from client.views.timeline_row import RowMaker, shown
from tests.client.fake_session import START

MAKER = RowMaker("@me:a.test", {}, RequestReader(None), UTC)


def content(name: object = "report.pdf", size: object = 1_234_567, **more: object) -> dict[str, Any]:
    return {"msgtype": "m.file", "body": name, "info": {"size": size}, **more}


def event(content: dict[str, Any], trust: Trust = Trust.PINNED) -> TimelineEvent:
    body = content.get("body")
    return TimelineEvent(
        position=1,
        room_id="!r",
        event_id="$1",
        sender="@you:a.test",
        sent_at=START,
        type="m.room.message",
        content=content,
        body=body if isinstance(body, str) else None,
        trust=trust,
    )


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (9_949, "9.9 kB"),
        (9_950, "10 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (52_428_800, "52 MB"),
        (3 * 10**12, "3.0 TB"),
        (2**53, "9.0 PB"),
        (10**21, "1000000 PB"),
    ],
)
def test_a_size_is_said_in_units_of_a_thousand(size: int, words: str) -> None:
    """A person reads two or three figures and a unit, never 1000 of one."""
    assert size_words(size) == words


def test_a_file_is_shown_by_kind_name_and_size() -> None:
    """The row has the name, the size and the caption, and a size that makes no sense is not said."""
    assert attachment_words(content()) == "File: report.pdf, 1.2 MB"
    assert attachment_words(content(msgtype="m.image", filename="gate.jpg")) == "Image: gate.jpg, 1.2 MB"
    assert attachment_words({"msgtype": "m.text", "body": "report.pdf"}) is None
    for size in (-1, 2**60, 1.5, "1", True, None):
        assert attachment_words(content(size=size)) == "File: report.pdf, size not said"
    assert attachment_words(content(info=[])) == "File: report.pdf, size not said"
    assert caption(content("what I saw", filename="report.pdf")) == "what I saw"
    assert caption(content(filename="report.pdf")) is None
    assert caption(content()) is None


def test_a_row_shows_the_file_and_then_its_caption() -> None:
    """In the timeline a file is a line of its own, its caption beneath; a doubtful sender stays doubtful."""
    row = MAKER.row(event(content("what I saw\nand when", filename="report.pdf")), None, 0)
    assert row.lines == ("File: report.pdf, 1.2 MB", "what I saw", "and when")
    assert MAKER.row(event(content()), None, 0).lines == ("File: report.pdf, 1.2 MB",)
    doubtful = event(content(), Trust.IDENTITY_CHANGED)
    alarming = MAKER.row(doubtful, None, 0)
    assert alarming.lines[0] == "File: report.pdf, 1.2 MB"
    assert alarming.lines[1:] == (trust_words.why(doubtful), trust_words.remedy(doubtful))


def test_a_file_without_a_name_has_a_row() -> None:
    """A message that has no text but brings a file is not passed over."""
    nameless = event(content(None))
    assert shown(nameless)
    assert MAKER.row(nameless, None, 0).lines == ("File: attachment, 1.2 MB",)


@pytest.mark.parametrize(
    "name", ["\u202egpj.exe", "\x1b[2J\x1b]0;x\x07a", "a\r\nb", "x" * 10_000, "[red]a[/red]", "\ud800"]
)
def test_a_hostile_name_is_shown_as_one_harmless_line(name: str) -> None:
    """Whatever a file is called, one short line without controls stands for it."""
    [line] = MAKER.row(event(content(name)), None, 0).lines
    assert re.fullmatch(r"File: [ -~…]{1,150}, 1\.2 MB", line)
    assert len(line) < 180
