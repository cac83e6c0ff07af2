"""`rogatory chat`: the terminal client."""

from __future__ import annotations

import sys
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

import click

from node.cli.options import as_option, chosen_home, home_option

if TYPE_CHECKING:
    from client.session.face import Session


@click.command()
@as_option
@home_option
def chat(user: str | None, home: str | None) -> int:
    """Open the terminal client on one account. F1 shows its keys, Ctrl+Q leaves it."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise click.UsageError("`rogatory chat` needs a terminal. `rogatory listen` and `send` need none.")
    from client.ui.app import run_chat
    from node.cli.secrets import unlock_store
    from node.cli.sessions import chosen_account, pinned_manifest, session_of

    opened = chosen_home(home)
    account = chosen_account(opened, user)
    unlock_store(account)  # while the terminal is still an ordinary one

    def open_session() -> AbstractAsyncContextManager[Session]:
        return session_of(opened, account)

    return run_chat(open_session, manifest=pinned_manifest(opened), user_id=account.user_id)
