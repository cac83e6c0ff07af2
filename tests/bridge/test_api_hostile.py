"""Hostile and broken calls: each is refused with its reason, and the register is as it was."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bridge.api.body import LARGEST_BODY
from bridge.api.tokens import Scope
from bridge.errors import CannotServe
from bridge.serve import serve
from tests.bridge.api_client import Running, running_bridge, sample_body
from tests.bridge.fake_court import FakeServer, run_of_the_bot


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with running_bridge(tmp_path / "register.db") as bridge:
        yield bridge


def nested(levels: int) -> bytes:
    return (
        b'{"template": "T13@1.0", "common": ' + b'{"a":' * levels + b"1" + b"}" * levels + b', "fields": {}}'
    )


BODIES: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "body-unreadable"),
    "not-json": (b"{", 400, "body-unreadable"),
    "not-utf8": (b'{"template": "\xff"}', 400, "body-unreadable"),
    "a-list": (b"[]", 400, "body-unreadable"),
    "twice-the-same-name": (b'{"template": "T13@1.0", "template": "T14@1.0"}', 400, "body-unreadable"),
    "a-fraction": (b'{"template": "T13@1.0", "common": {"a": 1.5}, "fields": {}}', 400, "body-unreadable"),
    "not-a-number": (b'{"template": "T13@1.0", "common": {"a": NaN}, "fields": {}}', 400, "body-unreadable"),
    "a-huge-number": (b'{"common": {"a": 9007199254740992}}', 400, "body-unreadable"),
    "half-a-character": (b'{"template": "\\ud800"}', 400, "body-unreadable"),
    "no-end-of-levels": (nested(50_000), 413, "body-too-large"),
    "many-levels": (nested(20_000), 400, "body-unreadable"),
    "more-levels-than-any-field": (nested(20), 422, "draft-invalid"),
    "nearly-a-megabyte": (b'{"a": "' + b"x" * 1_000_000 + b'"}', 413, "body-too-large"),
    "something-missing": (b'{"template": "T13@1.0", "common": {}}', 422, "draft-invalid"),
    "something-more": (b'{"template": "T13@1.0", "common": {}, "fields": {}, "x": 1}', 422, "draft-invalid"),
    "no-template": (b'{"template": "T99", "common": {}, "fields": {}}', 422, "draft-invalid"),
    "an-unknown-version": (b'{"template": "T13@9.9", "common": {}, "fields": {}}', 422, "draft-invalid"),
}


@pytest.mark.parametrize("name", list(BODIES))
async def test_a_hostile_body(running: Running, name: str) -> None:
    """A body that is no draft is refused with the reason, whatever it is, and the bridge goes on."""
    raw, status, problem = BODIES[name]
    refused = await running.as_(Scope.SUBMIT).call("POST", "/v1/requests", raw=raw)
    assert (refused.status, refused.problem) == (status, problem), refused.text[:500]
    assert running.bot.register.requests() == ()
    assert (await running.as_(Scope.SUBMIT).submit(sample_body())).status == 202


@pytest.mark.parametrize("code", [0x00, 0x07, 0x0D, 0x1B, 0x7F, 0x9B])
async def test_a_control_character(running: Running, code: int) -> None:
    """A control character in a value or in a name is refused where it stands; line ends and tabs are not."""
    client = running.as_(Scope.SUBMIT)
    body = sample_body(purpose=f"Trace{chr(code)}[2J")
    body["fields"][f"x{chr(code)}"] = "1"
    refused = await client.submit(body)
    assert (refused.status, refused.problem) == (422, "draft-invalid")
    assert [error["field"] for error in refused.body["errors"]] == ["/common/purpose", "/fields"]
    assert (
        await client.submit(sample_body(purpose="Trace\n\tthe shares and vessels of a person."))
    ).status == 202


async def test_what_lies_too_deep(running: Running) -> None:
    """Nesting beyond what any field has is refused where it begins to be too deep, as a fault of its own."""
    refused = await running.as_(Scope.SUBMIT).call("POST", "/v1/requests", raw=nested(20))
    assert [(error["field"], error["reason"]) for error in refused.body["errors"]] == [
        ("/common" + "/a" * 16, "It lies deeper than 16 levels.")
    ]


async def test_it_fits_up_to_the_limit(running: Running) -> None:
    """A body of the largest size is read; it is white space that makes it so large."""
    raw = json.dumps(sample_body()).encode()
    client = running.as_(Scope.SUBMIT)
    assert (await client.call("POST", "/v1/requests", raw=raw.ljust(LARGEST_BODY))).status == 202
    refused = await client.call("POST", "/v1/requests", raw=raw.ljust(LARGEST_BODY + 1))
    assert (refused.status, refused.problem) == (413, "body-too-large")


async def test_a_request_that_no_event_holds(running: Running) -> None:
    """A lawful draft that does not fit into one encrypted event is refused before anything is made."""
    body = sample_body()
    body["fields"]["known_details"] = ["Registry entry EX-0000"] * 3000
    refused = await running.as_(Scope.SUBMIT).submit(body)
    assert (refused.status, refused.problem) == (422, "draft-invalid")
    assert "too large" in refused.body["detail"]
    assert running.bot.register.requests() == ()


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_another_media_type(running: Running, kind: str) -> None:
    """What a browser's form could send is refused."""
    client = running.as_(Scope.SUBMIT)
    refused = await client.call("POST", "/v1/requests", body=sample_body(), headers={"Content-Type": kind})
    assert (refused.status, refused.problem) == (415, "not-json")


