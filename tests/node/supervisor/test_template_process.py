"""The inside of a template process, and what Synapse's imports must not have done before the fork."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from node.supervisor.adoption import adopting, can_adopt
from node.supervisor.template_process import GO, GONE
from node.synapse.process import SYNAPSE_TEMPLATE
from tests.node.supervisor.small_children import until

pytestmark = pytest.mark.skipif(not can_adopt(), reason="this system has no subreapers or pidfds")

_USED_UP = """
import gc, importlib, json, os, random, sys, threading
importlib.import_module(sys.argv[1])
import ssl
from OpenSSL.SSL import Context
links = (os.readlink(each.path) for each in os.scandir("/proc/self/fd") if os.path.exists(each.path))
print(json.dumps({
    "threads": len(os.listdir("/proc/self/task")),
    "descriptors": [link for link in links if link.startswith(("socket:", "anon_inode:"))],
    "objects": [
        repr(each) for each in gc.get_objects()
        if isinstance(each, (ssl.SSLContext, Context))
        or type(each) is random.Random and each is not random._inst  # Python itself seeds that one at a fork
    ],
    "reactor": type(sys.modules["twisted.internet.reactor"]).__name__,
}))
"""


@contextmanager
def template(folder: Path) -> Iterator[tuple[socket.socket, subprocess.Popen[bytes]]]:
    """A template process, asked for its children by hand."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    command = [sys.executable, "-P", "-m", "node.supervisor.template_process", str(its.fileno()), "json"]
    path = os.pathsep.join([str(Path(__file__).parents[3]), str(folder)])
    with (
        adopting(),
        subprocess.Popen(
            command,
            pass_fds=[its.fileno()],
            start_new_session=True,
            env={"PYTHONPATH": path},
            stderr=subprocess.DEVNULL,
        ) as process,
        ours,  # closed first: that ends the process
    ):
        its.close()
        ours.settimeout(30)
        yield ours, process


@contextmanager
def ordered(orders: socket.socket, folder: Path, supervisor: int) -> Iterator[socket.socket]:
    """Order a child that would create the file `ran`; our end of the conversation with it."""
    (folder / "proof.py").write_text("open('ran', 'w').close()\n")
    order = {
        "command": [sys.executable, "-P", "-m", "proof"],
        "working_folder": str(folder),
        "supervisor": supervisor,
    }
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    log = os.open(folder / "log", os.O_WRONLY | os.O_CREAT, 0o600)
    with ours:
        ours.settimeout(30)
        with its:
            socket.send_fds(orders, [json.dumps(order).encode()], [its.fileno(), log])
        os.close(log)
        yield ours


def test_a_child_runs_when_it_is_told_to(tmp_path: Path) -> None:
    """It says its id once it is ours, waits, goes to its own session, and its exit code is ours to read."""
    with template(tmp_path) as (orders, process), ordered(orders, tmp_path, os.getpid()) as child:
        pid = int(child.recv(64))
        assert os.getpgid(pid) == process.pid
        assert not (tmp_path / "ran").exists()
        child.send(GO)
        assert child.recv(64) == GONE
        assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, (tmp_path / "log").read_text()
    assert (tmp_path / "ran").exists()
    assert process.returncode == 0


@pytest.mark.parametrize("after_its_word", [True, False])
def test_a_child_that_nobody_waits_for_ends(tmp_path: Path, after_its_word: bool) -> None:
    """When the supervisor hangs up, or dies, before the word to go, the child runs nothing and ends."""
    with template(tmp_path) as (orders, process):
        with ordered(orders, tmp_path, os.getpid()) as child:
            if after_its_word:
                child.recv(64)
        with ordered(orders, tmp_path, os.getpid()) as second:
            pid = int(second.recv(64))  # one after the other: the first has been forked by now
    ended = {os.waitpid(-process.pid, 0)[0] for _ in range(2)}
    assert pid in ended
    with pytest.raises(ChildProcessError):
        os.waitpid(-process.pid, os.WNOHANG)
    assert not (tmp_path / "ran").exists()


def test_a_child_that_somebody_else_adopted_ends(tmp_path: Path) -> None:
    """Its supervisor must be its parent: only a parent learns how it ends."""
    with template(tmp_path) as (orders, process):
        with ordered(orders, tmp_path, supervisor=1) as child:
            assert child.recv(64) == b""
        assert until(lambda: os.waitpid(-process.pid, os.WNOHANG)[0])
    assert not (tmp_path / "ran").exists()


def test_importing_synapse_uses_nothing_that_a_fork_must_not_share() -> None:
    """After the import there is one thread, no event loop, no socket, no TLS context, no own random state."""
    found = subprocess.run(
        [sys.executable, "-P", "-c", _USED_UP, SYNAPSE_TEMPLATE],
        env={"PYTHONPATH": str(Path(__file__).parents[3])},
        capture_output=True,
        check=True,
    )
    assert json.loads(found.stdout) == {
        "threads": 1,
        "descriptors": [],
        "objects": [],
        "reactor": "ProxiedReactor",
    }
