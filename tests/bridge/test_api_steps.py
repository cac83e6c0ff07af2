"""The Court's steps over the HTTP API: each signed and recorded once, or refused by field and provision."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.api.tokens import Scope
from bridge.register_event import EventKind
from bridge.request_record import RequestStatus
from policies.requests.case.step import EVENT_KEY
from tests.bridge.api_client import ApiClient, Reply, Running, running_bridge, sample_body
from tests.bridge.waiting import until

ADVANCE = {
    "nature": "ADVANCE",
    "urgency": "URGENT",
    "urgency_justification": "EXERCISE ONLY. The vessel is about to sail.",
    "formal_confirmation": {"status": "pending", "channel": "DIPLOMATIC"},
}
CONFIRMED = {"channel": "DIPLOMATIC", "reference": "NV/2026/0117", "date": "2026-11-23"}
WITHDRAWN = {"reason": "It is no longer needed."}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with running_bridge(tmp_path / "register.db") as bridge:
        yield bridge


@pytest.fixture
def client(running: Running) -> ApiClient:
    return running.as_(Scope.SUBMIT, Scope.READ, Scope.STEP)


async def issued(running: Running, client: ApiClient, **common: object) -> str:
    """Issue the sample and wait until it is delivered."""
    accepted = await client.submit(sample_body(**common))
    assert accepted.status == 202, accepted.text
    request_id = str(accepted.body["id"])

    async def delivered() -> bool:
        return running.bot.register.request(request_id).status is RequestStatus.DELIVERED

    await until(delivered)
    return request_id


async def take(client: ApiClient, request_id: str, verb: str, body: object, key: str | None = None) -> Reply:
    headers = {} if key is None else {"Idempotency-Key": key}
    return await client.call("POST", f"/v1/requests/{request_id}/{verb}", body=body, headers=headers)


def signed(running: Running, request_id: str) -> int:
    events = running.bot.register.events(request_id)
    return sum(1 for event in events if event.kind is EventKind.STEP_SIGNED)


async def posted_steps(running: Running, request_id: str, count: int) -> list[dict[str, Any]]:
    """Wait until so many steps are posted in the request's room, and return what they say."""

    def steps() -> list[dict[str, Any]]:
        room_id = running.bot.register.request(request_id).room_id or ""
        contents = [event.content for event in running.server.rooms[room_id].timeline]
        return [dict(content[EVENT_KEY]) for content in contents if EVENT_KEY in content]  # type: ignore[arg-type] # JSON of our own

    async def enough() -> bool:
        return len(steps()) >= count

    await until(enough)
    return steps()


async def test_a_withdrawal_is_signed_and_posted(running: Running, client: ApiClient) -> None:
    """202 says where the case stands, the step is posted in the room, and nothing can follow."""
    request_id = await issued(running, client)
    accepted = await take(client, request_id, "withdraw", WITHDRAWN)
    assert accepted.status == 202, accepted.text
    assert accepted.headers["Location"] == f"/v1/requests/{request_id}/events"
    assert (accepted.body["step"], accepted.body["case_state"]) == ("WITHDRAWN_BY_COURT", "withdrawn")
    [step] = await posted_steps(running, request_id, 1)
    assert (step["step"], step["details"]) == ("WITHDRAWN_BY_COURT", WITHDRAWN)
    assert step["occurred_at"] == accepted.body["occurred_at"]
    shown = (await client.get(f"/v1/requests/{request_id}")).body
    assert (shown["state"], shown["case_state"]) == ("delivered", "withdrawn")
    late = await take(client, request_id, "reply", {"reply": "Late"})
    assert (late.status, late.problem) == (409, "step-out-of-order")
    assert signed(running, request_id) == 1


async def test_an_advance_copy_is_confirmed_once(running: Running, client: ApiClient) -> None:
    """The formal confirmation is noted with its reference; a second one is refused by its articles."""
    request_id = await issued(running, client, **ADVANCE)
    assert (await take(client, request_id, "confirm", CONFIRMED)).status == 202
    again = await take(client, request_id, "confirm", CONFIRMED)
    assert (again.status, again.problem) == (409, "step-out-of-order")
    [error] = again.body["errors"]
    assert (error["field"], error["basis"]) == ("formal_confirmation", "91(1), 96(1)")
    [step] = await posted_steps(running, request_id, 1)
    assert step["details"] == CONFIRMED


REFUSED: dict[str, tuple[str, Mapping[str, object], int, str, str]] = {
    "no-advance-copy": ("confirm", CONFIRMED, 409, "nature", "91(1), 96(1)"),
    "not-consulted": ("reply", {"reply": "Yes."}, 409, "state", "97"),
    "no-arrest-here": ("arrest", {"arrest_date": "2026-11-20", "source": "x"}, 409, "template", "rule 188"),
    "a-later-day": ("exhausted", {"consultations_exhausted_on": "2027-11-20"}, 409,
                    "consultations_exhausted_on", "regulation 108(2)"),
    "no-final-answer": ("close", {}, 409, "answer_sha256", "network default"),
    "nothing-to-supplement": ("supplement", {"reason": "More"}, 422, "step", "network default"),
    "itself": ("follow-up", {"template": "T13"}, 409, "request_id", "network default"),
    "what-is-never-modified": ("modify", {"reason": "x", "changes": {"requested_state": "KEN"}}, 409,
                               "requested_state", "93(3)"),
    "no-facts-left": ("modify", {"reason": "x", "changes": {"essential_facts": None}}, 422,
                      "essential_facts", "96(2)(c)"),
    "no-reason": ("withdraw", {}, 422, "reason", "network default"),
    "an-empty-reason": ("withdraw", {"reason": ""}, 422, "reason", "network default"),
    "an-unknown-detail": ("withdraw", {"reason": "x", "why": "y"}, 422, "why", "network default"),
    "no-such-channel": ("confirm", CONFIRMED | {"channel": "INTERPOL"}, 422, "channel", "network default"),
    "a-turned-text": ("withdraw", {"reason": "\u202egnp"}, 422, "step", "network default"),
    "a-control-character": ("withdraw", {"reason": "\u0007"}, 422, "/reason", "network default"),
    "too-much": ("withdraw", {"reason": "x" * 50_000}, 422, "step", "network default"),
}  # fmt: skip
"""Name → verb, body, status, the field that is named, its provision."""


