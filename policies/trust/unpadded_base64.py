"""Unpadded Base64, read strictly: one text for one sequence of bytes (Matrix specification, appendices)."""

from __future__ import annotations

import base64
import binascii

from policies.trust.errors import Base64Invalid


def unpadded_base64(data: bytes) -> str:
    """Return standard Base64 of `data` without `=`."""
    return binascii.b2a_base64(data, newline=False).rstrip(b"=").decode()


def decode_base64(text: str) -> bytes:
    """Return the bytes of unpadded standard Base64.

    Padding, white space, the URL alphabet and stray bits at the end are refused, so that nobody can write
    the same key or signature in two ways. Raises Base64Invalid.
    """
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        data = None
    if data is None or unpadded_base64(data) != text:
        raise Base64Invalid(
            "A text is not unpadded Base64.",
            why="It has padding, a stray character or stray bits at its end.",
            remedy="Copy it again, whole and unchanged.",
        )
    return data
