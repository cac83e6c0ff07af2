"""The message that brings a file, written and read (Matrix spec, "Sending encrypted attachments")."""

from __future__ import annotations

import mimetypes

from client.session.attachments.encrypted_file import (
    EncryptedFile,
    FileKey,
    MediaAddress,
    read_encrypted_file,
)
from client.session.attachments.file_summary import FILE_KINDS, FileSummary, file_summary
from client.session.errors import NotAnAttachment
from client.session.events import Content, Json, TimelineEvent, Trust


def file_content(name: str, size: int, key: FileKey, caption: str | None) -> dict[str, Json]:
    """Return the content of the message that brings a file of `size` bytes, once it `has_address`."""
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    kind = media_type.partition("/")[0]
    return {
        "msgtype": f"m.{kind}" if kind in FILE_KINDS else "m.file",
        "body": caption or name,
        "filename": name,
        "file": key.content(),
        "info": {"size": size, "mimetype": media_type},
    }


def at_address(content: Content, address: MediaAddress) -> dict[str, Json]:
    """Return the content of a message of ours whose file has been uploaded."""
    return {**content, "file": {**_file(content), "url": str(address)}}


def has_address(content: Content) -> bool:
    """Tell whether the file of a message of ours has been uploaded."""
    return "url" in _file(content)


def ciphertext_hash(content: Content) -> Json:
    """Return the SHA-256 that a message of ours gives for its file, in unpadded Base64."""
    hashes = _file(content)["hashes"]
    return hashes["sha256"] if isinstance(hashes, dict) else None


def read_file_message(event: TimelineEvent) -> tuple[FileSummary, EncryptedFile]:
    """Return what an event says of its file, and what opens it. Raises NotAnAttachment, naming the field."""
    if event.trust is Trust.UNDECRYPTABLE:
        raise _refused(event, f"This device cannot read it: {event.reason or 'its key is not here'}")
    summary = file_summary(event.content) if event.type == "m.room.message" else None
    if summary is None:
        found = str(event.content.get("msgtype", event.type))[:100]
        raise _refused(event, f"It is of the type {found!r}, which brings no file.")
    if "file" not in event.content:
        other = " `url` names a file that is not encrypted." if "url" in event.content else ""
        raise _refused(event, f"`file`: It is missing.{other}")
    try:
        return summary, read_encrypted_file(event.content["file"])
    except ValueError as error:
        raise _refused(event, f"{error}.") from None


def _file(content: Content) -> dict[str, Json]:
    file = content["file"]
    if not isinstance(file, dict):
        raise TypeError("`file` is no object: the message is not of file_content")
    return file


def _refused(event: TimelineEvent, why: str) -> NotAnAttachment:
    return NotAnAttachment(
        f"There is no file to be had from {event.event_id}.",
        why=why,
        remedy="Choose another message, or ask its sender to send the file again.",
    )
