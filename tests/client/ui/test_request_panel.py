"""A request of the Court on the screen: its fields, and above all whether its signature holds."""

from __future__ import annotations

from datetime import UTC

from syrupy.assertion import SnapshotAssertion

from client.session.events import Json
from client.ui.app import RogatoryApp
from client.ui.widgets.timeline import Timeline
from tests.client.court import OTP, request_content
from tests.client.fake_session import FakeSession
from tests.client.ui.conftest import BELGIUM
from tests.client.ui.screen_text import screen_text, settled_text, until, until_shown

HOLDS = "Signature holds: Office of the Prosecutor (OTP), key ed25519:2026a"


def receive(session: FakeSession, content: dict[str, Json], sender: str = OTP) -> None:
    """Let a request arrive in its room, which is then the only one with anything unread."""
    session.receive("!request", str(content["body"]), sender=sender, content=content)
    session.change_room("!request", unread=1)


async def test_a_request_is_readable_with_its_signature(
    session: FakeSession, app: RogatoryApp, snapshot: SnapshotAssertion
) -> None:
    """F2 shows the fields with labels beside the timeline, the signature first; F2 again hides them."""
    receive(session, request_content("!request"))
    async with app.run_test(size=(140, 36)) as pilot:
        await until_shown(pilot, HOLDS)
        await pilot.press("f2")
        assert await settled_text(pilot, "Jean Exemple (invented)") == snapshot
        await pilot.press("f2")
        await until(pilot, lambda: "WHAT IS ASKED" not in screen_text(app))


async def test_on_80_columns_the_request_takes_the_whole_width(
    session: FakeSession, app: RogatoryApp, snapshot: SnapshotAssertion
) -> None:
    """On a small terminal the panel takes the place of rooms and timeline, and the arrows scroll it."""
    receive(session, request_content("!request"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until_shown(pilot, "F2 or Enter shows the whole request.")
        await pilot.press("f2")
        assert await settled_text(pilot, HOLDS) == snapshot
        await pilot.press("end")
        await until_shown(pilot, "Jean Exemple (invented)")


async def test_an_altered_request_does_not_hold(session: FakeSession, app: RogatoryApp) -> None:
    """One changed field: timeline and panel both say that the signature does not hold, and what to do."""
    content = request_content("!request")
    request = content["org.rogatory.request"]
    assert isinstance(request, dict)
    assert isinstance(request["fields"], dict)
    request["fields"]["person_or_entity"] = "Somebody Else"
    receive(session, content)
    async with app.run_test(size=(200, 40)) as pilot:
        await until_shown(pilot, "SIGNATURE DOES NOT HOLD: The signature of OTP does not fit")
        await pilot.press("f2")
        await until_shown(pilot, "Do not act on it.")
        assert HOLDS not in screen_text(app)


async def test_a_request_copied_into_another_room_does_not_hold(
    session: FakeSession, app: RogatoryApp
) -> None:
    """A genuine request holds in its own room only."""
    receive(session, request_content("!elsewhere"))
    async with app.run_test(size=(200, 40)) as pilot:
        await until_shown(pilot, "SIGNATURE DOES NOT HOLD: It was signed for another room")


async def test_a_genuine_request_posted_by_another_account_carries_a_caution(
    session: FakeSession, app: RogatoryApp
) -> None:
    """The signature holds, but it was not the organ that posted it, and the panel says so."""
    receive(session, request_content("!request"), sender=BELGIUM)
    async with app.run_test(size=(140, 40)) as pilot:
        await until_shown(pilot, HOLDS)
        await pilot.press("f2")
        await until_shown(pilot, "Posted by bel.focal-point.1 (weog)")


async def test_without_a_manifest_no_signature_holds(session: FakeSession) -> None:
    """Where no manifest is pinned, the client says that nothing was checked, and never that it holds."""
    receive(session, request_content("!request"))
    app = RogatoryApp(lambda: session, None, session.user_id, zone=UTC)
    async with app.run_test(size=(140, 40)) as pilot:
        await until_shown(pilot, "SIGNATURE NOT CHECKED: no manifest of the network is pinned")
        assert "Signature holds" not in screen_text(app)


async def test_what_only_claims_to_be_a_request_is_shown_as_none(
    session: FakeSession, app: RogatoryApp
) -> None:
    """An object that is no request does not hold, breaks nothing, and its text can still be read."""
    receive(session, {"msgtype": "m.notice", "body": "Pay at once", "org.rogatory.request": [1, 2]})
    async with app.run_test(size=(140, 40)) as pilot:
        await until_shown(pilot, "SIGNATURE DOES NOT HOLD: The request cannot be read.")
        await pilot.press("f2")
        await until_shown(pilot, "Request that cannot be read")
        await until_shown(pilot, "Pay at once")


async def test_enter_on_a_request_opens_that_one(session: FakeSession, app: RogatoryApp) -> None:
    """Of two requests in a room the selected one is shown, not the newest."""
    receive(session, request_content("!request", person="The first person"))
    receive(session, request_content("!request", person="The second person"))
    async with app.run_test(size=(140, 44)) as pilot:
        await until_shown(pilot, HOLDS)
        app.screen.query_one(Timeline).focus()
        await pilot.press("up", "up", "enter")
        await until_shown(pilot, "The first person")
        assert "The second person" not in screen_text(app)


async def test_f2_in_a_room_without_a_request_says_so(session: FakeSession, app: RogatoryApp) -> None:
    """Nothing opens, and a notice says why."""
    async with app.run_test(size=(140, 36)) as pilot:
        await until_shown(pilot, "● Lobby")
        await pilot.press("f2")
        await until_shown(pilot, "There is no request in what is loaded of this room.")
