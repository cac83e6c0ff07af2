"""The network's certificate authority: what a peer's TLS accepts of it, and what it refuses."""

from __future__ import annotations

import asyncio
import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from node.certificates import CertificateAuthority, days_left, fingerprint, read_certificate
from node.errors import CertificateInvalid

NAME = "africa.rogatory.test"


def _lay_out(folder: Path, authority: CertificateAuthority, name: str = NAME) -> None:
    authority.write(folder / "ca.crt", folder / "ca.key")
    authority.issue(name).write(folder / "tls.crt", folder / "tls.key")


async def _shake_hands(folder: Path, trusted: Path, name: str) -> None:
    """One TLS connection over loopback, as between two nodes: TLS 1.3, `trusted` the only authority."""
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    client = ssl.create_default_context(cafile=trusted)
    client.minimum_version = ssl.TLSVersion.TLSv1_3
    # Python 3.13's default: a chain must keep to RFC 5280, as newer peers will demand of ours
    client.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT

    async def close(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(close, "127.0.0.1", ssl=server) as listener:
        port = listener.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client, server_hostname=name)
        await reader.read()
        writer.close()
        await writer.wait_closed()


async def test_a_node_proves_its_name_to_its_peers(tmp_path: Path) -> None:
    """A certificate of the network's authority is accepted for its name, checked strictly."""
    _lay_out(tmp_path, CertificateAuthority.create("test"))
    await _shake_hands(tmp_path, tmp_path / "ca.crt", NAME)


async def test_no_other_name_and_no_other_authority_is_accepted(tmp_path: Path) -> None:
    """The same certificate proves no other server, and another authority of the same name proves nothing."""
    _lay_out(tmp_path, CertificateAuthority.create("test"))
    with pytest.raises(ssl.SSLCertVerificationError, match="not valid for"):
        await _shake_hands(tmp_path, tmp_path / "ca.crt", "court.rogatory.test")
    CertificateAuthority.create("test").write(tmp_path / "other.crt", tmp_path / "other.key")
    with pytest.raises(ssl.SSLCertVerificationError):
        await _shake_hands(tmp_path, tmp_path / "other.crt", NAME)


async def test_a_node_cannot_make_certificates(tmp_path: Path) -> None:
    """A node's key signs no certificate that anybody accepts: it is no authority."""
    authority = CertificateAuthority.create("test")
    _lay_out(tmp_path, authority)
    false_authority = CertificateAuthority.load(tmp_path / "tls.crt", tmp_path / "tls.key")
    certificate = false_authority.issue("court.rogatory.test")
    chain = certificate.certificate + (tmp_path / "tls.crt").read_bytes()
    (tmp_path / "tls.crt").write_bytes(chain)
    (tmp_path / "tls.key").write_bytes(certificate.private_key)
    with pytest.raises(ssl.SSLCertVerificationError):
        await _shake_hands(tmp_path, tmp_path / "ca.crt", "court.rogatory.test")


def test_an_authority_is_read_back_with_its_fingerprint(tmp_path: Path) -> None:
    """What is loaded is what was created, and its files are private."""
    authority = CertificateAuthority.create("test")
    _lay_out(tmp_path, authority)
    loaded = CertificateAuthority.load(tmp_path / "ca.crt", tmp_path / "ca.key")
    assert loaded.sha256 == authority.sha256 == fingerprint(read_certificate(tmp_path / "ca.crt"))
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert "PRIVATE" not in repr(authority) + repr(authority.issue(NAME))


def test_how_long_certificates_hold(tmp_path: Path) -> None:
    """A node's certificate lasts 397 days, the authority ten years; an expired one counts below zero."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    authority = CertificateAuthority.create("test", now=now)
    authority.issue(NAME, now=now).write(tmp_path / "tls.crt", tmp_path / "tls.key")
    certificate = read_certificate(tmp_path / "tls.crt")
    assert days_left(certificate, now=now) == 397
    assert days_left(certificate, now=now + timedelta(days=400)) == -3
    assert days_left(authority.certificate, now=now) == 3650


def test_what_cannot_be_used_is_named(tmp_path: Path) -> None:
    """A missing, garbled or foreign file is refused by name, without a word of its content."""
    _lay_out(tmp_path, CertificateAuthority.create("test"))
    with pytest.raises(CertificateInvalid, match=r"none\.crt"):
        read_certificate(tmp_path / "none.crt")
    with pytest.raises(CertificateInvalid, match="does not belong"):
        CertificateAuthority.load(tmp_path / "ca.crt", tmp_path / "tls.key")
    (tmp_path / "ca.key").write_text("not a key: hunter2")
    with pytest.raises(CertificateInvalid, match=r"ca\.key") as caught:
        CertificateAuthority.load(tmp_path / "ca.crt", tmp_path / "ca.key")
    assert "hunter2" not in str(caught.value)
