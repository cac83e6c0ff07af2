r"""Verify a request of the Court, an answer to it or a step in it with nothing of ours but the wire format.

    python tests/policies/verify_with_pynacl_alone.py \
        CONTENT ROOM_ID MANIFEST ROOT_PUBLIC_KEY [REQUEST [ATTESTATION]]

CONTENT is a file with the decrypted content of the event, ROOM_ID the room where it was seen, MANIFEST the
network's, ROOT_PUBLIC_KEY the pinned key in unpadded Base64. For an answer or a step, REQUEST is the content
of the request's event; for an answer, ATTESTATION is that of its answerer. Ends with 0 when it holds, else
with 1 and a sentence on stderr.
"""

import base64
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey


def from_base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def signed_bytes(obj: dict[str, Any]) -> bytes:
    rest = {name: value for name, value in obj.items() if name != "signatures"}
    return json.dumps(rest, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def sha256(data: bytes) -> str:
    return base64.b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def check(holds: bool, reason: str) -> None:
    if not holds:
        sys.exit(f"does not hold: {reason}")


def check_signature(obj: dict[str, Any], signature: str, public_key: str, reason: str) -> None:
    try:
        VerifyKey(from_base64(public_key)).verify(signed_bytes(obj), from_base64(signature))
    except (CryptoError, ValueError):
        check(False, reason)


def check_organ(said: dict[str, Any], name: str, time: str, manifest: dict[str, Any]) -> None:
    [organ] = [each for each in manifest["organs"] if each["organ"] == name]
    [(key_id, signature)] = said["signatures"][name].items()
    [key] = [each for each in organ["keys"] if each["key_id"] == key_id]
    check_signature(said, signature, key["public_key"], f"{name} did not sign this")
    check(key["valid_from"] <= time < key["valid_until"], "the key was not valid then")


def check_answerer(
    answer: dict[str, Any], request: dict[str, Any], attestation: dict[str, Any], manifest: dict[str, Any]
) -> None:
    answerer, time = answer["answerer"], answer["answered_at"]
    region = attestation["authority"]
    [(key_id, signature)] = attestation["signatures"][region].items()
    [authority] = [
        each for each in manifest["authorities"] if (each["region"], each["key_id"]) == (region, key_id)
    ]
    [node] = [each for each in manifest["nodes"] if each["region"] == region]
    check_signature(attestation, signature, authority["public_key"], f"{region} did not attest this")
    check(
        authority["valid_from"] <= time < authority["valid_until"], "the authority's key was not valid then"
    )
    check(attestation["user_id"] == answerer, "the attestation is another person's")
    check(answerer.partition(":")[2] == node["server_name"], "the region may not attest that account")
    check(
        attestation["valid_from"] <= time < attestation["valid_until"], "the attestation was not valid then"
    )
    check(attestation["function"] == "focal-point", "the answerer is no focal point")
    check(attestation["state"] == request["common"]["requested_state"], "another State is asked")
    [signature] = answer["signatures"][answerer].values()
    check_signature(answer, signature, attestation["answer_key"], f"{answerer} did not sign this")


def read(file: str) -> dict[str, Any]:
    read_object: dict[str, Any] = json.loads(Path(file).read_text())
    return read_object


def main(content_file: str, room_id: str, manifest_file: str, root_public_key: str, *others: str) -> None:
    content, manifest = read(content_file), read(manifest_file)
    [root_signature] = manifest["signatures"]["root"].values()
    check_signature(manifest, root_signature, root_public_key, "the manifest is not signed by that root")

    [kind] = [each for each in content if each.startswith("org.rogatory.")]
    said = content[kind]
    request = said if kind == "org.rogatory.request" else read(others[0])["org.rogatory.request"]
    if kind == "org.rogatory.answer":
        check_answerer(said, request, read(others[1]), manifest)
    else:
        time = said["issued_at"] if said is request else said["occurred_at"]
        check_organ(said, request["common"]["originator"], time, manifest)
    if said is not request:
        check(said["request_id"] == request["id"], "it was signed for another request")
        check(said["request_sha256"] == sha256(signed_bytes(request)), "it was signed for another request")
    check(said["room_id"] == room_id, "it was signed for another room")
    check(said["body_sha256"] == sha256(content["body"].encode()), "the text is not the one that was signed")


if __name__ == "__main__":
    if len(sys.argv) not in (5, 6, 7):
        sys.exit(__doc__)
    main(*sys.argv[1:])
