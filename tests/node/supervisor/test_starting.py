"""Children come up, once, and those that cannot say why."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from client.session.local.lifeline import LIFELINE
from node.errors import NodeError, PortTaken, SupervisorUnreachable, SynapseDied, SynapseSilent
from node.supervisor.control import restart, shutdown, start, status, stop
from node.supervisor.files import control_path
from node.supervisor.status import ChildEvent, ChildState, Progress
from tests.node.supervisor.small_children import (
    child,
    environment_of,
    pid_of,
    runs,
    small_server,
    until,
    until_gone,
)


def test_children_are_healthy_when_start_returns(folder: Path) -> None:
    """Start returns once every child answers on its health URL, having reported each step of it."""
    steps: list[Progress] = []
    start(folder, [small_server(folder, "africa"), small_server(folder, "weog")], report=steps.append)
    found = status(folder)
    assert [(each.name, each.state) for each in found.children] == [
        ("africa", ChildState.HEALTHY),
        ("weog", ChildState.HEALTHY),
    ]
    assert {(step.name, step.event) for step in steps} == {
        (name, event) for name in ("africa", "weog") for event in (ChildEvent.SPAWNED, ChildEvent.HEALTHY)
    }


def test_starting_again_changes_nothing(folder: Path) -> None:
    """A child that runs as specified keeps its process through a second start."""
    specification = small_server(folder)
    start(folder, [specification])
    before = pid_of(folder)
    steps: list[Progress] = []
    start(folder, [specification], report=steps.append)
    assert pid_of(folder) == before
    assert [step.event for step in steps] == [ChildEvent.UNCHANGED]


def test_a_changed_specification_replaces_the_process(folder: Path) -> None:
    """A child whose configuration has another revision gets a new process, and the old one ends."""
    specification = small_server(folder)
    start(folder, [specification])
    before = pid_of(folder)
    start(folder, [replace(specification, revision="2")])
    assert pid_of(folder) != before
    assert not runs(before)


def test_starts_at_the_same_time_make_one_process(folder: Path) -> None:
    """Four commands that start the same children at once, with no supervisor yet, get one of each."""
    specifications = [small_server(folder, name) for name in ("africa", "weog")]
    failures: list[NodeError] = []

    def run() -> None:
        try:
            start(folder, specifications)
        except NodeError as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = status(folder)
    assert found.pid is not None
    ours = {each.pid for each in psutil.Process(found.pid).children()}
    assert ours == {each.pid for each in found.children}
    assert len(ours) == 2


def test_a_child_that_dies_at_once_fails_the_start_with_its_last_words(folder: Path) -> None:
    """Its error quotes its log without control characters; it is not tried again; the others run."""
    with pytest.raises(SynapseDied) as failed:
        start(folder, [small_server(folder, "africa", "dies"), small_server(folder, "weog")])
    assert "exited with 3" in failed.value.what
    assert "the signing key is unreadable" in failed.value.why
    assert "\x1b" not in failed.value.why
    found = child(folder)
    assert (found.state, found.detail, found.pid) == (ChildState.FAILED, "exited with 3", None)
    assert child(folder, "weog").healthy
    assert (folder / "supervisor.log").read_text().count("africa: died") == 1


def test_a_start_heals_what_failed_before(folder: Path) -> None:
    """After its cause is corrected, a child that failed to start comes up on the next request."""
    with pytest.raises(SynapseDied):
        start(folder, [small_server(folder, "africa", "dies")])
    start(folder, [small_server(folder, "africa")])
    assert child(folder).healthy


def test_a_program_that_is_not_there_is_named(folder: Path) -> None:
    """A command that cannot be run fails the start with the system's reason."""
    specification = replace(small_server(folder), command=("/no/such/program",))
    with pytest.raises(SynapseDied, match="No such file or directory"):
        start(folder, [specification])


def test_several_failures_are_told_together(folder: Path) -> None:
    """One error names every child that failed and why."""
    with pytest.raises(SynapseDied, match="2 could not be started: africa, weog") as failed:
        start(folder, [small_server(folder, name, "dies") for name in ("africa", "weog")])
    assert failed.value.why.count("the signing key is unreadable") == 2


def test_a_child_that_never_answers_is_told_apart_from_a_dead_one(folder: Path) -> None:
    """When the time is up, start says that the child runs and is silent, and leaves it running."""
    with pytest.raises(SynapseSilent, match="africa runs but is not healthy"):
        start(folder, [small_server(folder, "africa", "mute")], wait_seconds=1.0)
    assert child(folder).state is ChildState.STARTING
    assert runs(pid_of(folder))


def test_a_taken_port_is_named_with_the_program_that_has_it(folder: Path) -> None:
    """Nothing is spawned on a port that another program listens on; it keeps running."""
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", 0))
        foreign.listen()
        port = foreign.getsockname()[1]
        with pytest.raises(PortTaken) as failed:
            start(folder, [small_server(folder, "africa", port=port)])
    assert f"Port {port}" in failed.value.what
    assert f"process {os.getpid()}" in failed.value.why
    assert "spawned" not in (folder / "supervisor.log").read_text()


