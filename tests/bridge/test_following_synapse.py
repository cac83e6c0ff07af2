"""The Court's bot follows its rooms on a real homeserver: what holds is filed, the rest has no effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from bridge.court import CourtBot
from bridge.register_event import EventKind
from client.session.events import Json
from policies.requests.case.case import Case, CaseState
from policies.requests.case.details_file import AnswerDetails
from policies.requests.case.refusal import Refusal
from policies.requests.case.step import StepCode
from policies.requests.case.step_details import Reminding
from policies.requests.clocks.reading import read_clocks
from policies.requests.errors import CommunicationRefused
from tests.bridge.answering import (
    DAY,
    NOW,
    World,
    codes,
    provisional_arrest,
    real_now,
    signed_answer_of,
    tracing,
    world,
)
from tests.bridge.waiting import until
from tests.client.session.homeserver import Homeserver, running_synapse

pytestmark = pytest.mark.synapse

UNIT = AnswerDetails(details={"unit": "Unit 3"}, next_date=(NOW + 7 * DAY).date())
CONSULTED: dict[str, object] = {"sub_code": "OTHER", "question": "Which?", "proposed_solution": "Say."}
NOTHING_FOUND: dict[str, object] = {"steps_taken": "EXERCISE ONLY. The registry was searched."}


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("following")) as server:
        yield server


async def followed(bot: CourtBot, request_id: str, fits: Callable[[Case], bool]) -> Case:
    """Look at a request until its case fits."""
    seen: list[Case] = []

    async def looked() -> bool:
        case = await bot.following.look(request_id)
        seen[:] = [case] if case else []
        return case is not None and fits(case)

    try:
        await until(looked, within=60)
    except TimeoutError:
        raise AssertionError(f"never fitted: {seen and (codes(seen[0]), seen[0].refused)}") from None
    return seen[0]


async def received_by(there: World, name: str, request_id: str) -> Case:
    """Wait until a person's own session shows the case of a request."""
    found: list[Case] = []

    async def has_it() -> bool:
        found[:] = [case for case in await there.cases(name).all() if case.request.id == request_id]
        return bool(found)

    await until(has_it, within=60)
    return found[0]


async def test_answers_are_filed_and_acknowledged(homeserver: Homeserver, tmp_path: Path) -> None:
    """Delivered once joined; each answer filed, judged and acknowledged once; both sides see one case."""
    async with world(homeserver, tmp_path, "filed", "sen") as there, there.bot() as bot:
        issued = await bot.issue(tracing(), [there.people["sen"].user_id])
        case = await followed(bot, issued.id, lambda case: "DELIVERED" in codes(case))
        assert case.state is CaseState.DELIVERED
        mine = await received_by(there, "sen", issued.id)
        for outcome, details in (
            ("ACKNOWLEDGED", UNIT),
            ("CONSULT_97", AnswerDetails(details=CONSULTED)),
            ("NO_ASSETS_FOUND", AnswerDetails(details=NOTHING_FOUND)),
        ):
            mine = await there.cases("sen").find(issued.id)
            await there.cases("sen").answer(mine, outcome, details, mine.time_to_sign(real_now()))
        case = await followed(bot, issued.id, lambda case: codes(case).count("ANSWER_RECEIVED") == 3)
        assert (case.state, case.refused) == (CaseState.ANSWERED, ())
        [final] = [entry.sha256 for entry in case.answers if entry.is_final]
        await bot.steps.take(issued.id, StepCode.CLOSED, lambda _: {"answer_sha256": final})
        with pytest.raises(CommunicationRefused, match="closed"):
            await bot.steps.take(issued.id, StepCode.WITHDRAWN_BY_COURT, lambda _: {"reason": "Late"})
        case = await followed(bot, issued.id, lambda case: case.state is CaseState.CLOSED)
        kinds = [event.kind for event in bot.register.events(issued.id)]
        assert (kinds.count(EventKind.RECEIVED), kinds.count(EventKind.JUDGED)) == (3, 3)
        assert kinds.count(EventKind.STEP_SIGNED) == kinds.count(EventKind.STEP_POSTED) == 5
        bot.register.verify_chain()

        async def agreed() -> bool:
            return (await there.cases("sen").find(issued.id)).history == case.history

        await until(agreed, within=60)


