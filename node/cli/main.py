"""The command `rogatory`: which verbs there are, and where an error is shown."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from node.cli.lazy import LazyGroup
from policies.errors import RogatoryError

VERBS = {
    "up": ("node.cli.up.command:up", "Bring the whole network up on this machine."),
    "down": ("node.cli.processes:down", "Stop everything that `up` started."),
    "status": ("node.cli.processes:status", "Say what runs and what does not."),
    "node": ("node.cli.node_group:node", "Run one region's node: init, start, stop, status, doctor, user."),
    "login": ("node.cli.accounts:login", "Log an account in on this machine."),
    "rooms": ("node.cli.messages:rooms", "List, join and leave rooms."),
    "send": ("node.cli.messages:send", "Send an encrypted message to a room."),
    "listen": ("node.cli.messages:listen", "Print what comes, one event a line."),
    "chat": ("node.cli.chat:chat", "Open the terminal client."),
    "bridge": ("node.cli.bridge_group:bridge", "Run the Court's bridge."),
}
"""Verb → (where its command is, its help in one line). A verb's module is loaded when the verb runs."""


@click.group(cls=LazyGroup, verbs=VERBS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="rogatory", prog_name="rogatory")
def rogatory() -> None:
    """Practitioners who help the International Criminal Court: ask, answer and talk, end-to-end encrypted.

    State lives in the folder that --home or ROGATORY_HOME names. Results go to standard output, everything
    else to standard error. Begin with `rogatory up`.
    """


def main() -> NoReturn:
    """Run the command line and end the process with its exit code."""
    try:
        result = rogatory.main(standalone_mode=False)
    except RogatoryError as error:
        _show(error.what, error.why, error.remedy)
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2 if isinstance(error, click.UsageError) else error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _show("Interrupted.", "", "Run the same command again: it goes on from where it stopped.")
        sys.exit(130)
    except BrokenPipeError:
        # The reader of our output left, as `head` does; there is nobody to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except ExceptionGroup as group:
        known = _first_known(group)
        if known is None:
            raise
        _show(known.what, known.why, known.remedy)
        sys.exit(known.exit_code)
    sys.exit(result if isinstance(result, int) else 0)


def _show(what: str, why: str, remedy: str) -> None:
    """Show an error: the one place that does."""
    click.echo(f"rogatory: {what}", err=True)
    for label, text in (("why", why), ("do", remedy)):
        if text:
            click.echo(f"  {label + ':':<5}{text}", err=True)


def _first_known(group: ExceptionGroup[Exception]) -> RogatoryError | None:
    """Return the first error meant for a person among those that tasks raised together."""
    for error in group.exceptions:
        if isinstance(error, RogatoryError):
            return error
        if isinstance(error, ExceptionGroup):
            found = _first_known(error)
            if found is not None:
                return found
    return None


if __name__ == "__main__":
    main()
