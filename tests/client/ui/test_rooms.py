"""The rooms: the tree, opening one, invitations, the switcher."""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from client.session.events import Membership
from client.ui.app import RogatoryApp
from tests.client.fake_session import FakeSession
from tests.client.ui.conftest import BELGIUM
from tests.client.ui.screen_text import screen_text, settled_text, until, until_shown


async def test_the_tree_shows_spaces_rooms_and_unread_counts(
    session: FakeSession, app: RogatoryApp, snapshot: SnapshotAssertion
) -> None:
    """Invitations, rooms outside the spaces and the spaces stand under one another, with what is unread."""
    session.change_room("!assets", unread=12)
    session.add_room("!informal", "Informal query", membership=Membership.INVITE, inviter=BELGIUM)
    async with app.run_test(size=(80, 24)) as pilot:
        assert await settled_text(pilot, "Nothing has been written here yet.") == snapshot


async def test_an_unread_count_changes_in_place(session: FakeSession, app: RogatoryApp) -> None:
    """A changed room is shown anew, and the count of its space with it."""
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "Assets")
        session.change_room("!assets", unread=7)
        await until_shown(pilot, "Assets 7")
        assert "African Group 7" in screen_text(app)


async def test_a_long_name_leaves_its_count_in_sight(session: FakeSession, app: RogatoryApp) -> None:
    """The name is cut, the count is not."""
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        session.change_room("!assets", name="Identification, seizing and freezing", unread=31)
        await until_shown(pilot, "Identification… 31│")


async def test_the_room_with_unread_messages_is_opened_first(session: FakeSession, app: RogatoryApp) -> None:
    """What is unread comes before what is newest."""
    session.change_room("!request", unread=1)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "● Request 7KQ4XM")


async def test_a_room_is_opened_from_the_tree_by_keyboard(session: FakeSession, app: RogatoryApp) -> None:
    """Focus on the tree, up, Enter: the room above is open, and one can write at once."""
    session.receive("!assets", "Only in Assets")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("shift+tab", "shift+tab", "up", "enter")
        await until_shown(pilot, "Only in Assets")
        assert app.focused is not None
        assert app.focused.id == "composer"


async def test_the_switcher_finds_a_room_by_its_space(session: FakeSession, app: RogatoryApp) -> None:
    """Words may come from the room's name and from its space; Enter opens what is marked."""
    session.receive("!general", "Welcome")
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("ctrl+k", *"gen pract")
        await pilot.press("enter")
        await until_shown(pilot, "Welcome")
        await until_shown(pilot, "● General")


async def test_the_switcher_moves_by_arrows_and_closes_by_escape(
    session: FakeSession, app: RogatoryApp, snapshot: SnapshotAssertion
) -> None:
    """Down goes to the next room while one types; Escape changes nothing."""
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("ctrl+k", "down")
        await until_shown(pilot, "Part of a room's name")
        assert await settled_text(pilot, "^q Quit") == snapshot
        await pilot.press("escape")
        await until(pilot, lambda: "Part of a room's name" not in screen_text(app))
        assert "● Lobby" in screen_text(app)


async def test_an_invitation_is_asked_about_before_it_is_accepted(
    session: FakeSession, app: RogatoryApp
) -> None:
    """Nothing is joined until Join is pressed; the question names who invites to what."""
    session.add_room("!informal", "Informal query", membership=Membership.INVITE, inviter=BELGIUM)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("ctrl+k", *"informal", "enter")
        await until_shown(pilot, f"{BELGIUM} invites you to:")
        assert session.joined == []
        await pilot.press("enter")
        await until(pilot, lambda: session.joined == ["!informal"])


async def test_an_invitation_can_be_declined(session: FakeSession, app: RogatoryApp) -> None:
    """Decline leaves the room, and its line goes."""
    session.add_room("!informal", "Informal query", membership=Membership.INVITE, inviter=BELGIUM)
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "Informal query")
        await pilot.press("ctrl+k", *"informal", "enter")
        await until_shown(pilot, "Decline")
        await pilot.press("tab", "enter")
        await until(pilot, lambda: session.left == ["!informal"])
        await until(pilot, lambda: "INVITATIONS" not in screen_text(app))


async def test_a_room_without_encryption_says_so(session: FakeSession, app: RogatoryApp) -> None:
    """The title of an open room warns that nothing can be sent in it."""
    session.change_room("!lobby", encrypted=False)
    async with app.run_test(size=(100, 24)) as pilot:
        await until_shown(pilot, "NOT ENCRYPTED: nothing can be sent here")
