"""The bot follows its rooms: wherever it is killed, each message is filed and acknowledged once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec

from bridge.register_event import EventKind
from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.compose import compose_answer
from policies.requests.case.step import EVENT_KEY
from policies.requests.verdict import CONTENT_KEY
from policies.trust.attestation import sign_attestation
from policies.trust.signing import SigningKey
from tests.bridge.fake_court import FakeServer, Killed, Steps, run_of_the_bot
from tests.policies.requests.samples import sample_draft
from tests.policies.trust.networks import AFRICA, ATTESTATION, FOCAL_POINT, MANIFEST, NOW

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
