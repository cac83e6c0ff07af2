"""How a node starts, refuses to start, ends with its supervisor, and heals."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from node.errors import SynapseDied, SynapseSilent
from node.network.ports import free_ports
from node.synapse.process import synapse_command, synapse_environment, wait_until_healthy
from policies.trust.manifest import sign_manifest
from policies.trust.signing import SigningKey
from tests.node.synapse.rooms import sees, send_encrypted, shared_room
from tests.synapse_nodes import HttpClient, TestNetwork, lay_out, wait_for


@pytest.mark.synapse
@pytest.mark.parametrize("broken", ["another root", "missing", "no manifest", "an older one"])
def test_without_a_manifest_that_verifies_the_homeserver_does_not_start(broken: str, tmp_path: Path) -> None:
    """Another root's signature, no file, other content, or an older serial: it ends, and says why."""
    network = lay_out(tmp_path, ["court"])
    path, node = tmp_path / "network" / "manifest.json", network["court"]
    if broken == "missing":
        path.unlink()
    elif broken == "no manifest":
        path.write_text("{}")
    elif broken == "an older one":
        rendered = node.folder / "homeserver.yaml"
        rendered.write_text(rendered.read_text().replace("least_serial: 1", "least_serial: 2"))
    else:
        path.write_bytes(sign_manifest(network.manifest, SigningKey.generate("test")))
    node.start()
    try:
        assert node.wait_ended() == 1
        assert "Rogatory: the network's manifest cannot be used" in node.console()
    finally:
        node.stop()


@pytest.mark.synapse
def test_the_homeserver_ends_with_its_supervisor(tmp_path: Path) -> None:
    """When the other end of the lifeline is gone, the process ends by itself within seconds."""
    node = lay_out(tmp_path, ["court"])["court"]
    node.start()
    try:
        node.wait_healthy()
        assert node.alive()
        node.cut_lifeline()
        node.wait_ended(seconds=10)
    finally:
        node.stop()


@pytest.mark.synapse
def test_a_node_that_returns_gets_at_once_what_was_sent_meanwhile(
    network: TestNetwork, people: dict[str, HttpClient]
) -> None:
    """Killed, and started again without any help: a message sent meanwhile arrives within five seconds.

    Twice, because after its first start Synapse may still have something of its own to send, which wakes its
    peers too. Without the plugin's wake-up the second message takes up to a minute.
    """
    court, africa = people["court"], people["africa"]
    room_id = shared_room(court, africa)
    operator = network["court"].register("watcher", admin=True)
    backing_off = f"/_synapse/admin/v1/federation/destinations/{network['africa'].server_name}"
    for _ in range(2):
        network["africa"].kill()
        event_id = send_encrypted(court, room_id)
        # the court has tried and failed, and would now wait: the case that needs the wake-up
        wait_for(lambda: operator.get(backing_off).body.get("retry_interval"), "the failure", seconds=60)
        network["africa"].start()
        network["africa"].wait_healthy()
        wait_for(partial(sees, africa, room_id, event_id), "the message arrives", seconds=5)


async def test_a_process_that_died_is_not_waited_for() -> None:
    """Waiting for a homeserver whose process is gone ends at once, with an error that says so."""
    [port] = free_ports(1)
    with pytest.raises(SynapseDied, match="ended while it started"):
        await wait_until_healthy(f"http://127.0.0.1:{port}", lambda: False, timeout=30)


async def test_waiting_has_an_end() -> None:
    """A homeserver that runs and never answers is reported after the time that was allowed."""
    [port] = free_ports(1)
    with pytest.raises(SynapseSilent):
        await wait_until_healthy(f"http://127.0.0.1:{port}", lambda: True, timeout=0.3)


def test_the_environment_is_scrubbed() -> None:
    """Proxies, which would swallow the federation, and what changes Python stay outside."""
    inherited = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "https_proxy": "http://proxy.example",
        "HTTPS_PROXY": "http://proxy.example",
        "PYTHONPATH": "/elsewhere",
        "PYTHONSTARTUP": "/elsewhere/x.py",
        "SECRET_TOKEN": "x",
    }
    environment = synapse_environment(inherited)
    assert environment.keys() == {"PATH", "LC_ALL", "PYTHONUNBUFFERED", "PYTHONPATH"}
    assert "elsewhere" not in environment["PYTHONPATH"]


def test_the_command_line_carries_no_secret(tmp_path: Path) -> None:
    """Only the path of the configuration and the demand that it holds no secret."""
    command = synapse_command(tmp_path)
    assert command[-3:] == ["--config-path", str(tmp_path / "homeserver.yaml"), "--no-secrets-in-config"]
