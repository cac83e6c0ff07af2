"""What a verified export proves, by whose word, and what is nobody's word but the exporter's."""

from __future__ import annotations

from datetime import datetime

import msgspec

from policies.requests.case.case import Case
from policies.requests.case.received import Received
from policies.requests.export.bound import Proof
from policies.requests.export.case_files import CaseFileName
from policies.trust.attestation import Attestation
from policies.trust.manifest import Manifest


class VerifiedExport(msgspec.Struct, frozen=True, kw_only=True):
    """An export of which every part was proved. Only `verify_export` makes one.

    `sha256` is that of the whole file, in lowercase hex; `root_public_key` the key by which it is believed,
    in unpadded Base64. `messages` are all, in the order in which they were sent, `proofs` the signatures of
    those that hold, by event id. `attested` are the attestations by which answers and the exporter were
    judged, as they held at that time, by event id ("" for the exporter). `exporter_signature` is None where
    nobody has signed the index.
    """

    sha256: str
    root_public_key: str
    case: Case
    manifest: Manifest
    exporter: str
    exported_at: datetime
    exporter_signature: Proof | None
    messages: tuple[Received, ...]
    proofs: dict[str, Proof]
    attested: dict[str, Attestation]
    files: tuple[CaseFileName, ...]
    missing: frozenset[str]

    @property
    def is_complete(self) -> bool:
        """Whether every file that a signer names is in it."""
        return not self.missing

    @property
    def said_by_exporter(self) -> tuple[str, ...]:
        """What no signer could bind: it is the exporter's word, or nobody's where the index is unsigned."""
        refused = len(self.case.refused)
        return (
            "under which event id, from which account and when each message came",
            *((f"that {refused} refused messages came, and what they say",) if refused else ()),
            "when it was exported",
            "that nothing of the case is left out",
            *((f"that {len(self.missing)} files were not to be had",) if self.missing else ()),
        )

    @property
    def cautions(self) -> tuple[str, ...]:
        """What a reader must know beside it."""
        said = []
        if self.manifest.development:
            said.append(
                "DEVELOPMENT ROOT: the network's root key protects nothing; this proves no real case."
            )
        if self.exporter_signature is None:
            said.append("Nobody has signed the index: what only the exporter says is nobody's word.")
        if self.missing:
            said.append(f"Files that are named in the case and not enclosed: {len(self.missing)}.")
        return tuple(said)
