"""The children of one home, and what can be asked of them all."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable

from node.errors import NodeError, SynapseDied
from node.supervisor.child import Child, Report, shutting_down
from node.supervisor.life import Surroundings
from node.supervisor.specification import ChildSpecification
from node.supervisor.status import SupervisorStatus


class Supervisor:
    """Starts, watches and stops children. Their keepers run in `tasks`; cancelling it kills them all."""

    def __init__(self, surroundings: Surroundings, tasks: asyncio.TaskGroup) -> None:
        self._surroundings = surroundings
        self._tasks = tasks
        self._children: dict[str, Child] = {}
        self._closed = False

    async def start(
        self, specifications: Iterable[ChildSpecification], *, wait_seconds: float | None, report: Report
    ) -> None:
        """Start all of them at once, and wait until each is healthy or has failed.

        One that fails leaves the others running. Raises its error, or one that names all that failed.
        """
        errors: dict[str, NodeError] = {}

        async def start_one(specification: ChildSpecification) -> None:
            try:
                child = self._child(specification)
                await child.start(specification, wait_seconds=wait_seconds, report=report)
            except NodeError as error:
                errors[specification.name] = error

        async with asyncio.TaskGroup() as starting:
            for specification in specifications:
                starting.create_task(start_one(specification))
        if errors:
            raise _one_of(errors)

    def _child(self, specification: ChildSpecification) -> Child:
        if self._closed:
            raise shutting_down(specification.name)
        if specification.name not in self._children:
            self._children[specification.name] = Child(specification, self._surroundings, self._tasks)
        return self._children[specification.name]

    async def stop(self, names: Iterable[str] | None = None, *, for_good: bool = False) -> tuple[str, ...]:
        """Stop the named children, or all; return the names of those that ran. Unknown names do not run.

        `for_good`: no child starts again, not even a new one.
        """
        if for_good:
            self._closed = True
            self._surroundings.templates.close()
        wanted = self._children.keys() if names is None else set(names) & self._children.keys()
        stopped: list[str] = []

        async def stop_one(name: str) -> None:
            if await self._children[name].stop(for_good=for_good):
                stopped.append(name)

        async with asyncio.TaskGroup() as stopping:
            for name in wanted:
                stopping.create_task(stop_one(name))
        return tuple(sorted(stopped))

    async def restart(self, name: str, *, wait_seconds: float | None, report: Report) -> None:
        """Stop one child and start it again with the specification it had. Raises as `start` does."""
        child = self._children.get(name)
        if child is None:
            raise NodeError(
                f"{name} cannot be restarted.",
                why="The supervisor has not started it.",
                remedy="Start it first.",
            )
        await child.stop()
        await self.start([child.specification], wait_seconds=wait_seconds, report=report)

    async def status(self) -> SupervisorStatus:
        """Ask every child at the same time how it is."""
        names = sorted(self._children)
        found = await asyncio.gather(*(self._children[name].status() for name in names))
        return SupervisorStatus(os.getpid(), tuple(found))


def _one_of(errors: dict[str, NodeError]) -> NodeError:
    if len(errors) == 1:
        return next(iter(errors.values()))
    first = errors[min(errors)]
    return SynapseDied(
        f"{len(errors)} could not be started: {', '.join(sorted(errors))}.",
        why=" ".join(f"{error.what} {error.why}" for _, error in sorted(errors.items())),
        remedy=first.remedy,
    )
