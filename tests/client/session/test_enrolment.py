from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec
import pytest

from client.session.accounts import Accounts
from client.session.enrolment import enrol
from client.session.errors import HomeserverUnreachable, UnknownAccount
from client.session.events import Json
from client.session.http_transport import HttpTransport
from policies.trust.signing import verify_object
from tests.client.session.homeserver import Homeserver, call


class Recorder:
    """A transport that writes down what is sent, and loses the answers of uploads to the paths in `lost`."""

    def __init__(self, lost: tuple[str, ...] = ()) -> None:
        self.lost = lost
        self.sent: list[tuple[str, dict[str, Json]]] = []

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        self.sent.append((path, msgspec.json.decode(msgspec.json.encode(body))))
        if path.endswith(self.lost) and body:
            raise HomeserverUnreachable("x", why="y", remedy="z")
        return b"{}"


@pytest.mark.synapse
async def test_an_enrolled_device_is_signed_by_its_published_identity(
    homeserver: Homeserver, tmp_path: Path
) -> None:
    """After enrolment, others see a device with a valid chain: device, self-signing key, master key."""
    login = homeserver.register("enrol.1")
    account = await enrol(
        Accounts(tmp_path),
        user_id=login.user_id,
        homeserver=homeserver.url,
        device_id=login.device_id,
        access_token=login.access_token,
    )
    other = homeserver.register("enrol.2")
    async with HttpTransport(homeserver.url, other.access_token) as transport:
        answer = msgspec.json.decode(
            await transport.request(
                "POST", "/_matrix/client/v3/keys/query", body={"device_keys": {login.user_id: []}}
            )
        )
    device = answer["device_keys"][login.user_id][login.device_id]
    device.pop("unsigned", None)
    master = answer["master_keys"][login.user_id]
    self_signing = answer["self_signing_keys"][login.user_id]
    [master_key] = master["keys"].values()
    [self_signing_key] = self_signing["keys"].values()
    verify_object(self_signing, login.user_id, f"ed25519:{master_key}", master_key)
    verify_object(device, login.user_id, f"ed25519:{self_signing_key}", self_signing_key)
    ed25519 = device["keys"][f"ed25519:{login.device_id}"]
    verify_object(device, login.user_id, f"ed25519:{login.device_id}", ed25519)
    verify_object(master, login.user_id, f"ed25519:{login.device_id}", ed25519)
    counts = call(homeserver.url, "POST", "/_matrix/client/v3/keys/upload", {}, token=login.access_token)[
        "one_time_key_counts"
    ]
    assert counts == {"signed_curve25519": 50}
    assert Accounts(tmp_path).find(login.user_id) == account
    modes = {path.name: path.stat().st_mode & 0o777 for path in account.folder.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert login.access_token.encode() not in b"".join(p.read_bytes() for p in account.folder.iterdir())


async def test_a_second_enrolment_uploads_the_same_keys(tmp_path: Path) -> None:
    """Killed before the upload's answer, enrolment goes on with the very same keys (D10)."""
    accounts = Accounts(tmp_path)

    async def enrol_once(transport: Recorder) -> None:
        await enrol(
            accounts,
            user_id="@a:x.test",
            homeserver="http://127.0.0.1:1",
            device_id="DEV",
            access_token="syt_x",
            transport=transport,
        )

    first, second, third = Recorder(("/keys/upload",)), Recorder(), Recorder()
    with pytest.raises(HomeserverUnreachable):
        await enrol_once(first)
    await enrol_once(second)
    await enrol_once(third)
    assert len(first.sent) == 4
    assert first.sent == second.sent
    assert third.sent == []


def test_an_unknown_account_lists_what_there_is(tmp_path: Path) -> None:
    """The error for an unknown account names the accounts that exist."""
    accounts = Accounts(tmp_path)
    accounts.write("@sen.focal-point.1:africa.rogatory.test", "https://x", "DEV")
    with pytest.raises(UnknownAccount, match=r"@sen\.focal-point\.1:africa\.rogatory\.test"):
        accounts.find("@nobody:africa.rogatory.test")
