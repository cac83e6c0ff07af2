"""Where a request stands: what its events in the register add up to."""

from __future__ import annotations

import enum

import msgspec

from bridge.register_event import EventKind, RegisterEvent
from policies.requests.draft import Draft


class RequestStatus(enum.StrEnum):
    """Where a request stands. Issued is not delivered: nothing is posted before its addressees can read."""

    INTENDED = "intended"
    ISSUED = "issued"
    DELIVERED = "delivered"


class RequestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the register has it.

    `addressees` are user ids, `invited` those of them who have their invitation. `content` is the signed
    message as canonical JSON, fixed before it is sent. `issued_at` is RFC 3339 UTC. `case_state` is what the
    case was last reduced to, None before anything has come.
    """

    request_id: str
    draft: Draft
    addressees: tuple[str, ...]
    issued_at: str
    room_id: str | None = None
    invited: tuple[str, ...] = ()
    content: str | None = None
    event_id: str | None = None
    delivered_at: str | None = None
    case_state: str | None = None

    @property
    def status(self) -> RequestStatus:
        """Where the request stands."""
        if self.delivered_at is not None:
            return RequestStatus.DELIVERED
        return RequestStatus.INTENDED if self.room_id is None else RequestStatus.ISSUED

    @property
    def waiting(self) -> tuple[str, ...]:
        """The addressees who have no invitation yet."""
        return tuple(user_id for user_id in self.addressees if user_id not in self.invited)


class _Intended(msgspec.Struct):
    draft: Draft
    addressees: tuple[str, ...]


class _Room(msgspec.Struct):
    room_id: str


class _Invited(msgspec.Struct):
    user_id: str


class _Signed(msgspec.Struct):
    content: str


class _Posted(msgspec.Struct):
    event_id: str


class _State(msgspec.Struct):
    state: str


def follow(record: RequestRecord | None, event: RegisterEvent) -> RequestRecord:
    """Return the record after `event`; None stands for before the first. Pure, so it can always be redone.

    Raises msgspec.ValidationError when a payload does not fit its kind, and ValueError when the event cannot
    follow.
    """
    if event.kind is EventKind.INTENDED:
        if record is not None:
            raise ValueError(f"{event.request_id} is recorded already")
        intended = msgspec.convert(event.payload, _Intended)
        return RequestRecord(
            request_id=event.request_id,
            draft=intended.draft,
            addressees=intended.addressees,
            issued_at=event.at,
        )
    if record is None:
        raise ValueError(f"{event.kind} cannot be the first event of a request")
    replace = msgspec.structs.replace
    match event.kind:
        case EventKind.ROOM_OPENED:
            return replace(record, room_id=msgspec.convert(event.payload, _Room).room_id)
        case EventKind.INVITED:
            user_id = msgspec.convert(event.payload, _Invited).user_id
            return replace(record, invited=(*record.invited, user_id))
        case EventKind.SIGNED:
            return replace(record, content=msgspec.convert(event.payload, _Signed).content)
        case EventKind.POSTED:
            return replace(record, event_id=msgspec.convert(event.payload, _Posted).event_id)
        case EventKind.DELIVERED:
            return replace(record, delivered_at=event.at)
        case EventKind.JUDGED | EventKind.STEP_SIGNED:
            return replace(record, case_state=msgspec.convert(event.payload, _State).state)
        case EventKind.RECEIVED | EventKind.STEP_POSTED:
            return record
