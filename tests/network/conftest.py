"""The whole network, brought up once for the tests of this folder by the command a person types."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.network.rogatory import Rogatory


@dataclass(frozen=True)
class Network:
    """The running network: the command on its home, and what `up --json` said."""

    rogatory: Rogatory
    report: dict[str, Any]

    def account(self, role: str, region: str) -> str:
        """Return the user id of the function account with that role in that region."""
        server_name = self.report["nodes"][region]["server_name"]
        return next(
            str(account["user_id"])
            for account in self.report["accounts"]
            if account["role"] == role and account["user_id"].endswith(f":{server_name}")
        )

    @property
    def court(self) -> str:
        """The Court's bot."""
        return self.account("court", "court")


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    rogatory = Rogatory(tmp_path_factory.mktemp("network") / "home")
    try:
        yield Network(rogatory, rogatory.json("up"))
    finally:
        rogatory.run("down")
        assert processes_of(rogatory.home) == []


def processes_of(home: Path) -> list[str]:
    """Return the command lines of the processes that work in a home."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        command = " ".join(process.info["cmdline"] or [])
        if str(home) in command:
            found.append(command)
    return found
