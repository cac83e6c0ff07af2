"""Drafts: what is read, and how a mistake is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.requests.draft import read_draft
from policies.requests.errors import DraftInvalid
from policies.requests.labels import request_words
from policies.requests.provisions import provision
from tests.policies.requests.samples import SAMPLE

MINIMAL = """
[common]
template = "T13@1.0"
originator = "OTP"
requested_state = "SEN"
{common}
[fields]
{fields}
"""


def draft_with(common: str = "", fields: str = "") -> str:
    return MINIMAL.format(common=common, fields=fields)


def test_the_sample_is_a_request_of_the_otp_to_senegal_and_says_that_it_is_invented() -> None:
    """The packaged sample is read, is T13 to SEN, and says in each text that it is an exercise."""
    draft = read_draft(SAMPLE)
    assert draft.template == "T13@1.0"
    assert (draft.common["originator"], draft.common["requested_state"]) == ("OTP", "SEN")
    assert "template" not in draft.common
    assert draft.fields["measure"] == ["IDENTIFY", "TRACE"]
    for name in ("purpose", "grounds", "essential_facts", "target_details"):
        assert str(draft.common[name]).startswith("EXERCISE ONLY.")


def test_dates_become_texts() -> None:
    """TOML's own dates and times are carried as ISO 8601 texts, times in UTC."""
    draft = read_draft(draft_with("due_date = 2027-01-15", "review_date = 2027-01-15T12:00:00+02:00"))
    assert draft.common["due_date"] == "2027-01-15"
    assert draft.fields["review_date"] == "2027-01-15T10:00:00Z"


def test_what_is_left_empty_is_left_out() -> None:
    """A field that the drafter left empty is no part of the request, so that nothing empty is signed."""
    draft = read_draft(
        draft_with("due_date = ''\nhandling = []", "measure = []\nchamber_order = {}\nevent = false")
    )
    assert set(draft.common) == {"originator", "requested_state"}
    assert draft.fields == {"event": False}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[common", "not valid TOML"),
        ("[fields]", "[common]"),
        ("common = 1\n[fields]", "[common]"),
        (SAMPLE.replace("[fields]", "[field]"), "nearest valid name is fields"),
        (draft_with("due_date = 2027-01-15T10:00:00"), "common.due_date is ambiguous"),
        (draft_with("other_info = 1.5"), "other_info"),
        (draft_with().replace("T13@1.0", "T13"), "T13@1.0"),
    ],
)
def test_a_mistake_is_named(text: str, named: str) -> None:
    """Each mistake is refused with its key, and with the nearest valid one where there is one."""
    with pytest.raises(DraftInvalid) as refused:
        read_draft(text)
    assert named in f"{refused.value.what} {refused.value.why}"


@given(st.text())
def test_any_text_is_a_draft_or_refused_in_one_way(text: str) -> None:
    """No text, whatever it is, makes reading fail in another way."""
    with pytest.raises(DraftInvalid):
        read_draft(text)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ART_93_1_k", "article 93(1)(k)"),
        ("ART_57_3_e", "article 57(3)(e)"),
        ("RULE_99", "rule 99"),
        ("REG_85", "regulation 85"),
        ("IGO_AGREEMENT", None),
        ("ART", None),
    ],
)
def test_provisions_are_spelled_out(code: str, words: str | None) -> None:
    """A code of the legal basis is read as the provision that it names."""
    assert provision(code) == words


def test_the_sample_uses_codes_with_words_only() -> None:
    """Every code in capitals that the sample uses has its English words."""
    draft = read_draft(SAMPLE)
    words = request_words(draft.template)
    known = words.common | words.fields
    said = {
        code: known[name].code(code)
        for name, value in (draft.common | draft.fields).items()
        for code in ([value] if isinstance(value, str) else value if isinstance(value, list) else [])
        if code.replace("_", "").isupper() and " " not in code and code != "SEN"
    }
    assert len(said) > 10
    assert [code for code, text in said.items() if text == code] == []
