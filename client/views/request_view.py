"""A request of the Court as a person reads it: its fields with labels, and whether its signature holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from client.session.events import TimelineEvent
from client.views.field_words import labelled, organ_name
from client.views.names import short_name
from client.views.safe_text import plain_lines, single_line
from policies.requests.court_request import CourtRequest
from policies.requests.labels import FieldWords, request_words
from policies.requests.wire import CONTENT_KEY, Verdict, read_request, verify_request
from policies.trust.manifest import Manifest
from policies.trust.times import format_time


@dataclass(frozen=True)
class RequestField:
    """One field: its label and its value as lines."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class RequestSection:
    """Fields that belong together, under a title."""

    title: str
    fields: tuple[RequestField, ...]


@dataclass(frozen=True)
class RequestView:
    """What is shown of one request. `verdict` is a sentence; `cautions` are what else a reader must know."""

    event_id: str
    title: str
    holds: bool
    verdict: str
    cautions: tuple[str, ...]
    sections: tuple[RequestSection, ...]
    body: tuple[str, ...]


@dataclass(frozen=True)
class RequestReader:
    """Reads requests and checks their signatures against the pinned manifest, None if there is none."""

    manifest: Manifest | None

    def read(self, event: TimelineEvent) -> RequestView | None:
        """Return the view of a request, or None if the event carries none.

        An event that claims to carry a request which cannot be read gives a view that says so.
        """
        if CONTENT_KEY not in event.content:
            return None
        request = read_request(event.content)
        verdict = None
        if self.manifest is not None:
            verdict = verify_request(event.content, room_id=event.room_id, manifest=self.manifest)
        return RequestView(
            event_id=event.event_id,
            title=f"Request {single_line(request.id)}" if request else "Request that cannot be read",
            holds=verdict is not None and verdict.holds,
            verdict=verdict_words(verdict),
            cautions=tuple(self._cautions(event, verdict)),
            sections=_sections(request) if request else (),
            body=plain_lines(event.body or ""),
        )

    def _cautions(self, event: TimelineEvent, verdict: Verdict | None) -> list[str]:
        if verdict is None or not verdict.holds:
            return ["Do not act on it. Ask the Court by another way whether it sent this."]
        if self.manifest is None or verdict.organ is None:
            return []
        if event.sender == self.manifest.organ(verdict.organ).user_id:
            return []
        regions = {node.server_name: node.region for node in self.manifest.nodes}
        return [f"Posted by {short_name(event.sender, regions)}, who is not that organ's own account."]


def verdict_words(verdict: Verdict | None) -> str:
    """Say whether the signature holds, and whose it is or why it does not; None has not been checked."""
    if verdict is None:
        return "SIGNATURE NOT CHECKED: no manifest of the network is pinned on this machine."
    if not verdict.holds:
        return f"SIGNATURE DOES NOT HOLD: {single_line(verdict.reason, most_characters=300)}"
    key = single_line(verdict.key_id or "", empty="?")
    return f"Signature holds: {organ_name(verdict.organ or '')}, key {key}"


def _sections(request: CourtRequest) -> tuple[RequestSection, ...]:
    words = request_words(request.template)
    template = f"{words.title} ({request.template})".strip()
    about = (
        RequestField("Number", (single_line(request.id),)),
        RequestField("Template", (single_line(template, most_characters=200),)),
        RequestField("Issued", (format_time(request.issued_at),)),
    )
    return (
        RequestSection("This request", about),
        RequestSection("Who asks whom, and on what basis", _fields(request.common, words.common)),
        RequestSection("What is asked", _fields(request.fields, words.fields)),
    )


def _fields(values: Mapping[str, object], known: Mapping[str, FieldWords]) -> tuple[RequestField, ...]:
    return tuple(RequestField(label, lines) for label, lines in labelled(values, known))
