"""The templates of a supervisor: who can be forked from which, or has to be started directly."""

from __future__ import annotations

import asyncio
import logging
import os

from node.supervisor.adoption import can_adopt
from node.supervisor.environment import child_environment
from node.supervisor.forked_process import ForkedProcess
from node.supervisor.records import Records
from node.supervisor.specification import ChildSpecification
from node.supervisor.template import NotBorn, Template

_log = logging.getLogger(__name__)

_Key = tuple[tuple[str, ...], str, tuple[tuple[str, str], ...]]


class Templates:
    """Keeps one template for each interpreter, module and environment that children have in common.

    The environment too, as what is imported may have read it. `tasks` are the supervisor's.
    """

    def __init__(self, records: Records, lifeline: int, tasks: asyncio.TaskGroup) -> None:
        self._records = records
        self._lifeline = lifeline
        self._tasks = tasks
        self._templates: dict[_Key, Template] = {}
        self._closed = False

    async def bear(
        self, specification: ChildSpecification, log: int, stop: asyncio.Event
    ) -> ForkedProcess | None:
        """Return the child, forked, or None where it has to be started directly or `stop` came first."""
        template = self._template(specification)
        if template is None:
            return None
        birth: asyncio.Task[ForkedProcess | None] | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                birth = tasks.create_task(_try(template, specification, log))
                stopping = tasks.create_task(stop.wait())
                await asyncio.wait((birth, stopping), return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                birth.cancel()
        except asyncio.CancelledError:
            _end(birth)
            raise
        return None if birth.cancelled() else birth.result()

    def close(self) -> None:
        """End all templates; from now on children are started directly."""
        self._closed = True
        for template in self._templates.values():
            template.end()

    def _template(self, specification: ChildSpecification) -> Template | None:
        if self._closed or not specification.template or "-m" not in specification.command:
            return None
        if not can_adopt():
            return None
        interpreter = specification.command[: specification.command.index("-m")]
        environment = child_environment(os.environ, specification.environment, self._lifeline)
        key = (interpreter, specification.template, tuple(sorted(environment.items())))
        template = self._templates.get(key)
        if template is None or template.ended:
            self._templates = {at: each for at, each in self._templates.items() if not each.ended}
            idle_seconds = specification.patience.template
            template = Template(
                interpreter, specification.template, environment, self._lifeline, idle_seconds
            )
            self._templates[key] = template
            self._tasks.create_task(template.run(self._records), name=f"template {specification.template}")
        return template


async def _try(template: Template, specification: ChildSpecification, log: int) -> ForkedProcess | None:
    try:
        return await template.bear(specification.command, specification.working_folder, log)
    except NotBorn as error:
        _log.warning("%s: not forked from its template: %s", specification.name, error)
        return None


def _end(birth: asyncio.Task[ForkedProcess | None] | None) -> None:
    """End a child that was born while nobody wanted it any more."""
    if birth is not None and birth.done() and not birth.cancelled() and (process := birth.result()):
        process.kill()
