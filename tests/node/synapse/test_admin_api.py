"""The admin API against a real homeserver."""

from __future__ import annotations

import aiohttp
import pytest

from node.errors import AccountExists, AdminRefused
from node.synapse.admin_api import AdminApi, new_password, register_account
from node.synapse.secret_files import registration_secret
from tests.synapse_nodes import Answer, HttpClient, SynapseNode, TestNetwork

pytestmark = pytest.mark.synapse


@pytest.fixture
def node(network: TestNetwork) -> SynapseNode:
    return network["court"]


def _login(node: SynapseNode, localpart: str, password: str) -> Answer:
    identifier = {"type": "m.id.user", "user": localpart}
    body = {"type": "m.login.password", "identifier": identifier, "password": password}
    return node.anonymous().post("/login", body)


async def test_an_account_is_registered_once(node: SynapseNode) -> None:
    """A registered account is logged in and has its password; a second of that name is refused as such."""
    secret, password = registration_secret(node.folder), new_password()
    async with aiohttp.ClientSession() as http:
        account = await register_account(http, node.url, secret, "registered", password)
        with pytest.raises(AccountExists, match="registered"):
            await register_account(http, node.url, secret, "registered", password)
    assert account.user_id == "@registered:court.rogatory.test"
    device = HttpClient(node.url, account.access_token).get("/account/whoami").body
    assert (device["user_id"], device["device_id"]) == (account.user_id, account.device_id)
    assert _login(node, "registered", password).status == 200
    assert account.access_token not in repr(account)


async def test_an_account_can_be_made_without_a_login(node: SynapseNode) -> None:
    """For a colleague an account is made, but no device and no token."""
    async with aiohttp.ClientSession() as http:
        secret = registration_secret(node.folder)
        account = await register_account(http, node.url, secret, "quiet", new_password(), log_in=False)
    assert (account.access_token, account.device_id) == ("", "")


async def test_without_the_secret_nothing_is_registered(node: SynapseNode) -> None:
    """A wrong shared secret is refused, and the refusal does not repeat it."""
    async with aiohttp.ClientSession() as http:
        with pytest.raises(AdminRefused, match="HMAC incorrect") as caught:
            await register_account(http, node.url, "guessed-secret", "intruder", "guessed-password")
    assert "guessed" not in str(caught.value)
    assert _login(node, "intruder", "guessed-password").status == 403


async def test_an_administrator_lists_limits_and_resets(node: SynapseNode) -> None:
    """Accounts are listed with who is administrator, a rate limit is lifted, a password is replaced."""
    secret, password = registration_secret(node.folder), new_password()
    async with aiohttp.ClientSession() as http:
        admin = await register_account(http, node.url, secret, "chief", new_password(), admin=True)
        user = await register_account(http, node.url, secret, "limited", password)
        api = AdminApi(http, node.url, admin.access_token)
        listed = {account.name: account.admin for account in await api.accounts()}
        assert listed[admin.user_id] is True
        assert listed[user.user_id] is False

        await api.lift_rate_limit(user.user_id)
        path = f"/_synapse/admin/v1/users/{user.user_id}/override_ratelimit"
        limit = HttpClient(node.url, admin.access_token).get(path).body
        assert limit == {"messages_per_second": 0, "burst_count": 0}

        replaced = new_password()
        await api.reset_password(user.user_id, replaced)
        assert _login(node, "limited", password).status == 403
        assert _login(node, "limited", replaced).status == 200

        with pytest.raises(AdminRefused, match="403"):
            await AdminApi(http, node.url, _token(node, "limited", replaced)).accounts()


def _token(node: SynapseNode, localpart: str, password: str) -> str:
    return str(_login(node, localpart, password).body["access_token"])
