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
│   ├── StoreKeyWrong        the key does not open it
│   │   └── PassphraseWrong  the passphrase does not open the key
│   ├── PassphraseNeeded     a passphrase holds the key, and there was nobody to ask
│   ├── PassphraseTooShort   refused: a new passphrase that could be guessed
│   ├── KeyringUnusable      the system's keyring does not answer, or must not be used
│   ├── StoreKeyDamaged      what holds the key is not as it was written
│   ├── StoreDamaged         the database is not as it was written
│   ├── StoreFull            there is no room to write
│   └── StoreTooNew          a newer version of Rogatory wrote it
├── UnknownAccount           no account of that name on this machine
├── SearchRefused            nothing can be searched for by that query
├── AccountDamaged           the file that describes an account here cannot be read
├── DeviceUnknown            the account has no such device
├── HistoryWouldBeLost       refused: nothing could bring back what this device can read
├── UnknownRoom              the account is not in that room
├── NotEncrypted             refused: the room is not encrypted, so nothing is sent to it
├── NobodyCanRead            refused: no device of the room's other members could read it
├── IdentityChanged          refused: somebody's identity is not the pinned one; a person must decide
├── RoomSealed               refused: the room is sealed, and members are neither verified nor attested
├── AnswerNotSigned          this account's answer key is not here, or it is somebody else's answer
├── UnknownMessage           no such message waits in the outbox
├── MessageDiscarded         the message was taken out of the outbox before it was sent
├── CannotVerify             a verification cannot be begun with that user
├── UnknownEvent             no event of that id in the room
├── AttachmentError          a file cannot be sent or saved
│   ├── FileUnusable         the file to be sent cannot be read, or changed while it was
│   ├── FileTooLarge         more than the homeserver takes, or than was announced
│   ├── FileNotKept          the homeserver does not answer, and here the file cannot wait for it
│   ├── NotAnAttachment      the event brings no file that can be had: which field, and why
│   ├── AttachmentDamaged    what the homeserver gave is not what the sender encrypted
│   ├── TargetExists         refused: a file of that name would be overwritten
│   └── TargetUnusable       the file cannot be written there
└── RecoveryError            the account's secrets cannot be stored or had back
    ├── RecoveryNotSetUp     there are none to have back
    ├── RecoverySetUp        refused: there are some already, which would be lost
    ├── RecoveryKeyWrong     the recovery key or the passphrase does not open them
    ├── IdentityNotHeld      refused: this device does not hold the account's identity
    └── BackupRefused        the backup of room keys is not one that may be used
"""

from __future__ import annotations

from collections.abc import Sequence

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


class PassphraseWrong(StoreKeyWrong):
    """The passphrase does not open the key of the account's store."""

    exit_code = 3


class PassphraseNeeded(StoreError):
    """A passphrase holds the key of the account's store, and there was nobody to ask for it."""


class PassphraseTooShort(StoreError):
    """A new passphrase could be guessed."""

    exit_code = 2


class KeyringUnusable(StoreError):
    """The system's keyring does not answer, or would keep the key in plain text."""


class StoreKeyDamaged(StoreError):
    """What holds the key of the account's store is not as it was written."""


class StoreDamaged(StoreError):
    """The database of the account's store is not as it was written."""


class StoreFull(StoreError):
    """There is no room to write: nothing was written by half, and all goes on once there is."""


class StoreTooNew(StoreError):
    """A newer version of Rogatory wrote the account's store."""


class AccountDamaged(SessionError):
    """The file that describes an account of this machine cannot be read."""


class DeviceUnknown(SessionError):
    """The account has no device of that id."""

    exit_code = 2


class HistoryWouldBeLost(SessionError):
    """Nothing could bring back what only this device can read."""

    exit_code = 3


class AnswerNotSigned(SessionError):
    """An answer to a request cannot be signed by this account, here."""


class UnknownAccount(SessionError):
    """There is no account of that name on this machine."""

    exit_code = 2


class UnknownRoom(SessionError):
    """The account is not in that room."""

    exit_code = 2


class SearchRefused(SessionError):
    """Nothing can be searched for by that query."""

    exit_code = 2


class NotEncrypted(SessionError):
    """The room is not known to be encrypted, so nothing is sent to it."""

    exit_code = 3


class IdentityChanged(SessionError):
    """The identity of a member is not the one that was pinned; a person must decide."""

    exit_code = 3


class RoomSealed(SessionError):
    """The room is sealed, and members are neither verified nor attested; `left_out` names them all."""

    exit_code = 3

    def __init__(self, what: str, *, why: str, remedy: str, left_out: Sequence[str] = ()) -> None:
        super().__init__(what, why=why, remedy=remedy)
        self.left_out = tuple(left_out)


class UnknownMessage(SessionError):
    """No such message waits in the outbox."""

    exit_code = 2


class MessageDiscarded(SessionError):
    """The message was taken out of the outbox before it was sent."""


class CannotVerify(SessionError):
    """A verification cannot be begun with that user."""


class UnknownEvent(SessionError):
    """There is no event of that id in the room, as far as this account knows."""

    exit_code = 2


class AttachmentError(SessionError):
    """A file cannot be sent or saved."""


class FileUnusable(AttachmentError):
    """The file to be sent cannot be read, is no plain file, or changed while it was read."""


class FileTooLarge(AttachmentError):
    """A file is larger than the homeserver takes, or than was announced."""


class FileNotKept(AttachmentError):
    """The homeserver does not answer, and the file cannot be kept here until it does."""


class NotAnAttachment(AttachmentError):
    """The event brings no file that can be had; the reason names the field."""


class AttachmentDamaged(AttachmentError):
    """What the homeserver gave is not what the sender encrypted."""


class TargetExists(AttachmentError):
    """A file of that name is there already, and was not to be overwritten."""


class TargetUnusable(AttachmentError):
    """The file cannot be written where it should be."""


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
