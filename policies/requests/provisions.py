"""The codes of provisions, as ART_93_1_k, in words."""

from __future__ import annotations

import re

from policies.network.titles import Title

_NUMBERED = re.compile(r"(ART|RULE|REG)_([0-9]+)((?:_[0-9a-zA-Z]+)*)")
_KINDS = {
    "ART": Title(en="article", fr="article"),
    "RULE": Title(en="rule", fr="règle"),
    "REG": Title(en="regulation", fr="norme"),
}


def provision(code: str) -> str | None:
    """Return the provision that a code of `legal_basis` names in English: ART_93_1_k is article 93(1)(k)."""
    words = _words(code)
    return words.en if words else None


def provision_title(code: str) -> Title:
    """Return the provision in both languages; the code itself where it names none."""
    return _words(code) or Title(en=code, fr=code)


def _words(code: str) -> Title | None:
    match = _NUMBERED.fullmatch(code)
    if match is None:
        return None
    kind, number, rest = match.groups()
    numbered = number + "".join(f"({part})" for part in rest.split("_")[1:])
    return Title(en=f"{_KINDS[kind].en} {numbered}", fr=f"{_KINDS[kind].fr} {numbered}")
