"""Reading the backup lazily: only the room keys that an event in the store waits for, newest first."""

from __future__ import annotations

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence

import msgspec

from client.session.crypto.inbound_sessions import InboundSessions, KeyRefused
from client.session.crypto.key_backup.backup_version import BackupVersion
from client.session.crypto.key_backup.key_backup import KeyBackup
from client.session.crypto.key_backup.patience import Patience
from client.session.crypto.key_backup.session_data import SessionDataRefused, unseal_session
from client.session.errors import HomeserverRefused, HomeserverUnreachable, LoggedOut, NotFound
from client.session.store.timeline import Timeline
from client.session.transport import Transport
from client.session.wire import CLIENT, part, read_answer

_log = logging.getLogger(__name__)
_WHOLE_ROOM = 10
"""From how many missing keys on a room's keys are fetched all at once."""
_AT_ONCE = 50
"""Room keys taken in before others get their turn."""
_FIRST_PAUSE, _LONGEST_PAUSE = 5.0, 3600.0
"""Seconds until a key is asked for again that the backup did not have: it may be uploaded meanwhile."""

SessionName = tuple[str, str]
TakeIn = Callable[[Callable[[], Sequence[SessionName]]], Awaitable[None]]
"""Runs what takes keys in where nothing else turns ratchets, and reads again what waited for them."""


class _Room(msgspec.Struct):
    sessions: dict[str, msgspec.Raw] = {}


class BackupReading:
    """Fetches what the timeline's unreadable events need. `wanted` wakes it."""

    def __init__(
        self,
        transport: Transport,
        backup: KeyBackup,
        inbound: InboundSessions,
        timeline: Timeline,
        take_in: TakeIn,
    ) -> None:
        self._transport = transport
        self._backup = backup
        self._inbound = inbound
        self._timeline = timeline
        self._take_in = take_in
        self._absent: dict[SessionName, tuple[float, float]] = {}
        self._reading = asyncio.Lock()
        self.wanted = asyncio.Event()
        self.wanted.set()
        self.refused: set[SessionName] = set()
        """Sessions whose entry in the backup was altered or made by somebody else."""

    async def run(self) -> None:
        """Read until cancelled: at once what is missing, then again whenever something is."""
        patience = Patience()
        while True:
            await self._backup.readable.wait()
            await self.wanted.wait()
            self.wanted.clear()
            try:
                await self.read_missing()
            except LoggedOut:
                return
            except (HomeserverUnreachable, HomeserverRefused) as error:
                _log.info("The backup could not be read: %s", error.why)
                self.wanted.set()
                await patience.pause()
                continue
            patience.reset()

    def forget_absent(self) -> None:
        """Ask for everything anew: there is another version, or a key for it."""
        self._absent.clear()
        self.refused.clear()
        self.wanted.set()

    async def read_missing(self) -> None:
        """Fetch the keys that events wait for. Raises what the transport raises."""
        async with self._reading:
            await self._read_missing()

    async def _read_missing(self) -> None:
        now = asyncio.get_running_loop().time()
        missing: dict[str, list[str]] = {}
        for room_id, session_id in self._timeline.waiting():
            if self._absent.get((room_id, session_id), (0.0, 0.0))[0] <= now:
                missing.setdefault(room_id, []).append(session_id)
        for room_id, session_ids in missing.items():
            version = self._backup.version
            if version is None or not self._backup.readable.is_set():
                return
            try:
                found = await self._fetch(version, room_id, session_ids)
            except HomeserverRefused as refusal:
                if refusal.errcode != "M_WRONG_ROOM_KEYS_VERSION":
                    raise
                await self._backup.check()
                self.wanted.set()
                return
            await self._restore(version, room_id, found)
            for session_id in session_ids:
                if session_id not in found or (room_id, session_id) in self.refused:
                    self._note_absent((room_id, session_id), now)

    async def _fetch(
        self, version: BackupVersion, room_id: str, session_ids: Sequence[str]
    ) -> dict[str, msgspec.Raw]:
        path = f"{CLIENT}/room_keys/keys/{part(room_id)}"
        query = {"version": version.version}
        if len(session_ids) >= _WHOLE_ROOM:
            raw = await self._transport.request("GET", path, query=query, timeout=120)
            everything = read_answer(raw, _Room).sessions
            return {name: everything[name] for name in session_ids if name in everything}
        found = {}
        for session_id in session_ids:
            try:
                answer = await self._transport.request("GET", f"{path}/{part(session_id)}", query=query)
            except NotFound:
                continue
            found[session_id] = msgspec.Raw(answer)
        return found

    async def _restore(self, version: BackupVersion, room_id: str, found: dict[str, msgspec.Raw]) -> None:
        entries = iter(found.items())
        while some := list(itertools.islice(entries, _AT_ONCE)):
            await self._take_in(lambda some=some: self._add(version, room_id, some))  # type: ignore[misc] # bound at once

    def _add(
        self, version: BackupVersion, room_id: str, entries: Iterable[tuple[str, msgspec.Raw]]
    ) -> list[SessionName]:
        added = []
        for session_id, raw in entries:
            try:
                self._add_one(version, room_id, session_id, raw)
            except (SessionDataRefused, KeyRefused) as reason:
                self.refused.add((room_id, session_id))
                _log.warning("A room key of the backup was refused: %s", reason)
            else:
                added.append((room_id, session_id))
        return added

    def _add_one(self, version: BackupVersion, room_id: str, session_id: str, raw: msgspec.Raw) -> None:
        private_key = self._backup.private_key
        if private_key is None:
            raise SessionDataRefused("its private key is gone")
        restored = unseal_session(private_key, raw)
        self._inbound.add_backed_up(
            room_id=room_id,
            session_id=session_id,
            exported_key=restored.session_key,
            sender_key=restored.sender_key,
            signing_key=restored.sender_claimed_keys.get("ed25519", ""),
            version=version.version,
        )

    def _note_absent(self, name: SessionName, now: float) -> None:
        pause = min(self._absent.get(name, (0.0, _FIRST_PAUSE / 2))[1] * 2, _LONGEST_PAUSE)
        self._absent[name] = (now + pause, pause)
