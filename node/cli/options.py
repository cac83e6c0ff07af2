"""The options that many verbs share."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

from node.home import Home, home_path, open_home

Command = TypeVar("Command", bound=Callable[..., Any])


def home_option(command: Command) -> Command:
    """Add --home."""
    return click.option(
        "--home", metavar="FOLDER", help="Where state lives (default: ROGATORY_HOME, else the data folder)."
    )(command)


def json_option(command: Command) -> Command:
    """Add --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")(command)


def language_option(command: Command) -> Command:
    """Add --language, of what is written for people."""
    return click.option(
        "--language", type=click.Choice(["en", "fr"]), default="en", show_default=True, help="The language."
    )(command)


def as_option(command: Command) -> Command:
    """Add --as, which chooses the account."""
    return click.option(
        "--as", "user", metavar="USER", help="The account, as @localpart:server (default: the only one here)."
    )(command)


def chosen_home(option: str | None, *, create: bool = False) -> Home:
    """Open the home that the options name."""
    path = home_path(option)
    was_open = (path / "home.toml").is_file() and path.stat().st_mode & 0o077
    home = open_home(path, create=create)
    if was_open:
        click.echo(f"Others on this machine could look into {path}. It is closed to them now.", err=True)
    return home


def print_json(value: object) -> None:
    """Print one JSON value on one line of standard output; what no terminal should get is escaped."""
    text = json.dumps(value, ensure_ascii=False)
    # nothing but the inside of a JSON string can have such a character, and there an escape says the same
    click.echo("".join(each if each.isprintable() else json.dumps(each)[1:-1] for each in text))
