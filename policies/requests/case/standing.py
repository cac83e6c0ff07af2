"""Who may answer a request, and with which key, at a certain time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from policies.network.roles import RoleCode
from policies.requests.case.refusal import Refusal
from policies.requests.court_request import CourtRequest
from policies.requests.errors import CommunicationRefused
from policies.trust.attestation import Attestation, read_attestation
from policies.trust.errors import AttestationExpired, AttestationNotYetValid, AttestationRejected
from policies.trust.manifest import Manifest
from policies.trust.signing import signing_bytes
from policies.trust.times import format_time

_ADDRESSED_TO_THE_COURT = "T18"
"""The one template with which a State asks the Court (article 93(10))."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """What decides who may answer: the pinned `manifest`, and the contents of all `attestations` known.

    An attestation counts by what its authority signed, whoever published it: the newest that had begun at the
    time in question, also when it has ended or names another key. So a later one takes an earlier one back.
    """

    manifest: Manifest
    attestations: tuple[Mapping[str, object], ...] = ()

    def answer_keys(self, answerer: str, request: CourtRequest, at: datetime) -> tuple[str, ...]:
        """Return the public keys with which `answerer` may answer `request` at that time.

        A State's request to the Court (T18) is answered by an organ, with a key of the manifest; every other
        by an attested focal point of the State that is asked. Raises CommunicationRefused.
        """
        if request.template.partition("@")[0] == _ADDRESSED_TO_THE_COURT:
            return self._organ_keys(answerer, at)
        attestation = self._attestation(answerer, at)
        asked = request.common.get("requested_state")
        if attestation.state is None or (asked is not None and attestation.state != asked):
            why = f"{answerer} is attested for {attestation.state or 'no State'}, and {asked} is asked."
            raise _refused(Refusal.OTHER_STATE, why)
        if attestation.function != RoleCode.FOCAL_POINT:
            why = f"{answerer} is attested as {attestation.function[:80]!r}, not as a focal point."
            raise _refused(Refusal.NOT_FOCAL_POINT, why)
        if attestation.answer_key is None:
            raise _refused(Refusal.NO_ANSWER_KEY, f"The attestation of {answerer} names no key for answers.")
        return (attestation.answer_key,)

    def knowing(self, attestation: Mapping[str, object]) -> Standing:
        """Return the standing that knows one attestation more."""
        if attestation in self.attestations:
            return self
        return msgspec.structs.replace(self, attestations=(*self.attestations, attestation))

    def statement(self, user_id: str, at: datetime) -> Mapping[str, object] | None:
        """Return the attestation of a user that counts at that time, as signed; None where there is none."""
        begun = sorted(self._begun(user_id, at), key=lambda each: each[0], reverse=True)
        return begun[0][2] if begun else None

    def _organ_keys(self, answerer: str, at: datetime) -> tuple[str, ...]:
        organs = [organ for organ in self.manifest.organs if organ.user_id == answerer]
        if not organs:
            raise _refused(Refusal.NOT_ATTESTED, f"{answerer} is no organ of the Court, which is asked here.")
        keys = tuple(key.public_key for organ in organs for key in organ.keys if key.valid_at(at))
        if not keys:
            why = f"The manifest gives {answerer} no key that was valid at {format_time(at)}."
            raise _refused(Refusal.KEY_OUT_OF_DATE, why)
        return keys

    def _attestation(self, user_id: str, at: datetime) -> Attestation:
        """Return the attestation that counts at that time."""
        begun = sorted(self._begun(user_id, at), key=lambda each: each[0], reverse=True)
        if not begun:
            why = f"No region has attested {user_id} at {format_time(at)}."
            raise _refused(Refusal.NOT_ATTESTED, why)
        newest = begun[0][1]
        if newest is None:
            why = f"The attestation of {user_id} had ended at {format_time(at)}."
            raise _refused(Refusal.ATTESTATION_EXPIRED, why)
        return newest

    def _begun(
        self, user_id: str, at: datetime
    ) -> Iterable[tuple[tuple[str, bytes], Attestation | None, Mapping[str, object]]]:
        """Yield each genuine attestation that had begun: its order, what it says, and as it was signed.

        What it says is None when it had ended.
        """
        for content in self.attestations:
            if content.get("user_id") != user_id:
                continue
            try:
                found: Attestation | None = read_attestation(content, self.manifest, now=at)
            except AttestationExpired:
                found = None
            except (AttestationRejected, AttestationNotYetValid):
                continue
            yield (str(content["valid_from"]), signing_bytes(content)), found, content


def _refused(refusal: Refusal, why: str) -> CommunicationRefused:
    return CommunicationRefused("Nobody with standing signed the answer.", refusal=refusal, why=why)
