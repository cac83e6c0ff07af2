"""Verifying a person or a device by comparing emoji: what the session's face shows of it, as values.

Matrix spec, end-to-end, "Key verification framework" and "SAS verification".
"""

from __future__ import annotations

import enum
from collections.abc import AsyncIterator
from typing import Protocol

import msgspec


class CancelCode(enum.StrEnum):
    """Why a verification ended without success (Matrix spec, m.key.verification.cancel)."""

    USER = "m.user"
    TIMEOUT = "m.timeout"
    UNKNOWN_TRANSACTION = "m.unknown_transaction"
    UNKNOWN_METHOD = "m.unknown_method"
    UNEXPECTED_MESSAGE = "m.unexpected_message"
    KEY_MISMATCH = "m.key_mismatch"
    USER_MISMATCH = "m.user_mismatch"
    INVALID_MESSAGE = "m.invalid_message"
    ACCEPTED = "m.accepted"
    MISMATCHED_COMMITMENT = "m.mismatched_commitment"
    MISMATCHED_SAS = "m.mismatched_sas"


class Emoji(msgspec.Struct, frozen=True):
    """One of the 64 emoji, with its name in English as the specification gives it, and in French."""

    symbol: str
    name: str
    french: str


class Requested(msgspec.Struct, frozen=True, tag=True):
    """One side has asked the other. `incoming`: they asked us, and `accept` says yes."""

    incoming: bool


class Waiting(msgspec.Struct, frozen=True, tag=True):
    """It is the other side's turn: to send its part, or, once we have confirmed, to confirm."""

    confirmed: bool = False


class Compare(msgspec.Struct, frozen=True, tag=True):
    """The seven emoji and the three numbers that both sides must see alike; `confirm` or `cancel` follows."""

    emoji: tuple[Emoji, ...]
    decimals: tuple[int, int, int]


class Done(msgspec.Struct, frozen=True, tag=True):
    """The other's keys are proven. `published`: our signature of them is on the server for our other devices.

    Where it is not, the session tries again the next time that it opens.
    """

    published: bool


class Cancelled(msgspec.Struct, frozen=True, tag=True):
    """It ended without success. `code` is Matrix's, or one that the other side made up; `reason` is ours."""

    code: str
    reason: str
    by_them: bool


Step = Requested | Waiting | Compare | Done | Cancelled
"""Where a verification stands. After Done or Cancelled nothing follows."""


class Verification(Protocol):
    """One verification under way."""

    @property
    def user_id(self) -> str:
        """Whom it is with: another user, or our own for another of our devices."""

    @property
    def transaction_id(self) -> str:
        """Its id, which both sides share."""

    def steps(self) -> AsyncIterator[Step]:
        """Yield the step that it is at, then each that follows; ends after Done or Cancelled."""

    async def accept(self) -> None:
        """Say yes to a request of theirs. Raises CannotVerify where that is no longer to be said."""

    async def confirm(self) -> None:
        """Say that the emoji are alike. Does nothing at any other step than Compare."""

    async def cancel(self, *, mismatch: bool = False) -> None:
        """End it; `mismatch`: because the emoji differ. Does nothing once it has ended."""
