"""The supervisor's control socket: reads one request a connection, does it, and tells how it goes."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from contextlib import suppress
from pathlib import Path

import msgspec

from node.errors import NodeError
from node.supervisor.child import Report
from node.supervisor.requests import Request, Restart, Shutdown, Start, Status, Stop, read_request
from node.supervisor.supervisor import Supervisor

_log = logging.getLogger(__name__)

_LONGEST_REQUEST = 1024 * 1024


class ControlServer:
    """Serves one supervisor. What a request has begun goes on when its client goes away."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self.shutdown = asyncio.Event()

    async def serve(self, listening: socket.socket) -> None:
        """Answer on `listening` until somebody has asked for the shutdown, and all children have ended."""
        server = await asyncio.start_unix_server(self._handle, sock=listening, limit=_LONGEST_REQUEST)
        try:
            await self.shutdown.wait()
            await self._supervisor.stop(for_good=True)
        finally:
            server.close()

    async def _handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(kind: str, content: object) -> None:
            if not writer.is_closing():
                writer.write(msgspec.json.encode({kind: content}) + b"\n")

        try:
            say("supervisor", os.getpid())
            try:
                line = await reader.readline()
                if line:
                    say("result", await self._do(read_request(line), lambda step: say("progress", step)))
            except NodeError as error:
                say("error", _described(type(error).__name__, error))
            except (msgspec.DecodeError, ValueError) as error:  # ValueError: a line beyond the limit
                refusal = NodeError(
                    "The supervisor did not understand the request.",
                    why=f"{error}.",
                    remedy="It may be of another version: run `rogatory down`, then try again.",
                )
                say("error", _described(NodeError.__name__, refusal))
            with suppress(OSError):  # the client has gone; what it asked for is done
                await writer.drain()
        finally:
            writer.close()

    async def _do(self, request: Request, report: Report) -> object:
        match request:
            case Start():
                await self._supervisor.start(
                    request.specifications, wait_seconds=request.wait_seconds, report=report
                )
                return None
            case Stop():
                return await self._supervisor.stop(request.names)
            case Restart():
                await self._supervisor.restart(request.name, wait_seconds=request.wait_seconds, report=report)
                return None
            case Status():
                return await self._supervisor.status()
            case Shutdown():
                _log.info("asked to shut down")
                try:
                    return await self._supervisor.stop(for_good=True)
                finally:
                    self.shutdown.set()


def listen(path: Path) -> socket.socket:
    """Listen on the Unix socket `path`, 0600, in place of one that a dead supervisor has left there."""
    path.unlink(missing_ok=True)
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listening.bind(str(path))
    except BaseException:  # also when cancelled: cleaned up, then raised again
        listening.close()
        raise
    finally:
        os.umask(before)
    listening.listen(64)
    listening.setblocking(False)
    return listening


def _described(kind: str, error: NodeError) -> dict[str, str]:
    return {"kind": kind, "what": error.what, "why": error.why, "remedy": error.remedy}
