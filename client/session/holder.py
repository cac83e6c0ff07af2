"""Serving the session that this process holds to the other processes of the same user on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from client.session.errors import SessionError
from client.session.events import Json, TransferProgress, Update
from client.session.local.local_socket import socket_path
from client.session.remote_verification import HeldVerifications, VerificationName
from client.session.remote_wire import (
    LONGEST_LINE,
    STOP,
    Answer,
    Ask,
    WireUpdate,
    pack_failure,
    pack_update,
    write_line,
)
from client.session.session import OpenSession

_Argument = TypeVar("_Argument")
_encode = msgspec.json.Encoder().encode


@contextlib.asynccontextmanager
async def served(session: OpenSession, wanted: Path) -> AsyncIterator[None]:
    """Answer on a 0600 socket at (or for) `wanted` as long as the block runs.

    Only the holder of the store's lock calls this, so a socket that is there already is a dead one.
    """
    path = socket_path(wanted)
    path.unlink(missing_ok=True)
    connections = _Connections(session)
    before = os.umask(0o177)  # the socket is 0600 from the moment it exists
    try:
        server = await asyncio.start_unix_server(connections.serve, path, limit=LONGEST_LINE)
    finally:
        os.umask(before)
    try:
        yield
    finally:
        server.close()
        connections.close()
        path.unlink(missing_ok=True)


class _Connections:
    """The connections to one holder; a connection that breaks harms no other."""

    def __init__(self, session: OpenSession) -> None:
        self._session = session
        self._open: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
        verifications = HeldVerifications(self._session)
        running: dict[int, asyncio.Task[None]] = {}
        try:
            async with asyncio.TaskGroup() as questions:
                while line := await reader.readline():
                    ask = msgspec.json.decode(line, type=Ask)
                    if ask.method == STOP:
                        if (question := running.get(ask.id)) is not None:
                            question.cancel()
                        continue
                    question = questions.create_task(self._answer(ask, verifications, writer))
                    running[ask.id] = question
                    question.add_done_callback(functools.partial(_forget, running, ask.id))
                raise ConnectionResetError  # the asker is gone: what it still waits for is given up
        except* (ConnectionError, msgspec.DecodeError, ValueError):
            pass  # a peer that breaks off or talks nonsense is left alone
        finally:
            if task is not None:
                self._open.discard(task)
            writer.close()
            await verifications.abandon()

    def close(self) -> None:
        for task in tuple(self._open):
            task.cancel()

    async def _answer(self, ask: Ask, verifications: HeldVerifications, writer: asyncio.StreamWriter) -> None:
        def tell(done: int, total: int | None) -> None:
            write_line(writer, Answer(id=ask.id, result=msgspec.Raw(_encode((done, total))), last=False))

        try:
            answers = self._stream(ask, verifications)
            if answers is None:
                result = await self._call(ask, verifications, tell)
                answer = Answer(id=ask.id, result=msgspec.Raw(_encode(result)))
            else:
                async for one in answers:
                    write_line(writer, Answer(id=ask.id, result=msgspec.Raw(_encode(one)), last=False))
                    await writer.drain()
                answer = Answer(id=ask.id)
        except SessionError as error:
            answer = Answer(id=ask.id, failure=pack_failure(error))
        write_line(writer, answer)
        await writer.drain()

    def _stream(self, ask: Ask, verifications: HeldVerifications) -> AsyncIterator[object] | None:
        """Begin a question that has many answers; return None of one that has one."""
        match ask.method:
            case "updates":
                return _packed(self._session.updates())
            case "verification_requests":
                return verifications.requests()
            case "verification_steps":
                return verifications.steps(_decoded(ask, "name", VerificationName))
        return None

    def _call(self, ask: Ask, verifications: HeldVerifications, tell: TransferProgress) -> Awaitable[object]:
        session = self._session

        def argument(name: str, type: type[_Argument]) -> _Argument:
            return _decoded(ask, name, type)

        def optional(name: str, type: type[_Argument]) -> _Argument | None:
            given = bytes(ask.arguments.get(name, msgspec.Raw(b"null"))) != b"null"
            return argument(name, type) if given else None

        methods: dict[str, Callable[[], Awaitable[object]]] = {
            "rooms": session.rooms,
            "members": lambda: session.members(argument("room_id", str)),
            "timeline": lambda: session.timeline(
                argument("room_id", str),
                before=optional("before", int),
                limit=argument("limit", int),
            ),
            "search": lambda: session.search(
                argument("query", str), limit=argument("limit", int), before=optional("before", int)
            ),
            "draft": lambda: session.draft(argument("room_id", str)),
            "set_draft": lambda: session.set_draft(argument("room_id", str), argument("text", str)),
            "gaps": lambda: session.gaps(argument("room_id", str)),
            "join": lambda: session.join(argument("room", str), via=argument("via", list[str])),
            "invite": lambda: session.invite(argument("room_id", str), argument("user_id", str)),
            "leave": lambda: session.leave(argument("room_id", str)),
            "send": lambda: session.send(
                argument("room_id", str),
                argument("content", dict[str, Json]),
                type=argument("type", str),
                transaction_id=optional("transaction_id", str),
            ),
            "send_file": lambda: session.send_file(
                argument("room_id", str),
                Path(argument("path", str)),
                caption=optional("caption", str),
                progress=tell,
                transaction_id=optional("transaction_id", str),
            ),
            "save_attachment": lambda: session.save_attachment(
                argument("room_id", str),
                argument("event_id", str),
                Path(argument("target", str)),
                replace=argument("replace", bool),
                progress=tell,
            ),
            "queued": session.queued,
            "send_again": lambda: session.send_again(argument("transaction_id", str)),
            "discard": lambda: session.discard(argument("transaction_id", str)),
            "readers": lambda: session.readers(argument("room_id", str)),
            "identity": lambda: session.identity(argument("user_id", str)),
            "accept_identity": lambda: session.accept_identity(
                argument("user_id", str), master_key=optional("master_key", str)
            ),
            "seal": lambda: session.seal(argument("room_id", str)),
            "attestation": lambda: session.attestation(argument("user_id", str)),
            "attestations": session.attestations,
            "signed_attestations": session.signed_attestations,
            "sign_answer": lambda: session.sign_answer(argument("answer", dict[str, Json])),
            "verify": lambda: verifications.verify(argument("user_id", str)),
            "accept_verification": lambda: verifications.accept(argument("name", VerificationName)),
            "confirm_verification": lambda: verifications.confirm(argument("name", VerificationName)),
            "cancel_verification": lambda: verifications.cancel(
                argument("name", VerificationName), mismatch=argument("mismatch", bool)
            ),
            "recovery_state": session.recovery_state,
            "set_up_recovery": lambda: session.set_up_recovery(
                passphrase=optional("passphrase", str), replace=argument("replace", bool)
            ),
            "recover": lambda: session.recover(
                recovery_key=optional("recovery_key", str), passphrase=optional("passphrase", str)
            ),
            "reset_identity": lambda: session.reset_identity(
                password=argument("password", str), passphrase=optional("passphrase", str)
            ),
            "devices": session.devices,
            "rename_device": lambda: session.rename_device(argument("device_id", str), argument("name", str)),
            "remove_device": lambda: session.remove_device(
                argument("device_id", str), password=argument("password", str)
            ),
            "arrived": lambda: session.arrived(argument("reader", str), optional("taken", int)),
        }
        method = methods.get(ask.method)
        if method is None:
            raise SessionError(
                f"The process that holds the session does not know {ask.method!r}.",
                why="It is of another version of Rogatory.",
                remedy="End it and start it again.",
            )
        return method()


def _decoded(ask: Ask, name: str, type: type[_Argument]) -> _Argument:
    return msgspec.json.decode(ask.arguments.get(name, msgspec.Raw(b"null")), type=type)


def _forget(running: dict[int, asyncio.Task[None]], number: int, _: asyncio.Task[None]) -> None:
    running.pop(number, None)


async def _packed(updates: AsyncIterator[Update]) -> AsyncIterator[WireUpdate]:
    async for update in updates:
        yield pack_update(update)
