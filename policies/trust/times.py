"""Times in signed objects: RFC 3339, in UTC, to the second, in one spelling: 2026-11-23T10:00:00Z."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from policies.trust.errors import TimeInvalid

UtcTime = Annotated[datetime, msgspec.Meta(tz=True)]
"""A time in memory: aware, in UTC, whole seconds (`whole_utc` makes one)."""

_SPELLING = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z", re.ASCII)
_NAMES = frozenset({"issued_at", "valid_from", "valid_until"})


def parse_time(text: str) -> datetime:
    """Read a time of a signed object. Raises TimeInvalid for any other spelling, zone or precision."""
    try:
        if not _SPELLING.fullmatch(text):
            raise ValueError(text)
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise TimeInvalid(
            f"{text[:40]!r} is not a time in UTC.",
            why="Signed objects spell every time alike, as 2026-11-23T10:00:00Z.",
            remedy="Write it so, in UTC and without fractions of a second.",
        ) from None


def format_time(time: datetime) -> str:
    """Write an aware time as a signed object spells it; fractions of a second are cut off."""
    return whole_utc(time).replace(tzinfo=None).isoformat() + "Z"


def whole_utc(time: datetime) -> datetime:
    """Return an aware time in UTC, without its fraction of a second."""
    return time.astimezone(UTC).replace(microsecond=0)


def check_times(value: object, path: str = "$") -> None:
    """Check the spelling of every `issued_at`, `valid_from` and `valid_until` in an object as received.

    Its signatures are left out: what stands there are names of keys, which mean nothing. Raises TimeInvalid
    with the path of the first that is wrong.
    """
    if isinstance(value, Mapping):
        for name, member in value.items():
            if (path, name) == ("$", "signatures"):
                continue
            if name in _NAMES and isinstance(member, str):
                _check_time(member, f"{path}.{name}")
            check_times(member, f"{path}.{name}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_times(item, f"{path}[{index}]")


def require_utc(*times: datetime) -> None:
    """For a Struct's `__post_init__`: raise ValueError unless all times are in UTC, in whole seconds."""
    for time in times:
        if time.utcoffset() != timedelta(0) or time.microsecond:
            raise ValueError(f"the time {time.isoformat()} is not in UTC and whole seconds")


def _check_time(text: str, path: str) -> None:
    try:
        parse_time(text)
    except TimeInvalid as error:
        raise TimeInvalid(f"{path}: {error.what}", why=error.why, remedy=error.remedy) from None
