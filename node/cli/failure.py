"""How a failure is shown: what happened, why, what to do; and never a traceback, which could quote a secret.

The one place that does it. What is no error of ours by intent is a defect: it is named by its kind and by the
line of our code where it came up, and its text stays unseen. ROGATORY_DEBUG=1 shows the whole traceback.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TypeGuard

import click

from policies.errors import RogatoryError

DEBUG = "ROGATORY_DEBUG"
"""The environment variable that, set to 1, asks for tracebacks."""

_OURS = Path(__file__).parents[2]
"""The folder in which the packages lie."""
_PACKAGES = ("node", "client", "bridge", "policies")


def show_failure(error: BaseException) -> int:
    """Show on standard error what ended a command, and return the exit code (design section 12)."""
    if os.environ.get(DEBUG) == "1":
        traceback.print_exception(error)
    return _show_first(error, tuple(_leaves(error)))


def _show_first(raised: BaseException, errors: tuple[BaseException, ...]) -> int:
    """Of errors that tasks raised together, show the one that says most to a person."""
    for error in errors:
        if isinstance(error, RogatoryError):
            _show(error.what, error.why, error.remedy)
            return error.exit_code
    for error in errors:
        if isinstance(error, click.ClickException):
            error.show()
            return error.exit_code
        if isinstance(error, click.Abort | KeyboardInterrupt):
            _show("Interrupted.", "", "Run the same command again: it goes on from where it stopped.")
            return 130
        if isinstance(error, ImportError) and not _is_ours(error.name):
            _show(
                "A part of Rogatory is not installed here.",
                f"This command needs the library {error.name!r}.",
                "A machine that runs a node needs: pip install 'rogatory[node]'",
            )
            return 1
        if _is_of_the_system(error):
            _show_system(error)
            return 1
    _show_defect(errors[0], _place(errors[0]) or _place(raised) or "an unknown place")
    return 1


def _show_system(error: OSError) -> None:
    named = isinstance(error.filename, str | bytes | os.PathLike)
    _show(
        f"{os.fsdecode(error.filename)} cannot be used." if named else "The system refused what was needed.",
        f"It says: {error.strerror or type(error).__name__}.",
        "See that the file is there, that this user may use it and that the disk has room; then try again.",
    )


def _show_defect(error: BaseException, place: str) -> None:
    _show(
        f"This is a defect of Rogatory: {type(error).__name__} at {place}.",
        "The program came upon something that it does not expect.",
        f"Report this line. With {DEBUG}=1 the command shows more, perhaps also what is private.",
    )


def _show(what: str, why: str, remedy: str) -> None:
    """Show the three parts, a line each; what a server has put into them must not move the cursor."""
    for label, text in (("rogatory: ", what), ("  why: ", why), ("  do:  ", remedy)):
        if text:
            click.echo(label + "".join(each if each.isprintable() else " " for each in text), err=True)


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error


def _place(error: BaseException) -> str | None:
    """Return the file and line of our own code that was reached last, else of whatever was."""
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    ours = [(Path(name).relative_to(_OURS), line) for name, line in frames if _lies_here(name)]
    if ours:
        path, line = ours[-1]
        return f"{path.as_posix()}:{line}"
    return f"{Path(frames[-1][0]).name}:{frames[-1][1]}" if frames else None


def _is_of_the_system(error: BaseException) -> TypeGuard[OSError]:
    """Tell whether a file, the disk or the like is in the way; a lost connection is ours to have foreseen."""
    return type(error).__module__ == "builtins" and (
        isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError)
    )


def _lies_here(name: str) -> bool:
    return any(Path(name).is_relative_to(_OURS / package) for package in _PACKAGES)


def _is_ours(module: str | None) -> bool:
    return (module or "").partition(".")[0] in (*_PACKAGES, "")
