"""A register of a past reporting year: requests to many States, answered or not, as the bot records them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec

from bridge.register import Register
from bridge.register_event import EventKind
from policies.network.load import load_regions
from policies.requests.case.answer import ANSWER_KEY, SignedAnswer
from policies.requests.case.step import EVENT_KEY, CourtStep, StepCode
from policies.trust import canonical_json
from tests.policies.requests.samples import ROOM, sample_content, sample_draft

BEGIN = datetime(2019, 9, 1, tzinfo=UTC)
END = datetime(2020, 9, 1, tzinfo=UTC)
TITLE = "2019-2020"
STATES = tuple(state for region in load_regions().values() for state in region.states)
FOCAL_POINT = "@sen.focal-point.1:africa.rogatory.test"
HASH = "A" * 43
SIGNATURE = "A" * 86
TEMPLATES = ("T13@1.0", "T13@1.0", "T10@1.0", "T05@1.0", "T16@1.0")
"""What is asked for most is asked for more often."""


@dataclass
class Clock:
    """A register's clock, which the test moves."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        return self.now


def fill(register: Register, clock: Clock, requests: int, *, seed: int = 1) -> None:
    """Record so many requests, evenly over the year; at the end the clock stands in the next year."""
    for at, request_id, kind, payload in events(requests, seed=seed):
        clock.now = at
        register.append(kind, request_id, payload)
    clock.now = END + timedelta(days=60)


def events(requests: int, *, seed: int = 1) -> Iterator[tuple[datetime, str, EventKind, dict[str, object]]]:
    """Yield what happens to so many requests: when it is recorded, of which request, and what."""
    chance = Random(seed)  # noqa: S311 # no secret: the same register each time
    content = canonical_json.encode(sample_content()).decode()
    pause = (END - BEGIN - timedelta(days=40)) / requests
    for number in range(requests):
        for second, (kind, payload) in enumerate(_life(number, chance, content)):
            yield BEGIN + number * pause + timedelta(seconds=second), f"ROG-2019-{number:06}", kind, payload


def intended(number: int, state: str) -> dict[str, object]:
    """The intent of a request; one in ten is under seal."""
    draft = sample_draft()
    level = "UNDER_SEAL" if number % 10 == 9 else "CONFIDENTIAL"
    common = draft.common | {
        "confidentiality": level,
        "requested_state": state,
        "priority": ("P4", "P4", "P2")[number % 3],
        "originator": ("OTP", "OTP", "CHAMBER")[number % 3],
    }
    draft = msgspec.structs.replace(draft, common=common, template=TEMPLATES[number % len(TEMPLATES)])
    return {"draft": msgspec.to_builtins(draft), "addressees": [FOCAL_POINT]}


def _life(number: int, chance: Random, content: str) -> Iterator[tuple[EventKind, dict[str, object]]]:
    """Yield the events of one request: posted, delivered, received, answered as far as it has come."""
    event_ids = (f"$event{number}.{count}" for count in itertools.count())
    at = BEGIN + timedelta(days=30)
    yield EventKind.INTENDED, intended(number, chance.choice(STATES))
    yield EventKind.ROOM_OPENED, {"room_id": f"!room{number}"}
    yield EventKind.INVITED, {"user_id": FOCAL_POINT}
    yield EventKind.SIGNED, {"content": content}
    yield EventKind.POSTED, {"event_id": next(event_ids)}
    yield EventKind.DELIVERED, {}
    yield from step(StepCode.DELIVERED, {}, at)
    if chance.random() < 0.8:
        yield from answer("ACKNOWLEDGED", {"unit": "Unit 3"}, at + timedelta(days=2), next(event_ids))
    if chance.random() < 0.2:
        said: dict[str, object] = {"sub_code": "a", "question": "Which?", "proposed_solution": "Say."}
        yield from answer("CONSULT_97", said, at + timedelta(days=5), next(event_ids))
        yield from step(StepCode.CONSULTATION_ANSWERED, {"reply": "This."}, at + timedelta(days=15))
    if chance.random() < 0.6:
        found: dict[str, object] = {"steps_taken": "EXERCISE ONLY. The registry was searched."}
        days = chance.randrange(20, 200)
        yield from answer("UNABLE_NO_RESULT", found, at + timedelta(days=days), next(event_ids))
        yield from step(StepCode.CLOSED, {"answer_sha256": HASH}, at + timedelta(days=days + 1))


def answer(
    outcome: str, details: dict[str, object], at: datetime, event_id: str, *, refusal: str | None = None
) -> Iterator[tuple[EventKind, dict[str, object]]]:
    """Yield what is recorded of an answer: received, and judged."""
    said = SignedAnswer(
        v=1, request_id="ROG-2019-000000", request_sha256=HASH, outcome=outcome, details=details,
        answered_at=at, answerer=FOCAL_POINT, room_id=ROOM, body_sha256=HASH,
        signatures={FOCAL_POINT: {"ed25519:answer": SIGNATURE}},
    )  # fmt: skip
    content = _content(ANSWER_KEY, said)
    yield (
        EventKind.RECEIVED,
        {
            "event_id": event_id,
            "sender": FOCAL_POINT,
            "sent_at": int(at.timestamp()) * 1000,
            "content": content,
        },
    )
    judged = {"event_id": event_id, "refusal": refusal, "reason": refusal, "state": "in-progress"}
    yield EventKind.JUDGED, {**judged, "attestations": []}


def step(
    code: StepCode, details: dict[str, object], at: datetime
) -> Iterator[tuple[EventKind, dict[str, object]]]:
    """Yield what is recorded of a step of the Court: signed, and posted."""
    said = CourtStep(
        v=1, request_id="ROG-2019-000000", request_sha256=HASH, step=code, details=details, occurred_at=at,
        organ="OTP", room_id=ROOM, body_sha256=HASH, signatures={"OTP": {"ed25519:2026a": SIGNATURE}},
    )  # fmt: skip
    name = f"org.rogatory.step.{code}.{at.timestamp():.0f}"
    yield (
        EventKind.STEP_SIGNED,
        {"transaction_id": name, "content": _content(EVENT_KEY, said), "state": "in-progress"},
    )
    yield EventKind.STEP_POSTED, {"transaction_id": name, "event_id": f"$posted.{name}"}


def _content(key: str, said: SignedAnswer | CourtStep) -> str:
    body = "A text of the length that such a message has, for people to read. " * 8
    content: dict[str, Any] = {"msgtype": "m.notice", "body": body, key: canonical_json.from_struct(said)}
    return canonical_json.encode(content).decode()
