"""The index says what the timeline says, whatever is written to that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from client.session.events import Trust
from client.session.search import Search
from client.session.store.room_store import RoomStore
from client.session.store.sqlcipher import Database
from client.session.store.timeline import Timeline
from tests.client.session.store.timelines import ALICE, BOB, ROOM, edit, message, opened, sealed


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Database]:
    db = opened(tmp_path)
    yield db
    db.close()


@pytest.fixture
def timeline(db: Database) -> Timeline:
    return Timeline(db)


def found(db: Database, query: str) -> list[tuple[str, str]]:
    """Return the event id and the text of what a search finds."""
    hits = Search(Timeline(db).index, RoomStore(db), BOB).find(query, limit=1_000)
    return [(hit.event_id, hit.body) for hit in hits]


def test_a_message_is_found_once_it_is_written_newest_first(db: Database, timeline: Timeline) -> None:
    """Messages are found by the beginnings of their words, and a repetition of one is not a second hit."""
    timeline.append([message("$1", "The witness arrived"), message("$2", "No witnesses yet", sent_at=2_000)])
    timeline.append([message("$1", "The witness arrived"), message("$3", "Nobody", sent_at=3_000)])
    assert found(db, "witn") == [("$2", "No witnesses yet"), ("$1", "The witness arrived")]
    assert found(db, "witn arr") == [("$1", "The witness arrived")]


def test_many_events_of_one_moment_in_many_rooms_all_have_their_place(
    db: Database, timeline: Timeline
) -> None:
    """Positions stay one event's own and rise within a room, also where clocks agree to the millisecond."""
    for step in range(3):
        events = [
            message(f"${step}-{room}-{number}", "same moment", room_id=f"!{room}")
            for number in range(4)
            for room in range(5)
        ]
        assert len(timeline.append(events)) == 20
    for room in range(5):
        page = timeline.page(f"!{room}", None, 100)
        assert [event.event_id for event in page] == [
            f"${step}-{room}-{number}" for step in range(3) for number in range(4)
        ]
    assert len(found(db, "moment")) == 60


def test_what_heals_is_found_and_what_is_sealed_is_not(db: Database, timeline: Timeline) -> None:
    """A sealed event has no words; healed, it has those that it turned out to say."""
    (event,) = timeline.append([sealed("$1")])
    assert found(db, f"from:{ALICE}") == []
    timeline.heal(event.position, message("$1", "readable now"))
    assert found(db, "readable") == [("$1", "readable now")]
    assert found(db, f"from:{ALICE}") == [("$1", "readable now")]


def test_what_is_redacted_is_found_no_more(db: Database, timeline: Timeline) -> None:
    """A redaction takes the event out of the index, with the edits of it, and empties both."""
    timeline.append([message("$1", "first words"), edit("$2", "$1", "second words"), message("$3", "words")])
    emptied = timeline.redact(ROOM, "$1")
    assert [(event.event_id, event.body, event.content) for event in emptied] == [
        ("$1", None, {}),
        ("$2", None, {}),
    ]
    assert found(db, "words") == [("$3", "words")]
    timeline.append([edit("$4", "$1", "third words")])
    assert found(db, "words") == [("$3", "words")]


def test_an_edit_changes_the_text_and_keeps_the_place(db: Database, timeline: Timeline) -> None:
    """The newest text is found, the old one is not, and the hit is the event that was replaced."""
    timeline.append([message("$1", "the old text"), message("$2", "between", sent_at=2_000)])
    timeline.append([edit("$3", "$1", "a new text", sent_at=3_000)])
    timeline.append([edit("$4", "$1", "newest text", sent_at=4_000)])
    assert found(db, "old") == []
    assert found(db, "new text") == [("$1", "newest text")]
    timeline.redact(ROOM, "$4")
    assert found(db, "text") == [("$1", "a new text")]
    timeline.redact(ROOM, "$3")
    assert found(db, "text") == [("$1", "the old text")]


def test_an_edit_that_is_older_than_another_does_not_undo_it(db: Database, timeline: Timeline) -> None:
    """The latest by its sender's clock counts, in whatever order edits arrive."""
    timeline.append([message("$1", "text one"), edit("$3", "$1", "text three", sent_at=3_000)])
    timeline.append([edit("$2", "$1", "text two", sent_at=2_000)])
    assert found(db, "text") == [("$1", "text three")]


