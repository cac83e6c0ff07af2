"""`rogatory request templates`: which kinds of requests there are."""

from __future__ import annotations

import click

from node.cli.options import json_option, language_option, print_json
from policies.requests.templates.registry import packaged_templates
from policies.requests.templates.template import Template


@click.command()
@language_option
@json_option
def templates(language: str, as_json: bool) -> None:
    """List the templates of requests, with their legal basis."""
    found = packaged_templates()
    if as_json:
        print_json(
            {
                "templates": [
                    _as_object(each, language) | {"outcomes": list(found.allowed(each))}
                    for each in found.all()
                ]
            }
        )
        return
    for each in found.all():
        click.echo(f"{each.name}  {each.title.said(language)}\n         {each.legal_basis}")


def _as_object(template: Template, language: str) -> dict[str, object]:
    return {
        "template": template.name,
        "title": template.title.said(language),
        "purpose": template.purpose.said(language),
        "legal_basis": template.legal_basis,
        "priorities": [priority.value for priority in template.priorities],
        "default_confidentiality": template.default_confidentiality.value,
        "fields": list(template.fields),
    }
