"""kill -9 of a child, of the supervisor, of both; suspended processes; process ids that others have now."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil
import pytest

from node.errors import SupervisorUnreachable
from node.supervisor import connection as connections
from node.supervisor.connection import connect
from node.supervisor.control import ensure_supervisor, shutdown, start, status
from node.supervisor.files import control_path, records_path
from node.supervisor.protocol import start_request
from node.supervisor.specification import Patience
from node.supervisor.starting import start_children
from node.supervisor.status import ChildEvent, ChildState, Progress
from tests.node.supervisor.small_children import (
    QUICK,
    child,
    kill,
    pid_of,
    runs,
    small_server,
    until,
    until_gone,
    until_state,
)


def test_a_killed_child_is_said_to_be_killed_and_a_start_heals_it(folder: Path) -> None:
    """After kill -9 the very next status says by which signal; a start brings the child back at once."""
    patient = replace(QUICK, restart_first=3600.0)
    specifications = [small_server(folder, name, patience=patient) for name in ("africa", "weog")]
    start(folder, specifications)
    os.kill(pid_of(folder), signal.SIGKILL)
    found = child(folder)
    assert (found.state, found.pid) == (ChildState.WAITING, None)
    assert found.detail.startswith("killed by signal 9, starts again at ")
    weog = pid_of(folder, "weog")
    start(folder, specifications)
    assert child(folder).healthy
    assert pid_of(folder, "weog") == weog


def test_a_killed_child_comes_back_by_itself(folder: Path) -> None:
    """Without anybody asking, a child that died is started again, each time."""
    start(folder, [small_server(folder)])
    for _ in range(3):
        before = pid_of(folder)
        kill(before)
        assert until_state(folder, ChildState.HEALTHY).pid not in (None, before)


def test_the_wait_before_a_restart_doubles_up_to_its_limit(folder: Path) -> None:
    """A child that dies again and again waits longer each time, and no longer than the longest wait."""
    specification = small_server(folder)
    start(folder, [specification])
    # from its second life on it dies at once
    (specification.working_folder / "environment.json").unlink()
    (specification.working_folder / "environment.json").mkdir()
    kill(pid_of(folder))
    log = folder / "supervisor.log"
    until(lambda: log.read_text().count("africa: died") >= 5)
    found = child(folder)
    assert found.state in (ChildState.WAITING, ChildState.STARTING)
    waits = [
        float(line.rpartition(" in ")[2].split()[0])
        for line in log.read_text().splitlines()
        if "starts again in" in line
    ]
    assert waits[:4] == [0.05, 0.1, 0.2, 0.2]


def test_good_health_sets_the_wait_back(folder: Path) -> None:
    """A child that was healthy for long enough before it died waits the first delay again."""
    start(folder, [small_server(folder, patience=replace(QUICK, restart_reset=0.0))])
    log = folder / "supervisor.log"

    def said_so_often(deaths: int) -> bool:
        return log.read_text().count("starts again in") == deaths

    for deaths in (1, 2, 3):
        kill(until_state(folder, ChildState.HEALTHY).pid or 0)
        until(partial(said_so_often, deaths))
    assert log.read_text().count("starts again in 0.05 seconds") == 3


def test_a_suspended_child_is_said_not_to_answer_and_a_start_replaces_it(folder: Path) -> None:
    """SIGSTOP: the process runs and does not answer; the next start gives it a new one."""
    specification = small_server(folder)
    start(folder, [specification])
    before = pid_of(folder)
    os.kill(before, signal.SIGSTOP)
    found = child(folder)
    assert (found.state, found.pid) == (ChildState.NOT_ANSWERING, before)
    steps: list[Progress] = []
    start(folder, [specification], report=steps.append)
    assert [step.event for step in steps] == [ChildEvent.REPLACED, ChildEvent.SPAWNED, ChildEvent.HEALTHY]
    assert not runs(before)
    assert child(folder).healthy


def test_a_killed_supervisor_takes_its_children_with_it(folder: Path) -> None:
    """kill -9 of the supervisor: its children end by themselves, status says so, the next start works."""
    specifications = [small_server(folder, name) for name in ("africa", "weog")]
    start(folder, specifications)
    found = status(folder)
    kill(found.pid or 0)
    assert status(folder).pid is None
    for each in found.children:
        until_gone(each.pid or 0)
    assert status(folder).children == ()
    start(folder, specifications)
    assert status(folder).pid not in (None, found.pid)
    assert all(each.healthy for each in status(folder).children)


def test_a_start_right_after_the_supervisor_was_killed_gets_the_same_ports(folder: Path) -> None:
    """The next supervisor waits for the dying children of the last one before it takes their ports."""
    specification = small_server(folder)
    start(folder, [specification])
    before = pid_of(folder)
    os.kill(status(folder).pid or 0, signal.SIGKILL)
    start(folder, [specification])
    assert not runs(before)
    assert child(folder).healthy


def test_both_killed_at_once_leave_nothing_and_start_again(folder: Path) -> None:
    """kill -9 of the supervisor and of its child: nothing runs, status says so, a start heals."""
    specification = small_server(folder)
    start(folder, [specification])
    found = status(folder)
    kill(found.pid or 0)
    with_luck = found.children[0].pid or 0
    if runs(with_luck):
        os.kill(with_luck, signal.SIGKILL)
    until_gone(with_luck)
    assert status(folder).children == ()
    start(folder, [specification])
    assert child(folder).healthy


@pytest.mark.parametrize("ends_it", [start, shutdown])
def test_a_suspended_child_of_a_killed_supervisor_is_ended_later(folder: Path, ends_it: object) -> None:
    """It cannot see its lifeline end: status calls it left behind; the next start, or shutdown, kills it."""
    specification = small_server(folder)
    start(folder, [specification])
    before = pid_of(folder)
    os.kill(before, signal.SIGSTOP)
    kill(status(folder).pid or 0)
    assert [(each.state, each.pid) for each in status(folder).children] == [(ChildState.LEFT_BEHIND, before)]
    if ends_it is start:
        start(folder, [specification])
        assert child(folder).healthy
    else:
        assert shutdown(folder) == ("africa",)
        assert not control_path(folder).exists()
    until_gone(before)


def test_a_process_id_that_another_program_has_now_is_left_alone(folder: Path) -> None:
    """A recorded id with another creation time is a stranger: it survives a start and a shutdown."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as stranger:
        created = psutil.Process(stranger.pid).create_time()
        folder.mkdir(mode=0o700)
        record = {"name": "africa", "pid": stranger.pid, "created": created - 60.0}
        records_path(folder).write_text(json.dumps({"version": 1, "children": [record]}))
        assert status(folder).children == ()
        start(folder, [small_server(folder)])
        records_path(folder).write_text(json.dumps({"version": 1, "children": [record]}))
        shutdown(folder)
        assert stranger.poll() is None
        stranger.communicate(b"\n")
    assert stranger.returncode == 0


