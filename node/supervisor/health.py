"""Does a child answer? Asked over plain HTTP with nothing but asyncio: the supervisor stays small."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit


async def answers(url: str, limit_seconds: float) -> bool:
    """Return whether GET `url` (http only) gives status 200 within `limit_seconds`."""
    parts = urlsplit(url)
    request = f"GET {parts.path or '/'} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    try:
        async with asyncio.timeout(limit_seconds):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port or 80)
            try:
                writer.write(request.encode("ascii"))
                status_line = await reader.readline()
            finally:
                writer.transport.abort()
    except (OSError, ValueError):  # TimeoutError is an OSError; ValueError: a line longer than any status
        return False
    return status_line.split()[1:2] == [b"200"]
