"""The archive: a ZIP file in which no byte is free (APPNOTE 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).

Members are stored as they are, with the time at which ZIP's calendar begins, readable by their owner only.
The reader trusts none of the bytes that describe a member: it takes names and contents out, writes the
archive anew, and insists on the same bytes.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Sequence

import msgspec

from policies.requests.export.errors import ExportAltered, ExportTooLarge, ExportUnreadable

LARGEST = 2**30
"""Bytes of an archive: it is made and proved in memory, and 4 GiB is where ZIP becomes another format."""

_NAME = re.compile(rb"[a-z0-9]+(/[a-z0-9]+)?(\.json)?")
_LONGEST_NAME = 100
_MOST_MEMBERS = 60_000

_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_VERSION, _MADE_ON_UNIX, _FIRST_DAY = 20, 3 << 8, (1 << 5) | 1
_FOR_THE_OWNER = 0o100600 << 16
_COMMON = struct.Struct("<HHHHHIIIHH")
"""Version needed, flags, method, time, day, CRC-32, both sizes, lengths of name and extra field."""
_CENTRAL_TAIL = struct.Struct("<HHHII")
"""Length of comment, disk, internal and external attributes, offset of the local header."""
_END_TAIL = struct.Struct("<HHHHIIH")
"""Disks (two), members (two), size and offset of the directory, length of comment."""


class Member(msgspec.Struct, frozen=True):
    """One member: its name in lowercase ASCII, and its bytes."""

    name: str
    content: bytes


def write_container(members: Sequence[Member]) -> bytes:
    """Return the one archive that has these members in this order. Raises ExportTooLarge."""
    size = sum(len(each.content) + 2 * _LONGEST_NAME + 100 for each in members)
    if size > LARGEST or len(members) > _MOST_MEMBERS:
        raise ExportTooLarge(
            "The case is too large to be exported.",
            why=f"It has some {size} bytes in {len(members)} parts, and {LARGEST} bytes are possible.",
            remedy="Save its files on their own with `rogatory save`, and export with --without-files.",
        )
    archive, directory = bytearray(), bytearray()
    for each in members:
        name = each.name.encode()
        crc, length = zlib.crc32(each.content), len(each.content)
        common = _COMMON.pack(_VERSION, 0, 0, 0, _FIRST_DAY, crc, length, length, len(name), 0)
        offset = len(archive)
        archive += _LOCAL + common + name + each.content
        made_by = struct.pack("<H", _MADE_ON_UNIX | _VERSION)
        directory += _CENTRAL + made_by + common + _CENTRAL_TAIL.pack(0, 0, 0, _FOR_THE_OWNER, offset) + name
    count = len(members)
    end = _END + _END_TAIL.pack(0, 0, count, count, len(directory), len(archive), 0)
    return bytes(archive + directory + end)


def read_container(data: bytes) -> tuple[Member, ...]:
    """Return the members of an archive that `write_container` could have written, and none else.

    Raises ExportUnreadable, ExportAltered.
    """
    if len(data) > LARGEST:
        raise ExportUnreadable("The file is no export.", why=f"It has more than {LARGEST} bytes.")
    if not data.startswith(_LOCAL):
        raise ExportUnreadable("The file is no export.", why="It does not begin as an export does.")
    members: list[Member] = []
    at = 0
    while data[at : at + 4] == _LOCAL and len(members) <= _MOST_MEMBERS:
        member, at = _member(data, at + 4)
        members.append(member)
    if write_container(members) != data:
        raise ExportAltered(
            "The export was altered.", why="Its frame is not that of its parts: bytes were changed or added."
        )
    return tuple(members)


def _member(data: bytes, at: int) -> tuple[Member, int]:
    """Return the member whose local header goes on at a place, and the place after it."""
    begin = at + _COMMON.size
    if begin > len(data):
        raise _cut()
    length, name_length = _COMMON.unpack_from(data, at)[7:9]
    name, content = data[begin : begin + name_length], memoryview(data)[begin + name_length :][:length]
    if len(content) != length:
        raise _cut()
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise ExportAltered("The export was altered.", why=f"A part has the name {name[:40]!a}.")
    return Member(name.decode(), bytes(content)), begin + name_length + length


def _cut() -> ExportAltered:
    return ExportAltered("The export was altered.", why="It is cut short, or says that it is longer.")
