"""What a text is searched by: the same folding for what is stored and for what is asked.

FTS5's tokenizer unicode61 parts words at spaces and signs, folds case and takes the accents off Latin, Greek
and Cyrillic letters. Three things it does not do are done here:

- Chinese, Japanese, Thai, Lao, Burmese and Khmer are written without spaces, and unicode61 takes a whole
  sentence for one word. Each of their characters becomes a word of its own; several in a row are asked for as
  a phrase, which finds them anywhere in a text. There is no dictionary: what crosses the border of two words
  is found too.
- Arabic and Hebrew vowel signs, and the stretching sign of Arabic, are left out, as they mostly are in
  writing; the forms of alef count as one.
- Control characters and variation selectors are no part of a word.
"""

from __future__ import annotations

import re
import unicodedata

_WITHOUT_SPACES = (
    "\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai and Lao, Burmese, Khmer
    "\u3041-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # kana, Han
)
_LEFT_OUT = (
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7"  # Hebrew
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed"  # Arabic
    "\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef"
)
_ALEF = "\u0622\u0623\u0625\u0671"
_SPECIAL = re.compile(f"([{_WITHOUT_SPACES}])|([{_ALEF}])|([{_LEFT_OUT}])|([\\x00-\\x1f\\x7f\ud800-\udfff])")
_ONE_BY_ONE = re.compile(f"[{_WITHOUT_SPACES}]")


def searchable(text: str) -> str:
    """Return a text as the index takes it in."""
    if text.isascii() and text.isprintable():
        return text
    return _SPECIAL.sub(_folded, text)


def words_in(text: str) -> list[str]:
    """Return the words of a text that `searchable` has returned, as the tokenizer parts them."""
    return "".join(each if _in_word(each) else " " for each in text).split()


def is_whole_word(word: str) -> bool:
    """Tell whether one character is a word in itself, as in Chinese."""
    return _ONE_BY_ONE.fullmatch(word) is not None


def _folded(match: re.Match[str]) -> str:
    alone, alef, left_out, _ = match.groups()
    if alone:
        return f" {alone} "
    if alef:
        return "\u0627"
    return "" if left_out else " "


def _in_word(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LNM" or category == "Co"
