"""`rogatory bridge ...`: the Court's bot, its HTTP API, and who may use it."""

from __future__ import annotations

import click

from node.cli.lazy import LazyGroup

VERBS = {
    "serve": ("node.cli.bridge_serve:serve", "Serve the HTTP API, and deliver what is not delivered."),
    "token": ("node.cli.bridge_token:token", "Make, list and revoke the bearer tokens of the API."),
    "webhook": ("node.cli.bridge_webhook:webhook", "Tell other systems what happens to requests."),
}


@click.group(cls=LazyGroup, verbs=VERBS)
def bridge() -> None:
    """Run the Court's bridge."""
