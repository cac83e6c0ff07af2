"""The chat screen: the rooms, the room that is open, and the request beside it."""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Sequence
from datetime import tzinfo
from pathlib import Path

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Footer, Static

from client.session.attachments.file_summary import file_summary
from client.session.events import (
    ConnectionChanged,
    Membership,
    RoomChanged,
    RoomSummary,
    SavedFile,
    TimelineEvent,
    TransferProgress,
    Trust,
    Update,
)
from client.session.face import Session
from client.ui.keys import CHAT_KEYS
from client.ui.screens.invitation import Answer, InvitationScreen
from client.ui.screens.room_switcher import RoomSwitcher
from client.ui.screens.save_file import SaveFileScreen
from client.ui.screens.send_file import SendFileScreen
from client.ui.widgets.composer import Composer
from client.ui.widgets.request_panel import RequestPanel
from client.ui.widgets.room_tree import RoomTree
from client.ui.widgets.status_line import StatusLine
from client.ui.widgets.timeline import Timeline
from client.views import room_filters
from client.views.attachment_words import size_words, transfer_words
from client.views.drafts import Drafts
from client.views.markers import UnsentMarker
from client.views.request_view import RequestReader
from client.views.room_list import arrange
from client.views.room_places import room_places
from client.views.room_sorters import by_activity, unread_first
from client.views.safe_text import single_line
from client.views.timeline import TimelineWindow
from client.views.timeline_row import RowKind, RowMaker
from policies.errors import RogatoryError
from policies.trust.manifest import Manifest

_DRAFT_SECONDS = 0.5
"""How long a change of a draft may wait to be stored: so much of it a kill -9 may cost."""


