"""Webhooks: signed, thin, in order, at least once, and silent about what is under seal."""

from __future__ import annotations

import asyncio
import secrets
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import msgspec
import pytest
from nacl.exceptions import BadSignatureError
from standardwebhooks import WebhookVerificationError

from bridge.errors import WebhookRefused
from bridge.register import Register
from bridge.register_event import EventKind
from bridge.webhooks.deliveries import Deliveries, DeliveryState
from bridge.webhooks.dispatcher import Dispatcher
from bridge.webhooks.endpoints import Endpoints, check_url
from bridge.webhooks.schema import webhook_schema
from bridge.webhooks.signature import public_key, shown_secret, webhook_key
from client.session.owned_tasks import OwnedTasks
from client.session.secret import Secret
from client.session.store.vault import migrate
from node.home import open_home
from tests.bridge.case_system import Inbox, Received, listening
from tests.bridge.fake_court import KEY
from tests.bridge.waiting import until
from tests.network.rogatory import Rogatory
from tests.policies.requests.samples import sample_draft

IDS = [f"ROG-2026-{number:06}" for number in range(8)]
KINDS = [EventKind.INTENDED, EventKind.ROOM_OPENED, EventKind.SIGNED, EventKind.POSTED, EventKind.DELIVERED]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.db"


@pytest.fixture
def register(path: Path) -> Iterator[Register]:
    with Register.open(path, KEY, now=lambda: datetime.now(UTC)) as register:
        migrate(register.database, webhook_schema, path)
        yield register


def happens(register: Register, request_id: str, confidentiality: str = "CONFIDENTIAL") -> None:
    """Let everything happen to a request that the register records on its way."""
    draft = sample_draft()
    common = draft.common | {"confidentiality": confidentiality}
    draft = msgspec.structs.replace(draft, common=common)
    intended = {"draft": msgspec.to_builtins(draft), "addressees": ["@a:africa.rogatory.test"]}
    payloads = [intended, {"room_id": "!r"}, {"content": "{}"}, {"event_id": "$e"}, {}]
    for kind, payload in zip(KINDS, payloads, strict=True):
        register.append(kind, request_id, payload)


@asynccontextmanager
async def dispatching(register: Register, tries: int = 50) -> AsyncIterator[None]:
    """Send what is due, at once after each failure, until the block ends."""
    async with OwnedTasks() as tasks:
        tasks.begin(Dispatcher(register, poll=0.01, pauses=[0.0] * tries).run())
        yield


def of_request(received: list[Received], request_id: str) -> list[int]:
    return [each.sequence for each in received if each.request_id == request_id]


async def test_both_signatures_hold(register: Register) -> None:
    """The project's own library and Ed25519 alone verify every message, and neither one altered by a byte."""
    endpoints = Endpoints(register)
    async with listening() as inbox:
        _, secret = endpoints.add(f"{inbox.url}/hook")
        happens(register, IDS[0])
        async with dispatching(register):
            await inbox.until(lambda inbox: len(inbox.taken) == len(KINDS))
    key, shared = public_key(endpoints.key()), shown_secret(secret)
    for received in inbox.taken:
        received.verify(key, shared)
        altered = Received(received.headers, received.body.replace(b"request.", b"Request."))
        with pytest.raises(WebhookVerificationError):
            altered.verify(key, shared)
        only_ours = Received(received.headers | {"webhook-timestamp": "1"}, received.body)
        with pytest.raises(WebhookVerificationError, match="too old"):
            only_ours.verify(key, shared)
        other = public_key(webhook_key(Secret(secrets.token_bytes(32))))
        with pytest.raises((BadSignatureError, ValueError)):
            received.verify(other, shared)


async def test_it_says_where_to_look_and_nothing_else(register: Register) -> None:
    """A message is the request's id, the kind and the place in its history: nothing that the draft says."""
    async with listening() as inbox:
        Endpoints(register).add(f"{inbox.url}/hook")
        happens(register, IDS[0])
        async with dispatching(register):
            await inbox.until(lambda inbox: len(inbox.taken) == len(KINDS))
    for number, (received, kind) in enumerate(zip(inbox.taken, KINDS, strict=True), start=1):
        said = received.said
        assert set(said) == {"type", "timestamp", "data"}
        assert said["type"] == f"request.{kind}"
        assert said["data"] == {"request_id": IDS[0], "kind": kind, "sequence": number}


