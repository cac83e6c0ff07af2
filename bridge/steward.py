"""The steward: makes the network's rooms what the policy says, and goes on where it was stopped."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from bridge.creation import create_or_adopt
from bridge.observation import memberships, observe, observe_again
from bridge.room_calls import RequestsOf, RoomCalls
from bridge.steward_errors import NeedFailed, StewardFailed
from client.session.errors import NotAllowed
from client.session.events import Json
from policies.errors import RogatoryError
from policies.network.actions import Action, CreateRoom, Invite, PutState, Witness, join_key
from policies.network.addresses import resolve, resolve_text
from policies.network.desired import DesiredRoom
from policies.network.plan import plan

Progress = Callable[[Action, int, int], None]
"""Is told of each action when it is over, done or failed: the action, how many are over, of how many."""

AT_ONCE = 3
"""How many requests one server gets at a time: SQLite writes one after the other anyway."""

_SETTLE = 5.0
_SEEN = 20.0
_POLL = 0.1


@dataclass(frozen=True)
class Applied:
    """What was done: the ids of rooms by policy address, and how many actions were done."""

    room_ids: dict[str, str]
    changes: int


async def bring_about(
    desired: Sequence[DesiredRoom],
    accounts: Mapping[str, RoomCalls],
    *,
    up: Collection[str] | None = None,
    progress: Progress | None = None,
) -> Applied:
    """Read what is there, plan, and do what the plan says.

    `accounts` are the calls of every account that is run here, by user id, of servers that are `up` (server
    names; None: all). Returns all rooms, old and new; a second call makes no change. Raises RoomsUnreadable
    or StewardFailed.
    """
    creators = {room.creator for room in desired}
    stewards = {user_id: calls for user_id, calls in accounts.items() if user_id in creators}
    observed = await observe(desired, stewards)
    actions = plan(desired, observed, up=up)
    doubtful = {action.address for action in actions} & set(observed)
    if doubtful:
        again = [room for room in desired if room.address in doubtful]
        observed = await observe_again(observed, again, stewards)
        actions = plan(desired, observed, up=up)
    there = {address: room.room_id for address, room in observed.items()}
    applied = await apply(actions, accounts.get, progress=progress)
    return Applied(room_ids={**there, **applied.room_ids}, changes=applied.changes)


async def apply(
    actions: Sequence[Action],
    requests_of: RequestsOf,
    *,
    at_once: int = AT_ONCE,
    settle: float = _SETTLE,
    progress: Progress | None = None,
) -> Applied:
    """Do the actions of a plan and return the rooms made.

    Servers work side by side, each with its actions in order and `at_once` of them at a time; an action waits
    for those that it needs. What an account that is not run here would do is left for it to do, with all that
    needs it. A failure stops only what needs it. May be stopped at any point: the next observation sees what
    was done, and a room half made is found again by its alias (see `create_or_adopt` for `settle`).
    Raises StewardFailed after everything else is done.
    """
    run = _Run(actions, requests_of, settle, progress)
    async with asyncio.TaskGroup() as group:
        for server in dict.fromkeys(action.server for action in actions):
            queue = iter([action for action in actions if action.server == server])
            for _ in range(at_once):
                group.create_task(run.work(queue))
    if run.failures:
        raise StewardFailed(tuple(run.failures), len(actions), run.made)
    done = [a for a in actions if a.key not in run.not_done and not isinstance(a, Witness)]
    return Applied(room_ids=run.made, changes=len(done))


class _Run:
    """One application of a plan."""

    def __init__(
        self, actions: Sequence[Action], requests_of: RequestsOf, settle: float, progress: Progress | None
    ) -> None:
        self.made: dict[str, str] = {}
        self.failures: list[tuple[Action, RogatoryError]] = []
        self.not_done: set[str] = set()
        self._requests_of = requests_of
        self._settle = settle
        self._progress = progress
        self._over = {action.key: asyncio.Event() for action in actions}
        self._failed: set[str] = set()
        self._count = 0

    async def work(self, queue: Iterator[Action]) -> None:
        """Take actions from a server's queue until it is empty."""
        for action in queue:
            try:
                await self._act(action)
            except RogatoryError as error:
                self.not_done.add(action.key)
                self._failed.add(action.key)
                self.failures.append((action, error))
            self._over[action.key].set()
            self._count += 1
            if self._progress is not None:
                self._progress(action, self._count, len(self._over))

    async def _act(self, action: Action) -> None:
        for earlier in (*action.needs, *action.after):
            if earlier in self._over:
                await self._over[earlier].wait()
        if failed := [need for need in action.needs if need in self._failed]:
            raise NeedFailed(
                f"Not tried: {action.key}.",
                why=f"It needs what has failed: {failed[0]}.",
                remedy="Mend that first.",
            )
        requests = self._requests_of(action.actor)
        if requests is None or any(need in self.not_done for need in action.needs):
            self.not_done.add(action.key)
            return
        await self._perform(action, requests)

    async def _perform(self, action: Action, requests: RoomCalls) -> None:
        if isinstance(action, CreateRoom):
            self.made[action.address] = await create_or_adopt(
                action, requests, self.made, settle=self._settle
            )
            return
        room_id = action.room_id or self.made[action.address]
        if isinstance(action, PutState):
            content = cast("dict[str, Json]", resolve(action.content, self.made))
            await requests.put_state(room_id, action.type, content, resolve_text(action.state_key, self.made))
        elif isinstance(action, Invite):
            await _invite(room_id, action.user_id, requests)
        elif isinstance(action, Witness):
            joined = [user for user in action.users if join_key(action.address, user) not in self.not_done]
            await _see(room_id, joined, requests)
        else:
            await requests.join(room_id, action.via)


async def _invite(room_id: str, user_id: str, requests: RoomCalls) -> None:
    """Invite a user; that the user came in meanwhile is no failure."""
    try:
        await requests.invite(room_id, user_id)
    except NotAllowed:
        if memberships(await requests.state(room_id)).get(user_id) not in ("join", "invite"):
            raise


async def _see(room_id: str, users: Collection[str], requests: RoomCalls) -> None:
    """Wait until the homeserver knows that the users have joined; after a while go on without."""
    deadline = asyncio.get_running_loop().time() + _SEEN
    while asyncio.get_running_loop().time() < deadline:
        known = memberships(await requests.state(room_id))
        if all(known.get(user) == "join" for user in users):
            return
        await asyncio.sleep(_POLL)
