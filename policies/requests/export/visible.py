"""Text from others in a page: data, in which nothing steers, nothing turns and nothing hides."""

from __future__ import annotations

import html
import unicodedata

_HIDDEN = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0})
"""Characters that draw nothing, though Unicode calls them letters, marks or symbols."""


def visible(text: str) -> str:
    """Return a text as HTML: markup escaped, and each character that is not seen named by its number.

    Line feeds stay as they are, for an element that keeps them; the spaces of all languages are spaces.
    """
    return "".join(map(_shown, text))


def _shown(character: str) -> str:
    code = ord(character)
    if character == "\n" or 0x20 <= code < 0x7F:
        return html.escape(character)
    if unicodedata.category(character) == "Zs":
        return " "
    selects = 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF
    if not character.isprintable() or code in _HIDDEN or selects:
        return f"<b>[U+{code:04X}]</b>"
    return character
