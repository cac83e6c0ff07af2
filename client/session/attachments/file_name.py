"""File names from others: data, from which a name is made that can do nothing but name a file in a folder."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path, PurePath

LONGEST_NAME = 140
"""Bytes of a name in UTF-8: encrypted home folders (eCryptfs) take 143, other file systems 255."""
_LONGEST_SUFFIX = 16
_NO_NAME = "attachment"

_SEPARATORS = '/\\:*?"<>|'
"""They part a path on some system, or are refused by one."""
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
"""Names that Windows takes for a device, whatever stands after the first dot."""
_INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode categories of controls, direction overrides, halves of characters and what nobody can see."""


def safe_file_name(claimed: str) -> str:
    """Return the name under which a file is saved that somebody called `claimed`.

    It has no separator, no control or invisible character, no leading dot or dash, no space or dot at an end,
    and at most LONGEST_NAME bytes; its suffix is kept, so that it does not pass for another kind of file.
    """
    visible = unicodedata.normalize("NFC", "".join(map(_safe_character, claimed[:20_000])))
    name = " ".join(visible.split()).lstrip(".-_ ").rstrip(". ")
    if not any(character.isalnum() for character in name):
        return _NO_NAME
    if name.partition(".")[0].strip().lower() in _DEVICES:
        name = f"{_NO_NAME} {name}"
    return _shortened(name)


def shown_path(path: Path) -> str:
    """Return a path of this machine as text for a message: bytes that are no UTF-8 become question marks."""
    return os.fsencode(path).decode(errors="replace")


def _safe_character(character: str) -> str:
    if character in _SEPARATORS:
        return "_"
    if character.isspace():
        return " "
    return "" if unicodedata.category(character) in _INVISIBLE else character


def _shortened(name: str) -> str:
    if len(name.encode()) <= LONGEST_NAME:
        return name
    suffix = PurePath(name).suffix
    if len(suffix.encode()) > _LONGEST_SUFFIX:
        suffix = ""
    stem = name.removesuffix(suffix).encode()[: LONGEST_NAME - len(suffix.encode())]
    return stem.decode(errors="ignore").rstrip(". ") + suffix
