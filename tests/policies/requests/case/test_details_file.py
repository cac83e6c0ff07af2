"""The details of an answer on disk."""

from __future__ import annotations

from datetime import date

import pytest

from policies.requests.case.details_file import read_answer_details
from policies.requests.errors import RequestError


def test_details_are_json_and_the_next_date_stands_beside_them() -> None:
    """Dates become texts, what is empty is left out, and next_date is a day of its own."""
    given = read_answer_details('unit = "3"\nnext_date = 2027-01-15\ndate = 2026-11-24\nnote = ""\n')
    assert (given.details, given.next_date) == ({"unit": "3", "date": "2026-11-24"}, date(2027, 1, 15))
    assert given.carried == {"unit": "3", "date": "2026-11-24", "next_date": "2027-01-15"}
    assert read_answer_details("").carried == {}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("unit =", "not valid TOML"),
        ('next_date = "soon"', "next_date is no day"),
        ("share = 0.5", "share"),
        ("at = 2026-11-24T10:00:00", "at is ambiguous"),
    ],
    ids=["no-toml", "no-day", "fraction", "no-offset"],
)
def test_what_cannot_be_signed_is_refused_with_its_place(text: str, reason: str) -> None:
    """A file that cannot be read, a fraction and an ambiguous time are refused, and the key is named."""
    with pytest.raises(RequestError) as refused:
        read_answer_details(text)
    assert reason in f"{refused.value.what} {refused.value.why}"
