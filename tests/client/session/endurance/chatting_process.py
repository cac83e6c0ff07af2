"""A process of its own that chats, to be killed.

It sends numbered messages, each under a transaction id of its own, and listens until it is killed. What it
does it says as it goes, in words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from client.session.accounts import Accounts
from client.session.errors import SessionError
from client.session.opening import open_session
from client.session.remote import RemoteSession
from client.session.session import OpenSession

_AT_ONCE = 5
Say = Callable[[str], None]


async def _chat(root: Path, user_id: str, room_id: str, name: str, numbers: range, say: Say) -> None:
    async with open_session(Accounts(root).find(user_id), welcome=lambda _: True) as session:
        say(f"open {type(session).__name__}")
        updates = session.updates()
        room_left = asyncio.Semaphore(_AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for number in numbers:
                await room_left.acquire()
                group.create_task(_send(session, room_id, name, number, room_left, say))
        say("done")
        async for _ in updates:
            pass
        say("lost")  # the holder of the store was killed


async def _send(
    session: OpenSession | RemoteSession,
    room_id: str,
    name: str,
    number: int,
    room_left: asyncio.Semaphore,
    say: Say,
) -> None:
    content = {"msgtype": "m.text", "body": f"{name} {number}"}
    await session.send(room_id, content, transaction_id=f"{name}-{number}")
    room_left.release()
    say(f"sent {number}")


def chat(root: str, user_id: str, room_id: str, name: str, numbers: range, ear: Connection) -> None:
    """Send the messages `name N` for each N of `numbers`, and listen; `ear` hears what happens."""
    try:
        asyncio.run(_chat(Path(root), user_id, room_id, name, numbers, ear.send))
    except* SessionError as errors:
        for error in errors.exceptions:
            ear.send(f"failed {type(error).__name__} {error}")
