"""`rogatory request new`: a blank draft to fill in."""

from __future__ import annotations

import click

from node.cli.options import language_option
from policies.requests.templates.registry import packaged_templates
from policies.requests.templates.skeleton import skeleton


@click.command()
@click.argument("template")
@language_option
def new(template: str, language: str) -> None:
    """Write a blank draft of TEMPLATE, as T13 or T13@1.0, to standard output.

    Every field stands there in its order, with what it is for and when it is required.
    """
    templates = packaged_templates()
    name = template.upper()
    found = templates.find(name) if "@" in name else templates.current(name)
    click.echo(skeleton(found, language), nl=False)
