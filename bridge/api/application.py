"""The bridge's HTTP application: its paths and who answers them."""

from __future__ import annotations

from aiohttp import web

from bridge.api.health import HEALTH, Health, healthz


def make_application(health: Health) -> web.Application:
    """Return the application; `health` is what GET /healthz tells."""
    application = web.Application()
    application[HEALTH] = health
    application.router.add_get("/healthz", healthz)
    return application
