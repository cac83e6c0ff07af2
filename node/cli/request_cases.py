"""`rogatory request list, show`: the cases of the Court's register, or of an account's own rooms."""

from __future__ import annotations

import contextlib
import datetime

import click

from bridge.case_file import read_case_file
from bridge.request_record import RequestRecord
from client.session.face import Session
from client.views.cases import CaseView, view_case
from client.views.session_cases import SessionCases
from node.cli.court import court_account, open_register, required_manifest
from node.cli.options import as_option, chosen_home, home_option, json_option, language_option, print_json
from node.cli.sessions import in_session
from node.home import Home
from policies.requests.case.case import Case
from policies.requests.errors import CaseNotOpened
from policies.trust.manifest import Manifest


@click.command(name="list")
@language_option
@as_option
@home_option
@json_option
def list_requests(language: str, user: str | None, home: str | None, as_json: bool) -> None:
    """List the requests that the Court has issued, or that the account of --as has received.

    On the Court's machine its register is read, unless --as names another account.
    """
    opened = chosen_home(home)
    manifest = required_manifest(opened)
    court = court_account(opened, manifest, user)
    views: list[CaseView]
    unposted: list[RequestRecord] = []
    if court is not None:
        views, unposted = _of_register(opened, manifest, court, language)
    else:
        cases = in_session(opened, user, lambda session: SessionCases(session, manifest).all())
        views = [_view(case, language) for case in cases]
    if as_json:
        found = [*(_unposted(each) for each in unposted), *(each.summary() for each in views)]
        print_json({"requests": found})
        return
    for record in unposted:
        click.echo(f"{record.request_id}  {record.draft.template:<8} {record.status} (not posted yet)")
    for view in views:
        click.echo(view.line())


@click.command()
@click.argument("request_id", metavar="ID")
@language_option
@as_option
@home_option
@json_option
def show(request_id: str, language: str, user: str | None, home: str | None, as_json: bool) -> None:
    """Show one request: state, clocks, history, what was refused, and what can lawfully follow.

    Clocks of the law and usage of the network are told apart. The side is chosen as by `request list`.
    """
    opened = chosen_home(home)
    manifest = required_manifest(opened)
    court = court_account(opened, manifest, user)
    if court is not None:
        with contextlib.closing(open_register(opened)) as register:
            case = read_case_file(register, request_id, court).case(manifest)
    else:

        async def find(session: Session) -> Case:
            return await SessionCases(session, manifest).find(request_id)

        case = in_session(opened, user, find)
    view = _view(case, language)
    if as_json:
        print_json(view.as_object())
        return
    for line in view.lines():
        click.echo(line)


def _of_register(
    home: Home, manifest: Manifest, court: str, language: str
) -> tuple[list[CaseView], list[RequestRecord]]:
    views, unposted = [], []
    with contextlib.closing(open_register(home)) as register:
        for record in register.requests():
            try:
                case = read_case_file(register, record.request_id, court).case(manifest)
            except CaseNotOpened:
                unposted.append(record)
            else:
                views.append(_view(case, language))
    return views, unposted


def _unposted(record: RequestRecord) -> dict[str, object]:
    return {
        "id": record.request_id,
        "template": record.draft.template,
        "room_id": record.room_id,
        "state": "not-posted",
        "issued_at": record.issued_at,
        "next_due": None,
        "last_outcome": None,
        "refused_messages": 0,
    }


def _view(case: Case, language: str) -> CaseView:
    return view_case(case, datetime.datetime.now(datetime.UTC), language=language)
