"""A child ends with its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from client.session.local.lifeline import LIFELINE, watch_lifeline

_CHILD = """
import os, signal, sys, threading
from client.session.local.lifeline import LIFELINE, watch_lifeline
if sys.argv[1] == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(watch_lifeline(grace_seconds=0.1), LIFELINE in os.environ, flush=True)
threading.Event().wait()
"""


@pytest.mark.parametrize(("how", "end"), [("obedient", signal.SIGTERM), ("stubborn", signal.SIGKILL)])
def test_a_child_ends_when_the_write_end_is_closed(how: str, end: signal.Signals) -> None:
    """It runs while the pipe is open; then it gets SIGTERM, and SIGKILL if it does not heed that."""
    read_end, write_end = os.pipe()
    environment = {**os.environ, LIFELINE: str(read_end)}
    command = [sys.executable, "-c", _CHILD, how]
    with subprocess.Popen(command, env=environment, pass_fds=(read_end,), stdout=subprocess.PIPE) as child:
        os.close(read_end)
        assert child.stdout is not None
        said = child.stdout.readline()
        ran = child.poll() is None
        os.close(write_end)
        try:
            assert (said, ran) == (b"True False\n", True)
            assert child.wait(30) == -end
        finally:
            child.kill()


def test_without_a_lifeline_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that no supervisor started runs as it is."""
    monkeypatch.delenv(LIFELINE, raising=False)
    assert watch_lifeline() is False


@pytest.mark.parametrize("value", ["", "pipe", "-1", "987654", "{file}"])
def test_what_is_no_pipe_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that names no inherited pipe stops the program from starting unwatched."""
    with open(os.devnull) as file:  # noqa: PTH123 # a descriptor is wanted, of something that is no pipe
        monkeypatch.setenv(LIFELINE, value.format(file=file.fileno()))
        with pytest.raises(ValueError, match="is no pipe"):
            watch_lifeline()
