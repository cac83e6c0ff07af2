"""What a child process is: everything that the supervisor needs to start it, watch it and stop it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Patience:
    """How long the supervisor waits, in seconds.

    After an unexpected end a child starts again after `restart_first`, then twice that, and so on up to
    `restart_longest`; `restart_reset` of good health sets the wait back. `stop` lies between SIGTERM and
    SIGKILL. `answer` is what a child that ran already has to answer on its health URL before a new request
    to start it replaces it. `template` is how long a template is kept after its last child: those that are
    wanted together come together, and later it would only take up memory.
    """

    restart_first: float = 10.0
    restart_longest: float = 300.0
    restart_reset: float = 600.0
    stop: float = 10.0
    answer: float = 10.0
    template: float = 2.0


@dataclass(frozen=True)
class ChildSpecification:
    """One child process. Two equal specifications need no restart.

    `command` is the program and its arguments (never a secret: other users can read them), `environment` is
    laid over the little that every child gets (node.supervisor.environment). What the child prints goes to
    `log_path` (0600). It is healthy once `health_url` (http only) answers 200, or without one as soon as it
    runs. `ports` are the TCP ports that it will listen on, checked to be free first. `revision` is any text
    that changes when the child must be restarted though its command did not change: a hash of its
    configuration, say.

    `template` names a module that only imports what `command` (`python -P -m NAME ...`) would import first.
    Where the system can, children with the same template and environment are forked from one process that has
    imported it, and so start sooner; how a child is started does not tell two specifications apart.
    """

    name: str
    command: tuple[str, ...]
    working_folder: Path
    log_path: Path
    environment: dict[str, str] = field(default_factory=dict, hash=False, repr=False)
    health_url: str | None = None
    ports: tuple[int, ...] = ()
    revision: str = ""
    patience: Patience = Patience()
    template: str = field(default="", compare=False)
