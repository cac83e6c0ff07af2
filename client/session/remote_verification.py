"""Verifications through the holder's socket: both ends of it.

Whoever asks or accepts through a connection carries that verification through: when the connection ends, by
Ctrl-C or kill -9, the verification is cancelled and the other side is told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from client.session.errors import CannotVerify
from client.session.face import Session
from client.session.remote_line import RemoteLine
from client.session.verification import CancelCode, Cancelled, Done, Step, Verification


class VerificationName(msgspec.Struct, frozen=True):
    """Which verification is meant."""

    user_id: str
    transaction_id: str


class HeldVerifications:
    """What one connection to the holder has to do with verifications."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._known: dict[VerificationName, Verification] = {}
        self._own: set[VerificationName] = set()

    async def verify(self, user_id: str) -> VerificationName:
        """See `face.Session.verify`."""
        name = self._name(await self._session.verify(user_id))
        self._own.add(name)
        return name

    async def requests(self) -> AsyncIterator[VerificationName]:
        """See `face.Session.verification_requests`."""
        async for verification in self._session.verification_requests():
            yield self._name(verification)

    def steps(self, name: VerificationName) -> AsyncIterator[Step]:
        """See `Verification.steps`."""
        return self._find(name).steps()

    async def accept(self, name: VerificationName) -> None:
        """See `Verification.accept`."""
        await self._find(name).accept()
        self._own.add(name)

    async def confirm(self, name: VerificationName) -> None:
        """See `Verification.confirm`."""
        await self._find(name).confirm()

    async def cancel(self, name: VerificationName, *, mismatch: bool) -> None:
        """See `Verification.cancel`."""
        await self._find(name).cancel(mismatch=mismatch)

    async def abandon(self) -> None:
        """Cancel what this connection began or accepted: nobody is there any more to compare."""
        for name in self._own:
            await self._known[name].cancel()

    def _name(self, verification: Verification) -> VerificationName:
        name = VerificationName(verification.user_id, verification.transaction_id)
        self._known[name] = verification
        return name

    def _find(self, name: VerificationName) -> Verification:
        if name not in self._known:
            raise CannotVerify(
                f"There is no such verification with {name.user_id}.",
                why="It was not begun or seen through this connection.",
                remedy="Begin it again with `rogatory verify`.",
            )
        return self._known[name]


class RemoteVerification:
    """Implements `verification.Verification` over the line to the holder."""

    def __init__(self, line: RemoteLine, name: VerificationName) -> None:
        self._line = line
        self._name = name

    @property
    def user_id(self) -> str:
        """Whom it is with."""
        return self._name.user_id

    @property
    def transaction_id(self) -> str:
        """Its id, which both sides share."""
        return self._name.transaction_id

    async def steps(self) -> AsyncIterator[Step]:
        """See `Verification.steps`; it ends as Cancelled when the holder is gone."""
        answers = self._line.stream("verification_steps", msgspec.Raw, name=self._name)
        async for raw in answers:
            step = msgspec.json.decode(raw, type=Step)
            yield step
            if isinstance(step, Done | Cancelled):
                return
        yield Cancelled(CancelCode.USER, "The process that held the session has ended.", by_them=False)

    async def accept(self) -> None:
        """See `Verification.accept`."""
        await self._line.ask("accept_verification", msgspec.Raw, name=self._name)

    async def confirm(self) -> None:
        """See `Verification.confirm`."""
        await self._line.ask("confirm_verification", msgspec.Raw, name=self._name)

    async def cancel(self, *, mismatch: bool = False) -> None:
        """See `Verification.cancel`."""
        await self._line.ask("cancel_verification", msgspec.Raw, name=self._name, mismatch=mismatch)


async def remote_requests(
    line: RemoteLine, names: AsyncIterator[VerificationName]
) -> AsyncIterator[Verification]:
    """Yield the verifications that the holder names."""
    async for name in names:
        yield RemoteVerification(line, name)
