"""Children forked from a template: not to be told from those started directly, and no less safe."""

from __future__ import annotations

import json
import os
import signal
import stat
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from client.session.local.lifeline import LIFELINE
from node.errors import NodeError, SynapseDied
from node.supervisor.adoption import can_adopt
from node.supervisor.control import ensure_supervisor, shutdown, start, status, stop
from node.supervisor.files import records_path
from node.supervisor.records import read_records
from node.supervisor.specification import ChildSpecification, Patience
from node.supervisor.status import ChildState
from tests.node.supervisor.small_children import (
    QUICK,
    child,
    environment_of,
    kill,
    pid_of,
    runs,
    small_server,
    until,
    until_gone,
    until_state,
)

pytestmark = pytest.mark.skipif(not can_adopt(), reason="this system has no subreapers or pidfds")

_TEMPLATE = "tests.node.supervisor.small_template"
_SERVER = "tests.node.supervisor.small_forked_server"
_PROCESS = "node.supervisor.template_process"
_KEPT = replace(QUICK, template=3600.0)
_DROPPED = replace(QUICK, template=0.1)


def forked(
    folder: Path, name: str = "africa", *how: str, template: str = "", patience: Patience = _DROPPED
) -> ChildSpecification:
    """A small server that is forked; `template` is what its template does instead of its duty."""
    direct = small_server(folder, name, *how, patience=patience)
    return replace(
        direct,
        command=(sys.executable, "-P", "-m", _SERVER, *direct.command[2:]),
        environment={"TEMPLATE": template} if template else {},
        template=_TEMPLATE,
    )


def born(specification: ChildSpecification) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((specification.working_folder / "born.json").read_text())
    return found


def said(folder: Path, words: str) -> int:
    return (folder / "supervisor.log").read_text().count(words)


def templates(folder: Path) -> list[psutil.Process]:
    """The living templates of the supervisor."""
    supervisor = status(folder).pid
    assert supervisor is not None
    return [
        each
        for each in psutil.Process(supervisor).children()
        if each.status() != psutil.STATUS_ZOMBIE and _PROCESS in each.cmdline()
    ]


def a_template(folder: Path) -> psutil.Process:
    return until(lambda: next(iter(templates(folder)), None))


def nothing_else_is_left(folder: Path) -> bool:
    """Whether the supervisor has its children and nothing besides, no zombie either."""
    found = status(folder)
    assert found.pid is not None
    ours = {each.pid for each in psutil.Process(found.pid).children(recursive=True)}
    return ours == {each.pid for each in found.children if each.pid is not None}


def in_background(act: Callable[[], object]) -> tuple[threading.Thread, list[NodeError]]:
    failures: list[NodeError] = []

    def run() -> None:
        try:
            act()
        except NodeError as error:
            failures.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, failures


def test_children_share_the_import_and_nothing_else(folder: Path) -> None:
    """One process imports; arguments, folder, session, umask, log and command line are each child's own."""
    specifications = [
        forked(folder, "africa", patience=_KEPT),
        forked(folder, "weog", "another-argument", patience=_KEPT),
    ]
    start(folder, specifications)
    supervisor = status(folder).pid
    imported_by = set()
    for specification in specifications:
        found, process = born(specification), psutil.Process(pid_of(folder, specification.name))
        imported_by.add(found["imported_by"])
        assert found["arguments"] == list(specification.command[4:])
        assert found["original"] == list(specification.command)
        assert found["name"] == "__main__"
        assert found["folder"] == str(specification.working_folder)
        assert found["session"] == process.pid == os.getpgid(process.pid)
        assert found["umask"] == 0o077
        assert " ".join(process.cmdline()).rstrip() == " ".join(specification.command)
        assert process.name() == Path(sys.executable).name[:15]
        assert process.ppid() == supervisor
        assert specification.log_path.read_text() == f"I am {specification.command[4]}\n"
        assert stat.S_IMODE(specification.log_path.stat().st_mode) == 0o600
    assert len(imported_by) == 1
    assert imported_by.isdisjoint(each.pid for each in status(folder).children)


