"""The face of the Matrix session: what bots, commands and the terminal client may ask of it.

Everything here raises from the tree in `client.session.errors` and returns values from
`client.session.events`. Two classes have this face: `client.session.session.OpenSession`, which holds the
account's store, and `client.session.remote.RemoteSession`, which asks the process that holds it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Protocol

from client.session.events import (
    Content,
    Gap,
    OwnDevice,
    QueuedMessage,
    RoomMember,
    RoomSummary,
    SavedFile,
    SearchHit,
    SentEvent,
    TimelineEvent,
    TransferProgress,
    Update,
)
from client.session.identity_status import IdentityStatus
from client.session.recovery.state import RecoveryState
from client.session.secret import Secret
from client.session.verification import Verification
from policies.trust.attestation import Attestation


class Session(Protocol):
    """One account's session, open and syncing."""

    @property
    def user_id(self) -> str:
        """The account's full user id, as `@localpart:server`."""

    async def rooms(self) -> Sequence[RoomSummary]:
        """Return the joined rooms and spaces and the pending invitations, most recent activity first."""

    async def members(self, room_id: str) -> Sequence[RoomMember]:
        """Return the members of a room, invited ones included."""

    async def timeline(
        self, room_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[TimelineEvent]:
        """Return at most `limit` stored events of a room, oldest first, that precede position `before`."""

    async def search(self, query: str, *, limit: int = 20, before: int | None = None) -> Sequence[SearchHit]:
        """Return the newest messages that a person's query finds, newest first, also offline.

        `client.session.search_query` says how it is written, `client.session.store.searchable_text` what is a
        word (in Chinese: every character). Those after the first `limit`: with `before` the last hit's
        position. Days are compared with where a message stands in the timeline: its time, unless its sender's
        clock was wrong. Raises SearchRefused, with what to write instead, and UnknownRoom.
        """

    async def draft(self, room_id: str) -> str:
        """Return what was typed in a room and not sent, empty where there is nothing."""

    async def set_draft(self, room_id: str, text: str) -> None:
        """Keep what was typed in a room, over the end of this process; an empty text is forgotten."""

    async def gaps(self, room_id: str) -> Sequence[Gap]:
        """Return where something of a room's timeline is still to be fetched, oldest first."""

    async def join(self, room: str, *, via: Sequence[str] = ()) -> str:
        """Join a room by id or alias, `via` servers that are in it, and return its room id."""

    async def invite(self, room_id: str, user_id: str) -> None:
        """Invite a user to a room, and return once the homeserver has invited them.

        From then on they get the key of what is sent, where the room's history is open to the invited, also
        before the sync has told of the invitation. Raises UnknownRoom, NotAllowed, and what the homeserver
        refused.
        """

    async def leave(self, room_id: str) -> None:
        """Leave a room, or reject its invitation."""

    async def send(
        self,
        room_id: str,
        content: Content,
        *,
        type: str = "m.room.message",
        transaction_id: str | None = None,
    ) -> SentEvent:
        """Encrypt and send an event, and return once the server has accepted it.

        Refuses a room that is not known to be encrypted: nothing leaves in plain text. The message is queued
        in the store first, and those of one room are sent in the order in which this was called. With the
        same `transaction_id` it is the same message: sent once, ever. Cancelled, it stays queued; refused, it
        is kept with the reason, and those behind it go on.
        """

    async def queued(self) -> Sequence[QueuedMessage]:
        """Return the messages that the server has not accepted, waiting or given up, oldest first."""

    async def send_again(self, transaction_id: str) -> SentEvent:
        """Send a message that was given up, and return once the server has it. Raises UnknownMessage."""

    async def discard(self, transaction_id: str) -> None:
        """Drop a message that was not sent; one just on its way may arrive all the same.

        Raises UnknownMessage.
        """

    async def send_file(
        self,
        room_id: str,
        path: Path,
        *,
        caption: str | None = None,
        progress: TransferProgress | None = None,
        transaction_id: str | None = None,
    ) -> SentEvent:
        """Encrypt and send the file at `path`, and return once the server has accepted its message.

        The file is read, encrypted and uploaded a piece at a time, and written nowhere; while the homeserver
        does not answer it is queued as a text is, its ciphertext kept in the account's folder. It is read by
        the process that holds the session, also where another one asks: both are this user's, on this
        machine. Interrupted before the message is queued, nothing was sent; from then on it is as with
        `send`, also what a `transaction_id` does. With a `caption` that is the message's text. Raises
        FileUnusable, FileTooLarge, FileNotKept, and what `send` raises.
        """

    async def save_attachment(
        self,
        room_id: str,
        event_id: str,
        target: Path,
        *,
        replace: bool = False,
        progress: TransferProgress | None = None,
    ) -> SavedFile:
        """Fetch the file that a message brought, check it, and save it as `target`, for its owner only.

        Where `target` is a folder the file gets a name in it that is made of what the sender called it: never
        a path. Nothing is overwritten unless `replace` says so. What is not the very file that the sender
        encrypted is not saved, nor any of it. As with `send_file`, the process that holds the session writes
        it. Raises UnknownRoom, UnknownEvent, AttachmentError, and what the homeserver refused.
        """

    async def readers(self, room_id: str) -> frozenset[str]:
        """Return the other members who have a device that would get a room key now."""

    async def identity(self, user_id: str) -> IdentityStatus:
        """Return how a user's identity stands: the key of today, the pinned one, and who vouches for it."""

    async def accept_identity(self, user_id: str, *, master_key: str | None = None) -> None:
        """Pin a user's changed identity, which a person has found genuine, so that messages flow again.

        Raises IdentityChanged when it is not `master_key`, the one that the person was shown, any more.
        """

    async def seal(self, room_id: str) -> None:
        """Give keys of a room's messages only to verified or attested users from now on, for good.

        Sending then raises RoomSealed, with their names, as long as members are neither.
        """

    async def attestation(self, user_id: str) -> Attestation | None:
        """Return what a user's regional authority attests of them, None where nothing that holds is there."""

    async def attestations(self) -> Sequence[Attestation]:
        """Return every attestation that holds, by user id in order."""

    async def signed_attestations(self) -> Sequence[Content]:
        """Return all that is published as an attestation in the joined rooms, as it was signed, unverified.

        `policies.requests.case.standing` judges by it who could answer a request at some earlier time.
        """

    async def sign_answer(self, answer: Content) -> Content:
        """Return the object `org.rogatory.answer` with the signature of this account's answer key added.

        The index of an export (policies.requests.export.index) is signed so too. The key stays in the store
        of the process that holds the session. Raises AnswerNotSigned.
        """

    async def verify(self, user_id: str) -> Verification:
        """Ask a user, or with our own user id our other devices, to compare emoji.

        Where they have asked us already, that is accepted. Raises CannotVerify.
        """

    def verification_requests(self) -> AsyncIterator[Verification]:
        """Yield the verifications that others ask for, those that wait first, until the session closes."""

    async def recovery_state(self) -> RecoveryState:
        """Return how the account stands to its recovery, and what the backup of room keys has."""

    async def set_up_recovery(
        self, *, passphrase: str | Secret[str] | None = None, replace: bool = False
    ) -> str:
        """Set recovery up, with a passphrase too if one is given, and return the recovery key: shown once.

        Raises RecoverySetUp where it is set up already and shall not be replaced, and IdentityNotHeld.
        """

    async def recover(
        self, *, recovery_key: str | Secret[str] | None = None, passphrase: str | Secret[str] | None = None
    ) -> RecoveryState:
        """Unlock this device with one of the two: it is vouched for, and reads the history in the backup.

        Raises RecoveryKeyWrong, RecoveryNotSetUp, and BackupRefused with all but the history done.
        """

    async def reset_identity(
        self, *, password: str | Secret[str], passphrase: str | Secret[str] | None = None
    ) -> str:
        """Give the account another identity, and return its new recovery key. Others will be warned.

        Raises NotAllowed when the account's password is wrong.
        """

    async def devices(self) -> Sequence[OwnDevice]:
        """Return the account's own devices, this one first."""

    async def rename_device(self, device_id: str, name: str) -> None:
        """Name one of them: a name that others can read. Raises DeviceUnknown."""

    async def remove_device(self, device_id: str, *, password: str | Secret[str]) -> None:
        """Log another of them out for ever. Raises DeviceUnknown, and NotAllowed for a wrong password."""

    async def new_events(self) -> Sequence[TimelineEvent]:
        """Return what has come for this account on this machine, in order, and was not taken yet.

        A call says that its caller has taken, shown or stored, what the one before it returned: so call it
        until nothing comes. What was returned last before the caller ended or was killed comes again.
        """

    def updates(self) -> AsyncIterator[Update]:
        """Yield the connection as it is, then what changes from now on, until the session closes."""
