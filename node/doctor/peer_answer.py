"""One question to one peer's federation port, with TLS verified as the homeserver does it."""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path

import aiohttp
import msgspec

from policies.trust.manifest import ManifestNode

_SECONDS = 5.0
_LARGEST_BODY = 64 * 1024


class _Server(msgspec.Struct, frozen=True):
    name: str
    version: str


class _Version(msgspec.Struct, frozen=True):
    """GET /_matrix/federation/v1/version (Matrix server-server API, "Server implementation")."""

    server: _Server


@dataclass(frozen=True)
class PeerAnswer:
    """What a peer said of itself: its homeserver's version, and how far its clock is ahead of ours."""

    version: str
    ahead: timedelta | None


class PeerUnreachable(Exception):
    """The peer gave no usable answer; the text says why."""


class PeerNotItself(Exception):
    """Whoever answered could not prove to be the peer; the text says why."""


def peer_context(certificate_authority: Path) -> ssl.SSLContext:
    """Return the TLS settings of the federation: TLS 1.3, this authority alone. Raises OSError."""
    context = ssl.create_default_context(cafile=str(certificate_authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context


async def ask_peer(peer: ManifestNode, context: ssl.SSLContext) -> PeerAnswer:
    """Ask `peer`, at the manifest's address and under its own name. Raises PeerUnreachable, PeerNotItself."""
    host = f"[{peer.host}]" if ":" in peer.host else peer.host
    url = f"https://{host}:{peer.port}/_matrix/federation/v1/version"
    try:
        async with (
            asyncio.timeout(_SECONDS),
            aiohttp.ClientSession() as session,
            session.get(
                url,
                headers={"Host": peer.server_name},
                ssl=context,
                server_hostname=peer.server_name,
                allow_redirects=False,
            ) as response,
        ):
            received_at = datetime.now(UTC)
            if response.status != 200:
                raise PeerUnreachable(f"it answered with HTTP status {response.status}")
            body = await response.content.read(_LARGEST_BODY)
            version = msgspec.json.decode(body, type=_Version).server.version
            return PeerAnswer(version, _ahead(response.headers.get("Date"), received_at))
    except aiohttp.ClientConnectorCertificateError as error:
        raise PeerNotItself(_reason(error.certificate_error)) from None
    except aiohttp.ClientConnectorSSLError as error:
        raise PeerNotItself(_reason(error.os_error)) from None
    except TimeoutError:
        raise PeerUnreachable(f"no answer within {_SECONDS:g} seconds") from None
    except aiohttp.ClientConnectorError as error:
        number = error.os_error.errno
        raise PeerUnreachable(os.strerror(number) if number else str(error.os_error)) from None
    except (aiohttp.ClientError, msgspec.DecodeError, OSError) as error:
        raise PeerUnreachable(f"its answer is not usable ({type(error).__name__})") from None


def _ahead(date: str | None, received_at: datetime) -> timedelta | None:
    """Compare a Date header, which has whole seconds, with our clock; within a second they agree."""
    try:
        sent_at = parsedate_to_datetime(date or "")
    except ValueError:
        return None
    if sent_at.tzinfo is None:
        return None
    ahead = sent_at - received_at
    second = timedelta(seconds=1)
    if -second <= ahead <= second:
        return timedelta()
    return ahead


def _reason(error: Exception) -> str:
    return getattr(error, "verify_message", "") or getattr(error, "reason", "") or type(error).__name__
