"""The Court's bot: one room and one event for each request, wherever and how often it is killed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from bridge.court import IssuedRequest
from bridge.court_calls import CourtRooms, CourtSession
from bridge.errors import AddresseeRefused, IssueInterrupted, SignatureUnusable
from bridge.request_record import RequestStatus
from bridge.request_room import request_room
from client.session.errors import HomeserverRefused, HomeserverUnreachable, NotAllowed
from client.session.rooms import RoomRequests
from client.session.session import OpenSession
from policies.requests.court_request import ID_PATTERN
from policies.requests.wire import read_request, verify_request
from policies.trust.signing import SigningKey
from tests.bridge.fake_court import BOT, FakeServer, Killed, Steps, run_of_the_bot
from tests.bridge.waiting import until
from tests.policies.requests.samples import sample_draft
from tests.policies.trust.networks import FOCAL_POINT, MANIFEST

SECOND = "@sen.focal-point.2:africa.rogatory.test"
ADDRESSEES = [FOCAL_POINT, SECOND]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "register.db"


@pytest.fixture
def server() -> FakeServer:
    return FakeServer(able={FOCAL_POINT, SECOND})


def _fits(session: OpenSession, rooms: RoomRequests) -> tuple[CourtSession, CourtRooms]:
    return session, rooms  # checked by mypy: the real ones have the faces that the fakes have here


async def issue(path: Path, server: FakeServer, patience: float = 5.0) -> IssuedRequest:
    bot = run_of_the_bot(path, server)
    with bot.register:
        return await bot.issue(sample_draft(), ADDRESSEES, patience=patience)


async def asked(server: FakeServer, times: int) -> None:
    async def often_enough() -> bool:
        return server.queries >= times

    await until(often_enough)


async def test_issue_posts_one_signed_request(path: Path, server: FakeServer) -> None:
    """The request stands in a room of its own, holds there, and the register says delivered."""
    issued = await issue(path, server)
    assert issued.delivered
    assert ID_PATTERN.fullmatch(issued.id)
    [(room_id, room)] = server.rooms.items()
    assert room_id == issued.room_id
    [content] = room.events
    request = read_request(content)
    assert request is not None
    assert request.id == issued.id
    assert verify_request(content, room_id=room_id, manifest=MANIFEST).holds
    assert room.members == {BOT: "join", FOCAL_POINT: "invite", SECOND: "invite"}
    with run_of_the_bot(path, server).register as register:
        record = register.request(issued.id)
        assert record.status is RequestStatus.DELIVERED
        assert record.event_id == issued.event_id
        register.verify_chain()


async def test_the_room(path: Path, server: FakeServer) -> None:
    """The room tells outsiders nothing, is encrypted from the start, and is the bot's alone to change."""
    issued = await issue(path, server)
    creation = server.rooms[issued.room_id].creation
    state = {each.type: each.content for each in creation.initial_state}
    assert creation.name == f"Request {issued.id}"
    assert (creation.topic, creation.alias_localpart, creation.invite) == (None, None, ())
    assert state["m.room.encryption"] == {
        "algorithm": "m.megolm.v1.aes-sha2",
        "rotation_period_msgs": 50,
        "rotation_period_ms": 86_400_000,
    }
    assert state["m.room.history_visibility"] == {"history_visibility": "invited"}
    assert state["m.room.guest_access"] == {"guest_access": "forbidden"}
    assert state["m.room.join_rules"] == {"join_rule": "invite"}
    assert state["m.room.server_acl"]["allow"] == ["africa.rogatory.test", "court.rogatory.test"]
    powers = creation.power_level_content_override
    assert (powers["invite"], powers["events_default"], powers["users_default"]) == (50, 0, 0)
    protected = powers["events"]
    assert isinstance(protected, dict)
    assert {"m.room.encryption", "m.room.server_acl", "m.room.power_levels"} <= set(protected)
    assert set(protected.values()) == {150}
    assert "SEN" not in str(creation)


