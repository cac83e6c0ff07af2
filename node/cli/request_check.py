"""`rogatory request check`: what is missing or wrong in a draft."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from client.views.safe_text import single_line
from node.cli.options import json_option, language_option, print_json
from policies.network.titles import Title
from policies.requests.cards.load import card_for
from policies.requests.check.context import Context
from policies.requests.check.draft_check import check_draft
from policies.requests.check.finding import CheckResult, Finding
from policies.requests.draft import read_draft
from policies.requests.errors import DraftInvalid
from policies.requests.templates.basis import NETWORK_DEFAULT

_LONGEST = 500
"""Characters of a reason that are shown to a person: it may quote the draft."""
_IN_ORDER = Title(en="The draft is in order.", fr="Le projet est en ordre.")
_ERRORS = Title(en="Missing or wrong: {0}", fr="Manquant ou erroné : {0}")
_WARNINGS = Title(en="To be considered: {0}", fr="À considérer : {0}")


@click.command()
@click.argument("draft", type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path))
@language_option
@json_option
def check(draft: Path, language: str, as_json: bool) -> int:
    """Say what is missing or wrong in DRAFT, by article, all at once. Exits 0 if it is in order, else 1.

    DRAFT is a file as `rogatory request new` writes it, or - for standard input.
    """
    result = _checked(draft, language)
    if as_json:
        print_json(result.as_object())
    else:
        _show(result, language)
    return 0 if result.ok else 1


def _checked(draft: Path, language: str) -> CheckResult:
    """Check a draft; one that cannot be read at all is its own single error."""
    try:
        with click.open_file(str(draft), encoding="utf-8") as file:
            read = read_draft(file.read())
    except DraftInvalid as error:
        return _unreadable(f"{error.what} {error.why}", language)
    except UnicodeDecodeError as error:
        return _unreadable(f"The draft is not UTF-8: {error.reason}.", language)
    today = datetime.datetime.now(datetime.UTC).date()
    context = Context(today=today, card=card_for(read.common))
    return check_draft(read, context, language=language)


def _unreadable(reason: str, language: str) -> CheckResult:
    return CheckResult(errors=(Finding("draft", reason, NETWORK_DEFAULT.said(language)),), warnings=())


def _show(result: CheckResult, language: str) -> None:
    if result.ok:
        click.echo(_IN_ORDER.said(language))
    for heading, findings in ((_ERRORS, result.errors), (_WARNINGS, result.warnings)):
        if findings:
            click.echo(heading.said(language).format(len(findings)))
        for each in findings:
            reason = single_line(each.reason, most_characters=_LONGEST)
            click.echo(f"  {single_line(each.field)}: {reason} [{each.basis}]")
