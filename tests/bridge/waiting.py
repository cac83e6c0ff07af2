"""Waiting for a condition that something else brings about."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def until(condition: Callable[[], Awaitable[bool]], *, within: float = 10.0) -> None:
    """Look again and again until the condition holds; TimeoutError after `within` seconds."""
    async with asyncio.timeout(within):
        while not await condition():  # noqa: ASYNC110 # what is waited for offers no event
            await asyncio.sleep(0.01)
