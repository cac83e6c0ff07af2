"""All checks together, on a network as `up` lays it out."""

from __future__ import annotations

from pathlib import Path

from node.doctor.finding import Finding, Severity, worst
from node.doctor.run import run_checks
from tests.node.doctor.conftest import Network, Serve


async def test_a_sound_node_is_found_sound(network: Network, serve: Serve) -> None:
    """With its peers up, nothing but good news; every check says something, and says it as it comes."""
    for region in ("court", "africa", "weog"):
        await serve(region)
    heard: list[Finding] = []
    findings = await run_checks(network.folder, network.home.network, on_finding=heard.append)
    assert [finding for finding in findings if finding.severity is not Severity.OK] == []
    assert {finding.check for finding in findings} == {
        "versions",
        "file modes",
        "fence",
        "storage",
        "manifest",
        "whitelist",
        "certificates",
        "peers",
        "clock",
    }
    assert heard == findings


async def test_an_empty_folder_is_findings_and_no_traceback(tmp_path: Path) -> None:
    """Where there is no node at all, the findings say so; nothing is raised."""
    findings = await run_checks(tmp_path / "nowhere", tmp_path / "neither")
    errors = {finding.check for finding in findings if finding.severity is Severity.ERROR}
    assert errors == {"file modes", "node.toml"}


async def test_each_broken_file_costs_its_own_checks_only(network: Network, serve: Serve) -> None:
    """Without homeserver.yaml the manifest is still checked; without a manifest the fence still is."""
    (network.folder / "homeserver.yaml").write_text("modules: [")
    await serve("court")
    findings = await run_checks(network.folder, network.home.network)
    assert [each.check for each in findings if each.severity is Severity.ERROR] == ["whitelist"]
    assert {"manifest", "certificates", "peers"} <= {each.check for each in findings}


async def test_a_manifest_of_another_root_is_not_believed(network: Network) -> None:
    """A changed manifest is an error, and neither the whitelist nor any peer is judged by it."""
    text = network.home.manifest.read_text()
    network.home.manifest.write_text(text.replace("weog.rogatory.test", "evil.rogatory.test"))
    findings = await run_checks(network.folder, network.home.network)
    assert [each.check for each in findings if each.severity is Severity.ERROR] == ["manifest"]
    assert {"whitelist", "peers"} & {each.check for each in findings} == set()
    assert worst(findings) is Severity.ERROR
