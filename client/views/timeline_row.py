"""One event of a timeline as the words that are shown for it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo

from client.session.events import REDACTED, TimelineEvent, Trust
from client.views import trust_words
from client.views.attachment_words import attachment_words, caption
from client.views.attestation_words import AttestedPeople
from client.views.markers import GapMarker, UnsentMarker
from client.views.names import short_name
from client.views.request_view import RequestReader, RequestView
from client.views.safe_text import plain_lines, single_line
from client.views.verification_words import REQUEST, verification_words
from policies.requests.wire import CONTENT_KEY

_GROUP_MILLISECONDS = 10 * 60 * 1000
"""Messages of one sender within ten minutes stand under one name."""

_HEADING_LINES = 8

_UNSENT_CHARACTERS = 500
"""Of a message that was not sent: enough to know it by, so that what can be done stays in sight."""

UNSENT_KEYS = "Enter sends it again, Delete takes it back into the composer."

_MEMBERSHIP_WORDS = {
    "invite": "sent an invitation",
    "join": "joined",
    "knock": "asked to join",
    "leave": "left, or was removed",
    "ban": "was banned",
}


class RowKind(enum.StrEnum):
    """What a row is, which decides how it is drawn."""

    MESSAGE = "message"
    NOTICE = "notice"
    REQUEST = "request"
    UNDECRYPTABLE = "undecryptable"
    GAP = "gap"
    UNSENT = "unsent"


@dataclass(frozen=True)
class TimelineRow:
    """What is drawn for one event. Every text in it is safe for a terminal (`client.views.safe_text`).

    `day` is the day's name where a new day begins, else None. `continues` says that the row stands under the
    name of the row above. `holds` says of a request whether its signature does. `revision` grows with each
    change, so that what was drawn of a row can be kept. `function` says who the sender is, where that is
    attested and known: it stands after the badge where there is room.
    """

    event_id: str
    revision: int
    kind: RowKind
    sender: str
    time: str
    lines: tuple[str, ...]
    badge: str
    alarm: bool
    own: bool
    holds: bool | None = None
    day: str | None = None
    continues: bool = False
    function: str = ""


@dataclass(frozen=True)
class RowMaker:
    """Makes rows for one reader.

    `regions` maps server names to regions (empty: not known). `zone` is the reader's time zone, None for the
    machine's. `people` is filled by the window as it loads.
    """

    user_id: str
    regions: Mapping[str, str]
    requests: RequestReader
    zone: tzinfo | None = None
    people: AttestedPeople = field(default_factory=AttestedPeople)

    def row(self, event: TimelineEvent, above: TimelineEvent | None, revision: int) -> TimelineRow:
        """Make the row of an event that stands under `above`, the one before it in the room."""
        moment = self._moment(event)
        new_day = above is None or isinstance(above, GapMarker) or self._day(above) != self._day(event)
        kind = _kind(event)
        if isinstance(event, GapMarker):
            return _gap_row(event, revision)
        request = self.requests.read(event) if kind is RowKind.REQUEST else None
        return TimelineRow(
            event_id=event.event_id,
            revision=revision,
            kind=kind,
            sender=short_name(event.sender, self.regions),
            time=f"{moment:%H:%M}" if moment else "--:--",
            lines=self._lines(event, kind, request),
            badge=_badge(event),
            alarm=trust_words.is_alarm(event.trust) or kind is RowKind.UNSENT,
            own=event.sender == self.user_id,
            holds=request.holds if request else None,
            day=self._day(event) if new_day else None,
            continues=not new_day and above is not None and _belongs_under(event, above),
            function=self.people.words(event.sender) if event.trust is Trust.ATTESTED else "",
        )

    def _lines(self, event: TimelineEvent, kind: RowKind, request: RequestView | None) -> tuple[str, ...]:
        words = verification_words(event, self.user_id)
        return _lines(event, kind, request) if words is None else (words,)

    def _moment(self, event: TimelineEvent) -> datetime | None:
        """Return when it was sent, by the sender's server; None for a time that no calendar has."""
        try:
            return datetime.fromtimestamp(event.sent_at / 1000, UTC).astimezone(self.zone)
        except (OverflowError, ValueError, OSError):
            return None

    def _day(self, event: TimelineEvent) -> str:
        moment = self._moment(event)
        return f"{moment:%A} {moment.day} {moment:%B %Y}" if moment else "Day not known"


