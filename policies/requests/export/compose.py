"""Puts a case together for export: only what belongs, each part in its one form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.case import Case
from policies.requests.case.received import Received
from policies.requests.case.reduce import reduce_case
from policies.requests.case.standing import Standing
from policies.requests.case.step import EVENT_KEY
from policies.requests.case.step_details import ReceivedAnswer
from policies.requests.export.bound import bound_attestation, bound_manifest, bound_message
from policies.requests.export.case_files import files_of
from policies.requests.export.container import Member, write_container
from policies.requests.export.errors import ExportUnproven
from policies.requests.export.exporter import exporter_proof
from policies.requests.export.index import INDEX, KIND, MANIFEST, VERSION, Index, listed
from policies.requests.export.message import in_milliseconds, message_bytes
from policies.requests.verdict import CONTENT_KEY
from policies.trust import canonical_json
from policies.trust.manifest import Manifest
from policies.trust.times import whole_utc

_KEYS = frozenset({CONTENT_KEY, ANSWER_KEY, EVENT_KEY})


class DraftExport(msgspec.Struct, frozen=True, kw_only=True):
    """An export before its exporter has signed the `index`; `members` are all others."""

    index: dict[str, object]
    members: tuple[Member, ...]
    standing: Standing


def draft_export(
    messages: Iterable[Received],
    *,
    room_id: str,
    standing: Standing,
    manifest: bytes,
    root_public_key: str,
    files: Mapping[str, bytes],
    exporter: str,
    exported_at: datetime,
) -> DraftExport:
    """Return the export of the case that the messages of the room `room_id` add up to.

    `standing` is what they are judged by, `manifest` the file of its manifest. `files` has the contents of
    the case's files by their SHA-256 in lowercase hex; what of them is not there is listed as missing.
    Raises CaseNotOpened, ExportUnproven when the manifest is not the root's.
    """
    ordered = in_order(messages)
    case = reduce_case(ordered, room_id=room_id, standing=standing)
    known = _knowing_receipts(standing, case)
    refused = {each.event_id for each in case.refused}
    kept = [
        each if each.event_id in refused else bound_message(each, case.request, known)[0] for each in ordered
    ]
    wanted = {each.sha256 for each in files_of(case)}
    members = (
        _manifest_member(manifest, root_public_key),
        *attestation_members(known.attestations, needed_attestations(kept, exporter), standing.manifest),
        *numbered("messages", (message_bytes(each) for each in kept)),
        *(Member(f"attachments/{sha256}", files[sha256]) for sha256 in sorted(wanted & files.keys())),
    )
    index = Index(
        kind=KIND,
        v=VERSION,
        request_id=case.request.id,
        room_id=room_id,
        exporter=exporter,
        exported_at=whole_utc(exported_at),
        members=tuple(map(listed, members)),
        missing=tuple(sorted(wanted - files.keys())),
        signatures={},
    )
    return DraftExport(index=canonical_json.from_struct(index), members=members, standing=known)


def finished_export(draft: DraftExport, signed: Mapping[str, object] | None) -> bytes:
    """Return the file of an export with its index as the exporter has `signed` it.

    Where nobody has, or with a key that is not theirs by the manifest and the attestations, the index stays
    unsigned, and the verdict says so. Raises ExportTooLarge.
    """
    index = draft.index
    if signed is not None and _is_exporters(signed, draft.standing):
        index = dict(signed)
    return write_container([Member(INDEX, canonical_json.encode(index)), *draft.members])


def _is_exporters(signed: Mapping[str, object], standing: Standing) -> bool:
    try:
        return exporter_proof(signed, msgspec.convert(dict(signed), Index), standing) is not None
    except ExportUnproven:
        return False


def in_order(messages: Iterable[Received]) -> list[Received]:
    """Return the messages that concern a case, each once, in the order in which they were sent."""
    by_id: dict[str, Received] = {}
    for received in messages:
        if _KEYS & received.content.keys():
            by_id.setdefault(received.event_id, in_milliseconds(received))
    return sorted(by_id.values(), key=lambda each: (each.sent_at, each.event_id))


def needed_attestations(messages: Iterable[Received], exporter: str) -> frozenset[str]:
    """Return the users whose attestations belong to an export: who has answered, and the exporter."""
    said = (received.content.get(ANSWER_KEY) for received in messages)
    names = (each.get("answerer") for each in said if isinstance(each, Mapping))
    return frozenset({exporter, *(name for name in names if isinstance(name, str))})


def attestation_members(
    attestations: Iterable[Mapping[str, object]], needed: frozenset[str], manifest: Manifest
) -> tuple[Member, ...]:
    """Return the genuine attestations of the users that are needed, in one order, as members."""
    genuine = (bound_attestation(each, manifest) for each in attestations if each.get("user_id") in needed)
    return numbered("attestations", sorted({canonical_json.encode(each) for each in genuine if each}))


def numbered(folder: str, contents: Iterable[bytes]) -> tuple[Member, ...]:
    """Return contents as members of a folder, numbered from 1."""
    return tuple(Member(f"{folder}/{n:05}.json", content) for n, content in enumerate(contents, 1))


def _knowing_receipts(standing: Standing, case: Case) -> Standing:
    """Return the standing that knows what the Court's receipts have brought too."""
    for attestation in _receipts(case):
        standing = standing.knowing(attestation)
    return standing


def _receipts(case: Case) -> Iterator[Mapping[str, object]]:
    for entry in case.steps:
        details = entry.details
        if isinstance(details, ReceivedAnswer) and details.attestation is not None:
            yield details.attestation


def _manifest_member(data: bytes, root_public_key: str) -> Member:
    bound = bound_manifest(data, root_public_key)
    if bound is None:
        raise ExportUnproven(
            "The case was not exported.",
            why="The manifest here is not signed by the network's root that is pinned here.",
            remedy="Fetch the current manifest from the network's root.",
        )
    return Member(MANIFEST, canonical_json.encode(bound))
