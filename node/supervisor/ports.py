"""Is a TCP port free on this machine, and if not, who has it?"""

from __future__ import annotations

import asyncio
import errno
import socket

import psutil

from node.errors import PortTaken


async def refuse_taken_ports(name: str, ports: tuple[int, ...]) -> None:
    """Raise PortTaken for the first of `ports` on which another program listens; `name` wants them."""
    for port in ports:
        if not is_free(port):
            listener = await asyncio.to_thread(who_listens, port)
            raise PortTaken(
                f"Port {port}, which {name} needs, is taken.",
                why=f"{listener[:1].upper()}{listener[1:]} listens on it.",
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


def who_listens(port: int) -> str:
    """Return the program that listens on `port` and its process id, as far as this user may know."""
    try:
        pids = {
            connection.pid
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        }
        found = sorted(pid for pid in pids if pid is not None)
        if found:
            return f"{psutil.Process(found[0]).name()} (process {found[0]})"
    except psutil.Error:
        pass  # some systems tell only the administrator, and the program may just have ended
    return "a program that this user may not see"
