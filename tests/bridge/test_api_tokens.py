"""Bearer tokens of the HTTP API: scoped, revocable, hashed, limited; and the command that makes them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bridge.api.rate_limit import Rate, RateLimits
from bridge.api.tokens import Scope, Tokens
from bridge.register import Register
from client.session.store.vault import open_vault
from node.home import open_home
from tests.bridge.api_client import Running, running_bridge, sample_body
from tests.bridge.fake_court import KEY
from tests.network.rogatory import Rogatory


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with running_bridge(tmp_path / "register.db") as bridge:
        yield bridge


ALLOWED = {
    Scope.SUBMIT: {"/v1/templates"},
    Scope.STEP: set[str](),
    Scope.READ: {"/v1/requests"},
    Scope.SEALED: set[str](),
    Scope.STATISTICS: {"/v1/statistics"},
    Scope.METRICS: {"/metrics"},
}


@pytest.mark.parametrize("scope", list(Scope))
async def test_a_scope_allows_what_it_says(running: Running, scope: Scope) -> None:
    """Each scope opens its own paths and no other; what it does not open names the scope that would."""
    client = running.as_(scope)
    for path in ("/v1/templates", "/v1/requests", "/v1/statistics", "/metrics"):
        reply = await client.get(path)
        assert reply.status == (200 if path in ALLOWED[scope] else 403), path
        if reply.status == 403:
            assert reply.problem == "scope-missing"
            assert "insufficient_scope" in reply.headers["WWW-Authenticate"]
    assert (await client.submit(sample_body())).status == (202 if scope is Scope.SUBMIT else 403)
    step = await client.call("POST", "/v1/requests/ROG-2026-000000/withdraw", body={"reason": "x"})
    assert step.status == (404 if scope is Scope.STEP else 403)


async def test_what_is_no_token(running: Running) -> None:
    """No token, another scheme, a wrong secret, another token's id, two headers: 401, each a problem."""
    token = running.token(Scope.READ)
    other = running.token(Scope.READ)
    mixed = other[:26] + token[26:]
    wrong = token[:-1] + ("A" if token[-1] != "A" else "B")
    assert len(mixed) == len(token)
    for header in ("", f"Basic {token}", "Bearer", f"Bearer {wrong}", f"Bearer {mixed}", f"Bearer {token}x"):
        reply = await running.client.get("/v1/requests", **({"Authorization": header} if header else {}))
        assert (reply.status, reply.problem) == (401, "not-authenticated"), header
        assert reply.headers["WWW-Authenticate"].startswith("Bearer")
    assert (await running.client.with_token(token).get("/v1/requests")).status == 200


async def test_a_revoked_token_is_refused_at_once(running: Running) -> None:
    """The call after the revocation is refused, and the other tokens go on."""
    token, other = running.as_(Scope.READ), running.as_(Scope.READ)
    tokens = Tokens(running.bot.register)
    tokens.revoke(tokens.all()[0].token_id)
    statuses = sorted([(await each.get("/v1/requests")).status for each in (token, other)])
    assert statuses == [200, 401]


async def test_too_many_calls(tmp_path: Path) -> None:
    """A token that calls more often than it may is told when to come again; another one is not."""
    async with running_bridge(tmp_path / "register.db", rate=Rate(per_second=0.01, burst=3)) as running:
        client = running.as_(Scope.READ)
        statuses = [(await client.get("/v1/requests")).status for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = await client.get("/v1/requests")
        assert refused.problem == "too-many-requests"
        assert 1 <= int(refused.headers["Retry-After"]) <= 100
        assert (await running.as_(Scope.READ).get("/v1/requests")).status == 200


def test_a_bucket_fills_again() -> None:
    """After as many seconds as it says there is a call again, and never more than the burst."""
    now = 0.0
    limits = RateLimits(Rate(per_second=0.5, burst=2), clock=lambda: now)
    assert [limits.take("a") for _ in range(3)] == [None, None, 2]
    now += 2
    assert [limits.take("a") for _ in range(2)] == [None, 2]
    now += 1000
    assert [limits.take("a") for _ in range(3)] == [None, None, 2]


def test_only_a_hash_is_kept(tmp_path: Path) -> None:
    """Neither the database, decrypted, nor a repr of anything holds the token."""
    path = tmp_path / "register.db"
    with Register.open(path, KEY) as register:
        from bridge.api.schema import api_schema
        from client.session.store.vault import migrate

        migrate(register.database, api_schema, path)
        made, secret = Tokens(register).add("case system", [Scope.READ])
        text = secret.reveal()
        assert text.rpartition("_")[2] not in repr((made, secret))
    rows = open_vault(path, KEY).execute("SELECT * FROM api_tokens").fetchall()
    assert len(rows) == 1
    kept = text.removeprefix(f"rogatory_{made.token_id}_").encode()
    assert not [
        value for value in rows[0] if kept in (value if isinstance(value, bytes) else str(value).encode())
    ]


def test_the_command(tmp_path: Path) -> None:
    """`bridge token add` shows the token once, `list` shows all but the secret, `revoke` says so there."""
    home = tmp_path / "home"
    open_home(home, create=True)
    desk = Rogatory(home)
    made = desk.json("bridge", "token", "add", "--scope", "submit, read", "--name", "cases")
    assert made["token"].startswith(f"rogatory_{made['id']}_")
    assert made["scopes"] == ["read", "submit"]
    [listed] = desk.json("bridge", "token", "list")["tokens"]
    assert listed == {name: value for name, value in made.items() if name != "token"}
    desk.run("bridge", "token", "revoke", made["id"])
    [listed] = desk.json("bridge", "token", "list")["tokens"]
    assert listed["revoked_at"] is not None
    assert made["id"] in desk.run("bridge", "token", "list").stdout
    assert "0123" in desk.run("bridge", "token", "revoke", "0123", expect=2).stderr
    assert "sealed" in desk.run("bridge", "token", "add", "--scope", "all", expect=2).stderr
