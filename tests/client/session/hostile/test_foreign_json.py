from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from client.session.errors import HomeserverRefused
from client.session.foreign_json import DEEPEST, decode, mended
from client.session.sync_answer import Events, read
from client.session.wire import read_answer

_TEXTS = some.text(some.characters(codec="utf-8"), max_size=20)
_ANY = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**53), 2**53) | _TEXTS,
    lambda inner: some.lists(inner, max_size=4) | some.dictionaries(_TEXTS, inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        (rb'{"a":"\ud800"}', {"a": "?"}),
        (rb'{"a":"\\ud800"}', {"a": r"\ud800"}),
        (rb'{"\udfff":"\ud83d\ude00\ude00"}', {"?": "\U0001f600?"}),
        (b'{"a":"\xff","b":"\xed\xa0\x80"}', {"a": "\ufffd", "b": "\ufffd" * 3}),
        (b'{"a":NaN,"b":[-Infinity],"c":"NaN"}', {"a": None, "b": [None], "c": "NaN"}),
        (b'{"a":' + b"[" * 5000 + b'"]"' + b"]" * 5000 + b',"b":1}', {"b": 1}),
        (b'{"a":' + b'{"x":' * 5000 + b"NaN" + b"}" * 5000 + b',"b":"\\ud800"}', {"b": "?"}),
    ],
)
def test_what_spoils_an_answer_is_mended_and_the_rest_is_whole(raw: bytes, whole: dict[str, Any]) -> None:
    """Half characters, bytes that are no text, numbers that are none, and depth cost only themselves."""
    answer = read_answer(raw, dict[str, Any])
    assert {name: answer[name] for name in whole} == whole


@given(_ANY)
def test_a_good_answer_is_mended_into_itself(value: Any) -> None:
    """Mending alters nothing in JSON that is good, escaped or not."""
    for ascii in (True, False):
        assert json.loads(mended(json.dumps(value, ensure_ascii=ascii).encode())) == value


def test_a_piece_may_be_nested_to_the_limit_and_no_further() -> None:
    """The limit is exact, and brackets within texts do not count."""
    assert decode(b"[" * DEEPEST + b"]" * DEEPEST, Any) is not None
    assert decode(b"[" + b'"[[[{{{",[],' * 200 + b"1]", Any) is not None
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        with pytest.raises(msgspec.DecodeError, match="deep"):
            decode(opening * (DEEPEST + 1) + b"1" + closing * (DEEPEST + 1), Any)


@given(some.binary(max_size=60) | _ANY.map(lambda value: json.dumps(value).encode()[:-1] + b"\xff"))
def test_a_piece_raises_one_error_only(raw: bytes) -> None:
    """Whatever bytes come, a piece is decoded or refused by msgspec.DecodeError."""
    try:
        decode(raw, dict[str, Any])
    except msgspec.DecodeError:
        return


def test_one_event_that_is_too_deep_costs_no_other() -> None:
    """In a list of events that is read as a whole, only the bottomless one is lost."""
    raw = b'{"events":[{"a":1},' + b"[" * 5000 + b"]" * 5000 + b',{"b":2}]}'
    first, _, last = read(msgspec.Raw(raw), Events, Events()).events
    assert (bytes(first), bytes(last)) == (b'{"a":1}', b'{"b":2}')


@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"<html>", b"\xff\xfe{}", b"[" * 100_000])
def test_what_is_no_answer_at_all_is_refused(raw: bytes) -> None:
    """An answer that cannot be mended is an error of the tree, not of Python."""
    with pytest.raises(HomeserverRefused, match="cannot be read"):
        read_answer(raw, dict[str, Any])
