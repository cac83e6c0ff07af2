"""`rogatory bridge webhook`: which systems are told that something happened to a request."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator

import click

from bridge.register import Register
from bridge.webhooks.deliveries import Deliveries
from bridge.webhooks.endpoints import Endpoint, Endpoints
from bridge.webhooks.schema import webhook_schema
from bridge.webhooks.signature import public_key, shown_secret
from client.session.store.vault import migrate
from client.views.safe_text import single_line
from node.cli.options import chosen_home, home_option, json_option, print_json


@click.group()
def webhook() -> None:
    """Tell other systems that something happened to a request (Standard Webhooks)."""


@webhook.command()
@click.argument("url")
@home_option
@json_option
def add(url: str, home: str | None, as_json: bool) -> None:
    """Tell URL of everything from now on; print the key and the secret by which it knows that it is us.

    The secret is shown this once. Nothing is ever sent about requests under seal.
    """
    with _register(home) as register:
        endpoints = Endpoints(register)
        endpoint, secret = endpoints.add(url)
        key = public_key(endpoints.key())
    if as_json:
        print_json({"id": endpoint.webhook_id, "public_key": key, "secret": shown_secret(secret)})
        return
    click.echo(f"{endpoint.webhook_id}\n{key}\n{shown_secret(secret)}")
    click.echo("The last line is the secret for libraries without Ed25519; it is not shown again.", err=True)


@webhook.command("list")
@home_option
@json_option
def list_webhooks(home: str | None, as_json: bool) -> None:
    """List the webhooks, and how many messages each was told, is to be told, and never took."""
    with _register(home) as register:
        endpoints, deliveries = Endpoints(register), Deliveries(register)
        key = public_key(endpoints.key())
        found = [_as_object(each, deliveries) for each in endpoints.all()]
    if as_json:
        print_json({"public_key": key, "webhooks": found})
        return
    for each in found:
        shown = single_line(str(each["url"]), most_characters=300)
        click.echo(
            f"{each['id']}  {shown}  {each['delivered']} delivered, {each['pending']} pending,"
            f" {each['dead']} dead"
        )
        if each["last_failure"]:
            click.echo(f"  last failure: {each['last_failure']}")


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@click.option("--all", "everything", is_flag=True, help="Also what it has taken before.")
@home_option
def replay(webhook_id: str, everything: bool, home: str | None) -> None:
    """Send the dead letters of the webhook with that ID again; a running bridge does it at once."""
    with _register(home) as register:
        Endpoints(register).require(webhook_id)
        count = Deliveries(register).replay(webhook_id, time.time(), delivered=everything)
    click.echo(f"{count} messages are sent again.", err=True)


@webhook.command()
@click.argument("webhook_id", metavar="ID")
@home_option
def remove(webhook_id: str, home: str | None) -> None:
    """Tell the webhook with that ID nothing any more."""
    with _register(home) as register:
        Endpoints(register).remove(webhook_id)


@contextlib.contextmanager
def _register(home: str | None) -> Iterator[Register]:
    from node.cli.court import open_register

    with contextlib.closing(open_register(chosen_home(home))) as register:
        migrate(register.database, webhook_schema, register.path)
        yield register


def _as_object(endpoint: Endpoint, deliveries: Deliveries) -> dict[str, object]:
    counts = {state.value: count for state, count in deliveries.counts(endpoint.webhook_id).items()}
    return {
        "id": endpoint.webhook_id,
        "url": endpoint.url,
        "created_at": endpoint.created_at,
        **counts,
        "last_failure": deliveries.last_failure(endpoint.webhook_id),
    }
