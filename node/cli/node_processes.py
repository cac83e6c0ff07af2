"""`rogatory node start, stop, status`."""

from __future__ import annotations

import asyncio
import sys

import click

from node.cli.nodes import nodes_of
from node.cli.options import chosen_home, home_option, json_option, print_json
from node.cli.sessions import pinned_manifest
from node.cli.status_words import status_json, status_line
from node.cli.up.progress import Progress
from node.config import NodeConfig
from node.errors import ConfigurationInvalid
from node.home import Home
from node.network.children import node_child
from node.supervisor import control
from node.supervisor.starting import start_children
from node.supervisor.status import ChildEvent, ChildState, ChildStatus
from node.supervisor.status import Progress as Step
from node.synapse.render import render_node

region_option = click.option("--region", metavar="REGION", help="Which node (default: all of this home).")


@click.command()
@region_option
@home_option
@json_option
def start(region: str | None, home: str | None, as_json: bool) -> None:
    """Start nodes of this home, and wait until they are healthy; one that runs as configured stays."""
    opened = chosen_home(home)
    found = nodes_of(opened, region)
    _render(opened, found)
    progress = Progress(sys.stderr)

    def report(step: Step) -> None:
        if step.event in (ChildEvent.HEALTHY, ChildEvent.DIED):
            progress.done(f"node {step.name}: {step.event} {step.detail}".rstrip())

    asyncio.run(
        start_children(opened.supervisor, [node_child(opened, config) for config in found], report=report)
    )
    if as_json:
        print_json({"started": [config.region for config in found]})
    else:
        click.echo(f"Running: {', '.join(config.region for config in found)}.")


@click.command()
@region_option
@home_option
@json_option
def stop(region: str | None, home: str | None, as_json: bool) -> None:
    """Stop nodes of this home, and nothing else."""
    opened = chosen_home(home)
    stopped = control.stop(opened.supervisor, [config.region for config in nodes_of(opened, region)])
    if as_json:
        print_json({"stopped": list(stopped)})
    else:
        click.echo(f"Stopped: {', '.join(stopped)}." if stopped else "Nothing was running.")


@click.command()
@region_option
@home_option
@json_option
def status(region: str | None, home: str | None, as_json: bool) -> None:
    """Say of each node whether it runs and answers, found out just now."""
    opened = chosen_home(home)
    found = control.status(opened.supervisor)
    nodes = [
        (config, found.child(config.region) or ChildStatus(config.region, ChildState.STOPPED))
        for config in nodes_of(opened, region)
    ]
    if as_json:
        print_json(
            {
                "nodes": {
                    config.region: {
                        "server_name": config.server_name,
                        "url": config.client_url,
                        **status_json(child),
                    }
                    for config, child in nodes
                }
            }
        )
    else:
        for config, child in nodes:
            click.echo(status_line(child, config.server_name, config.client_url))


def _render(home: Home, nodes: list[NodeConfig]) -> None:
    manifest = pinned_manifest(home)
    if manifest is None:
        raise ConfigurationInvalid(
            f"The home at {home.root} has no manifest.",
            why="A node federates only with the servers that the network's signed manifest names.",
            remedy="Make the node with `rogatory node init`, which asks for it.",
        )
    for config in nodes:
        render_node(config, manifest, home.node(config.region))
