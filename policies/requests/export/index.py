"""The index: what belongs to an export, and what its exporter says and nobody else could."""

from __future__ import annotations

import hashlib
import re

import msgspec

from policies.requests.court_request import ID_PATTERN
from policies.requests.export.container import Member
from policies.trust.manifest_members import require
from policies.trust.times import UtcTime, require_utc
from policies.user_id import is_user_id

KIND = "org.rogatory.export"
"""Says of the signed object what it is: no signature of an answer or a step can pass for one of it."""

VERSION = 1

INDEX, MANIFEST = "index.json", "manifest.json"

_SHA256 = re.compile(r"[0-9a-f]{64}")


class Listed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A member other than the index itself: its name, its bytes, and their SHA-256 in lowercase hex."""

    name: str
    size: int
    sha256: str


class Index(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The object in `index.json`. `exporter` is a user id, `missing` hashes of files not enclosed.

    `signatures` is empty, or has the one signature of the exporter: an organ's under its code, as OTP, else
    that of the attested answer key under the user id.
    """

    kind: str
    v: int
    request_id: str
    room_id: str
    exporter: str
    exported_at: UtcTime
    members: tuple[Listed, ...]
    missing: tuple[str, ...]
    signatures: dict[str, dict[str, str]]

    def __post_init__(self) -> None:
        require(self.kind == KIND, "it is not the index of an export")
        require(self.v == VERSION, f"version {self.v} is not {VERSION}: this program may be too old")
        require(ID_PATTERN.fullmatch(self.request_id), "the id is not of the form ROG-2026-7KQ4XM")
        require(is_user_id(self.exporter), f"{self.exporter[:80]!r} is not a user id")
        require(all(map(_SHA256.fullmatch, self.missing)), "what is missing is not named by its hash")
        require(sorted(set(self.missing)) == list(self.missing), "what is missing is not in order")
        require_utc(self.exported_at)


def listed(member: Member) -> Listed:
    """Return a member as the index lists it."""
    sha256 = hashlib.sha256(member.content).hexdigest()
    return Listed(name=member.name, size=len(member.content), sha256=sha256)
