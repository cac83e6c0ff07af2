"""The bot follows its rooms: wherever it is killed, each message is filed and acknowledged once."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from bridge.court_steps import CourtSteps
from bridge.register import Register
from bridge.register_event import EventKind
from client.session.events import SentEvent
from client.views.case_messages import room_messages
from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.compose import compose_answer
from policies.requests.case.step import EVENT_KEY, StepCode
from policies.requests.verdict import CONTENT_KEY
from policies.trust.attestation import sign_attestation
from policies.trust.signing import SigningKey
from tests.bridge.fake_court import BOT, FakeServer, FakeSession, Killed, Steps, run_of_the_bot
from tests.bridge.fake_court import KEY as COURT_KEY
from tests.policies.requests.samples import sample_draft
from tests.policies.trust.networks import AFRICA, ATTESTATION, FOCAL_POINT, MANIFEST, NOW, OTP

KEY = SigningKey.generate("answer")
DETAILS = {"sub_code": "OTHER", "question": "Which?", "proposed_solution": "Say."}


async def asked(path: Path) -> tuple[FakeServer, str, str]:
    """A request that its focal point has received, joined and answered, unlawfully once and then lawfully."""
    server = FakeServer(able={FOCAL_POINT})
    statement = msgspec.structs.replace(ATTESTATION, answer_key=KEY.public_key)
    server.attestations = [sign_attestation(statement, AFRICA)]  # type: ignore[list-item] # JSON of ours
    bot = run_of_the_bot(path, server)
    with bot.register:
        issued = await bot.issue(sample_draft(), [FOCAL_POINT])
    room = server.rooms[issued.room_id]
    room.members[FOCAL_POINT] = "join"
    [request] = room.events
    for outcome, details in (("SURRENDERED", {}), ("CONSULT_97", DETAILS)):
        content = compose_answer(
            request=request, outcome=outcome, details=details, answered_at=NOW, answerer=FOCAL_POINT, key=KEY
        )
        server.post(issued.room_id, FOCAL_POINT, content)  # type: ignore[arg-type] # JSON of ours
    return server, issued.id, issued.room_id


async def look(path: Path, server: FakeServer, request_id: str, kill_at: int | None = None) -> bool:
    """Look at the request as a new process does; False when it was killed."""
    bot = run_of_the_bot(path, server, Steps(kill_at))
    with bot.register:
        try:
            await bot.following.look(request_id)
        except Killed:
            return False
    return True


def assert_once_each(path: Path, server: FakeServer, request_id: str, where: object) -> None:
    bot = run_of_the_bot(path, server)
    with bot.register as register:
        register.verify_chain()
        kinds = Counter(event.kind for event in register.events(request_id))
        case = bot.steps.file(request_id).case(MANIFEST)
        state = register.request(request_id).case_state
    codes = sorted(entry.code for entry in case.history)
    assert codes == ["ANSWER_RECEIVED", "CONSULT_97", "DELIVERED"], where
    assert len(case.refused) == 1, where
    assert state == case.state, where
    filed = (EventKind.RECEIVED, EventKind.JUDGED, EventKind.STEP_SIGNED, EventKind.STEP_POSTED)
    assert [kinds[kind] for kind in filed] == [2, 2, 2, 2], where
    [room] = server.rooms.values()
    posted = Counter(key for content in room.timeline for key in content.content if "." in key)
    assert posted == {CONTENT_KEY: 1, ANSWER_KEY: 2, EVENT_KEY: 2}, where


async def test_killed_at_every_step(tmp_path: Path) -> None:
    """Killed before or after any call and any record, and again soon after: all is there, and once."""
    for step in range(1, 200):
        path = tmp_path / f"{step}.db"
        server, request_id, _ = await asked(path)
        ended = await look(path, server, request_id, kill_at=step)
        await look(path, server, request_id, kill_at=1 + step % 7)
        assert await look(path, server, request_id)
        assert_once_each(path, server, request_id, step)
        if ended:
            break
    assert step > 20  # the loop has seen every step of a whole look


async def test_a_second_look_does_nothing(tmp_path: Path) -> None:
    """Where nothing has come, nothing is recorded and nothing posted."""
    path = tmp_path / "register.db"
    server, request_id, room_id = await asked(path)
    assert await look(path, server, request_id)
    before = len(server.rooms[room_id].timeline)
    assert await look(path, server, request_id)
    assert_once_each(path, server, request_id, "again")
    assert len(server.rooms[room_id].timeline) == before


async def test_not_delivered_before_somebody_is_there(tmp_path: Path) -> None:
    """While no addressee has joined, nothing shows that the request can be read: no step says delivered."""
    path = tmp_path / "register.db"
    server = FakeServer(able={FOCAL_POINT})
    bot = run_of_the_bot(path, server)
    with bot.register:
        issued = await bot.issue(sample_draft(), [FOCAL_POINT])
        case = await bot.following.look(issued.id)
        assert case is not None
        assert (case.state, case.delivered_at) == ("issued", None)
        server.rooms[issued.room_id].members[FOCAL_POINT] = "join"
        case = await bot.following.look(issued.id)
        assert case is not None
        assert (case.state, case.delivered_at) == ("delivered", case.history[0].at)


async def test_a_judgement_that_changes_is_recorded_again(tmp_path: Path) -> None:
    """An answer that came before its answerer's attestation was refused, and holds once that is known."""
    path = tmp_path / "register.db"
    server, request_id, _ = await asked(path)
    late, server.attestations = server.attestations, []
    assert await look(path, server, request_id)
    server.attestations = late
    assert await look(path, server, request_id)
    bot = run_of_the_bot(path, server)
    with bot.register as register:
        judged = [each.payload["refusal"] for each in register.events(request_id) if each.kind == "judged"]
        file = bot.steps.file(request_id)
    assert judged == ["not-attested", "not-attested", "not-lawful-here", None]
    assert sorted(str(each.refusal) for each in file.judgements.values()) == ["None", "not-lawful-here"]
    assert len(file.case(MANIFEST).refused) == 1


