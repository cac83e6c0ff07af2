"""The members of an export by kind, once they are found to be those that its index lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from policies.requests.export.container import Member
from policies.requests.export.errors import ExportAltered, ExportIncomplete, ExportUnreadable
from policies.requests.export.index import INDEX, MANIFEST, Index, listed
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError, TimeInvalid
from policies.trust.times import parse_time

_FOLDERS = ("attestations", "messages", "attachments")


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What is in an export; `signed_index` is the index as the object that was signed."""

    index: Index
    signed_index: Mapping[str, object]
    manifest: Member
    attestations: tuple[Member, ...]
    messages: tuple[Member, ...]
    attachments: tuple[Member, ...]


def read_parts(members: Sequence[Member]) -> Parts:
    """Sort the members of an export. Raises ExportUnreadable, ExportAltered, ExportIncomplete."""
    index, signed_index = _index(members[0])
    others = members[1:]
    if tuple(map(listed, others)) != index.members:
        raise _differs(others, index)
    folders = [[each for each in others if each.name.startswith(f"{name}/")] for name in _FOLDERS]
    ordered = [each for folder in folders for each in folder]
    numbers = [f"{name}/{n:05}.json" for name, folder in zip(_FOLDERS[:2], folders, strict=False)
               for n in range(1, len(folder) + 1)]  # fmt: skip
    named = [each.name for folder in folders[:2] for each in folder]
    if not others or others[0].name != MANIFEST or list(others[1:]) != ordered or named != numbers:
        raise ExportIncomplete(
            "The export does not hold.", why="Its parts are not named and ordered as those of an export."
        )
    return Parts(
        index=index,
        signed_index=signed_index,
        manifest=others[0],
        attestations=tuple(folders[0]),
        messages=tuple(folders[1]),
        attachments=tuple(folders[2]),
    )


def _index(member: Member) -> tuple[Index, dict[str, object]]:
    try:
        if member.name != INDEX:
            raise ValueError(f"it begins with {member.name}")
        signed = canonical_json.decode_object(member.content)
        index = msgspec.convert(signed, Index)
        parse_time(str(signed["exported_at"]))
    except (CanonicalJsonError, TimeInvalid) as error:
        raise _unreadable(f"{error.what} {error.why}") from None
    except (msgspec.ValidationError, ValueError) as error:
        raise _unreadable(f"{error}.") from None
    if canonical_json.encode(signed) != member.content:
        raise ExportAltered("The export was altered.", why="Its index is not as it was written.")
    return index, signed


def _differs(others: Sequence[Member], index: Index) -> ExportAltered | ExportIncomplete:
    """Return the error that names the first difference between the index and what is there."""
    there, said = [each.name for each in others], [each.name for each in index.members]
    if there != said:
        missing, added = sorted(set(said) - set(there)), sorted(set(there) - set(said))
        why = (
            f"{missing[0]} is missing." if missing
            else f"{added[0]} does not belong to it." if added
            else "Its parts are in another order, or double."
        )  # fmt: skip
        return ExportIncomplete("The export does not hold.", why=why)
    wrong = next(
        each.name for each, wanted in zip(others, index.members, strict=True) if listed(each) != wanted
    )
    return ExportAltered("The export was altered.", why=f"{wrong} is not the one that the index lists.")


def _unreadable(why: str) -> ExportUnreadable:
    return ExportUnreadable(
        "The file is no export that can be read.",
        why=f"Its index cannot be read: {why}",
        remedy="Update this program if it is old. If it is not, ask for the file again.",
    )
