"""`rogatory node init`: a production node from the files of a ceremony, or a refusal that names the file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from node.certificates import CertificateAuthority
from node.network.ports import free_ports
from policies.trust.manifest import Manifest, ManifestNode, sign_manifest
from policies.trust.signing import SigningKey
from tests.network.conftest import processes_of
from tests.network.plain_http import answers
from tests.network.rogatory import Rogatory


@dataclass(frozen=True)
class Ceremony:
    """What a network gives a region: files in a folder, and the root's public key."""

    folder: Path
    root: SigningKey
    manifest: Manifest

    def arguments(self, **changed: str) -> list[str]:
        """Return the arguments of `node init`, some of them changed."""
        given = {
            "region": "africa",
            "manifest": str(self.folder / "manifest.json"),
            "root-public-key": self.root.public_key,
            "certificate-authority": str(self.folder / "ca.crt"),
            "certificate": str(self.folder / "node.crt"),
            "private-key": str(self.folder / "node.key"),
            "client-port": str(free_ports(1)[0]),
            "federation-host": "127.0.0.1",
        }
        given |= {name.replace("_", "-"): value for name, value in changed.items()}
        return [word for name, value in given.items() for word in (f"--{name}", value)]


@pytest.fixture(scope="module")
def ceremony(tmp_path_factory: pytest.TempPathFactory) -> Ceremony:
    folder = tmp_path_factory.mktemp("ceremony")
    authority = CertificateAuthority.create("test")
    authority.write(folder / "ca.crt", folder / "ca.key")
    authority.issue("africa.example.org").write(folder / "node.crt", folder / "node.key")
    authority.issue("weog.example.org").write(folder / "weog.crt", folder / "weog.key")
    other = CertificateAuthority.create("other")
    other.write(folder / "other.crt", folder / "other.key")
    other.issue("africa.example.org").write(folder / "forged.crt", folder / "forged.key")
    (folder / "text").write_text("not what is asked for")
    now = datetime.now(UTC).replace(microsecond=0)
    ports = free_ports(2)
    nodes = [
        ManifestNode(
            region=region,
            server_name=f"{region}.example.org",
            host="127.0.0.1",
            port=port,
            ca_sha256=authority.sha256,
        )
        for region, port in zip(("africa", "weog"), ports, strict=True)
    ]
    manifest = Manifest(
        v=1,
        network="test",
        serial=5,
        issued_at=now - timedelta(days=1),
        valid_until=now + timedelta(days=300),
        development=False,
        nodes=tuple(nodes),
        authorities=(),
        organs=(),
    )
    root = SigningKey.generate("2026a")
    (folder / "manifest.json").write_bytes(sign_manifest(manifest, root))
    return Ceremony(folder, root, manifest)


@pytest.mark.parametrize(
    ("option", "value", "exit_code", "words"),
    [
        ("region", "grulac", 1, "no node 'grulac'"),
        ("manifest", "text", 3, "cannot be read"),
        ("root_public_key", "AAAA", 3, "not signed by the network's root"),
        ("certificate_authority", "text", 1, "text cannot be used"),
        ("certificate_authority", "other.crt", 1, "names another authority"),
        ("certificate", "text", 1, "text cannot be used"),
        ("certificate", "weog.crt", 1, "It is for weog.example.org"),
        ("certificate", "forged.crt", 1, "not signed by the authority"),
        ("private_key", "text", 1, "text cannot be used"),
        ("private_key", "weog.key", 1, "does not belong to"),
    ],
)
def test_init_refuses_what_no_peer_would_believe(
    tmp_path: Path, ceremony: Ceremony, option: str, value: str, exit_code: int, words: str
) -> None:
    """Each file that is not the network's is refused by name, and no node is left behind."""
    path = ceremony.folder / value
    changed = {option: str(path) if path.exists() else value}
    home = tmp_path / "home"
    said = Rogatory(home).run("node", "init", *ceremony.arguments(**changed), expect=exit_code).stderr
    assert words in said
    assert "do: " in said
    assert not list(home.rglob("node.toml"))


def test_init_keeps_a_homes_network(tmp_path: Path, ceremony: Ceremony) -> None:
    """A home keeps its root, and takes no older manifest for its next node; the first node stays as it is."""
    rogatory = Rogatory(tmp_path / "home")
    rogatory.run("node", "init", *ceremony.arguments())
    other = SigningKey.generate("2027a")
    foreign = tmp_path / "foreign.json"
    foreign.write_bytes(sign_manifest(ceremony.manifest, other))
    weog = {
        "region": "weog",
        "certificate": str(ceremony.folder / "weog.crt"),
        "private_key": str(ceremony.folder / "weog.key"),
    }
    said = rogatory.run(
        "node",
        "init",
        *ceremony.arguments(**weog, manifest=str(foreign), root_public_key=other.public_key),
        expect=2,
    ).stderr
    assert "another root" in said
    older = tmp_path / "older.json"
    older.write_bytes(sign_manifest(msgspec.structs.replace(ceremony.manifest, serial=4), ceremony.root))
    said = rogatory.run("node", "init", *ceremony.arguments(**weog, manifest=str(older)), expect=2).stderr
    assert "has 5 already" in said
    assert (rogatory.home / "network" / "root.pub").read_text().strip() == ceremony.root.public_key
    rogatory.run("node", "init", *ceremony.arguments(**weog))
    assert "already" in rogatory.run("node", "init", *ceremony.arguments(**weog), expect=2).stderr


@pytest.mark.synapse
def test_a_node_that_init_made_starts_and_is_locked_down(tmp_path: Path, ceremony: Ceremony) -> None:
    """From the ceremony's files to a healthy homeserver with an operator; the doctor misses only the peer."""
    rogatory = Rogatory(tmp_path / "home")
    made = rogatory.json("node", "init", *ceremony.arguments())
    assert made["server_name"] == "africa.example.org"
    try:
        rogatory.run("node", "start")
        status = rogatory.json("node", "status")["nodes"]["africa"]
        assert status["healthy"]
        assert answers(status["url"])
        operator = rogatory.json("node", "user", "add", "--operator", "operator")
        password = rogatory.home / "accounts" / "operator@africa.example.org" / "password"
        assert str(password) in rogatory.run("node", "user", "list", expect=1).stderr
        password.parent.mkdir(mode=0o700)
        password.write_text(operator["password"])
        listed: list[dict[str, Any]] = rogatory.json("node", "user", "list")["users"]
        assert listed == [{"user_id": operator["user_id"], "operator": True, "deactivated": False}]
        report = rogatory.json("node", "doctor", expect=1)["nodes"]["africa"]
        errors = [finding["what"] for finding in report if finding["severity"] == "error"]
        assert errors == ["No peer can be reached."]  # weog of this network was never started
    finally:
        rogatory.run("down")
        assert processes_of(rogatory.home) == []
