"""Is a TCP port free on this machine, and if not, who has it?"""

from __future__ import annotations

import asyncio
import errno
import socket

import psutil

from node.errors import PortTaken

_PATIENCE_SECONDS = 3.0
_POLL_SECONDS = 0.05


async def refuse_taken_ports(name: str, ports: tuple[int, ...]) -> None:
    """Raise PortTaken for the first of `ports` that another program has; `name` wants them.

    A port whose holder cannot be named gets a moment to become free: it may belong to a child of ours of
    which the last thread is just ending, when nothing can be seen of the process any more.
    """
    deadline = asyncio.get_running_loop().time() + _PATIENCE_SECONDS
    for port in ports:
        while not is_free(port):
            holder = await asyncio.to_thread(who_has, port)
            if holder is None and asyncio.get_running_loop().time() < deadline:
                await asyncio.sleep(_POLL_SECONDS)
                continue
            raise PortTaken(
                f"Port {port}, which {name} needs, is taken.",
                why=f"{holder or 'A program that this user may not see'} has it.",
                remedy="Stop that program, or give the node another port in its node.toml.",
            )


def is_free(port: int) -> bool:
    """Return whether a server could listen on `port` of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # as servers do: connections that are just closing do not keep the port
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True


def who_has(port: int) -> str | None:
    """Return the program that has `port`, before all one that listens, and its process id, if it shows."""
    try:
        found = [
            (connection.status != psutil.CONN_LISTEN, connection.pid)
            for connection in psutil.net_connections("tcp")
            if connection.pid is not None and connection.laddr and connection.laddr.port == port
        ]
        if found:
            _, pid = min(found)
            return f"{psutil.Process(pid).name()} (process {pid})"
    except psutil.Error:
        pass  # some systems tell only the administrator, and the program may just have ended
    return None
