"""One verification as the session's face shows it: the steps of a flow, for whoever follows them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from client.session.crypto.verification.actions import Action
from client.session.crypto.verification.flow import Flow, Phase
from client.session.errors import CannotVerify
from client.session.verification import CancelCode, Cancelled, Done, Step

_LAST_WORDS = 10.0
"""Seconds that the last step waits for the last message to leave; the other side would only time out."""
CarryOut = Callable[["OngoingVerification", list[Action]], None]
"""Has the actions of a flow done, in their order, and tells of the step that it is at."""


class OngoingVerification:
    """Implements `verification.Verification`; `changed` is set whenever the flow has moved."""

    def __init__(
        self,
        flow: Flow,
        carry_out: CarryOut,
        all_sent: Callable[[], Awaitable[None]],
        clock: Callable[[], float],
    ) -> None:
        self.flow = flow
        self.changed = asyncio.Event()
        self._carry_out = carry_out
        self._all_sent = all_sent
        self._clock = clock
        self._history: list[Step] = [flow.step]
        self._news = asyncio.Event()

    @property
    def user_id(self) -> str:
        """Whom it is with."""
        return self.flow.user_id

    @property
    def transaction_id(self) -> str:
        """Its id, which both sides share."""
        return self.flow.address.transaction_id

    async def steps(self) -> AsyncIterator[Step]:
        """Yield the step that it is at, then each that follows; ends after Done or Cancelled.

        Those two come when the last message has left, so that whoever sees them may close the session.
        """
        seen = len(self._history) - 1
        while True:
            while seen < len(self._history):
                step = self._history[seen]
                if isinstance(step, Cancelled):
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(_LAST_WORDS):
                            await self._all_sent()
                yield step
                if isinstance(step, Done | Cancelled):
                    return
                seen += 1
            await self._news.wait()

    async def accept(self) -> None:
        """Say yes to a request of theirs. Raises CannotVerify where it waits for that no longer."""
        actions = self.flow.accept(self._clock())
        if not actions:
            raise under_way(self.user_id)
        self._carry_out(self, actions)

    async def confirm(self) -> None:
        """Say that the emoji are alike."""
        self._carry_out(self, self.flow.confirm(self._clock()))

    async def cancel(self, *, mismatch: bool = False) -> None:
        """End it; `mismatch`: because the emoji differ."""
        if mismatch and self.flow.phase in (Phase.COMPARING, Phase.CONFIRMED):
            code, reason = (
                CancelCode.MISMATCHED_SAS,
                "The emoji were not the same: somebody may be in between.",
            )
        else:
            code, reason = CancelCode.USER, "It was ended here."
        self._carry_out(self, self.flow.cancel(code, reason))

    def tell(self) -> None:
        """Let the followers see the step that the flow is at now."""
        if self.flow.step != self._history[-1]:
            self._history.append(self.flow.step)
            news, self._news = self._news, asyncio.Event()
            news.set()
        self.changed.set()


def under_way(user_id: str) -> CannotVerify:
    """Return the refusal of a second verification with a user, and of accepting one a second time."""
    return CannotVerify(
        f"A verification with {user_id} is under way already.",
        why="It was begun or accepted a moment ago, perhaps in another window.",
        remedy="Finish it there, or end it there with Ctrl-C; then try again.",
    )
