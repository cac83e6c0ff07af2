"""What is counted of the register: as the reducer has judged it, as it stood when the year ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bridge.counting import counted, published_years
from bridge.errors import YearNotPublished
from bridge.register import Register
from bridge.register_event import EventKind
from policies.requests.case.step import StepCode
from policies.requests.statistics.count import count_request
from policies.requests.statistics.record import RequestRecord
from policies.requests.statistics.rules import packaged_rules
from policies.requests.statistics.year import ReportingYear, year_named
from policies.trust.times import parse_time
from tests.bridge.fake_court import KEY, run_of_the_bot
from tests.bridge.past_year import BEGIN, END, Clock, answer, fill, intended, step
from tests.bridge.test_following import asked
from tests.policies.trust.networks import MANIFEST, NOW

DAY = timedelta(days=1)
CONSULTED: dict[str, object] = {"sub_code": "a", "question": "Which?", "proposed_solution": "Say."}


def year(name: str = "2019-2020") -> ReportingYear:
    return year_named(name, packaged_rules().reporting_year)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def register(tmp_path: Path, clock: Clock) -> Iterator[Register]:
    with Register.open(tmp_path / "register.db", KEY, now=clock) as opened:
        opened.database.execute("PRAGMA synchronous = off")
        yield opened


def one(register: Register) -> RequestRecord:
    [record] = counted(register, year())
    return record


async def test_the_log_counts_as_the_case_does(tmp_path: Path) -> None:
    """What was received, judged and signed by the bot counts as the reduced case does, refusals left out."""
    server, request_id, _ = await asked(tmp_path / "register.db")
    bot = run_of_the_bot(tmp_path / "register.db", server)
    with bot.register:
        await bot.following.look(request_id)
        await bot.steps.take(request_id, StepCode.CONSULTATION_ANSWERED, lambda _: {"reply": "This."})
        record = bot.register.request(request_id)
        case = bot.steps.file(request_id).case(MANIFEST)
        assert case.refused
    later = NOW.replace(year=2027)
    with Register.open(tmp_path / "register.db", KEY, now=lambda: later) as register:
        [found] = counted(register, year("2026-2027"))
    assert found.outcome == "CONSULT_97"
    assert found.delivered_at is not None
    assert found == count_request(
        template=case.request.template,
        common=case.request.common,
        issued_at=parse_time(record.issued_at),
        history=case.history,
    )


def test_what_comes_after_the_year_does_not_change_it(register: Register, clock: Clock) -> None:
    """An answer and a withdrawal that are recorded once the year is over leave its figures as they were."""
    clock.now = END - 10 * DAY
    register.append(EventKind.INTENDED, "ROG-2020-AAAAAA", intended(0, "SEN"))
    for kind, payload in step(StepCode.DELIVERED, {}, clock.now):
        register.append(kind, "ROG-2020-AAAAAA", payload)
    clock.now = END
    before = one(register)
    assert (before.outcome, before.delivered_at) == (None, END - 10 * DAY)
    late = [
        *answer("CONSULT_97", CONSULTED, END - 9 * DAY, "$late"),
        *step(StepCode.WITHDRAWN_BY_COURT, {"reason": "x"}, END),
    ]
    for kind, payload in late:
        register.append(kind, "ROG-2020-AAAAAA", payload)
    clock.now = END + 300 * DAY
    assert one(register) == before


def test_only_what_was_judged_to_hold_counts(register: Register, clock: Clock) -> None:
    """A refused answer is none; one that was refused first and holds since is one."""
    register.append(EventKind.INTENDED, "ROG-2019-AAAAAA", intended(0, "SEN"))
    refused = answer("UNABLE_NO_RESULT", {"steps_taken": "x"}, BEGIN + DAY, "$refused", refusal="signature")
    first = list(answer("CONSULT_97", CONSULTED, BEGIN + DAY, "$first", refusal="not-attested"))
    again = list(answer("CONSULT_97", CONSULTED, BEGIN + DAY, "$first"))[1]
    for kind, payload in (*refused, *first, again):
        register.append(kind, "ROG-2019-AAAAAA", payload)
    clock.now = END
    found = one(register)
    assert (found.outcome, found.final_answer_at, found.incomplete) == ("CONSULT_97", None, True)


def test_only_what_was_issued_in_the_year_counts(register: Register, clock: Clock) -> None:
    """The first second of the year is in it; what was issued before is not, though answered in it."""
    first, second, third = "ROG-2019-AAAAAA", "ROG-2019-BBBBBB", "ROG-2020-CCCCCC"
    for at, request_id in ((BEGIN - DAY, first), (BEGIN, second)):
        clock.now = at
        register.append(EventKind.INTENDED, request_id, intended(0, "SEN"))
    clock.now = BEGIN + DAY
    for request_id in (first, second):
        for kind, payload in answer("CONSULT_97", CONSULTED, BEGIN + DAY, "$a"):
            register.append(kind, request_id, payload)
    clock.now = END
    register.append(EventKind.INTENDED, third, intended(0, "SEN"))
    clock.now = END + 400 * DAY
    for name, issued, outcome in (
        ("2018-2019", BEGIN - DAY, None),
        ("2019-2020", BEGIN, "CONSULT_97"),
        ("2020-2021", END, None),
    ):
        found = [(each.issued_at, each.outcome) for each in counted(register, year(name))]
        assert found == [(issued, outcome)]


def test_a_year_that_runs_is_refused(register: Register, clock: Clock) -> None:
    """Until its last day is over the refusal says why, and which years can be had; then it can be had."""
    assert published_years(register) == ()
    register.append(EventKind.INTENDED, "ROG-2019-AAAAAA", intended(0, "SEN"))
    clock.now = END - timedelta(seconds=1)
    with pytest.raises(YearNotPublished, match="subtracted") as refused:
        counted(register, year())
    assert "No year can be had yet" in refused.value.remedy
    clock.now = END
    assert published_years(register) == (year(),)
    assert len(counted(register, year())) == 1
    for name, why in (
        ("2020-2021", "subtracted"),
        ("2018-2019", "begins later"),
        ("9000-9001", "subtracted"),
    ):
        with pytest.raises(YearNotPublished, match=why) as refused:
            counted(register, year(name))
        assert "2019-2020" in refused.value.remedy


def test_counting_only_reads(register: Register, clock: Clock) -> None:
    """A register that nothing may write to is counted, in several pages, every request once."""
    fill(register, clock, 300)
    register.database.execute("PRAGMA query_only = on")
    records = counted(register, year())
    assert len(records) == 300
    assert len({record.issued_at for record in records}) == 300
    assert sum(record.sealed for record in records) == 30
