"""The manifest: what is accepted, and each way in which one is refused."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from policies.trust.canonical_json import encode
from policies.trust.errors import (
    DevelopmentManifestRefused,
    ManifestExpired,
    ManifestMalformed,
    ManifestNotYetValid,
    ManifestRejected,
    ManifestRolledBack,
    ManifestSignatureInvalid,
    NotInManifest,
)
from policies.trust.manifest import Manifest, read_manifest, sign_manifest
from policies.trust.signing import SigningKey, sign_object
from tests.policies.trust.networks import BEGIN, END, MANIFEST, NOW, ROOT


def read(data: bytes, **rules: Any) -> Manifest:
    return read_manifest(data, ROOT.public_key, **{"now": NOW, **rules})


def altered(*path: str | int, value: object) -> bytes:
    """The manifest as JSON, with one value replaced, then signed by the root."""
    received: Any = json.loads(msgspec.json.encode(MANIFEST))
    place = received
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    return encode(sign_object(received, "root", ROOT))


def test_manifest_comes_back_and_answers() -> None:
    """A signed manifest is read as it was, and finds nodes, peers, organs and authorities."""
    manifest = read(sign_manifest(MANIFEST, ROOT))
    assert manifest == MANIFEST
    assert manifest.server_names == ("africa.rogatory.test", "court.rogatory.test", "weog.rogatory.test")
    assert manifest.node("africa").port == 8449
    assert manifest.peer("weog.rogatory.test") == manifest.node("weog")
    assert manifest.peer("elsewhere.test") is None
    assert manifest.organ("OTP").user_id == "@otp:court.rogatory.test"
    assert manifest.authority("africa").region == "africa"
    for ask in (manifest.node, manifest.organ, manifest.authority):
        with pytest.raises(NotInManifest, match="elsewhere"):
            ask("elsewhere")


def test_times_on_the_wire() -> None:
    """Times are written in UTC to the second, with a Z."""
    assert json.loads(sign_manifest(MANIFEST, ROOT))["issued_at"] == "2026-11-22T10:00:00Z"


def test_unknown_fields_survive_and_are_signed() -> None:
    """A field of a later version is tolerated, and still covered by the signature."""
    data = altered("nodes", 0, "colour", value="blue")
    assert read(data) == MANIFEST
    with pytest.raises(ManifestSignatureInvalid):
        read(data.replace(b"blue", b"grey"))


def test_white_space_does_not_matter() -> None:
    """The signature is over the object, however a tool has laid out the file."""
    pretty = json.dumps(json.loads(sign_manifest(MANIFEST, ROOT)), indent=2).encode()
    assert read(pretty) == MANIFEST


def test_another_root_is_refused() -> None:
    """A manifest signed by another root, or by nobody, is refused whatever it calls its signer."""
    other = SigningKey("ed25519:root", SigningKey.generate("x").seed)
    unsigned = encode(msgspec.to_builtins(MANIFEST))
    for data in (sign_manifest(MANIFEST, other), unsigned, unsigned[:-1] + b',"signatures":{"root":[]}}'):
        with pytest.raises(ManifestSignatureInvalid):
            read(data)


KEY_NAME = re.compile(rb'(?<="root":\{")[^"]+(?=")')
"""The name of the root's key, where the signatures name it: the one part that no signature can cover."""


@given(st.data())
def test_any_altered_byte_is_refused(data: st.DataObject) -> None:
    """No byte of a signed manifest can be another one, but for the name that it gives the root's key."""
    signed = bytearray(sign_manifest(MANIFEST, ROOT))
    name = KEY_NAME.search(signed)
    assert name is not None
    place = data.draw(st.integers(0, len(signed) - 1).filter(lambda place: place not in range(*name.span())))
    signed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ManifestRejected):
        read(bytes(signed))