def test_a_child_holds_no_descriptor_of_its_supervisor_or_its_template(folder: Path) -> None:
    """Open in a child are its log, /dev/null and the lifeline, as in one that was started directly."""
    specification, direct = forked(folder, "africa"), replace(forked(folder, "weog"), template="")
    start(folder, [specification, direct])
    kinds = [
        sorted(word.partition(":[")[0].replace(each.name, "") for word in born(each)["descriptors"])
        for each in (specification, direct)
    ]
    assert kinds[0] == kinds[1]


def test_no_two_children_draw_the_same_random_numbers(folder: Path) -> None:
    """Every source that the template had used before the fork gives each child numbers of its own."""
    specifications = [forked(folder, name) for name in ("africa", "grulac", "weog")]
    start(folder, specifications)
    drawn = [born(each)["random"] for each in specifications]
    for numbers in zip(*drawn, strict=True):
        assert len(set(numbers)) == len(specifications)


def test_each_child_has_its_own_environment(folder: Path) -> None:
    """Children with different variables are not forked from the same template; none keeps the lifeline's."""
    names = ("africa", "grulac", "weog")
    specifications = [replace(forked(folder, name), environment={"REGION": name}) for name in names]
    specifications[2] = replace(specifications[2], template="")
    start(folder, specifications)
    africa, grulac, direct = (environment_of(each) for each in specifications)
    assert (africa["REGION"], grulac["REGION"]) == ("africa", "grulac")
    assert born(specifications[0])["imported_by"] != born(specifications[1])["imported_by"]
    assert africa.keys() == direct.keys()
    assert LIFELINE not in africa


def test_how_it_ended_is_known(folder: Path) -> None:
    """A forked child's exit code and last words fail the start as those of any other."""
    with pytest.raises(SynapseDied) as failed:
        start(folder, [forked(folder, "africa", "dies"), forked(folder, "weog")])
    assert "exited with 3" in failed.value.what
    assert "the signing key is unreadable" in failed.value.why
    assert child(folder).state is ChildState.FAILED
    assert child(folder, "weog").healthy


def test_a_killed_child_is_forked_again(folder: Path) -> None:
    """kill -9 is reported with its signal at once; the child that replaces it is forked too."""
    specification = replace(forked(folder), patience=replace(_KEPT, restart_first=3600.0))
    start(folder, [specification])
    before = pid_of(folder)
    os.kill(before, signal.SIGKILL)
    assert child(folder).detail.startswith("killed by signal 9, starts again at ")
    start(folder, [specification])
    assert pid_of(folder) != before
    assert born(specification)["imported_by"] != pid_of(folder)


def test_it_comes_back_by_itself(folder: Path) -> None:
    """Without anybody asking, a killed child is forked again, also after its template has ended."""
    start(folder, [forked(folder)])
    for _ in range(2):
        before = pid_of(folder)
        until(lambda: not templates(folder))
        kill(before)
        assert until_state(folder, ChildState.HEALTHY).pid not in (None, before)


def test_stop_ends_it(folder: Path) -> None:
    """SIGTERM, and SIGKILL for one that does not listen to that; neither stays as a zombie."""
    start(folder, [forked(folder, "africa", "stubborn"), forked(folder, "weog")])
    africa, weog = pid_of(folder), pid_of(folder, "weog")
    assert stop(folder) == ("africa", "weog")
    assert not psutil.pid_exists(africa)
    assert not psutil.pid_exists(weog)


def test_a_template_ends_when_nobody_needs_it(folder: Path) -> None:
    """Some moments after the last child the template is gone, its children are not; the next has its own."""
    specification = forked(folder)
    start(folder, [specification])
    before = pid_of(folder)
    until(lambda: nothing_else_is_left(folder))
    assert pid_of(folder) == before
    assert read_records(records_path(folder))[0].pid == before
    start(folder, [forked(folder, "weog")])
    assert said(folder, "imports tests.node.supervisor.small_template") == 2


