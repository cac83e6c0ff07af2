"""What says the same in other bytes, and what says another thing than was signed, is no export either."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policies.requests.case.answer import AttachedFile
from policies.requests.export.container import Member, read_container, write_container
from policies.requests.export.errors import ExportAltered, ExportError, ExportUnproven
from policies.requests.export.verify import verify_export
from policies.trust import canonical_json
from policies.trust.signing import SigningKey, sign_object
from tests.policies.requests.case.world import ANSWER_KEY, FOCAL_POINT, FROZEN, HOUR, NOW, RequestRoom
from tests.policies.requests.export.exports import (
    REPORT,
    REPORT_SHA256,
    export_of,
    forged,
    messages_of,
    replaced,
)
from tests.policies.trust.networks import ROOT

ROOM = RequestRoom()
EXPORT = export_of(ROOM, messages_of(ROOM))


def with_index(changes: dict[str, Any], key: SigningKey | None = None) -> bytes:
    """The same members under another index, signed anew by `key`, in an archive that is made to fit."""
    first, *others = read_container(EXPORT)
    index = {**json.loads(first.content), **changes}
    signed = sign_object(index, FOCAL_POINT, key) if key else index
    return write_container([Member(first.name, canonical_json.encode(signed)), *others])


@pytest.mark.parametrize("name", [each.name for each in read_container(EXPORT) if each.name.endswith("json")])
def test_json_in_another_spelling(name: str) -> None:
    """A space, another order of keys or an escape, where the signed object stays the same: altered."""
    [content] = [each.content for each in read_container(EXPORT) if each.name == name]
    value = json.loads(content)
    spellings = [
        content + b"\n",
        json.dumps(value).encode(),
        json.dumps(dict(reversed(value.items())), ensure_ascii=False, separators=(",", ":")).encode(),
        content.replace(b"r", b"\\u0072", 1),
    ]
    for spelling in spellings:
        assert json.loads(spelling) == value
        members = [Member(e.name, spelling) if e.name == name else e for e in read_container(EXPORT)]
        data = write_container(members) if name == "index.json" else forged(EXPORT, replaced(name, spelling))
        with pytest.raises(ExportAltered):
            verify_export(data, ROOT.public_key)


def test_an_index_of_another_request() -> None:
    """An unsigned index that names another request than the one that is signed fails."""
    with pytest.raises(ExportUnproven, match="ROG-2026-AAAAAA"):
        verify_export(with_index({"request_id": "ROG-2026-AAAAAA", "signatures": {}}), ROOT.public_key)


def test_a_second_signature_of_an_index() -> None:
    """One signature more, of whoever, or the exporter's under another name, is nobody's to add."""
    [signature] = json.loads(read_container(EXPORT)[0].content)["signatures"][FOCAL_POINT].values()
    own = {"ed25519:answer": signature}
    added: list[dict[str, dict[str, str]]] = [
        {FOCAL_POINT: {**own, "ed25519:more": signature}},
        {FOCAL_POINT: own, "@x:africa.rogatory.test": own},
        {FOCAL_POINT: {"ed25519:answes": signature}},
        {FOCAL_POINT: {}},
    ]
    for signatures in added:
        with pytest.raises(ExportError):
            verify_export(with_index({"signatures": signatures}), ROOT.public_key)


def test_an_index_of_another_version_or_with_more_in_it() -> None:
    """A later version, an unknown field, another kind: unreadable, though its exporter has signed it."""
    changes: list[dict[str, Any]] = [
        {"v": 2}, {"more": 1}, {"kind": "org.rogatory.answer"}, {"exported_at": "2026-11-25"},
    ]  # fmt: skip
    for change in changes:
        with pytest.raises(ExportError, match="Its index cannot be read"):
            verify_export(with_index({**change, "signatures": {}}, ANSWER_KEY), ROOT.public_key)


def test_a_file_of_another_size_than_was_signed() -> None:
    """The right hash with a wrong size in the signed answer is not passed over."""
    answer = ROOM.answer(
        "FROZEN",
        FROZEN,
        NOW + HOUR,
        attachments=(AttachedFile(name="Report.pdf", size=len(REPORT) + 1, sha256=REPORT_SHA256),),
    )
    with pytest.raises(ExportUnproven, match="bytes, and"):
        verify_export(export_of(ROOM, [ROOM.first, answer]), ROOT.public_key)
