"""Reads a homeserver.yaml with Synapse's own parser and prints, as JSON, the keys that it never looked at.

Run as a program: Synapse has no business in the test process. Synapse ignores unknown keys, so a misspelt one
would be a lock that was never closed.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import yaml
from synapse.config.homeserver import HomeServerConfig


class Watched(dict[str, Any]):
    """A dictionary that remembers which of its keys were asked for."""

    def __init__(self, values: dict[str, Any], place: str) -> None:
        super().__init__({key: watch(value, f"{place}.{key}") for key, value in values.items()})
        self.place = place
        self.asked: set[str] = set()
        every.append(self)

    def __getitem__(self, key: str) -> Any:
        self.asked.add(key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def pop(self, key: str, *default: Any) -> Any:
        self.asked.add(key)
        return super().pop(key, *default)

    def setdefault(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().setdefault(key, default)


def watch(value: Any, place: str) -> Any:
    if isinstance(value, dict):
        return Watched(value, place)
    if isinstance(value, list):
        return [watch(item, f"{place}[{index}]") for index, item in enumerate(value)]
    return value


every: list[Watched] = []
TAKEN_WHOLE = re.compile(
    r"\.database"  # SQLite's arguments, used when the database opens
    r"|\.listeners\[\d\]\.resources"  # one member, names: without it nothing is served
    r"|\.modules"  # read strictly by our own modules
    r"|\.password_config\.policy"  # read when a password is set
    r"|\.rc_federation"  # a class of attrs, which refuses strange names
)


def main(path: Path) -> None:
    config = HomeServerConfig([str(path)])
    watched = Watched(yaml.safe_load(path.read_text()), "")
    os.chdir(path.parent)
    config.parse_config_dict(
        watched,
        config_dir_path=str(path.parent),
        data_dir_path=str(path.parent),
        allow_secrets_in_config=False,
    )
    unread = [
        f"{each.place}.{key}".removeprefix(".")
        for each in every
        if not TAKEN_WHOLE.match(each.place)
        for key in each
        if key not in each.asked
    ]
    sys.stdout.write(json.dumps(unread))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
