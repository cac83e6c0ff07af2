"""The OpenAPI document is true: a generator of requests that no one here wrote drives the API from it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.api.tokens import Scope
from tests.bridge.api_client import Running, running_bridge

CONFIGURATION = """
[generation]
deterministic = true

[checks.positive_data_acceptance]
# What fits the schema may still not satisfy the law (422), not follow in its case (409), or name nothing
# that is there (400, 404).
expected-statuses = ["2xx", 400, 404, 409, 422]
"""


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with running_bridge(tmp_path / "register.db") as bridge:
        yield bridge


async def test_schemathesis_finds_nothing(running: Running, tmp_path: Path) -> None:
    """From the served document it makes calls right and wrong, and every answer is as the document says."""
    configuration = tmp_path / "schemathesis.toml"
    token = running.token(*Scope)
    configuration.write_text(f'headers = {{ Authorization = "Bearer {token}" }}\n{CONFIGURATION}')
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("st")),
        *("--config-file", str(configuration), "--no-color"),
        *("run", f"{running.client.url}/openapi.json", "--max-examples", "25", "--workers", "1"),
        cwd=tmp_path,
        env={**os.environ, "NO_PROXY": "*", "HYPOTHESIS_STORAGE_DIRECTORY": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    shown, _ = await process.communicate()
    assert process.returncode == 0, shown.decode()[-6000:]
    answered = running.bot.register.requests()
    assert answered, "not one of its calls was accepted"
