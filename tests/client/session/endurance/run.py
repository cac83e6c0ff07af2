"""The endurance run: two sessions on two nodes, killed over and over, and one node killed among it.

`python -m tests.client.session.endurance.run [KILLS [MESSAGES]]` makes the full one by default: 200 kills,
2,000 messages.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.client.session.endurance.campaign import Campaign, Chatter
from tests.client.session.endurance.pair import AWAY, HOME, pair_in_a_room
from tests.client.session.endurance.verdict import judge
from tests.synapse_nodes import SynapseNode, running_nodes

_SEED = 20261123


@dataclass(frozen=True)
class Report:
    """What a run came to; `fates` says how processes ended, by the account's process."""

    kills: int
    messages: int
    lives: int
    seconds: float
    fates: dict[str, Counter[str]]


async def endure(
    folder: Path,
    *,
    kills: int,
    messages: int,
    outages: Sequence[str],
    outage_seconds: float,
    on_progress: Callable[[int], None] = lambda _: None,
) -> Report:
    """Run a campaign and judge it.

    At even intervals the nodes of the regions in `outages` are killed, each started again after a while.
    Alice's store is held by a process that listens, or by the one that sends: whichever is first. Both are
    killed, so that senders lose their holder and holders their senders.
    """
    with running_nodes(folder, (HOME, AWAY)) as network:
        pair = await pair_in_a_room(network, folder / "accounts")
        began = time.monotonic()
        half = messages // 2
        chatters = (
            Chatter(pair.alice, "alice", half),
            Chatter(pair.alice, "listener", 0),
            Chatter(pair.bob, "bob", messages - half),
        )
        due = [asyncio.Event() for _ in outages]

        def on_kill(number: int) -> None:
            on_progress(number)
            for index, event in enumerate(due, 1):
                if number * (len(due) + 1) >= kills * index:
                    event.set()

        campaign = Campaign(
            folder / "accounts",
            pair.room_id,
            chatters,
            kills,
            _SEED,
            in_a_life=max(2, 3 * messages // kills),
            on_kill=on_kill,
        )
        async with asyncio.TaskGroup() as group:
            group.create_task(_kill_nodes([network[region] for region in outages], due, outage_seconds))
            group.create_task(campaign.run())
        sent = {chatter.name: chatter.messages for chatter in chatters if chatter.messages}
        await judge(pair, sent, patience=90)
        return Report(
            campaign.killed,
            messages,
            sum(chatter.lives for chatter in chatters),
            time.monotonic() - began,
            {chatter.name: chatter.fates for chatter in chatters},
        )


async def _kill_nodes(nodes: Sequence[SynapseNode], due: Sequence[asyncio.Event], away: float) -> None:
    for node, event in zip(nodes, due, strict=True):
        await event.wait()
        await asyncio.to_thread(node.kill)
        await asyncio.sleep(away)  # what is tested is that it is away for so long
        node.start()
        await asyncio.to_thread(node.wait_healthy)


def _tell(kill: int) -> None:
    if kill % 10 == 0:
        sys.stderr.write(f"{kill} kills\n")


def main() -> None:
    numbers = [int(argument) for argument in sys.argv[1:3]]
    kills, messages = [*numbers, 200, 2000][0], [*numbers[1:], 2000][0]
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(
            endure(
                Path(folder),
                kills=kills,
                messages=messages,
                outages=(AWAY, HOME, AWAY),
                outage_seconds=20.0,
                on_progress=_tell,
            )
        )
    sys.stdout.write(
        f"{report.kills} kills, {report.messages} messages, {report.lives} lives, {report.seconds:.0f} s:"
        f" all arrived, in order, once, readable\n"
    )
    for name, fates in report.fates.items():
        sys.stdout.write(f"  {name}: {dict(fates)}\n")


if __name__ == "__main__":
    main()
