"""What lies on the disk: versions, modes, certificates, the rendered configuration."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import msgspec
import pytest
import yaml

from node.certificates import CertificateAuthority
from node.doctor.certificates import check_certificates
from node.doctor.file_modes import check_file_modes
from node.doctor.finding import Finding, Severity
from node.doctor.manifest import check_manifest
from node.doctor.rendered import check_fence, check_storage, check_whitelist, read_rendered
from node.doctor.versions import check_versions, is_at_least
from node.synapse.settings import FENCE, PEER_TABLE
from tests.node.doctor.conftest import Network

_GOOD = {"matrix-synapse": "1.163.2", "vodozemac": "0.10.0", "matrix-nio": "0.26.0", "pynacl": "1.6.2"}


def _bad(findings: list[Finding]) -> list[tuple[Severity, str]]:
    return [(each.severity, each.what) for each in findings if each.severity is not Severity.OK]


@pytest.mark.parametrize(
    ("package", "version", "severity"),
    [
        ("matrix-synapse", "1.157.1", Severity.ERROR),
        ("matrix-synapse", "1.157.2rc1", Severity.ERROR),
        ("matrix-synapse", "1.157.2", Severity.WARNING),
        ("matrix-synapse", "1.163.10", Severity.OK),
        ("matrix-synapse", "unknown", Severity.ERROR),
        ("vodozemac", "0.9.0.post2", Severity.ERROR),
        ("vodozemac", "0.10.0.post1", Severity.OK),
        ("vodozemac", "0.11.1", Severity.ERROR),
        ("vodozemac", "0.11.2", Severity.OK),
        ("matrix-nio", "0.25.2", Severity.ERROR),
        ("matrix-nio", "0.26", Severity.OK),
        ("matrix-nio", "0.26.3", Severity.OK),
        ("matrix-nio", "0.27.0", Severity.ERROR),
        ("matrix-nio", "0.260.0", Severity.ERROR),
        ("pynacl", "1.6.1", Severity.ERROR),
        ("pynacl", "2.0", Severity.OK),
    ],
)
def test_versions_are_held_against_the_security_floors(
    package: str, version: str, severity: Severity
) -> None:
    """Below the floor, or in a series nobody has tried: error; above the floor but old: warning."""
    versions = {**_GOOD, package: version}
    findings = check_versions(versions.__getitem__)
    assert [each.severity for each in findings if each.what.startswith(package)] == [severity]
    assert [each for each in _bad(findings) if not each[1].startswith(package)] == []


def test_a_missing_package_is_an_error() -> None:
    """A node without Synapse is told what to install."""

    def installed(package: str) -> str:
        if package == "matrix-synapse":
            raise PackageNotFoundError
        return _GOOD[package]

    assert _bad(check_versions(installed)) == [(Severity.ERROR, "matrix-synapse is not installed.")]


def test_versions_compare_by_number() -> None:
    """Not by letters, and trailing zeros do not count."""
    assert is_at_least("1.10", "1.9.9")
    assert is_at_least("1.9.0", "1.9")
    assert not is_at_least("1.9", "1.10")


@pytest.mark.parametrize("name", ["signing.key", "secrets", "media"])
def test_one_open_file_is_found_and_named(network: Network, name: str) -> None:
    """A file or folder that others may read is an error with its name; a link's own mode is none."""
    (network.folder / "link").symlink_to("homeserver.yaml")
    assert _bad(check_file_modes(network.folder, network.home.network)) == []
    (network.folder / name).chmod(0o750)
    findings = _bad(check_file_modes(network.folder, network.home.network))
    assert findings == [(Severity.ERROR, f"Open to other users of this machine: {name}.")]


@pytest.mark.parametrize(
    ("days", "severities"),
    [
        (0, {Severity.OK}),
        (380, {Severity.OK, Severity.WARNING}),
        (400, {Severity.OK, Severity.ERROR}),
        (3640, {Severity.WARNING, Severity.ERROR}),
        (-2, {Severity.ERROR}),
    ],
)
def test_certificates_are_held_against_the_clock(
    network: Network, days: int, severities: set[Severity]
) -> None:
    """The node's certificate lasts 397 days, the authority's 3650; a month before is a warning."""
    now = datetime.now(UTC) + timedelta(days=days)
    findings = check_certificates(network.config, network.manifest, network.folder, now=now)
    assert {each.severity for each in findings} == severities


