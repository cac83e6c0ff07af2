"""A child that is kept running: started, watched, restarted after its unexpected end, stopped."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from node.errors import NodeError, SupervisorUnreachable, SynapseDied, SynapseSilent
from node.supervisor.health import answers
from node.supervisor.life import Ending, Life, Surroundings
from node.supervisor.specification import ChildSpecification
from node.supervisor.status import ChildEvent, ChildState, ChildStatus, Progress

_log = logging.getLogger(__name__)

_HEALTH_SECONDS = 1.0
_POLL_SECONDS = 0.1

Report = Callable[[Progress], None]


class Child:
    """One child. Its keeper, a task in `tasks`, runs from `ensure` until `stop` or a failed start."""

    def __init__(
        self, specification: ChildSpecification, surroundings: Surroundings, tasks: asyncio.TaskGroup
    ) -> None:
        self.specification = specification
        self._surroundings = surroundings
        self._tasks = tasks
        self._turn = asyncio.Lock()  # one start or stop at a time
        self._stop = asyncio.Event()
        self._ended = asyncio.Event()
        self._keeper: asyncio.Task[None] | None = None
        self._observers: set[Report] = set()
        self._closed = False
        self._began = 0.0
        self._error: NodeError | None = None
        self._pid: int | None = None
        self._state = ChildState.STOPPED
        self._detail = ""
        self._since = datetime.now(UTC)
        self._settled = asyncio.Event()
        self._settled.set()

    async def start(
        self, specification: ChildSpecification, *, wait_seconds: float | None, report: Report
    ) -> None:
        """Make the child run as `specification` says, and wait until it is healthy.

        One that runs so already stays, unless it has stopped answering. `wait_seconds` None: do not wait.
        Raises SynapseDied, PortTaken, SynapseSilent.
        """
        self._observers.add(report)
        try:
            async with self._turn:
                await self._ensure(specification)
            if wait_seconds is not None:
                await self._await_health(wait_seconds)
        finally:
            self._observers.discard(report)

    async def stop(self, *, for_good: bool = False) -> bool:
        """End the child and return whether it was kept running; `for_good`: it never starts again."""
        self._closed = self._closed or for_good
        async with self._turn:
            return await self._end_keeper()

    async def status(self) -> ChildStatus:
        """Say how the child is, having asked it just now."""
        silent = self._state is ChildState.HEALTHY and not await self._answers_or_ends()
        state, detail = self._state, self._detail
        if silent and state is ChildState.HEALTHY:
            state, detail = ChildState.NOT_ANSWERING, f"no answer within {_HEALTH_SECONDS:g} s"
        return ChildStatus(self.specification.name, state, detail, _rfc3339(self._since), self._pid)

    async def _ensure(self, specification: ChildSpecification) -> None:
        if self._closed:
            raise shutting_down(specification.name)
        if self._keeper is not None and not self._keeper.done():
            same = specification == self.specification
            if same and self._state is ChildState.STARTING:
                return None
            if same and self._state is ChildState.HEALTHY and await self._answers_in_time():
                return self._announce(ChildEvent.UNCHANGED)
            reason = "it ended" if self._state is ChildState.WAITING else "it does not answer"
            self._announce(ChildEvent.REPLACED, reason if same else "its configuration changed")
            await self._end_keeper()
        self.specification = specification
        self._began = asyncio.get_running_loop().time()
        self._become(ChildState.STARTING)
        self._stop.clear()
        self._keeper = self._tasks.create_task(self._keep(specification), name=specification.name)
        return None

    async def _end_keeper(self) -> bool:
        if self._keeper is None:
            return False
        was_kept = not self._keeper.done()
        self._stop.set()
        await asyncio.wait([self._keeper])
        self._keeper = None
        self._become(ChildState.STOPPED, "on request")
        return was_kept

    async def _keep(self, specification: ChildSpecification) -> None:
        patience = specification.patience
        delay = patience.restart_first
        asked_for = True
        while not self._stop.is_set():
            self._become(ChildState.STARTING)
            ending = await self._live(specification)
            if self._stop.is_set():
                break
            self._announce(ChildEvent.DIED, ending.description)
            if asked_for and ending.healthy_seconds is None:
                return self._become(ChildState.FAILED, ending.description, ending.error)
            asked_for = False
            if (ending.healthy_seconds or 0.0) >= patience.restart_reset:
                delay = patience.restart_first
            again = _rfc3339(datetime.now(UTC) + timedelta(seconds=delay))
            self._become(ChildState.WAITING, f"{ending.description}, starts again at {again}", ending.error)
            _log.info("%s: starts again in %g seconds", specification.name, delay)
            await self._wait_for_stop(delay)
            delay = min(2 * delay, patience.restart_longest)
        return None

    async def _live(self, specification: ChildSpecification) -> Ending:
        def spawned(pid: int) -> None:
            self._pid = pid
            self._announce(ChildEvent.SPAWNED, f"process {pid}")

        def healthy() -> None:
            self._become(ChildState.HEALTHY)
            self._announce(ChildEvent.HEALTHY)

        self._ended.clear()
        life = Life(specification, self._surroundings, on_spawned=spawned, on_healthy=healthy)
        try:
            return await life.run(self._stop)
        finally:
            self._pid = None
            self._ended.set()

    async def _wait_for_stop(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.wait()

    async def _await_health(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                while self._state is ChildState.STARTING:
                    await self._settled.wait()
        except TimeoutError:
            raise SynapseSilent(
                f"{self.specification.name} runs but is not healthy.",
                why=f"It did not answer on {self.specification.health_url} within {seconds:g} seconds.",
                remedy=f"Read {self.specification.log_path}; if the machine is busy, try again.",
            ) from None
        if self._error is not None:
            raise self._error
        if self._state is ChildState.STOPPED:
            raise SynapseDied(
                f"{self.specification.name} was stopped while it started.",
                why="Another command asked for it.",
                remedy="Start it again.",
            )

    async def _answers_in_time(self) -> bool:
        """Ask until it answers, has ended, or its patience is used up."""
        url = self.specification.health_url
        with suppress(TimeoutError):
            async with asyncio.timeout(self.specification.patience.answer):
                while self._state is ChildState.HEALTHY:
                    if url is None or await answers(url, _HEALTH_SECONDS):
                        return True
                    await asyncio.sleep(_POLL_SECONDS)
        return False

    async def _answers_or_ends(self) -> bool:
        """Ask once. A refusal at once may mean that it is just ending: then wait for the news of that."""
        url = self.specification.health_url
        try:
            async with asyncio.timeout(_HEALTH_SECONDS):
                if url is None or await answers(url, _HEALTH_SECONDS):
                    return True
                await self._ended.wait()
        except TimeoutError:
            pass
        return False

    def _become(self, state: ChildState, detail: str = "", error: NodeError | None = None) -> None:
        self._state, self._detail, self._error = state, detail, error
        self._since = datetime.now(UTC)
        if state is ChildState.STARTING:
            self._settled.clear()
        else:
            self._settled.set()

    def _announce(self, event: ChildEvent, detail: str = "") -> None:
        name = self.specification.name
        _log.info("%s: %s%s", name, event, f" ({detail})" if detail else "")
        seconds = asyncio.get_running_loop().time() - self._began
        for report in tuple(self._observers):
            report(Progress(name, event, detail, round(seconds, 3)))


def shutting_down(name: str) -> SupervisorUnreachable:
    """Return the error for a child that is to start while the supervisor ends."""
    return SupervisorUnreachable(
        f"{name} was not started.",
        why="The supervisor is shutting down.",
        remedy="Wait until it has, and start again.",
    )


def _rfc3339(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")
