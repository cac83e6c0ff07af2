"""Reads TOML into typed models, with errors that name file, dotted key and the nearest valid key."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources.abc import Traversable
from types import NoneType, UnionType
from typing import Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import msgspec

from policies.network.errors import (
    DataUnreadable,
    MissingKey,
    NetworkPolicyError,
    UnknownKey,
    WrongValue,
    nearest,
)

_Model = TypeVar("_Model")


def read_toml(file: Traversable, model: type[_Model], **given: object) -> _Model:
    """Read a TOML file as `model`, a msgspec Struct.

    `given` are values that the file's place says, not its text, such as a code that is the file's name.
    Raises DataUnreadable, UnknownKey, MissingKey or WrongValue.
    """
    return _convert({**_read(file), **given}, model, file.name)


def read_toml_by_code(file: Traversable, model: type[_Model]) -> dict[str, _Model]:
    """Read a TOML file of tables, each as `model` with its key as the model's `code`.

    Raises what `read_toml` raises.
    """
    tables = {
        code: {**table, "code": code} if isinstance(table, dict) else table
        for code, table in _read(file).items()
    }
    return _convert(tables, dict[str, model], file.name)  # type: ignore[valid-type]  # built at run time


def _convert(table: dict[str, Any], model: type[_Model], file: str) -> _Model:
    strict = issubclass(model, msgspec.Struct) and model.__struct_config__.forbid_unknown_fields
    if not strict:
        _raise_first_problem(table, model, file)
    try:
        return msgspec.convert(table, model)
    except msgspec.ValidationError as error:
        _raise_first_problem(table, model, file)
        raise WrongValue(
            f"{file} is not as it must be.", why=f"{error}.", remedy="Correct the file."
        ) from None


def _raise_first_problem(table: dict[str, Any], model: Any, file: str) -> None:
    """Raise what is wrong first. It is slow, so strict models need it only once they have failed."""
    if problem := next(_problems(table, model, "", file), None):
        raise problem


def _read(file: Traversable) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataUnreadable(
            f"The policy file {file.name} cannot be read.",
            why=f"{error.strerror or error}.",
            remedy="Install the package again, or restore the file.",
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataUnreadable(
            f"The policy file {file.name} is not TOML.",
            why=f"{error}.",
            remedy="Correct the file at that place.",
        ) from None


def _problems(value: object, model: Any, key: str, file: str) -> Iterator[NetworkPolicyError]:
    """Yield what is wrong at `key` (dotted, empty at the top) and below."""
    origin, arguments = get_origin(model), get_args(model)
    if isinstance(model, type) and issubclass(model, msgspec.Struct) and isinstance(value, dict):
        yield from _struct_problems(value, model, key, file)
    elif origin is dict and isinstance(value, dict):
        for name, item in value.items():
            yield from _value_problems(name, arguments[0], _dotted(key, name), file)
            yield from _problems(item, arguments[1], _dotted(key, name), file)
    elif origin is tuple and isinstance(value, list):
        for index, item in enumerate(value):
            yield from _problems(item, arguments[0], f"{key}[{index}]", file)
    else:
        yield from _value_problems(value, model, key, file)


def _struct_problems(
    table: dict[str, object], model: type[msgspec.Struct], key: str, file: str
) -> Iterator[NetworkPolicyError]:
    keys = _keys(model)
    for name, item in table.items():
        if name in keys:
            yield from _problems(item, keys[name].type, _dotted(key, name), file)
        else:
            yield UnknownKey(
                f"{file} has an unknown key: {_dotted(key, name)}.",
                why=f"A {model.__name__} has no '{name}'.",
                remedy=nearest(name, keys),
            )
    for name, expected in keys.items():
        if expected.required and name not in table:
            yield MissingKey(
                f"{file} lacks the key {_dotted(key, name)}.",
                why=f"A {model.__name__} cannot do without '{name}'.",
                remedy="Add it to the file.",
            )
    yield from _whole_model_problem(table, model, key, file)


def _whole_model_problem(
    table: dict[str, object], model: type[msgspec.Struct], key: str, file: str
) -> Iterator[NetworkPolicyError]:
    """Yield what a model's own __post_init__ says of a table whose parts are right."""
    try:
        msgspec.convert(table, model)
    except msgspec.ValidationError as error:
        yield WrongValue(
            f"{file} is not as it must be{f' at {key}' if key else ''}.",
            why=f"{str(error).split(' - at ')[0]}.",
            remedy="Correct the file.",
        )


def _value_problems(value: object, model: Any, key: str, file: str) -> Iterator[NetworkPolicyError]:
    try:
        msgspec.convert(value, model)
    except msgspec.ValidationError as error:
        closed_set = isinstance(model, type) and issubclass(model, enum.StrEnum)
        yield WrongValue(
            f"{file} has a wrong value at {key}.",
            why=f"{str(error).split(' - at ')[0]}.",
            remedy=nearest(str(value), model) if closed_set else "Write a value of that kind.",
        )


class _Key(NamedTuple):
    """What a model expects under one key of its table."""

    type: Any
    required: bool


@cache
def _keys(model: type[msgspec.Struct]) -> dict[str, _Key]:
    """Return the keys that a model has in a file; reading annotations is slow, so it is done once."""
    hints = get_type_hints(model, include_extras=True)
    fields = msgspec.structs.fields(model)
    return {field.encode_name: _Key(_without_none(hints[field.name]), field.required) for field in fields}


def _without_none(model: Any) -> Any:
    """Return the type of a value that may be left out: X for `X | None`."""
    if get_origin(model) is not UnionType:
        return model
    members = [member for member in get_args(model) if member is not NoneType]
    return members[0] if len(members) == 1 else model


def _dotted(key: str, name: str) -> str:
    return f"{key}.{name}" if key else name
