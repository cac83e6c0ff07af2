"""Are the peers there, are they who they say, are they safe, and does their clock agree with ours?"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from node.config import NodeConfig
from node.doctor.finding import Finding, error, ok, warning
from node.doctor.peer_answer import PeerAnswer, PeerNotItself, PeerUnreachable, ask_peer, peer_context
from node.doctor.versions import SYNAPSE_FLOOR, is_at_least, parse_version
from policies.trust.manifest import Manifest, ManifestNode

PEERS = "peers"
CLOCK = "clock"

_CLOCK_WARNING_SECONDS = 5
_CLOCK_ERROR_SECONDS = 60
_AT_ONCE = 8


async def check_peers(config: NodeConfig, manifest: Manifest, node_folder: Path) -> list[Finding]:
    """Ask every node of the manifest, this one among them, over verified TLS.

    One peer that does not answer is a warning: the outage may be its own. None that answers is an error.
    """
    authority = (node_folder / config.network.certificate_authority).resolve()
    try:
        context = peer_context(authority)
    except (OSError, ssl.SSLError):
        return []  # the certificate check has said so
    limit = asyncio.Semaphore(_AT_ONCE)
    reached: set[str] = set()

    async def check_one(peer: ManifestNode) -> list[Finding]:
        async with limit:
            try:
                answer = await ask_peer(peer, context)
            except PeerNotItself as raised:
                return [_not_itself(peer, str(raised))]
            except PeerUnreachable as raised:
                own = peer.server_name == config.server_name
                return [_own_silent(peer, str(raised)) if own else _silent(peer, str(raised))]
        reached.add(peer.server_name)
        return [_version(peer, answer), *_clock(peer, answer)]

    async with asyncio.TaskGroup() as asking:
        tasks = [asking.create_task(check_one(peer)) for peer in manifest.nodes]
    findings = [finding for task in tasks for finding in task.result()]
    others = set(manifest.server_names) - {config.server_name}
    if others and not others & reached:
        findings.append(
            error(
                PEERS,
                "No peer can be reached.",
                why="Then the fault is more likely here: the network, the firewall, the manifest's age.",
                remedy="Check the connection, outgoing rules, and whether the manifest is the newest.",
            )
        )
    return findings


def _version(peer: ManifestNode, answer: PeerAnswer) -> Finding:
    if parse_version(answer.version) is None:
        return ok(PEERS, f"{peer.server_name} answers and proves its name")
    if not is_at_least(answer.version, SYNAPSE_FLOOR.least):
        return warning(
            PEERS,
            f"{peer.server_name} runs a Synapse older than {SYNAPSE_FLOOR.least}.",
            why=f"{SYNAPSE_FLOOR.why} A broken peer can harm the others.",
            remedy="Tell its operators.",
        )
    return ok(PEERS, f"{peer.server_name} answers and proves its name")


def _clock(peer: ManifestNode, answer: PeerAnswer) -> list[Finding]:
    if answer.ahead is None:
        return []
    seconds = round(answer.ahead.total_seconds())
    if abs(seconds) <= _CLOCK_WARNING_SECONDS:
        return [ok(CLOCK, f"{peer.server_name} and this machine agree")]
    direction = "ahead of" if seconds > 0 else "behind"
    report = error if abs(seconds) > _CLOCK_ERROR_SECONDS else warning
    return [
        report(
            CLOCK,
            f"The clock of {peer.server_name} is {abs(seconds)} s {direction} ours.",
            why="Certificates, signatures and deadlines hold by the clock.",
            remedy="Let both machines set their clock by NTP.",
        )
    ]


def _silent(peer: ManifestNode, reason: str) -> Finding:
    return warning(
        PEERS,
        f"{peer.server_name} does not answer at {peer.host}:{peer.port} ({reason}).",
        why="Its region gets and sends nothing until it does; what waits is delivered then.",
        remedy="Ask its operators; if they see it running, look at the way between.",
    )


def _own_silent(peer: ManifestNode, reason: str) -> Finding:
    return warning(
        PEERS,
        f"This node does not answer at {peer.host}:{peer.port} ({reason}).",
        why="It is stopped, or cannot be reached under the address that the manifest gives its peers.",
        remedy="Start it with `rogatory node start`; if it runs, correct the listener or the manifest.",
    )


def _not_itself(peer: ManifestNode, reason: str) -> Finding:
    return error(
        PEERS,
        f"Whoever answers at {peer.host}:{peer.port} is not {peer.server_name}.",
        why=f"Its certificate is refused: {reason}.",
        remedy="Tell the peer's operators, by another way than this network.",
    )
