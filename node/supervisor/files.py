"""Where the supervisor's files lie in its folder."""

from __future__ import annotations

from pathlib import Path

from client.session.local.local_socket import socket_path


def lock_path(folder: Path) -> Path:
    """The lock that a supervisor holds for as long as it lives; its process id is in it."""
    return folder / "lock"


def control_path(folder: Path) -> Path:
    """The Unix socket on which it takes orders."""
    return socket_path(folder / "control.sock")


def records_path(folder: Path) -> Path:
    """The processes that it has started."""
    return folder / "state.json"


def log_path(folder: Path) -> Path:
    """What it has done, and when."""
    return folder / "supervisor.log"
