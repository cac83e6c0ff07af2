"""The verdict on an export in words and as JSON: what it proves, by whose word, and what not."""

from __future__ import annotations

from collections.abc import Iterator

from client.views.cases import view_case
from client.views.safe_text import single_line
from policies.requests.export.bound import Proof
from policies.requests.export.verdict import VerifiedExport
from policies.trust.times import format_time

_LONG = 300


def verdict_object(export: VerifiedExport) -> dict[str, object]:
    """Return what `rogatory export --verify --json` says; `case` as `request show` does, when exported."""
    case = view_case(export.case, export.exported_at).as_object()
    return {
        "ok": True,
        "request_id": export.case.request.id,
        "state": export.case.state.value,
        "sha256": export.sha256,
        "network": export.manifest.network,
        "manifest_serial": export.manifest.serial,
        "root_public_key": export.root_public_key,
        "development": export.manifest.development,
        "exporter": export.exporter,
        "exported_at": format_time(export.exported_at),
        "index_signed_by": _proof(export, export.exporter_signature),
        "signatures": [_proof(export, proof) for proof in export.proofs.values()],
        "files": [
            {
                "name": file.name,
                "sha256": file.sha256,
                "size": file.size,
                "enclosed": file.sha256 not in export.missing,
            }
            for file in export.files
        ],
        "complete": export.is_complete,
        "said_by_exporter": list(export.said_by_exporter),
        "cautions": list(export.cautions),
        "case": case,
    }


def verdict_lines(export: VerifiedExport) -> Iterator[str]:
    """Yield the verdict for a person, cautions first, then the case."""
    yield "The export holds: every signature, hash and attestation in it, up to the network's root."
    yield from export.cautions
    manifest = export.manifest
    issued = format_time(manifest.issued_at)
    yield f"Network {single_line(manifest.network)}, manifest {manifest.serial} of {issued}"
    yield f"Key of its root: {single_line(export.root_public_key)}"
    exporter = single_line(export.exporter, most_characters=_LONG)
    yield f"Exported {format_time(export.exported_at)} by {exporter}; SHA-256 {export.sha256}"
    yield "Signatures that hold"
    for proof in export.proofs.values():
        yield f"  {_proof_line(export, proof)}"
    if export.exporter_signature is not None:
        yield f"  {_proof_line(export, export.exporter_signature)} (the index)"
    yield "Files"
    for file in export.files:
        where = "not enclosed" if file.sha256 in export.missing else "enclosed"
        yield f"  {single_line(file.name, most_characters=_LONG)}: {where}, sha256 {file.sha256}"
    if not export.files:
        yield "  none"
    yield "The exporter's word" if export.exporter_signature else "Nobody's word"
    yield from (f"  {each}" for each in export.said_by_exporter)
    yield from view_case(export.case, export.exported_at).lines()


def _proof(export: VerifiedExport, proof: Proof | None) -> dict[str, object] | None:
    if proof is None:
        return None
    attestation = export.attested.get(proof.event_id)
    attested = attestation is not None and attestation.user_id == proof.signer
    return {
        "event_id": proof.event_id or None,
        "signer": proof.signer,
        "key_id": proof.key_id,
        "public_key": proof.public_key,
        "signed_at": format_time(proof.signed_at),
        "attested_by": attestation.authority if attestation and attested else None,
    }


def _proof_line(export: VerifiedExport, proof: Proof) -> str:
    said = _proof(export, proof) or {}
    by = f", attested by {said['attested_by']}" if said.get("attested_by") else ""
    signer = single_line(proof.signer, most_characters=_LONG)
    return f"{format_time(proof.signed_at)}  {signer}, key {proof.public_key}{by}"