class YieldingSession(FakeSession):
    """A session whose sending takes a moment, in which another process can do the same."""

    async def send(self, *arguments: Any, **named: Any) -> SentEvent:
        await asyncio.sleep(0)
        return await super().send(*arguments, **named)


async def test_a_step_that_two_processes_post_is_one(tmp_path: Path) -> None:
    """Signed once and posted by two at once, it is one event, and recorded once."""
    path = tmp_path / "register.db"
    server, request_id, room_id = await asked(path)
    registers = [Register.open(path, COURT_KEY, now=lambda: NOW) for _ in range(2)]
    both = [CourtSteps(YieldingSession(server, Steps()), each, OTP, MANIFEST) for each in registers]
    step = await both[0].sign(request_id, lambda _: (StepCode.WITHDRAWN_BY_COURT, {"reason": "Over"}))
    assert step is not None
    await asyncio.gather(*(each.post_unsent(request_id) for each in both))
    kinds = Counter(event.kind for event in registers[0].events(request_id))
    assert kinds[EventKind.STEP_POSTED] == 1
    assert sum(EVENT_KEY in each.content for each in server.rooms[room_id].timeline) == 1
    for register in registers:
        register.close()


async def test_a_step_of_another_process_is_not_taken_for_a_message(tmp_path: Path) -> None:
    """What another process has just signed and posted, and not recorded as posted yet, is the Court's own."""
    path = tmp_path / "register.db"
    server, request_id, room_id = await asked(path)
    bot = run_of_the_bot(path, server)
    with bot.register as register:
        messages = await room_messages(FakeSession(server, Steps()), room_id)
        step = await bot.steps.sign(request_id, lambda _: (StepCode.WITHDRAWN_BY_COURT, {"reason": "Over"}))
        assert step is not None
        server.post(room_id, BOT, step.content)  # type: ignore[arg-type] # JSON of ours
        own = (await room_messages(FakeSession(server, Steps()), room_id))[len(messages) :]
        file = bot.steps.file(request_id)
        assert [file.is_own(each) for each in own] == [True]
        assert [file.is_own(each) for each in messages] == [True, False, False]
        stranger = msgspec.structs.replace(own[0], sender=FOCAL_POINT)
        assert not file.is_own(stranger)
        assert register.request(request_id).case_state == "withdrawn"
