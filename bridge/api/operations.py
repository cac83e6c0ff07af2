"""All operations of the API, in the order in which OpenAPI shows them."""

from __future__ import annotations

from aiohttp import web

from bridge.api.call import Call
from bridge.api.health import HealthAnswer, health_answer
from bridge.api.metrics import METRICS
from bridge.api.operation import Operation, json_answer
from bridge.api.reading import READING
from bridge.api.statistics import STATISTICS
from bridge.api.stepping import STEPPING
from bridge.api.submitting import SUBMITTING
from bridge.api.template_list import TEMPLATES


async def _health(call: Call) -> web.Response:
    return json_answer(health_answer(call.service.health))


OPERATIONS = (
    *SUBMITTING,
    *READING,
    *STEPPING,
    *STATISTICS,
    *TEMPLATES,
    *METRICS,
    Operation(
        method="GET",
        path="/healthz",
        name="health",
        summary="Say whether the bridge does its work",
        handler=_health,
        scope=None,
        answer=HealthAnswer,
    ),
)
