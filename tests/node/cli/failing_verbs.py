"""Verbs that fail in every way, for the one place that shows failures."""

from __future__ import annotations

import errno
from pathlib import Path

import click

from client.session.errors import UnknownRoom
from node.cli.main import VERBS, main

SECRET = "correct horse battery staple"


@click.command()
@click.argument("way")
def fail(way: str) -> None:
    """Fail in the way that the argument names."""
    known = UnknownRoom("What happened.", why="Why it did.", remedy="What to do.")
    match way:
        case "defect":
            raise KeyError(SECRET)
        case "library":
            int(SECRET)
        case "several":
            raise ExceptionGroup(SECRET, [ValueError(SECRET), ExceptionGroup("", [known])])
        case "defects":
            raise ExceptionGroup(SECRET, [ValueError(SECRET)])
        case "disk":
            raise OSError(errno.ENOSPC, "No space left on device")
        case "file":
            Path("/nonexistent/file").read_bytes()
        case "missing":
            raise ModuleNotFoundError("No module named 'synapse'", name="synapse")
        case "ours-missing":
            raise ModuleNotFoundError(SECRET, name="node.nothing")
        case "hostile":
            raise UnknownRoom("What\x1b[2J happened.\r\n", why="Why\u202e it did.", remedy="What \x9bto do.")
        case "interrupt":
            raise BaseExceptionGroup("", [KeyboardInterrupt()])
        case _:
            raise known


if __name__ == "__main__":
    VERBS["fail"] = ("tests.node.cli.failing_verbs:fail", "Fail.")
    main()
