"""`rogatory request confirm, modify, withdraw, close, arrest, reply ...`: the Court's own steps."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
from collections.abc import Callable, Mapping
from pathlib import Path

import click

from client.session.events import SentEvent
from node.cli.court import court_bot, court_manifest, open_register
from node.cli.details import read_details_of
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.home import Home
from policies.requests.case.case import Case
from policies.requests.case.step import StepCode

_DAY = click.DateTime(["%Y-%m-%d"])
_CHANNELS = click.Choice(["DIPLOMATIC", "DESIGNATED_AUTHORITY"])

Details = Callable[[Case], Mapping[str, object]]


@click.command()
@click.argument("request_id", metavar="ID")
@click.option("--channel", type=_CHANNELS, required=True, help="The channel of article 87(1)(a).")
@click.option("--reference", required=True, help="The reference of the formal transmission.")
@click.option("--on", "day", type=_DAY, required=True, metavar="DATE", help="The day of it.")
@as_option
@home_option
@json_option
def confirm(
    request_id: str,
    channel: str,
    reference: str,
    day: datetime.datetime,
    user: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Note that the advance copy ID was confirmed through the formal channel (articles 91(1), 96(1))."""
    details = {"channel": channel, "reference": reference, "date": day.date().isoformat()}
    _take(chosen_home(home), user, request_id, StepCode.FORMALLY_CONFIRMED, lambda _: details, as_json)


@click.command()
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True, help="Why it is modified.")
@click.option(
    "--changes",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="A TOML file with the fields that are otherwise now.",
)
@as_option
@home_option
@json_option
def modify(
    request_id: str, reason: str, changes: Path, user: str | None, home: str | None, as_json: bool
) -> None:
    """Modify fields of request ID; it must be as good as a new one."""
    given = read_details_of(changes).carried
    details = {"reason": reason, "changes": given}
    _take(chosen_home(home), user, request_id, StepCode.MODIFIED_BY_COURT, lambda _: details, as_json)


@click.command()
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True, help="Why it is withdrawn.")
@as_option
@home_option
@json_option
def withdraw(request_id: str, reason: str, user: str | None, home: str | None, as_json: bool) -> None:
    """Withdraw request ID: nothing can follow."""
    details = {"reason": reason}
    _take(chosen_home(home), user, request_id, StepCode.WITHDRAWN_BY_COURT, lambda _: details, as_json)


@click.command()
@click.argument("request_id", metavar="ID")
@as_option
@home_option
@json_option
def close(request_id: str, user: str | None, home: str | None, as_json: bool) -> None:
    """Close request ID on its last final answer; a draft for consultation has none."""
    _take(chosen_home(home), user, request_id, StepCode.CLOSED, _last_final, as_json)


@click.command()
@click.argument("request_id", metavar="ID")
@click.option("--reason", required=True, help="What is still asked.")
@as_option
@home_option
@json_option
def supplement(request_id: str, reason: str, user: str | None, home: str | None, as_json: bool) -> None:
    """Ask the State for more than its last final answer to request ID has."""

    def details(case: Case) -> Mapping[str, object]:
        return {**_last_final(case), "reason": reason}

    _take(chosen_home(home), user, request_id, StepCode.SUPPLEMENT_ASKED, details, as_json)


@click.command()
@click.argument("request_id", metavar="ID")
@click.option("--on", "day", type=_DAY, required=True, metavar="DATE", help="The day of the arrest.")
@click.option("--source", required=True, help="How the State has told of it.")
@as_option
@home_option
@json_option
def arrest(
    request_id: str, day: datetime.datetime, source: str, user: str | None, home: str | None, as_json: bool
) -> None:
    """Note an arrest of which the State has told by another channel: statutory clocks run from that day."""
    details = {"arrest_date": day.date().isoformat(), "source": source}
    _take(chosen_home(home), user, request_id, StepCode.ARREST_REPORTED, lambda _: details, as_json)


@click.command()
@click.argument("request_id", metavar="ID")
@click.argument("text")
@as_option
@home_option
@json_option
def reply(request_id: str, text: str, user: str | None, home: str | None, as_json: bool) -> None:
    """Reply TEXT to what the State consults the Court on (articles 93(3), 96(3), 97)."""
    details = {"reply": text}
    _take(chosen_home(home), user, request_id, StepCode.CONSULTATION_ANSWERED, lambda _: details, as_json)


@click.command()
@click.argument("request_id", metavar="ID")
@click.option("--on", "day", type=_DAY, required=True, metavar="DATE", help="The day of the declaration.")
@as_option
@home_option
@json_option
def exhausted(
    request_id: str, day: datetime.datetime, user: str | None, home: str | None, as_json: bool
) -> None:
    """Declare consultations exhausted: 15 days to seek a ruling begin (Regulations of the Court, 108(2))."""
    details = {"consultations_exhausted_on": day.date().isoformat()}
    _take(chosen_home(home), user, request_id, StepCode.CONSULTATIONS_EXHAUSTED, lambda _: details, as_json)


@click.command(name="follow-up")
@click.argument("request_id", metavar="ID")
@click.argument("next_id", metavar="NEXT_ID")
@click.option("--template", required=True, help="The template of NEXT_ID, as T01.")
@click.option("--received-on", "day", type=_DAY, metavar="DATE", help="The day the State had its documents.")
@as_option
@home_option
@json_option
def follow_up(
    request_id: str,
    next_id: str,
    template: str,
    day: datetime.datetime | None,
    user: str | None,
    home: str | None,
    as_json: bool,
) -> None:
    """Note that request NEXT_ID continues request ID, as T01 does a provisional arrest."""
    received = {"received_on": day.date().isoformat()} if day else {}
    details = {"request_id": next_id, "template": template, **received}
    _take(chosen_home(home), user, request_id, StepCode.FOLLOW_UP, lambda _: details, as_json)


def _last_final(case: Case) -> Mapping[str, object]:
    return {"answer_sha256": case.last_final.sha256} if case.last_final else {}


def _take(
    home: Home, user: str | None, request_id: str, step: StepCode, details: Details, as_json: bool
) -> None:
    manifest = court_manifest(home, user)

    async def take() -> SentEvent:
        with contextlib.closing(open_register(home)) as register:
            async with court_bot(home, manifest, register) as bot:
                return await bot.steps.take(request_id, step, details)

    sent = asyncio.run(take())
    if as_json:
        print_json({"id": request_id, "room_id": sent.room_id, "event_id": sent.event_id})
    else:
        click.echo(f"{request_id}: {step}, {sent.event_id}")
