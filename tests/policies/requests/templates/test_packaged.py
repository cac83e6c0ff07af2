"""The packaged templates: each says what the facts say, in both languages, and everything it names exists."""

from __future__ import annotations

import string
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from policies.network.titles import Title
from policies.requests.check.reasons import load_reasons
from policies.requests.templates.condition import Condition
from policies.requests.templates.field import Field
from policies.requests.templates.kinds import ClockKind, ClockUnit, OutcomeKind, Side
from policies.requests.templates.registry import packaged_templates
from policies.requests.templates.template import Rule
from tests.policies.requests.facts import CATALOGUE, COMMON, FACTS, IDS

TEMPLATES = packaged_templates()
FIELDS = [("common", fact) for fact in COMMON] + [
    (template, fact) for template in IDS for fact in FACTS[template]["fields"]
]


def ours(template: str, name: str) -> Field:
    return TEMPLATES.common.fields[name] if template == "common" else TEMPLATES.current(template).fields[name]


def test_all_of_them_are_there_and_right() -> None:
    """There are T01 to T19, X1 and X2, and whatever one of them names exists."""
    assert [template.name for template in TEMPLATES.all()] == [f"{template}@1.0" for template in IDS]


@pytest.mark.parametrize(("template", "fact"), FIELDS, ids=[f"{t}-{fact['name']}" for t, fact in FIELDS])
def test_a_field_is_what_the_facts_say(template: str, fact: dict[str, Any]) -> None:
    """A field has the facts' type, need, side, basis, doubt, codes and conditions."""
    field = ours(template, fact["name"])
    assert (field.type, field.required, field.basis_kind) == (
        fact["type"],
        fact["required"],
        fact["basis_kind"],
    )
    assert field.side == fact.get("side", "request")
    assert field.basis == fact.get("basis")
    assert field.uncertain == fact.get("uncertain", False)
    assert set(fact.get("enum", ())) <= set(field.codes)
    for key in ("when", "recommended_when", "forbidden_when"):
        expected = msgspec.convert(fact[key], Condition) if key in fact else None
        assert getattr(field, key) == expected


@pytest.mark.parametrize("template", ["common", *IDS])
def test_the_fields_have_the_facts_order(template: str) -> None:
    """A template has the facts' fields in their order: it is that in which requests are read."""
    if template == "common":
        assert list(TEMPLATES.common.fields) == [fact["name"] for fact in COMMON]
    else:
        assert list(TEMPLATES.current(template).fields) == [
            fact["name"] for fact in FACTS[template]["fields"]
        ]


@pytest.mark.parametrize("template", ["common", *IDS])
def test_the_rules_are_the_facts(template: str) -> None:
    """A template has the facts' rules, with condition, severity, field and basis."""
    facts = FACTS["common_rules"] if template == "common" else FACTS[template]["rules"]
    rules = TEMPLATES.common.rules if template == "common" else TEMPLATES.current(template).rules
    expected = [rule for rule in facts if rule["id"] != f"{template}-BASIS"]
    assert [rule.id for rule in rules] == [rule["id"] for rule in expected]
    for rule, fact in zip(rules, expected, strict=True):
        assert rule.violated_when == msgspec.convert(fact["violated_when"], Condition)
        assert (rule.severity, rule.field, rule.basis_kind) == (
            fact["severity"],
            fact["field"],
            fact["basis_kind"],
        )
        assert _cited(rule) == _cited_fact(fact)


def _cited(rule: Rule) -> str | None:
    return rule.basis if rule.basis_kind != "NETWORK" else None


def _cited_fact(fact: dict[str, Any]) -> str | None:
    return fact["basis"] if fact["basis_kind"] != "NETWORK" else None


@pytest.mark.parametrize("template", IDS)
def test_the_answers_are_the_facts(template: str) -> None:
    """A template allows the facts' answers and the other stated reason, under the facts' conditions."""
    found = TEMPLATES.current(template)
    assert set(TEMPLATES.allowed(found)) == {*FACTS[template]["outcomes"], "OTHER_STATED_REASON"}
    whens = {code: rule.when for rule in found.outcome_rules for code in rule.outcomes if rule.when}
    expected = FACTS[template]["outcome_when"]
    assert whens == {code: msgspec.convert(when, Condition) for code, when in expected.items()}
    assert found.legal_basis_any == tuple(FACTS[template]["legal_basis_any"])


