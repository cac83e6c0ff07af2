"""Who vouches for what only the exporter can say: an organ of the Court, or an attested person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from policies.requests.case.standing import Standing
from policies.requests.export.bound import ANSWER_KEY_NAME, Proof
from policies.requests.export.errors import ExportUnproven
from policies.requests.export.index import Index
from policies.trust.attestation import Attestation, read_attestation
from policies.trust.errors import AttestationRejected, SignatureInvalid
from policies.trust.signing import verify_object


def exporter_proof(signed: Mapping[str, object], index: Index, standing: Standing) -> Proof | None:
    """Return whose signature binds the index, None where it has none.

    One that does not hold is worse than none: raises ExportUnproven.
    """
    if not index.signatures:
        return None
    names = [(signer, key_id) for signer, of_signer in index.signatures.items() for key_id in of_signer]
    for signer, key_id, public_key in exporter_keys(standing, index.exporter, index.exported_at):
        if names != [(signer, key_id)]:
            continue
        try:
            verify_object(signed, signer, key_id, public_key)
        except SignatureInvalid:
            continue
        return Proof(
            event_id="", signer=signer, key_id=key_id, public_key=public_key, signed_at=index.exported_at
        )
    why = "Its index is not signed by a key that its exporter had when it was exported, or was altered."
    raise ExportUnproven("The export does not hold.", why=why)


def exporter_keys(standing: Standing, exporter: str, at: datetime) -> list[tuple[str, str, str]]:
    """Return the keys with which somebody can sign an export at a time: signer, key id, public key."""
    keys = [
        (organ.organ, key.key_id, key.public_key)
        for organ in standing.manifest.organs
        if organ.user_id == exporter
        for key in organ.keys
        if key.valid_at(at)
    ]
    attestation = attested_at(standing, exporter, at)
    if attestation is not None and attestation.answer_key is not None:
        keys.append((exporter, ANSWER_KEY_NAME, attestation.answer_key))
    return keys


def attested_at(standing: Standing, user_id: str, at: datetime) -> Attestation | None:
    """Return what the attestation of a user says that counted at a time, None where none held."""
    statement = standing.statement(user_id, at)
    try:
        return None if statement is None else read_attestation(statement, standing.manifest, now=at)
    except AttestationRejected:
        return None
