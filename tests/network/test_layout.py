"""The layout of a network in its home: made once, found again, completed where something is missing."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import pytest

from node.home import Home, open_home
from node.network.layout import NetworkLayout, lay_out_network
from node.network.ports import free_ports
from node.network.selection import selected_regions
from policies.network.errors import UnknownRegionCode
from policies.network.load import load_network
from policies.trust.errors import ManifestMalformed

NOW = datetime.datetime(2026, 11, 23, 10, 0, 0, tzinfo=datetime.UTC)
SERVERS = {"court": "court.rogatory.test", "africa": "africa.rogatory.test"}


def laid_out(home: Home, now: datetime.datetime = NOW, servers: dict[str, str] = SERVERS) -> NetworkLayout:
    return lay_out_network(
        home,
        network="rogatory.test",
        server_names=servers,
        court_account="@otp:court.rogatory.test",
        now=now,
    )


def files(home: Home) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in home.root.rglob("*") if path.is_file()}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return open_home(tmp_path / "home", create=True)


def test_a_second_layout_writes_nothing(home: Home) -> None:
    """Laying out again a day later says that nothing changed, and no byte of the home differs."""
    assert laid_out(home).changed
    before = files(home)
    assert not laid_out(home, NOW + datetime.timedelta(days=1)).changed
    assert files(home) == before


def test_a_region_that_comes_later_raises_the_serial(home: Home) -> None:
    """A manifest with one more node has the next serial, and the keys keep the validity they had."""
    first = laid_out(home).manifest
    later = laid_out(
        home, NOW + datetime.timedelta(days=1), {**SERVERS, "weog": "weog.rogatory.test"}
    ).manifest
    assert (first.serial, later.serial) == (1, 2)
    assert later.organs == first.organs
    assert later.authority("africa") == first.authority("africa")


def test_a_manifest_that_ends_soon_is_signed_anew(home: Home) -> None:
    """A month before its end the manifest is signed again for as long, also when it has ended already."""
    first = laid_out(home).manifest
    renewed = laid_out(home, first.valid_until - datetime.timedelta(days=29)).manifest
    assert renewed.serial == first.serial + 1
    ended = laid_out(home, renewed.valid_until + datetime.timedelta(days=29)).manifest
    assert ended.serial == renewed.serial + 1


def test_a_manifest_of_another_root_is_never_replaced(home: Home) -> None:
    """A manifest that our root has not signed is refused, and left as it is."""
    laid_out(home)
    manifest = json.loads(home.manifest.read_text())
    manifest["serial"] = 7
    home.manifest.write_text(json.dumps(manifest))
    with pytest.raises(ManifestMalformed):
        laid_out(home)
    assert json.loads(home.manifest.read_text())["serial"] == 7


def test_a_lost_certificate_is_made_again(home: Home) -> None:
    """A node whose certificate is gone gets a new one; the other node's stays."""
    laid_out(home)
    other = (home.node("court") / "tls.crt").read_bytes()
    (home.node("africa") / "tls.crt").unlink()
    assert laid_out(home).changed
    assert (home.node("africa") / "tls.crt").is_file()
    assert (home.node("court") / "tls.crt").read_bytes() == other


def test_ports_are_distinct_and_not_those_that_are_taken() -> None:
    """Free ports are all different, and none of those that were given as taken."""
    first = free_ports(20)
    assert len(set(first)) == 20
    assert set(free_ports(20, taken=first)).isdisjoint(first)


def test_the_court_is_always_selected() -> None:
    """`--regions weog,africa` means the Court's node too, in the policy's order."""
    assert selected_regions("weog, africa", load_network()) == ("court", "africa", "weog")
    assert len(selected_regions(None, load_network())) == 6


def test_an_unknown_region_names_the_nearest() -> None:
    """A misspelt region raises an error that names the one that was meant."""
    with pytest.raises(UnknownRegionCode, match="africa"):
        selected_regions("afrika", load_network())
