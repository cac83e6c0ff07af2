"""What the API answers about requests: the types that OpenAPI shows."""

from __future__ import annotations

import msgspec

from bridge.register_event import EventKind, RegisterEvent
from bridge.request_record import RequestRecord, RequestStatus
from policies.requests.case.case import CaseState
from policies.requests.case.step import StepCode
from policies.requests.check.finding import Finding


class AcceptedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that is recorded: it will be delivered, whatever happens to this process now.

    `warnings` is what may be considered and does not stand in its way.
    """

    id: str
    state: RequestStatus
    issued_at: str
    warnings: tuple[Finding, ...]


class RequestSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list. The times are RFC 3339 UTC."""

    id: str
    state: RequestStatus
    template: str
    requested_state: str | None
    issued_at: str
    delivered_at: str | None


class RequestPage(msgspec.Struct, frozen=True, kw_only=True):
    """A page of the list, oldest first; `next_cursor` is None on the last one."""

    requests: tuple[RequestSummary, ...]
    next_cursor: str | None


class RequestDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the register has it. `room_id` and `event_id` are Matrix ids, or None.

    `state` is how far its delivery has come, `case_state` where its case stands since; None before anything
    has followed.
    """

    id: str
    state: RequestStatus
    template: str
    common: dict[str, object]
    fields: dict[str, object]
    addressees: tuple[str, ...]
    issued_at: str
    delivered_at: str | None
    room_id: str | None
    event_id: str | None
    case_state: CaseState | None


class AcceptedStep(msgspec.Struct, frozen=True, kw_only=True):
    """A step of the Court that is signed and recorded: it will be posted, whatever happens to this process.

    `occurred_at` is RFC 3339 UTC, `case_state` where the case stands with it.
    """

    id: str
    step: StepCode
    occurred_at: str
    case_state: CaseState


class RequestEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One event of a request. `sequence` counts its own from 1, `sha256` is its link in the log."""

    sequence: int
    at: str
    kind: EventKind
    payload: dict[str, object]
    sha256: str


class RequestEvents(msgspec.Struct, frozen=True, kw_only=True):
    """Events of a request in order; `next_after` is the `after` of the next page, None on the last one."""

    events: tuple[RequestEvent, ...]
    next_after: int | None


def details_of(record: RequestRecord) -> RequestDetails:
    """Return a record as the API shows it."""
    return RequestDetails(
        id=record.request_id,
        state=record.status,
        template=record.draft.template,
        common=record.draft.common,
        fields=record.draft.fields,
        addressees=record.addressees,
        issued_at=record.issued_at,
        delivered_at=record.delivered_at,
        room_id=record.room_id,
        event_id=record.event_id,
        case_state=None if record.case_state is None else CaseState(record.case_state),
    )


def event_of(sequence: int, event: RegisterEvent) -> RequestEvent:
    """Return an event of the register as the API shows it: without its place among other requests' events."""
    return RequestEvent(
        sequence=sequence, at=event.at, kind=event.kind, payload=event.payload, sha256=event.sha256
    )
