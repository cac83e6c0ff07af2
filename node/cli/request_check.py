"""`rogatory request check`: what is missing or wrong in a draft."""

from __future__ import annotations

from pathlib import Path

import click

from node.cli.findings import checked_draft, show_findings
from node.cli.options import json_option, language_option, print_json
from policies.network.titles import Title

_IN_ORDER = Title(en="The draft is in order.", fr="Le projet est en ordre.")


@click.command()
@click.argument("draft", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@language_option
@json_option
def check(draft: Path, language: str, as_json: bool) -> int:
    """Say what is missing or wrong in DRAFT, by article, all at once. Exits 0 if it is in order, else 1.

    DRAFT is a file as `rogatory request new` writes it, or - for standard input.
    """
    _, result = checked_draft(draft, language)
    if as_json:
        print_json(result.as_object())
    else:
        if result.ok:
            click.echo(_IN_ORDER.said(language))
        show_findings(result, language)
    return 0 if result.ok else 1
