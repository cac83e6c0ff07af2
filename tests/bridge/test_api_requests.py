"""The HTTP API over a real register: what is submitted, listed, read and hidden."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.api.tokens import Scope
from bridge.request_record import RequestStatus
from policies.requests.court_request import ID_PATTERN
from tests.bridge.api_client import ApiClient, Running, running_bridge, sample_body
from tests.bridge.fake_court import FakeServer
from tests.bridge.waiting import until
from tests.policies.trust.networks import FOCAL_POINT


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with running_bridge(tmp_path / "register.db") as bridge:
        yield bridge


@pytest.fixture
def client(running: Running) -> ApiClient:
    return running.as_(Scope.SUBMIT, Scope.READ)


async def delivered(running: Running, request_id: str) -> None:
    async def is_delivered() -> bool:
        return running.bot.register.request(request_id).status is RequestStatus.DELIVERED

    await until(is_delivered)


async def test_a_draft_becomes_a_delivered_request(running: Running, client: ApiClient) -> None:
    """202 names a request that is in the register, and that its State's attested focal point then gets."""
    accepted = await client.submit(sample_body())
    assert accepted.status == 202, accepted.text
    request_id = accepted.body["id"]
    assert ID_PATTERN.fullmatch(request_id)
    assert accepted.headers["Location"] == f"/v1/requests/{request_id}"
    assert running.bot.register.request(request_id).addressees == (FOCAL_POINT,)
    await delivered(running, request_id)
    assert len(running.server.events) == 1
    shown = (await client.get(accepted.headers["Location"])).body
    assert (shown["id"], shown["state"], shown["addressees"]) == (request_id, "delivered", [FOCAL_POINT])
    assert (shown["common"], shown["fields"]) == (sample_body()["common"], sample_body()["fields"])


async def test_all_that_is_wrong_is_listed(running: Running, client: ApiClient) -> None:
    """A draft with several faults gets one problem with each field and article, and leaves nothing."""
    body = sample_body(grounds="", legal_basis=["ART_87_7"])
    del body["common"]["essential_facts"]
    refused = await client.submit(body)
    assert (refused.status, refused.problem) == (422, "draft-invalid")
    found = {error["field"]: error for error in refused.body["errors"]}
    assert {"grounds", "essential_facts", "legal_basis"} <= set(found)
    assert "96(2)" in found["essential_facts"]["basis"]
    assert all(error["reason"] for error in found.values())
    assert running.bot.register.requests() == ()


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"requested_state": "KEN"}, "requested_state"), ({"originator": "REGISTRY"}, "originator")],
    ids=["nobody-attested", "another-organ"],
)
async def test_what_cannot_be_sent_is_refused(
    running: Running, client: ApiClient, changed: dict[str, object], field: str
) -> None:
    """A State without attested focal points, or an organ that this bridge is not, is refused by its field."""
    refused = await client.submit(sample_body(**changed))
    assert (refused.status, refused.problem) == (422, "draft-invalid")
    assert field in [error["field"] for error in refused.body["errors"]]
    assert running.bot.register.requests() == ()


async def test_one_key_is_one_request(running: Running, client: ApiClient) -> None:
    """The same key and draft get the same answer however spelled; another draft under it is refused."""
    first = await client.submit(sample_body(), "k-1")
    body = sample_body()
    again = await client.submit(dict(reversed(body.items())), "k-1")
    assert (again.status, again.text, again.headers["Location"]) == (
        202,
        first.text,
        first.headers["Location"],
    )
    other = await client.submit(sample_body(urgency="URGENT"), "k-1")
    assert (other.status, other.problem) == (422, "idempotency-key-reused")
    second = await running.as_(Scope.SUBMIT).submit(sample_body(), "k-1")
    assert second.body["id"] != first.body["id"]  # a key belongs to its token
    assert len(running.bot.register.requests()) == 2


async def test_calls_at_the_same_time_are_one_request(running: Running, client: ApiClient) -> None:
    """Twenty calls at once with one key all get the same id."""
    import asyncio

    answers = await asyncio.gather(*(client.submit(sample_body(), "at-once") for _ in range(20)))
    assert {answer.status for answer in answers} == {202}
    assert len({answer.body["id"] for answer in answers}) == 1
    assert len(running.bot.register.requests()) == 1


