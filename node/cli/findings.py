"""Findings of a check, shown: each with its field, its reason and its article."""

from __future__ import annotations

import datetime
from pathlib import Path

import click

from client.views.safe_text import single_line
from policies.network.titles import Title
from policies.requests.cards.load import card_for
from policies.requests.check.context import Context
from policies.requests.check.draft_check import check_draft
from policies.requests.check.finding import CheckResult, Finding
from policies.requests.draft import Draft, read_draft
from policies.requests.errors import DraftInvalid
from policies.requests.templates.basis import NETWORK_DEFAULT

_LONGEST = 500
"""Characters of a reason that are shown to a person: it may quote the draft."""
_ERRORS = Title(en="Missing or wrong: {0}", fr="Manquant ou erroné : {0}")
_WARNINGS = Title(en="To be considered: {0}", fr="À considérer : {0}")


def checked_draft(path: Path, language: str) -> tuple[Draft | None, CheckResult]:
    """Read and check a draft; one that cannot be read at all is None, and its own single error."""
    try:
        with click.open_file(str(path), encoding="utf-8") as file:
            read = read_draft(file.read())
    except DraftInvalid as error:
        return None, unreadable("draft", f"{error.what} {error.why}", language)
    except UnicodeDecodeError as error:
        return None, unreadable("draft", f"The draft is not UTF-8: {error.reason}.", language)
    today = datetime.datetime.now(datetime.UTC).date()
    context = Context(today=today, card=card_for(read.common))
    return read, check_draft(read, context, language=language)


def unreadable(field: str, reason: str, language: str) -> CheckResult:
    """Return the result of a file that cannot be read at all."""
    return CheckResult(errors=(Finding(field, reason, NETWORK_DEFAULT.said(language)),), warnings=())


def show_findings(result: CheckResult, language: str, *, err: bool = False) -> None:
    """Print what was found, errors first; with `err` on standard error."""
    for heading, findings in ((_ERRORS, result.errors), (_WARNINGS, result.warnings)):
        if findings:
            click.echo(heading.said(language).format(len(findings)), err=err)
        for each in findings:
            reason = single_line(each.reason, most_characters=_LONGEST)
            click.echo(f"  {single_line(each.field)}: {reason} [{each.basis}]", err=err)
