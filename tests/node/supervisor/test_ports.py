"""Whose is a port?"""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from node.errors import PortTaken
from node.supervisor import ports
from node.supervisor.ports import is_free, refuse_taken_ports, who_has


def _server() -> socket.socket:
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", 0))
    server.listen()
    return server


async def test_a_port_that_nobody_shows_to_have_may_become_free(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its holder is no longer to be seen, as with a process that is just ending: the port is waited for."""
    asked: list[int] = []
    with _server() as dying:
        port = dying.getsockname()[1]

        def nobody(wanted: int) -> None:
            asked.append(wanted)
            dying.close()

        monkeypatch.setattr(ports, "who_has", nobody)
        assert not is_free(port)
        await asyncio.wait_for(refuse_taken_ports("africa", (port,)), 30)
    assert asked == [port]
    assert is_free(port)


async def test_a_port_of_somebody_unseen_is_refused_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of another user is not waited for without end."""
    monkeypatch.setattr(ports, "who_has", lambda _: None)
    monkeypatch.setattr(ports, "_PATIENCE_SECONDS", 0.1)
    with _server() as foreign, pytest.raises(PortTaken, match="A program that this user may not see has it"):
        await refuse_taken_ports("africa", (foreign.getsockname()[1],))


def test_the_listener_is_named_and_not_who_talks_to_it() -> None:
    """A listener goes before a connection from the same port; a connection is named where nobody listens."""
    with _server() as server, socket.create_connection(server.getsockname()) as client:
        assert f"process {os.getpid()}" in (who_has(server.getsockname()[1]) or "")
        assert f"process {os.getpid()}" in (who_has(client.getsockname()[1]) or "")


def test_a_port_where_connections_are_closing_is_free() -> None:
    """What is left of a server that has ended (TIME_WAIT) does not keep its port."""
    with _server() as server:
        address = server.getsockname()
        with socket.create_connection(address):
            accepted, _ = server.accept()
            accepted.close()
    assert is_free(address[1])
