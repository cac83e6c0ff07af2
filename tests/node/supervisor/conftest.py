"""A supervisor's folder, with nothing left running behind it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from node.errors import SupervisorUnreachable
from node.supervisor.connection import lock_holder
from node.supervisor.control import shutdown


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "supervisor"
    yield folder
    if not folder.exists():
        return
    try:
        shutdown(folder)
    except SupervisorUnreachable:  # a test that failed may have left it suspended
        if (holder := lock_holder(folder)) is not None:
            with suppress(ProcessLookupError):
                os.kill(holder, signal.SIGKILL)
        shutdown(folder)