def test_records_that_cannot_be_read_stop_nothing(folder: Path) -> None:
    """A damaged file of records counts as empty."""
    folder.mkdir(mode=0o700)
    records_path(folder).write_text('{"children": [{"name"')
    start(folder, [small_server(folder)])
    assert child(folder).healthy


def test_a_child_is_recorded_before_it_is_reported(folder: Path) -> None:
    """Whoever hears that a process was spawned can find it in the records."""
    recorded: list[bool] = []

    def look(step: Progress) -> None:
        if step.event is ChildEvent.SPAWNED:
            pids = [each["pid"] for each in json.loads(records_path(folder).read_text())["children"]]
            recorded.append(any(step.detail == f"process {pid}" for pid in pids))

    start(folder, [small_server(folder)], report=look)
    assert recorded == [True]


def test_a_suspended_supervisor_is_named_not_waited_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Status says which process is stuck instead of hanging; woken, the supervisor answers again."""
    monkeypatch.setattr(connections, "_GREETING_SECONDS", 0.2)
    pid = ensure_supervisor(folder)
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(SupervisorUnreachable, match=f"process {pid} runs, but is suspended"):
            status(folder)
    finally:
        os.kill(pid, signal.SIGCONT)
    monkeypatch.undo()
    assert status(folder).pid == pid


def test_a_client_that_dies_in_the_middle_leaves_a_consistent_supervisor(folder: Path) -> None:
    """A client hangs up after its request: the children come up all the same, and the next start waits."""
    specification = small_server(folder)
    ensure_supervisor(folder)
    with connect(folder) as connection:
        connection.socket.sendall(start_request([specification], 60.0))
    start(folder, [specification])
    assert child(folder).healthy
    assert (folder / "supervisor.log").read_text().count("africa: spawned") == 1


async def test_a_cancelled_start_leaves_a_consistent_supervisor(folder: Path) -> None:
    """Cancelling takes effect while a child is mute; the supervisor keeps it, and stops it when told."""
    spawned = asyncio.Event()

    def look(step: Progress) -> None:
        if step.event is ChildEvent.SPAWNED:
            spawned.set()

    starting = asyncio.ensure_future(
        start_children(folder, [small_server(folder, "africa", "mute")], report=look)
    )
    await spawned.wait()
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    found = await asyncio.to_thread(child, folder)
    assert found.state is ChildState.STARTING
    assert await asyncio.to_thread(shutdown, folder) == ("africa",)
    assert not runs(found.pid or 0)


def test_a_supervisor_killed_during_a_start_is_reported(folder: Path) -> None:
    """Whoever waits for a start learns that the supervisor was killed, and does not hang."""
    caught: list[BaseException] = []
    spawned = threading.Event()

    def run() -> None:
        try:
            start(folder, [small_server(folder, "africa", "mute")], report=lambda _: spawned.set())
        except SupervisorUnreachable as error:
            caught.append(error)

    waiting = threading.Thread(target=run)
    waiting.start()
    assert spawned.wait(30)
    kill(status(folder).pid or 0)
    waiting.join(30)
    assert [str(error) for error in caught] == [
        "The supervisor ended while it worked. Its process was ended from outside. Try again."
    ]


def test_sigterm_to_the_supervisor_stops_everything(folder: Path) -> None:
    """When the system shuts down, SIGTERM ends the children in order, then the supervisor."""
    start(folder, [small_server(folder)])
    found = status(folder)
    os.kill(found.pid or 0, signal.SIGTERM)
    until_gone(found.pid or 0)
    assert not runs(found.children[0].pid or 0)
    assert not records_path(folder).exists()


def test_people_get_patient_defaults() -> None:
    """The delays that these tests shorten are 10 seconds, five minutes, ten minutes of health, 10 to stop."""
    assert Patience() == Patience(
        restart_first=10.0, restart_longest=300.0, restart_reset=600.0, stop=10.0, answer=10.0
    )
