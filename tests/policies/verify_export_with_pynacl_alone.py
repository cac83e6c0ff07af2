r"""Verify the export of a case with nothing of ours but the format: zipfile, json, hashlib and pynacl.

    python tests/policies/verify_export_with_pynacl_alone.py EXPORT ROOT_PUBLIC_KEY

ROOT_PUBLIC_KEY is in unpadded Base64. Writes which messages hold, by event id, and who signed the index; ends
with 1 and a sentence on stderr when something that must hold does not. What can follow what in a case, it
does not judge: what is signed and has no effect is among those that hold, unless it repeats another.
"""

import base64
import hashlib
import json
import sys
import zipfile
from typing import Any

from nacl.exceptions import CryptoError
from nacl.signing import VerifyKey

KINDS = {
    "org.rogatory.request": "issued_at",
    "org.rogatory.answer": "answered_at",
    "org.rogatory.event": "occurred_at",
}


def from_base64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def to_base64(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


def canonical(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def signed_bytes(obj: dict[str, Any]) -> bytes:
    return canonical({name: value for name, value in obj.items() if name != "signatures"})


def signed_by(obj: dict[str, Any], signer: str, keys: list[str]) -> bool:
    """Whether the only signature of an object is the signer's, by one of some public keys."""
    if list(obj["signatures"]) != [signer] or len(obj["signatures"][signer]) != 1:
        return False
    [signature] = obj["signatures"][signer].values()
    for key in keys:
        try:
            VerifyKey(from_base64(key)).verify(signed_bytes(obj), from_base64(signature))
        except (CryptoError, ValueError):
            continue
        return True
    return False


def check(holds: bool, reason: str) -> None:
    if not holds:
        sys.exit(f"does not hold: {reason}")


def organ_keys(manifest: dict[str, Any], organ: str, time: str) -> list[str]:
    found = [each for each in manifest["organs"] if each["organ"] == organ]
    return [key["public_key"] for each in found for key in each["keys"]
            if key["valid_from"] <= time < key["valid_until"]]  # fmt: skip


def attestation_of(user: str, attestations: list[dict[str, Any]], time: str) -> dict[str, Any] | None:
    """The newest attestation of a user that had begun at a time, unless it had ended."""
    begun = [each for each in attestations if each["user_id"] == user and each["valid_from"] <= time]
    newest = max(begun, key=lambda each: each["valid_from"], default=None)
    return newest if newest and time < newest["valid_until"] else None


def check_attestation(attestation: dict[str, Any], manifest: dict[str, Any]) -> None:
    region, time = attestation["authority"], attestation["valid_from"]
    keys = [each["public_key"] for each in manifest["authorities"]
            if each["region"] == region and each["valid_from"] <= time < each["valid_until"]]  # fmt: skip
    check(signed_by(attestation, region, keys), f"{region} did not sign the attestation")
    [server] = [each["server_name"] for each in manifest["nodes"] if each["region"] == region]
    check(attestation["user_id"].partition(":")[2] == server, "the region may not attest that account")


def holds(content: Any, room_id: str, request: dict[str, Any], manifest: dict[str, Any],
          attestations: list[dict[str, Any]]) -> bool:  # fmt: skip
    """Whether a message is signed, text and all, by who may sign it, for this room and this request."""
    [name] = [each for each in KINDS if each in content]
    said, time = content[name], content[name].get(KINDS[name], "")
    if name == "org.rogatory.answer":
        attestation = attestation_of(said.get("answerer", ""), attestations, time)
        signer = said.get("answerer", "")
        fits = attestation is not None and attestation["function"] == "focal-point" and (
            attestation["state"] == request["common"]["requested_state"]
        )  # fmt: skip
        keys = [attestation["answer_key"]] if attestation and fits else []
    else:
        signer = request["common"]["originator"]
        keys = organ_keys(manifest, signer, time)
    bound = said is request or said.get("request_sha256") == to_base64(
        hashlib.sha256(signed_bytes(request)).digest()
    )
    return (
        set(content) == {"msgtype", "body", name}
        and said.get("room_id") == room_id
        and bound
        and said.get("body_sha256") == to_base64(hashlib.sha256(content["body"].encode()).digest())
        and signed_by(said, signer, keys)
    )


def main(path: str, root: str) -> None:
    with zipfile.ZipFile(path) as archive:
        members = {each.filename: archive.read(each) for each in archive.infolist()}
        check(len(members) == len(archive.infolist()), "a member is double")
    index = json.loads(members.pop("index.json"))
    listed = [{"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
              for name, data in members.items()]  # fmt: skip
    check(index["members"] == listed, "the members are not those of the index")
    values = {name: json.loads(data) for name, data in members.items() if name.endswith(".json")}
    check(
        all(canonical(value) == members[name] for name, value in values.items()), "a member is not canonical"
    )
    manifest = values["manifest.json"]
    check(signed_by(manifest, "root", [root]), "the root did not sign the manifest")
    check(
        manifest["issued_at"] <= index["exported_at"] < manifest["valid_until"], "the manifest was not valid"
    )
    attestations = [value for name, value in values.items() if name.startswith("attestations/")]
    for attestation in attestations:
        check_attestation(attestation, manifest)
    messages = [value for name, value in values.items() if name.startswith("messages/")]
    [request] = [each["content"]["org.rogatory.request"] for each in messages
                 if "org.rogatory.request" in each["content"]]  # fmt: skip
    check(request["id"] == index["request_id"], "it is another request")
    holding: dict[bytes, dict[str, Any]] = {}
    for message in messages:
        if isinstance(message["content"], dict) and holds(
            message["content"], index["room_id"], request, manifest, attestations
        ):
            holding.setdefault(canonical(message["content"]), message)
    check(any("org.rogatory.request" in each["content"] for each in holding.values()), "the request does not")
    answers = [each["content"].get("org.rogatory.answer", {}) for each in holding.values()]
    signed = {file["sha256"]: file["size"] for each in answers for file in each.get("attachments", [])}
    for name, data in members.items():
        if name.startswith("attachments/"):
            sha256 = hashlib.sha256(data).hexdigest()
            check(
                name == f"attachments/{sha256}" and signed.get(sha256) == len(data),
                "a file is not the signed one",
            )
    signer = next(iter(index["signatures"]), None)
    if signer is not None:
        time = index["exported_at"]
        attested = attestation_of(index["exporter"], attestations, time)
        keys = organ_keys(manifest, signer, time) or [attested["answer_key"] if attested else ""]
        check(signed_by(index, signer, keys), "the exporter did not sign the index")
    found = {"holding": sorted(each["event_id"] for each in holding.values()), "index_signed_by": signer}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
