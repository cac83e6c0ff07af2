"""How long a request takes from HTTP POST to another region, as a ratio to the bare calls that it needs.

    .venv/bin/python -m tests.bench.request_delivery [--requests 20] [--profile FILE]

Two nodes that federate over TLS, without the fence, which would refuse plain text. The figure: POST to a
bridge's API until the session of the focal point, on the other node, tells of the request, decrypted, and
its signature holds; the room is made, and joined by itself on the Court's invitation, meanwhile. The floor:
by bare HTTP create a room, invite, join, send, until a bare /sync on the other node has the event. The two
take turns, so that whatever else the machine does falls on both.
"""

from __future__ import annotations

import argparse
import asyncio
import cProfile
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import aiohttp
import msgspec
from aiohttp import web

from bridge.api.application import make_application
from bridge.api.call import ApiSettings, Service
from bridge.api.health import Health
from bridge.api.rate_limit import Rate
from bridge.api.schema import api_schema
from bridge.api.tokens import Scope, Tokens
from bridge.court import CourtBot
from bridge.issuing import Issuing
from bridge.register import Register
from client.session.access import room_requests
from client.session.accounts import Account
from client.session.attested_keys import attested_keys
from client.session.events import InitialState, Json, RoomCreation, TimelineEvent
from client.session.opening import hold_session
from client.session.owned_tasks import OwnedTasks
from client.session.session import OpenSession
from client.session.store.vault import migrate
from policies.requests.verdict import CONTENT_KEY, verify_request
from policies.trust.attestation import EVENT_TYPE, Attestation, attestation_state_key, sign_attestation
from policies.trust.manifest import Authority, Manifest, Organ, OrganKey
from policies.trust.times import whole_utc
from tests.bench.ratio import report
from tests.bench.send_latency import Bare, enrolled
from tests.policies.requests.samples import sample_draft
from tests.policies.trust.networks import AFRICA, MANIFEST, OTP, node
from tests.synapse_nodes import HttpClient, TestNetwork, running_nodes

BOUND = 1.5
WARM = 3
KEY = bytes(32)
ENCRYPTION: dict[str, Json] = {"algorithm": "m.megolm.v1.aes-sha2"}


def manifest_of(court: str) -> Manifest:
    """Name the Court's organ and Africa's authority, with keys that are valid now."""
    now = whole_utc(datetime.now(UTC))
    begin, end = now - timedelta(days=1), now + timedelta(days=30)
    key = OrganKey(key_id=OTP.key_id, public_key=OTP.public_key, valid_from=begin, valid_until=end)
    authority = Authority(
        region="africa", key_id=AFRICA.key_id, public_key=AFRICA.public_key, valid_from=begin, valid_until=end
    )
    return msgspec.structs.replace(
        MANIFEST,
        issued_at=begin,
        valid_until=end,
        nodes=(node("court", 8448), node("africa", 8449)),
        authorities=(authority,),
        organs=(Organ(organ="OTP", user_id=court, keys=(key,)),),
    )


def attested(focal_point: Account, manifest: Manifest) -> InitialState:
    """Attest a focal point of Senegal, as the directory's room has it."""
    keys = attested_keys(focal_point, answers=True)
    attestation = Attestation(
        v=1,
        user_id=focal_point.user_id,
        state="SEN",
        function="focal-point",
        themes=("assets",),
        master_key=keys.master_key,
        answer_key=keys.answer_key,
        valid_from=manifest.issued_at,
        valid_until=manifest.valid_until,
        authority="africa",
    )
    content = cast("dict[str, Json]", sign_attestation(attestation, AFRICA))
    return InitialState(
        type=EVENT_TYPE, state_key=attestation_state_key(focal_point.user_id), content=content
    )


