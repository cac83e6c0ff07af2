"""Issuing and the steps that follow, beside the HTTP API: a call is answered once it is recorded."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

from bridge.case_file import SignedStep
from bridge.court import CourtBot
from bridge.court_steps import Choose
from bridge.errors import IssueInterrupted
from bridge.request_record import RequestRecord
from client.session.errors import SessionError
from client.session.owned_tasks import OwnedTasks
from policies.requests.case.case import Case
from policies.requests.draft import Draft

_log = logging.getLogger(__name__)

_PATIENCE = 10.0
"""Seconds that a fresh request waits for its addressees by itself; later it is the turn of `resume`."""


class Issuing:
    """Issues requests in tasks of its own, with the Court's bot."""

    def __init__(self, bot: CourtBot, tasks: OwnedTasks) -> None:
        self._bot = bot
        self._tasks = tasks

    @property
    def originator(self) -> str:
        """The organ for which the bot issues."""
        return self._bot.organ

    async def addressees(self, draft: Draft) -> Sequence[str]:
        """Return the user ids to which the draft would go. Raises AddresseeRefused."""
        return await self._bot.addressees(draft)

    async def begin(
        self, draft: Draft, addressees: Sequence[str], beside: Callable[[RequestRecord], None]
    ) -> None:
        """Return once the intent is committed, with `beside` in the same transaction.

        Raises what `CourtBot.issue` and `beside` raise before that.
        """
        recorded = asyncio.get_running_loop().create_future()
        self._tasks.begin(self._issue(draft, addressees, beside, recorded))
        await asyncio.shield(recorded)  # a caller that leaves does not end what it has begun

    async def take_step(
        self, request_id: str, choose: Choose, beside: Callable[[SignedStep, Case], None]
    ) -> None:
        """Return once the step that `choose` takes is committed, with `beside` in the same transaction.

        Raises what `CourtSteps.sign` raises.
        """
        await self._bot.steps.sign(request_id, choose, beside)
        self._tasks.begin(self._post(request_id))

    async def _post(self, request_id: str) -> None:
        try:
            await self._bot.steps.post_unsent(request_id)
        except SessionError as error:  # the bot posts it when it next looks at the request
            _log.warning("A step of %s is signed, and not posted yet: %s", request_id, error.why)

    async def _issue(
        self,
        draft: Draft,
        addressees: Sequence[str],
        beside: Callable[[RequestRecord], None],
        recorded: asyncio.Future[None],
    ) -> None:
        def tell(_record: RequestRecord) -> None:
            if not recorded.done():  # else the caller has left
                recorded.set_result(None)

        try:
            await self._bot.issue(draft, addressees, patience=_PATIENCE, beside=beside, recorded=tell)
        except IssueInterrupted as error:
            _log.warning("%s", error)
        except Exception as error:  # whatever it is: the caller waits to be told
            if recorded.done():
                raise  # what befalls the bot later ends the bridge, as in `resume`
            recorded.set_exception(error)
