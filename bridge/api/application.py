"""The bridge's HTTP application: its operations, and what stands before each of them."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import msgspec
from aiohttp import hdrs, web
from aiohttp.typedefs import Middleware

from bridge.api.body import LARGEST_BODY
from bridge.api.call import Call, Service
from bridge.api.guard import authorised
from bridge.api.openapi import openapi_document
from bridge.api.operation import Operation
from bridge.api.operations import OPERATIONS
from bridge.api.problem import ApiProblem, ProblemKind
from policies.errors import RogatoryError

_log = logging.getLogger(__name__)

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_DOCUMENT = "/openapi.json"


class _NoQuery(msgspec.Struct, forbid_unknown_fields=True):
    """What an operation without parameters reads."""


def make_application(service: Service) -> web.Application:
    """Return the application; the tables of `service` must be there (bridge.api.schema)."""
    application = web.Application(
        client_max_size=LARGEST_BODY,
        middlewares=[_counting(service), _answering_problems, _host_check(service)],
    )
    for operation in OPERATIONS:
        application.router.add_route(operation.method, operation.path, _handler(operation, service))
    document = openapi_document(OPERATIONS)

    async def serve_document(_request: web.Request) -> web.Response:
        return web.Response(body=document, content_type="application/json")

    application.router.add_route("GET", _DOCUMENT, serve_document)
    return application


def _handler(operation: Operation, service: Service) -> _Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        caller = None if operation.scope is None else authorised(request, service, operation.scope)
        call = Call(request, service, caller)
        if operation.query is None:
            call.query(_NoQuery)
        return await operation.handler(call)

    return handle


def _counting(service: Service) -> Middleware:
    """Count every answer by the path of its operation: never by what the client wrote."""

    @web.middleware
    async def count(request: web.Request, handler: _Handler) -> web.StreamResponse:
        response = await handler(request)
        resource = request.match_info.route.resource
        path = resource.canonical if resource is not None else "unknown"
        method = request.method if request.method in hdrs.METH_ALL else "OTHER"
        service.answered[method, path, response.status] += 1
        return response

    return count


def _host_check(service: Service) -> Middleware:
    """Refuse a call for another host: else a page in a browser could reach this one by a name of its own."""

    @web.middleware
    async def check(request: web.Request, handler: _Handler) -> web.StreamResponse:
        if request.host.lower() not in service.settings.hosts:
            raise ApiProblem(ProblemKind.HOST_UNKNOWN, "Call it by its address, or let it know the name.")
        return await handler(request)

    return check


@web.middleware
async def _answering_problems(request: web.Request, handler: _Handler) -> web.StreamResponse:
    """Answer whatever is raised with a problem, which says nothing of the inside."""
    try:
        return await handler(request)
    except ApiProblem as problem:
        return problem.response()
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        detail = f"It has {allowed}."
        return ApiProblem(ProblemKind.METHOD_NOT_ALLOWED, detail, headers={hdrs.ALLOW: allowed}).response()
    except web.HTTPNotFound:
        return ApiProblem(ProblemKind.NOT_FOUND, f"GET {_DOCUMENT} lists the paths.").response()
    except RogatoryError as error:
        _log.warning("A call could not be answered: %s %s", error.what, error.why)
        return ApiProblem(ProblemKind.UNAVAILABLE, "Nothing was lost. Try again later.").response()
    except Exception as error:  # noqa: BLE001 - a defect ends one call, not the bridge, and shows nothing of it
        # its text could quote the draft
        _log.error("A call met a defect: %s at %s", type(error).__name__, _place(error))
        return ApiProblem(ProblemKind.DEFECT, "The log of the bridge names the place.").response()


def _place(error: BaseException) -> str:
    """Return the file and line where an error came up."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "an unknown place"
