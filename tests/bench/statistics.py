"""How long the statistics of a year of 10,000 requests take, as a ratio to bare SQL.

    .venv/bin/python -m tests.bench.statistics [--requests 10000] [--runs 5] [--profile FILE]

Measured is what answers GET /v1/statistics/{year} the first time, from the log to the bytes of the JSON, what
is held back among it. The floor is one statement that reads the same rows of the log, and does nothing.
"""

from __future__ import annotations

import argparse
import cProfile
import tempfile
from pathlib import Path

import msgspec

from bridge.counting import QUERY, arguments, counted
from bridge.register import Register
from policies.requests.statistics.report import report as report_of
from policies.requests.statistics.rules import packaged_rules
from policies.requests.statistics.year import ReportingYear, year_named
from policies.trust import canonical_json
from policies.trust.times import format_time
from tests.bench.ratio import milliseconds, report
from tests.bridge.past_year import END, TITLE, events

KEY = bytes(32)
BOUND = 3


def filled(path: Path, requests: int) -> Register:
    """Make a register of a past year, its rows written at once: what is measured does not look at hashes."""
    register = Register.open(path, KEY, now=lambda: END)
    rows = (
        (
            number,
            format_time(at),
            kind.value,
            request_id,
            canonical_json.encode(payload).decode(),
            "",
            f"{number}",
        )
        for number, (at, request_id, kind, payload) in enumerate(events(requests), start=1)
    )
    with register.database.conn:
        register.database.conn.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    return register


def answered(register: Register, year: ReportingYear) -> bytes:
    """Do what answers the call."""
    return msgspec.json.encode(report_of(counted(register, year), year))


def read(register: Register, year: ReportingYear) -> list[object]:
    """Read the rows of the log that are counted."""
    found: list[object] = register.database.execute(QUERY, arguments(year, 0, -1)).fetchall()
    return found


def measure(register: Register, runs: int, profile: cProfile.Profile | None) -> None:
    """Print how long a report takes beside the floor that reads its rows, in turns."""
    year = year_named(TITLE, packaged_rules().reporting_year)
    answered(register, year)
    pairs = []
    for _ in range(runs):
        if profile is not None:
            profile.enable()
        figure = milliseconds(lambda: answered(register, year))
        if profile is not None:
            profile.disable()
        pairs.append((figure, milliseconds(lambda: read(register, year))))
    rows = len(read(register, year))
    report(f"statistics of a year ({rows} rows)", "the same rows by bare SQL", pairs, BOUND)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--profile", metavar="FILE", help="Write a profile to FILE.")
    options = parser.parse_args()
    profile = cProfile.Profile() if options.profile else None
    with (
        tempfile.TemporaryDirectory() as scratch,
        filled(Path(scratch) / "register.db", options.requests) as register,
    ):
        measure(register, options.runs, profile)
    if profile is not None:
        profile.dump_stats(options.profile)


if __name__ == "__main__":
    main()
