"""What each region of a development network attests: signed once, kept, and signed anew when it must be.

In production an authority signs on a machine of its own; here its key lies in the home. The signed objects
are public, and are kept so that a second run publishes exactly what the first one did.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import msgspec

from client.session.local.private_files import private_folder, write_private
from policies.trust import canonical_json
from policies.trust.attestation import VERSION, Attestation, read_attestation, sign_attestation
from policies.trust.errors import AttestationRejected, CanonicalJsonError
from policies.trust.manifest import Manifest
from policies.trust.signing import SigningKey
from policies.trust.times import whole_utc

_VALID_FOR = datetime.timedelta(days=397)
_RENEW_BEFORE = datetime.timedelta(days=30)


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """Whom a region attests: an account, its function and its public keys (see `Attestation`)."""

    user_id: str
    region: str
    function: str
    state: str | None
    themes: tuple[str, ...]
    master_key: str
    answer_key: str | None


def attest(
    folder: Path,
    subject: Subject,
    authorities: Mapping[str, SigningKey],
    manifest: Manifest,
    *,
    now: datetime.datetime,
) -> dict[str, object]:
    """Return the signed attestation of a subject: the one in `folder` while it holds and says what it should.

    It is signed anew 30 days before it ends, and never outlasts the key that signs it. `authorities` are the
    regions' private keys.
    """
    now = whole_utc(now)
    authority = manifest.authority(subject.region)
    wanted = Attestation(
        v=VERSION,
        user_id=subject.user_id,
        state=subject.state,
        function=subject.function,
        themes=subject.themes,
        master_key=subject.master_key,
        answer_key=subject.answer_key,
        valid_from=now,
        valid_until=min(now + _VALID_FOR, authority.valid_until),
        authority=subject.region,
    )
    name = subject.user_id.removeprefix("@").replace(":", "@", 1)  # as the accounts' folders are named
    path = folder / f"{quote(name, safe='._=+-@')}.json"
    kept = _kept(path, wanted, manifest, now)
    if kept is not None:
        return kept
    signed = sign_attestation(wanted, authorities[subject.region])
    private_folder(folder)
    write_private(path, canonical_json.encode(signed))
    return signed


def _kept(
    path: Path, wanted: Attestation, manifest: Manifest, now: datetime.datetime
) -> dict[str, object] | None:
    """Return the attestation in a file if it still holds for a while and says what is wanted."""
    if not path.is_file():
        return None
    try:
        content = canonical_json.decode_object(path.read_bytes())
        before = read_attestation(content, manifest, now=now)
    except (AttestationRejected, CanonicalJsonError):
        return None
    ends_soon = before.valid_until - _RENEW_BEFORE <= now and before.valid_until < wanted.valid_until
    same = before == msgspec.structs.replace(
        wanted, valid_from=before.valid_from, valid_until=before.valid_until
    )
    return content if same and not ends_soon else None
