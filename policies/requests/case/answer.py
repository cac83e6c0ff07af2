"""An answer to a request as it goes over the wire: the object `org.rogatory.answer` (design section 6)."""

from __future__ import annotations

import re
from datetime import date

import msgspec

from policies.trust.manifest_members import require, require_unique
from policies.trust.times import UtcTime, require_utc
from policies.user_id import is_user_id

ANSWER_KEY = "org.rogatory.answer"
"""Where an event's content carries an answer."""

VERSION = 1

_SHA256 = re.compile(r"[0-9a-f]{64}")
_LONGEST_NAME = 255


class AttachedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that belongs to an answer: its name, its bytes, and their SHA-256 in lowercase hex.

    The file itself travels in an event of its own; its hash here ties it to the signature.
    """

    name: str
    size: int
    sha256: str

    def __post_init__(self) -> None:
        named = 0 < len(self.name) <= _LONGEST_NAME and len(self.name.splitlines()) == 1
        require(named, f"the name of a file is one line of at most {_LONGEST_NAME} characters")
        require(self.size >= 0, "the size of a file is negative")
        require(_SHA256.fullmatch(self.sha256), "the sha256 of a file is not 64 lowercase hex digits")


class SignedAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer: a receipt, a consultation, a postponement, a final outcome; `outcome` says which.

    `details` are under the names that the outcome carries. `attachments` are a field of their own, not among
    the details: whoever exports or verifies a case finds every file in one place, whatever the outcome.
    `next_date` is the day by which the State will be heard of again. `answerer` is a user id, and the signer.
    `request_sha256` is the hash of the signed bytes of the request, `body_sha256` that of the text that
    people read, both in unpadded Base64.
    """

    v: int
    request_id: str
    request_sha256: str
    outcome: str
    details: dict[str, object]
    answered_at: UtcTime
    answerer: str
    room_id: str
    attachments: tuple[AttachedFile, ...] = ()
    next_date: date | None = None
    body_sha256: str = ""
    signatures: dict[str, dict[str, str]] = {}

    def __post_init__(self) -> None:
        require(self.v == VERSION, f"version {self.v} is not {VERSION}: this program may be too old")
        require(is_user_id(self.answerer), f"{self.answerer[:80]!r} is not a user id")
        require("next_date" not in self.details, "next_date stands beside the details, not among them")
        require("attachments" not in self.details, "attachments stand beside the details, not among them")
        require_unique("file", [each.name for each in self.attachments])
        require_utc(self.answered_at)

    @property
    def signed_at(self) -> UtcTime:
        """When it was signed, as its signer says."""
        return self.answered_at

    @property
    def carried(self) -> dict[str, object]:
        """The details as the check of an answer looks for them, the next date among them."""
        return self.details | ({"next_date": self.next_date.isoformat()} if self.next_date else {})
