"""What a region's authority signs: kept as long as it is right, made anew when it is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from node.network.attestations import Subject, attest
from policies.trust.attestation import read_attestation
from policies.trust.errors import AttestationRejected
from policies.trust.signing import SigningKey
from tests.policies.trust.networks import AFRICA, END, FOCAL_POINT, MANIFEST, MASTER, NOW

SUBJECT = Subject(
    user_id=FOCAL_POINT,
    region="africa",
    function="focal-point",
    state="SEN",
    themes=("assets",),
    master_key=MASTER.public_key,
    answer_key=SigningKey.generate("answers").public_key,
)


def signed(folder: Path, subject: Subject = SUBJECT, now: datetime = NOW) -> dict[str, object]:
    return attest(folder, subject, {"africa": AFRICA}, MANIFEST, now=now)


def test_what_is_signed_holds_and_says_what_it_should(tmp_path: Path) -> None:
    """The attestation reads back against the manifest, ends with its authority's key, and lies there 0600."""
    found = read_attestation(signed(tmp_path), MANIFEST, now=NOW)
    assert (found.user_id, found.state, found.themes) == (FOCAL_POINT, "SEN", ("assets",))
    assert (found.master_key, found.answer_key) == (SUBJECT.master_key, SUBJECT.answer_key)
    assert found.valid_until == END
    (kept,) = tmp_path.iterdir()
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_second_signing_gives_the_same_bytes(tmp_path: Path) -> None:
    """Later, with nothing changed, the kept attestation is returned as it is."""
    assert signed(tmp_path) == signed(tmp_path, now=NOW + timedelta(days=100))


@pytest.mark.parametrize(
    "change",
    [
        {"themes": ("assets", "arrest")},
        {"master_key": AFRICA.public_key},
        {"answer_key": None},
        {"state": "MLI"},
    ],
)
def test_whoever_changes_is_attested_anew(tmp_path: Path, change: dict[str, object]) -> None:
    """Another theme, State, master key or answer key makes another attestation, which is then kept."""
    before = signed(tmp_path)
    changed = msgspec.structs.replace(SUBJECT, **change)
    later = NOW + timedelta(days=1)
    after = signed(tmp_path, changed, later)
    assert after != before
    assert signed(tmp_path, changed, later + timedelta(days=1)) == after


def test_it_is_renewed_30_days_before_its_end(tmp_path: Path) -> None:
    """Of an attestation of 397 days the 366th day keeps it, and the 368th renews it."""
    authority = msgspec.structs.replace(MANIFEST.authorities[0], valid_until=NOW + timedelta(days=1000))
    manifest = msgspec.structs.replace(MANIFEST, authorities=(authority,))

    def on_day(day: int) -> dict[str, object]:
        return attest(tmp_path, SUBJECT, {"africa": AFRICA}, manifest, now=NOW + timedelta(days=day))

    first = on_day(0)
    assert on_day(366) == first
    renewed = on_day(368)
    assert renewed != first
    end = read_attestation(renewed, manifest, now=NOW + timedelta(days=368)).valid_until
    assert end == NOW + timedelta(days=368 + 397)


def test_a_spoilt_file_is_replaced(tmp_path: Path) -> None:
    """A kept attestation that was altered, or is no JSON, is signed anew instead of being published."""
    signed(tmp_path)
    (kept,) = tmp_path.iterdir()
    for spoilt in (kept.read_text().replace("SEN", "MLI"), "{", ""):
        kept.write_text(spoilt)
        found = signed(tmp_path)
        assert read_attestation(found, MANIFEST, now=NOW).state == "SEN"
        with pytest.raises(AttestationRejected):
            read_attestation({**found, "state": "MLI"}, MANIFEST, now=NOW)