@pytest.mark.parametrize("level", ["UNDER_SEAL", "SECRET", "", "LATER"])
async def test_nothing_about_what_is_under_seal(register: Register, level: str) -> None:
    """Of a sealed or doubtful request no byte is sent, and nothing in what else is sent has a gap for it."""
    async with listening() as inbox:
        Endpoints(register).add(f"{inbox.url}/hook")
        happens(register, IDS[0], level)
        happens(register, IDS[1])
        happens(register, IDS[2], level)
        happens(register, IDS[3])
        async with dispatching(register):
            await inbox.until(lambda inbox: len(inbox.taken) == 2 * len(KINDS))
    numbers = list(range(1, len(KINDS) + 1))
    assert {each.request_id for each in inbox.came} == {IDS[1], IDS[3]}
    assert of_request(inbox.taken, IDS[1]) == of_request(inbox.taken, IDS[3]) == numbers
    assert sum(Deliveries(register).counts().values()) == 2 * len(KINDS)


async def test_in_order_however_often_it_fails(register: Register) -> None:
    """A message refused three times comes again under its own id, overtaken by none and led nowhere else."""
    tries: dict[str, int] = {}

    def answer(received: Received) -> int:
        tries[received.message_id] = tries.get(received.message_id, 0) + 1
        return [500, 302, 429, 200][tries[received.message_id] - 1]

    async with listening(Inbox(answer)) as inbox:
        Endpoints(register).add(f"{inbox.url}/hook")
        for request_id in IDS:
            happens(register, request_id)
        async with dispatching(register):
            await inbox.until(lambda inbox: len(inbox.taken) == len(IDS) * len(KINDS))
    assert set(tries.values()) == {4}
    assert inbox.strayed == 0
    for request_id in IDS:
        expected = [number for number in range(1, len(KINDS) + 1) for _ in range(4)]
        assert of_request(inbox.came, request_id) == expected


async def test_dead_letters_and_their_replay(register: Register) -> None:
    """What was tried long enough is dead and holds nothing up; replay sends exactly it, under the same id."""
    well = False

    def answer(received: Received) -> int:
        return 200 if well or received.sequence != 2 else 503

    deliveries = Deliveries(register)

    async def all_noted() -> bool:
        return deliveries.counts()[DeliveryState.DELIVERED] == len(KINDS)

    async with listening(Inbox(answer)) as inbox, dispatching(register, tries=2):
        endpoint, _ = Endpoints(register).add(f"{inbox.url}/hook")
        happens(register, IDS[0])
        await inbox.until(lambda inbox: len(inbox.taken) == len(KINDS) - 1)
        assert of_request(inbox.came, IDS[0]) == [1, 2, 2, 2, 3, 4, 5]
        [dead] = {each.message_id for each in inbox.came if each.sequence == 2}
        assert deliveries.last_failure(endpoint.webhook_id) == "HTTP 503"
        well = True
        assert deliveries.replay(endpoint.webhook_id, 0) == 1
        await inbox.until(lambda inbox: len(inbox.taken) == len(KINDS))
        assert inbox.taken[-1].message_id == dead
        await until(all_noted)
        assert deliveries.replay(endpoint.webhook_id, 0, delivered=True) == len(KINDS)
        await inbox.until(lambda inbox: len(inbox.taken) == 2 * len(KINDS))
        assert of_request(inbox.taken[len(KINDS) :], IDS[0]) == [1, 2, 3, 4, 5]


async def test_a_dead_endpoint_holds_up_no_other(register: Register) -> None:
    """While one endpoint never answers and one is not there, another gets everything."""
    release = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await release.wait()
        writer.close()

    silent = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with silent, listening() as inbox:
        port = silent.sockets[0].getsockname()[1]
        endpoints = Endpoints(register)
        endpoints.add(f"http://127.0.0.1:{port}/hook")
        endpoints.add("http://127.0.0.1:1/hook")
        endpoints.add(f"{inbox.url}/hook")
        for request_id in IDS:
            happens(register, request_id)
        async with dispatching(register):
            await inbox.until(lambda inbox: len(inbox.taken) == len(IDS) * len(KINDS))
            release.set()


