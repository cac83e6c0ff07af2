"""An export from either side proves its case, and nothing that was changed, left out or added in it holds."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import msgspec
import pytest

from policies.requests.case.refusal import Refusal
from policies.requests.case.step import StepCode
from policies.requests.errors import CaseNotOpened
from policies.requests.export.container import Member, read_container, write_container
from policies.requests.export.errors import (
    ExportAltered,
    ExportError,
    ExportIncomplete,
    ExportUnproven,
    ExportUnreadable,
)
from policies.requests.export.verify import verify_export
from policies.trust.manifest import sign_manifest
from policies.trust.signing import SigningKey, sign_object
from tests.policies.requests.case.world import (
    ANSWER_KEY,
    DAY,
    FOCAL_POINT,
    HOUR,
    KEYLESS,
    NOW,
    OLD_KEYS,
    STANDING,
    STRANGERS_KEY,
    WORLD,
    RequestRoom,
    account,
    acknowledged,
    attested,
)
from tests.policies.requests.export.exports import (
    COURT,
    FILES,
    LATER,
    REPORT_SHA256,
    Change,
    by_the_court,
    export_of,
    forged,
    messages_of,
    replaced,
)
from tests.policies.trust.networks import AFRICA, ROOT

ROOM = RequestRoom()
MESSAGES = messages_of(ROOM)
EXPORT = export_of(ROOM, MESSAGES)
UNSIGNED = export_of(ROOM, MESSAGES, key=None)


def names(data: bytes) -> list[str]:
    return [member.name for member in read_container(data)]


@pytest.mark.parametrize("side", ["focal point", "court"])
def test_either_side_proves_the_same_case(side: str) -> None:
    """The case is the one that the reducer makes of the room, refused messages as refused."""
    data = EXPORT if side == "focal point" else by_the_court(ROOM, MESSAGES)
    verified = verify_export(data, ROOT.public_key)
    case = ROOM.case(*MESSAGES[1:])
    assert (verified.case.state, verified.case.refused) == (case.state, case.refused)
    assert [each.sha256 for each in verified.case.history] == [each.sha256 for each in case.history]
    assert {each.refusal for each in case.refused} == {Refusal.REPLAYED, Refusal.MALFORMED}
    assert verified.exporter == (FOCAL_POINT if side == "focal point" else COURT)
    assert verified.exporter_signature is not None
    assert verified.proofs.keys() == {each.event_id for each in MESSAGES[:5]}
    assert [each.sha256 for each in verified.files] == [REPORT_SHA256]
    assert (verified.is_complete, verified.cautions) == (True, ())


def test_ordinary_tools_open_it() -> None:
    """A ZIP reader that nobody here wrote finds the members whole, private and uncompressed."""
    with zipfile.ZipFile(io.BytesIO(EXPORT)) as archive:
        assert archive.testzip() is None
        found = archive.infolist()
        assert [each.filename for each in found] == names(EXPORT)
        assert {each.compress_type for each in found} == {zipfile.ZIP_STORED}
        assert {each.date_time for each in found} == {(1980, 1, 1, 0, 0, 0)}
        assert {each.external_attr >> 16 for each in found} == {0o100600}
        assert archive.read(f"attachments/{REPORT_SHA256}") == FILES[REPORT_SHA256]


def test_the_same_case_is_the_same_file() -> None:
    """In whatever order, and however often, the messages are given: the bytes are the same."""
    assert export_of(ROOM, [*reversed(MESSAGES), *MESSAGES]) == EXPORT


def test_a_member_removed_added_renamed_doubled_or_moved() -> None:
    """Each fails under the signed index, and still where the index is made to fit and left unsigned."""
    at = names(EXPORT).index("messages/00002.json")
    changes: dict[str, Change] = {
        "removed": lambda m: m[:at] + m[at + 1 :],
        "added": lambda m: [*m, Member("attachments/" + "0" * 64, b"")],
        "renamed": lambda m: [Member("messages/00009.json", e.content) if e is m[at] else e for e in m],
        "doubled": lambda m: [*m[: at + 1], *m[at:]],
        "doubled with a name": lambda m: [*m[:-1], Member("messages/00008.json", m[at].content), m[-1]],
        "moved": lambda m: [*m[:at], m[at + 1], m[at], *m[at + 2 :]],
        "swapped": lambda m: [
            *m[:at], Member(m[at].name, m[at + 1].content), Member(m[at + 1].name, m[at].content), *m[at + 2:]
        ],
        "no file": lambda m: m[:-1],
        "no manifest": lambda m: [m[0], *m[2:]],
        "no attestation": lambda m: [*m[:2], *m[3:]],
    }  # fmt: skip
    for change in changes.values():
        with pytest.raises((ExportAltered, ExportIncomplete)):
            verify_export(write_container(change(list(read_container(EXPORT)))), ROOT.public_key)
        with pytest.raises(ExportError):
            verify_export(forged(EXPORT, change), ROOT.public_key)


def test_a_message_left_out_by_its_exporter_shows_whose_word_it_is() -> None:
    """A forger without the exporter's key who leaves the last message out is left with an unsigned index."""

    def without_the_last(members: list[Member]) -> list[Member]:
        return [each for each in members if each.name != "messages/00007.json"]

    verified = verify_export(forged(EXPORT, without_the_last), ROOT.public_key)
    assert verified.exporter_signature is None
    assert "nobody's word" in " ".join(verified.cautions)
    assert "that nothing of the case is left out" in verified.said_by_exporter
    with pytest.raises(ExportUnproven, match="not signed by a key that its exporter had"):
        verify_export(forged(EXPORT, without_the_last, key=STRANGERS_KEY), ROOT.public_key)


