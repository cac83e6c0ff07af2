"""`rogatory request new`: a blank draft to fill in."""

from __future__ import annotations

import datetime

import click

from node.cli.options import language_option
from policies.network.load import load_network
from policies.network.state_names import find_state
from policies.requests.cards.load import packaged_card
from policies.requests.cards.prefill import card_suggestions
from policies.requests.templates.registry import packaged_templates
from policies.requests.templates.skeleton import skeleton
from policies.requests.templates.suggestion import Suggestion


@click.command()
@click.argument("template")
@click.option("--state", metavar="STATE", help="Fill in what is known of this State, as SEN or Senegal.")
@language_option
def new(template: str, state: str | None, language: str) -> None:
    """Write a blank draft of TEMPLATE, as T13 or T13@1.0, to standard output.

    Every field stands there in its order, with what it is for and when it is required. With --state, what the
    State has said of its channel, languages and law is filled in, and what must be checked again stands
    beside its field, with its source.
    """
    templates = packaged_templates()
    name = template.upper()
    found = templates.find(name) if "@" in name else templates.current(name)
    click.echo(skeleton(found, language, _suggested(found.id, state)), nl=False)


def _suggested(template_id: str, state: str | None) -> dict[str, Suggestion]:
    card = packaged_card(find_state(load_network(), state)) if state is not None else None
    today = datetime.datetime.now(datetime.UTC).date()
    return card_suggestions(card, template_id, today) if card is not None else {}
