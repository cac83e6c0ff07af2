"""The checks of single values: each refuses what is wrong, says why, and lets pass what is right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.requests.check.draft_check import check_draft
from policies.requests.check.iban import is_iban
from tests.policies.requests.facts import BY_NAME, Example

LONG = "x" * 1501
HASH = "0" * 64
DOCUMENT = {"title": "Order", "sha256": HASH}
LISTED = {**DOCUMENT, "mime": "application/pdf", "lang": "fr", "confidentiality": "SECRET"}

WRONG: list[tuple[str, dict[str, object], str, str]] = [
    ("T13", {"known_details": ["GB82 WEST 1234 5698 7654 33"]}, "known_details", "check digits"),
    ("T13", {"known_details": ["Account at Example Bank, IBAN BE68 5390 0754 7035"]}, "known_details",
     "BE685390"),
    ("T13", {"known_details": ["one", ""]}, "known_details", "empty item"),
    ("T13", {"review_date": "2026-11-23"}, "review_date", "not after 2026-11-23"),
    ("T13", {"review_date": "2027-02-30"}, "review_date", "as 2027-01-15"),
    ("T13", {"review_date": "2027-01-15T10:00:00Z"}, "review_date", "as 2027-01-15"),
    ("T13", {"review_date": 20270115}, "review_date", "as 2027-01-15"),
    ("T13", {"measure": "FREEZE"}, "measure", "must be a list"),
    ("T13", {"stage": ["INVESTIGATION"]}, "stage", "not one of its codes"),
    ("T13", {"person_or_entity": 7}, "person_or_entity", "must be a text"),
    ("T13", {"warrant_or_summons_ref": "one\ntwo"}, "warrant_or_summons_ref", "one line"),
    ("T13", {"chamber_order": "Order"}, "chamber_order", "not the title of one"),
    ("T13", {"chamber_order": {"title": "Order"}}, "chamber_order", "title, sha256"),
    ("T13", {"chamber_order": {"title": "Order", "sha256": HASH[1:]}}, "chamber_order", "64 hexadecimal"),
    ("T13", {"chamber_order": 7}, "chamber_order", "title, sha256"),
    ("T13", {"purpose": "Too short."}, "purpose", "10 characters, at least 20"),
    ("T13", {"purpose": "Too short." + 20 * " "}, "purpose", "10 characters, at least 20"),
    ("T13", {"purpose": LONG}, "purpose", "1501 characters, at most 1500"),
    ("T13", {"situation_ref": "ICC-1/23"}, "situation_ref", "ICC-01/23"),
    ("T13", {"requested_state": "SNE"}, "requested_state", "nearest is 'S"),
    ("T13", {"requested_state": "Senegal"}, "requested_state", "three letters"),
    ("T13", {"requested_state": "IGO-united"}, "requested_state", "three letters"),
    ("T13", {"language": "fre"}, "language", "nearest is 'fr'"),
    ("T13", {"court_contact": "otp"}, "court_contact", "@otp:court.example"),
    ("T13", {"attachments": [DOCUMENT]}, "attachments", "lacks mime, lang, confidentiality"),
    ("T13", {"attachments": [{**LISTED, "sha256": "0" * 63 + "G"}]}, "attachments", "form"),
    ("T13", {"handling": ["RETURN_OR_DELETE_BY"], "return_or_delete_by": "2026-01-01"}, "return_or_delete_by",
     "after"),
    ("T03", {"formal_confirmation": {"status": "pending"}}, "formal_confirmation", "lacks channel"),
    ("T03", {"formal_confirmation": {"status": "confirmed", "channel": "DIPLOMATIC"}}, "formal_confirmation",
     "lacks reference, date"),
    ("T03", {"formal_confirmation": {"status": "pending", "channel": "INTERPOL"}}, "formal_confirmation",
     "not one of DIPLOMATIC, DESIGNATED_AUTHORITY"),
    ("T03", {"identifiers": "Jean"}, "identifiers", "must be a list"),
    ("T01_convicted", {"time_served": "P"}, "time_served", "P1Y6M"),
    ("T01_convicted", {"time_served": "2 years"}, "time_served", "P1Y6M"),
    ("T01", {"public_warrant": "false"}, "public_warrant", "true or false"),
    ("T02", {"surrender_request_will_follow": False}, "surrender_request_will_follow", "must be true"),
    ("T02", {"surrender_request_will_follow": 1}, "surrender_request_will_follow", "true or false"),
    ("T02", {"crime_date": {"from": "2024-05-02", "to": "2024-05-01"}}, "crime_date", "before it begins"),
    ("T02", {"crime_date": {"from": "2024-05-02"}}, "crime_date", "two dates"),
    ("T02", {"crime_date": {"from": "soon", "to": "later"}}, "crime_date", "two dates"),
    ("T02", {"crime_date": "2024-05-01"}, "crime_date", "two dates"),
    ("T04", {"witness_ref": "Jean Exemple"}, "witness_ref", "W-12"),
    ("T05", {"rights_55_2": {"a_informed_of_grounds": True}}, "rights_55_2", "b_remain_silent, c_legal"),
    ("T05", {"rights_55_2": {"a_informed": True}}, "rights_55_2", "nearest is 'a_informed_of_grounds'"),
    ("T05", {"rights_55_2": ["a"]}, "rights_55_2", "true or false"),
    ("T11", {"beneficiaries": {"witness": 1, "name": "Jean"}}, "beneficiaries", "may have only witness"),
    ("T11", {"beneficiaries": {"witness": 0}}, "beneficiaries", "numbers from 0"),
    ("T11", {"beneficiaries": {"witness": -1, "family": 2}}, "beneficiaries", "numbers from 0"),
    ("T11", {"beneficiaries": {"witness": True}}, "beneficiaries", "numbers from 0"),
    ("T11", {"beneficiaries": "one"}, "beneficiaries", "object"),
    ("T15_reparations", {"reparation_details": {"scope_and_nature": "Collective"}}, "reparation_details",
     "trust_fund_particulars"),
    ("T15_reparations", {"award_through_trust_fund": False}, "reparation_details", "individual_reparations"),
    ("T16", {"rule_204_data": {"name": "Jean"}}, "rule_204_data", "date_of_birth"),
    ("T17", {"not_formal_ack": False}, "not_formal_ack", "must be true"),
    ("T19", {"questionnaire_version": "one"}, "questionnaire_version", "form"),
    ("X2", {"landing_time": "2026-11-22T20:00:00"}, "landing_time", "offset"),
    ("X2", {"landing_time": "yesterday"}, "landing_time", "offset"),
    ("X2", {"surrendering_state": "XXX"}, "surrendering_state", "three letters"),
]  # fmt: skip


def reasons_at(example: Example, field: str) -> list[str]:
    result = check_draft(example.draft, example.context)
    return [each.reason for each in (*result.errors, *result.warnings) if each.field == field]


@pytest.mark.parametrize(("name", "values", "field", "reason"), WRONG)
def test_a_wrong_value_is_refused(name: str, values: dict[str, object], field: str, reason: str) -> None:
    """A value of the wrong shape or outside its limits is refused at its field, with the reason."""
    assert any(reason in each for each in reasons_at(BY_NAME[name].having(**values), field))


RIGHT: list[tuple[str, dict[str, object], str]] = [
    ("T13", {"known_details": ["BE68539007547034", "IBAN: GB82WEST12345698765432 (example)", "EX-0000"]},
     "known_details"),
    ("T13", {"review_date": "2026-11-24"}, "review_date"),
    ("T13", {"purpose": "x" * 1500}, "purpose"),
    ("T13", {"purpose": "x" * 20}, "purpose"),
    ("T13", {"situation_ref": "ICC-01/23-04/25-12-Conf"}, "situation_ref"),
    ("T13", {"requested_state": "IGO-UN"}, "requested_state"),
    ("T13", {"chamber_order": [DOCUMENT, DOCUMENT]}, "chamber_order"),
    ("T13", {"chamber_order": "Order", "attachments": [LISTED]}, "chamber_order"),
    ("T03", {"formal_confirmation": {"status": "confirmed", "channel": "DIPLOMATIC", "reference": "1",
                                     "date": "2026-11-20"}}, "formal_confirmation"),
    ("T01_convicted", {"time_served": "P200D"}, "time_served"),
    ("T02", {"crime_date": {"from": "2024-05-01", "to": "2024-05-01"}}, "crime_date"),
    ("T11", {"beneficiaries": {"witness": 0, "family": 1}}, "beneficiaries"),
    ("X2", {"landing_time": "2026-11-22T20:00:00+01:00"}, "landing_time"),
    ("T15", {"value_recovery_statement": "In words"}, "value_recovery_statement"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "values", "field"), RIGHT)
def test_a_right_value_passes(name: str, values: dict[str, object], field: str) -> None:
    """What is within the limits is no finding at its field."""
    assert reasons_at(BY_NAME[name].having(**values), field) == []


COUNTRIES = st.from_regex(r"[A-Z]{2}", fullmatch=True)
ACCOUNTS = st.from_regex(r"[A-Z0-9]{11,30}", fullmatch=True)


@given(COUNTRIES, ACCOUNTS, st.integers(1, 96))
def test_check_digits_of_an_iban(country: str, account: str, wrong_by: int) -> None:
    """With the digits that ISO 7064 computes a number is an IBAN, and with any other it is none."""
    number = int("".join(str(int(character, 36)) for character in account + country + "00"))
    right = 98 - number % 97
    assert is_iban(f"{country}{right:02}{account}")
    wrong = 2 + (right - 2 + wrong_by) % 97
    assert is_iban(f"{country}{wrong:02}{account}") == (wrong == right)


@given(st.text())
def test_any_text_is_an_iban_or_not(text: str) -> None:
    """No text makes the check of an IBAN fail in another way."""
    assert is_iban(text) in (True, False)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(st.sampled_from(sorted(BY_NAME)), st.data())
def test_any_value_in_any_field_is_checked_not_crashed(name: str, data: st.DataObject) -> None:
    """Whatever stands in a field, the check ends with findings."""
    example = BY_NAME[name]
    field = data.draw(st.sampled_from([fact["name"] for fact in example.fields]))
    changed = example.having(**{field: data.draw(JSON)})
    assert isinstance(check_draft(changed.draft, changed.context).ok, bool)