def test_stop_ends_only_what_it_names(folder: Path) -> None:
    """Stopping one child leaves the other; stopping it again, or an unknown one, does nothing."""
    start(folder, [small_server(folder, "africa"), small_server(folder, "weog")])
    africa, weog = pid_of(folder, "africa"), pid_of(folder, "weog")
    assert stop(folder, ["africa", "nowhere"]) == ("africa",)
    assert stop(folder, ["africa"]) == ()
    assert not runs(africa)
    assert child(folder, "africa").state is ChildState.STOPPED
    assert pid_of(folder, "weog") == weog
    assert child(folder, "weog").healthy


def test_a_stubborn_child_is_killed_after_its_grace(folder: Path) -> None:
    """A child that ignores SIGTERM is gone when stop returns."""
    start(folder, [small_server(folder, "africa", "stubborn")])
    pid = pid_of(folder)
    assert stop(folder) == ("africa",)
    assert not runs(pid)


def test_stop_ends_a_suspended_child_without_force(folder: Path) -> None:
    """A suspended child is woken to act on SIGTERM: it ends by itself, long before its grace is over."""
    patient = replace(small_server(folder).patience, stop=3600.0)
    start(folder, [small_server(folder, patience=patient)])
    pid = pid_of(folder)
    os.kill(pid, signal.SIGSTOP)
    assert stop(folder) == ("africa",)
    assert not runs(pid)


def test_restart_gives_a_new_healthy_process(folder: Path) -> None:
    """Restart replaces the process, and refuses a child that the supervisor does not know."""
    start(folder, [small_server(folder)])
    before = pid_of(folder)
    restart(folder, "africa")
    assert pid_of(folder) != before
    assert child(folder).healthy
    with pytest.raises(NodeError, match="weog cannot be restarted"):
        restart(folder, "weog")


def test_shutdown_leaves_nothing(folder: Path) -> None:
    """After shutdown the supervisor, its children and its socket are gone, and a new start works."""
    specification = small_server(folder)
    start(folder, [specification])
    found = status(folder)
    assert shutdown(folder) == ("africa",)
    until_gone(found.pid or 0)
    assert not runs(found.children[0].pid or 0)
    assert not control_path(folder).exists()
    assert status(folder).pid is None
    assert status(folder).children == ()
    start(folder, [specification])
    assert child(folder).healthy


def test_nothing_starts_while_the_supervisor_shuts_down(folder: Path) -> None:
    """Known children and new ones are refused until it is gone; it goes, and only then the next one comes."""
    slow = replace(small_server(folder).patience, stop=3600.0)
    stubborn = small_server(folder, "africa", "stubborn", patience=slow)
    start(folder, [stubborn])
    pid = pid_of(folder)
    ending = threading.Thread(target=shutdown, args=(folder,))
    ending.start()
    until(lambda: "asked to shut down" in (folder / "supervisor.log").read_text())
    for specification in (small_server(folder, "weog"), replace(stubborn, revision="2")):
        with pytest.raises(SupervisorUnreachable, match="shutting down"):
            start(folder, [specification])
    os.kill(pid, signal.SIGKILL)
    ending.join()
    assert status(folder).pid is None
    start(folder, [small_server(folder, "weog")])
    assert child(folder, "weog").healthy


def test_shutdown_without_a_supervisor_is_harmless(folder: Path) -> None:
    """Asked to shut down where nothing ever ran, it does nothing and creates nothing."""
    assert shutdown(folder) == ()
    assert not folder.exists()


def test_children_inherit_no_secret_no_proxy_no_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of the shell's variables a child gets only harmless ones, and its own; its session is its own too."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid")
    monkeypatch.setenv("CLOUD_TOKEN", "secret")
    monkeypatch.setenv("PYTHONSTARTUP", "/no/such/file")
    monkeypatch.setenv("LC_TIME", "C")
    specification = small_server(folder)
    start(folder, [replace(specification, environment={**specification.environment, "REGION": "africa"})])
    environment = environment_of(specification)
    assert (environment["REGION"], environment["LC_TIME"]) == ("africa", "C")
    assert environment.keys() & {"HTTPS_PROXY", "CLOUD_TOKEN", "PYTHONSTARTUP", LIFELINE} == set()
    pid = pid_of(folder)
    assert os.getsid(pid) == pid


def test_what_it_writes_is_private(folder: Path) -> None:
    """The folder is 0700; socket, lock, records and logs are 0600."""
    specification = small_server(folder)
    start(folder, [specification])
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [*folder.iterdir(), control_path(folder), specification.log_path]
    assert {path.name for path in folder.iterdir()} >= {"lock", "state.json", "supervisor.log"}
    assert {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in files} == {
        path.name: "0o600" for path in files
    }


def test_a_folder_named_node_where_the_user_stands_is_not_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The supervisor is ours also when the current folder has a package `node` of its own."""
    (tmp_path / "node" / "supervisor").mkdir(parents=True)
    (tmp_path / "node" / "__init__.py").write_text("raise SystemExit('a stranger')\n")
    monkeypatch.chdir(tmp_path)
    start(folder, [small_server(folder)])
    assert child(folder).healthy
