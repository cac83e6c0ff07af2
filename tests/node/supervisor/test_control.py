"""The control socket: light for its clients, strict with what it reads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from node.errors import NodeError, SupervisorUnreachable
from node.supervisor.connection import connect
from node.supervisor.control import ensure_supervisor, start, status
from node.supervisor.protocol import ignore, read_answer, read_greeting, read_status
from tests.node.supervisor.small_children import small_server


def test_asking_for_the_status_loads_nothing_heavy(folder: Path) -> None:
    """A status of running children needs neither asyncio nor msgspec, psutil, aiohttp or subprocess."""
    start(folder, [small_server(folder)])
    script = (
        "import sys; from pathlib import Path; from node.supervisor.control import status;"
        "found = status(Path(sys.argv[1])); assert found.children[0].healthy, found;"
        "print(sorted({'asyncio', 'msgspec', 'psutil', 'aiohttp', 'subprocess'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(folder)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "line",
    [
        b"{\n",
        b"[]\n",
        b'{"operation": "reboot"}\n',
        b'{"operation": "stop", "names": "africa"}\n',
        b'{"operation": "start", "specifications": [{"name": "africa"}], "wait_seconds": null}\n',
        b'{"operation": "status", "more": 1}\n',
    ],
)
def test_what_is_no_request_is_refused_and_the_next_is_served(folder: Path, line: bytes) -> None:
    """Nonsense on the socket gets an error in words; the supervisor goes on."""
    ensure_supervisor(folder)
    with connect(folder) as connection, pytest.raises(NodeError, match="did not understand the request"):
        connection.ask(line, limit_seconds=30)
    assert status(folder).children == ()


def test_a_request_beyond_the_limit_or_cut_short_costs_nobody_else(folder: Path) -> None:
    """Two megabytes without an end, and half a request of a client that died: the next one is served."""
    ensure_supervisor(folder)
    with connect(folder) as connection, pytest.raises(NodeError):
        connection.ask(b"x" * 2_000_000, limit_seconds=30)
    with connect(folder) as connection:
        connection.socket.sendall(b'{"operation": "shutd')
    assert status(folder).pid is not None


@pytest.mark.parametrize(
    "line", [b"", b"{}\n", b"[1]\n", b"null\n", b'{"progress": {}}\n', b"\xff\n", b'{"error": 1}']
)
def test_an_answer_that_is_none_is_an_error_in_words(line: bytes) -> None:
    """Whatever comes instead of an answer, its reader gets one kind of error."""
    with pytest.raises(SupervisorUnreachable):
        read_answer(line, ignore)
    with pytest.raises(SupervisorUnreachable):
        read_greeting(line)


@pytest.mark.parametrize("value", [None, {}, {"pid": 1, "children": [{"name": "africa", "state": "odd"}]}])
def test_a_status_that_is_none_is_an_error_in_words(value: object) -> None:
    """A status of another version is refused, not guessed at."""
    with pytest.raises(SupervisorUnreachable):
        read_status(value)


def test_an_error_keeps_its_class_and_its_words() -> None:
    """The error that the supervisor raised is raised again; an unknown class becomes a NodeError."""
    error = {"kind": "PortTaken", "what": "a.", "why": "b.", "remedy": "c."}
    with pytest.raises(NodeError) as raised:
        read_answer(json.dumps({"error": error}).encode(), ignore)
    assert (type(raised.value).__name__, str(raised.value)) == ("PortTaken", "a. b. c.")
    with pytest.raises(NodeError) as raised:
        read_answer(json.dumps({"error": error | {"kind": "Surprise"}}).encode(), ignore)
    assert type(raised.value) is NodeError
