"""The errors of the Matrix session.

SessionError
├── HomeserverUnreachable    no answer: offline, wrong address, time-out; trying again may help
├── HomeserverRefused        the server answered with an error (status, errcode)
│   ├── NotAllowed           403: the account may not do this
│   ├── NotFound             404
│   ├── LimitExceeded        429, after the retries that were allowed
│   ├── MessageTooLarge      413: the server takes no event of that size
│   └── LoggedOut            401: the access token is no longer valid
├── StoreError               the account's store cannot be opened or read
│   ├── StoreHeld            another process holds it
│   └── StoreKeyWrong        the key does not open it
├── UnknownAccount           no account of that name on this machine
├── UnknownRoom              the account is not in that room
├── NotEncrypted             refused: the room is not encrypted, so nothing is sent to it
├── NobodyCanRead            refused: no device of the room's other members could read it
├── UnknownMessage           no such message waits in the outbox
├── MessageDiscarded         the message was taken out of the outbox before it was sent
├── CannotVerify             a verification cannot be begun with that user
└── RecoveryError            the account's secrets cannot be stored or had back
    ├── RecoveryNotSetUp     there are none to have back
    ├── RecoverySetUp        refused: there are some already, which would be lost
    ├── RecoveryKeyWrong     the recovery key or the passphrase does not open them
    ├── IdentityNotHeld      refused: this device does not hold the account's identity
    └── BackupRefused        the backup of room keys is not one that may be used
"""

from __future__ import annotations

from policies.errors import RogatoryError


class SessionError(RogatoryError):
    """The Matrix session could not do what was asked."""


class HomeserverUnreachable(SessionError):
    """No answer came from the homeserver."""


class HomeserverRefused(SessionError):
    """The homeserver answered with an error. `status` is the HTTP status, `errcode` Matrix's code."""

    def __init__(self, what: str, *, why: str, remedy: str, status: int, errcode: str) -> None:
        super().__init__(what, why=why, remedy=remedy)
        self.status = status
        self.errcode = errcode


class NotAllowed(HomeserverRefused):
    """The account may not do this."""

    exit_code = 3


class NotFound(HomeserverRefused):
    """The homeserver does not have what was asked for."""


class LimitExceeded(HomeserverRefused):
    """The homeserver limits the rate, and the retries that were allowed are used up.

    `retry_after`: seconds that it asks to wait.
    """

    def __init__(
        self, what: str, *, why: str, remedy: str, status: int, errcode: str, retry_after: float = 0.0
    ) -> None:
        super().__init__(what, why=why, remedy=remedy, status=status, errcode=errcode)
        self.retry_after = retry_after


class MessageTooLarge(HomeserverRefused):
    """The homeserver takes no event of that size."""


class LoggedOut(HomeserverRefused):
    """The access token is no longer valid."""

    exit_code = 3


class StoreError(SessionError):
    """The account's store cannot be opened or read."""


class StoreHeld(StoreError):
    """Another process holds the account's store."""


class StoreKeyWrong(StoreError):
    """The key does not open the account's store."""


class UnknownAccount(SessionError):
    """There is no account of that name on this machine."""

    exit_code = 2


class UnknownRoom(SessionError):
    """The account is not in that room."""

    exit_code = 2


class NotEncrypted(SessionError):
    """The room is not known to be encrypted, so nothing is sent to it."""

    exit_code = 3


class IdentityChanged(SessionError):
    """The identity of a member is not the one that was pinned; a person must decide."""

    exit_code = 3


class UnknownMessage(SessionError):
    """No such message waits in the outbox."""

    exit_code = 2


class MessageDiscarded(SessionError):
    """The message was taken out of the outbox before it was sent."""


class CannotVerify(SessionError):
    """A verification cannot be begun with that user."""


class NobodyCanRead(SessionError):
    """No device of the room's other members could read what was to be sent."""


class RecoveryError(SessionError):
    """The account's secrets cannot be stored or had back."""


class RecoveryNotSetUp(RecoveryError):
    """The account has no secrets on its homeserver."""


class RecoverySetUp(RecoveryError):
    """The account has secrets on its homeserver already."""


class RecoveryKeyWrong(RecoveryError):
    """The recovery key or the passphrase does not open the account's secrets."""

    exit_code = 3


class IdentityNotHeld(RecoveryError):
    """This device does not hold the private keys of the account's identity."""

    exit_code = 3


class BackupRefused(RecoveryError):
    """The backup of room keys on the homeserver is not one that may be used."""
