"""Every key has an id, and help shows the keys."""

from __future__ import annotations

from textual.binding import Binding

from client.ui import keys
from client.ui.app import RogatoryApp
from tests.client.fake_session import FakeSession
from tests.client.ui.screen_text import screen_text, until, until_shown


def test_every_key_has_an_id_of_its_own() -> None:
    """A keymap can name each key; two keys share an id only where they are the same key."""
    lists = [value for name, value in vars(keys).items() if name.endswith("_KEYS")]
    bindings = {id(binding): binding for each in lists for binding in each}.values()
    assert len(bindings) > 15
    ids = []
    for binding in bindings:
        assert isinstance(binding, Binding)
        assert binding.id, binding
        assert binding.description, binding
        ids.append(binding.id)
    assert len(set(ids)) == len(ids)


async def test_help_shows_and_hides_the_keys(session: FakeSession, app: RogatoryApp) -> None:
    """F1 opens the keys of what has the focus, and closes them again."""
    async with app.run_test(size=(140, 40)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("f1")
        await until_shown(pilot, "New line")
        await until_shown(pilot, "Cursor word left")
        await pilot.press("f1")
        await until(pilot, lambda: "Cursor word left" not in screen_text(app))


async def test_a_question_mark_is_help_only_where_nothing_is_written(
    session: FakeSession, app: RogatoryApp
) -> None:
    """In the composer it is a question mark, in the timeline it opens the help."""
    async with app.run_test(size=(140, 40)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("question_mark")
        await until_shown(pilot, "│ ?")
        assert not app.screen.query("HelpPanel")
        app.screen.query_one("#timeline").focus()
        await pilot.press("question_mark")
        await until(pilot, lambda: bool(app.screen.query("HelpPanel")))


async def test_tab_goes_round_the_parts(session: FakeSession, app: RogatoryApp) -> None:
    """Tab reaches rooms, timeline and composer, and comes back."""
    async with app.run_test(size=(140, 40)) as pilot:
        await until_shown(pilot, "● Lobby")
        reached = []
        for _ in range(3):
            await pilot.press("tab")
            reached.append(app.focused.id if app.focused else None)
        assert reached == ["rooms", "timeline", "composer"]


async def test_no_command_writes_the_screen_to_a_file(session: FakeSession, app: RogatoryApp) -> None:
    """Textual's screenshot would leave decrypted text on the disk."""
    async with app.run_test() as pilot:
        await until_shown(pilot, "Lobby")
        titles = [command.title for command in app.get_system_commands(app.screen)]
        assert "Screenshot" not in titles
        assert {"Quit", "Go to room", "Request"} <= set(titles)
