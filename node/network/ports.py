"""Free ports on the loopback interface, chosen once and remembered in each node.toml."""

from __future__ import annotations

import random
import socket
from collections.abc import Collection

from node.errors import PortTaken

_LOWEST, _HIGHEST = 18_000, 31_999
"""Below the range from which systems take ports for outgoing connections (Linux: 32768), so that a port
remembered today is not somebody's connection tomorrow."""


def free_ports(count: int, *, taken: Collection[int] = ()) -> list[int]:
    """Return `count` ports on 127.0.0.1 that nothing listens on and that are not in `taken`.

    Raises PortTaken when the machine has too few.
    """
    found: list[int] = []
    candidates = list(range(_LOWEST, _HIGHEST + 1))
    random.SystemRandom().shuffle(candidates)
    for port in candidates:
        if len(found) == count:
            return found
        if port not in taken and _is_free(port):
            found.append(port)
    raise PortTaken(
        f"This machine has fewer than {count} free ports between {_LOWEST} and {_HIGHEST}.",
        why="Other programs listen on nearly all of them.",
        remedy="Stop some of them, then run the command again.",
    )


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
