"""The command `rogatory`, run as a person runs it: in a process of its own, in a home of its own."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROGATORY = str(Path(sys.executable).with_name("rogatory"))
_PATIENCE = 120.0
"""Seconds after which a test gives up waiting; no test claims that anything takes so long."""


class Rogatory:
    """Runs verbs against one home."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self._environment = environment

    @property
    def environment(self) -> dict[str, str]:
        """This process's environment, with the home in it."""
        return {**os.environ, "ROGATORY_HOME": str(self.home), **self._environment}

    def run(self, *arguments: str, expect: int = 0, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run a verb to its end, and insist on its exit code."""
        done = subprocess.run(
            [ROGATORY, *arguments],
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        shown = f"rogatory {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == expect, f"exit {done.returncode}, not {expect}: {shown}"
        return done

    def json(self, *arguments: str, expect: int = 0) -> Any:
        """Run a verb with --json, and return what it printed."""
        return json.loads(self.run(*arguments, "--json", expect=expect).stdout)

    def listen(self, user: str, until: Callable[[dict[str, Any]], bool]) -> list[dict[str, Any]]:
        """Run `listen --as USER --json` until an event fits, and return all that came, it last."""
        with self.running("listen", "--as", user, "--json") as process:
            seen: list[dict[str, Any]] = []
            for line in lines_of(process):
                seen.append(json.loads(line))
                if until(seen[-1]):
                    return seen
            raise AssertionError(
                f"listen ended after {seen}: {process.stderr.read() if process.stderr else ''}"
            )

    @contextmanager
    def running(self, *arguments: str) -> Iterator[subprocess.Popen[str]]:
        """Run a verb that goes on until it is stopped, and stop it as Ctrl-C would."""
        with subprocess.Popen(
            [ROGATORY, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.terminate()
                try:
                    process.wait(timeout=20)
                except subprocess.TimeoutExpired:
                    process.kill()


def lines_of(process: subprocess.Popen[str]) -> Iterator[str]:
    """Yield the lines a process prints, and give up once nothing has come for long."""
    assert process.stdout is not None
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while selector.select(_PATIENCE):
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                return
            buffer += chunk
            while b"\n" in buffer:
                line, _, buffer = buffer.partition(b"\n")
                yield line.decode()
    raise AssertionError("nothing came for long")


def eventually(condition: Callable[[], bool], what: str) -> None:
    """Wait until a condition holds, looking again and again; fail when it never does."""
    deadline = time.monotonic() + _PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"never came true: {what}"
        time.sleep(0.02)  # not less: it would take from what is waited for
