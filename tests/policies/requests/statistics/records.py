"""Requests to be counted: a small network with real names, and Hypothesis strategies for its records."""

from __future__ import annotations

import datetime
from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st

from policies.requests.statistics.record import RequestRecord
from policies.requests.statistics.rules import packaged_rules
from policies.requests.statistics.year import reporting_year
from policies.requests.templates.kinds import Priority

BEGIN = datetime.datetime(2026, 9, 1, tzinfo=datetime.UTC)
YEAR = reporting_year(BEGIN.date(), packaged_rules().reporting_year)
HOUR = datetime.timedelta(hours=1)
STATES = {
    "africa": ("SEN", "KEN", "NGA", "GHA", "MLI"),
    "grulac": ("ARG", "BRA", "CHL"),
    "weog": ("FRA", "NOR"),
}
SMALL: dict[str, tuple[str, ...]] = {
    "region": tuple(STATES),
    "priority": ("P2", "P4"),
    "template": ("T10", "T13", "T16"),
    "organ": ("OTP", "CHAMBER"),
}
"""What the small network is counted by."""

EXACT = msgspec.structs.replace(packaged_rules().disclosure, rounding_base=1)
"""The packaged rules without rounding: here only what is held back protects."""

OUTCOMES = ("EXECUTED", "UNABLE_NO_RESULT", "NO_LEGISLATION", "OTHER_STATED_REASON", "CONSULT_97")


def record(**changes: Any) -> RequestRecord:
    """An executed request; its times follow one another by a day."""
    values: dict[str, Any] = {
        "region": "africa", "state": "SEN", "priority": Priority.P4, "template": "T13", "organ": "OTP",
        "issued_at": BEGIN, "delivered_at": BEGIN + 24 * HOUR, "acknowledged_at": BEGIN + 48 * HOUR,
        "first_answer_at": BEGIN + 72 * HOUR, "final_answer_at": BEGIN + 96 * HOUR, "outcome": "EXECUTED",
    }  # fmt: skip
    return RequestRecord(**values | changes)


def any_record(random: Random) -> RequestRecord:
    """Any request that there can be: in any stage, sealed or not, in any row, most often in the first."""
    region = random.choice(["africa", "africa", "africa", "grulac", "grulac", "weog"])
    values: dict[str, Any] = {
        "region": region,
        "state": random.choice(STATES[region]),
        "priority": random.choice([Priority.P2, Priority.P4]),
        "template": random.choice(["T13", "T13", "T13", "T10", "T10", "T16"]),
        "organ": random.choice(["OTP", "OTP", "CHAMBER"]),
        "issued_at": BEGIN,
        "sealed": random.random() < 0.05,
        "binding": random.random() < 0.8,
        "advance": random.random() < 0.4,
    }
    values["confirmed"] = values["advance"] and random.random() < 0.6
    stage = random.choice([0, 1, 2, 3, 4, 4, 5, 5])
    for least, name in enumerate(
        ("delivered_at", "acknowledged_at", "first_answer_at", "final_answer_at"), start=1
    ):
        if stage >= least:
            values[name] = BEGIN + (least * 100 + random.randrange(100)) * HOUR
    if stage >= 3:
        values["outcome"] = random.choice(OUTCOMES[2:] if stage == 3 else OUTCOMES)
    values["incomplete"] = stage >= 1 and random.random() < 0.2
    values["closed"] = stage == 5
    return RequestRecord(**values)


def seeded(seed: int, size: int) -> list[RequestRecord]:
    """The same random requests for the same seed."""
    random = Random(seed)  # noqa: S311 - no secret: the same tables each time
    return [any_record(random) for _ in range(size)]


record_lists = st.builds(seeded, st.integers(0, 2**32), st.sampled_from([0, 5, 20, 60, 120, 250, 500]))
"""Tables from empty to mostly shown."""
