"""The line to the process that holds a session: questions with one answer, and questions with many."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import TypeVar

import msgspec

from client.session.errors import SessionError, StoreHeld
from client.session.events import TransferProgress
from client.session.remote_wire import STOP, Answer, Ask, unpack_failure, write_line
from client.session.secret import Secret

_Result = TypeVar("_Result")
_GONE = msgspec.Raw(b"false")


class RemoteLine:
    """One connection to the holder of `user_id`'s session; `read` must run as long as it is used.

    A question whose asker is cancelled, or stops iterating, is given up by the holder too.
    """

    def __init__(self, user_id: str, writer: asyncio.StreamWriter) -> None:
        self._user_id = user_id
        self._writer = writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Queue[Answer]] = {}
        self._lost = False

    async def read(self, reader: asyncio.StreamReader) -> None:
        """Hand every answer to whom it is for, until the holder is gone."""
        try:
            while line := await reader.readline():
                answer = msgspec.json.decode(line, type=Answer)
                if answer.id in self._waiting:
                    self._waiting[answer.id].put_nowait(answer)
        except (ConnectionError, msgspec.DecodeError, ValueError):
            pass  # told below to everyone who waits
        finally:
            self._lost = True
            for number, queue in self._waiting.items():
                queue.put_nowait(Answer(id=number, failure=None, result=_GONE))

    async def ask(self, method: str, kind: type[_Result], /, **arguments: object) -> _Result:
        """Return the answer to a question. Raises what the holder raised, and StoreHeld when it is gone."""
        return await self.ask_telling(method, kind, None, **arguments)

    async def ask_telling(
        self, method: str, kind: type[_Result], progress: TransferProgress | None, /, **arguments: object
    ) -> _Result:
        """Return the answer to a question about a file; `progress` is told how far the holder is with it."""
        number, answers = self._begin(method, arguments)
        answered = False
        try:
            await self._writer.drain()
            while not (answer := await answers.get()).last:
                if progress is not None:
                    progress(*msgspec.json.decode(answer.result, type=tuple[int, int | None]))
            answered = True
        except ConnectionError:
            raise self._holder_gone() from None
        finally:
            self._end(number, answered=answered)
        if answer.result is _GONE:
            raise self._holder_gone()
        if answer.failure is not None:
            raise unpack_failure(answer.failure)
        return msgspec.json.decode(answer.result, type=kind)

    def stream(self, method: str, kind: type[_Result], /, **arguments: object) -> AsyncIterator[_Result]:
        """Ask now, and return the answers as they come; they end with the holder's, or when it is gone."""
        number, answers = self._begin(method, arguments)
        return self._answers(number, answers, kind)

    async def _answers(
        self, number: int, answers: asyncio.Queue[Answer], kind: type[_Result]
    ) -> AsyncIterator[_Result]:
        ended = False
        try:
            while True:
                answer = await answers.get()
                ended = answer.last or answer.result is _GONE
                if answer.failure is not None:
                    raise unpack_failure(answer.failure)
                if ended:
                    return
                yield msgspec.json.decode(answer.result, type=kind)
        finally:
            self._end(number, answered=ended)

    def _begin(self, method: str, arguments: dict[str, object]) -> tuple[int, asyncio.Queue[Answer]]:
        """Ask, and return the number of the question and where its answers come."""
        if self._lost:
            raise self._holder_gone()
        number = next(self._numbers)
        answers = self._waiting[number] = asyncio.Queue[Answer]()
        packed = {
            name: msgspec.Raw(msgspec.json.encode(value.reveal() if isinstance(value, Secret) else value))
            for name, value in arguments.items()
        }
        write_line(self._writer, Ask(id=number, method=method, arguments=packed))
        return number, answers

    def _end(self, number: int, *, answered: bool) -> None:
        del self._waiting[number]
        if not (answered or self._lost or self._writer.is_closing()):
            write_line(self._writer, Ask(id=number, method=STOP))

    def _holder_gone(self) -> SessionError:
        return StoreHeld(
            f"The process that held the session of {self._user_id} has ended.",
            why="It closed the connection.",
            remedy="Run the command again; it will open the session itself.",
        )