def shown(event: TimelineEvent) -> bool:
    """Say whether an event has a row of its own: reactions, what was redacted and most state have none."""
    if isinstance(event, GapMarker | UnsentMarker):
        return True
    if event.reason == REDACTED:
        return False
    return (
        event.body is not None
        or event.type == "m.room.member"
        or event.trust is Trust.UNDECRYPTABLE
        or _file(event) is not None
    )


def _lines(event: TimelineEvent, kind: RowKind, request: RequestView | None) -> tuple[str, ...]:
    """Return the text under the name; a request begins with whether its signature holds."""
    if kind is RowKind.UNDECRYPTABLE:
        reason = single_line(event.reason or "", most_characters=400, empty="The reason is not known.")
        return (trust_words.meaning(event.trust), reason, *filter(None, [trust_words.remedy(event)]))
    if event.type == "m.room.member":
        return (_MEMBERSHIP_WORDS.get(str(event.content.get("membership")), "changed a membership"),)
    if isinstance(event, UnsentMarker):
        return _unsent_lines(event)
    file = _file(event)
    text = event.body if file is None else caption(event.content)
    lines = plain_lines(text) if text else () if file else ("(no text)",)
    if file is not None:
        lines = (file, *lines)
    if request is not None:
        return (request.verdict, *_heading(lines))
    if trust_words.is_alarm(event.trust):
        return (*lines, trust_words.why(event), trust_words.remedy(event))
    return lines


def _file(event: TimelineEvent) -> str | None:
    """Return the words for the file that an event brings."""
    return attachment_words(event.content) if event.type == "m.room.message" else None


def _unsent_lines(event: UnsentMarker) -> tuple[str, ...]:
    """Return the beginning of a text that was not sent; where it was given up also why, and what to do."""
    file = _file(event)
    body = event.body or "(no text)" if file is None else caption(event.content)
    text = plain_lines(body, most_characters=_UNSENT_CHARACTERS) if body else ()
    if file is not None:
        text = (file, *text)
    if not event.given_up:
        return text
    return (*text, single_line(event.reason or "", most_characters=400), UNSENT_KEYS)


def _badge(event: TimelineEvent) -> str:
    if isinstance(event, UnsentMarker):
        return "NOT SENT" if event.given_up else "WAITS TO BE SENT"
    return trust_words.badge(event.trust)


def _gap_row(event: GapMarker, revision: int) -> TimelineRow:
    return TimelineRow(
        event_id=event.event_id,
        revision=revision,
        kind=RowKind.GAP,
        sender="",
        time="",
        lines=(f"··· {event.reason}",),
        badge="",
        alarm=False,
        own=False,
        continues=True,
    )


def _heading(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the first paragraph of a request's text; the panel beside the timeline shows all of it."""
    end = lines.index("") if "" in lines else len(lines)
    return (*lines[: min(end, _HEADING_LINES)], "F2 or Enter shows the whole request.")


def _kind(event: TimelineEvent) -> RowKind:
    if isinstance(event, UnsentMarker):
        return RowKind.UNSENT
    if event.trust is Trust.UNDECRYPTABLE:
        return RowKind.UNDECRYPTABLE
    if CONTENT_KEY in event.content:
        return RowKind.REQUEST
    if event.type != "m.room.message" or event.content.get("msgtype") in ("m.notice", REQUEST):
        return RowKind.NOTICE
    return RowKind.MESSAGE


def _belongs_under(event: TimelineEvent, above: TimelineEvent) -> bool:
    """Say whether an event needs no name of its own: same sender, same trust, shortly after."""
    return (
        event.sender == above.sender
        and not isinstance(event, UnsentMarker)
        and event.trust is above.trust
        and _kind(event) is not RowKind.REQUEST
        and 0 <= event.sent_at - above.sent_at < _GROUP_MILLISECONDS
    )
