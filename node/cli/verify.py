"""`rogatory verify`: comparing emoji with another person, or between one's own devices."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading

import click

from client.session.errors import CannotVerify, SessionError
from client.session.face import Session
from client.session.verification import Cancelled, Compare, Done, Verification
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.sessions import chosen_account, session_of

_LAST_WORDS = 5.0
"""Seconds that Ctrl-C waits for the other side to be told."""


@click.command()
@click.argument("other", metavar="[USER]", required=False)
@click.option(
    "--wait", is_flag=True, help="Wait for the next request, of USER where one is given, and accept it."
)
@as_option
@home_option
@json_option
def verify(other: str | None, wait: bool, user: str | None, home: str | None, as_json: bool) -> None:
    """Compare emoji with USER (@localpart:server), or with your own user id between your devices.

    Both sides see seven emoji. Ask the other person, over the telephone or face to face, whether theirs are
    the same; then answer `y` or `n`. Only `y` on both sides makes the keys trusted.
    """
    if other is None and not wait:
        raise click.UsageError("Say whom to verify, or wait for a request with --wait.")
    opened = chosen_home(home)
    account = chosen_account(opened, user)

    async def run() -> bool:
        async with session_of(opened, account) as session:
            verification = await _begun(session, other, wait)
            try:
                return await _carried_through(verification, as_json)
            except asyncio.CancelledError:
                await _ended(verification)
                raise

    if not asyncio.run(run()):
        click.get_current_context().exit(1)


async def _begun(session: Session, other: str | None, wait: bool) -> Verification:
    if other is not None and not wait:
        click.echo(f"Asking {other}. They must accept on their side.", err=True)
        return await session.verify(other)
    click.echo("Waiting for a request.", err=True)
    async for verification in session.verification_requests():
        if other in (None, verification.user_id):
            click.echo(f"{verification.user_id} asks to compare emoji.", err=True)
            try:
                await verification.accept()
            except CannotVerify:  # it has ended meanwhile, or another window has accepted it
                click.echo("It was answered elsewhere. Waiting for the next request.", err=True)
                continue
            return verification
    raise click.ClickException("The session closed before a request came.")


async def _carried_through(verification: Verification, as_json: bool) -> bool:
    """Follow a verification to its end; return whether the other side is verified."""
    async with asyncio.TaskGroup() as tasks:
        question: asyncio.Task[None] | None = None
        async for step in verification.steps():
            if isinstance(step, Compare):
                _show(step, as_json)
                question = tasks.create_task(_answer(verification))
            elif isinstance(step, Done | Cancelled):
                if question is not None and not question.done():
                    question.cancel()  # the other side was first
                    click.echo("", err=True)
                _report(verification.user_id, step, as_json)
                return isinstance(step, Done)
    raise click.ClickException("The session closed.")


async def _ended(verification: Verification) -> None:
    """End a verification after Ctrl-C, and wait until the other side has been told, or cannot be."""
    with contextlib.suppress(TimeoutError, SessionError):
        async with asyncio.timeout(_LAST_WORDS):
            await verification.cancel()
            async for _ in verification.steps():
                pass  # the last step comes once the last message has left


async def _answer(verification: Verification) -> None:
    """Ask, and tell the verification; without an answer it is ended, and only `n` says that they differ."""
    click.echo("Are these the same on the other side? [y/n] ", err=True, nl=False)
    while True:
        line = await _line()
        answer = line.strip().lower()
        if answer in ("y", "yes"):
            await verification.confirm()
            return
        if not line or answer in ("n", "no"):
            await verification.cancel(mismatch=bool(line))
            return
        click.echo("Please answer y or n: ", err=True, nl=False)


async def _line() -> str:
    """Read a line of standard input, in a thread that nobody waits for: the other side may end it first."""
    loop = asyncio.get_running_loop()
    read: asyncio.Future[str] = loop.create_future()

    def tell(line: str) -> None:
        if not read.done():
            read.set_result(line)

    def wait() -> None:
        line = sys.stdin.readline()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            loop.call_soon_threadsafe(tell, line)

    threading.Thread(target=wait, daemon=True).start()
    return await read


def _show(step: Compare, as_json: bool) -> None:
    if as_json:
        emoji = [{"symbol": one.symbol, "name": one.name, "french": one.french} for one in step.emoji]
        print_json({"emoji": emoji, "decimals": list(step.decimals)})
        return
    for one in step.emoji:
        click.echo(f"{one.symbol}\t{one.name} ({one.french})")
    click.echo("Where the other side shows numbers: " + " ".join(map(str, step.decimals)))


def _report(user_id: str, step: Done | Cancelled, as_json: bool) -> None:
    if as_json:
        outcome: dict[str, object] = (
            {"verified": True, "published": step.published}
            if isinstance(step, Done)
            else {"verified": False, "code": step.code, "reason": step.reason}
        )
        print_json({"user_id": user_id, **outcome})
    elif isinstance(step, Cancelled):
        click.echo(f"{user_id} is not verified. {step.reason}")
    else:
        later = "" if step.published else " Your other devices will learn of it later."
        click.echo(f"{user_id} is verified.{later}")
