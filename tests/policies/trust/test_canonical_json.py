"""Canonical JSON against the examples of the Matrix specification and against Matrix's own library."""

from __future__ import annotations

import contextlib
import json
import math

import canonicaljson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.trust.canonical_json import LARGEST_INTEGER, decode_object, encode
from policies.trust.errors import CanonicalJsonError

_integers = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
_texts = st.text(st.characters(exclude_categories=["Cs"]))
_values = st.recursive(
    st.none() | st.booleans() | _integers | _texts,
    lambda inner: st.lists(inner) | st.dictionaries(_texts, inner),
    max_leaves=20,
)

SPECIFICATION = [
    ("{}", "{}"),
    ('{"one": 1, "two": "Two"}', '{"one":1,"two":"Two"}'),
    ('{"b": "2", "a": "1"}', '{"a":"1","b":"2"}'),
    ('{"b":"2","a":"1"}', '{"a":"1","b":"2"}'),
    (
        '{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe",'
        '"three_pids": [{"medium": "email", "address": "john.doe@example.org"},'
        '{"medium": "msisdn", "address": "123456789"}]}}}',
        '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":'
        '[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},'
        '"success":true}}',
    ),
    ('{"a": "日本語"}', '{"a":"日本語"}'),
    ('{"本": 2, "日": 1}', '{"日":1,"本":2}'),
    ('{"a": "\\u65E5"}', '{"a":"日"}'),
    ('{"a": null}', '{"a":null}'),
    ('{"a": -0}', '{"a":0}'),
]


@pytest.mark.parametrize(("given_text", "expected"), SPECIFICATION)
def test_specification(given_text: str, expected: str) -> None:
    """Every example of the specification's section on canonical JSON comes out as printed there."""
    assert encode(json.loads(given_text)) == expected.encode()


@given(_values)
def test_same_as_matrix_library(value: object) -> None:
    """What Synapse's own library writes, we write, byte for byte."""
    assert encode(value) == canonicaljson.encode_canonical_json(value)


@given(st.dictionaries(_texts, _values))
def test_reading_gives_back_what_was_written(value: dict[str, object]) -> None:
    """Encoding and reading lose nothing, and encoding again changes nothing."""
    data = encode(value)
    assert decode_object(data) == value
    assert encode(decode_object(data)) == data


@given(st.binary())
def test_reading_any_bytes(data: bytes) -> None:
    """Bytes of any kind are either an object or one clear refusal."""
    with contextlib.suppress(CanonicalJsonError):
        assert isinstance(decode_object(data), dict)


def test_keys_sorted_by_code_point_not_by_utf16() -> None:
    """U+FF5E comes before U+1F600, though its UTF-16 unit is larger than the surrogate."""
    assert encode({"\U0001f600": 1, "\uff5e": 2}) == '{"\uff5e":2,"\U0001f600":1}'.encode()


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, 1.0]}, "$.a[1]"),
        ({"a": math.nan}, "$.a"),
        ({"a": {"b": LARGEST_INTEGER + 1}}, "$.a.b"),
        ({"a": -LARGEST_INTEGER - 1}, "$.a"),
        ({"a": {1: "one"}}, "$.a"),
        ({"a": "\ud800"}, "$.a"),
        ({"\udfff": 1}, "$"),
        ({"a": b"bytes"}, "$.a"),
        ({"a": {1, 2}}, "$.a"),
    ],
)
def test_what_has_no_canonical_form_is_named(value: object, path: str) -> None:
    """A value that cannot be signed is refused with the path where it stands."""
    with pytest.raises(CanonicalJsonError) as refused:
        encode(value)
    assert refused.value.what.startswith(f"{path} ")


def test_endless_nesting_is_refused() -> None:
    """Nesting that would end in a RecursionError is refused, when written and when read."""
    value: dict[str, object] = {}
    for _ in range(200):
        value = {"a": value}
    with pytest.raises(CanonicalJsonError, match="deeper"):
        encode(value)
    with pytest.raises(CanonicalJsonError):
        decode_object(b'{"a":' * 100_000)


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":1,"a":2}',
        b'{"a":{"b":1,"b":1}}',
        b'{"a":1.0}',
        b'{"a":1e3}',
        b'{"a":NaN}',
        b'{"a":9007199254740992}',
        b'{"a":"\xff"}',
        b"[1]",
        b"{} {}",
        b'{"a":"\\ud800"}',
        b"",
    ],
)
def test_what_two_readers_could_read_differently_is_refused(data: bytes) -> None:
    """Repeated keys, floats, broken UTF-8 and the like never reach a signature check."""
    with pytest.raises(CanonicalJsonError):
        decode_object(data)
