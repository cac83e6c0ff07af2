"""The function accounts of the development network: registered, enrolled on this machine, found again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import aiohttp

from client.session.accounts import Accounts
from client.session.enrolment import enrol, is_enrolled
from client.session.errors import UnknownAccount
from client.session.local.private_files import private_folder, write_private
from client.session.login import LoggedIn, log_in
from node.config import NodeConfig
from node.errors import AccountExists
from node.home import Home
from node.synapse.admin_api import AdminApi, new_password, register_account
from node.synapse.secret_files import registration_secret
from policies.network.roles import RoleCode
from policies.network.roster import FunctionAccount

_UNLIMITED = frozenset({RoleCode.STEWARD, RoleCode.COURT})
"""Who creates rooms and invites in numbers that the ordinary rate limits would stop."""


class AccountStep:
    """Makes the accounts of one node that are missing."""

    def __init__(self, home: Home, config: NodeConfig, members: Sequence[FunctionAccount]) -> None:
        self._accounts = Accounts(home.accounts)
        self._config = config
        # The operator comes first: the others' rate limits are lifted with its token.
        self._members = sorted(members, key=lambda member: member.role is not RoleCode.OPERATOR)
        self._secret = registration_secret(home.node(config.region))
        self._operator_token: str | None = None

    async def run(self) -> int:
        """Make what is missing, and return how many accounts were made or finished."""
        missing = [member for member in self._members if not self._done(member.user_id).is_file()]
        if not missing:
            return 0
        async with aiohttp.ClientSession() as http:
            for member in missing:
                await self._arrive(http, member)
        return len(missing)

    async def _arrive(self, http: aiohttp.ClientSession, member: FunctionAccount) -> None:
        """Make one account. Whatever stopped an earlier try, this one goes on from there."""
        if self._is_here(member.user_id):  # killed at the very end, or logged out and in again by hand
            write_private(self._done(member.user_id), "")
            return
        logged_in = await self._log_in(http, member)
        if member.role is RoleCode.OPERATOR:
            self._operator_token = logged_in.access_token
        else:
            if member.role in _UNLIMITED:
                await AdminApi(http, self._config.client_url, await self._operator()).lift_rate_limit(
                    member.user_id
                )
            await enrol(
                self._accounts,
                user_id=member.user_id,
                homeserver=self._config.client_url,
                device_id=logged_in.device_id,
                access_token=logged_in.access_token,
            )
        write_private(self._done(member.user_id), "")

    async def _log_in(self, http: aiohttp.ClientSession, member: FunctionAccount) -> LoggedIn:
        """Register the account, or log in to the one that was registered before the run was interrupted."""
        password = password_file(self._accounts, member.user_id)
        if not password.is_file():
            # Written first: an account whose password nobody knows would be in the way for ever.
            private_folder(password.parent)
            write_private(password, new_password() + "\n")
        word = password.read_text().strip()
        localpart = member.user_id.removeprefix("@").partition(":")[0]
        try:
            made = await register_account(
                http,
                self._config.client_url,
                self._secret,
                localpart,
                word,
                admin=member.role is RoleCode.OPERATOR,
            )
        except AccountExists:
            return await log_in(self._config.client_url, member.user_id, word)
        return LoggedIn(made.user_id, made.device_id, made.access_token)

    async def _operator(self) -> str:
        """Return a token of the node's operator, logging in when this run has not registered it."""
        if self._operator_token is None:
            operator = next(member for member in self._members if member.role is RoleCode.OPERATOR)
            word = password_file(self._accounts, operator.user_id).read_text().strip()
            self._operator_token = (
                await log_in(self._config.client_url, operator.user_id, word)
            ).access_token
        return self._operator_token

    def _is_here(self, user_id: str) -> bool:
        """Tell whether the account has a device on this machine already. Raises StoreError."""
        try:
            return is_enrolled(self._accounts.find(user_id))
        except UnknownAccount:
            return False

    def _done(self, user_id: str) -> Path:
        return self._accounts.folder(user_id) / "enrolled"


def password_file(accounts: Accounts, user_id: str) -> Path:
    """Return where the password of a function account of the development network lies."""
    return accounts.folder(user_id) / "password"


async def ensure_accounts(home: Home, config: NodeConfig, members: Sequence[FunctionAccount]) -> int:
    """Make the accounts of one node that are missing; return how many. Raises what the homeserver refuses."""
    return await AccountStep(home, config, members).run()
