"""The short name of a person in a timeline, from the user id: nobody can change theirs to another's."""

from __future__ import annotations

from collections.abc import Mapping

from client.views.safe_text import single_line


def short_name(user_id: str, regions: Mapping[str, str]) -> str:
    """Return a name such as `sen.focal-point.1 (africa)`.

    Display names are not used: anyone may set any. `regions` gives the region of each server name of the
    network; a server that is not in it is written in full, so that it cannot pass for one of the network.
    """
    localpart, _, server = user_id.removeprefix("@").partition(":")
    where = regions.get(server, server)
    return f"{single_line(localpart, most_characters=40)} ({single_line(where, empty='?')})"
