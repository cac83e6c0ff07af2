"""A desk of the Court on one real homeserver, and an attested focal point of Senegal beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from client.session.access import room_requests
from client.session.accounts import Account
from client.session.attested_keys import attested_keys
from client.session.events import InitialState, Json, RoomCreation
from client.session.local.private_files import private_folder, write_private
from node.home import Home, open_home
from policies.trust.attestation import EVENT_TYPE, attestation_state_key, sign_attestation
from policies.trust.manifest import Manifest, sign_manifest
from policies.trust.times import whole_utc
from tests.client.session.homeserver import Homeserver
from tests.client.session.people import ENCRYPTED, enrolled
from tests.network.rogatory import Rogatory
from tests.policies.trust.networks import AFRICA, ATTESTATION, MANIFEST, OTP, ROOT, node


@dataclass(frozen=True)
class CourtDesk:
    """The Court's command line on its home, the manifest, and the focal point's account."""

    rogatory: Rogatory
    manifest: Manifest
    focal_point: Account


async def court_desk(homeserver: Homeserver, root: Path, name: str) -> CourtDesk:
    """Lay the home out as a network has it: manifest, keys, the organ's account, the directory's room."""
    home = open_home(root / "home", create=True)
    court, _ = await enrolled(homeserver, home.accounts, f"{name}.otp")
    focal_point, _ = await enrolled(homeserver, root / "sen", f"{name}.sen")
    manifest = _manifest(homeserver, court.user_id)
    _write_trust(home, manifest)
    state = _attestation(focal_point)
    async with room_requests(court) as rooms:
        await rooms.create_room(
            RoomCreation(name="Directory", invite=(focal_point.user_id,), initial_state=(*ENCRYPTED, state))
        )
    return CourtDesk(Rogatory(home.root), manifest, focal_point)


def _manifest(homeserver: Homeserver, court: str) -> Manifest:
    organ = msgspec.structs.replace(MANIFEST.organ("OTP"), user_id=court)
    here = msgspec.structs.replace(node("africa", 8448), server_name=homeserver.name)
    return msgspec.structs.replace(MANIFEST, nodes=(here,), organs=(organ,))


def _write_trust(home: Home, manifest: Manifest) -> None:
    write_private(home.manifest, sign_manifest(manifest, ROOT))
    write_private(home.root_public_key, f"{ROOT.public_key}\n")
    write_private(private_folder(home.network / "organs") / "OTP.key", OTP.to_text())


def _attestation(focal_point: Account) -> InitialState:
    now = whole_utc(datetime.now(UTC))
    keys = attested_keys(focal_point, answers=True)
    attestation = msgspec.structs.replace(
        ATTESTATION,
        user_id=focal_point.user_id,
        master_key=keys.master_key,
        answer_key=keys.answer_key,
        valid_from=now - timedelta(hours=1),
        valid_until=now + timedelta(days=30),
    )
    content: dict[str, Json] = msgspec.convert(sign_attestation(attestation, AFRICA), dict[str, Json])
    return InitialState(
        type=EVENT_TYPE, state_key=attestation_state_key(focal_point.user_id), content=content
    )
