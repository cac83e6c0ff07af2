"""What requests are found by follows from the register alone, and the counters count what is there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.api.listing import ListQuery, list_requests
from bridge.api.schema import api_schema
from bridge.api.tokens import Scope
from client.session.store.vault import migrate
from tests.bridge.api_client import running_bridge, sample_body
from tests.bridge.fake_court import FakeServer, run_of_the_bot
from tests.policies.requests.samples import sample_draft
from tests.policies.trust.networks import FOCAL_POINT


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.db"


async def test_what_was_there_before_is_listed(path: Path) -> None:
    """Requests of a register that had no API are listed once it has, and again after it is rebuilt."""
    bot = run_of_the_bot(path, FakeServer(able={FOCAL_POINT}))
    with bot.register as register:
        ids = [(await bot.issue(sample_draft(), [FOCAL_POINT])).id for _ in range(3)]
        migrate(register.database, api_schema, path)
        ids.append((await bot.issue(sample_draft(), [FOCAL_POINT], patience=0)).id)
        before = list_requests(register, ListQuery(), sealed=False)
        assert [each.id for each in before.requests] == ids
        assert {each.state for each in before.requests} == {"delivered"}
        register.rebuild()
        assert list_requests(register, ListQuery(), sealed=False) == before


async def test_the_counters(path: Path) -> None:
    """/metrics counts requests by state, webhook messages, and calls by path and status, without an id."""
    async with running_bridge(path, FakeServer(able=set())) as running:
        client = running.as_(Scope.SUBMIT, Scope.READ, Scope.METRICS)
        ids = [(await client.submit(sample_body())).body["id"] for _ in range(2)]
        for request_id in (*ids, "ROG-2026-000000"):
            await client.get(f"/v1/requests/{request_id}")
        reply = await client.get("/metrics")
    lines = reply.text.splitlines()
    assert reply.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    counts = [int(line.rpartition(" ")[2]) for line in lines if line.startswith("rogatory_requests{")]
    assert sum(counts) == 2
    assert 'rogatory_requests{state="delivered"} 0' in lines
    assert 'rogatory_webhook_deliveries{state="dead"} 0' in lines
    assert 'rogatory_http_requests_total{method="POST",path="/v1/requests",status="202"} 2' in lines
    assert 'rogatory_http_requests_total{method="GET",path="/v1/requests/{id}",status="200"} 2' in lines
    assert 'rogatory_http_requests_total{method="GET",path="/v1/requests/{id}",status="404"} 1' in lines
    assert not [line for line in lines if "ROG-" in line]
    assert [line for line in lines if line.startswith("# TYPE ")] == [
        "# TYPE rogatory_requests gauge",
        "# TYPE rogatory_webhook_deliveries gauge",
        "# TYPE rogatory_http_requests_total counter",
    ]
