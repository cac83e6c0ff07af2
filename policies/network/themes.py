"""The themes: the seven priorities of cooperation."""

from __future__ import annotations

from typing import Annotated

import msgspec

from policies.network.titles import Title


class Theme(msgspec.Struct, frozen=True, kw_only=True):
    """One theme. `code` is the short code of rooms and attestations, as `assets`."""

    code: str
    priority: Annotated[int, msgspec.Meta(ge=1, le=7)]
    title: Title
    about: Title

    @property
    def priority_code(self) -> str:
        """The priority as the Assembly's papers number it, `P1` to `P7`."""
        return f"P{self.priority}"
