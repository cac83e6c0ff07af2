"""What is on the wire: are the peers there, are they who they say, does their clock agree."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from node.certificates import CertificateAuthority
from node.doctor.finding import Finding, Severity
from node.doctor.peers import check_peers
from tests.node.doctor.conftest import Network, Serve


async def _check(network: Network) -> dict[str, list[Finding]]:
    """Return the findings that are no good news, by the server name or the word that each begins with."""
    found: dict[str, list[Finding]] = {}
    for each in await check_peers(network.config, network.manifest, network.folder):
        if each.severity is not Severity.OK:
            found.setdefault(each.what, []).append(each)
    return found


async def test_a_peer_that_is_down_is_a_warning(network: Network, serve: Serve) -> None:
    """One silent peer is named with its address; the others are fine, and so is this node."""
    await serve("africa")
    await serve("court")
    (finding,) = [each for found in (await _check(network)).values() for each in found]
    port = network.layout.nodes["weog"].listeners.federation.port
    assert finding.severity is Severity.WARNING
    assert finding.what.startswith(f"weog.rogatory.test does not answer at 127.0.0.1:{port} (")


async def test_no_peer_at_all_is_an_error_here(network: Network, serve: Serve) -> None:
    """When nobody else can be reached, the fault is looked for at home."""
    await serve("africa")
    assert "No peer can be reached." in await _check(network)


async def test_this_node_stopped_is_a_warning(network: Network, serve: Serve) -> None:
    """A node that is not started yet is told apart from a peer that is down."""
    await serve("court")
    await serve("weog")
    (what,) = await _check(network)
    assert what.startswith("This node does not answer at 127.0.0.1:")


@pytest.mark.parametrize("who", ["another node", "another authority"])
async def test_a_peer_that_cannot_prove_its_name_is_an_error(
    network: Network, serve: Serve, tmp_path: Path, who: str
) -> None:
    """A certificate of the network for another name, or for the right name by another authority."""
    authority = network.authority if who == "another node" else CertificateAuthority.create("rogatory.test")
    name = "court.rogatory.test" if who == "another node" else "weog.rogatory.test"
    certificate = (tmp_path / "stranger.crt", tmp_path / "stranger.key")
    authority.issue(name).write(*certificate)
    await serve("africa")
    await serve("court")
    await serve("weog", certificate=certificate)
    (finding,) = [each for found in (await _check(network)).values() for each in found]
    assert finding.severity is Severity.ERROR
    assert finding.what.endswith("is not weog.rogatory.test.")
    assert "refused" in finding.why


@pytest.mark.parametrize(
    ("seconds", "severity"),
    [(4, None), (-4, None), (30, Severity.WARNING), (-30, Severity.WARNING), (3600, Severity.ERROR)],
)
async def test_a_clock_that_is_off_is_found(
    network: Network, serve: Serve, seconds: int, severity: Severity | None
) -> None:
    """A few seconds are nothing, half a minute is a warning, an hour an error; the direction is said."""
    await serve("africa")
    await serve("court")
    await serve("weog", ahead=timedelta(seconds=seconds))
    findings = [each for found in (await _check(network)).values() for each in found]
    assert [each.severity for each in findings] == ([] if severity is None else [severity])
    for each in findings:
        assert ("ahead of ours" if seconds > 0 else "behind ours") in each.what


async def test_a_peer_with_a_known_hole_is_a_warning(network: Network, serve: Serve) -> None:
    """A peer below the security floor is named; what it calls its version is not repeated."""
    await serve("africa", version="1.163.2")
    await serve("court", version="1.150.0")
    await serve("weog", version="\x1b[31m1.0")
    assert list(await _check(network)) == ["court.rogatory.test runs a Synapse older than 1.157.2."]


async def test_an_answer_that_is_no_homeserver_s_is_a_warning(network: Network, serve: Serve) -> None:
    """HTTP 502 from what stands before a peer is told as such."""
    await serve("africa")
    await serve("court")
    await serve("weog", status=502)
    (what,) = await _check(network)
    assert what.startswith("weog.rogatory.test does not answer")
    assert "HTTP status 502" in what