async def test_hostile_answers_are_refused_and_recorded(homeserver: Homeserver, tmp_path: Path) -> None:
    """Another State, another request, an expired attestation, a replay, control characters, too much:
    each is recorded as refused with its kind, and the case and the register are what they were."""
    names = ("sen", "gha", "old")
    async with world(homeserver, tmp_path, "hostile", *names) as there, there.bot() as bot:
        await there.attest("gha", state="GHA")
        await there.attest("old", valid_until=NOW - DAY)
        addressees = [there.people[name].user_id for name in names]
        issued = await bot.issue(tracing(), addressees)
        other = await bot.issue(tracing(), addressees)
        await followed(bot, issued.id, lambda case: "DELIVERED" in codes(case))
        for name in names:
            for each in (issued, other):
                await received_by(there, name, each.id)
        sen, gha, old = (there.people[name] for name in names)
        good = await signed_answer_of(sen, issued.room_id, "CONSULT_97", CONSULTED)
        steered = await signed_answer_of(sen, issued.room_id, "OTHER_STATED_REASON", {"reason": "\u202egnp"})
        large = {"reason": "x" * 22_500}
        hostile: list[tuple[Any, dict[str, Json], Refusal]] = [
            (gha, await signed_answer_of(gha, issued.room_id, "CONSULT_97", CONSULTED), Refusal.OTHER_STATE),
            (old, await signed_answer_of(old, issued.room_id, "CONSULT_97", CONSULTED),
             Refusal.ATTESTATION_EXPIRED),
            (sen, await signed_answer_of(sen, other.room_id, "CONSULT_97", CONSULTED), Refusal.OTHER_ROOM),
            (gha, good, Refusal.REPLAYED),
            (sen, steered, Refusal.CONTROL_CHARACTERS),
            (sen, await signed_answer_of(sen, issued.room_id, "OTHER_STATED_REASON", large),
             Refusal.TOO_LARGE),
            (sen, {"msgtype": "m.notice", "body": "x", "org.rogatory.answer": {"v": 1.5}}, Refusal.MALFORMED),
            (sen, await signed_answer_of(sen, issued.room_id, "SURRENDERED", {}), Refusal.NOT_LAWFUL_HERE),
            (sen, await signed_answer_of(sen, issued.room_id, "EXECUTED", {}), Refusal.INCOMPLETE),
        ]  # fmt: skip
        accepted = await sen.session.send(issued.room_id, good)
        expected = {}
        for person, content, refusal in hostile:
            sent = await person.session.send(issued.room_id, content)
            expected[sent.event_id] = refusal
        case = await followed(bot, issued.id, lambda case: len(case.refused) == len(hostile))
        assert {each.event_id: each.refusal for each in case.refused} == expected
        assert all(each.reason for each in case.refused)
        assert [entry.event_id for entry in case.answers] == [accepted.event_id]
        judged = {
            event.payload["event_id"]: event.payload["refusal"]
            for event in bot.register.events(issued.id)
            if event.kind is EventKind.JUDGED
        }
        assert judged == {accepted.event_id: None, **{name: each.value for name, each in expected.items()}}
        bot.register.verify_chain()
        before = sum(1 for _ in bot.register.events())
        await bot.following.look(issued.id)
        assert sum(1 for _ in bot.register.events()) == before


async def test_the_sixty_days_of_a_provisional_arrest(homeserver: Homeserver, tmp_path: Path) -> None:
    """They run from the day of arrest that was reported, and both sides are warned in the room at 30, 14, 7
    and 2 days, once each, whatever the hour and however often the bot looks."""
    clock = [datetime.combine(NOW.date() - 64 * DAY, time(12), UTC)]
    began = clock[0]
    async with world(homeserver, tmp_path, "arrest", "sen") as there, there.bot(lambda: clock[0]) as bot:
        issued = await bot.issue(provisional_arrest(), [there.people["sen"].user_id])
        await followed(bot, issued.id, lambda case: "DELIVERED" in codes(case))
        clock[0] = began + timedelta(hours=1)
        arrested = (began - DAY).date()
        await bot.steps.take(
            issued.id,
            StepCode.ARREST_REPORTED,
            lambda _: {"arrest_date": arrested.isoformat(), "source": "INTERPOL"},
        )
        last_day = arrested + 60 * DAY
        warned: list[int] = []
        for day in range(64):
            clock[0] = began + day * DAY + timedelta(hours=2)
            await bot.following.look(issued.id)
            case = await bot.following.look(issued.id)
            assert case is not None
            stages = _stages(case, "full_request_due")
            if len(stages) > len(warned):
                assert (last_day - clock[0].date()).days == -stages[-1]
                warned = stages
            if stages[-1:] == [-2]:
                break
        assert warned == [-30, -14, -7, -2]
        assert case is not None
        [reading] = [each for each in read_clocks(case, clock[0]) if each.name == "full_request_due"]
        assert reading.is_statutory
        assert reading.due is not None
        assert (reading.due - timedelta(hours=12)).date() == last_day
        days = [entry.at.date() for entry in case.steps if entry.code == StepCode.REMINDER]
        assert len(days) == len(set(days))

        async def theirs() -> bool:
            return _stages(await received_by(there, "sen", issued.id), "full_request_due") == warned

        await until(theirs, within=60)


def _stages(case: Case, clock: str) -> list[int]:
    """The stages of one clock of which the case's reminders told, in order."""
    reminded = [entry.details for entry in case.steps if isinstance(entry.details, Reminding)]
    return [each.stage for said in reminded for each in said.clocks if each.clock == clock]
