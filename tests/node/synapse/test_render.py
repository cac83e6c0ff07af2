"""What is rendered: accepted by Synapse's own parser, private, and written only when it changed."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import yaml

from node.config import Listener, Listeners
from node.errors import ConfigurationInvalid
from node.synapse.process import synapse_environment
from node.synapse.render import render_node
from policies.trust.errors import ManifestRolledBack
from tests.node.synapse import unread_keys
from tests.synapse_nodes import SynapseNode, TestNetwork, lay_out


@pytest.fixture
def network(tmp_path: Path) -> TestNetwork:
    return lay_out(tmp_path, ["court", "africa"], without_fence=["africa"])


def _unread(node: SynapseNode) -> list[str]:
    program = [sys.executable, unread_keys.__file__, str(node.folder / "homeserver.yaml")]
    done = subprocess.run(program, env=synapse_environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    unread: list[str] = json.loads(done.stdout)
    return unread


@pytest.mark.synapse
def test_synapse_reads_every_key_and_needs_no_secret_in_the_file(network: TestNetwork) -> None:
    """Synapse's parser accepts the file with inline secrets forbidden, and looks at each key."""
    assert _unread(network["court"]) == []


@pytest.mark.synapse
def test_a_misspelt_key_is_found(network: TestNetwork) -> None:
    """The proof of the test above: a key that Synapse does not know is named."""
    path = network["court"].folder / "homeserver.yaml"
    path.write_text(path.read_text().replace("allow_guest_access:", "allow_guests_access:"))
    assert _unread(network["court"]) == ["allow_guests_access"]


def test_rendering_again_changes_nothing(network: TestNetwork) -> None:
    """A second rendering writes no file and says so; a changed port is rendered and said."""
    node = network["court"]
    before = {path: path.stat().st_mtime_ns for path in node.folder.rglob("*")}
    assert render_node(node.config, network.manifest, node.folder) is False
    assert {path: path.stat().st_mtime_ns for path in node.folder.rglob("*")} == before
    moved = Listeners(client=Listener("127.0.0.1", 9), federation=node.config.listeners.federation)
    assert render_node(msgspec.structs.replace(node.config, listeners=moved), network.manifest, node.folder)


def test_secrets_are_private_and_in_no_other_file(network: TestNetwork) -> None:
    """Every file is 0600 and every folder 0700; a secret stands in its own file only."""
    folder = network["court"].folder
    for path in [folder, *folder.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path
    secrets = [
        path.read_text().split()[-1] for path in [*(folder / "secrets").iterdir(), folder / "signing.key"]
    ]
    assert len(set(secrets)) == 4
    for path in (folder / "homeserver.yaml", folder / "log.yaml", folder / "node.toml"):
        assert not [secret for secret in secrets if secret in path.read_text()]


def test_only_the_manifests_servers_are_in_the_federation(network: TestNetwork) -> None:
    """The whitelist is the manifest's servers, this one included."""
    text = (network["court"].folder / "homeserver.yaml").read_text()
    listed = text.partition("federation_domain_whitelist:\n")[2].partition("\nfederation_")[0].split("\n")
    assert [line.removeprefix("- ") for line in listed] == ["africa.rogatory.test", "court.rogatory.test"]


def test_the_federation_is_closed_and_verified(network: TestNetwork) -> None:
    """Peers are believed by the network's own authority alone, over TLS 1.3, and no key server is."""
    settings = yaml.safe_load((network["court"].folder / "homeserver.yaml").read_text())
    assert settings["federation_verify_certificates"] is True
    assert settings["federation_client_minimum_tls_version"] == "1.3"
    assert [Path(path).name for path in settings["federation_custom_ca_list"]] == ["ca.crt"]
    assert settings["trusted_key_servers"] == []
    assert settings["enable_registration"] is False
    assert settings["allow_guest_access"] is False
    federation = [each for each in settings["listeners"] if "federation" in each["resources"][0]["names"]]
    assert [(each["tls"], each["resources"][0]["names"]) for each in federation] == [(True, ["federation"])]


def test_the_fence_is_left_out_only_where_it_is_switched_off(network: TestNetwork) -> None:
    """`fence = false` takes the fence's module out, and nothing else."""
    with_fence = (network["court"].folder / "homeserver.yaml").read_text()
    without = (network["africa"].folder / "homeserver.yaml").read_text()
    assert "plugin.fence.Fence" in with_fence
    assert "plugin.fence.Fence" not in without
    assert "plugin.peer_table.PeerTable" in without


def test_an_older_manifest_is_not_rendered(network: TestNetwork) -> None:
    """A node that has seen a newer manifest refuses an older one, and keeps its files."""
    node = network["court"]
    newer = msgspec.structs.replace(network.manifest, serial=2)
    assert render_node(node.config, newer, node.folder) is True
    with pytest.raises(ManifestRolledBack, match="already runs with 2"):
        render_node(node.config, network.manifest, node.folder)
    assert render_node(node.config, newer, node.folder) is False


def test_a_node_that_the_manifest_does_not_name_is_not_rendered(network: TestNetwork, tmp_path: Path) -> None:
    """Region and server name must be the manifest's, and nothing is written when they are not."""
    strange = msgspec.structs.replace(network["court"].config, region="africa")
    with pytest.raises(ConfigurationInvalid, match="not in the manifest"):
        render_node(strange, network.manifest, tmp_path / "new")
    assert not (tmp_path / "new").exists()