@pytest.mark.parametrize(
    ("sender", "trust"),
    [
        (BOB, Trust.PINNED),
        (ALICE, Trust.MISMATCHED_SENDER),
        (ALICE, Trust.UNSIGNED_DEVICE),
        (ALICE, Trust.IDENTITY_CHANGED),
    ],
)
def test_nobody_else_edits(db: Database, timeline: Timeline, sender: str, trust: Trust) -> None:
    """Neither another member, nor a forged sender, nor what may be another's device changes a text."""
    timeline.append(
        [message("$1", "what Alice said"), edit("$2", "$1", "what Alice denies", sender=sender, trust=trust)]
    )
    assert found(db, "Alice") == [("$1", "what Alice said")]


def test_an_edit_counts_once_its_device_is_vouched_for(db: Database, timeline: Timeline) -> None:
    """What was doubtful and is so no more replaces the text from then on."""
    timeline.append([message("$1", "before")])
    (doubtful,) = timeline.append([edit("$2", "$1", "after", trust=Trust.UNSIGNED_DEVICE)])
    assert found(db, "after") == []
    timeline.reassess(doubtful.position, Trust.PINNED, None)
    assert (found(db, "after"), found(db, "before")) == ([("$1", "after")], [])


def test_an_edit_that_comes_before_its_event_waits_for_it(db: Database, timeline: Timeline) -> None:
    """It is found by itself as long as it is alone, then under the event that it replaces."""
    timeline.append([edit("$2", "$1", "corrected", sent_at=2_000)])
    assert found(db, "corrected") == [("$2", "corrected")]
    timeline.append([message("$1", "mistaken")])
    assert found(db, "corrected") == [("$1", "corrected")]
    assert found(db, "mistaken") == []


def test_an_edit_of_a_sealed_event_survives_its_healing(db: Database, timeline: Timeline) -> None:
    """The text of the edit is found before and after the event itself can be read, once."""
    (event,) = timeline.append([sealed("$1")])
    timeline.append([edit("$2", "$1", "corrected")])
    assert found(db, "corrected") == [("$1", "corrected")]
    timeline.heal(event.position, message("$1", "mistaken"))
    assert found(db, "corrected") == [("$1", "corrected")]
    assert found(db, "mistaken") == []


def test_files_are_found_by_their_names_and_requests_by_their_bodies(
    db: Database, timeline: Timeline
) -> None:
    """A file is found by its name and its caption, a request by the text that people read."""
    timeline.append(
        [
            message("$1", "décision.pdf", {"msgtype": "m.file"}),
            message("$2", "see this", {"msgtype": "m.file", "filename": "ruling.pdf"}),
            message("$3", "REQUEST ROG-2026-7KQ4XM", {"org.rogatory.request": {"v": 1}}),
        ]
    )
    assert [name for name, _ in found(db, "decision")] == ["$1"]
    assert [name for name, _ in found(db, "ruling")] == ["$2"]
    assert [name for name, _ in found(db, "rog-2026-7k")] == ["$3"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("Mandat d'arrêt européen", "ARRET europeen"),
        ("mandat d'arret", "d'arrêt"),
        ("Cooperación judicial", "cooperacion"),
        ("COOPERACION", "cooperación"),
        ("مُحَمَّد في المَحكَمة", "محمد"),
        ("أمر بالقبض", "امر"),
        ("国际刑事法院的请求", "刑事"),
        ("国际刑事法院的请求", "法"),
        ("国际刑事法院的请求", '"刑事法院"'),
        ("ศาลอาญาระหว่างประเทศ", "อาญา"),
        ("अंतर्राष्ट्रीय न्यायालय", "न्याया"),
        ("cafe\u0301 noir", "café"),
        ("Straße", "straße"),
    ],
)
def test_a_text_is_found_as_people_of_its_language_type(
    db: Database, timeline: Timeline, text: str, query: str
) -> None:
    """Case, accents and vowel signs do not matter, and Chinese or Thai is found within a sentence."""
    timeline.append([message("$1", text), message("$2", "something else")])
    assert found(db, query) == [("$1", text)]
