"""The list of requests, from the register's projection: a page at a time, in the order of their intents.

A page costs what its rows cost, however long the register is: rows are found in a narrow table, and only the
few members of a record that a line shows are decoded.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from bridge.api.answers import RequestPage, RequestSummary
from bridge.api.problem import ApiProblem, FieldProblem, ProblemKind
from bridge.register import Register
from bridge.request_record import RequestStatus
from policies.requests.court_request import ID_PATTERN

_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"


class ListQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which requests: in that `state`, of that `template` (T13, or T13@1.0), issued at or after `since`.

    `cursor` is the `next_cursor` of the page before.
    """

    state: RequestStatus | UnsetType = UNSET
    template: Annotated[str, Meta(pattern=r"^[TX][0-9]{1,2}(@[0-9]{1,4}\.[0-9]{1,4})?$")] | UnsetType = UNSET
    since: Annotated[str, Meta(pattern=_TIME)] | UnsetType = UNSET
    cursor: Annotated[str, Meta(pattern=f"^{ID_PATTERN.pattern}$")] | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=200)] = 50


class _Common(msgspec.Struct):
    requested_state: object = None


class _Draft(msgspec.Struct):
    template: str
    common: _Common


class _Line(msgspec.Struct):
    request_id: str
    draft: _Draft
    issued_at: str
    delivered_at: str | None = None


_decoder = msgspec.json.Decoder(_Line)


def list_requests(register: Register, query: ListQuery, *, sealed: bool) -> RequestPage:
    """Return a page; with `sealed` also those under seal. Raises ApiProblem for a cursor that is none."""
    conditions, arguments = _conditions(query, sealed=sealed)
    if query.cursor is not UNSET:
        conditions.append("list.sequence > ?")
        arguments.append(_after(register, query.cursor))
    statement = (
        "SELECT requests.record, list.status FROM request_list AS list JOIN requests USING (request_id)"  # noqa: S608 # fixed texts
        f" WHERE {' AND '.join(conditions)} ORDER BY list.sequence LIMIT ?"
    )
    rows = register.database.execute(statement, [*arguments, query.limit + 1]).fetchall()
    lines = tuple(_summary(record, status) for record, status in rows[: query.limit])
    more = len(rows) > query.limit
    return RequestPage(requests=lines, next_cursor=lines[-1].id if more else None)


def _conditions(query: ListQuery, *, sealed: bool) -> tuple[list[str], list[object]]:
    conditions, arguments = ["true"], list[object]()
    if query.state is not UNSET:
        conditions.append("list.status = ?")
        arguments.append(query.state.value)
    if query.since is not UNSET:
        conditions.append("list.issued_at >= ?")
        arguments.append(query.since)
    if query.template is not UNSET:
        conditions.append("list.template_id = ?")
        arguments.append(query.template.partition("@")[0])
        if "@" in query.template:
            conditions.append("list.template = ?")
            arguments.append(query.template)
    if not sealed:
        conditions.append("list.open")
    return conditions, arguments


def _after(register: Register, cursor: str) -> int:
    row = register.database.execute(
        "SELECT sequence FROM request_list WHERE request_id = ?", [cursor]
    ).fetchone()
    if row is None:
        problem = FieldProblem("cursor", "It is not a cursor of this register.", "network default")
        raise ApiProblem(ProblemKind.QUERY_INVALID, "Nothing was read.", [problem])
    return int(row[0])


def _summary(record: str, status: str) -> RequestSummary:
    line = _decoder.decode(record)
    state = line.draft.common.requested_state
    return RequestSummary(
        id=line.request_id,
        state=RequestStatus(status),
        template=line.draft.template,
        requested_state=state if isinstance(state, str) else None,
        issued_at=line.issued_at,
        delivered_at=line.delivered_at,
    )
