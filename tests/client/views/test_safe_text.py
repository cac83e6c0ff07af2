"""Text from others, made safe."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.views.safe_text import plain_lines, single_line

_ANY_TEXT = st.text(alphabet=st.characters(), max_size=200)  # lone surrogates included


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", ("plain",)),
        ("", ("",)),
        ("a\nb\r\nc\rd", ("a", "b", "c", "d")),
        ("a\u2028b\x0bc", ("a", "b", "c")),
        ("end\n\n \n", ("end",)),
        ("\x1b[31mred\x07\x7f", ("␛[31mred␇␡",)),
        ("c1 \x9b31m", ("c1 \ufffd31m",)),
        ("in\u202evoice\u2066", ("in⟨RLO⟩voice⟨LRI⟩",)),
        ("a\u200bb\u200dc\ufeffd\u00ade\ufe0f", ("abcde",)),
        ("e\u0301", ("e\u0301",)),
        ("e\u0301\u0301\u0301\u0301\u0301", ("e\u0301\u0301\u0301",)),
        ("a\tb", ("a   b",)),
        ("\ud800", ("\ufffd",)),
        ("a\u00a0b\u3000c", ("a b c",)),
        ("[bold]", ("[bold]",)),
        ("héllo مرحبا 漢字 👩", ("héllo مرحبا 漢字 👩",)),
    ],
)
def test_each_kind_of_character(text: str, shown: tuple[str, ...]) -> None:
    """What is harmless stays, what is not is made visible or goes."""
    assert plain_lines(text) == shown


@given(_ANY_TEXT)
def test_no_text_leaves_anything_that_acts_on_a_terminal(text: str) -> None:
    """No control, format, surrogate or line-separating character is left, and each line can be encoded."""
    for line in (*plain_lines(text), single_line(text)):
        line.encode()
        assert not {unicodedata.category(character) for character in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}


def test_a_long_text_says_how_much_is_not_shown() -> None:
    """Nobody takes a part for the whole."""
    *_, last = plain_lines("x" * 1_000_000, most_characters=1000)
    assert last == "… (about 998,999 more characters are not shown here)"


def test_many_lines_are_bounded_and_said() -> None:
    """Ten thousand lines do not make ten thousand lines on the screen."""
    lines = plain_lines("\n".join(["line"] * 10_000), most_lines=50)
    assert len(lines) == 51
    assert "not shown" in lines[-1]


@given(_ANY_TEXT, st.integers(min_value=4, max_value=40))
def test_a_name_is_one_short_line(text: str, limit: int) -> None:
    """A name has no line break, no run of spaces, is not empty and not longer than asked for."""
    name = single_line(text, most_characters=limit, empty="?")
    assert name == " ".join(name.split())
    assert 1 <= len(name) <= limit


def test_a_cut_name_ends_with_an_ellipsis() -> None:
    """A reader sees that a name goes on."""
    assert single_line("a" * 100, most_characters=5) == "aaaa…"
