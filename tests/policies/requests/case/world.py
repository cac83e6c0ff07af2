"""A network with all organs, people with and without standing, and the messages of one request room."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec

from policies.requests.case.case import Case
from policies.requests.case.compose import compose_answer, compose_step
from policies.requests.case.envelope import signed_sha256
from policies.requests.case.received import Received
from policies.requests.case.reduce import reduce_case
from policies.requests.case.standing import Standing
from policies.requests.case.step import StepCode
from policies.requests.verdict import CONTENT_KEY, decode_request
from policies.requests.wire import compose_request
from policies.trust.attestation import sign_attestation
from policies.trust.manifest import Organ, OrganKey
from policies.trust.signing import SigningKey
from tests.policies.requests.facts import BY_NAME, Example
from tests.policies.requests.samples import ID, ROOM
from tests.policies.trust.networks import AFRICA, ATTESTATION, BEGIN, END, FOCAL_POINT, MANIFEST, NOW

__all__ = ["FOCAL_POINT", "ID", "NOW", "ROOM"]

ORGANS = ("OTP", "REGISTRY", "CHAMBER", "PRESIDENCY", "ASP_FACILITATION", "STATE")
ORGAN_KEYS = {organ: SigningKey.generate("2026a") for organ in ORGANS}
OLD_KEYS = {organ: SigningKey.generate("2025a") for organ in ORGANS}
"""Keys that ended an hour after the request was issued."""

ANSWER_KEY = SigningKey.generate("answer")
STRANGERS_KEY = SigningKey.generate("answer")
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def account(organ: str) -> str:
    return f"@{organ.lower()}:court.rogatory.test"


def _keys(organ: str) -> tuple[OrganKey, ...]:
    current, old = ORGAN_KEYS[organ], OLD_KEYS[organ]
    return (
        OrganKey(key_id=current.key_id, public_key=current.public_key, valid_from=BEGIN, valid_until=END),
        OrganKey(key_id=old.key_id, public_key=old.public_key, valid_from=BEGIN, valid_until=NOW + HOUR),
    )


WORLD = msgspec.structs.replace(
    MANIFEST,
    organs=tuple(Organ(organ=organ, user_id=account(organ), keys=_keys(organ)) for organ in ORGANS),
)


def attested(user_id: str, **changes: object) -> dict[str, object]:
    return sign_attestation(
        msgspec.structs.replace(
            ATTESTATION, **{"user_id": user_id, "answer_key": ANSWER_KEY.public_key, **changes}
        ),
        AFRICA,
    )


OTHER_STATE = "@gha.focal-point.1:africa.rogatory.test"
MODERATOR = "@moderator.1:africa.rogatory.test"
ENDING = "@sen.ending:africa.rogatory.test"
KEYLESS = "@sen.keyless:africa.rogatory.test"
REVOKED = "@sen.revoked:africa.rogatory.test"
STRANGER = "@sen.stranger:africa.rogatory.test"
SELF_ATTESTED = "@sen.self:africa.rogatory.test"

ATTESTATIONS: tuple[Mapping[str, object], ...] = (
    attested(FOCAL_POINT),
    attested(OTHER_STATE, state="GHA"),
    attested(MODERATOR, function="moderator"),
    attested(ENDING, valid_until=NOW + DAY),
    attested(KEYLESS, answer_key=None),
    attested(REVOKED),
    attested(REVOKED, valid_from=NOW + HOUR, valid_until=NOW + 2 * HOUR),
    {**attested(SELF_ATTESTED), "function": "focal-point", "state": "GHA"},
)
STANDING = Standing(manifest=WORLD, attestations=ATTESTATIONS)


@dataclass
class RequestRoom:
    """A request, and the messages of its room as they are written."""

    example: Example = BY_NAME["T13"]
    issued_at: datetime = NOW
    room_id: str = ROOM
    id: str = ID
    common: dict[str, object] = field(default_factory=dict)
    written: int = 0

    def __post_init__(self) -> None:
        self.organ = str((self.example.draft.common | self.common)["originator"])
        self.key = ORGAN_KEYS[self.organ]
        self.request: dict[str, Any] = _wired(
            compose_request(
                id=self.id,
                template=self.example.draft.template,
                room_id=self.room_id,
                issued_at=self.issued_at,
                common=self.example.draft.common | self.common,
                fields=self.example.draft.fields,
                key=self.key,
                organ=self.organ,
            )
        )
        self.sha256 = signed_sha256(self.request[CONTENT_KEY])
        self.asked = decode_request(self.request)
        self.first = self.message(self.request, account(self.organ), self.issued_at)

    def message(
        self, content: dict[str, object], sender: str, sent_at: datetime, *, event_id: str | None = None
    ) -> Received:
        self.written += 1
        return Received(
            event_id=event_id or f"$event{self.written:03}",
            sender=sender,
            room_id=self.room_id,
            sent_at=sent_at,
            content=_wired(content),
        )

    def answer(
        self,
        outcome: str,
        details: Mapping[str, object],
        at: datetime,
        *,
        by: str = FOCAL_POINT,
        key: SigningKey = ANSWER_KEY,
        sent_at: datetime | None = None,
        sender: str | None = None,
        **others: Any,
    ) -> Received:
        content = compose_answer(
            request=self.request,
            outcome=outcome,
            details=details,
            answered_at=at,
            answerer=by,
            key=key,
            **others,
        )
        return self.message(content, sender or by, sent_at or at)

    def step(
        self,
        step: StepCode,
        at: datetime,
        *,
        key: SigningKey | None = None,
        sent_at: datetime | None = None,
        sender: str | None = None,
        details: Mapping[str, object] | None = None,
        **more: object,
    ) -> Received:
        content = compose_step(
            request=self.request,
            step=step,
            occurred_at=at,
            key=key or self.key,
            details={**(details or {}), **more},
        )
        return self.message(content, sender or account(self.organ), sent_at or at)

    def case(self, *messages: Received) -> Case:
        return reduce_case(
            [self.first, *messages], room_id=self.room_id, standing=STANDING, facts=self.example.known
        )


def acknowledged(room: RequestRoom, at: datetime, **others: Any) -> Received:
    return room.answer("ACKNOWLEDGED", {"unit": "Unit 3"}, at, next_date=(at + 7 * DAY).date(), **others)


FROZEN: dict[str, object] = {
    "assets": ["EXERCISE ONLY. One account"], "date": "2026-11-24", "national_order": "12/2026",
}  # fmt: skip


def hash_of(received: Received) -> str:
    """The hash by which the signed object in a message is named."""
    [said] = [each for name, each in received.content.items() if name.startswith("org.rogatory.")]
    assert isinstance(said, dict)
    return signed_sha256(said)


def _wired(content: Mapping[str, object]) -> dict[str, Any]:
    received: dict[str, Any] = json.loads(json.dumps(content))
    return received
