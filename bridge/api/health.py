"""GET /healthz: whether the bridge does its work, and which version it is."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from importlib.metadata import version

from aiohttp import web


class HealthStatus(enum.StrEnum):
    """`degraded`: the bridge runs, and its last attempt to finish a request failed."""

    OK = "ok"
    DEGRADED = "degraded"


@dataclass
class Health:
    """What the running bridge says of itself; its loop keeps it up to date."""

    status: HealthStatus = HealthStatus.OK


HEALTH = web.AppKey("health", Health)
"""Where the application keeps its health."""


async def healthz(request: web.Request) -> web.Response:
    """Answer 200 with {"status", "version"} as long as the bridge runs."""
    return web.json_response({"status": request.app[HEALTH].status, "version": version("rogatory")})
