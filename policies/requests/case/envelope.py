"""What holds for every signed object in a request room: its size, its characters, its room, its text."""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from collections.abc import Iterator, Mapping

from policies.requests.case.refusal import Refusal
from policies.requests.court_request import CourtRequest
from policies.requests.errors import CommunicationRefused
from policies.requests.wire import LARGEST_CONTENT
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError
from policies.trust.signing import signing_bytes
from policies.trust.unpadded_base64 import unpadded_base64

_BESIDE = frozenset({"msgtype", "body", "m.mentions"})
"""What may stand beside the signed object: any other key could show text that nobody signed."""

_URL_SAFE = str.maketrans("+/", "-_")

_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Characters that turn the direction of a text, so that it is read otherwise than it was signed."""


def signed_sha256(obj: Mapping[str, object]) -> str:
    """Return the hash by which a signed object is named: SHA-256 of its signed bytes, unpadded Base64.

    Signatures are left out: whoever adds one more makes no other object. Raises CanonicalJsonError.
    """
    return unpadded_base64(hashlib.sha256(signing_bytes(obj)).digest())


def transaction_name(kind: str, sha256: str) -> str:
    """Return the transaction id under which what has this hash is sent: one event, however often tried.

    `kind` is what it is, with whatever tells it apart, in characters that a URL's path may have.
    """
    return f"org.rogatory.{kind}.{sha256.translate(_URL_SAFE)}"


def signed_object(content: Mapping[str, object], key: str) -> Mapping[str, object]:
    """Return the object under `key` of a content that one event holds and that shows nothing unsigned.

    Raises CommunicationRefused: too large, malformed, or with control characters.
    """
    try:
        size = len(canonical_json.encode(dict(content)))
    except CanonicalJsonError as error:
        raise malformed(f"{error.what} {error.why}") from None
    require_fitting(size)
    found = content.get(key)
    if not isinstance(found, Mapping):
        raise malformed(f"There is no object under {key}.")
    beside = sorted(set(content) - _BESIDE - {key})
    if "unsigned" in found or beside or content.get("msgtype") != "m.notice":
        named = ", ".join(ascii(name[:40]) for name in beside[:3])
        raise malformed(f"It carries more than what was signed: {named or 'another type or part'}.")
    require_plain({"body": content.get("body"), key: found})
    return found


def require_fitting(size: int) -> None:
    """Raise CommunicationRefused when a content of `size` bytes does not fit into one encrypted event."""
    if size > LARGEST_CONTENT:
        raise CommunicationRefused(
            "The communication is too large.",
            refusal=Refusal.TOO_LARGE,
            why=f"It has {size} bytes, and an encrypted event holds {LARGEST_CONTENT}.",
            remedy="Send long texts as files, and name those. Nothing is ever cut off.",
        )


def require_plain(value: object) -> None:
    """Raise CommunicationRefused when a text in `value` steers a screen or turns the direction of reading.

    Line feeds and tabs are allowed. The place is named, the character by its number.
    """
    for path, text in _texts(value, ""):
        for character in text:
            if character in _TURNING or (unicodedata.category(character) == "Cc" and character not in "\n\t"):
                raise CommunicationRefused(
                    "The communication holds a control character.",
                    refusal=Refusal.CONTROL_CHARACTERS,
                    why=f"It is U+{ord(character):04X}, at {path[:80]!a}.",
                )


def require_same_place(
    room_id: str, request_id: str, request_sha256: str, *, of: CourtRequest, sha256: str
) -> None:
    """Raise CommunicationRefused unless it was signed for the room and the request `of`, as issued."""
    if not _same(room_id, of.room_id):
        raise CommunicationRefused(
            "The communication belongs elsewhere.",
            refusal=Refusal.OTHER_ROOM,
            why="It was signed for another room, and has been copied into this one.",
        )
    if not (_same(request_id, of.id) and _same(request_sha256, sha256)):
        raise CommunicationRefused(
            "The communication belongs elsewhere.",
            refusal=Refusal.OTHER_REQUEST,
            why=f"It was signed for another request than {of.id} as it was issued here.",
        )


def require_same_text(body: object, body_sha256: str) -> None:
    """Raise CommunicationRefused unless the text that is shown is the one that was signed."""
    shown = body.encode() if isinstance(body, str) else b""  # canonical JSON has refused half surrogates
    if not _same(unpadded_base64(hashlib.sha256(shown).digest()), body_sha256):
        raise CommunicationRefused(
            "The communication shows another text.",
            refusal=Refusal.OTHER_TEXT,
            why="The text shown with it is not the text that was signed.",
        )


def malformed(why: str) -> CommunicationRefused:
    """Return the refusal of what is no answer or step that this version can read."""
    return CommunicationRefused("The communication cannot be read.", refusal=Refusal.MALFORMED, why=why)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(), other.encode())


def _texts(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for name, member in value.items():
            yield path, name
            yield from _texts(member, f"{path}.{name}" if path else name)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _texts(item, f"{path}[{index}]")