@pytest.mark.parametrize(
    "host", ["attacker.example", "127.0.0.1", "localhost:1", "127.0.0.1.attacker.example:80"]
)
async def test_another_host(running: Running, host: str) -> None:
    """A name that somebody else points at this address is not answered, not even for health."""
    refused = await running.client.get("/healthz", Host=host)
    assert (refused.status, refused.problem) == (421, "host-unknown")


async def test_unknown_paths_and_methods(running: Running) -> None:
    """They are problems too, and a method that is not there comes with those that are."""
    assert (await running.client.get("/v2/requests")).problem == "not-found"
    refused = await running.client.call("DELETE", "/v1/requests")
    assert (refused.status, refused.problem) == (405, "method-not-allowed")
    assert refused.headers["Allow"] == "GET, POST"


@pytest.mark.parametrize("key", ["a b", "x" * 256, "é", ""])
async def test_a_bad_idempotency_key(running: Running, key: str) -> None:
    """A key that is empty, too long or not plain ASCII is refused by the header's name."""
    refused = await running.as_(Scope.SUBMIT).submit(sample_body(), key)
    assert (refused.status, refused.problem) == (400, "query-invalid")
    assert refused.body["errors"][0]["field"] == "Idempotency-Key"


async def test_bytes_that_are_no_http(running: Running) -> None:
    """Broken HTTP and clients that hang up halfway cost nothing."""
    address = urlsplit(running.client.url)
    for raw in (
        b"\x16\x03\x01\x02\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"POST /v1/requests HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
    ):
        reader, writer = await asyncio.open_connection(address.hostname, address.port)
        writer.write(raw)
        writer.write_eof()
        answer = await reader.read()
        assert not answer.startswith(b"HTTP/1.1 2"), answer
        writer.close()
        await writer.wait_closed()
    assert (await running.client.get("/healthz")).status == 200


async def test_nothing_of_a_draft_in_the_log(running: Running, caplog: pytest.LogCaptureFixture) -> None:
    """Neither what is refused nor what is accepted under seal leaves a word in the log, nor a token."""
    caplog.set_level(logging.DEBUG)
    token = running.token(Scope.SUBMIT)
    client = running.client.with_token(token)
    secret = "Zanzibar-4711"
    assert (await client.submit(sample_body(grounds=secret, nature=secret))).status == 422
    accepted = await client.submit(
        sample_body(confidentiality="UNDER_SEAL", purpose=f"Trace {secret}, shares.")
    )
    assert accepted.status == 202
    address = urlsplit(running.client.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(f"GET /v1/requests HTTP/1.1\r\nAuthorization: Bearer {token}\0\r\n\r\n".encode())
    assert b" 400 " in (await reader.read()).partition(b"\r\n")[0]
    writer.close()
    assert "Error handling request" in caplog.text
    assert secret not in caplog.text
    assert token[26:] not in caplog.text


async def test_an_open_address_needs_a_name(tmp_path: Path) -> None:
    """Beyond loopback it listens only when it is told by which name it is called."""
    bot = run_of_the_bot(tmp_path / "register.db", FakeServer(able=set()))
    with bot.register, pytest.raises(CannotServe, match="--allow-host"):
        await serve(bot, "0.0.0.0", 0, lambda _: None)  # noqa: S104 # what is refused
