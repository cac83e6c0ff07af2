"""Sending a file and saving one, as a person does it at the screen."""

from __future__ import annotations

import asyncio
from datetime import UTC
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion
from textual.pilot import Pilot

from client.session.errors import AttachmentDamaged, FileTooLarge, TargetExists
from client.session.events import Json, SavedFile, SentEvent, TransferProgress
from client.ui.app import RogatoryApp
from client.ui.widgets.composer import Composer
from client.ui.widgets.timeline import Timeline
from tests.client.court import manifest
from tests.client.fake_session import FakeSession
from tests.client.ui.conftest import BELGIUM
from tests.client.ui.screen_text import screen_text, settled_text, until, until_shown


class WithFiles(FakeSession):
    """A session whose files stop in the middle until `go_on` is set, and fail then if told to."""

    def __init__(self) -> None:
        super().__init__()
        self.go_on = asyncio.Event()
        self.trouble: list[Exception] = []
        self.files: list[Path] = []
        self.saved: list[tuple[str, Path, bool]] = []
        self.add_room("!lobby", "Lobby")

    async def send_file(
        self,
        room_id: str,
        path: Path,
        *,
        caption: str | None = None,
        progress: TransferProgress | None = None,
        transaction_id: str | None = None,
    ) -> SentEvent:
        assert progress is not None
        progress(1_000_000, 4_000_000)
        await self.go_on.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        self.files.append(path)
        return await super().send_file(room_id, path)

    async def save_attachment(
        self,
        room_id: str,
        event_id: str,
        target: Path,
        *,
        replace: bool = False,
        progress: TransferProgress | None = None,
    ) -> SavedFile:
        assert progress is not None
        progress(2_000_000, None)
        await self.go_on.wait()
        if self.trouble:
            raise self.trouble.pop(0)
        self.saved.append((event_id, target, replace))
        return SavedFile(path=str(target), size=2_500_000, sha256="ab" * 32)


@pytest.fixture
def session() -> WithFiles:
    return WithFiles()


@pytest.fixture
def app(session: WithFiles) -> RogatoryApp:
    return RogatoryApp(lambda: session, manifest(), session.user_id, zone=UTC)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a report of 1.5 MB."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "report.pdf").write_bytes(bytes(1_500_000))
    return tmp_path


def brought(session: WithFiles, name: str = "evidence.pdf") -> str:
    """Let a file come, and return its message's id."""
    content: dict[str, Json] = {
        "msgtype": "m.file",
        "body": name,
        "filename": name,
        "info": {"size": 2_500_000},
        "file": {},
    }
    return session.receive("!lobby", name, content=content, sender=BELGIUM).event_id


async def asked_to_send(pilot: Pilot[None], path: str) -> None:
    """Type a path in the dialog for sending, and Enter."""
    await until_shown(pilot, "● Lobby")
    await pilot.press("ctrl+o")
    await until_shown(pilot, "Send a file to Lobby")
    await pilot.press(*path, "enter")


async def asked_to_save(pilot: Pilot[None], app: RogatoryApp, name: str = "evidence.pdf") -> None:
    """Select the message that brings a file, and open the dialog for saving."""
    await until_shown(pilot, name)
    app.screen.query_one(Timeline).focus()
    await pilot.press("down", "ctrl+s")
    await until_shown(pilot, "Save File")


async def test_a_file_is_sent_once_its_name_and_size_were_shown(
    session: WithFiles, app: RogatoryApp, snapshot: SnapshotAssertion
) -> None:
    """A path completed by Tab, Enter, the question, Enter: it goes, and the status line counts."""
    async with app.run_test(size=(100, 26)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("ctrl+o")
        await until_shown(pilot, "Send a file to Lobby")
        await pilot.press(*"rep", "tab", "enter")
        assert await settled_text(pilot, "Send report.pdf, 1.5 MB, to Lobby?") == snapshot(name="asked")
        assert session.files == []
        await pilot.press("enter")
        assert await settled_text(pilot, "Sending report.pdf: 1.0 MB of 4.0 MB") == snapshot(name="sending")
        session.go_on.set()
        await until_shown(pilot, "File: report.pdf")
        await until(pilot, lambda: "Sending report.pdf" not in screen_text(app))
        assert session.files == [Path("report.pdf")]


async def test_nothing_is_sent_by_who_says_no(session: WithFiles, app: RogatoryApp) -> None:
    """Escape, or Cancel after the question, sends nothing; a path that is changed is asked about anew."""
    session.go_on.set()
    async with app.run_test(size=(100, 26)) as pilot:
        await asked_to_send(pilot, "report.pdf")
        await until_shown(pilot, "Send report.pdf, 1.5 MB")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "Send a file to" not in screen_text(app))
        await asked_to_send(pilot, "report.pdf")
        await until_shown(pilot, "Send report.pdf, 1.5 MB")
        await pilot.press("shift+tab", "x")
        await until(pilot, lambda: "1.5 MB" not in screen_text(app))
        await pilot.press("enter")
        await until_shown(pilot, "No such file or directory.")
        await pilot.press("escape")
        await until(pilot, lambda: "Send a file to" not in screen_text(app))
        app.screen.query_one(Composer).focus()
        await pilot.press(*"after", "enter")
        await until_shown(pilot, "after")
    assert session.files == []


