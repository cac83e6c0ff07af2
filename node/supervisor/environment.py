"""What a child finds in its environment."""

from __future__ import annotations

from collections.abc import Mapping

from client.session.local.lifeline import LIFELINE


def child_environment(
    ours: Mapping[str, str], overlay: Mapping[str, str], lifeline: int | None
) -> dict[str, str]:
    """Return our environment with `overlay` over it, and the lifeline's descriptor if there is one.

    Proxies are left out: the network is closed, and a proxy would see who federates with whom.
    """
    kept = {
        name: value
        for name, value in ours.items()
        if not name.lower().endswith("_proxy") and name != LIFELINE
    }
    kept |= overlay
    if lifeline is not None:
        kept[LIFELINE] = str(lifeline)
    return kept