def test_bytes_before_between_and_after() -> None:
    """Trailing and leading bytes, a comment, a cut: the archive is not the one that its members make."""
    with zipfile.ZipFile(buffer := io.BytesIO(EXPORT), "a") as archive:
        archive.comment = b"x"
    for data in (
        EXPORT + b"\0",
        b"\0" + EXPORT,
        buffer.getvalue(),
        EXPORT[:-1],
        EXPORT[:40],
        b"",
        b"PK\x03\x04",
    ):
        with pytest.raises((ExportAltered, ExportUnreadable)):
            verify_export(data, ROOT.public_key)


def test_compressed_anew_by_an_ordinary_tool() -> None:
    """The same members written by another ZIP program are another file, and refused."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in read_container(EXPORT):
            archive.writestr(member.name, member.content)
    with pytest.raises(ExportError):
        verify_export(buffer.getvalue(), ROOT.public_key)


def test_another_root() -> None:
    """Under any other root nothing of it is believed."""
    with pytest.raises(ExportUnproven, match="root"):
        verify_export(EXPORT, SigningKey.generate("root").public_key)


def test_a_development_root_is_named_as_such() -> None:
    """It is accepted, for what it is worth, and the verdict says so first."""
    development = msgspec.structs.replace(WORLD, development=True)
    data = export_of(ROOM, MESSAGES, manifest=sign_manifest(development, ROOT))
    assert "DEVELOPMENT ROOT" in verify_export(data, ROOT.public_key).cautions[0]


def test_keys_and_attestations_that_ended_and_were_renewed_since() -> None:
    """Signed with a key that ended soon after, answered under an attestation that a later one has replaced:
    it is the time of signing that counts, for ever."""
    room = RequestRoom()
    plain = {k: v for k, v in room.request["org.rogatory.request"].items() if k != "signatures"}
    room.request["org.rogatory.request"] = sign_object(plain, room.organ, OLD_KEYS[room.organ])
    room.first = room.message(room.request, account(room.organ), NOW)
    new_key = SigningKey.generate("answer")
    attestations = (
        attested(FOCAL_POINT, valid_until=NOW + DAY),
        attested(FOCAL_POINT, valid_from=NOW + DAY, answer_key=new_key.public_key),
    )
    standing = msgspec.structs.replace(STANDING, attestations=attestations)
    answer = acknowledged(room, NOW + HOUR)
    data = export_of(room, [room.first, answer], standing=standing, key=new_key, files={})
    verified = verify_export(data, ROOT.public_key)
    proofs = [verified.proofs[each.event_id] for each in (room.first, answer)]
    assert [each.key_id for each in proofs] == ["ed25519:2025a", "ed25519:answer"]
    assert proofs[1].public_key == ANSWER_KEY.public_key
    assert verified.exporter_signature is not None
    assert verified.exporter_signature.public_key == new_key.public_key
    with_old_key = export_of(room, [room.first, answer], standing=standing, files={})
    assert verify_export(with_old_key, ROOT.public_key).exporter_signature is None


def test_a_manifest_that_was_not_valid_when_it_was_exported() -> None:
    """An export dated before its manifest was issued, or after it ended, fails."""
    for at in (WORLD.issued_at - DAY, WORLD.valid_until + DAY):
        data = export_of(ROOM, MESSAGES, exported_at=at, key=None)
        with pytest.raises(ExportUnproven, match="manifest"):
            verify_export(data, ROOT.public_key)


def test_somebody_without_a_key_exports_unsigned() -> None:
    """Somebody without an attested key can export: the signers' words hold, theirs are not signed."""
    for by in (KEYLESS, "@nobody:weog.rogatory.test"):
        verified = verify_export(export_of(ROOM, MESSAGES, by=by), ROOT.public_key)
        assert (verified.exporter, verified.exporter_signature) == (by, None)
        assert len(verified.proofs) == 5


