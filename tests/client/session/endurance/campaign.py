"""A campaign of kills: processes that chat are killed at random moments until enough was killed and sent.

The moments come from a fixed seed; what a process is doing at each of them, the machine decides.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from client.session.accounts import Account
from tests.client.session.endurance.chatting_process import chat

_processes = multiprocessing.get_context("forkserver")
# Forked from one that has everything imported: a life is then its session's and not its imports'.
_processes.set_forkserver_preload([chat.__module__, "nio.client.async_client"])


@dataclass(frozen=True)
class Moment:
    """When a process is killed: `wait` seconds after it said `after` for the `times`th time."""

    after: str
    times: int
    wait: float


def a_moment(chance: random.Random, *, sends: bool) -> Moment:
    """Return a moment: while the process starts, just after it opened, or in the middle of its work."""
    kind = chance.random()
    if kind < 0.2:
        return Moment("", 0, chance.uniform(0.0, 0.4))
    if kind < 0.4:
        return Moment("open", 1, chance.uniform(0.0, 0.25))
    if not sends:
        return Moment("open", 1, chance.uniform(0.5, 4.0))
    return Moment("sent", chance.randint(1, 8), chance.uniform(0.0, 0.04))


@dataclass
class Chatter:
    """One process of an account, over all its lives. It has `messages` to send, `name 0` to the last."""

    account: Account
    name: str
    messages: int
    acknowledged: set[int] = field(default_factory=set)
    lives: int = 0
    fates: Counter[str] = field(default_factory=Counter)

    @property
    def first(self) -> int:
        """The first message that the server is not known to have."""
        return next(n for n in range(self.messages + 1) if n not in self.acknowledged)

    @property
    def is_done(self) -> bool:
        return self.first == self.messages


@dataclass
class Campaign:
    """The chatters of one room, and how often one of them is killed."""

    root: Path
    room_id: str
    chatters: tuple[Chatter, ...]
    kills: int
    seed: int
    in_a_life: int
    """Messages that one life sends at most, so that they last for all the kills."""
    on_kill: Callable[[int], None] = lambda _: None
    """Told the number of each kill."""
    killed: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Let the chatters live and die until all kills are used up and everything is sent."""
        async with asyncio.TaskGroup() as group:
            for chatter in self.chatters:
                group.create_task(self._lives(chatter))

    async def _lives(self, chatter: Chatter) -> None:
        chance = random.Random(f"{self.seed} {chatter.name}")  # noqa: S311 # moments of kills, no secret
        while not self.over.is_set():
            await self._life(chatter, a_moment(chance, sends=chatter.messages > 0))

    async def _life(self, chatter: Chatter, moment: Moment) -> None:
        chatter.lives += 1
        is_last = self.killed >= self.kills
        until = chatter.messages if is_last else min(chatter.first + self.in_a_life, chatter.messages)
        ear, mouth = _processes.Pipe(duplex=False)
        numbers = range(chatter.first, until)
        process = _processes.Process(
            target=chat,
            args=(str(self.root), chatter.account.user_id, self.room_id, chatter.name, numbers, mouth),
        )
        process.start()
        mouth.close()
        said = asyncio.Queue[str]()
        try:
            async with asyncio.TaskGroup() as group:
                end = group.create_task(self._end(process, chatter, moment, said, is_last=is_last))
                await self._hear(ear, chatter, said)
                end.cancel()
        finally:
            process.kill()
            await asyncio.to_thread(process.join)
            process.close()
            ear.close()

    async def _hear(self, ear: Connection, chatter: Chatter, said: asyncio.Queue[str]) -> None:
        """Note what a process says until it is dead."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                line: str = await asyncio.to_thread(ear.recv)
                word, _, rest = line.partition(" ")
                if word == "sent":
                    chatter.acknowledged.add(int(rest))
                    self._look()
                if word in ("failed", "lost"):
                    chatter.fates[line[:120]] += 1
                said.put_nowait(word)

    async def _end(
        self,
        process: ForkServerProcess,
        chatter: Chatter,
        moment: Moment,
        said: asyncio.Queue[str],
        *,
        is_last: bool,
    ) -> None:
        """Kill the process at its moment, or, once no kill is left, when everybody is done."""
        if is_last:
            await self.over.wait()
        else:
            times = 0
            while times < moment.times and (word := await said.get()) != "done":
                times += word == moment.after
            await asyncio.sleep(moment.wait)
            if self.killed < self.kills and process.is_alive():
                self.killed += 1
                chatter.fates[f"killed {moment.after or 'starting'}"] += 1
                self.on_kill(self.killed)
                self._look()
        process.kill()

    def _look(self) -> None:
        if self.killed >= self.kills and all(chatter.is_done for chatter in self.chatters):
            self.over.set()
