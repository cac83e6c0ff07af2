"""`rogatory request answer`: one of the lawful answers, checked, signed with the attested key, and sent."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from pathlib import Path

import click

from client.session.face import Session
from client.views.answer_file import AnswerFile, answer_file
from client.views.session_cases import SessionCases
from node.cli.court import required_manifest
from node.cli.details import read_details_of
from node.cli.findings import show_findings
from node.cli.options import as_option, chosen_home, home_option, json_option, language_option, print_json
from node.cli.sessions import in_session
from policies.requests.case.answering import history_of, latest_day, with_files
from policies.requests.case.case import Case
from policies.requests.case.details_file import AnswerDetails
from policies.requests.check.answer_check import Answer, check_answer
from policies.requests.check.context import Context
from policies.requests.check.finding import CheckResult


@click.command()
@click.argument("request_id", metavar="ID")
@click.argument("outcome")
@click.option(
    "--details",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    help="A TOML file with what the outcome must carry, - for standard input.",
)
@click.option(
    "--attach",
    "attached",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that belongs to it, sent encrypted before it; again for each.",
)
@language_option
@as_option
@home_option
@json_option
def answer(
    request_id: str,
    outcome: str,
    details: Path | None,
    attached: tuple[Path, ...],
    language: str,
    user: str | None,
    home: str | None,
    as_json: bool,
) -> int:
    """Answer request ID with OUTCOME, one of those that `rogatory request show ID` lists.

    Exits 1 and lists everything that is missing or wrong, by article, when the answer is not in order.
    """
    opened = chosen_home(home)
    manifest = required_manifest(opened)
    given = read_details_of(details)
    files = [answer_file(path) for path in attached]

    async def work(session: Session) -> dict[str, str] | CheckResult:
        cases = SessionCases(session, manifest)
        case = await cases.find(request_id)
        now = case.time_to_sign(datetime.datetime.now(datetime.UTC))
        result = _checked(case, outcome, given, files, now, language)
        if not result.ok:
            return result
        sent = await cases.answer(case, outcome, given, now, files)
        return {"id": request_id, "room_id": sent.room_id, "event_id": sent.event_id}

    done = in_session(opened, user, work)
    if isinstance(done, CheckResult):
        if as_json:
            print_json(done.as_object())
        show_findings(done, language, err=True)
        return 1
    if as_json:
        print_json(done)
    else:
        click.echo(f"Answered: {outcome}, {done['event_id']}")
    return 0


def _checked(
    case: Case,
    outcome: str,
    given: AnswerDetails,
    files: Sequence[AnswerFile],
    now: datetime.datetime,
    language: str,
) -> CheckResult:
    return check_answer(
        case.request.template,
        with_files(case.values, [each.attached for each in files]),
        Answer(outcome=outcome, details=given.carried),
        history_of(case, now),
        Context(today=latest_day(now)),
        language=language,
    )
