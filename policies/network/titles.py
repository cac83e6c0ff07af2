"""Names and sentences in the Court's two working languages (Rome Statute, article 50(2))."""

from __future__ import annotations

import msgspec


class Title(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in English and in French."""

    en: str
    fr: str

    def both(self) -> str:
        """Return the text in both languages, once where they agree."""
        return self.en if self.en == self.fr else f"{self.en} · {self.fr}"

    def said(self, language: str) -> str:
        """Return the text in `fr`, and in any other language in English."""
        return self.fr if language == "fr" else self.en
