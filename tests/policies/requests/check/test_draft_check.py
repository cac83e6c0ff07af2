"""The check of a draft as a whole: everything at once, in the language that is asked for, names included."""

from __future__ import annotations

import msgspec
import pytest

from policies.requests.check.context import Context
from policies.requests.check.draft_check import check_draft, require_clean
from policies.requests.check.states import StateStatus, status_of
from policies.requests.draft import Draft
from policies.requests.errors import DraftInvalid
from tests.policies.requests.facts import BY_NAME, NETWORK, TODAY
from tests.policies.requests.samples import sample_draft

EMPTY = Draft(template="T13@1.0", common={}, fields={})


def test_the_packaged_sample_is_in_order() -> None:
    """The sample that `up` issues satisfies its own template."""
    assert require_clean(sample_draft(), Context(today=TODAY)).errors == ()


def test_everything_is_said_at_once() -> None:
    """An empty draft is told of all that it lacks, in the template's order, each once."""
    fields = [each.field for each in check_draft(EMPTY, Context(today=TODAY)).errors]
    assert len(fields) > 15
    assert len(set(fields)) == len(fields)
    assert fields.index("nature") < fields.index("purpose") < fields.index("measure")


def test_reasons_are_in_the_language_that_is_asked_for() -> None:
    """In French the reasons and the citations are French, for the same fields."""
    draft = (
        BY_NAME["T13"]
        .having(stage="ENQUETE")
        .without("prior_notice")
        .without("bona_fide_third_parties")
        .draft
    )
    english, french = (
        check_draft(draft, Context(today=TODAY), language=language) for language in ("en", "fr")
    )
    assert [each.field for each in english.errors] == [each.field for each in french.errors]
    said = {each.field: each for each in french.errors}
    assert said["prior_notice"].reason == (
        "Manquant : Avis au propriétaire. Requis lorsque measure contient FREEZE ou SEIZE."
    )
    assert said["prior_notice"].basis == "règle 99(2)-(3)"
    assert said["bona_fide_third_parties"].basis == "règle par défaut du réseau"
    assert "le plus proche" in said["stage"].reason.lower()


def test_what_is_not_certain_is_said_to_be() -> None:
    """A finding whose basis the facts mark as uncertain says so."""
    example = BY_NAME["T05"].without("recording")
    found = {each.field: each.reason for each in check_draft(example.draft, example.context).errors}
    assert found["recording"].endswith("(The basis is not certain.)")
    early = BY_NAME["T13"].having(stage="INVESTIGATION", legal_basis=["ART_93_1_k"])
    warned = {each.field: each.reason for each in check_draft(early.draft, early.context).warnings}
    assert warned["stage"].endswith("(The basis is not certain.)")


def test_unknown_names_are_named_with_the_nearest() -> None:
    """A name that is no field, or stands in the wrong table, is an error beside all others."""
    draft = msgspec.structs.replace(
        EMPTY, common={"purpos": "x", "measure": ["FREEZE"]}, fields={"mesure": 1, "nature": "ADVANCE"}
    )
    said = {each.field: each.reason for each in check_draft(draft, Context(today=TODAY)).errors}
    assert "nearest is 'purpose'" in said["purpos"]
    assert "nearest is 'measure'" in said["mesure"]
    assert any("table [fields]" in each.reason for each in check_draft(draft, Context(today=TODAY)).errors)
    assert any("table [common]" in each.reason for each in check_draft(draft, Context(today=TODAY)).errors)


@pytest.mark.parametrize(("name", "nearest"), [("T13@7.0", "T13@1.0"), ("T12@1.1", "T12@1.0")])
def test_a_version_that_is_not_here_is_one_error(name: str, nearest: str) -> None:
    """A template that is not here cannot be checked, and the draft is told which is."""
    draft = msgspec.structs.replace(EMPTY, template=name)
    (only,) = check_draft(draft, Context(today=TODAY)).errors
    assert (only.field, only.basis) == ("template", NETWORK)
    assert nearest in only.reason


def test_the_networks_own_fields_are_not_the_drafters() -> None:
    """A draft names no id, and what others give is a warning."""
    given = BY_NAME["T02"].having(
        request_id="ROG-2026-7KQ4XM", arrest_date="2026-11-20", full_request_due="2027-01-19"
    )
    result = check_draft(given.draft, given.context)
    assert [(each.field, "network" in each.reason) for each in result.errors] == [("request_id", True)]
    assert {"arrest_date", "full_request_due"} <= {each.field for each in result.warnings}


def test_a_draft_with_errors_is_refused_with_all_of_them() -> None:
    """Who needs a clean draft gets an error that names every field."""
    with pytest.raises(DraftInvalid) as refused:
        require_clean(EMPTY, Context(today=TODAY))
    for field in ("purpose", "measure", "96(2)(c)"):
        assert field in refused.value.why


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("SEN", StateStatus.PARTY),
        ("MLI", StateStatus.PARTY_ANNOUNCED_WITHDRAWAL),
        ("HUN", StateStatus.UNCERTAIN),
        ("VEN", StateStatus.PARTY_CHECK),
        ("BDI", StateStatus.WITHDRAWN),
        ("USA", StateStatus.NON_PARTY),
        ("IGO-UN", None),
        ("XXX", None),
    ],
)
def test_what_is_known_of_a_state(code: str, status: StateStatus | None) -> None:
    """A State is a Party, perhaps one, a former one or none; what is no State has no status."""
    assert status_of(code) == status


def test_a_former_party_cooperates_in_what_began_before() -> None:
    """The day of the withdrawal decides: proceedings of the day before are covered, those of that day not."""
    for day, basis in (("2017-10-26", []), ("2017-10-27", ["127(2)"])):
        example = BY_NAME["T10_former"].having(proceedings_commenced_on=day)
        errors = check_draft(example.draft, example.context).errors
        assert [each.basis for each in errors] == basis


def test_the_court_accepts_its_working_languages() -> None:
    """A State that asks the Court in English or French needs no translation, in another language it does."""
    for language, missing in (("en", False), ("fr", False), ("es", True)):
        example = BY_NAME["T18"].having(language=language).without("translation_attached")
        errors = check_draft(example.draft, Context(today=TODAY)).errors
        assert [each.field for each in errors] == (["translation_attached"] if missing else [])