AT_LEAST = 12
"""More than are on the way at once: each process gets some of them noted before it is killed."""


def told(inbox: Inbox) -> int:
    return len({each.message_id for each in inbox.taken})


def some_more(seen: int, wanted: int, inbox: Inbox) -> bool:
    return len(inbox.taken) >= seen + AT_LEAST or told(inbox) == wanted


DISPATCH = """
import asyncio, sys
from pathlib import Path
from bridge.register import Register
from bridge.webhooks.dispatcher import Dispatcher
register = Register.open(Path(sys.argv[1]), bytes(range(32)))
asyncio.run(Dispatcher(register, poll=0.01, pauses=[0.0] * 50).run())
"""


async def test_killed_again_and_again_it_loses_nothing(register: Register, path: Path) -> None:
    """A process that is killed (kill -9) after every few messages still tells everything, in order."""
    async with listening() as inbox:
        Endpoints(register).add(f"{inbox.url}/hook")
        for request_id in IDS:
            happens(register, request_id)
        wanted = len(IDS) * len(KINDS)
        kills = 0
        while told(inbox) < wanted:
            seen = len(inbox.taken)
            process = await asyncio.create_subprocess_exec(sys.executable, "-c", DISPATCH, str(path))
            try:
                await inbox.until(partial(some_more, seen, wanted))
            finally:
                process.kill()
                await process.wait()
            kills += 1
    assert kills > 1
    for request_id in IDS:
        numbers = of_request(inbox.taken, request_id)
        assert sorted(set(numbers)) == list(range(1, len(KINDS) + 1))
        assert numbers == sorted(numbers)  # again perhaps, and never out of order


@pytest.mark.parametrize(
    "url",
    [
        "http://cases.example.org/hook",
        "http://127.0.0.1.example.org/hook",
        "ftp://127.0.0.1/hook",
        "https://user:word@cases.example.org/",
        "https://cases.example.org/#part",
        "https:///hook",
        "https://[::1/hook",
        "https://cases.example.org:99999/",
        "https://cases.example.org/a b",
        "https://cases.example.org/\x1b[2J",
        "https://cases.example.org/" + "x" * 2000,
        "",
    ],
    ids=range(12),
)
def test_where_nothing_may_be_sent(url: str) -> None:
    """A URL that is neither https nor of this machine, or carries what does not belong there, is refused."""
    with pytest.raises(WebhookRefused):
        check_url(url)
    check_url("https://cases.example.org/hook")
    check_url("http://[::1]:8080/hook")


def test_the_command(tmp_path: Path) -> None:
    """`bridge webhook` adds with key and secret, lists without the secret, replays and removes by id."""
    home = tmp_path / "home"
    open_home(home, create=True)
    desk = Rogatory(home)
    made = desk.json("bridge", "webhook", "add", "http://127.0.0.1:9/hook")
    assert made["secret"].startswith("whsec_")
    assert made["public_key"].startswith("whpk_")
    listed = desk.json("bridge", "webhook", "list")
    assert listed["public_key"] == made["public_key"]
    [webhook] = listed["webhooks"]
    assert (webhook["id"], webhook["url"]) == (made["id"], "http://127.0.0.1:9/hook")
    assert {state: webhook[state] for state in DeliveryState} == dict.fromkeys(DeliveryState, 0)
    assert made["secret"] not in str(listed)
    assert "0 messages" in desk.run("bridge", "webhook", "replay", made["id"]).stderr
    assert "https" in desk.run("bridge", "webhook", "add", "http://example.org/", expect=2).stderr
    desk.run("bridge", "webhook", "remove", made["id"])
    assert desk.json("bridge", "webhook", "list")["webhooks"] == []
    desk.run("bridge", "webhook", "replay", made["id"], expect=2)
