"""All checks of one node, in order: what is on the disk first, then what is on the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from node.config import read_node_toml
from node.doctor.certificates import check_certificates
from node.doctor.file_modes import check_file_modes
from node.doctor.finding import Finding, from_error
from node.doctor.manifest import check_manifest
from node.doctor.peers import check_peers
from node.doctor.rendered import check_fence, check_storage, check_whitelist, read_rendered
from node.doctor.versions import check_versions
from node.errors import ConfigurationInvalid

CONFIGURATION = "node.toml"


async def run_checks(
    node_folder: Path,
    network_folder: Path,
    *,
    now: datetime | None = None,
    on_finding: Callable[[Finding], None] = lambda _: None,
) -> list[Finding]:
    """Check the node in `node_folder` of the network in `network_folder`, and return everything found.

    Each finding is handed to `on_finding` as it comes. What a check needs and does not have is a finding of
    its own, and the check is left out: nothing is raised.
    """
    time = now or datetime.now(UTC)
    findings: list[Finding] = []

    def found(more: Iterable[Finding]) -> None:
        for finding in more:
            findings.append(finding)
            on_finding(finding)

    found(check_versions())
    found(await asyncio.to_thread(check_file_modes, node_folder, network_folder))
    try:
        config = read_node_toml(node_folder / "node.toml")
    except ConfigurationInvalid as raised:
        found([from_error(CONFIGURATION, raised)])
        return findings
    settings = read_rendered(node_folder)
    if isinstance(settings, Finding):
        found([settings])
    else:
        found([check_fence(config, settings), check_storage(config, settings)])
    manifest, finding = check_manifest(config, node_folder, now=time)
    found([finding])
    if manifest is not None:
        if not isinstance(settings, Finding):
            found([check_whitelist(settings, manifest)])
        found(check_certificates(config, manifest, node_folder, now=time))
        found(await check_peers(config, manifest, node_folder))
    return findings
