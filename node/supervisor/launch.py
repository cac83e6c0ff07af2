"""Starts a home's supervisor, detached from the terminal and from the command that wants it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from client.session.local.private_files import private_folder
from node.errors import SupervisorUnreachable
from node.supervisor.environment import child_environment
from node.supervisor.files import log_path

_POLL_SECONDS = 0.02


def launch(folder: Path) -> str:
    """Start a supervisor for `folder` and return what it says: "ready", "held", or nothing when it failed."""
    private_folder(folder)
    log = os.open(log_path(folder), os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    ready, tell = os.pipe()
    try:
        try:
            # -P: a folder `node` where the user happens to stand is not ours
            command = [sys.executable, "-P", "-m", "node.supervisor", str(folder.absolute()), str(tell)]
            subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=folder,
                env=child_environment(os.environ, {}, None),
                pass_fds=(tell,),
                start_new_session=True,
                check=False,
            )
        finally:
            os.close(tell)
        return os.read(ready, 16).decode("ascii", "replace").strip()
    finally:
        os.close(ready)
        os.close(log)


def wait_while_held(deadline: float) -> None:
    """Wait a moment for another supervisor that starts or ends just now. Raises SupervisorUnreachable."""
    if time.monotonic() > deadline:
        raise SupervisorUnreachable(
            "The supervisor does not answer.",
            why="It holds its lock, and takes no orders.",
            remedy="Run `rogatory down`; if that fails too, end the process named in supervisor/lock.",
        )
    time.sleep(_POLL_SECONDS)
