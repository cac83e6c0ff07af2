"""The open session: it holds the account's store, syncs, and answers what `face.Session` asks."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

from client.session.answer_key import AnswerKey
from client.session.attachments.attachments import Attachments
from client.session.attachments.media import Media
from client.session.attachments.waiting import WaitingFiles
from client.session.attestations import Attestations
from client.session.crypto.machine import Machine
from client.session.crypto.verification.sending import VerificationSending
from client.session.crypto.verification.signing import Signing
from client.session.crypto.verification.verifications import Verifications
from client.session.errors import (
    HomeserverRefused,
    HomeserverUnreachable,
    IdentityChanged,
    SessionError,
    StoreError,
    UnknownRoom,
)
from client.session.events import (
    Connection,
    Content,
    Gap,
    Membership,
    OwnDevice,
    QueuedMessage,
    RoomChanged,
    RoomMember,
    RoomSummary,
    SavedFile,
    SearchHit,
    SentEvent,
    TimelineEvent,
    TransferProgress,
    Trust,
    Update,
)
from client.session.gaps import Gaps
from client.session.identity_status import IdentityStatus
from client.session.invitations import Begin, Invitations, Welcome
from client.session.login import device_logged_out
from client.session.new_events import Arrived, NewEvents
from client.session.outbox import Outbox
from client.session.own_devices import OwnDevices
from client.session.progress import Progress
from client.session.recovery.recovery import SessionRecovery
from client.session.recovery.state import RecoveryState
from client.session.room_state import RoomState
from client.session.rooms import RoomRequests
from client.session.search import Search
from client.session.secret import Secret, hidden, without_frames
from client.session.store.arrivals import Arrivals
from client.session.store.draft_store import DraftStore
from client.session.store.gap_store import GapStore
from client.session.store.room_store import RoomStore
from client.session.store.timeline import Timeline
from client.session.store.vault import Vault
from client.session.sync_application import Applied, SyncApplication
from client.session.sync_loop import SyncLoop
from client.session.transport import MediaTransport, Transport
from client.session.updates import Updates
from client.session.verification import Verification
from policies.trust.attestation import Attestation
from policies.trust.manifest import Manifest


class OpenSession:
    """One account's session, in the process that holds its store; made by `opening.open_session`."""

    def __init__(
        self,
        db: Vault,
        transport: Transport,
        media: MediaTransport,
        begin: Begin,
        welcome: Welcome,
        manifest: Manifest | None = None,
    ) -> None:
        self._begin = begin
        self._rooms = RoomStore(db)
        self._attestations = Attestations(manifest, self._rooms)
        self._machine = Machine(db, transport, self._attestations)
        self._own_devices = OwnDevices(transport, self._machine.devices, self.user_id, self.device_id)
        self._timeline = Timeline(db)
        self._arrivals = Arrivals(db, self._timeline)
        self._new_events = NewEvents(self.arrived)
        self._search = Search(self._timeline.index, self._rooms, self._machine.account.user_id)
        self._drafts = DraftStore(db)
        self._answer_key = AnswerKey(db, self._machine.account.user_id)
        self._requests = RoomRequests(transport)
        self._updates = Updates()
        progress = self._progress = Progress(self._updates)
        repository = Media(db, transport, media)
        waiting = WaitingFiles(db.path.parent / "outgoing", repository)
        self._outbox = Outbox(
            db, transport, self._machine, self._rooms, waiting, self._begin, progress, self._changed
        )
        self._attachments = Attachments(db, repository, waiting, self._outbox, self._timeline, progress)
        self._verifications = Verifications(
            self._machine,
            VerificationSending(self._machine, self._rooms, self._outbox),
            Signing(db, transport, self._machine),
            self._begin,
        )
        self._invitations = Invitations(
            db, self._rooms, self._requests, self.user_id, welcome, self._begin, self._changed
        )
        self._gap_store = GapStore(db, self._timeline)
        application = self._application = SyncApplication(
            db,
            transport,
            self._machine,
            self._rooms,
            self._timeline,
            self._gap_store,
            progress,
            self._attestations,
        )
        self._gaps = Gaps(
            db,
            transport,
            application,
            self._timeline,
            self._gap_store,
            progress,
            self._begin,
            self._took_in,
            self._changed,
        )
        self._recovery = SessionRecovery(db, transport, self._machine, self._timeline, self._take_in)
        self.sync = SyncLoop(
            db, transport, self._machine, application, self._updates, self._after_sync, progress
        )

    @property
    def user_id(self) -> str:
        """The account's full user id."""
        return self._machine.account.user_id

    @property
    def device_id(self) -> str:
        """The id of this device."""
        return self._machine.account.device_id

    @property
    def connection(self) -> Connection:
        """The connection to the homeserver as it is now."""
        return self._progress.now.connection

    def start(self) -> None:
        """Begin to sync, and go on with what waits in the outbox."""
        self._attachments.start()
        self._invitations.accept_welcome(
            room.room_id for room in self._rooms
        )  # what an earlier process did not
        self._begin(self._to_the_end(self.sync.run))
        self._outbox.resume()
        self._gaps.resume()
        self._verifications.start()
        self._recovery.start(self._begin)

    def close(self) -> None:
        """End the followers' iterations; the owner of the tasks ends the rest."""
        self._verifications.close()
        self._updates.close()

    async def rooms(self) -> Sequence[RoomSummary]:
        """Return the joined rooms and spaces and the pending invitations, most recent activity first."""
        shown = (Membership.JOIN, Membership.INVITE)
        summaries = [room.summary(self.user_id) for room in self._rooms if room.membership in shown]
        return sorted(summaries, key=lambda room: (-room.last_activity, room.name, room.room_id))

    async def members(self, room_id: str) -> Sequence[RoomMember]:
        """Return the members of a room, invited ones included. Raises UnknownRoom."""
        there = (Membership.JOIN, Membership.INVITE)
        return [member for member in self._room(room_id).members() if member.membership in there]

    async def timeline(
        self, room_id: str, *, before: int | None = None, limit: int = 100
    ) -> Sequence[TimelineEvent]:
        """Return at most `limit` stored events of a room, oldest first, that precede position `before`."""
        self._room(room_id)
        return self._timeline.page(room_id, before, limit)

    async def search(self, query: str, *, limit: int = 20, before: int | None = None) -> Sequence[SearchHit]:
        """Return the newest messages that a query finds; see `face.Session.search`."""
        return self._search.find(query, limit=limit, before=before)

    async def draft(self, room_id: str) -> str:
        """Return what was typed in a room and not sent."""
        return self._drafts.get(room_id)

    async def set_draft(self, room_id: str, text: str) -> None:
        """Keep what was typed in a room. Raises UnknownRoom."""
        self._room(room_id)
        self._drafts.put(room_id, text)

    async def gaps(self, room_id: str) -> Sequence[Gap]:
        """Return where something of a room's timeline is still to be fetched, oldest first."""
        self._room(room_id)
        return self._gap_store.of_room(room_id)

    async def join(self, room: str, *, via: Sequence[str] = ()) -> str:
        """Join a room by id or alias, and return its id once the session has its state."""
        room_id = await self._requests.join(room, via)
        await self._until(room_id, Membership.JOIN)
        return room_id

    async def invite(self, room_id: str, user_id: str) -> None:
        """Invite a user to a room; see `face.Session.invite`. Raises UnknownRoom, NotAllowed."""
        await self._learn_of(room_id)
        await self._invitations.invite(self._room(room_id), user_id)

    async def leave(self, room_id: str) -> None:
        """Leave a room, or reject its invitation."""
        await self._requests.leave(room_id)
        await self._until(room_id, Membership.LEAVE)

    async def send(
        self,
        room_id: str,
        content: Content,
        *,
        type: str = "m.room.message",
        transaction_id: str | None = None,
    ) -> SentEvent:
        """Encrypt and send an event, and return once the server has accepted it.

        It is stored before anything is sent and survives the end of this process. A second call with the
        same `transaction_id` sends nothing again and returns the same event. Raises NotEncrypted,
        UnknownRoom, NobodyCanRead, IdentityChanged, RoomSealed, or what the homeserver refused. LoggedOut or
        StoreError says whether the message was taken: one that was waits in the outbox.
        """
        if self.connection is Connection.LOGGED_OUT:
            raise device_logged_out(self.user_id)
        await self._learn_of(room_id)
        return await self._outbox.send(room_id, content, type, transaction_id)

    async def send_file(
        self,
        room_id: str,
        path: Path,
        *,
        caption: str | None = None,
        progress: TransferProgress | None = None,
        transaction_id: str | None = None,
    ) -> SentEvent:
        """Encrypt and send a file, and return once the server has accepted its message.

        See `face.Session.send_file`. Raises FileUnusable, FileTooLarge, FileNotKept, what the homeserver
        refused, and what `send` raises; what the file is called and says is written nowhere but in the
        encrypted message.
        """
        if self.connection is Connection.LOGGED_OUT:
            raise device_logged_out(self.user_id)
        await self._learn_of(room_id)
        return await self._attachments.send(
            room_id, path, caption=caption, progress=progress, transaction_id=transaction_id
        )

    async def save_attachment(
        self,
        room_id: str,
        event_id: str,
        target: Path,
        *,
        replace: bool = False,
        progress: TransferProgress | None = None,
    ) -> SavedFile:
        """Fetch, check, decrypt and save the file that a message brought; see `face.Session.save_attachment`.

        Raises UnknownRoom, UnknownEvent, AttachmentError, and what the homeserver refused.
        """
        self._room(room_id)
        return await self._attachments.save(room_id, event_id, target, replace=replace, progress=progress)

    async def queued(self) -> Sequence[QueuedMessage]:
        """Return the messages that the server has not accepted, oldest first; see `face.Session.queued`."""
        return self._outbox.queued()

    async def send_again(self, transaction_id: str) -> SentEvent:
        """Send a message that was given up. Raises UnknownMessage, and what `send` raises."""
        return await self._outbox.send_again(transaction_id)

    async def discard(self, transaction_id: str) -> None:
        """Drop a message that was not sent. Raises UnknownMessage."""
        self._outbox.discard(transaction_id)

    async def readers(self, room_id: str) -> frozenset[str]:
        """Return the other members who have a device that would get a room key now.

        Invited ones count where they may read what is sent before they join. The keys are asked for anew.
        Raises UnknownRoom, and what the transport raises.
        """
        await self._learn_of(room_id)
        room = self._room(room_id)
        return await self._machine.sharing.readers(room.audience(), sealed=room.sealed)

    async def identity(self, user_id: str) -> IdentityStatus:
        """Return how a user's identity stands, asked for anew; without a connection, as it was last known."""
        devices = self._machine.devices
        devices.mark_stale([user_id])
        with contextlib.suppress(HomeserverUnreachable):
            await devices.refresh([user_id])
        identity = devices.identity(user_id)
        return IdentityStatus(
            user_id=user_id,
            master_key=identity.master_key if identity else None,
            pinned_master_key=identity.pinned_master_key if identity else None,
            verified=identity is not None and devices.verified.holds(identity),
            attested=identity is not None and self._attestations.vouch_for(user_id, identity.master_key),
        )

    async def accept_identity(self, user_id: str, *, master_key: str | None = None) -> None:
        """Pin the changed identity of a user: a person has decided that it is genuine.

        With `master_key`, the one that the person was shown: if the server shows another by now, nothing is
        accepted and IdentityChanged is raised.
        """
        devices = self._machine.devices
        identity = devices.identity(user_id)
        if master_key is not None and (identity is None or identity.master_key != master_key):
            raise IdentityChanged(
                f"The identity of {user_id} was not accepted.",
                why="It has changed again since it was shown.",
                remedy="Look at it again, and ask the person in another way which key is theirs.",
            )
        devices.accept_identity(user_id)

    async def seal(self, room_id: str) -> None:
        """Give keys of a room's messages only to verified or attested users from now on, for good.

        Raises UnknownRoom.
        """
        self._rooms.seal(self._room(room_id))
        self._updates.publish(RoomChanged(room_id=room_id))

    async def attestation(self, user_id: str) -> Attestation | None:
        """Return what a user's regional authority attests of them, if it holds and is for their key of today.

        Of a user whose keys were never asked for there is nothing yet that it could contradict.
        """
        identity = self._machine.devices.identity(user_id)
        return self._attestations.standing(user_id, identity.master_key if identity else None).attestation

    async def attestations(self) -> Sequence[Attestation]:
        """Return every attestation that holds, by user id in order."""
        found = [await self.attestation(user_id) for user_id in self._attestations.users()]
        return [attestation for attestation in found if attestation is not None]

    async def signed_attestations(self) -> Sequence[Content]:
        """Return all that is published as an attestation in the joined rooms, as signed, unverified."""
        return self._attestations.contents()

    async def sign_answer(self, answer: Content) -> Content:
        """Sign the object `org.rogatory.answer` with this account's answer key. Raises AnswerNotSigned."""
        return self._answer_key.sign(answer)

    async def verify(self, user_id: str) -> Verification:
        """Ask a user, or with our own user id our other devices, to compare emoji.

        Where they have asked us already, that is accepted. Raises CannotVerify, and what sending raises.
        """
        return await self._verifications.ask(user_id)

    def verification_requests(self) -> AsyncIterator[Verification]:
        """Yield the verifications that others ask for, those that wait first, until the session closes."""
        return self._verifications.requests()

    async def recovery_state(self) -> RecoveryState:
        """Return how the account stands to its recovery, and what the backup has."""
        return await self._recovery.state()

    async def set_up_recovery(
        self, *, passphrase: str | Secret[str] | None = None, replace: bool = False
    ) -> str:
        """Set recovery up and return the recovery key, to be shown once; see `setting_up.set_up`."""
        passphrase = hidden(passphrase) if passphrase else None
        return await without_frames(
            self._recovery.set_up(passphrase.reveal() if passphrase else None, replace=replace)
        )

    async def recover(
        self, *, recovery_key: str | Secret[str] | None = None, passphrase: str | Secret[str] | None = None
    ) -> RecoveryState:
        """Unlock this device with one of the two, and return how things stand; see `unlocking.unlock`."""
        recovery_key = hidden(recovery_key) if recovery_key else None
        passphrase = hidden(passphrase) if passphrase else None
        await without_frames(
            self._recovery.unlock(
                recovery_key=recovery_key.reveal() if recovery_key else None,
                passphrase=passphrase.reveal() if passphrase else None,
            )
        )
        return await self._recovery.state()

    async def reset_identity(
        self, *, password: str | Secret[str], passphrase: str | Secret[str] | None = None
    ) -> str:
        """Begin anew with another identity and return its recovery key; see `resetting.reset`."""
        password = hidden(password)
        passphrase = hidden(passphrase) if passphrase else None
        return await without_frames(
            self._recovery.reset(password, passphrase.reveal() if passphrase else None)
        )

    async def devices(self) -> Sequence[OwnDevice]:
        """Return the account's own devices; see `own_devices.OwnDevices`."""
        return await self._own_devices.all()

    async def rename_device(self, device_id: str, name: str) -> None:
        """Name one of them; see `own_devices.OwnDevices`."""
        await self._own_devices.rename(device_id, name)

    async def remove_device(self, device_id: str, *, password: str | Secret[str]) -> None:
        """Log another of them out for ever; see `own_devices.OwnDevices`."""
        password = hidden(password)
        await self._own_devices.remove(device_id, password)

    async def new_events(self, *, reader: str = "listen") -> Sequence[TimelineEvent]:
        """Return what has come and `reader` has not taken yet; see `face.Session.new_events`."""
        return await self._new_events.next(reader)

    async def arrived(self, reader: str, taken: int | None) -> Arrived:
        """Note what a reader, of whatever process, has taken, and return what came after it."""
        events, up_to = self._arrivals.after(reader, taken)
        return Arrived(events=events, up_to=up_to)

    def updates(self) -> AsyncIterator[Update]:
        """Yield the connection as it is, then what changes from this call on, until the session closes."""
        return self._updates.follow(self._progress.now)

    def _room(self, room_id: str) -> RoomState:
        room = self._rooms.get(room_id)
        if room is None:
            raise UnknownRoom(
                f"There is no room {room_id} in this account.",
                why="It was never joined, and nobody has invited the account to it.",
                remedy="See `rogatory rooms`.",
            )
        return room

    async def _learn_of(self, room_id: str) -> None:
        """Wait for a room that the account has just made or joined by another way than this session."""
        if self._rooms.get(room_id) is not None or not self._progress.answers:
            return
        if room_id in await self._requests.joined_rooms():
            await self._until(room_id, Membership.JOIN)

    async def _until(self, room_id: str, membership: Membership, patience: float = 30.0) -> None:
        """Wait until the sync has told of a membership; without a connection, or after `patience`, go on."""
        updates = self._updates.follow()
        try:
            async with asyncio.timeout(patience):
                while not ((room := self._rooms.get(room_id)) and room.membership is membership):
                    await anext(updates)
        except (TimeoutError, StopAsyncIteration):
            return

    def _changed(self, room_id: str) -> None:
        self._updates.publish(RoomChanged(room_id=room_id))

    async def _take_in(self, add_keys: Callable[[], Sequence[tuple[str, str]]]) -> None:
        for event in await self._application.take_in(add_keys):
            self._updates.publish(event)

    def last_words(self, error: StoreError) -> SessionError:
        """Return the error of a store that ends the session, as whoever sends is to be told it."""
        return self._outbox.last_words(error)

    async def _to_the_end(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do work that ends the session when the store fails; whoever waits for a message is told before."""
        try:
            await work()
        except StoreError as error:
            await self._outbox.tell_waiting(error)
            raise

    async def _mend(self) -> None:
        with contextlib.suppress(HomeserverRefused, HomeserverUnreachable):
            await self._machine.mend()

    def _took_in(self, applied: Applied) -> None:
        """Pass on what a page of a gap brought."""
        for event in applied.events:
            self._updates.publish(event)
        self._verifications.hand_in(applied.verification)
        unreadable = any(event.trust is Trust.UNDECRYPTABLE for event in applied.events)
        self._recovery.after_sync((), unreadable=unreadable)

    async def _after_sync(self, applied: Applied) -> None:
        self._gaps.fill()
        if self._machine.needs_mending:
            self._begin(self._to_the_end(self._mend))  # not within the sync: the other's server may be away
        self._verifications.hand_in(applied.verification)
        unreadable = any(event.trust is Trust.UNDECRYPTABLE for event in applied.events)
        self._recovery.after_sync(applied.secrets, unreadable=unreadable)
        self._invitations.accept_welcome(applied.rooms)
