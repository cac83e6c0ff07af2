"""GET /metrics: counters in the text format of Prometheus (0.0.4): numbers of all requests together."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from aiohttp import web

from bridge.api.call import Call, Service
from bridge.api.operation import Operation
from bridge.api.tokens import Scope
from bridge.request_record import RequestStatus
from bridge.webhooks.deliveries import Deliveries

_MEDIA_TYPE = "text/plain"

Sample = tuple[Mapping[str, object], int]


async def _metrics(call: Call) -> web.Response:
    text = "\n".join(_lines(call.service)) + "\n"
    return web.Response(text=text, headers={"Content-Type": f"{_MEDIA_TYPE}; version=0.0.4; charset=utf-8"})


def _lines(service: Service) -> Iterator[str]:
    yield from _family(
        "rogatory_requests",
        "gauge",
        "Requests in the register.",
        _by_state(service, "SELECT status, count(*) FROM request_list GROUP BY status", RequestStatus),
    )
    yield from _family(
        "rogatory_webhook_deliveries",
        "gauge",
        "Messages to webhooks.",
        (({"state": str(state)}, count) for state, count in Deliveries(service.register).counts().items()),
    )
    yield from _family(
        "rogatory_http_requests_total",
        "counter",
        "Calls that were answered since the start.",
        (
            ({"method": method, "path": path, "status": status}, count)
            for (method, path, status), count in sorted(service.answered.items())
        ),
    )


def _by_state(service: Service, query: str, states: Iterable[str]) -> list[Sample]:
    counts: dict[str, int] = dict(service.register.database.execute(query).fetchall())
    return [({"state": str(state)}, counts.get(state, 0)) for state in states]


def _family(name: str, kind: str, help_text: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {help_text}"
    yield f"# TYPE {name} {kind}"
    for labels, value in samples:
        shown = ",".join(f'{label}="{text}"' for label, text in labels.items())
        yield f"{name}{{{shown}}} {value}"


METRICS = (
    Operation(
        method="GET",
        path="/metrics",
        name="metrics",
        summary="Counters for Prometheus",
        handler=_metrics,
        scope=Scope.METRICS,
        answer=None,
        media_type=_MEDIA_TYPE,
    ),
)
