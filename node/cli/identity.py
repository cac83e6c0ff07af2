"""`rogatory identity`: looking at a person's identity, and deciding about one that has changed."""

from __future__ import annotations

import asyncio
import sys

import click

from client.session.errors import IdentityChanged
from client.session.identity_status import IdentityStatus
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.sessions import chosen_account, session_of

_GROUP = 4


@click.command()
@click.argument("other", metavar="USER")
@click.option("--accept", is_flag=True, help="Accept a changed identity, after a question.")
@as_option
@home_option
@json_option
def identity(other: str, accept: bool, user: str | None, home: str | None, as_json: bool) -> None:
    """Say how the identity of USER (@localpart:server) stands: its key, if it changed, who vouches for it.

    After a change nothing is sent to USER until you have decided. Ask the person in another way, over the
    telephone or face to face, whether the new key is theirs; then accept it with --accept and `y`. Comparing
    emoji with `rogatory verify` accepts it too, and proves it.
    """
    opened = chosen_home(home)
    account = chosen_account(opened, user)

    async def read(accepted_key: str | None = None) -> IdentityStatus:
        async with session_of(opened, account) as session:
            if accepted_key is not None:
                await session.accept_identity(other, master_key=accepted_key)
            return await session.identity(other)

    status = asyncio.run(read())
    if accept and status.changed:
        _ask(status)  # with no session open: a person may take long, and Ctrl-C is an answer too
        status = asyncio.run(read(status.master_key))
    if as_json:
        print_json(
            {
                "user_id": status.user_id,
                "master_key": status.master_key,
                "pinned_master_key": status.pinned_master_key,
                "changed": status.changed,
                "verified": status.verified,
                "attested": status.attested,
            }
        )
    else:
        click.echo(_in_words(status))


def _ask(status: IdentityStatus) -> None:
    """Ask whether a changed key is genuine. Raises IdentityChanged unless the answer is yes."""
    click.echo(
        f"The key that was known of {status.user_id}:\n  {_groups(status.pinned_master_key)}", err=True
    )
    click.echo(f"The key that their server shows now:\n  {_groups(status.master_key)}", err=True)
    click.echo("Has the person told you in another way that this is their key? [y/n] ", err=True, nl=False)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise IdentityChanged(
            f"The identity of {status.user_id} was not accepted.",
            why="The answer was not `y`.",
            remedy="Until it is, nothing is sent to them; remove them from rooms if the key is not theirs.",
        )


def _in_words(status: IdentityStatus) -> str:
    if status.master_key is None:
        return f"{status.user_id} has no identity that is known here."
    return f"{status.user_id}: {_standing(status)}\n  {_groups(status.master_key)}"


def _standing(status: IdentityStatus) -> str:
    if status.changed:
        return "CHANGED, and not accepted"
    vouched = [
        word for word, so in (("verified by you", status.verified), ("attested", status.attested)) if so
    ]
    return " and ".join(vouched) or "known, and vouched for by nobody"


def _groups(key: str | None) -> str:
    """Return a key in groups that can be read aloud."""
    text = key or ""
    return " ".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP)) or "(none)"
