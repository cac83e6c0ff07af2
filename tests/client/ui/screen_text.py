"""What a person sees on the screen of a running app, as plain text."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot


def screen_text(app: App[Any]) -> str:
    """Return the screen line by line, without trailing spaces, a modal screen over what is below it."""
    # The compositor's strips are what Textual itself paints; it offers them as an SVG only.
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join(strip.text.rstrip() for strip in strips)


async def until(pilot: Pilot[Any], condition: Callable[[], bool], *, seconds: float = 10) -> None:
    """Wait until something has become true, letting the app work meanwhile; TimeoutError if it does not."""
    async with asyncio.timeout(seconds):
        while not condition():
            await pilot.pause(0.01)
    await pilot.pause()


async def until_shown(pilot: Pilot[Any], words: str) -> None:
    """Wait until the screen shows some words; the error shows the screen if it does not."""
    try:
        await until(pilot, lambda: words in screen_text(pilot.app))
    except TimeoutError:
        raise AssertionError(f"{words!r} is not on the screen:\n{screen_text(pilot.app)}") from None


async def settled_text(pilot: Pilot[Any], words: str) -> str:
    """Wait until the screen shows some words and has been painted alike five times, and return its text.

    For a picture of the whole screen: words that are there do not say that all else is.
    """
    await until_shown(pilot, words)
    looks: list[str] = []

    def alike() -> bool:
        looks.append(screen_text(pilot.app))
        return looks[-5:] == [looks[-1]] * 5

    await until(pilot, alike)
    return looks[-1]
