"""`rogatory node user add, list`."""

from __future__ import annotations

import asyncio

import aiohttp
import click

from client.session.accounts import Accounts
from client.session.login import log_in, log_out
from node.cli.nodes import one_node
from node.cli.options import chosen_home, home_option, json_option, print_json
from node.cli.up.accounts import password_file
from node.config import NodeConfig
from node.errors import AdminRefused
from node.home import Home
from node.synapse.admin_api import AdminApi, ServerAccount, new_password, register_account
from node.synapse.secret_files import registration_secret

_OPERATOR = "operator"
region_option = click.option("--region", metavar="REGION", help="Which node (default: the only one).")


@click.group()
def user() -> None:
    """Add and list accounts of a node."""


@user.command()
@click.argument("localpart")
@click.option("--operator", is_flag=True, help="Make it an administrator of the homeserver.")
@region_option
@home_option
@json_option
def add(localpart: str, operator: bool, region: str | None, home: str | None, as_json: bool) -> None:
    """Add an account.

    LOCALPART is its name without the @ and the server, as `sen.assets.1`. It gets a random password, which
    is shown this once and kept nowhere.
    """
    opened = chosen_home(home)
    config = one_node(opened, region)
    password = new_password()

    async def run() -> str:
        async with aiohttp.ClientSession() as http:
            made = await register_account(
                http,
                config.client_url,
                registration_secret(opened.node(config.region)),
                localpart,
                password,
                admin=operator,
                log_in=False,
            )
        return made.user_id

    user_id = asyncio.run(run())
    if as_json:
        print_json({"user_id": user_id, "password": password})
    else:
        click.echo(f"{user_id} is added. Its password, shown this once:\n{password}")


@user.command("list")
@region_option
@home_option
@json_option
def list_(region: str | None, home: str | None, as_json: bool) -> None:
    """List the accounts of a node, as its homeserver has them."""
    opened = chosen_home(home)
    config = one_node(opened, region)
    found = asyncio.run(_accounts(opened, config))
    if as_json:
        print_json(
            {
                "users": [
                    {"user_id": each.name, "operator": each.admin, "deactivated": each.deactivated}
                    for each in found
                ]
            }
        )
        return
    for each in found:
        notes = [
            word for word, holds in (("operator", each.admin), ("deactivated", each.deactivated)) if holds
        ]
        click.echo(f"{each.name}  {', '.join(notes)}".rstrip())


async def _accounts(home: Home, config: NodeConfig) -> tuple[ServerAccount, ...]:
    """Ask as the node's operator, whose password `up` keeps in the development network's home."""
    operator = f"@{_OPERATOR}:{config.server_name}"
    path = password_file(Accounts(home.accounts), operator)
    if not path.is_file():
        raise AdminRefused(
            f"The accounts of {config.server_name} cannot be listed.",
            why=f"This home has no password of {operator}, who administrates the homeserver.",
            remedy=f"Run `rogatory node user add --region {config.region} --operator {_OPERATOR}`, and put "
            f"the password that it shows into {path}, a file that only you can read.",
        )
    logged_in = await log_in(
        config.client_url, operator, path.read_text().strip(), device_name="node user list"
    )
    try:
        async with aiohttp.ClientSession() as http:
            return await AdminApi(http, config.client_url, logged_in.access_token).accounts()
    finally:
        await log_out(config.client_url, logged_in.access_token)
