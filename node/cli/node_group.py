"""`rogatory node ...`: one region's node."""

from __future__ import annotations

import click

from node.cli.lazy import LazyGroup

VERBS = {
    "init": ("node.cli.node_init:init", "Make a node's folder from what the network gave it."),
    "start": ("node.cli.node_processes:start", "Start nodes of this home."),
    "stop": ("node.cli.node_processes:stop", "Stop nodes of this home."),
    "status": ("node.cli.node_processes:status", "Say of each node whether it runs and answers."),
    "doctor": ("node.cli.node_doctor:doctor", "Look for what is wrong or will be."),
    "user": ("node.cli.node_users:user", "Add and list accounts of a node."),
}


@click.group(cls=LazyGroup, verbs=VERBS)
def node() -> None:
    """Run one region's node."""
