"""The real HTTP client against a server that answers a file as it should not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from client.session.errors import HomeserverUnreachable, LoggedOut, NotFound
from client.session.http_transport import HttpTransport

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
DATA = bytes(range(256)) * 4096


@asynccontextmanager
async def served(handler: Handler) -> AsyncIterator[HttpTransport]:
    """Serve every path with `handler`, and give a transport to it."""
    application = web.Application(client_max_size=2**30)
    application.router.add_route("*", "/{path:.*}", handler)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with HttpTransport(f"http://127.0.0.1:{port}", "syt_token") as transport:
            yield transport
    finally:
        await runner.cleanup()


async def fetched(transport: HttpTransport) -> tuple[int | None, bytes]:
    async with transport.download("/_matrix/x") as download:
        return download.size, b"".join([piece async for piece in download.pieces])


async def pieces(data: bytes = DATA, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def streamed(data: bytes, *, announced: int | None, then: Callable[[web.Request], None]) -> Handler:
    """Answer with a file of which `announced` bytes are said to come, and do something in the end."""

    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        response.content_length = announced
        await response.prepare(request)
        await response.write(data)
        then(request)
        return response

    return handler


def cut(request: web.Request) -> None:
    assert request.transport is not None
    request.transport.close()


def nothing(request: web.Request) -> None:
    pass


@pytest.mark.parametrize("announced", [len(DATA), None])
async def test_a_file_arrives_with_its_announced_size_or_without(announced: int | None) -> None:
    """What was sent comes, and the size that was announced, if one was."""
    async with served(streamed(DATA, announced=announced, then=nothing)) as transport:
        assert await fetched(transport) == (announced, DATA)


@pytest.mark.parametrize("announced", [len(DATA) + 1, None])
async def test_a_file_that_breaks_off_is_no_whole_file(announced: int | None) -> None:
    """A connection that ends early raises among the pieces, whether a size was announced or not."""
    async with served(streamed(DATA, announced=announced, then=cut)) as transport:
        with pytest.raises(HomeserverUnreachable):
            await fetched(transport)


async def test_an_answer_that_is_packed_or_elsewhere_is_refused() -> None:
    """Neither a file that would unpack to more than was counted nor a redirection is taken."""
    asked: list[str] = []

    async def packed(request: web.Request) -> web.StreamResponse:
        asked.append(request.headers["Accept-Encoding"])
        response = web.Response(body=bytes(10_000_000))
        response.enable_compression(web.ContentCoding.gzip)
        return response

    async def redirecting(request: web.Request) -> web.StreamResponse:
        if request.path == "/elsewhere":
            return web.Response(body=DATA)
        raise web.HTTPTemporaryRedirect("/elsewhere")

    for handler in (packed, redirecting):
        async with served(handler) as transport:
            with pytest.raises(HomeserverUnreachable, match=r"packs|redirects"):
                await fetched(transport)
    assert asked == ["identity"]


async def test_a_refusal_is_the_error_that_the_server_names() -> None:
    """404 and 401 come as what they are, on both ways, with the server's reason."""

    async def refusing(request: web.Request) -> web.StreamResponse:
        await request.read()
        status, code = (404, "M_NOT_FOUND") if request.method == "GET" else (401, "M_UNKNOWN_TOKEN")
        return web.json_response({"errcode": code, "error": "gone"}, status=status)

    async with served(refusing) as transport:
        with pytest.raises(NotFound, match="gone"):
            await fetched(transport)
        with pytest.raises(LoggedOut, match="gone"):
            await transport.upload("/_matrix/x", pieces(), len(DATA))


async def test_an_upload_is_one_body_of_the_size_that_was_said() -> None:
    """The server gets the pieces in order, their length, and the token in the header only."""
    seen: list[tuple[str, str, str, str | None, bytes]] = []

    async def taking(request: web.Request) -> web.StreamResponse:
        headers = request.headers
        seen.append(
            (
                str(request.rel_url),
                headers["Authorization"],
                headers["Content-Length"],
                headers.get("Transfer-Encoding"),
                await request.read(),
            )
        )
        return web.json_response({"content_uri": "mxc://a/b"})

    async with served(taking) as transport:
        await transport.upload("/_matrix/x", pieces(), len(DATA))
        await transport.upload("/_matrix/x", pieces(b""), 0)
    assert seen == [
        ("/_matrix/x", "Bearer syt_token", str(len(DATA)), None, DATA),
        ("/_matrix/x", "Bearer syt_token", "0", None, b""),
    ]


async def test_a_server_that_answers_before_it_has_the_file_harms_nothing() -> None:
    """Its refusal is told, or the lost connection, and no task or file is left behind."""

    async def hasty(request: web.Request) -> web.StreamResponse:
        response = web.json_response({"errcode": "M_TOO_LARGE", "error": "no"}, status=413)
        response.force_close()
        return response

    async with served(hasty) as transport:
        with pytest.raises(Exception, match=r"M_TOO_LARGE|connection"):
            await transport.upload("/_matrix/x", pieces(DATA * 20), len(DATA) * 20)


async def test_a_silent_server_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that takes nothing, or gives nothing, any more is told as unreachable."""
    monkeypatch.setattr("client.session.http_transport._MEDIA_PATIENCE", 0.3)
    stop = asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            await request.content.readany()
        await stop.wait()
        return web.Response()

    async with served(silent) as transport:
        with pytest.raises(HomeserverUnreachable, match="in time"):
            await fetched(transport)
        with pytest.raises(HomeserverUnreachable, match="in time"):
            await transport.upload("/_matrix/x", pieces(DATA * 50), len(DATA) * 50)
        stop.set()


async def test_a_slow_transfer_is_not_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The patience is for a standstill: the whole file may take longer, either way."""
    monkeypatch.setattr("client.session.http_transport._MEDIA_PATIENCE", 2.0)

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(6):
            await asyncio.sleep(0.4)  # slowness is what is tested; together it is more than the patience
            yield b"x"

    async def slow(request: web.Request) -> web.StreamResponse:
        if request.method == "POST":
            return web.Response(body=await request.read())
        response = web.StreamResponse()
        await response.prepare(request)
        async for piece in slowly():
            await response.write(piece)
        return response

    async with served(slow) as transport:
        assert await fetched(transport) == (None, b"xxxxxx")
        assert await transport.upload("/_matrix/x", slowly(), 6) == b"xxxxxx"
