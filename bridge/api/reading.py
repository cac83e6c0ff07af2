"""GET /v1/requests and what is below it: the register, as far as the caller may know of it."""

from __future__ import annotations

import itertools
from typing import Annotated

import msgspec
from aiohttp import web

from bridge.api.answers import RequestDetails, RequestEvents, RequestPage, details_of, event_of
from bridge.api.call import Call
from bridge.api.listing import ListQuery, list_requests
from bridge.api.operation import Operation, json_answer
from bridge.api.problem import ApiProblem, ProblemKind
from bridge.api.tokens import Scope
from bridge.errors import RequestUnknown
from bridge.request_record import RequestRecord
from bridge.seal import is_sealed


class EventsQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The events that come `after` that sequence."""

    after: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)] = 0
    limit: Annotated[int, msgspec.Meta(ge=1, le=200)] = 100


async def _list(call: Call) -> web.Response:
    query = call.query(ListQuery)
    return json_answer(list_requests(call.service.register, query, sealed=call.sees_sealed))


async def _show(call: Call) -> web.Response:
    return json_answer(details_of(visible_record(call)))


async def _events(call: Call) -> web.Response:
    query = call.query(EventsQuery)
    events = call.service.register.events(visible_record(call).request_id)
    numbered = itertools.islice(enumerate(events, start=1), query.after, query.after + query.limit + 1)
    found = tuple(event_of(number, event) for number, event in numbered)
    page = found[: query.limit]
    more = len(found) > query.limit
    return json_answer(RequestEvents(events=page, next_after=page[-1].sequence if more else None))


def visible_record(call: Call) -> RequestRecord:
    """Return the request that the path names. One that the caller may not know of is not there.

    Raises ApiProblem.
    """
    try:
        record = call.service.register.request(call.request.match_info["id"])
    except RequestUnknown:
        record = None
    if record is None or (is_sealed(record.draft) and not call.sees_sealed):
        raise ApiProblem(ProblemKind.NOT_FOUND, "This register shows you no request with that id.")
    return record


READING = (
    Operation(
        method="GET",
        path="/v1/requests",
        name="listRequests",
        summary="List requests, oldest first",
        handler=_list,
        scope=Scope.READ,
        query=ListQuery,
        answer=RequestPage,
    ),
    Operation(
        method="GET",
        path="/v1/requests/{id}",
        name="showRequest",
        summary="Show one request",
        handler=_show,
        scope=Scope.READ,
        answer=RequestDetails,
        problems=(ProblemKind.NOT_FOUND,),
    ),
    Operation(
        method="GET",
        path="/v1/requests/{id}/events",
        name="listRequestEvents",
        summary="List what happened to a request, in order",
        handler=_events,
        scope=Scope.READ,
        query=EventsQuery,
        answer=RequestEvents,
        problems=(ProblemKind.NOT_FOUND,),
    ),
)
