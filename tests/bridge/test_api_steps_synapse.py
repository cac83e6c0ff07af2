"""From an HTTP POST to the focal point's session: the Court's steps, signed, posted once, and seen."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from client.session.session import OpenSession
from client.views.case_messages import room_messages
from client.views.session_cases import SessionCases
from policies.requests.case.case import Case, CaseState
from policies.requests.case.details_file import AnswerDetails
from policies.requests.case.step import EVENT_KEY
from policies.requests.errors import CaseNotOpened
from tests.bridge.answering import codes, real_now
from tests.bridge.api_client import sample_body
from tests.bridge.case_system import CaseSystem
from tests.bridge.court_desk import CourtDesk, court_desk
from tests.bridge.served import serving
from tests.bridge.waiting import until
from tests.client.session.homeserver import Homeserver, free_port, running_synapse
from tests.client.session.people import opened

pytestmark = [pytest.mark.synapse, pytest.mark.timeout(300)]

KILLS = 6
NOTHING_FOUND = AnswerDetails(details={"steps_taken": "EXERCISE ONLY. The registry was searched."})


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Homeserver]:
    with running_synapse(tmp_path_factory.mktemp("steps")) as server:
        yield server


@dataclass(frozen=True)
class Desk:
    """The Court's desk, a case system with its token, the focal point's open session."""

    court: CourtDesk
    port: int
    log: Path
    system: CaseSystem
    session: OpenSession

    async def case(self, request_id: str, fits: Callable[[Case], bool]) -> Case:
        """Wait until the focal point's own session shows a case that fits."""
        found: list[Case] = []

        async def seen() -> bool:
            try:
                found[:] = [await SessionCases(self.session, self.court.manifest).find(request_id)]
            except CaseNotOpened:
                return False
            return fits(found[0])

        await until(seen, within=60)
        return found[0]


@asynccontextmanager
async def desk(homeserver: Homeserver, folder: Path) -> AsyncIterator[Desk]:
    court = await court_desk(homeserver, folder, secrets.token_hex(4))
    made = await asyncio.to_thread(
        court.rogatory.json, "bridge", "token", "add", "--scope", "submit,read,step"
    )
    port = free_port()
    async with aiohttp.ClientSession() as http, opened(court.focal_point) as session:
        system = CaseSystem(lambda: f"http://127.0.0.1:{port}", made["token"], http)
        yield Desk(court, port, folder / "bridge.log", system, session)


async def test_a_step_is_seen_by_the_focal_point(homeserver: Homeserver, tmp_path: Path) -> None:
    """What the case system POSTs is signed by the organ, and the focal point's session has the same case:
    an advance copy confirmed, the final answer supplemented, answered again, the request closed on that."""
    async with desk(homeserver, tmp_path) as there, serving(there.court, there.port, there.log):
        request_id = await there.system.submit(_advance_copy(), "advance")
        confirmation = {"channel": "DIPLOMATIC", "reference": "NV/2026/0117", "date": "2026-11-23"}
        await there.case(request_id, lambda case: "DELIVERED" in codes(case))
        told = await there.system.step(request_id, "confirm", confirmation, "confirmed")
        case = await there.case(request_id, lambda case: "FORMALLY_CONFIRMED" in codes(case))
        assert (case.confirmation.status, case.confirmation.reference) == ("confirmed", "NV/2026/0117")
        assert told["case_state"] == "delivered"
        await _answered(there, case)
        told = await there.system.step(request_id, "supplement", {"reason": "Which registry?"}, "more")
        assert told["case_state"] == "in-progress"
        case = await there.case(request_id, lambda case: "SUPPLEMENT_ASKED" in codes(case))
        second = await _answered(there, case)
        told = await there.system.step(request_id, "close", {}, "closed")
        assert told["case_state"] == "closed"
        case = await there.case(request_id, lambda case: case.state is CaseState.CLOSED)
        assert case.last_final is not None
        assert case.last_final.sha256 == second
        assert case.refused == ()
        assert (await there.system.look(request_id))["case_state"] == "closed"


async def test_many_posts_are_one_step(homeserver: Homeserver, tmp_path: Path) -> None:
    """The same POST again and again, the bridge killed at random: one answer, one event, one step."""
    async with desk(homeserver, tmp_path) as there:
        async with serving(there.court, there.port, there.log):
            request_id = await there.system.submit(sample_body(), "request")
            await there.case(request_id, lambda case: "DELIVERED" in codes(case))
        posting = _Posting(there, request_id)
        async with asyncio.TaskGroup() as group:
            group.create_task(posting.run())
            await posting.kill_at_random()
            async with serving(there.court, there.port, there.log):
                await posting.finish()
                case = await there.case(request_id, lambda case: "FOLLOW_UP" in codes(case))
        assert posting.answers == [posting.answers[0]] * len(posting.answers)
        assert codes(case).count("FOLLOW_UP") == 1
        assert case.refused == ()
        messages = await room_messages(there.session, case.request.room_id)
        steps = [each.content[EVENT_KEY] for each in messages if EVENT_KEY in each.content]
        assert [step["step"] for step in steps].count("FOLLOW_UP") == 1  # type: ignore[index] # JSON of our own


class _Posting:
    """The same POST under the same key, until it is over."""

    def __init__(self, there: Desk, request_id: str) -> None:
        self.answers: list[dict[str, Any]] = []
        self._there = there
        self._request_id = request_id
        self._over = False
        self._ended = asyncio.Event()

    async def run(self) -> None:
        body = {"request_id": "ROG-2026-7KQ4XM", "template": "T13"}
        while not self._over:
            answer = await self._there.system.step(self._request_id, "follow-up", body, "one-key")
            self.answers.append(answer)
        self._ended.set()

    async def kill_at_random(self) -> None:
        """Serve, and kill within one of the next posts, several times: the first before any is answered."""
        chance = random.Random(7)  # noqa: S311 # no secret: when to kill
        for number in range(KILLS):
            async with serving(self._there.court, self._there.port, self._there.log):
                if number:
                    await self._more(chance.randint(0, 3))
                with suppress(TimeoutError):  # and then somewhere within one of the next posts
                    async with asyncio.timeout(chance.uniform(0, 0.05)):
                        await asyncio.Event().wait()

    async def finish(self) -> None:
        """Wait for one more answer, and for the last."""
        await self._more(1)
        self._over = True
        await self._ended.wait()

    async def _more(self, count: int) -> None:
        enough = len(self.answers) + count

        async def answered() -> bool:
            return len(self.answers) >= enough

        await until(answered, within=60)


def _advance_copy() -> dict[str, Any]:
    return sample_body(
        nature="ADVANCE",
        urgency="URGENT",
        urgency_justification="EXERCISE ONLY. The vessel is about to sail.",
        formal_confirmation={"status": "pending", "channel": "DIPLOMATIC"},
    )


async def _answered(there: Desk, case: Case) -> str:
    """Give a final answer as the focal point, wait until the Court has received it, and return its hash."""

    async def attested() -> bool:
        return bool(await there.session.signed_attestations())

    await until(attested, within=60)
    cases, request_id = SessionCases(there.session, there.court.manifest), case.request.id
    await cases.answer(case, "NO_ASSETS_FOUND", NOTHING_FOUND, case.time_to_sign(real_now()))
    receipts = codes(case).count("ANSWER_RECEIVED") + 1
    case = await there.case(request_id, lambda case: codes(case).count("ANSWER_RECEIVED") == receipts)
    assert case.last_final is not None
    return case.last_final.sha256
