"""No byte of an export is free: changed alone, or with all that can be made to fit by who holds no key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.requests.export.container import Member, read_container, write_container
from policies.requests.export.errors import ExportError
from policies.requests.export.verdict import VerifiedExport
from policies.requests.export.verify import verify_export
from tests.policies.requests.case.world import RequestRoom
from tests.policies.requests.export.exports import Change, by_the_court, export_of, forged, messages_of
from tests.policies.trust.networks import ROOT

ROOM = RequestRoom()
MESSAGES = messages_of(ROOM)
EXPORT = export_of(ROOM, MESSAGES)
SMALL = export_of(ROOM, [ROOM.first], files={})
UNSIGNED = export_of(ROOM, MESSAGES, key=None)
BITS = (0x01, 0x20, 0x80)


def holds(data: bytes) -> VerifiedExport | None:
    try:
        return verify_export(data, ROOT.public_key)
    except ExportError:
        return None


def changed(data: bytes, at: int, bit: int) -> bytes:
    return data[:at] + bytes([data[at] ^ bit]) + data[at + 1 :]


def in_member(number: int, at: int, bit: int) -> Change:
    """Change one byte of one member."""

    def change(members: list[Member]) -> list[Member]:
        found = members[number]
        return [
            *members[:number],
            Member(found.name, changed(found.content, at, bit)),
            *members[number + 1 :],
        ]

    return change


@pytest.mark.parametrize("side", ["focal-point", "court"])
def test_every_byte_of_the_file(side: str) -> None:
    """Each byte in turn, of frames, names, checksums, directory and contents, in three bits: none holds."""
    data = EXPORT if side == "focal-point" else by_the_court(ROOM, MESSAGES)
    assert holds(data)
    assert [at for at in range(len(data)) for bit in BITS if holds(changed(data, at, bit))] == []


def test_every_cut_and_every_byte_more() -> None:
    """Cut anywhere, or with a byte put in anywhere: it does not hold."""
    assert holds(SMALL)
    assert [at for at in range(len(SMALL)) if holds(SMALL[:at])] == []
    assert [at for at in range(len(SMALL) + 1) if holds(SMALL[:at] + b"0" + SMALL[at:])] == []


def test_every_byte_of_a_signed_index() -> None:
    """Each byte of the index in an archive that is made to fit again: the exporter's signature fails."""
    members = list(read_container(SMALL))
    places = range(len(members[0].content))
    assert [at for at in places if holds(write_container(in_member(0, at, 1)(members)))] == []


def test_every_byte_that_a_signer_binds_needs_no_index() -> None:
    """Each byte of manifest, attestation and request, with archive and index made to fit and unsigned: it
    fails, or is in the frame of the message, where the verdict says that it is nobody's word."""
    members = read_container(SMALL)
    framed = members[-1].content
    free = []
    for number in range(1, len(members)):
        for at in range(len(members[number].content)):
            verified = holds(forged(SMALL, in_member(number, at, 1)))
            if verified is not None:
                assert verified.exporter_signature is None
                free.append((number, at))
    outside = {at for number, at in free if number == len(members) - 1}
    assert len(outside) == len(free)
    assert max(framed.index(b'"content":') + len(b'"content":'), 0) <= min(outside)
    content_ends = framed.index(b',"event_id":')
    assert min(outside) > content_ends


@given(st.data())
def test_what_holds_in_a_forged_export_was_signed(data: st.DataObject) -> None:
    """Whatever bytes of an unsigned export a forger changes, and makes fit: each text that is shown as
    holding is one that holds in the genuine one, and each file is one that was signed."""
    members = read_container(UNSIGNED)
    number = data.draw(st.integers(1, len(members) - 1))
    size = len(members[number].content)
    change = in_member(number, data.draw(st.integers(0, size - 1)), data.draw(st.integers(1, 255)))
    verified = holds(forged(UNSIGNED, change))
    if verified is None:
        return
    genuine = verify_export(UNSIGNED, ROOT.public_key)
    assert texts(verified) <= texts(genuine)
    assert {each.sha256 for each in verified.files} <= {each.sha256 for each in genuine.files}
    assert verified.exporter_signature is None


def texts(verified: VerifiedExport) -> set[str]:
    return {str(each.content["body"]) for each in verified.messages if each.event_id in verified.proofs}