async def test_intention_is_recorded_before_anything_exists(path: Path, server: FakeServer) -> None:
    """When the bot dies at its first call to the server, the register knows the request already."""
    bot = run_of_the_bot(path, server, steps := Steps(kill_at=3))
    with bot.register, pytest.raises(Killed):
        await bot.issue(sample_draft(), ADDRESSEES)
    assert (steps.taken, server.rooms) == (3, {})
    with run_of_the_bot(path, server).register as register:
        [record] = register.requests()
        assert (record.status, record.addressees) == (RequestStatus.INTENDED, tuple(ADDRESSEES))


async def killed_run(path: Path, server: FakeServer, kill_at: int) -> bool:
    """Issue, or resume what is there, and be killed at that step; False when it ended before."""
    bot = run_of_the_bot(path, server, Steps(kill_at=kill_at))
    with bot.register:
        try:
            if bot.register.requests():
                await bot.resume(patience=5.0)
            else:
                await bot.issue(sample_draft(), ADDRESSEES, patience=5.0)
        except Killed:
            return True
    return False


async def assert_finished(path: Path, server: FakeServer, where: object) -> None:
    bot = run_of_the_bot(path, server)
    with bot.register:
        if not bot.register.requests():
            await bot.issue(sample_draft(), ADDRESSEES)  # killed before the intention: nothing was begun
        await bot.resume(patience=5.0)
        [record] = bot.register.requests()
        assert record.status is RequestStatus.DELIVERED, where
        assert bot.register.verify_chain(), where
    [(room_id, room)] = server.rooms.items()
    [content] = room.events
    assert verify_request(content, room_id=room_id, manifest=MANIFEST).holds, where
    assert set(room.members) == {BOT, *ADDRESSEES}, where


async def test_killed_at_every_step(tmp_path: Path) -> None:
    """Killed before or after any call and any record, the next process finishes: one room, one event."""
    for step in range(1, 100):
        server = FakeServer(able=set(ADDRESSEES))
        path = tmp_path / f"{step}.db"
        was_killed = await killed_run(path, server, step)
        await assert_finished(path, server, step)
        if not was_killed:
            break
    assert step > 20  # the loop has seen every step of a whole run, and they are many


async def test_killed_at_every_step_and_again_while_resuming(tmp_path: Path) -> None:
    """Killed again at any of the first steps of the repair, it is still one room and one event."""
    for first in range(3, 22):
        for second in range(1, 8):
            server = FakeServer(able=set(ADDRESSEES))
            path = tmp_path / f"{first}-{second}.db"
            await killed_run(path, server, first)
            await killed_run(path, server, second)
            await assert_finished(path, server, (first, second))


async def test_issued_not_delivered(path: Path, server: FakeServer) -> None:
    """As long as one addressee cannot read it nothing is posted; once all can, resume posts it."""
    server.able = {FOCAL_POINT}
    issued = await issue(path, server, patience=0.05)
    assert (issued.event_id, issued.delivered, server.events) == (None, False, [])
    bot = run_of_the_bot(path, server)
    with bot.register:
        [record] = await bot.resume()
        assert (record.status, server.events) == (RequestStatus.ISSUED, [])
        server.able = set(ADDRESSEES)
        [record] = await bot.resume()
        assert record.status is RequestStatus.DELIVERED
        assert await bot.resume() == ()
    assert len(server.events) == 1


async def test_waiting_ends_as_soon_as_all_can_read(path: Path, server: FakeServer) -> None:
    """The bot waits for the last addressee's device, and posts then, long before its patience ends."""
    server.able = {FOCAL_POINT}
    issuing = asyncio.create_task(issue(path, server, patience=60))
    await asked(server, 3)
    assert server.events == []
    server.able = set(ADDRESSEES)
    async with asyncio.timeout(10):
        assert (await issuing).delivered


async def test_a_session_that_has_not_heard_of_the_room(path: Path, server: FakeServer) -> None:
    """A room that the session does not know yet is waited for."""
    server.unknown_for = 3
    assert (await issue(path, server)).delivered
    assert server.queries == 4


def unreachable() -> HomeserverUnreachable:
    return HomeserverUnreachable("No answer.", why="It is down.", remedy="Wait.")


def refusal(kind: type[HomeserverRefused], status: int) -> HomeserverRefused:
    return kind("Refused.", why="It says so.", remedy="Ask.", status=status, errcode="M_X")


