"""Text from others, everywhere it is shown: it is never a control code, never markup, never in the way."""

from __future__ import annotations

import re
from datetime import UTC
from typing import cast

import pytest
from rich.cells import cell_len

from client.session.events import Json, Membership
from client.ui.app import RogatoryApp
from client.ui.widgets.timeline import Timeline
from policies.requests.wire import compose_request
from tests.client.court import KEY, NOW, manifest
from tests.client.fake_session import FakeSession
from tests.client.ui.conftest import BELGIUM
from tests.client.ui.screen_text import screen_text, until, until_shown

HOSTILE = {
    "escape codes": "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x1b[0m\x9b31m\x90q\x9c",
    "markup": "[bold red]bold[/bold red] [@click=app.quit]quit[/] [/] [[",
    "direction": "account \u202e4321-EB\u202c \u2066x\u2069 \u200f",
    "no width": "a\u200bb\u200cc\u2060d\ufeffe\u00adf",
    "many marks": "Z" + "\u0301" * 500 + "algo",
    "line ends": "a\rb\x0bc\x0cd\u2028e\u2029f\x85g",
    "wide": "漢" * 500 + "👩‍👩‍👧‍👦" * 50 + "🇸🇳" * 20,
    "surrogates": "\ud800 \udfff \ufffe \U0010ffff",
    "one long line": "x" * 1_000_000,
    "many lines": "\n" * 100_000,
    "nothing": "\u200b",
}

CONTROL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2028\u2029\u2060-\u206f\ufeff\ud800-\udfff]"
)


def painted(app: RogatoryApp) -> str:
    """Return everything that Textual hands to the terminal for the whole screen, as text."""
    strips = app.screen._compositor.render_strips(app.size)
    return "".join(segment.text for strip in strips for segment in strip)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
async def test_no_text_breaks_the_screen(session: FakeSession, text: str) -> None:
    """As body, reason, name, topic, sender and request field at once: the screen is whole and goes on."""
    name = f"{text[:2_000]}"
    content = cast(
        "dict[str, Json]",
        {"msgtype": "m.text", "body": text, "org.rogatory.request": {"id": name, "fields": {name: name}}},
    )
    session.add_room("!hostile", name, topic=name, unread=1)
    session.add_room("!invited", name, membership=Membership.INVITE, inviter=f"@{name}:{name}")
    session.receive("!hostile", text, sender=f"@{name}:{name}")
    session.receive("!hostile", text, content=content)
    session.receive_undecryptable("!hostile", name, sender=BELGIUM)
    session.receive("!hostile", "Still here")
    app = RogatoryApp(lambda: session, manifest(), session.user_id, zone=UTC)
    async with app.run_test(size=(100, 30)) as pilot:
        await until_shown(pilot, "Still here")
        await pilot.press("f2")
        await until_shown(pilot, "SIGNATURE DOES NOT HOLD")
        assert not CONTROL.search(painted(app))
        await pilot.press("f2", "ctrl+k")
        await until_shown(pilot, "Part of a room's name")
        assert not CONTROL.search(painted(app))
        await pilot.press("escape")
        app.screen.query_one(Timeline).focus()
        await pilot.press("home", "up", "down", "end")
        await until_shown(pilot, "Still here")
        assert max(cell_len(line) for line in screen_text(app).split("\n")) <= 100


async def test_markup_is_shown_as_it_was_written(session: FakeSession, app: RogatoryApp) -> None:
    """Square brackets are text: in the timeline, in the title, in the tree and in the switcher."""
    session.add_room("!markup", "[red]Name[/red]", topic="[u]topic[/u]", unread=1)
    session.receive("!markup", "[bold]body[/bold]")
    async with app.run_test(size=(120, 24)) as pilot:
        await until_shown(pilot, "[bold]body[/bold]")
        assert screen_text(app).count("[red]Name[/red]") == 2
        assert "[u]topic[/u]" in screen_text(app)
        await pilot.press("ctrl+k")
        await until_shown(pilot, "│[red]Name[/red]  1 unread")


async def test_a_signed_request_may_hold_hostile_fields(session: FakeSession, app: RogatoryApp) -> None:
    """A field of a genuine request is as harmless as any other text, and can be read in full."""
    content = compose_request(
        id="ROG-2026-7KQ4XM",
        template="T13@1.0",
        room_id="!request",
        issued_at=NOW,
        common={"originator": "OTP"},
        fields={"person_or_entity": "[b]Jean[/b] \x1b[31m", "\x1b[2Jname": ["\u202eabc"]},
        key=KEY,
        organ="OTP",
    )
    session.receive("!request", str(content["body"]), content=cast("dict[str, Json]", content))
    session.change_room("!request", unread=1)
    async with app.run_test(size=(160, 40)) as pilot:
        await until_shown(pilot, "Signature holds")
        await pilot.press("f2")
        await until_shown(pilot, "[b]Jean[/b] ␛[31m")
        await until_shown(pilot, "⟨RLO⟩abc")
        assert not CONTROL.search(painted(app))


async def test_a_name_that_imitates_an_organ_does_not_pass_for_it(
    session: FakeSession, app: RogatoryApp
) -> None:
    """Names come from the user id; a server outside the network is written in full."""
    session.receive("!lobby", "Hello", sender="@otp:court.rogatory.test.evil.example")
    session.receive("!lobby", "Hello", sender="@o\u200btp (court):evil.example")
    async with app.run_test(size=(120, 24)) as pilot:
        await until_shown(pilot, "otp (court.rogatory.test.evil.example)")
        await until_shown(pilot, "otp (court) (evil.example)")
        await until(pilot, lambda: "otp (court)  10:0" not in screen_text(app))
