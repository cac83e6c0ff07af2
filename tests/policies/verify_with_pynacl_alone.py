"""Verify a request of the Court with nothing of ours: only the wire format, and the root's public key.

    python tests/policies/verify_with_pynacl_alone.py CONTENT.json ROOM_ID MANIFEST.json ROOT_PUBLIC_KEY

CONTENT.json is the decrypted content of the event, ROOM_ID the room where it was seen, ROOT_PUBLIC_KEY the
pinned key in unpadded Base64. Ends with 0 when the request holds, else with 1 and a sentence on stderr.
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


def check(holds: bool, reason: str) -> None:
    if not holds:
        sys.exit(f"does not hold: {reason}")


def check_signature(obj: dict[str, Any], signature: str, public_key: str, reason: str) -> None:
    try:
        VerifyKey(from_base64(public_key)).verify(signed_bytes(obj), from_base64(signature))
    except (CryptoError, ValueError):
        check(False, reason)


def main(content_file: str, room_id: str, manifest_file: str, root_public_key: str) -> None:
    content = json.loads(Path(content_file).read_text())
    manifest = json.loads(Path(manifest_file).read_text())

    [root_signature] = manifest["signatures"]["root"].values()
    check_signature(manifest, root_signature, root_public_key, "the manifest is not signed by that root")

    request = content["org.rogatory.request"]
    originator = request["common"]["originator"]
    [organ] = [each for each in manifest["organs"] if each["organ"] == originator]
    [(key_id, signature)] = request["signatures"][originator].items()
    [key] = [each for each in organ["keys"] if each["key_id"] == key_id]
    check_signature(request, signature, key["public_key"], f"{originator} did not sign this request")
    check(key["valid_from"] <= request["issued_at"] < key["valid_until"], "the key was not valid then")
    check(request["room_id"] == room_id, "the request was signed for another room")

    digest = base64.b64encode(hashlib.sha256(content["body"].encode()).digest()).decode().rstrip("=")
    check(request["body_sha256"] == digest, "the text is not the one that was signed")


if __name__ == "__main__":
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
