"""What the supervisor says of its children: their states now, and what happens to them on the way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ChildState(StrEnum):
    """What a child is doing, as it was found when it was asked."""

    STARTING = "starting"
    HEALTHY = "healthy"
    NOT_ANSWERING = "not answering"
    """It runs, and does not answer on its health URL."""
    WAITING = "ended, will be restarted"
    FAILED = "failed to start"
    """It ended before it was healthy once, and is left alone until somebody starts it again."""
    STOPPED = "stopped"
    LEFT_BEHIND = "left behind"
    """It runs though its supervisor does not: the next start or stop ends it."""


class ChildEvent(StrEnum):
    """A step of a child on its way up."""

    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    SPAWNED = "spawned"
    HEALTHY = "healthy"
    DIED = "died"


@dataclass(frozen=True)
class Progress:
    """A child has taken a step. `detail` says more in plain words, `seconds` how long the start has taken."""

    name: str
    event: ChildEvent
    detail: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class ChildStatus:
    """One child. `since` is when it came into this state (RFC 3339, UTC), `detail` how, in plain words."""

    name: str
    state: ChildState
    detail: str = ""
    since: str = ""
    pid: int | None = None

    @property
    def healthy(self) -> bool:
        """Whether it runs and answered just now."""
        return self.state is ChildState.HEALTHY


@dataclass(frozen=True)
class SupervisorStatus:
    """The supervisor (None: it does not run) and its children, in the order of their names."""

    pid: int | None
    children: tuple[ChildStatus, ...]

    def child(self, name: str) -> ChildStatus | None:
        """Return one child's status, or None when the supervisor does not know it."""
        return next((child for child in self.children if child.name == name), None)
