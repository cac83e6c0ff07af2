"""The table of the 64 emoji, read from the data file beside this one."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from importlib import resources

import msgspec

from client.session.verification import Emoji


class _Table(msgspec.Struct, forbid_unknown_fields=True):
    emoji: list[tuple[str, str, str]]


def emoji_of(numbers: Iterable[int]) -> tuple[Emoji, ...]:
    """Return the emoji of numbers from 0 to 63."""
    return tuple(_table()[number] for number in numbers)


@functools.cache
def _table() -> tuple[Emoji, ...]:
    text = resources.files(__package__).joinpath("emoji.toml").read_text(encoding="utf-8")
    table = msgspec.convert(tomllib.loads(text), type=_Table)
    return tuple(Emoji(*row) for row in table.emoji)
