"""Which regions' nodes a command is about."""

from __future__ import annotations

from node.errors import UnknownRegion
from policies.network.network import Network
from policies.network.regions import COURT


def selected_regions(option: str | None, network: Network) -> tuple[str, ...]:
    """Read `--regions africa,weog`: those regions in the policy's order, the Court's node always among them.

    Without the option, all of them. Raises UnknownRegionCode, naming the nearest, and UnknownRegion
    when the option names none.
    """
    if option is None:
        return tuple(network.regions)
    wanted = {network.region(part.strip()).code for part in option.split(",") if part.strip()}
    if not wanted:
        raise UnknownRegion(
            f"The option --regions {option!r} names no region.",
            why=f"The regions are {', '.join(network.regions)}.",
            remedy="Name some of them with commas between, or leave the option out for all.",
        )
    return tuple(code for code in network.regions if code in wanted | {COURT})
