"""`rogatory bridge token`: the bearer tokens with which other systems call the HTTP API."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import click

from bridge.api.schema import api_schema
from bridge.api.tokens import Scope, Token, Tokens
from client.session.store.vault import migrate
from client.views.safe_text import single_line
from node.cli.options import chosen_home, home_option, json_option, print_json


@click.group()
def token() -> None:
    """Make, list and revoke the bearer tokens of the API."""


@token.command()
@click.option(
    "--scope",
    "scopes",
    required=True,
    metavar="SCOPE,...",
    help=f"What it allows: {', '.join(Scope)}. `sealed` lets `read` and `step` reach what is under seal too.",
)
@click.option("--name", default="", help="What it is for, as the name of the system that gets it.")
@home_option
@json_option
def add(scopes: str, name: str, home: str | None, as_json: bool) -> None:
    """Make a token and print it: the one time that it is shown. Only a hash of it is kept."""
    wanted = _scopes(scopes)
    with _tokens(home) as tokens:
        made, secret = tokens.add(name, wanted)
    if as_json:
        print_json(_as_object(made) | {"token": secret.reveal()})
        return
    click.echo(secret.reveal())
    click.echo(f"Token {made.token_id} allows {_words(made)}. It is not shown again.", err=True)


@token.command("list")
@home_option
@json_option
def list_tokens(home: str | None, as_json: bool) -> None:
    """List the tokens, without their secrets."""
    with _tokens(home) as tokens:
        found = tokens.all()
    if as_json:
        print_json({"tokens": [_as_object(each) for each in found]})
        return
    for each in found:
        state = f"revoked {each.revoked_at}" if each.revoked_at else f"since {each.created_at}"
        click.echo(f"{each.token_id}  {_words(each)}  {state}  {single_line(each.name, empty='')}".rstrip())


@token.command()
@click.argument("token_id", metavar="ID")
@home_option
def revoke(token_id: str, home: str | None) -> None:
    """Let the token with that ID be refused, from the next call on."""
    with _tokens(home) as tokens:
        tokens.revoke(token_id)


@contextlib.contextmanager
def _tokens(home: str | None) -> Iterator[Tokens]:
    from node.cli.court import open_register

    with contextlib.closing(open_register(chosen_home(home))) as register:
        migrate(register.database, api_schema, register.path)
        yield Tokens(register)


def _scopes(text: str) -> frozenset[Scope]:
    names = [name.strip() for name in text.split(",")]
    if unknown := [name for name in names if name not in list(Scope)]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(Scope)}.", param_hint="'--scope'")
    return frozenset(Scope(name) for name in names)


def _as_object(each: Token) -> dict[str, object]:
    return {
        "id": each.token_id,
        "name": each.name,
        "scopes": sorted(each.scopes),
        "created_at": each.created_at,
        "revoked_at": each.revoked_at,
    }


def _words(each: Token) -> str:
    return ",".join(sorted(each.scopes))
