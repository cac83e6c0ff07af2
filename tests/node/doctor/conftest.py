"""A network as `up` lays it out, of three nodes, and peers that answer like homeservers."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from node.certificates import CertificateAuthority
from node.home import Home, open_home
from node.network.layout import NetworkLayout, lay_out_network

NAMES = {region: f"{region}.rogatory.test" for region in ("court", "africa", "weog")}

Serve = Callable[..., Awaitable[None]]


class Network:
    """Three nodes' folders; africa is the one that is examined."""

    def __init__(self, root: Path) -> None:
        self.home: Home = open_home(root / "home", create=True)
        self.layout: NetworkLayout = lay_out_network(
            self.home,
            network="rogatory.test",
            server_names=NAMES,
            court_account="@otp:court.rogatory.test",
            now=datetime.now(UTC),
        )
        self.folder = self.home.node("africa")
        self.config = self.layout.nodes["africa"]
        self.manifest = self.layout.manifest
        self.authority = CertificateAuthority.load(self.home.network / "ca.crt", self.home.network / "ca.key")


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path)


@pytest.fixture
async def serve(network: Network) -> AsyncIterator[Serve]:
    """Give a function that answers at a node's federation port, by default as that node."""
    async with AsyncExitStack() as stack:

        async def serve(
            region: str,
            *,
            version: str = "1.163.2",
            ahead: timedelta = timedelta(),
            status: int = 200,
            certificate: tuple[Path, Path] | None = None,
        ) -> None:
            async def answer(request: web.Request) -> web.Response:
                assert request.path == "/_matrix/federation/v1/version"
                date = (datetime.now(UTC) + ahead).strftime("%a, %d %b %Y %H:%M:%S GMT")
                body = {"server": {"name": "Synapse", "version": version}}
                return web.json_response(body, status=status, headers={"Date": date})

            folder = network.home.node(region)
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*(certificate or (folder / "tls.crt", folder / "tls.key")))
            application = web.Application()
            application.router.add_get("/{path:.*}", answer)
            runner = web.AppRunner(application)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            port = network.layout.nodes[region].listeners.federation.port
            await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()

        yield serve