def test_a_certificate_for_another_name_is_an_error(network: Network) -> None:
    """A valid certificate of the network's authority, but of another node."""
    network.authority.issue("weog.rogatory.test").write(
        network.folder / "tls.crt", network.folder / "tls.key"
    )
    findings = check_certificates(network.config, network.manifest, network.folder, now=datetime.now(UTC))
    assert _bad(findings) == [(Severity.ERROR, "tls.crt is not for africa.rogatory.test.")]


def test_another_authority_than_the_manifest_s_is_an_error(network: Network) -> None:
    """An authority of the same name with another key is not the network's."""
    CertificateAuthority.create("rogatory.test").write(
        network.home.network / "ca.crt", network.home.network / "ca.key"
    )
    findings = check_certificates(network.config, network.manifest, network.folder, now=datetime.now(UTC))
    assert _bad(findings) == [(Severity.ERROR, "The certificate authority is not the one of the manifest.")]


def test_an_unreadable_certificate_is_an_error(network: Network) -> None:
    """A damaged file is named; the other certificate is still checked."""
    (network.folder / "tls.crt").write_text("-----BEGIN CERTIFICATE-----")
    findings = check_certificates(network.config, network.manifest, network.folder, now=datetime.now(UTC))
    assert [each.severity for each in findings] == [Severity.ERROR, Severity.OK]


def test_a_manifest_that_ends_soon_is_a_warning(network: Network) -> None:
    """A month before its end the node's operator is told."""
    _, finding = check_manifest(
        network.config, network.folder, now=network.manifest.valid_until - timedelta(10)
    )
    assert (finding.severity, finding.what) == (Severity.WARNING, "The manifest expires in 10 days.")


def test_a_production_node_refuses_a_development_manifest(network: Network) -> None:
    """What a development root has signed is worth nothing outside development."""
    config = msgspec.structs.replace(network.config, development=False)
    manifest, finding = check_manifest(config, network.folder, now=datetime.now(UTC))
    assert manifest is None
    assert finding.severity is Severity.ERROR


def _settings(network: Network, **changes: object) -> Mapping[str, object]:
    rendered = read_rendered(network.folder)
    assert not isinstance(rendered, Finding)
    changed = {**rendered, **changes}
    (network.folder / "homeserver.yaml").write_text(yaml.safe_dump(changed))
    again = read_rendered(network.folder)
    assert not isinstance(again, Finding)
    return again


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        (
            {"federation_domain_whitelist": ["africa.rogatory.test", "court.rogatory.test", "evil.test"]},
            "The whitelist is not the manifest's (too many: evil.test; missing: weog.rogatory.test).",
        ),
        ({"federation_domain_whitelist": []}, "The whitelist is not the manifest's (missing: "),
        ({"federation_domain_whitelist": None}, "homeserver.yaml has no whitelist."),
        ({"federation_verify_certificates": False}, "The homeserver does not check its peers' certificates."),
    ],
)
def test_an_edited_whitelist_is_an_error(network: Network, changes: dict[str, object], what: str) -> None:
    """More servers than the manifest has, fewer, no list at all, or certificates that nobody checks."""
    assert check_whitelist(_settings(network), network.manifest).severity is Severity.OK
    finding = check_whitelist(_settings(network, **changes), network.manifest)
    assert finding.severity is Severity.ERROR
    assert finding.what.startswith(what)


def test_a_missing_fence_is_an_error(network: Network) -> None:
    """Switched off in node.toml, or taken out of homeserver.yaml."""
    settings = _settings(network)
    assert check_fence(network.config, settings).severity is Severity.OK
    off = check_fence(msgspec.structs.replace(network.config, fence=False), settings)
    assert (off.severity, off.what) == (Severity.ERROR, "The fence is switched off in node.toml.")
    peer_table, fence = ({"module": name} for name in (PEER_TABLE, FENCE))
    for modules in ([], None, ["fence"], [peer_table], [fence]):
        taken_out = check_fence(network.config, _settings(network, modules=modules))
        assert taken_out.severity is Severity.ERROR
        assert "does not load" in taken_out.what


def test_sqlite_outside_development_is_a_warning(network: Network) -> None:
    """In development it is fine."""
    settings = _settings(network)
    assert check_storage(network.config, settings).severity is Severity.OK
    production = msgspec.structs.replace(network.config, development=False)
    assert check_storage(production, settings).severity is Severity.WARNING


def test_files_of_another_user_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever owns a file can change it, whatever its mode."""
    tmp_path.chmod(0o700)
    monkeypatch.setattr("os.getuid", lambda: 4321)
    assert _bad(check_file_modes(tmp_path)) == [(Severity.ERROR, "Not this user's: ..")]
