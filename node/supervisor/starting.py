"""Starts children from a command that runs asyncio: Ctrl-C takes effect at once, the children go on."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path

from node.supervisor.connection import connect_or_launch
from node.supervisor.control import START_SECONDS
from node.supervisor.protocol import Report, ignore, read_answer, start_request
from node.supervisor.specification import ChildSpecification

_LONGEST_LINE = 4 * 1024 * 1024


async def start_children(
    folder: Path,
    specifications: Iterable[ChildSpecification],
    *,
    wait_seconds: float | None = START_SECONDS,
    report: Report = ignore,
) -> None:
    """Do what node.supervisor.control.start does, without blocking the event loop.

    When it is cancelled, the supervisor carries on with what it was asked; asking again is harmless.
    """
    connection = await asyncio.to_thread(connect_or_launch, folder)
    try:
        reader, writer = await asyncio.open_unix_connection(sock=connection.socket, limit=_LONGEST_LINE)
        try:
            writer.write(start_request(specifications, wait_seconds))
            await writer.drain()
            while read_answer(await reader.readline(), report) is None:
                pass
        except OSError:
            read_answer(b"", report)  # raises: the supervisor ended
            raise
        finally:
            writer.close()
    finally:
        connection.close()
