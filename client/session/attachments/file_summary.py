"""What a message says of the file that it brings: `m.file` and its three kin (Matrix spec, "m.room.message").

Apart from the crypto, which a screen that lists messages need not load.
"""

from __future__ import annotations

from dataclasses import dataclass

from client.session.attachments.file_name import safe_file_name
from client.session.events import Content

FILE_KINDS = ("file", "image", "audio", "video")
"""The kinds of files, as in the message types `m.file` and so on."""
_MOST_BYTES = 2**53
"""Canonical JSON has no larger integer."""


@dataclass(frozen=True)
class FileSummary:
    """What a message says of its file, before anything is fetched.

    `name` is safe as a file name. `size` in bytes is what the sender claims, None without a sound claim.
    """

    kind: str
    name: str
    size: int | None
    caption: str | None


def file_summary(content: Content) -> FileSummary | None:
    """Return what the content of an `m.room.message` says of its file; None where it brings none."""
    message_type = content.get("msgtype")
    kind = str(message_type).removeprefix("m.")
    if kind not in FILE_KINDS or message_type != f"m.{kind}":
        return None
    body, filename = content.get("body"), content.get("filename")
    caption = body if isinstance(body, str) and isinstance(filename, str) and body != filename else None
    name = filename if isinstance(filename, str) else body
    info = content.get("info")
    size = info.get("size") if isinstance(info, dict) else None
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size < _MOST_BYTES:
        size = None
    return FileSummary(
        kind=kind,
        name=safe_file_name(name if isinstance(name, str) else ""),
        size=size,
        caption=caption or None,
    )
