"""Are the programs that keep secrets new enough to have no known hole?

The floors come from the projects' security advisories; each says which.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from node.doctor.finding import Finding, error, ok, warning

CHECK = "versions"

_NUMBER = re.compile(r"(\d+(?:\.\d+)*)(.*)", re.ASCII)
_BEFORE_RELEASE = re.compile(r"[-_.]?(a|b|c|rc|alpha|beta|dev|pre)", re.IGNORECASE)

Version = tuple[tuple[int, ...], bool]
"""The numbers without trailing zeros, and whether it is the release and not something before it."""


@dataclass(frozen=True)
class Floor:
    """A package, the least version without a known hole, and which hole that is."""

    package: str
    least: str
    why: str
    recommended: str | None = None
    only: str | None = None
    """The one series that we know, such as 0.26; another is not known to be safe."""
    faulty: tuple[str, ...] = ()
    """Versions above `least` that have a hole of their own."""


SYNAPSE_FLOOR = Floor(
    "matrix-synapse",
    "1.157.2",
    "1.157.2 (2026-07-28) closes six holes of high severity.",
    recommended="1.163.2",
)
FLOORS = (
    SYNAPSE_FLOOR,
    Floor(
        "vodozemac",
        "0.10.0",
        "0.10.0 refuses non-contributory keys; 0.11.0 and 0.11.1 do not wipe keys (RUSTSEC-2026-0445).",
        faulty=("0.11.0", "0.11.1"),
    ),
    Floor("matrix-nio", "0.26.0", "Its defects are known and worked around for 0.26 only.", only="0.26"),
    Floor("pynacl", "1.6.2", "1.6.2 brings the libsodium that closes CVE-2025-69277."),
)


def check_versions(installed: Callable[[str], str] = version) -> list[Finding]:
    """Compare every package with its floor; `installed` gives a version without importing the package."""
    return [_check(floor, installed) for floor in FLOORS]


def _check(floor: Floor, installed: Callable[[str], str]) -> Finding:
    upgrade = f"Upgrade it: pip install --upgrade '{floor.package}{_wanted(floor)}'."
    try:
        found = installed(floor.package)
    except PackageNotFoundError:
        return error(
            CHECK,
            f"{floor.package} is not installed.",
            why="A node needs it.",
            remedy="Install Rogatory with the extra 'node'.",
        )
    if not is_at_least(found, floor.least) or found in floor.faulty:
        return error(CHECK, f"{floor.package} {found} has a known hole.", why=floor.why, remedy=upgrade)
    if floor.only is not None and not (found + ".").startswith(floor.only + "."):
        return error(CHECK, f"{floor.package} {found} is not known here.", why=floor.why, remedy=upgrade)
    if floor.recommended is not None and not is_at_least(found, floor.recommended):
        return warning(
            CHECK,
            f"{floor.package} {found} is older than {floor.recommended}.",
            why="This version of Rogatory was tried with that one.",
            remedy=upgrade,
        )
    return ok(CHECK, f"{floor.package} {found}")


def is_at_least(found: str, least: str) -> bool:
    """Return whether the version `found` is `least` or later; what is no version is not."""
    parsed, floor = parse_version(found), parse_version(least)
    return parsed is not None and floor is not None and parsed >= floor


def parse_version(text: str) -> Version | None:
    """Read a version number (PEP 440, without epochs), or return None."""
    match = _NUMBER.fullmatch(text)
    if match is None:
        return None
    numbers = [int(part) for part in match[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), _BEFORE_RELEASE.match(match[2]) is None


def _wanted(floor: Floor) -> str:
    return f"=={floor.only}.*" if floor.only else f">={floor.recommended or floor.least}"
