"""`rogatory status` and `rogatory down`. Light on purpose: status is asked often."""

from __future__ import annotations

import click

from node.cli.options import chosen_home, home_option, json_option, print_json
from node.cli.status_words import status_json, status_line
from node.home import Home
from node.supervisor.control import shutdown
from node.supervisor.control import status as supervisor_status
from node.supervisor.status import ChildState, ChildStatus

BRIDGE = "bridge"
"""The bridge's name among the supervisor's children; every other child is a region's node."""


@click.command()
@home_option
@json_option
def status(home: str | None, as_json: bool) -> None:
    """Say of each process whether it runs and answers, found out just now."""
    opened = chosen_home(home)
    found = supervisor_status(opened.supervisor)
    children = {child.name: child for child in found.children}
    nodes = {
        region: children.get(region, ChildStatus(region, ChildState.STOPPED)) for region in _regions(opened)
    }
    bridge = children.get(BRIDGE, ChildStatus(BRIDGE, ChildState.STOPPED))
    if as_json:
        print_json(
            {
                "home": str(opened.root),
                "supervisor": {"pid": found.pid},
                "nodes": {region: status_json(child) for region, child in nodes.items()},
                "bridge": status_json(bridge),
            }
        )
    else:
        for child in (*nodes.values(), bridge):
            click.echo(status_line(child))
        click.echo(f"supervisor       {f'process {found.pid}' if found.pid else 'not running'}")


@click.command()
@home_option
@json_option
def down(home: str | None, as_json: bool) -> None:
    """Stop everything that `up` started in this home, and nothing else."""
    stopped = shutdown(chosen_home(home).supervisor)
    if as_json:
        print_json({"stopped": list(stopped)})
    elif stopped:
        click.echo(f"Stopped: {', '.join(stopped)}.")
    else:
        click.echo("Nothing was running.")


def _regions(home: Home) -> list[str]:
    return sorted(home.regions(), key=lambda region: (region != "court", region))
