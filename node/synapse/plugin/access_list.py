"""Which server access lists (m.room.server_acl) are the network's, and which are foreign.

The policy's list is the manifest's servers; in a request room it is the Court's and one region's only. So a
list cannot be compared with the manifest alone. What no honest list does is to name a server that is not in
the manifest (or a pattern, which could match one), or to leave out a server that has members in the room:
that is how a hostile co-creator cuts a room in two. A server without members may be left out: it loses
nothing. Members of a server that must go are removed first, or the room is upgraded without them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from node.errors import FenceRefusal


def check_access_list(
    content: Mapping[str, object], *, present: Collection[str], servers: Collection[str], own_server: str
) -> None:
    """Raise FenceRefusal when the list in `content` is foreign.

    `present` are the servers with joined members, as far as they are known (none when the room is new or is
    just being joined), `servers` the manifest's.
    """
    allowed = content.get("allow")
    if not isinstance(allowed, list | tuple) or not all(isinstance(name, str) for name in allowed):
        raise _foreign("It has no list of allowed servers, so it would shut everybody out.")
    if content.get("deny"):
        raise _foreign("It denies servers; the network's lists only name those that are allowed.")
    strangers = sorted(set(allowed) - set(servers))
    if strangers:
        raise _foreign(f"It names {strangers[0][:100]!r}, which is not a server of the network.")
    missing = sorted({*present, own_server} - set(allowed))
    if missing:
        raise _foreign(f"It leaves out {missing[0]}, which has members in the room.")


def _foreign(why: str) -> FenceRefusal:
    return FenceRefusal(
        "This server access list is not one of the network's.",
        why=why,
        remedy="Allow exactly the servers of the network that take part in the room, and deny none.",
    )
