"""A request on the wire: composed, read back, and too large or wrongly made ones refused."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest

from policies.requests.court_request import ID_PATTERN
from policies.requests.errors import DraftInvalid, RequestTooLarge
from policies.requests.wire import CONTENT_KEY, LARGEST_CONTENT, new_request_id, read_request
from policies.trust import canonical_json
from policies.trust.errors import CanonicalJsonError
from policies.trust.unpadded_base64 import unpadded_base64
from tests.policies.requests.samples import ID, ROOM, sample_content, sample_draft
from tests.policies.trust.networks import NOW, OTP


def test_the_content_is_that_of_the_wire_format() -> None:
    """The content has the keys of the design, and the signed object those and no others."""
    content = sample_content()
    request = content[CONTENT_KEY]
    assert set(content) == {"msgtype", "body", "org.rogatory.request"}
    assert content["msgtype"] == "m.notice"
    assert set(request) == {
        "v", "id", "template", "room_id", "issued_at", "common", "fields", "body_sha256", "signatures",
    }  # fmt: skip
    assert (request["v"], request["template"], request["room_id"]) == (1, "T13@1.0", ROOM)
    assert request["issued_at"] == "2026-11-23T10:00:00Z"
    assert request["body_sha256"] == unpadded_base64(hashlib.sha256(content["body"].encode()).digest())
    assert list(request["signatures"]) == ["OTP"]
    assert list(request["signatures"]["OTP"]) == [OTP.key_id]


def test_it_is_read_back() -> None:
    """What was composed is what is read, with the drafter's values under their names."""
    request = read_request(sample_content())
    assert request is not None
    assert (request.id, request.originator, request.issued_at) == (ID, "OTP", NOW)
    assert request.common == sample_draft().common
    assert request.fields == sample_draft().fields


@pytest.mark.parametrize("request_object", [None, [], "text", {}, {"v": 1}])
def test_what_is_no_request_is_none(request_object: object) -> None:
    """Content without a readable request is read as none, not as an error."""
    assert read_request({"body": "hello", CONTENT_KEY: request_object}) is None
    assert read_request({"body": "hello"}) is None


def test_the_same_request_has_the_same_bytes() -> None:
    """Composing twice gives the same content, so that sending again cannot send something else."""
    assert canonical_json.encode(sample_content()) == canonical_json.encode(sample_content())


def test_an_organ_signs_its_own_requests_only() -> None:
    """A request that names another originator than its signer is never composed."""
    with pytest.raises(DraftInvalid, match="REGISTRY"):
        sample_content(originator="REGISTRY")


def test_nothing_is_trimmed() -> None:
    """What fits is carried whole, what does not is refused with its size."""
    text = "x" * (LARGEST_CONTENT // 2 - 4000)
    assert text in sample_content(other_info=text)["body"]
    with pytest.raises(RequestTooLarge, match="bytes"):
        sample_content(other_info=text + "x" * 4000)


def test_what_cannot_be_signed_is_named() -> None:
    """A fraction in a value is refused with its path."""
    with pytest.raises(CanonicalJsonError, match="amount"):
        sample_content(other_info={"amount": 1.5})


def test_ids_are_opaque_and_of_their_year() -> None:
    """New ids have the shape of the wire format, name the year, and differ."""
    new_year = datetime(2027, 1, 1, tzinfo=UTC)
    ids = {new_request_id(new_year) for _ in range(200)}
    assert len(ids) == 200
    assert all(ID_PATTERN.fullmatch(each) and each.startswith("ROG-2027-") for each in ids)
