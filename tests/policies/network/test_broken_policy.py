"""What a policy file with a mistake in it says."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import policies
from policies.network.errors import (
    DataUnreadable,
    MissingKey,
    NetworkPolicyError,
    UnknownKey,
    UnknownReference,
    WrongValue,
)
from policies.network.load import read_network

Edit = Callable[[str, str, str], None]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return Path(shutil.copytree(Path(policies.__file__).parent / "data", tmp_path / "data"))


@pytest.fixture
def edit(data: Path) -> Edit:
    def replace(file: str, old: str, new: str) -> None:
        path = data / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    return replace


MISTAKES = [
    ("regions/africa.toml", "title =", "titel =", UnknownKey, "africa.toml", "titel", "'title'"),
    (
        "regions/africa.toml",
        'fr = "Sénégal"',
        'fra = "x"',
        UnknownKey,
        "africa.toml",
        "states.SEN.fra",
        "'fr'",
    ),
    ("regions/africa.toml", "SEN =", "Senegal =", WrongValue, "africa.toml", "states.Senegal", "kind"),
    ("regions/weog.toml", "order = 5", "", MissingKey, "weog.toml", "order", "Add"),
    ("regions/weog.toml", "order = 5", 'order = "5"', WrongValue, "weog.toml", "order", "kind"),
    ("regions/weog.toml", "AND =", "SEN =", WrongValue, "SEN", "more than one", "Take SEN"),
    (
        "regions/eastern-europe.toml",
        '"uncertain"',
        '"uncertian"',
        WrongValue,
        "eastern-europe.toml",
        "states.HUN.status",
        "'uncertain'",
    ),
    (
        "regions/eastern-europe.toml",
        'doubt = "With',
        'remark = "With',
        WrongValue,
        "eastern-europe.toml",
        "without a doubt",
        "Correct",
    ),
    (
        "regions/grulac.toml",
        "status_checked_on = 2026-11-23",
        "",
        WrongValue,
        "grulac.toml",
        "status_checked_on",
        "Correct",
    ),
    (
        "room_kinds.toml",
        'role = "court"',
        'role = "cort"',
        WrongValue,
        "room_kinds.toml",
        "network-space.members[1].role",
        "'court'",
    ),
    ("room_kinds.toml", "[theme]", "[them]", MissingKey, "room_kinds.toml", "theme", "Add"),
    ("room_kinds.toml", 'through = "network"', "", WrongValue, "room_kinds.toml", "through", "Correct"),
    (
        "constitution.toml",
        'kind = "forum"',
        'kind = "forun"',
        UnknownReference,
        "constitution.toml",
        "rooms.capacity-building.kind",
        "'forum'",
    ),
    (
        "constitution.toml",
        "moderator = 50",
        "moderator = 200",
        WrongValue,
        "constitution.toml",
        "rise",
        "Correct",
    ),
    (
        "constitution.toml",
        "rotation_messages = 50",
        "rotation_messages = 0",
        WrongValue,
        "constitution.toml",
        "encryption.rotation_messages",
        "kind",
    ),
    (
        "constitution.toml",
        "[encryption]",
        "[encryption",
        DataUnreadable,
        "constitution.toml",
        "line",
        "Correct",
    ),
    ("themes.toml", "priority = 2", "priority = 1", WrongValue, "themes.toml", "priority", "Number"),
    ("roles.toml", "[steward]", "[stewart]", WrongValue, "roles.toml", "stewart.code", "'steward'"),
    (
        "development.toml",
        'africa = "SEN"',
        'africa = "XQJ"',
        UnknownReference,
        "development.toml",
        "focal_points.africa",
        "Choose one of",
    ),
    (
        "development.toml",
        'africa = "SEN"',
        'afrca = "SEN"',
        MissingKey,
        "development.toml",
        "focal_points.africa",
        "Add",
    ),
]


@pytest.mark.parametrize(("file", "old", "new", "error", "names", "key", "remedy"), MISTAKES)
def test_a_mistake_is_named(
    data: Path,
    edit: Edit,
    file: str,
    old: str,
    new: str,
    error: type[NetworkPolicyError],
    names: str,
    key: str,
    remedy: str,
) -> None:
    """The error is of its kind and says which file, which dotted key, and what would be right."""
    edit(file, old, new)
    with pytest.raises(error) as caught:
        read_network(data)
    assert names in caught.value.what
    assert key in f"{caught.value.what} {caught.value.why}"
    assert remedy in caught.value.remedy


def test_a_missing_file_is_named(data: Path) -> None:
    """A policy file that is not there is an error that names it."""
    (data / "themes.toml").unlink()
    with pytest.raises(DataUnreadable, match=r"themes\.toml"):
        read_network(data)


def test_the_data_as_packaged_is_right(data: Path) -> None:
    """Without a mistake the same folder loads, so each mistake above is what its error comes from."""
    assert len(read_network(data).regions) == 6