class Race:
    """The two ways on one network."""

    def __init__(
        self,
        http: aiohttp.ClientSession,
        ours: tuple[str, str, OpenSession, Manifest],
        bare: tuple[HttpClient, HttpClient, Bare],
    ) -> None:
        self._http = http
        self._url, self._token, self._session, self._manifest = ours
        self._carol, self._dave, self._following = bare
        self._body = msgspec.to_builtins(sample_draft())

    async def our_way(self, _name: str) -> float:
        """Seconds from POST to the verified request in the focal point's session."""
        updates = self._session.updates()
        headers = {"Authorization": f"Bearer {self._token}"}
        began = time.perf_counter()
        async with self._http.post(f"{self._url}/v1/requests", json=self._body, headers=headers) as answer:
            if answer.status != 202:
                raise RuntimeError(await answer.text())
        async for update in updates:
            if isinstance(update, TimelineEvent) and CONTENT_KEY in update.content:
                if not verify_request(update.content, room_id=update.room_id, manifest=self._manifest).holds:
                    raise RuntimeError("the request does not hold")
                return time.perf_counter() - began
        raise RuntimeError("the session closed")

    async def bare_way(self, name: str) -> float:
        """Seconds from the first call to the event in the other node's /sync."""
        came = self._following.expect(name)
        base = f"{self._carol.url}/_matrix/client/v3"
        began = time.perf_counter()
        created = await self._call(self._carol, f"{base}/createRoom", {"room_version": "12"})
        room_id = created["room_id"]
        await self._call(self._carol, f"{base}/rooms/{room_id}/invite", {"user_id": self._dave.user_id})
        there = f"{self._dave.url}/_matrix/client/v3/join/{room_id}?server_name=court.rogatory.test"
        await self._call(self._dave, there, {})
        message = {"msgtype": "m.text", "body": name}
        await self._call(self._carol, f"{base}/rooms/{room_id}/send/m.room.message/{name}", message, "PUT")
        return await came - began

    async def _call(self, who: HttpClient, url: str, body: object, method: str = "POST") -> dict[str, str]:
        headers = {"Authorization": f"Bearer {who.token}"}
        async with self._http.request(method, url, json=body, headers=headers) as answer:
            answer.raise_for_status()
            found: dict[str, str] = await answer.json()
            return found


@asynccontextmanager
async def race(network: TestNetwork, root: Path) -> AsyncIterator[Race]:
    """Open the Court's bot and API, the focal point's session and the bare clients."""
    otp, _ = await enrolled(network["court"], "otp", root / "otp")
    sen, _ = await enrolled(network["africa"], "sen", root / "sen")
    carol, dave = await asyncio.gather(
        asyncio.to_thread(network["court"].register, "carol"),
        asyncio.to_thread(network["africa"].register, "dave"),
    )
    manifest = manifest_of(otp.user_id)
    state = (InitialState(type="m.room.encryption", content=ENCRYPTION), attested(sen, manifest))
    async with (
        aiohttp.ClientSession() as http,
        room_requests(otp) as rooms,
        hold_session(otp, welcome=lambda _: True, manifest=manifest) as court,
        hold_session(sen, welcome=lambda _: True, manifest=manifest) as focal_point,
        OwnedTasks() as tasks,
    ):
        updates = court.updates()
        await rooms.create_room(RoomCreation(name="Directory", invite=(sen.user_id,), initial_state=state))
        while not await court.attestations():
            await anext(updates)
        with Register.open(root / "register.db", KEY) as register:
            bot = CourtBot(court, rooms, register, OTP, manifest, poll=0.1)  # as the command line has it
            tasks.begin(bot.following.run())
            following = Bare(http, dave)
            tasks.begin(following.follow())
            async with api(bot, tasks) as (url, token):
                yield Race(http, (url, token, focal_point, manifest), (carol, dave, following))


@asynccontextmanager
async def api(bot: CourtBot, tasks: OwnedTasks) -> AsyncIterator[tuple[str, str]]:
    """Serve the API of a bot, and yield its URL and a token."""
    migrate(bot.register.database, api_schema, bot.register.path)
    token = Tokens(bot.register).add("bench", [Scope.SUBMIT])[1].reveal()
    hosts: set[str] = set()
    settings = ApiSettings(hosts=hosts, rate=Rate(per_second=1e6, burst=1_000_000))
    service = Service(bot.register, Issuing(bot, tasks), Health(), settings)
    runner = web.AppRunner(make_application(service), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        hosts.add(f"127.0.0.1:{runner.addresses[0][1]}")
        yield f"http://{min(hosts)}", token
    finally:
        await runner.cleanup()


async def measure(network: TestNetwork, root: Path, count: int, profile: cProfile.Profile | None) -> None:
    """Measure and print."""
    pairs = []
    async with race(network, root) as competitors:
        for number in range(-WARM, count):
            bare = await competitors.bare_way(f"message{number}")
            if profile is not None and number >= 0:
                profile.enable()
            ours = await competitors.our_way(f"message{number}")
            if profile is not None:
                profile.disable()
            if number >= 0:
                pairs.append((ours * 1000, bare * 1000))
    report("POST to verified request, p50", "create, invite, join, send by bare HTTP", pairs, BOUND)


def main() -> None:
    """Bring two nodes up and measure on them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--requests", type=int, default=20)
    parser.add_argument("--profile", metavar="FILE", help="Write a profile of this process' part to FILE.")
    options = parser.parse_args()
    profile = cProfile.Profile() if options.profile else None
    with tempfile.TemporaryDirectory() as scratch:
        regions = ("court", "africa")
        with running_nodes(Path(scratch) / "nodes", regions, without_fence=regions) as network:
            asyncio.run(measure(network, Path(scratch) / "accounts", options.requests, profile))
    if profile is not None:
        profile.dump_stats(options.profile)


if __name__ == "__main__":
    main()
