"""A request of the Court as a value, and the shapes of its id and of its template's name."""

from __future__ import annotations

import re
import secrets
from datetime import datetime

import msgspec

from policies.trust.times import UtcTime, require_utc, whole_utc

VERSION = 1
"""The version of the wire format that is written and read here."""

ID_PATTERN = re.compile(r"ROG-[0-9]{4}-[0-9A-HJKMNP-TV-Z]{6}")
"""Network, year, six random characters: it names neither State, case nor person."""

TEMPLATE_PATTERN = re.compile(r"(T(0[1-9]|1[0-9])|X[12])@[0-9]+\.[0-9]+")
"""A template and its version, as `T13@1.0`."""

_ROOM = "Request "
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


class CourtRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The object `org.rogatory.request` (design section 6).

    `common` and `fields` hold the names and codes of the template, any JSON values without fractions.
    `body_sha256` is the SHA-256 of the UTF-8 text that people read, in unpadded Base64. `signatures` maps an
    organ to its key ids and these to signatures of the canonical JSON of the rest.
    """

    v: int
    id: str
    template: str
    room_id: str
    issued_at: UtcTime
    common: dict[str, object]
    fields: dict[str, object]
    body_sha256: str = ""
    signatures: dict[str, dict[str, str]] = {}

    def __post_init__(self) -> None:
        if self.v != VERSION:
            raise ValueError(f"version {self.v} is not {VERSION}: this program may be too old")
        if not ID_PATTERN.fullmatch(self.id):
            raise ValueError("the id is not of the form ROG-2026-7KQ4XM")
        if not TEMPLATE_PATTERN.fullmatch(self.template):
            raise ValueError("the template is not of the form T13@1.0")
        require_utc(self.issued_at)

    @property
    def originator(self) -> str:
        """The organ that the request says it comes from, as OTP; empty when it does not say."""
        originator = self.common.get("originator")
        return originator if isinstance(originator, str) else ""


def room_name(request_id: str) -> str:
    """Return what the room of a request is called. Names are not encrypted: it says only the id."""
    return f"{_ROOM}{request_id}"


def is_room_name(name: str) -> bool:
    """Tell whether a room is called as that of a request; what it holds is to be verified all the same."""
    return ID_PATTERN.fullmatch(name.removeprefix(_ROOM)) is not None and name.startswith(_ROOM)


def new_request_id(now: datetime) -> str:
    """Make an opaque id for a request of this year (UTC); whether it is free, the register knows."""
    characters = "".join(secrets.choice(_ALPHABET) for _ in range(6))
    return f"ROG-{whole_utc(now).year:04}-{characters}"
