"""`rogatory who`: who is competent in a State, by the attestations that hold."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from client.session.events import Trust
from client.views import trust_words
from client.views.safe_text import single_line
from node.cli.options import as_option, chosen_home, home_option, json_option, print_json
from node.cli.sessions import chosen_account, session_of
from policies.network.load import load_network
from policies.network.network import Network
from policies.network.roles import RoleCode
from policies.network.state_names import find_state
from policies.trust.attestation import Attestation
from policies.trust.times import format_time


@click.command()
@click.argument("state")
@click.argument("theme", required=False)
@as_option
@home_option
@json_option
def who(state: str, theme: str | None, user: str | None, home: str | None, as_json: bool) -> None:
    """List the attested focal points of STATE, for THEME if one is given.

    STATE is a code or a name, as SEN or Senegal; THEME a theme's code or priority, as assets or P4.
    """
    network = load_network()
    code = find_state(network, state)
    wanted = None if theme is None else network.theme(theme.upper() if theme[1:].isdigit() else theme.lower())
    theme_code = wanted.code if wanted else None
    opened = chosen_home(home)
    account = chosen_account(opened, user)

    async def run() -> Sequence[Attestation]:
        async with session_of(opened, account) as session:
            return await session.attestations()

    found = [each for each in asyncio.run(run()) if _is_competent(each, code, theme_code)]
    if as_json:
        focal_points = [_as_object(each) for each in found]
        print_json({"state": code, "theme": theme_code, "focal_points": focal_points})
        return
    for each in found:
        click.echo(_in_words(each, network))
    if not found:
        about = f" for {wanted.title.en}" if wanted else ""
        click.echo(f"No focal point of {network.state_party(code)[1].en}{about} is attested.", err=True)
        click.echo("  do:  Ask a moderator of the regional group, who can have one attested.", err=True)


def _is_competent(attestation: Attestation, state: str, theme: str | None) -> bool:
    return (
        attestation.function == RoleCode.FOCAL_POINT
        and attestation.state == state
        and (theme is None or theme in attestation.themes)
    )


def _as_object(attestation: Attestation) -> dict[str, object]:
    return {
        "user_id": attestation.user_id,
        "state": attestation.state,
        "function": attestation.function,
        "themes": list(attestation.themes),
        "authority": attestation.authority,
        "valid_until": format_time(attestation.valid_until),
        "answers": attestation.answer_key is not None,
    }


def _in_words(attestation: Attestation, network: Network) -> str:
    """Return one line for a person: the account, what it is for, who says so and until when."""
    themes = ", ".join(single_line(theme) for theme in attestation.themes)
    by = network.region(attestation.authority).title.en
    return (
        f"{single_line(attestation.user_id, most_characters=255)}  {themes}\n"
        f"  {trust_words.badge(Trust.ATTESTED)} by {by} until {attestation.valid_until:%Y-%m-%d}:"
        " the key is theirs, and nothing needs to be compared"
    )
