"""The nodes of a home, for the verbs that act on them."""

from __future__ import annotations

from difflib import get_close_matches

from node.config import NodeConfig, read_node_toml
from node.errors import UnknownRegion
from node.home import Home


def nodes_of(home: Home, region: str | None = None) -> list[NodeConfig]:
    """Return the configuration of the named node, or of all nodes of the home.

    Raises UnknownRegion when the home has no such node, or none at all, and ConfigurationInvalid.
    """
    return [read_node_toml(home.node(name) / "node.toml") for name in regions_of(home, region)]


def regions_of(home: Home, region: str | None = None) -> list[str]:
    """Return the named region, or all whose node the home has. Raises UnknownRegion as `nodes_of` does."""
    regions = home.regions()
    if region is not None and region not in regions:
        nearest = get_close_matches(region, regions, n=1)
        raise UnknownRegion(
            f"This home has no node '{region}'.",
            why=f"It has {', '.join(regions)}." if regions else "It has none yet.",
            remedy=f"Did you mean '{nearest[0]}'?" if nearest else "Make one with `rogatory node init`.",
        )
    if not regions:
        raise UnknownRegion(
            f"The home at {home.root} has no node.",
            why="There is no node.toml in its folder nodes.",
            remedy="Make one with `rogatory node init`, or a whole network with `rogatory up`.",
        )
    return [name for name in regions if region in (None, name)]


def one_node(home: Home, region: str | None) -> NodeConfig:
    """Return the named node, or the only one. Raises UnknownRegion when it is not said which."""
    found = nodes_of(home, region)
    if len(found) > 1:
        raise UnknownRegion(
            "It is not said which node is meant.",
            why=f"This home has {', '.join(config.region for config in found)}.",
            remedy="Add --region with one of them.",
        )
    return found[0]