async def test_the_list_is_filtered_and_paged(running: Running, client: ApiClient) -> None:
    """Pages hold every request once, in order; each filter keeps exactly what fits."""
    ids = [(await client.submit(sample_body())).body["id"] for _ in range(5)]
    running.server.able = set()
    ids.append((await client.submit(sample_body())).body["id"])
    for request_id in ids[:5]:
        await delivered(running, request_id)
    seen, cursor = [], ""
    while True:
        page = (await client.get(f"/v1/requests?limit=2{cursor}")).body
        seen += [each["id"] for each in page["requests"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ids

    async def listed(query: str) -> list[str]:
        return [each["id"] for each in (await client.get(f"/v1/requests?{query}")).body["requests"]]

    assert await listed("state=delivered") == ids[:5]
    assert await listed("template=T13") == await listed("template=T13@1.0") == ids
    assert await listed("template=T1") == await listed("template=T14@1.0") == []
    assert await listed("since=2026-11-23T10:00:00Z") == ids
    assert await listed("since=2026-11-23T10:00:01Z") == []


@pytest.mark.parametrize(
    "query",
    [
        "state=lost",
        "limit=0",
        "limit=2&limit=3",
        "since=yesterday",
        "cursor=ROG-2026-000000",
        "cursor='%20OR%201=1",
        "page=2",
    ],
)
async def test_a_bad_query_is_named(client: ApiClient, query: str) -> None:
    """A parameter that is unknown, wrong or repeated is refused by its name."""
    refused = await client.get(f"/v1/requests?{query}")
    assert (refused.status, refused.problem) == (400, "query-invalid")
    assert refused.body["errors"][0]["field"] == query.partition("=")[0] or "page" in refused.text


async def test_the_events_of_a_request(running: Running, client: ApiClient) -> None:
    """A request's history is listed in order, counted by itself, in pages."""
    await client.submit(sample_body())
    request_id = (await client.submit(sample_body())).body["id"]
    await delivered(running, request_id)
    path = f"/v1/requests/{request_id}/events"
    whole = (await client.get(path)).body
    kinds = ["intended", "room-opened", "invited", "signed", "posted", "delivered"]
    assert [each["kind"] for each in whole["events"] if each["kind"] in kinds] == kinds
    assert [each["sequence"] for each in whole["events"]] == list(range(1, len(whole["events"]) + 1))
    assert whole["next_after"] is None
    page = (await client.get(f"{path}?after=2&limit=3")).body
    assert (page["events"], page["next_after"]) == (whole["events"][2:5], 5)


async def test_under_seal_it_is_not_there(running: Running, client: ApiClient) -> None:
    """Without the scope `sealed` a request under seal is in no list and at no path; with it, it is."""
    sealed = await client.submit(sample_body(confidentiality="UNDER_SEAL"))
    assert sealed.status == 202, sealed.text
    path = f"/v1/requests/{sealed.body['id']}"
    unknown = await client.get("/v1/requests/ROG-2026-000000")
    for below in ("", "/events"):
        hidden = await client.get(path + below)
        assert (hidden.status, hidden.text) == (404, unknown.text)
    assert (await client.get("/v1/requests")).body == {"requests": [], "next_cursor": None}
    cleared = running.as_(Scope.READ, Scope.SEALED)
    assert [each["id"] for each in (await cleared.get("/v1/requests")).body["requests"]] == [
        sealed.body["id"]
    ]
    assert (await cleared.get(path)).status == 200


async def test_a_register_that_cannot_write_accepts_nothing(tmp_path: Path) -> None:
    """When the intent cannot be committed the answer is 503, with nothing of the reason in it."""
    server = FakeServer(able={FOCAL_POINT})
    async with running_bridge(tmp_path / "register.db", server) as running:
        client = running.as_(Scope.SUBMIT)
        running.bot.register.database.execute("PRAGMA query_only = on")
        refused = await client.submit(sample_body(), "k")
        assert (refused.status, refused.problem) == (503, "unavailable")
        assert "query" not in refused.text
        running.bot.register.database.execute("PRAGMA query_only = off")
        assert (await client.submit(sample_body(), "k")).status == 202
        assert len(running.bot.register.requests()) == 1


async def test_templates_and_health(running: Running, client: ApiClient) -> None:
    """The templates are all there with their outcomes, and health needs no token."""
    listed = (await client.get("/v1/templates")).body["templates"]
    assert len(listed) == 21
    assert all(each["outcomes"] and each["fields"] for each in listed)
    assert (await running.client.get("/healthz")).body["status"] == "ok"
