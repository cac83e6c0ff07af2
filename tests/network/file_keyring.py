"""A keyring for tests, in a JSON file: the real ones belong to a person's desktop."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend

FILE = "ROGATORY_TEST_KEYRING"
"""The environment variable that names the file."""


class FileKeyring(KeyringBackend):
    """Chosen by PYTHON_KEYRING_BACKEND=tests.network.file_keyring.FileKeyring."""

    # Below every other where no file is named: a test process that only imports this must not get it.
    priority = 0.1 if FILE in os.environ else -1

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service} {username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._path.write_text(json.dumps({**self._read(), f"{service} {username}": password}))

    def delete_password(self, service: str, username: str) -> None:
        self._path.write_text(
            json.dumps({k: v for k, v in self._read().items() if k != f"{service} {username}"})
        )

    @property
    def _path(self) -> Path:
        return Path(os.environ[FILE])

    def _read(self) -> dict[str, str]:
        return json.loads(self._path.read_text()) if self._path.exists() else {}
