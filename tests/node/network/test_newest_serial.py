"""A home remembers the newest manifest that it has believed, and believes no older one."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest

from client.session.local.private_files import write_private
from node.cli.sessions import pinned_manifest
from node.errors import HomeUnusable
from node.home import Home, open_home
from policies.trust.errors import ManifestRolledBack, ManifestSignatureInvalid
from policies.trust.manifest import Manifest, sign_manifest
from policies.trust.signing import SigningKey

ROOT = SigningKey.generate("test")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    opened = open_home(tmp_path / "home", create=True)
    write_private(opened.root_public_key, ROOT.public_key + "\n")
    return opened


def give(home: Home, serial: int) -> None:
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    manifest = Manifest(
        v=1,
        network="example.org",
        serial=serial,
        issued_at=now - datetime.timedelta(minutes=5),
        valid_until=now + datetime.timedelta(days=30),
        development=False,
        nodes=(),
        authorities=(),
        organs=(),
    )
    write_private(home.manifest, sign_manifest(manifest, ROOT))


def test_an_older_manifest_is_refused_once_a_newer_one_was_believed(home: Home) -> None:
    """Serial 8, then 7 put in its place: refused by name, and 8 is believed again, and 9."""
    for serial in (8, 8):
        give(home, serial)
        believed = pinned_manifest(home)
        assert believed is not None
        assert believed.serial == serial
    give(home, 7)
    with pytest.raises(ManifestRolledBack, match=r"manifest\.json is refused"):
        pinned_manifest(home)
    give(home, 9)
    assert pinned_manifest(home) is not None
    give(home, 8)
    with pytest.raises(ManifestRolledBack):
        pinned_manifest(home)


def test_a_forged_manifest_raises_nothing(home: Home) -> None:
    """A manifest that is refused for another reason leaves no mark: the genuine one is still believed."""
    give(home, 3)
    genuine = home.manifest.read_bytes()
    forged = msgspec.json.decode(genuine)
    home.manifest.write_bytes(msgspec.json.encode({**forged, "serial": 99}))
    with pytest.raises(ManifestSignatureInvalid, match="not signed by the network's root"):
        pinned_manifest(home)
    write_private(home.manifest, genuine)
    assert pinned_manifest(home) is not None


@pytest.mark.parametrize("text", ["", "-1", "nine", "\N{ARABIC-INDIC DIGIT TWO}"])
def test_a_memory_that_cannot_be_read_is_no_memory_of_nothing(home: Home, text: str) -> None:
    """A damaged file is an error with its name, never taken for a first time."""
    give(home, 1)
    write_private(home.newest_serial, text)
    with pytest.raises(HomeUnusable, match=r"manifest\.serial"):
        pinned_manifest(home)
