"""Does an export prove its case? With nothing but its bytes and the network root's public key."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

import msgspec

from policies.requests.case.case import Case
from policies.requests.case.received import Received
from policies.requests.case.reduce import reduce_case
from policies.requests.case.standing import Standing
from policies.requests.errors import CaseNotOpened, CommunicationRefused
from policies.requests.export.bound import Proof, bound_attestation, bound_manifest, bound_message
from policies.requests.export.case_files import CaseFileName, files_of
from policies.requests.export.compose import in_order, needed_attestations
from policies.requests.export.container import Member, read_container
from policies.requests.export.errors import ExportAltered, ExportIncomplete, ExportUnproven
from policies.requests.export.exporter import attested_at, exporter_proof
from policies.requests.export.index import MANIFEST, Index
from policies.requests.export.message import message_bytes, read_message
from policies.requests.export.parts import Parts, read_parts
from policies.requests.export.verdict import VerifiedExport
from policies.trust import canonical_json
from policies.trust.attestation import Attestation
from policies.trust.errors import CanonicalJsonError, ManifestRejected
from policies.trust.manifest import Manifest, read_manifest


def verify_export(data: bytes, root_public_key: str) -> VerifiedExport:
    """Prove an export, each part of it, and return what it proves.

    `root_public_key` is the network root's, in unpadded Base64. A manifest of a development root is accepted,
    and named as such: what it proves is worth what that root is. Whoever signed had to be entitled when they
    signed, the manifest to be valid when the case was exported; that all of it has ended since is no matter.
    Raises the ExportError that says why not.
    """
    parts = read_parts(read_container(data))
    index = parts.index
    manifest = _manifest(parts.manifest, root_public_key, index.exported_at)
    messages = _messages(parts.messages, index.room_id)
    attestations = _attestations(parts.attestations, needed_attestations(messages, index.exporter), manifest)
    standing = Standing(manifest=manifest, attestations=tuple(attestations))
    case = _case(messages, index, standing)
    proofs = _proofs(messages, case, standing)
    return VerifiedExport(
        sha256=hashlib.sha256(data).hexdigest(),
        root_public_key=root_public_key,
        case=case,
        manifest=manifest,
        exporter=index.exporter,
        exported_at=index.exported_at,
        exporter_signature=exporter_proof(parts.signed_index, index, standing),
        messages=messages,
        proofs=proofs,
        attested=_attested(case, index, standing),
        files=_files(parts, case),
        missing=frozenset(index.missing),
    )


def _manifest(member: Member, root_public_key: str, at: datetime) -> Manifest:
    if bound_manifest(member.content, root_public_key) != _canonical(member):
        raise ExportUnproven(
            "The export does not hold.",
            why="Its manifest is not signed by the network's root that is pinned or given here.",
            remedy="See that the root's key is the right one. If it is, believe nothing in the export.",
        )
    try:
        return read_manifest(member.content, root_public_key, now=at, accept_development=True)
    except ManifestRejected as rejected:
        raise ExportUnproven("The export does not hold.", why=f"{rejected.what} {rejected.why}") from None


def _messages(members: Iterable[Member], room_id: str) -> tuple[Received, ...]:
    messages = []
    for member in members:
        try:
            received = read_message(member.content, room_id)
        except (CanonicalJsonError, msgspec.ValidationError, ValueError, RecursionError):
            raise _altered(member) from None
        if message_bytes(received) != member.content:
            raise _altered(member)
        messages.append(received)
    if in_order(messages) != messages:
        raise ExportIncomplete(
            "The export does not hold.", why="Its messages are not in order, double, or of another kind."
        )
    return tuple(messages)


def _attestations(
    members: Iterable[Member], needed: frozenset[str], manifest: Manifest
) -> Iterable[dict[str, object]]:
    before = b""
    for member in members:
        attestation = _canonical(member)
        if bound_attestation(attestation, manifest) != attestation:
            why = f"{member.name} is not signed by its authority, or has more than the signature binds."
            raise ExportUnproven("The export does not hold.", why=why)
        if attestation.get("user_id") not in needed or member.content <= before:
            why = f"{member.name} does not belong to it, is double or not in order."
            raise ExportIncomplete("The export does not hold.", why=why)
        before = member.content
        yield attestation


def _case(messages: Iterable[Received], index: Index, standing: Standing) -> Case:
    try:
        case = reduce_case(messages, room_id=index.room_id, standing=standing)
    except CaseNotOpened as error:
        raise ExportUnproven("The export does not hold.", why=f"{error.what} {error.why}") from None
    if case.request.id != index.request_id:
        why = f"It says that it is of {index.request_id}, and has {case.request.id}."
        raise ExportUnproven("The export does not hold.", why=why)
    return case


def _proofs(messages: Iterable[Received], case: Case, standing: Standing) -> dict[str, Proof]:
    """Return whose signature binds each message that holds; nothing else may stand in one."""
    refused = {each.event_id for each in case.refused}
    proofs = {}
    for received in messages:
        if received.event_id in refused:
            continue
        try:
            bound, proof = bound_message(received, case.request, standing)
        except CommunicationRefused as error:
            raise ExportUnproven("The export does not hold.", why=f"{error.what} {error.why}") from None
        if bound.content != received.content:
            why = f"{received.event_id[:80]!a} carries more than what its signature binds."
            raise ExportUnproven("The export does not hold.", why=why)
        proofs[received.event_id] = proof
    return proofs


def _attested(case: Case, index: Index, standing: Standing) -> dict[str, Attestation]:
    answered = [(e.event_id, e.answer.answerer, e.at) for e in case.answers if e.answer is not None]
    wanted = [*answered, ("", index.exporter, index.exported_at)]
    found = {name: attested_at(standing, user_id, at) for name, user_id, at in wanted}
    return {name: attestation for name, attestation in found.items() if attestation is not None}


def _files(parts: Parts, case: Case) -> tuple[CaseFileName, ...]:
    """Return the files that the case names, once those that are enclosed are found to be exactly they."""
    files = files_of(case)
    wanted = {each.sha256 for each in files}
    names = [f"attachments/{sha256}" for sha256 in sorted(wanted - set(parts.index.missing))]
    if [member.name for member in parts.attachments] != names or not set(parts.index.missing) <= wanted:
        why = "The files in it are not those that its request and answers name."
        raise ExportIncomplete("The export does not hold.", why=why)
    sizes = {}
    for member in parts.attachments:
        sha256 = hashlib.sha256(member.content).hexdigest()
        if member.name != f"attachments/{sha256}":
            raise _altered(member)
        sizes[sha256] = len(member.content)
    for file in files:
        if file.size is not None and sizes.get(file.sha256, file.size) != file.size:
            why = f"The file {file.sha256} has {sizes[file.sha256]} bytes, and {file.size} were signed."
            raise ExportUnproven("The export does not hold.", why=why)
    return files


def _canonical(member: Member) -> dict[str, object]:
    try:
        value = canonical_json.decode_object(member.content)
    except CanonicalJsonError:
        raise _altered(member) from None
    if canonical_json.encode(value) != member.content:
        raise _altered(member)
    return value


def _altered(member: Member) -> ExportAltered:
    part = "its manifest" if member.name == MANIFEST else member.name
    return ExportAltered("The export was altered.", why=f"{part} is not as it was written.")
