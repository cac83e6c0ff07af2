"""The command `rogatory`: which verbs there are, and where an error is shown."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import click

from node.cli.failure import show_failure
from node.cli.lazy import LazyGroup

VERBS = {
    "up": ("node.cli.up.command:up", "Bring the whole network up on this machine."),
    "down": ("node.cli.processes:down", "Stop everything that `up` started."),
    "status": ("node.cli.processes:status", "Say what runs and what does not."),
    "node": ("node.cli.node_group:node", "Run one region's node: init, start, stop, status, doctor, user."),
    "login": ("node.cli.accounts:login", "Log an account in on this machine."),
    "logout": ("node.cli.accounts:logout", "Log it out, and remove its store."),
    "devices": ("node.cli.devices:devices", "List, name and remove the account's devices."),
    "store-key": ("node.cli.accounts:store_key", "Say what holds the key of the store, or change that."),
    "verify": ("node.cli.verify:verify", "Compare emoji with another person, or between your devices."),
    "identity": (
        "node.cli.identity:identity",
        "Look at a person's identity, and accept one that has changed.",
    ),
    "recover": ("node.cli.recover:recover", "Come back to an account after its devices are lost."),
    "rooms": ("node.cli.messages:rooms", "List, join and leave rooms."),
    "send": ("node.cli.messages:send", "Send an encrypted message to a room."),
    "save": ("node.cli.save:save", "Save the file that a message brought."),
    "listen": ("node.cli.messages:listen", "Print what comes, one event a line."),
    "search": ("node.cli.search:search", "Find messages, newest first."),
    "request": (
        "node.cli.request_group:request",
        "Requests of the Court: new, check, issue, list, show, answer.",
    ),
    "export": ("node.cli.export:export", "Export a case as one file, or prove such a file offline."),
    "who": ("node.cli.who:who", "List who is competent in a State, by attestation."),
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
        sys.stdout.flush()  # a reader that has left is noticed here, not when the interpreter ends
    except (Exception, KeyboardInterrupt, BaseExceptionGroup) as error:  # noqa: BLE001 - shown, each as what it is
        if _reader_left():
            # As `head` does: there is nobody to tell, and nothing more to write when the interpreter ends.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(1)
        sys.exit(show_failure(error))
    sys.exit(result if isinstance(result, int) else 0)


def _reader_left() -> bool:
    """Tell whether standard output is a pipe that nobody reads any more; what waits is tried once more."""
    try:
        sys.stdout.flush()
    except OSError as error:
        return isinstance(error, BrokenPipeError)
    return False


if __name__ == "__main__":
    main()
