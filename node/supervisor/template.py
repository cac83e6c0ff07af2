"""One template process: started when the first child wants it, ended when none has for a while.

See node.supervisor.template_process for what happens on its side, and what is said between the two.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
from asyncio.subprocess import DEVNULL
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from node.supervisor.adoption import adopting
from node.supervisor.forked_process import ForkedProcess
from node.supervisor.records import Records
from node.supervisor.template_process import GO, GONE, TITLE_SPACE

_log = logging.getLogger(__name__)

_PROGRAM = "node.supervisor.template_process"
_BIRTH_SECONDS = 30.0
"""Including the import, which takes one or two seconds: longer means that it is stuck."""
_END_SECONDS = 2.0
_POLL_SECONDS = 0.02
_LONGEST_WORD = 64


class NotBorn(Exception):
    """The template could not fork the child. It has to be started directly."""


class Template:
    """A process that has imported `module` under `interpreter` (a program and its options), and forks.

    It ends `idle_seconds` after its last child was born.
    """

    def __init__(
        self,
        interpreter: tuple[str, ...],
        module: str,
        environment: dict[str, str],
        lifeline: int,
        idle_seconds: float,
    ) -> None:
        self._interpreter = interpreter
        self._module = module
        self._environment = environment
        self._lifeline = lifeline
        self._idle_seconds = idle_seconds
        self._orders, self._its_orders = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders.setblocking(False)
        self._births = 0
        self._changed = asyncio.Event()
        self._end = asyncio.Event()

    @property
    def ended(self) -> bool:
        """Whether it takes no more orders."""
        return self._end.is_set()

    def end(self) -> None:
        """Let it end. Children that it has not brought into the world yet are not born."""
        self._end.set()
        self._changed.set()

    async def run(self, records: Records) -> None:
        """Start the process and keep it as long as it is wanted. Called once."""
        try:
            with adopting():
                await self._keep(records)
        except OSError as error:
            _log.warning("no template for %s: %s", self._module, error)
        finally:
            self.end()
            self._orders.close()
            self._its_orders.close()

    async def bear(self, command: tuple[str, ...], working_folder: Path, log: int) -> ForkedProcess:
        """Fork a child that runs `command` and prints to the descriptor `log`.

        Raises NotBorn. Cancelled, it leaves no child.
        """
        order = {
            "command": command,
            "working_folder": os.fspath(working_folder),
            "supervisor": os.getpid(),
        }
        with self._birth():
            ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with ours:
                ours.setblocking(False)
                try:
                    with its:  # once it is sent, the other end is the child's alone: its death is seen here
                        socket.send_fds(self._orders, [json.dumps(order).encode()], [its.fileno(), log])
                    async with asyncio.timeout(_BIRTH_SECONDS):
                        return await _converse(ours)
                except TimeoutError:
                    self.end()
                    raise NotBorn(f"it does not answer within {_BIRTH_SECONDS:g} seconds") from None
                except OSError as error:
                    raise NotBorn(str(error)) from error

    @contextmanager
    def _birth(self) -> Iterator[None]:
        self._births += 1
        self._changed.set()
        try:
            yield
        finally:
            self._births -= 1
            self._changed.set()

    async def _keep(self, records: Records) -> None:
        process = await asyncio.create_subprocess_exec(
            *self._interpreter,
            *("-m", _PROGRAM, str(self._its_orders.fileno()), self._module),
            stdin=DEVNULL,
            env={**self._environment, TITLE_SPACE: "." * 2048},
            pass_fds=(self._its_orders.fileno(), self._lifeline),
            start_new_session=True,
            umask=0o077,
        )
        name = f"template {process.pid}"
        try:
            self._its_orders.close()
            records.add(name, process.pid)
            _log.info("%s imports %s", name, self._module)
            async with asyncio.TaskGroup() as tasks:
                waiting = tasks.create_task(self._wait_until_unwanted())
                dying = tasks.create_task(process.wait())
                await asyncio.wait((waiting, dying), return_when=asyncio.FIRST_COMPLETED)
                waiting.cancel()
                self.end()
                if not dying.done():
                    _log.info("%s is not needed any more", name)
                    process.kill()  # it holds nothing but memory
                elif process.returncode:
                    _log.warning("%s ended by itself: %d", name, process.returncode)
            await _bury(process.pid)
        finally:
            if process.returncode is None:  # we are cancelled
                with suppress(ProcessLookupError):
                    process.kill()
            with suppress(OSError):
                records.remove(name)

    async def _wait_until_unwanted(self) -> None:
        while not self._end.is_set():
            self._changed.clear()
            try:
                async with asyncio.timeout(None if self._births else self._idle_seconds):
                    await self._changed.wait()
            except TimeoutError:
                if not self._births:
                    self.end()


async def _converse(child: socket.socket) -> ForkedProcess:
    """Hear that the child is there, let it go, and hear that it has gone to a session of its own."""
    loop = asyncio.get_running_loop()
    word = await loop.sock_recv(child, _LONGEST_WORD)
    if not word:
        raise NotBorn("it ended")
    process = ForkedProcess(int(word))
    try:
        await loop.sock_sendall(child, GO)
        if await loop.sock_recv(child, _LONGEST_WORD) != GONE:
            raise NotBorn("the child ended at once")
    except BaseException:  # also when cancelled: cleaned up, then raised again
        process.kill()
        raise
    return process


async def _bury(template: int) -> None:
    """Reap children that ended while they still were of the template's process group: nobody knows them."""
    deadline = asyncio.get_running_loop().time() + _END_SECONDS
    while asyncio.get_running_loop().time() < deadline:
        try:
            pid, _ = os.waitpid(-template, os.WNOHANG)  # noqa: ASYNC222 # it does not block
        except ChildProcessError:
            return
        if pid == 0:
            await asyncio.sleep(_POLL_SECONDS)  # it sees just now that nobody waits for it
