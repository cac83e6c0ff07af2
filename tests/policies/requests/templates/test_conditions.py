"""Conditions: what each shape means, by algebra and against a naive reading."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.requests.templates.condition import ALWAYS, NEVER, Condition
from policies.requests.templates.evaluate import Scope, holds, is_present
from policies.requests.templates.specialise import specialise
from policies.requests.templates.words import in_words
from tests.policies.requests.facts import Naive

NAMES = ("one", "two", "three.part")
TEMPLATES = ("T01", "T13", "X2")
CODES = ("ACKNOWLEDGED", "ARRESTED")
SCALARS = st.sampled_from(["A", "B", "", "2027-01-15", "2027-02-01", True, False, 0, 1])
VALUES = st.one_of(st.none(), SCALARS, st.lists(SCALARS, max_size=3))
FACT = st.sampled_from(["known", "unknown"])

LEAVES: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(lambda n, v: {"field": n, "is": v}, st.sampled_from(NAMES), SCALARS),
    st.builds(lambda n, v: {"field": n, "in": v}, st.sampled_from(NAMES), st.lists(SCALARS, max_size=3)),
    st.builds(lambda n, v: {"field": n, "has": v}, st.sampled_from(NAMES), SCALARS),
    st.builds(lambda n, v: {"field": n, "has_any": v}, st.sampled_from(NAMES), st.lists(SCALARS, max_size=3)),
    st.builds(lambda n: {"present": n}, st.sampled_from(NAMES)),
    st.builds(lambda n: {"absent": n}, st.sampled_from(NAMES)),
    st.builds(lambda t: {"template": t}, st.lists(st.sampled_from(TEMPLATES), max_size=2)),
    st.builds(
        lambda c, v, u: {"context": c, "is": v, "if_unknown": u},
        FACT,
        st.sampled_from(["A", True]),
        st.booleans(),
    ),
    st.builds(lambda c, v: {"context": c, "in": v}, FACT, st.lists(SCALARS, max_size=2)),
    st.builds(lambda c: {"outcome": c}, st.lists(st.sampled_from(CODES), max_size=2)),
    st.builds(lambda c: {"prior_outcome": c}, st.lists(st.sampled_from(CODES), max_size=2)),
    st.builds(lambda c: {"clock_expired": c}, st.sampled_from(["sixty", "other"])),
    st.builds(lambda a, b: {"before": [a, b]}, st.sampled_from(NAMES), st.sampled_from(NAMES)),
    st.builds(lambda a, b: {"same": [a, b]}, st.sampled_from(NAMES), st.sampled_from(NAMES)),
)
NODES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=8,
)
SCOPES = st.builds(
    Scope,
    template=st.sampled_from(TEMPLATES),
    values=st.fixed_dictionaries(
        {}, optional={"one": VALUES, "two": VALUES, "three": st.fixed_dictionaries({"part": VALUES})}
    ),
    facts=st.fixed_dictionaries({}, optional={"known": st.sampled_from(["A", "B", True, False])}),
    outcome=st.sampled_from([None, *CODES]),
    prior_outcomes=st.frozensets(st.sampled_from(CODES)),
    expired_clocks=st.frozensets(st.sampled_from(["sixty"])),
)  # fmt: skip


def condition(node: dict[str, Any]) -> Condition:
    return msgspec.convert(node, Condition)


def naive(scope: Scope) -> Naive:
    return Naive(
        scope.template,
        dict(scope.values),
        dict(scope.facts),
        scope.outcome,
        tuple(scope.prior_outcomes),
        tuple(scope.expired_clocks),
    )


@given(NODES, SCOPES)
def test_it_means_what_the_plainest_reading_says(node: dict[str, Any], scope: Scope) -> None:
    """Every condition is true exactly where a naive evaluator of the raw data says so."""
    dated = "before" in str(node)
    if dated:  # the naive one compares texts, ours only dates: let both have dates or nothing
        ours = {name: value for name, value in scope.values.items() if str(value).startswith("2027")}
        scope = msgspec.structs.replace(scope, values=ours)
    assert holds(condition(node), scope) == naive(scope).true(node)


@given(NODES, SCOPES)
def test_not_not(node: dict[str, Any], scope: Scope) -> None:
    """A condition is true where it is not not true."""
    assert holds(condition({"not": {"not": node}}), scope) == holds(condition(node), scope)


@given(st.lists(NODES, max_size=3), SCOPES)
def test_de_morgan(nodes: list[dict[str, Any]], scope: Scope) -> None:
    """Not all is any not; and not any is all not; also of none."""
    denied = [{"not": node} for node in nodes]
    for one, other in (("all", "any"), ("any", "all")):
        left, right = condition({"not": {one: nodes}}), condition({other: denied})
        assert holds(left, scope) == holds(right, scope)


@given(st.sampled_from(NAMES), SCOPES)
def test_a_field_is_present_or_absent(name: str, scope: Scope) -> None:
    """Of `present` and `absent` exactly one holds."""
    assert holds(Condition(present=name), scope) != holds(Condition(absent=name), scope)


@given(st.lists(SCALARS, max_size=3), SCOPES)
def test_has_any_is_any_has(values: list[Any], scope: Scope) -> None:
    """`has_any` is the same as one of several `has`, and `in` as one of several `is`."""
    for several, single in (("has_any", "has"), ("in", "is")):
        one_by_one = {"any": [{"field": "one", single: value} for value in values]}
        assert holds(condition({"field": "one", several: values}), scope) == holds(
            condition(one_by_one), scope
        )


@given(st.sampled_from([{"is": True}, {"in": ["A", True]}, {"has": "A"}]), st.booleans(), SCOPES)
def test_an_unknown_fact_counts_as_it_says(test: dict[str, Any], if_unknown: bool, scope: Scope) -> None:
    """Whatever is asked of a fact that is not known, the answer is `if_unknown`; without it, false."""
    assert holds(condition({"context": "unknown", "if_unknown": if_unknown, **test}), scope) is if_unknown
    assert not holds(condition({"context": "unknown", **test}), scope)


@given(NODES, SCOPES)
def test_specialised_it_means_the_same(node: dict[str, Any], scope: Scope) -> None:
    """With the template known what is left means the same while drafting, and speaks of templates no more."""
    drafting = msgspec.structs.replace(
        scope, outcome=None, prior_outcomes=frozenset(), expired_clocks=frozenset()
    )
    left = specialise(condition(node), scope.template)
    assert holds(left, drafting) == holds(condition(node), drafting)
    assert not any(each.template or each.outcome or each.prior_outcome for each in left.walk())
    assert left in (ALWAYS, NEVER) or not any(each in (ALWAYS, NEVER) for each in left.walk())


@given(NODES)
def test_words_name_every_field(node: dict[str, Any]) -> None:
    """In words, a condition names each field that it speaks of, in both languages."""
    facts = {
        name: msgspec.convert({"en": name, "fr": name}, type=type(TITLE)) for name in ("known", "unknown")
    }
    words = in_words(condition(node), facts)
    for name in condition(node).field_names():
        assert name in words.en
        assert name in words.fr


TITLE = in_words(ALWAYS, {})


@pytest.mark.parametrize(
    ("node", "values", "expected"),
    [
        ({"field": "one", "is": True}, {"one": 1}, False),
        ({"field": "one", "has": False}, {"one": [0]}, False),
        ({"field": "one", "is": "A"}, {"one": ["A"]}, False),
        ({"before": ["one", "two"]}, {"one": "2027-01-15", "two": "2027-01-15"}, False),
        ({"before": ["one", "two"]}, {"one": "2027-01-15", "two": "2027-01-16T01:00:00Z"}, True),
        ({"before": ["one", "two"]}, {"one": "soon", "two": "2027-01-16"}, False),
        ({"same": ["one", "two"]}, {"one": "", "two": ""}, False),
        ({"field": "three.part", "is": "A"}, {"three": {"part": "A"}}, True),
        ({"field": "three.part", "is": "A"}, {"three": "A"}, False),
    ],
)
def test_edges(node: dict[str, Any], values: dict[str, object], expected: bool) -> None:
    """True is not 1, a list no single value, a day not before itself, and what is empty equals nothing."""
    assert holds(condition(node), Scope(template="T01", values=values)) is expected


@pytest.mark.parametrize("value", [None, "", [], {}])
def test_what_is_empty_is_not_given(value: object) -> None:
    """Null, an empty text, list or object counts as not given; false and zero count as given."""
    assert not is_present(value)
    assert is_present(False)
    assert is_present(0)


@pytest.mark.parametrize(
    "node",
    [{}, {"field": "one"}, {"field": "one", "is": 1, "in": [1]}, {"is": 1}, {"all": [], "any": []},
     {"present": "one", "if_unknown": True}, {"fields": "one", "is": 1}, {"context": "known"}],
)  # fmt: skip
def test_a_node_has_exactly_one_shape(node: dict[str, Any]) -> None:
    """What is none of the shapes, or two of them, is refused."""
    with pytest.raises(msgspec.ValidationError):
        condition(node)
