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


def a_moment(chance: random.Random) -> Moment:
    """Return a moment: while the process starts, just after it opened, or in the middle of sending."""
    kind = chance.random()
    if kind < 0.2:
        return Moment("", 0, chance.uniform(0.0, 0.4))
    if kind < 0.4:
        return Moment("open", 1, chance.uniform(0.0, 0.25))
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
    """The chatters of one room and how often they may still be killed."""

    root: Path
    room_id: str
    kills: int
    chance: random.Random
    in_a_life: int
    """Messages that one life sends at most, so that they last for all the kills."""
    on_kill: Callable[[int], None] = lambda _: None
    """Told the number of each kill."""
    killed: int = 0

    async def run(self, *chatters: Chatter) -> None:
        """Let the chatters live and die until all kills are used up and everything is sent."""
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for chatter in chatters:
                group.create_task(self._lives(chatter, chatters, over))

    async def _lives(self, chatter: Chatter, all_of_them: tuple[Chatter, ...], over: asyncio.Event) -> None:
        while not over.is_set():
            await self._life(chatter)
            if self.killed >= self.kills and all(one.is_done for one in all_of_them):
                over.set()

    async def _life(self, chatter: Chatter) -> None:
        chatter.lives += 1
        last_lives = self.killed >= self.kills
        until = chatter.messages if last_lives else min(chatter.first + self.in_a_life, chatter.messages)
        ear, mouth = _processes.Pipe(duplex=False)
        numbers = range(chatter.first, until)
        process = _processes.Process(
            target=chat,
            args=(str(self.root), chatter.account.user_id, self.room_id, chatter.name, numbers, mouth),
        )
        moment = a_moment(self.chance)
        process.start()
        mouth.close()
        try:
            async with asyncio.TaskGroup() as group:
                said = asyncio.Queue[str]()
                group.create_task(self._hear(ear, chatter, said))
                group.create_task(self._end(process, chatter, moment, said))
        finally:
            process.kill()
            await asyncio.to_thread(process.join)
            process.close()
            ear.close()

    async def _hear(self, ear: Connection, chatter: Chatter, said: asyncio.Queue[str]) -> None:
        """Note what a process says until it is dead; "" is then the last word."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                line: str = await asyncio.to_thread(ear.recv)
                word, _, rest = line.partition(" ")
                if word == "sent":
                    chatter.acknowledged.add(int(rest))
                if word in ("failed", "lost"):
                    chatter.fates[line[:120]] += 1
                said.put_nowait(word)
        said.put_nowait("")

    async def _end(
        self,
        process: ForkServerProcess,
        chatter: Chatter,
        moment: Moment,
        said: asyncio.Queue[str],
    ) -> None:
        """Kill the process at its moment, or, once no kill is left, when everybody is done."""
        if self.killed >= self.kills:
            while await said.get() not in ("done", ""):
                pass
            process.kill()
            return
        times = 0
        while times < moment.times:
            word = await said.get()
            if word == "":
                return  # it ended by itself
            times += word == moment.after
            if word == "done":
                break
        await asyncio.sleep(moment.wait)
        if self.killed < self.kills and process.is_alive():
            self.killed += 1
            chatter.fates[f"killed {moment.after or 'starting'}"] += 1
            self.on_kill(self.killed)
        process.kill()