@given(st.text(min_size=1))
@example("issued_at")
def test_the_name_of_the_roots_key_means_nothing(name: str) -> None:
    """The key is pinned, not its name: under any name the same manifest is read, and nothing else."""
    renamed = KEY_NAME.sub(lambda _: json.dumps(name)[1:-1].encode(), sign_manifest(MANIFEST, ROOT))
    assert read(renamed) == MANIFEST


def test_signature_is_checked_before_anything_else() -> None:
    """Of a manifest that is forged and old and malformed, the forged signature is what is said."""
    received = {"v": "x", "serial": -1}
    with pytest.raises(ManifestSignatureInvalid):
        read(encode(sign_object(received, "root", SigningKey.generate("root"))), newest_serial=9)


def test_validity() -> None:
    """A manifest holds from its issue to just before its end."""
    data = sign_manifest(MANIFEST, ROOT)
    second = timedelta(seconds=1)
    assert read(data, now=BEGIN) == read(data, now=END - second) == MANIFEST
    with pytest.raises(ManifestNotYetValid, match="2026-11-22T10:00:00Z"):
        read(data, now=BEGIN - second)
    with pytest.raises(ManifestExpired, match="2027-11-23T10:00:00Z"):
        read(data, now=END)


def test_an_older_serial_is_refused() -> None:
    """A manifest with a smaller serial than one already seen is refused; the same one again is not."""
    data = sign_manifest(MANIFEST, ROOT)
    assert read(data, newest_serial=7).serial == 7
    with pytest.raises(ManifestRolledBack, match=r"7, and 8"):
        read(data, newest_serial=8)


def test_development_manifest() -> None:
    """A development manifest is refused unless it is accepted on purpose."""
    data = altered("development", value=True)
    with pytest.raises(DevelopmentManifestRefused):
        read(data)
    assert read(data, accept_development=True).development


NODE: dict[str, Any] = msgspec.to_builtins(MANIFEST.nodes[0])
MALFORMED: list[tuple[tuple[str | int, ...], object, str]] = [
    (("nodes", 1, "port"), "8448", "$.nodes[1].port"),
    (("nodes", 1, "port"), 65536, "$.nodes[1]"),
    (("nodes", 1, "server_name"), "Africa.rogatory.test", "$.nodes[1]"),
    (("nodes", 1, "server_name"), "a.test:8448", "$.nodes[1]"),
    (("nodes", 1, "host"), "a b", "$.nodes[1]"),
    (("nodes", 1, "region"), "../africa", "$.nodes[1]"),
    (("nodes", 1, "ca_sha256"), "AB" * 32, "$.nodes[1]"),
    (("nodes", 1), NODE, "region occurs twice: court"),
    (("nodes", 1), {**NODE, "region": "asia"}, "server name occurs twice: court.rogatory.test"),
    (("authorities", 0, "public_key"), "AAAA", "$.authorities[0]"),
    (("authorities", 0, "key_id"), "africa", "$.authorities[0]"),
    (("organs", 0, "keys", 0, "valid_from"), "2026-11-22T10:00:00+00:00", "$.organs[0].keys[0].valid_from"),
    (("organs", 0, "keys", 0, "valid_from"), "2026-02-30T10:00:00Z", "$.organs[0].keys[0].valid_from"),
    (("organs", 0, "keys", 0, "valid_until"), "2020-01-01T00:00:00Z", "$.organs[0].keys[0]"),
    (("issued_at",), "2026-11-22 10:00:00Z", "$.issued_at"),
    (("issued_at",), 1, "$.issued_at"),
    (("valid_until",), "2020-01-01T00:00:00Z", "ends before it begins"),
    (("v",), 2, "version 2"),
    (("serial",), -1, "serial"),
    (("serial",), True, "$.serial"),
    (("organs",), None, "$.organs"),
]


@pytest.mark.parametrize(("path", "value", "named"), MALFORMED)
def test_malformed_is_named(path: tuple[str | int, ...], value: object, named: str) -> None:
    """What is signed but malformed is refused with the place where it is wrong."""
    with pytest.raises(ManifestMalformed) as refused:
        read(altered(*path, value=value))
    assert named in refused.value.why
