"""The loop that asks the homeserver what is new, for as long as the session is open."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable

import msgspec

from client.session.crypto.machine import Machine
from client.session.errors import HomeserverRefused, HomeserverUnreachable, LoggedOut
from client.session.events import RoomChanged
from client.session.foreign_json import decode
from client.session.pacing import Pace
from client.session.progress import Progress
from client.session.store.facts import Fact, Facts
from client.session.store.sqlcipher import Database
from client.session.store.vault import reported_failures
from client.session.sync_answer import ABSENT, SyncAnswer
from client.session.sync_application import Applied, SyncApplication
from client.session.transport import Transport
from client.session.updates import Updates
from client.session.wire import CLIENT, USE_STATE_AFTER, read_answer

_log = logging.getLogger(__name__)
_POLL_SECONDS = 30
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 3.0
_NONE = {"not_types": ["*"]}
_FILTER = msgspec.json.encode(
    {
        "presence": _NONE,
        "account_data": _NONE,
        "room": {
            "ephemeral": _NONE,
            "account_data": _NONE,
            "timeline": {"limit": 100},
            # All members, always: whom a message is encrypted for must never depend on who has spoken.
            "state": {"lazy_load_members": False},
        },
    }
).decode()


class SyncLoop:
    """Syncs one session.

    `attempted` is set once the first request has ended, well or not.
    """

    def __init__(
        self,
        db: Database,
        transport: Transport,
        machine: Machine,
        application: SyncApplication,
        updates: Updates,
        after: Callable[[Applied], Awaitable[None]],
        progress: Progress,
    ) -> None:
        self._facts = Facts(db)
        self._transport = transport
        self._machine = machine
        self._application = application
        self._updates = updates
        self._after = after
        self._progress = progress
        self.attempted = asyncio.Event()

    async def run(self) -> None:
        """Sync until cancelled, or until the access token is no longer valid."""
        pause = _FIRST_PAUSE
        while True:
            try:
                await self._once()
                pause = _FIRST_PAUSE
            except LoggedOut as error:
                _log.info("The session has ended: %s", error.why)
                self._progress.logged_out()
                self.attempted.set()
                return
            except (HomeserverUnreachable, HomeserverRefused) as error:
                _log.info("The sync failed: %s", error.why)
                self._progress.failed()
                self.attempted.set()
                await asyncio.sleep(pause * random.uniform(0.7, 1.0))  # noqa: S311 # spreads load, no secret
                pause = min(pause * 2, _LONGEST_PAUSE)

    async def _once(self) -> None:
        await self._machine.publish()
        token = self._facts.text(Fact.SYNC_TOKEN)
        is_live = self._progress.answers
        query = {
            "filter": _FILTER,
            "set_presence": "offline",
            USE_STATE_AFTER: "true",
            "timeout": str(_POLL_SECONDS * 1000 if is_live and token else 0),
        }
        if token:
            query["since"] = token
        raw = await self._transport.request(
            "GET", f"{CLIENT}/sync", query=query, timeout=_POLL_SECONDS + (15 if is_live else 90)
        )
        answer = read_answer(raw, SyncAnswer)
        self._progress.answered()
        with reported_failures(None):
            applied = await self._application.apply(answer)
        self._progress.is_live()
        pace = Pace()
        for event in applied.events:
            self._updates.publish(event)
            await pace.give_way()
        for room_id in sorted(applied.rooms):
            self._updates.publish(RoomChanged(room_id=room_id))
        await self._after(applied)
        self.attempted.set()
        await self._replenish(answer)
        with reported_failures(None):
            await self._application.checkpoints.after_commit()

    async def _replenish(self, answer: SyncAnswer) -> None:
        parts = (answer.device_one_time_keys_count, answer.device_unused_fallback_key_types)
        if any(bytes(part) == bytes(ABSENT) for part in parts):
            return  # the server leaves out what has not changed
        try:
            left = decode(parts[0], type=dict[str, int]).get("signed_curve25519", 0)
            unused = decode(parts[1], type=list[str])
        except msgspec.DecodeError:
            return
        try:
            await self._machine.replenish(left, fallback_unused="signed_curve25519" in unused)
        except (HomeserverRefused, HomeserverUnreachable) as error:
            # The next answer says again how many are left. What this one brought must not wait for that.
            _log.warning("New one-time keys were not taken: %s", error.why)
