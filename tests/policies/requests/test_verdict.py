"""When a request holds, and the reason that is given when it does not."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.requests.wire import CONTENT_KEY, Verdict, verify_request
from policies.trust.manifest import Organ
from policies.trust.signing import SigningKey, sign_object
from tests.policies.requests.samples import ROOM, sample_content
from tests.policies.trust.networks import BEGIN, END, MANIFEST, OTP, otp_key


def verdict(content: Any, *, room_id: str = ROOM) -> Verdict:
    return verify_request(content, room_id=room_id, manifest=MANIFEST)


def resigned(changes: dict[str, object], organ: str = "OTP") -> dict[str, Any]:
    """The sample with its request changed and then signed anew."""
    content = sample_content()
    request = {**content[CONTENT_KEY], **changes, "signatures": {}}
    return {**content, CONTENT_KEY: sign_object(request, organ, OTP)}


def test_the_court_signed_it() -> None:
    """An unaltered request of the OTP holds, and the verdict names organ and key."""
    held = verdict(sample_content())
    assert held.holds
    assert (held.organ, held.key_id) == ("OTP", OTP.key_id)
    assert "OTP signed" in held.reason


def test_unknown_fields_of_a_later_version_are_covered() -> None:
    """A field that this version does not know is tolerated, and still signed."""
    content = resigned({"colour": "blue"})
    assert verdict(content).holds
    content[CONTENT_KEY]["colour"] = "grey"
    assert not verdict(content).holds


def refused(content: Any, reason: str, *, room_id: str = ROOM) -> None:
    denied = verdict(content, room_id=room_id)
    assert not denied.holds
    assert (denied.organ, denied.key_id) == (None, None)
    assert reason in denied.reason


def test_another_room() -> None:
    """A request copied into another room does not hold there."""
    refused(sample_content(), "for another room", room_id="!other:court.rogatory.test")


def test_another_text() -> None:
    """The text that is shown is the text that was signed, or the request does not hold."""
    content = sample_content()
    for body in (content["body"] + " ", content["body"].replace("SEN", "BEL"), "", None, "\ud800"):
        refused({**content, "body": body}, "not the text that was signed")


@pytest.mark.parametrize(
    "beside", ["formatted_body", "m.new_content", "m.relates_to", "org.matrix.msc1767.text"]
)
def test_a_second_unsigned_text(beside: str) -> None:
    """What a client could show instead of the signed text makes the request not hold."""
    refused({**sample_content(), beside: "<b>Pay at once</b>"}, beside)
    refused({**sample_content(), "msgtype": "m.image"}, "another message type")


def test_a_forged_signature() -> None:
    """Another key under the OTP's key id does not hold."""
    refused(sample_content(key=SigningKey(OTP.key_id, SigningKey.generate("x").seed)), "altered, or forged")


def test_a_key_that_the_manifest_does_not_name() -> None:
    """A key id that the manifest does not give to the organ does not hold."""
    refused(sample_content(key=SigningKey("ed25519:2031z", OTP.seed)), "no key 'ed25519:2031z'")


def test_a_key_outside_its_time() -> None:
    """A request issued before its key's time, or after it, does not hold."""
    assert verdict(sample_content(issued_at=BEGIN)).holds
    for issued_at in (BEGIN - timedelta(seconds=1), END):
        refused(sample_content(issued_at=issued_at), "holds from")


def test_a_new_key_beside_the_old_one() -> None:
    """After a change of keys, requests signed with either hold, each in its time."""
    newer = SigningKey.generate("2027a")
    later = msgspec.structs.replace(
        otp_key(END, END + timedelta(days=365)), key_id=newer.key_id, public_key=newer.public_key
    )
    organ = Organ(organ="OTP", user_id="@otp:court.rogatory.test", keys=(otp_key(), later))
    manifest = msgspec.structs.replace(MANIFEST, organs=(organ,))
    for content in (sample_content(), sample_content(key=newer, issued_at=END)):
        assert verify_request(content, room_id=ROOM, manifest=manifest).holds


def test_signed_by_another_than_it_says() -> None:
    """A request that names the OTP and is signed by somebody else says so."""
    refused(resigned({}, organ="REGISTRY"), "comes from OTP, and is signed by 'REGISTRY'")


def test_an_organ_that_the_manifest_does_not_know() -> None:
    """An originator outside the manifest does not hold, whoever signed."""
    refused(sample_content(organ="REGISTRY", originator="REGISTRY"), "no organ 'REGISTRY'")


def test_no_signature_and_no_request() -> None:
    """An unsigned request, and an ordinary message, do not hold."""
    content = sample_content()
    content[CONTENT_KEY]["signatures"] = {}
    refused(content, "signed by nobody")
    refused({"msgtype": "m.notice", "body": "hello"}, "no request")


def test_the_unsigned_part_is_refused() -> None:
    """`unsigned`, which Matrix leaves out of what it signs, cannot smuggle anything in."""
    content = sample_content()
    content[CONTENT_KEY]["unsigned"] = {"note": "pay at once"}
    refused(content, "unsigned")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"v": 2}, "version 2"),
        ({"id": "ROG-2026-SENEGAL"}, "id"),
        ({"template": "T13"}, "template"),
        ({"issued_at": "2026-11-23T11:00:00+01:00"}, "UTC"),
        ({"issued_at": "2026-11-23 10:00:00Z"}, "time"),
        ({"common": []}, "$.common"),
        ({"fields": None}, "$.fields"),
    ],
)
def test_malformed_is_named(change: dict[str, object], named: str) -> None:
    """A request of another shape does not hold, though it is signed, and the verdict names the place."""
    refused(resigned(change), named)


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(value, dict):
        return [leaf for key, member in value.items() for leaf in leaves(member, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [path]


CONTENT = sample_content()


@settings(max_examples=300)
@given(st.data())
def test_no_character_of_any_value_can_be_altered(data: st.DataObject) -> None:
    """Whatever value of the content is altered, in whatever place, the request no longer holds."""
    content = deepcopy(CONTENT)
    path = data.draw(st.sampled_from(leaves(content)))
    place: Any = content
    for step in path[:-1]:
        place = place[step]
    before = place[path[-1]]
    if isinstance(before, str):
        at = data.draw(st.integers(0, len(before)))
        place[path[-1]] = before[:at] + data.draw(st.characters(codec="utf-8")) + before[at:]
    else:
        place[path[-1]] = not before
    assert not verdict(content).holds


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(["id", "common", "fields", "signatures", "issued_at", "body_sha256", "v"]), _json)
def test_strangers_content_is_a_verdict_never_an_exception(name: str, value: object) -> None:
    """Whatever stands in a part of the request, the answer is a verdict with a reason."""
    content = sample_content()
    content[CONTENT_KEY][name] = value
    if content != CONTENT:
        assert verdict(content).reason
        assert not verdict(content).holds
    assert not verdict({CONTENT_KEY: value, "body": value}).holds