def test_a_killed_template_takes_no_child_with_it(folder: Path) -> None:
    """kill -9 of the template: its children run on, their ends are still told; the next start works."""
    specifications = [forked(folder, name, patience=_KEPT) for name in ("africa", "weog")]
    start(folder, specifications)
    africa, weog = pid_of(folder), pid_of(folder, "weog")
    kill(a_template(folder).pid)
    assert (pid_of(folder), pid_of(folder, "weog")) == (africa, weog)
    start(folder, [replace(specifications[0], patience=_DROPPED), specifications[1]])
    assert pid_of(folder, "weog") == weog
    assert child(folder).healthy
    until(lambda: nothing_else_is_left(folder))


@pytest.mark.parametrize("does", ["dies", "is killed", "has a thread"])
def test_without_a_template_children_are_started_directly(folder: Path, does: str) -> None:
    """A template that fails costs nothing but time: the start succeeds, with the same command."""
    specification = forked(folder, template=does)
    start(folder, [specification])
    assert child(folder).healthy
    assert said(folder, "africa: not forked from its template") == 1
    assert born(specification)["original"] == list(specification.command)
    until(lambda: nothing_else_is_left(folder))


def test_a_template_killed_while_children_wait_for_it(folder: Path) -> None:
    """kill -9 in the middle of a start: all that waited are started directly, and no process is left over."""
    specifications = [forked(folder, name, template="hangs") for name in ("africa", "weog")]
    ensure_supervisor(folder)
    starting, failures = in_background(lambda: start(folder, specifications))
    a_template(folder).kill()
    starting.join()
    assert failures == []
    assert all(each.healthy for each in status(folder).children)
    until(lambda: nothing_else_is_left(folder))


def test_stopping_does_not_wait_for_a_template(folder: Path) -> None:
    """While a template hangs, stop and shutdown work at once, and leave neither child nor template."""
    specification = forked(folder, template="hangs")
    ensure_supervisor(folder)
    starting, failures = in_background(lambda: start(folder, [specification]))
    template = a_template(folder)
    assert stop(folder) == ("africa",)
    starting.join()
    assert ["was stopped while it started" in error.what for error in failures] == [True]
    assert said(folder, "not forked from its template") == 0  # as after the longest time that it has
    assert shutdown(folder) == ()
    assert not runs(template.pid)


def test_a_killed_supervisor_takes_template_and_children_with_it(folder: Path) -> None:
    """kill -9 of the supervisor: nothing of it is left, and the next start works."""
    specification = forked(folder, patience=_KEPT)
    start(folder, [specification])
    found, template = status(folder), a_template(folder)
    kill(found.pid or 0)
    until_gone(template.pid)
    until_gone(found.children[0].pid or 0)
    start(folder, [specification])
    assert child(folder).healthy


def test_a_suspended_template_of_a_killed_supervisor_is_ended_later(folder: Path) -> None:
    """It cannot see that its supervisor is gone: the next one finds it in the records, and kills it."""
    specification = forked(folder, patience=_KEPT)
    start(folder, [specification])
    template = a_template(folder)
    template.suspend()
    kill(status(folder).pid or 0)
    start(folder, [specification])
    assert child(folder).healthy
    until_gone(template.pid)


def test_two_starts_at_once_share_a_template(folder: Path) -> None:
    """Commands that start the same children at the same time get one process each, out of one import."""
    specifications = [forked(folder, name, patience=_KEPT) for name in ("africa", "weog")]
    both = [in_background(lambda: start(folder, specifications)) for _ in range(2)]
    for thread, _ in both:
        thread.join()
    assert [failures for _, failures in both] == [[], []]
    assert said(folder, ": spawned") == 2
    assert said(folder, "imports tests.node.supervisor.small_template") == 1
