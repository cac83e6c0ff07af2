"""One life of a child: from its start to its end, whatever ends it."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from node.errors import NodeError, PortTaken, SynapseDied
from node.supervisor.child_log import last_words, open_log
from node.supervisor.environment import child_environment
from node.supervisor.forked_process import ChildProcess
from node.supervisor.health import answers
from node.supervisor.ports import refuse_taken_ports
from node.supervisor.records import Records
from node.supervisor.specification import ChildSpecification
from node.supervisor.templates import Templates

_HEALTH_SECONDS = 1.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Surroundings:
    """What all children of a supervisor share: its records, the lifeline's read end, the templates."""

    records: Records
    lifeline: int
    templates: Templates


@dataclass(frozen=True)
class Ending:
    """How a life ended: in words, as an error, and after how many healthy seconds (None: it never was)."""

    description: str
    error: NodeError
    healthy_seconds: float | None


class Life:
    """A child from start to end. `on_spawned` gets the process id, `on_healthy` is called once."""

    def __init__(
        self,
        specification: ChildSpecification,
        surroundings: Surroundings,
        *,
        on_spawned: Callable[[int], None],
        on_healthy: Callable[[], None],
    ) -> None:
        self._specification = specification
        self._surroundings = surroundings
        self._on_spawned = on_spawned
        self._on_healthy = on_healthy
        self._healthy_at: float | None = None

    async def run(self, stop: asyncio.Event) -> Ending:
        """Start the process, and return when it has ended, by itself or because of `stop`."""
        name = self._specification.name
        try:
            await refuse_taken_ports(name, self._specification.ports)
            log, start_of_log = open_log(self._specification.log_path)
            try:
                process = await self._spawn(log, stop)
            finally:
                os.close(log)
        except PortTaken as error:
            return Ending(f"not started: {error.why}", error, None)
        except OSError as error:
            return self._not_started(error)
        try:
            self._surroundings.records.add(name, process.pid)
            self._on_spawned(process.pid)
            code = await self._watch(process, stop)
        except OSError as error:
            return self._not_started(error)
        finally:
            if process.returncode is None:  # we are cancelled, or could not record it
                with suppress(ProcessLookupError):
                    process.send_signal(signal.SIGKILL)
            with suppress(OSError):  # a record of a process that has ended does no harm
                self._surroundings.records.remove(name)
        return self._ended(code, start_of_log)

    async def _spawn(self, log: int, stop: asyncio.Event) -> ChildProcess:
        specification = self._specification
        lifeline = self._surroundings.lifeline
        forked = await self._surroundings.templates.bear(specification, log, stop)
        if forked is not None:
            return forked
        return await asyncio.create_subprocess_exec(
            *specification.command,
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
            cwd=specification.working_folder,
            env=child_environment(os.environ, specification.environment, lifeline),
            pass_fds=(lifeline,),
            start_new_session=True,  # Ctrl-C on a terminal does not reach it
            umask=0o077,
        )

    async def _watch(self, process: ChildProcess, stop: asyncio.Event) -> int:
        async with asyncio.TaskGroup() as life:
            health = life.create_task(self._await_health())
            end = life.create_task(self._end_when(stop, process))
            code = await process.wait()
            health.cancel()
            end.cancel()
        return code

    async def _await_health(self) -> None:
        url = self._specification.health_url
        # another process has no event to wait for
        while url is not None and not await answers(url, _HEALTH_SECONDS):  # noqa: ASYNC110 # see above
            await asyncio.sleep(_POLL_SECONDS)
        self._healthy_at = asyncio.get_running_loop().time()
        self._on_healthy()

    async def _end_when(self, stop: asyncio.Event, process: ChildProcess) -> None:
        await stop.wait()
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
            process.send_signal(signal.SIGCONT)  # a suspended process could not act on SIGTERM
            await asyncio.sleep(self._specification.patience.stop)
            process.send_signal(signal.SIGKILL)

    def _not_started(self, error: OSError) -> Ending:
        reason = error.strerror or str(error)
        died = SynapseDied(
            f"{self._specification.name} could not be started.",
            why=f"The system says: {reason}.",
            remedy="Check that Rogatory is installed completely, that the disk has room, and try again.",
        )
        return Ending(f"not started: {reason}", died, None)

    def _ended(self, code: int, start_of_log: int) -> Ending:
        description = f"killed by signal {-code}" if code < 0 else f"exited with {code}"
        log = self._specification.log_path
        last = last_words(log, start_of_log)
        died = SynapseDied(
            f"{self._specification.name} ended while it should start: {description}.",
            why=f"Its last words: {last}" if last else "It left no word in its log.",
            remedy=f"Read {log}, correct the cause, and start again.",
        )
        healthy = None
        if self._healthy_at is not None:
            healthy = asyncio.get_running_loop().time() - self._healthy_at
        return Ending(description, died, healthy)