@pytest.mark.parametrize("name", list(REFUSED))
async def test_what_cannot_follow_is_refused(running: Running, client: ApiClient, name: str) -> None:
    """A step that the law or the form refuses is a problem with its field and provision; nothing is left."""
    verb, body, status, field, basis = REFUSED[name]
    request_id = await issued(running, client)
    refused = await take(
        client, request_id, verb, {"request_id": request_id, **body} if name == "itself" else body
    )
    assert refused.status == status, refused.text
    assert refused.problem == {409: "step-out-of-order", 422: "step-invalid"}[status]
    found = {error["field"]: error for error in refused.body["errors"]}
    assert basis in found[field]["basis"], refused.text
    assert found[field]["reason"]
    assert signed(running, request_id) == 0


async def test_a_modification_is_checked_and_shown(running: Running, client: ApiClient) -> None:
    """Changed fields that are in order are signed with their reason."""
    request_id = await issued(running, client)
    changes = {"target_details": "EXERCISE ONLY. Example Shipping, 2 Example Quay, Exampleville."}
    body = {"reason": "The address was wrong.", "changes": changes}
    accepted = await take(client, request_id, "modify", body)
    assert accepted.status == 202, accepted.text
    [step] = await posted_steps(running, request_id, 1)
    assert step["details"] == body


async def test_one_key_is_one_step(running: Running, client: ApiClient) -> None:
    """The same key and body get the same answer; another body, step or request under it is refused."""
    request_id, other = await issued(running, client), await issued(running, client)
    follow_up = {"request_id": "ROG-2026-7KQ4XM", "template": "T13"}
    first = await take(client, request_id, "follow-up", follow_up, "k")
    again = await take(client, request_id, "follow-up", dict(reversed(follow_up.items())), "k")
    assert (first.status, again.status) == (202, 202)
    assert (again.text, again.headers["Location"]) == (first.text, first.headers["Location"])
    for verb, body, where in (
        ("follow-up", {**follow_up, "template": "T14"}, request_id),
        ("withdraw", WITHDRAWN, request_id),
        ("follow-up", follow_up, other),
    ):
        reused = await take(client, where, verb, body, "k")
        assert (reused.status, reused.problem) == (422, "idempotency-key-reused"), (verb, where)
    submitted = await client.submit(sample_body(), "k")
    assert (submitted.status, submitted.problem) == (422, "idempotency-key-reused")
    assert signed(running, request_id) == 1
    assert signed(running, other) == 0


async def test_steps_at_the_same_time_are_one(running: Running, client: ApiClient) -> None:
    """Twenty withdrawals at once under one key are one step with one answer, also though none can follow."""
    request_id = await issued(running, client)
    replies = await asyncio.gather(*(take(client, request_id, "withdraw", WITHDRAWN, "k") for _ in range(20)))
    assert {(reply.status, reply.text) for reply in replies} == {(202, replies[0].text)}
    assert signed(running, request_id) == 1
    assert len(await posted_steps(running, request_id, 1)) == 1


async def test_only_with_its_scope_and_what_one_may_know(running: Running, client: ApiClient) -> None:
    """Without the scope `step` it is 403; a request under seal is not there without `sealed`."""
    request_id = await issued(running, client)
    refused = await take(running.as_(Scope.SUBMIT, Scope.READ), request_id, "withdraw", WITHDRAWN)
    assert (refused.status, refused.problem) == (403, "scope-missing")
    sealed = await issued(running, client, confidentiality="UNDER_SEAL")
    hidden = await take(client, sealed, "withdraw", WITHDRAWN)
    unknown = await take(client, "ROG-2026-000000", "withdraw", WITHDRAWN)
    assert (hidden.status, hidden.text) == (404, unknown.text)
    assert signed(running, request_id) == signed(running, sealed) == 0
    assert (await take(running.as_(Scope.STEP, Scope.SEALED), sealed, "withdraw", WITHDRAWN)).status == 202


async def test_before_it_is_posted_no_step_can_follow(running: Running, client: ApiClient) -> None:
    """A request that waits for its addressee has no case yet: 409 says so."""
    running.server.able = set()
    request_id = str((await client.submit(sample_body())).body["id"])
    refused = await take(client, request_id, "withdraw", WITHDRAWN)
    assert (refused.status, refused.problem) == (409, "step-out-of-order")
    assert refused.body["errors"][0]["field"] == "state"


async def test_a_register_that_cannot_write_takes_no_step(running: Running, client: ApiClient) -> None:
    """When the step cannot be committed it is 503 and nothing is posted; the same call later is accepted."""
    request_id = await issued(running, client)
    running.bot.register.database.execute("PRAGMA query_only = on")
    assert (await take(client, request_id, "withdraw", WITHDRAWN, "k")).problem == "unavailable"
    running.bot.register.database.execute("PRAGMA query_only = off")
    assert (await take(client, request_id, "withdraw", WITHDRAWN, "k")).status == 202
    assert len(await posted_steps(running, request_id, 1)) == 1