@pytest.mark.parametrize("failure", [unreachable(), refusal(HomeserverRefused, 502)])
async def test_a_server_that_is_down(path: Path, server: FakeServer, failure: HomeserverRefused) -> None:
    """An invitation that their server cannot take now is tried again later."""
    server.invitation_fails = failure
    assert not (await issue(path, server, patience=0.05)).delivered
    server.invitation_fails = None
    bot = run_of_the_bot(path, server)
    with bot.register:
        [record] = await bot.resume(patience=5.0)
    assert record.status is RequestStatus.DELIVERED
    assert (len(server.rooms), len(server.events)) == (1, 1)


async def test_an_invitation_that_is_refused(path: Path, server: FakeServer) -> None:
    """A refusal is told with the request's id: it is recorded, and not to be issued again."""
    server.invitation_fails = refusal(NotAllowed, 403)
    with pytest.raises(IssueInterrupted, match="Do not issue it again") as interrupted:
        await issue(path, server)
    bot = run_of_the_bot(path, server)
    with bot.register:
        [record] = bot.register.requests()
        assert interrupted.value.request_ids == (record.request_id,)
        with pytest.raises(IssueInterrupted):
            await bot.resume()
    assert server.events == []


async def test_another_task_works_on_it(path: Path, server: FakeServer) -> None:
    """While one process waits with a request, the loop of another leaves it alone."""
    server.able = set()
    issuing = asyncio.create_task(issue(path, server, patience=60))
    await asked(server, 1)
    bot = run_of_the_bot(path, server)
    with bot.register:
        assert len(bot.register.requests(open_only=True)) == 1
        assert await bot.resume() == ()
    server.able = set(ADDRESSEES)
    async with asyncio.timeout(10):
        assert (await issuing).delivered
    assert (len(server.rooms), len(server.events)) == (1, 1)


async def test_cancelled_while_waiting(path: Path, server: FakeServer) -> None:
    """Cancelled, the bot leaves the request as it is, unlocked, to be resumed."""
    server.able = set()
    issuing = asyncio.create_task(issue(path, server, patience=60))
    await asked(server, 1)
    issuing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await issuing
    server.able = set(ADDRESSEES)
    await assert_finished(path, server, "later")


@pytest.mark.parametrize(
    "addressees", [[], ["@x:elsewhere.test"], [FOCAL_POINT, "nonsense"], [FOCAL_POINT, BOT]]
)
async def test_addressees_outside_the_network(path: Path, server: FakeServer, addressees: list[str]) -> None:
    """Who is not on a server of the manifest receives nothing, and nothing is recorded or made."""
    bot = run_of_the_bot(path, server)
    with bot.register, pytest.raises(AddresseeRefused):
        await bot.issue(sample_draft(), addressees)
    with run_of_the_bot(path, server).register as register:
        assert (register.requests(), server.rooms) == ((), {})


async def test_a_key_that_nobody_could_verify(path: Path, server: FakeServer) -> None:
    """A bot with a key or an account that the manifest does not name issues nothing."""
    for stranger in ({"_key": SigningKey.generate("2026a")}, {"_user_id": "@other:court.rogatory.test"}):
        bot = run_of_the_bot(path, server)
        vars(bot).update(stranger)
        with bot.register, pytest.raises(SignatureUnusable):
            await bot.issue(sample_draft(), ADDRESSEES)
    assert server.rooms == {}


async def test_a_half_made_room_is_not_taken(path: Path, server: FakeServer) -> None:
    """A room that bears the request's mark without the rest of its state is left alone, empty."""
    bot = run_of_the_bot(path, server, Steps(kill_at=3))
    with bot.register, pytest.raises(Killed):
        await bot.issue(sample_draft(), ADDRESSEES)
    with run_of_the_bot(path, server).register as register:
        [record] = register.requests()
    whole = request_room(record.request_id, BOT, ADDRESSEES)
    half = server.create(msgspec.structs.replace(whole, initial_state=whole.initial_state[-1:]))
    bot = run_of_the_bot(path, server)
    with bot.register:
        [record] = await bot.resume(patience=5.0)
    assert record.room_id not in (None, half)
    assert server.rooms[half].events == []