def test_what_no_signature_binds_is_not_in_a_message_that_holds() -> None:
    """Mentions, a second signature and another name of an answer key are left out; put back, they fail."""
    answer = acknowledged(ROOM, NOW + HOUR)
    said = dict(answer.content["org.rogatory.answer"])  # type: ignore[call-overload] # an object on the wire
    [signature] = said["signatures"][FOCAL_POINT].values()
    said["signatures"] = {FOCAL_POINT: {"ed25519:zzz": signature}, "@x:y": {"ed25519:a": "b"}}
    loose = ROOM.message(
        {**answer.content, "m.mentions": {}, "org.rogatory.answer": said}, FOCAL_POINT, NOW + HOUR
    )
    data = export_of(ROOM, [ROOM.first, loose], files={})
    [*_, member] = read_container(data)
    framed = json.loads(member.content)
    assert framed["content"].keys() == {"msgtype", "body", "org.rogatory.answer"}
    kept = framed["content"]["org.rogatory.answer"]["signatures"]
    assert kept == {FOCAL_POINT: {"ed25519:answer": signature}}
    loose_parts: list[dict[str, object]] = [{"m.mentions": {}}, {"org.rogatory.answer": said}]
    for loosened in loose_parts:
        framed["content"].update(loosened)
        text = json.dumps(framed, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        put_back = forged(data, replaced(member.name, text))
        with pytest.raises(ExportUnproven, match="more than what its signature binds"):
            verify_export(put_back, ROOT.public_key)


def test_a_file_that_is_not_to_be_had() -> None:
    """It is listed as missing, and the verdict says that the export is not complete."""
    verified = verify_export(export_of(ROOM, MESSAGES, files={}), ROOT.public_key)
    assert (verified.missing, verified.is_complete) == (frozenset({REPORT_SHA256}), False)
    with pytest.raises(ExportIncomplete):
        verify_export(forged(EXPORT, lambda members: members[:-1]), ROOT.public_key)


def test_a_file_with_another_content() -> None:
    """A file whose bytes are not those that the answer signed fails, under whatever name and index."""
    own = f"attachments/{REPORT_SHA256}"
    for name in (own, "attachments/" + "0" * 64):
        data = forged(EXPORT, replaced(own, b"Other.", name))
        with pytest.raises(ExportError):
            verify_export(data, ROOT.public_key)


def test_an_attestation_by_nobody_or_for_somebody_else() -> None:
    """One that its authority did not sign, and a genuine one that does not belong, both fail."""

    def with_first(content: dict[str, object]) -> bytes:
        text = json.dumps(content, separators=(",", ":"), sort_keys=True).encode()
        return forged(EXPORT, lambda m: [*m[:2], Member("attestations/00001.json", text), *m[3:]])

    with pytest.raises(ExportUnproven, match="authority"):
        verify_export(with_first({**attested(FOCAL_POINT), "state": "GHA"}), ROOT.public_key)
    with pytest.raises(ExportIncomplete, match="does not belong"):
        verify_export(with_first(attested("@gha.other:africa.rogatory.test")), ROOT.public_key)
    assert AFRICA.key_id in json.dumps(attested(FOCAL_POINT))


def test_a_room_without_a_request_has_nothing_to_export() -> None:
    """Without a request that holds there is no case, and so no export."""
    with pytest.raises(CaseNotOpened):
        export_of(ROOM, MESSAGES[1:])


def test_a_reminder_of_the_court_and_its_repost_are_one() -> None:
    """What the Court posts again for who came later is in the export twice, and in the case once."""
    again = ROOM.message(dict(MESSAGES[2].content), account(ROOM.organ), NOW + DAY)
    withdrawn = ROOM.step(
        StepCode.WITHDRAWN_BY_COURT, NOW + DAY + timedelta(minutes=1), reason="EXERCISE ONLY"
    )
    verified = verify_export(
        export_of(ROOM, [*MESSAGES, again, withdrawn], exported_at=LATER), ROOT.public_key
    )
    assert len(verified.messages) == 9
    assert len(verified.case.history) == 5
    assert verified.case.state.value == "withdrawn"
