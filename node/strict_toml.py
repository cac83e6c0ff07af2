"""TOML into typed values: an error names the file, the dotted key and the nearest key that exists."""

from __future__ import annotations

import re
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import inspect

from node.errors import ConfigurationInvalid

_Value = TypeVar("_Value")
_PLACE = re.compile(r"^(?P<reason>.*?)(?: - at `\$\.?(?P<place>.*)`)?$", re.DOTALL)


def read_strictly(data: dict[str, object], type: type[_Value], path: Path) -> _Value:
    """Return `data`, parsed from the TOML file at `path`, as a `type`.

    Raises ConfigurationInvalid for the first key that is unknown, missing or has a wrong value.
    """
    _refuse_unknown_keys(data, inspect.type_info(type), "", path)
    try:
        return msgspec.convert(data, type, strict=True)
    except msgspec.ValidationError as error:
        found = _PLACE.match(str(error))
        reason, place = (found["reason"], found["place"] or "") if found else (str(error), "")
        raise ConfigurationInvalid(
            f"{path}: {place or 'the file'} is not as it must be.",
            why=f"{reason.replace('`', '')}.",
            remedy="Correct it; `rogatory node doctor` checks the rest.",
        ) from error


def _refuse_unknown_keys(data: object, expected: inspect.Type, place: str, path: Path) -> None:
    if not isinstance(data, dict):
        return
    known: dict[str, inspect.Type] = {}
    if isinstance(expected, inspect.StructType):
        known = {field.encode_name: field.type for field in expected.fields}
    elif isinstance(expected, inspect.DictType) and isinstance(expected.key_type, inspect.EnumType):
        known = {str(name.value): expected.value_type for name in expected.key_type.cls}
    else:
        return
    for key, value in data.items():
        dotted = f"{place}.{key}" if place else key
        if key not in known:
            nearest = get_close_matches(key, known, n=1, cutoff=0.5)
            raise ConfigurationInvalid(
                f"{path}: there is no key {dotted}.",
                why=f"{place or 'The file'} may have: {', '.join(known)}.",
                remedy=f"Did you mean {nearest[0]}?" if nearest else "Remove it.",
            )
        _refuse_unknown_keys(value, known[key], dotted, path)
