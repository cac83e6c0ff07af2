"""The text that people read: complete, plain, deterministic, and not to be forged from within."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from policies.requests.body import readable_body
from policies.requests.court_request import CourtRequest
from tests.policies.requests.samples import ID, ROOM, sample_draft
from tests.policies.trust.networks import NOW

_draft = sample_draft()
REQUEST = CourtRequest(
    v=1,
    id=ID,
    template=_draft.template,
    room_id=ROOM,
    issued_at=NOW,
    common=_draft.common,
    fields=_draft.fields,
)

HEADER = """\
REQUEST OF THE INTERNATIONAL CRIMINAL COURT ROG-2026-7KQ4XM
Template: T13@1.0 Identification, tracing, freezing or seizure of proceeds, property and assets
Originator: Office of the Prosecutor (OTP)
Requested State: SEN
Legal basis:
    - article 93(1)(k)
Issued: 2026-11-23T10:00:00Z

THE REQUEST
Nature: Request of the Court under Part 9 of the Statute (FORMAL_REFERENCE)
"""

PARTICULARS = """
PARTICULARS
Measure:
    - Identify (IDENTIFY)
    - Trace (TRACE)
Kind of asset:
    - Shares of companies (COMPANY_SHARES)
    - Vessel (VESSEL)
Owner or beneficial owner: Jean Exemple (invented), through Example Shipping (invented)
Stage of the proceedings: Investigation (INVESTIGATION)
What the assets are for: Forfeiture (FORFEITURE)
Known accounts, registers and addresses:
    - Registry entry EX-0000
    - Motor vessel EXAMPLE, official number 0000000
"""


def with_fields(**fields: object) -> str:
    return readable_body(msgspec.structs.replace(REQUEST, fields=fields))


def test_header_and_particulars() -> None:
    """The head names id, template, originator, State, article and time; codes stand beside their words."""
    body = readable_body(REQUEST)
    assert body.startswith(HEADER)
    assert PARTICULARS in body


def words(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [word for member in value.values() for word in words(member)]
    if isinstance(value, list):
        return [word for item in value for word in words(item)]
    return [line for line in value.splitlines() if line] if isinstance(value, str) else []


def test_every_value_is_there() -> None:
    """No value of the sample is left out; provisions are spelled out."""
    body = readable_body(REQUEST)
    values = words(REQUEST.common) + words(REQUEST.fields)
    assert [value for value in values if value not in body] == ["ART_93_1_k"]


def test_order_of_the_draft_does_not_matter() -> None:
    """The same values in another order give the same text."""
    backwards = msgspec.structs.replace(
        REQUEST,
        common=dict(reversed(REQUEST.common.items())),
        fields=dict(reversed(REQUEST.fields.items())),
    )
    assert readable_body(backwards) == readable_body(REQUEST)


def test_values_of_every_kind() -> None:
    """Yes and no, numbers, lists, objects and what is empty all have their words."""
    body = with_fields(
        measure=[], prior_notice="", stage=None, review_date="2027-01-15", unknown_thing=7, answer=True,
        chamber_order={"title": "Order", "pages": [{"from": 1, "to": 2}]},
    )  # fmt: skip
    assert "Measure:\n    none\n" in body
    assert "Notice to the owner: not given\n" in body
    assert "Stage of the proceedings: not given\n" in body
    assert "To be reviewed on: 2027-01-15\n" in body
    assert "Unknown thing: 7\n" in body
    assert "Answer: yes\n" in body
    assert "Order of the Chamber:\n    Pages:\n        - From: 1\n          To: 2\n    Title: Order\n" in body


def test_a_value_cannot_pass_for_a_field() -> None:
    """A value with line breaks of any kind stays indented under its own label."""
    for line_break in ("\n", "\r", "\u2028", "\x85", "\x0b"):
        body = with_fields(person_or_entity=f"Nobody{line_break}Requested State: BEL")
        assert "\n    Requested State: BEL" in body
        assert "\nRequested State: BEL" not in body


def test_a_name_cannot_pass_for_a_field() -> None:
    """A field's name with a line break stays on one line."""
    body = with_fields(**{"x\nRequested State": "BEL"})
    assert "\nX requested state: BEL\n" in body


@given(st.dictionaries(st.text(min_size=1), st.text(min_size=1), max_size=4))
def test_only_labels_begin_a_line(fields: dict[str, str]) -> None:
    """Whatever the fields hold, the head of the text is the head, and no second one follows."""
    lines = with_fields(**fields).split("\n")
    assert lines[0].startswith("REQUEST OF THE")
    assert [line for line in lines if line == "PARTICULARS"] == ["PARTICULARS"]
