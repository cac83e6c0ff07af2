"""GET /healthz: whether the bridge does its work, and which version it is."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from importlib.metadata import version

import msgspec


class HealthStatus(enum.StrEnum):
    """`degraded`: the bridge runs, and its last attempt to finish a request failed."""

    OK = "ok"
    DEGRADED = "degraded"


@dataclass
class Health:
    """What the running bridge says of itself; its loop keeps it up to date."""

    status: HealthStatus = HealthStatus.OK


class HealthAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What GET /healthz answers, with 200 as long as the bridge runs."""

    status: HealthStatus
    version: str


def health_answer(health: Health) -> HealthAnswer:
    """Return the answer for now."""
    return HealthAnswer(status=health.status, version=version("rogatory"))
