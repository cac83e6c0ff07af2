"""A TCP relay to a homeserver on which whatever is long goes up so far and no further."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit


@contextlib.contextmanager
def stalling_relay(url: str, after: int) -> Iterator[str]:
    """Relay to `url`, and give the relay's own; once `after` bytes went up on a connection it stands still.

    It runs in a thread, beside tests that wait for processes.
    """
    started: queue.SimpleQueue[tuple[int, Callable[[], object]]] = queue.SimpleQueue()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(url, after, started)))
    thread.start()
    port, stop = started.get()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        stop()
        thread.join()


async def _serve(url: str, after: int, started: queue.SimpleQueue[tuple[int, Callable[[], object]]]) -> None:
    target = urlsplit(url)
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, to_server = await asyncio.open_connection(target.hostname, target.port)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_pass_on(reader, to_server, after, stopped))
                group.create_task(_pass_on(there, writer, None, stopped))
        except* ConnectionError:
            pass  # one end is gone, and so is the other
        finally:
            writer.close()
            to_server.close()

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    started.put((server.sockets[0].getsockname()[1], lambda: loop.call_soon_threadsafe(stopped.set)))
    await stopped.wait()
    server.close()


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, most: int | None, stopped: asyncio.Event
) -> None:
    passed = 0
    while data := await reader.read(65536):
        passed += len(data)
        if most is not None and passed > most:
            await stopped.wait()  # or until the other end goes away
            break
        writer.write(data)
        await writer.drain()
    raise ConnectionResetError  # one end has closed: so does the other
