"""What a blank draft may hold beyond its template, because something is known of the State it asks."""

from __future__ import annotations

import msgspec

from policies.network.titles import Title


class Suggestion(msgspec.Struct, frozen=True, kw_only=True):
    """A value for a field, with what there is to say about it.

    A firm one is filled in; another stands beside the field as a comment. `value` None: there is only
    something to say.
    """

    value: object = None
    firm: bool = False
    notes: tuple[Title, ...] = ()