class ChatScreen(Screen[None]):
    """Shows what the session has, and hands it what the person does.

    It is painted before there is a session; `session_opened` gives it one, `take` each update after that.
    """

    BINDINGS = CHAT_KEYS
    AUTO_FOCUS = "#composer"

    def __init__(self, user_id: str, manifest: Manifest | None, zone: tzinfo | None) -> None:
        super().__init__()
        nodes = manifest.nodes if manifest else ()
        self._requests = RequestReader(manifest)
        self._maker = RowMaker(
            user_id=user_id,
            regions={node.server_name: node.region for node in nodes},
            requests=self._requests,
            zone=zone,
        )
        self._user_id = user_id
        self._session: Session | None = None
        self._rooms: dict[str, RoomSummary] = {}
        self._rooms_stale = False
        self._rooms_reading = False
        self._window: TimelineWindow | None = None
        self._loading_older = False
        self._drafts = Drafts()
        self._saving: Timer | None = None
        self._markers_stale = self._markers_reading = False

    def compose(self) -> ComposeResult:
        """Lay the parts out; the style sheet decides which are seen at which width."""
        with Horizontal(id="body"):
            yield RoomTree(id="rooms")
            with Vertical(id="room"):
                yield Static("Rogatory", id="room-title", markup=False)
                yield Timeline(id="timeline")
                yield Composer(id="composer")
            yield RequestPanel(id="request")
        yield StatusLine(self._user_id, id="status")
        yield Footer(show_command_palette=False)

    def on_mount(self) -> None:
        """Say what is going on until the first room is open."""
        self.query_one(Timeline).show((), placeholder="Opening your rooms ...")

    @property
    def unsent(self) -> int:
        """How many messages the server has not accepted yet."""
        return self.query_one(StatusLine).unsent

    @property
    def open_room_id(self) -> str | None:
        """The room that is open."""
        return self._window.room_id if self._window else None

    def session_opened(self, session: Session) -> None:
        """Show what a session has, from now on."""
        self._session = session
        self._read_rooms()

    def take(self, update: Update) -> None:
        """Show one change."""
        match update:
            case ConnectionChanged():
                self.query_one(StatusLine).connection = update
                return
            case TimelineEvent():
                self._take_event(update)
            case RoomChanged() if update.room_id == self.open_room_id:
                self._read_markers()
        self._read_rooms()

    def tell(self, words: str) -> None:
        """Say something that is no error, for a moment."""
        self.query_one(StatusLine).tell(words)

    def show_error(self, error: RogatoryError) -> None:
        """Say what happened, why, and what to do, where it stays until something has gone right."""
        parts = (error.what, error.why, error.remedy)
        words = [single_line(part, most_characters=300) for part in parts]
        self.query_one(StatusLine).trouble = " ".join(words)

    def open_room(self, room_id: str) -> None:
        """Open a room that the account is in, or ask about the invitation to it."""
        room = self._rooms.get(room_id)
        if room is None or self._session is None:
            return
        if room.membership is Membership.INVITE:
            self.app.push_screen(InvitationScreen(room), self._answer_invitation)
            return
        composer = self.query_one(Composer)
        if self._window is not None:
            self._drafts.keep(self._window.room_id, composer.text)
        self._window = TimelineWindow(self._session, room_id, self._maker)
        composer.restore(self._drafts.of(room_id))
        composer.focus()
        self._run(self._load_draft(self._session, room_id), "draft")
        self.remove_class("-request")
        self._show_title(room)
        self.query_one(RoomTree).mark_current(room_id)
        self.query_one(Timeline).show((), placeholder="Opening ...")
        self._run(self._load_room(self._window), "room")

    async def save_drafts(self) -> None:
        """Hand what was typed and not sent to the session."""
        if self._session is not None:
            await self._drafts.save(self._session)

    def action_switch_room(self) -> None:
        """Ask for a room by its name."""
        talk = [room for room in self._rooms.values() if room_filters.talk(room)]
        rooms = sorted(talk, key=unread_first(by_activity))
        switcher = RoomSwitcher(rooms, room_places(list(self._rooms.values())))
        self.app.push_screen(switcher, lambda chosen: self.open_room(chosen) if chosen else None)

    def action_toggle_request(self) -> None:
        """Show the selected request, or the room's newest; hide it when it is shown."""
        if self.has_class("-request"):
            self.remove_class("-request")
            self.query_one(Composer).focus()
        elif not self._show_request():
            self.tell("There is no request in what is loaded of this room.")

    def action_send_file(self) -> None:
        """Ask for a file, and send it to the open room."""
        room = self._rooms.get(self.open_room_id or "")
        if room is None or self._session is None:
            self.tell("No room is open yet: no file can be sent.")
            return
        session = self._session

        def send(path: Path | None) -> None:
            if path is not None:
                self._run(self._send_file(session, room.room_id, path), "send")

        self.app.push_screen(SendFileScreen(room.name), send)

    def action_save_file(self) -> None:
        """Ask where to save the file that the selected message brings."""
        selected = self.query_one(Timeline).selected
        window, session = self._window, self._session
        event = window.event(selected.event_id) if window is not None and selected is not None else None
        summary = file_summary(event.content) if event is not None else None
        if session is None or event is None or summary is None or isinstance(event, UnsentMarker):
            self.tell("Select a message that brings a file first.")
            return
        room_id, event_id = event.room_id, event.event_id

        async def save(target: Path, replace: bool, progress: TransferProgress) -> SavedFile:
            return await session.save_attachment(
                room_id, event_id, target, replace=replace, progress=progress
            )

        self.app.push_screen(SaveFileScreen(summary, save), self._tell_saved)

    def _tell_saved(self, saved: SavedFile | None) -> None:
        if saved is not None:
            path = single_line(saved.path, most_characters=300)
            self.tell(f"Saved: {path}, {size_words(saved.size)}, sha256 {saved.sha256}")

    async def _send_file(self, session: Session, room_id: str, path: Path) -> None:
        """Send a file, its progress on the status line; refused, it is a row that was not sent."""
        status = self.query_one(StatusLine)

        def progress(done: int, total: int | None) -> None:
            status.transfer = transfer_words(f"Sending {path.name}", done, total)

        status.unsent += 1
        try:
            await session.send_file(room_id, path, progress=progress)
            status.trouble = ""
        finally:
            status.unsent -= 1
            status.transfer = ""

    @on(RoomTree.Chosen)
    def _room_chosen(self, event: RoomTree.Chosen) -> None:
        self.open_room(event.room_id)

    @on(Timeline.Activated)
    def _row_activated(self, event: Timeline.Activated) -> None:
        unsent = self._unsent(event.event_id)
        if unsent is None:
            self._show_request(event.event_id)
        elif unsent.given_up and self._session is not None:
            self._run(self._send_again(self._session, unsent), "send")

    @on(Timeline.TakenBack)
    def _row_taken_back(self, event: Timeline.TakenBack) -> None:
        unsent = self._unsent(event.event_id)
        if unsent is not None and self._session is not None:
            self._run(self._take_back(self._session, unsent), "take-back")

    @on(Timeline.OlderWanted)
    def _older_wanted(self) -> None:
        window = self._window
        if window is None or window.complete or self._loading_older:
            return
        if self.query_one(Timeline).near_top:
            self._loading_older = True
            self._run(self._load_older(window), "older")

    @on(Composer.Changed)
    def _typed(self) -> None:
        if self._window is None:
            return
        self._drafts.keep(self._window.room_id, self.query_one(Composer).text)
        if self._saving is None:  # the first change begins the wait: who types on is saved too
            self._saving = self.set_timer(_DRAFT_SECONDS, self._save_soon)

    def _save_soon(self) -> None:
        if self._saving is not None:
            self._saving.stop()
            self._saving = None
        self._run(self.save_drafts(), "save")

    @on(Composer.Submitted)
    def _submitted(self, event: Composer.Submitted) -> None:
        if self._session is None or self._window is None:
            self.query_one(Composer).restore(event.text)
            self.tell("No room is open yet: nothing has been sent.")
            return
        self.query_one(StatusLine).unsent += 1
        self.query_one(Timeline).action_newest()
        self._drafts.keep(self._window.room_id, self.query_one(Composer).text)
        self._run(self._send(self._session, self._window.room_id, event.text), "send")

    def _run(self, work: Awaitable[None], group: str) -> None:
        """Do something beside the screen; whatever the session raises is shown in the one place for it."""
        self.run_worker(self._guarded(work), group=group, exclusive=group == "room")

    async def _guarded(self, work: Awaitable[None]) -> None:
        try:
            await work
        except RogatoryError as error:
            self.show_error(error)

    def _read_rooms(self) -> None:
        """Read the rooms again; changes that come meanwhile are read together, once, after that."""
        self._rooms_stale = True
        if self._session is not None and not self._rooms_reading:
            self._rooms_reading = True
            self._run(self._show_rooms(self._session), "rooms")

    async def _show_rooms(self, session: Session) -> None:
        try:
            while self._rooms_stale:
                self._rooms_stale = False
                rooms = await session.rooms()
                self._rooms = {room.room_id: room for room in rooms}
                self.query_one(RoomTree).show(arrange(rooms))
                self._open_first(rooms)
        finally:
            self._rooms_reading = False

    def _open_first(self, rooms: Sequence[RoomSummary]) -> None:
        """Open a room at the start: one with unread messages, else the one where something happened last."""
        if self._window is not None:
            self._show_title(self._rooms.get(self._window.room_id))
            return
        candidates = [room for room in rooms if room_filters.talk(room) and room_filters.joined(room)]
        if candidates:
            self.open_room(min(candidates, key=unread_first(by_activity)).room_id)
        else:
            self.query_one(Timeline).show((), placeholder="You are in no room yet.")

    async def _load_room(self, window: TimelineWindow) -> None:
        await window.load_older()
        await window.read_markers()
        if window is self._window:
            self.query_one(Timeline).show(window.rows, placeholder="Nothing has been written here yet.")

    async def _load_draft(self, session: Session, room_id: str) -> None:
        if await self._drafts.load(session, room_id) and room_id == self.open_room_id:
            self.query_one(Composer).restore(self._drafts.of(room_id))
        self._save_soon()  # what was typed meanwhile has waited for this

    async def _load_older(self, window: TimelineWindow) -> None:
        try:
            splices = await window.load_older()
            splices += await window.read_markers()
            if window is self._window:
                self.query_one(Timeline).apply(splices)
        finally:
            self._loading_older = False

    def _read_markers(self) -> None:
        """Show the open room's gaps and unsent messages; changes that come meanwhile are read after."""
        self._markers_stale = True
        if self._window is not None and not self._markers_reading:
            self._markers_reading = True
            self._run(self._show_markers(), "markers")

    async def _show_markers(self) -> None:
        try:
            while self._markers_stale and (window := self._window) is not None:
                self._markers_stale = False
                splices = await window.read_markers()
                if splices and window is self._window:
                    self.query_one(Timeline).apply(splices)
        finally:
            self._markers_reading = False

    def _unsent(self, event_id: str) -> UnsentMarker | None:
        event = self._window.event(event_id) if self._window is not None else None
        return event if isinstance(event, UnsentMarker) else None

    async def _send_again(self, session: Session, unsent: UnsentMarker) -> None:
        status = self.query_one(StatusLine)
        status.unsent += 1
        try:
            await session.send_again(unsent.transaction_id)
            status.trouble = ""
        finally:
            status.unsent -= 1

    async def _take_back(self, session: Session, unsent: UnsentMarker) -> None:
        """Put the text of a message that was not sent back to where it was written."""
        await session.discard(unsent.transaction_id)
        self.query_one(StatusLine).trouble = ""
        if unsent.body and file_summary(unsent.content) is None:
            self._give_back(unsent.room_id, unsent.body)
            self.query_one(Composer).focus()

    def _take_event(self, event: TimelineEvent) -> None:
        if self._window is None:
            return
        splice = self._window.apply(event)
        if splice is not None:
            self.query_one(Timeline).apply([splice])
            if event.trust is Trust.ATTESTED and not self._maker.people.words(event.sender):
                self._run(self._explain(self._window, event), "explain")
            shown = self.query_one(RequestPanel).view
            if shown is not None and shown.event_id == event.event_id:
                self.query_one(RequestPanel).view = self._requests.read(event)

    async def _explain(self, window: TimelineWindow, event: TimelineEvent) -> None:
        """Say beside an event who its attested sender is, as soon as the session has said so."""
        splice = await window.explain(event)
        if splice is not None and window is self._window:
            self.query_one(Timeline).apply([splice])

    async def _send(self, session: Session, room_id: str, text: str) -> None:
        """Send one text. One that fails stays in the timeline if it was queued, else goes back.

        The session sends in the order in which it was asked, and keeps each text from that moment on.
        """
        status = self.query_one(StatusLine)
        name = f"chat-{secrets.token_hex(12)}"
        try:
            self._save_soon()  # runs once the session has put the message into its outbox
            await session.send(room_id, {"msgtype": "m.text", "body": text}, transaction_id=name)
            status.trouble = ""
        except RogatoryError:
            if not await self._is_queued(session, name):
                self._give_back(room_id, text)
            raise
        finally:
            status.unsent -= 1

    async def _is_queued(self, session: Session, transaction_id: str) -> bool:
        try:
            return any(message.transaction_id == transaction_id for message in await session.queued())
        except RogatoryError:  # the process that held the session has ended
            return False

    def _give_back(self, room_id: str, text: str) -> None:
        composer = self.query_one(Composer)
        if room_id == self.open_room_id:
            self._drafts.keep(room_id, composer.text)
            composer.restore(self._drafts.give_back(room_id, text))
        else:
            self._drafts.give_back(room_id, text)
            self._save_soon()

    def _show_request(self, event_id: str | None = None) -> bool:
        """Show a request in the panel, and return whether there was one to show."""
        if self._window is None:
            return False
        selected = self.query_one(Timeline).selected
        event = None
        if event_id is not None:
            event = self._window.event(event_id)
        elif selected is not None and selected.kind is RowKind.REQUEST:
            event = self._window.event(selected.event_id)
        else:
            event = self._window.newest(RowKind.REQUEST)
        view = self._requests.read(event) if event is not None else None
        if view is None:
            return False
        self.query_one(RequestPanel).view = view
        self.add_class("-request")
        self.query_one(RequestPanel).focus()
        return True

    def _show_title(self, room: RoomSummary | None) -> None:
        if room is None:
            return
        parts = [Content(single_line(room.name))]
        place = room_places(list(self._rooms.values())).get(room.room_id)
        if place:
            parts.append(Content(f"in {place}"))
        if not room.encrypted:
            parts.append(Content.styled("NOT ENCRYPTED: nothing can be sent here", "$text-error"))
        if room.sealed:
            parts.append(Content("sealed: verified or attested members only"))
        if room.topic:
            topic = single_line(room.topic, most_characters=200, empty="")
            parts.append(Content.styled(topic, "not bold"))
        self.query_one("#room-title", Static).update(Content("  ").join(parts))

    def _answer_invitation(self, answer: Answer | None) -> None:
        if answer is not None and self._session is not None:
            self._run(self._carry_out(self._session, answer), "invitation")

    async def _carry_out(self, session: Session, answer: Answer) -> None:
        if answer.accepted:
            await session.join(answer.room_id)
        else:
            await session.leave(answer.room_id)
        self._read_rooms()