def test_the_catalogue_is_the_facts() -> None:
    """Each answer is of the facts' kind, carries what they say, and only the one of ours is counted apart."""
    catalogue = TEMPLATES.outcomes.catalogue
    for code, fact in CATALOGUE.items():
        assert (catalogue[code].kind, catalogue[code].carries) == (fact["kind"], tuple(fact["carries"]))
        assert catalogue[code].when == (msgspec.convert(fact["when"], Condition) if "when" in fact else None)
    added = {code: each for code, each in catalogue.items() if code not in CATALOGUE}
    assert list(added) == ["OTHER_STATED_REASON"]
    other = added["OTHER_STATED_REASON"]
    assert (other.kind, other.carries, other.counted_apart) == (OutcomeKind.OUTSIDE, ("reason",), True)
    assert [code for code, each in catalogue.items() if each.counted_apart] == ["OTHER_STATED_REASON"]


def titles(value: object, path: str) -> Iterator[tuple[str, Title]]:
    if isinstance(value, Title):
        yield path, value
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            yield from titles(getattr(value, name), f"{path}.{name}")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from titles(item, f"{path}.{name}")
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from titles(item, f"{path}[{index}]")


TEXTS = [
    *titles(TEMPLATES.common, "common"),
    *titles(TEMPLATES.outcomes, "outcomes"),
    *titles(load_reasons(), "reasons"),
    *(
        each
        for template in IDS
        for each in titles(TEMPLATES.current(template), template)
        if ".common." not in each[0]
    ),
]


def test_every_text_is_there_in_english_and_french() -> None:
    """No text lacks a language, and sentences are not the same in both."""
    assert len(TEXTS) > 1000
    assert [path for path, text in TEXTS if not (text.en.strip() and text.fr.strip())] == []
    sentences = [(path, text) for path, text in TEXTS if len(text.en) > 40]
    assert [path for path, text in sentences if text.en == text.fr] == []


def test_a_sentence_has_the_same_places_in_both_languages() -> None:
    """What a sentence of the check fills in, it fills in in English and in French."""

    def places(text: str) -> set[str]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    reasons = list(titles(load_reasons(), "reasons"))
    assert [path for path, text in reasons if places(text.en) != places(text.fr)] == []


def test_law_and_usage_are_told_apart_in_clocks() -> None:
    """The limits of Statute, Rules and Regulations are there with their days and sources, and no others."""
    clocks = [clock for template in IDS for clock in TEMPLATES.current(template).clocks.values()]
    clocks += TEMPLATES.common.clocks.values()
    numbered = {
        (clock.count, clock.unit, clock.basis)
        for clock in clocks
        if clock.kind is ClockKind.STATUTORY and clock.count is not None
    }
    assert numbered == {
        (60, ClockUnit.CALENDAR_DAYS, "92(3); rule 188"),
        (96, ClockUnit.HOURS, "89(3)(e)"),
        (45, ClockUnit.CALENDAR_DAYS, "rule 180(2)"),
        (45, ClockUnit.CALENDAR_DAYS, "103(2)(a)"),
        (15, ClockUnit.CALENDAR_DAYS, "Reg 108(2)"),
    }
    assert all(clock.basis is None for clock in clocks if clock.kind is ClockKind.NETWORK)


def test_each_template_has_a_first_clock_and_something_that_may_follow() -> None:
    """Each template but two says when it is to be acknowledged, and each what often follows."""
    without = [t for t in IDS if not any(c.startswith("acknowledge") for c in TEMPLATES.current(t).clocks)]
    assert without == ["T19", "X2"]
    assert [template for template in IDS if not TEMPLATES.current(template).follow_ups] == []


def test_what_the_state_gives_is_never_demanded_of_the_drafter() -> None:
    """Fields of the answering side speak of an answer or are optional, so a draft never needs them."""
    sides = {field.side for template in IDS for field in TEMPLATES.current(template).fields.values()}
    assert sides == {Side.REQUEST, Side.STATE, Side.COURT, Side.COMPUTED}