async def test_a_file_that_is_refused_is_told(session: WithFiles, app: RogatoryApp) -> None:
    """What the session says stands on the status line, and the progress goes."""
    session.go_on.set()
    session.trouble.append(FileTooLarge("It is too large.", why="4 of 3 MB.", remedy="Send it in parts."))
    async with app.run_test(size=(100, 26)) as pilot:
        await asked_to_send(pilot, "report.pdf")
        await pilot.press("enter")
        await until_shown(pilot, "It is too large. 4 of 3 MB. Send it in parts.")
        assert "Sending report.pdf" not in screen_text(app)


async def test_a_file_is_saved_where_one_says(
    session: WithFiles, app: RogatoryApp, snapshot: SnapshotAssertion
) -> None:
    """Its name is offered; progress and the end are told, with the hash."""
    event_id = brought(session)
    async with app.run_test(size=(140, 26)) as pilot:
        await asked_to_save(pilot, app)
        await pilot.press("enter")
        assert await settled_text(pilot, "Fetching evidence.pdf: 2.0 MB") == snapshot
        session.go_on.set()
        await until_shown(pilot, "Saved: evidence.pdf, 2.5 MB, sha256 abababab")
        assert "Save File" not in screen_text(app)
    assert session.saved == [(event_id, Path("evidence.pdf"), False)]


async def test_what_goes_wrong_is_said_where_the_path_is(session: WithFiles, app: RogatoryApp) -> None:
    """A damaged file, then a file that is there: only the latter can be replaced, and only when told to."""
    brought(session)
    session.go_on.set()
    session.trouble += [
        AttachmentDamaged("It was not saved.", why="It is damaged.", remedy="Try again."),
        TargetExists("There is a file already.", why="Nothing is overwritten.", remedy="Name another."),
    ]
    async with app.run_test(size=(140, 26)) as pilot:
        await asked_to_save(pilot, app)
        await pilot.press("enter")
        await until_shown(pilot, "It was not saved. It is damaged. Try again.")
        assert app.screen.query_one("#file-replace").disabled
        await pilot.press("enter")
        await until_shown(pilot, "There is a file already. Nothing is overwritten. Name another.")
        await pilot.press("tab", "tab", "enter")
        await until_shown(pilot, "Saved: evidence.pdf")
    assert [replace for *_, replace in session.saved] == [True]


async def test_escape_stops_what_is_being_saved(session: WithFiles, app: RogatoryApp) -> None:
    """The dialog closes, and the call is cancelled."""
    brought(session)
    async with app.run_test(size=(140, 26)) as pilot:
        await asked_to_save(pilot, app)
        await pilot.press("enter")
        await until_shown(pilot, "Fetching evidence.pdf")
        await pilot.press("escape")
        await until(pilot, lambda: "Fetching" not in screen_text(app))
        session.go_on.set()
        await pilot.pause()
    assert session.saved == []


async def test_a_message_without_a_file_has_none_to_save(session: WithFiles, app: RogatoryApp) -> None:
    """A text that is selected, or nothing, opens no dialog: what to do is said."""
    session.receive("!lobby", "Only words.")
    async with app.run_test(size=(140, 26)) as pilot:
        await until_shown(pilot, "Only words.")
        await pilot.press("ctrl+s")
        await until_shown(pilot, "Select a message that brings a file first.")


async def test_a_name_of_others_is_data(session: WithFiles, app: RogatoryApp) -> None:
    """Markup and a path in the name of a file are shown and saved as a harmless name."""
    brought(session, "../[bold]x[/bold].pdf")
    session.go_on.set()
    async with app.run_test(size=(140, 26)) as pilot:
        await asked_to_save(pilot, app, "[bold]x[_bold].pdf")
        await until_shown(pilot, "Save File: [bold]x[_bold].pdf, 2.5 MB")
        await pilot.press("enter")
        await until_shown(pilot, "Saved: ")
    assert [target.name for _, target, _ in session.saved] == [str(session.saved[0][1])]


async def test_a_file_that_was_not_sent_is_a_row_that_names_it(session: WithFiles, app: RogatoryApp) -> None:
    """It shows name and size; taken back, its name is not put into the composer."""
    session.receive("!lobby", "Above.")
    session.keep_unsent("!lobby", "report.pdf", "It has too many bytes.", "Send it in parts.")
    [message] = session.outbox.values()
    message.content.update({"msgtype": "m.file", "filename": "report.pdf", "info": {"size": 1_500_000}})
    async with app.run_test(size=(110, 26)) as pilot:
        await until_shown(pilot, "File: report.pdf, 1.5 MB")
        app.screen.query_one(Timeline).focus()
        await pilot.press("down", "delete")
        await until(pilot, lambda: "NOT SENT" not in screen_text(app))
        assert app.screen.query_one(Composer).text == ""
    assert session.outbox == {}
