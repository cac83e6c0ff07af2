"""How long a page of the requests takes with 10,000 in the register, as a ratio to bare SQL.

    .venv/bin/python -m tests.bench.register [--requests 10000] [--runs 20]

Measured is what answers GET /v1/requests, from the query to the bytes of the JSON. The floor is one statement
that reads the same rows by what finds them fastest, their ids, and does nothing with them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from bridge.api.listing import ListQuery, list_requests
from bridge.api.schema import api_schema
from bridge.register import Register
from bridge.register_event import EventKind
from bridge.request_record import RequestStatus
from client.session.store.vault import migrate
from policies.requests.draft import Draft
from tests.bench.ratio import milliseconds, report
from tests.policies.requests.samples import sample_content, sample_draft

KEY = bytes(32)
TEMPLATES = ("T13@1.0", "T13@1.0", "T13@1.0", "T02@1.0", "T05@1.0")
"""What is asked for most is asked for more often."""
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Clock:
    """A minute passes for each event."""

    now: datetime = BEGIN

    def __call__(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now


def filled(path: Path, requests: int) -> Register:
    """Make a register in which one request in twenty waits for its addressee, the others are delivered."""
    register = Register.open(path, KEY, now=Clock())
    migrate(register.database, api_schema, path)
    register.database.execute("PRAGMA synchronous = off")  # it is made only once
    content = json.dumps(sample_content(), ensure_ascii=False)
    for number in range(requests):
        facts: list[tuple[EventKind, dict[str, object]]] = [
            (
                EventKind.INTENDED,
                {"draft": msgspec.to_builtins(_draft(number)), "addressees": ["@a:africa.rogatory.test"]},
            ),
            (EventKind.ROOM_OPENED, {"room_id": f"!room{number}"}),
            (EventKind.INVITED, {"user_id": "@a:africa.rogatory.test"}),
        ]
        if number % 20:
            facts += [
                (EventKind.SIGNED, {"content": content}),
                (EventKind.POSTED, {"event_id": f"$event{number}"}),
                (EventKind.DELIVERED, {}),
            ]
        for kind, payload in facts:
            register.append(kind, f"ROG-2026-{number:06}", payload)
    return register


def _draft(number: int) -> Draft:
    """Return a draft; one in ten is under seal."""
    draft = sample_draft()
    level = "UNDER_SEAL" if number % 10 == 9 else "CONFIDENTIAL"
    common = draft.common | {"confidentiality": level}
    return msgspec.structs.replace(draft, common=common, template=TEMPLATES[number % len(TEMPLATES)])


def answered(register: Register, query: ListQuery, *, sealed: bool) -> bytes:
    """Do what answers the call."""
    return msgspec.json.encode(list_requests(register, query, sealed=sealed))


def read(register: Register, ids: Sequence[str]) -> object:
    """Read the rows of these requests."""
    marks = ", ".join("?" * len(ids))
    query = f"SELECT record, status FROM requests WHERE request_id IN ({marks})"  # noqa: S608 # question marks
    return register.database.execute(query, ids).fetchall()


def measure(register: Register, what: str, query: ListQuery, runs: int, *, sealed: bool = True) -> None:
    """Print how long a page takes beside the floor that reads its rows."""
    ids = [each.id for each in list_requests(register, query, sealed=sealed).requests]
    pairs = [
        (
            milliseconds(lambda: answered(register, query, sealed=sealed)),
            milliseconds(lambda: read(register, ids)),
        )
        for _ in range(runs)
    ]
    report(f"{what} ({len(ids)} rows)", "the same rows by bare SQL", pairs, 3)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=20)
    options = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as scratch,
        filled(Path(scratch) / "register.db", options.requests) as register,
    ):
        middle = f"ROG-2026-{options.requests // 2:06}"
        lately = register.request(f"ROG-2026-{options.requests * 9 // 10:06}").issued_at
        for what, query, sealed in (
            ("the first page", ListQuery(), True),
            ("a page in the middle", ListQuery(cursor=middle), True),
            ("a large page", ListQuery(limit=200), True),
            ("without what is sealed", ListQuery(), False),
            ("of one template", ListQuery(template="T05", limit=200), True),
            ("of a frequent state", ListQuery(state=RequestStatus.DELIVERED, limit=200), True),
            ("of a rare state", ListQuery(state=RequestStatus.ISSUED, limit=200), True),
            ("since lately", ListQuery(since=lately, limit=200), True),
        ):
            measure(register, what, query, options.runs, sealed=sealed)


if __name__ == "__main__":
    main()
