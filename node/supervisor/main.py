"""The supervisor's process, from its lock to its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import time
from pathlib import Path

from client.session.local.lock import FileLock, Locked
from client.session.local.private_files import private_folder
from node.supervisor.files import control_path, lock_path, records_path
from node.supervisor.life import Surroundings
from node.supervisor.records import Records, end_left_behind
from node.supervisor.server import ControlServer, listen
from node.supervisor.supervisor import Supervisor
from node.supervisor.templates import Templates

_log = logging.getLogger(__name__)

READY = b"ready\n"
"""Written to the launcher once orders are taken."""
HELD = b"held\n"
"""Written instead when another supervisor holds the lock."""


def run(folder: Path, ready: int) -> int:
    """Supervise from `folder` until told to end; say READY or HELD on the descriptor `ready`.

    Returns the process's exit code.
    """
    _log_to_stderr()
    lock = FileLock(lock_path(private_folder(folder)))
    try:
        lock.acquire()
    except Locked as held:
        _log.info("another supervisor, process %s, is here already", held.holder)
        _tell(ready, HELD)
        return 0
    for record in end_left_behind(records_path(folder)):
        _log.warning("%s (process %d) was left behind, and is killed", record.name, record.pid)
    control = control_path(folder)
    listening = listen(control)
    try:
        asyncio.run(_supervise(folder, listening, ready))
    finally:
        listening.close()
        control.unlink(missing_ok=True)
        records_path(folder).unlink(missing_ok=True)
        # the lock is not given up here: the kernel does that once nothing of this process is left
    return 0


async def _supervise(folder: Path, listening: socket.socket, ready: int) -> None:
    # the write end stays open here and nowhere else: children inherit the read end alone
    read_end, write_end = os.pipe()
    try:
        async with asyncio.TaskGroup() as tasks:
            records = Records(records_path(folder))
            surroundings = Surroundings(records, read_end, Templates(records, read_end, tasks))
            server = ControlServer(Supervisor(surroundings, tasks))
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, server.shutdown.set)
            _log.info("process %d takes orders", os.getpid())
            _tell(ready, READY)
            await server.serve(listening)
        _log.info("ends")
    finally:
        os.close(read_end)
        os.close(write_end)


def _tell(ready: int, word: bytes) -> None:
    try:
        os.write(ready, word)
    except BrokenPipeError:
        pass  # the launcher was interrupted; the supervisor serves the next one
    finally:
        os.close(ready)


def _log_to_stderr() -> None:
    logging.Formatter.converter = time.gmtime
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)sZ %(levelname)s %(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
    )
