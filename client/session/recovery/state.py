"""What recovery shows of itself across the border of the session."""

from __future__ import annotations

import enum

import msgspec


class Recovery(enum.StrEnum):
    """How an account stands to its recovery, on this device."""

    NOT_SET_UP = "not-set-up"
    """The account has no secrets on its homeserver: if its devices are lost, all is lost."""
    LOCKED = "locked"
    """It was set up elsewhere, and this device has not been given the recovery key yet."""
    UNLOCKED = "unlocked"
    """It is set up, and this device holds the account's identity."""


class RecoveryState(msgspec.Struct, frozen=True, kw_only=True):
    """The state of recovery and of the backup of room keys.

    `signed`: the account's identity vouches for this device. `backup_version` is None while no backup is in
    use, and `backup_refused` says why one that the homeserver shows is not. `backed_up` of the `room_keys`
    that this device has are in the backup. `refused_keys` in the backup had been altered or made by others.
    """

    recovery: Recovery
    signed: bool
    backup_version: str | None
    backup_refused: str | None
    backed_up: int
    room_keys: int
    refused_keys: int
