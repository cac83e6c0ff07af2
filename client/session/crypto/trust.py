"""How far the sender of a decrypted event may be believed, with the reason in one sentence."""

from __future__ import annotations

from client.session.attestations import Attestations
from client.session.crypto.device_list import DeviceList
from client.session.crypto.inbound_sessions import BACKUP, InboundSession
from client.session.events import Trust

RESTORED = "Its key was restored from the backup, which does not prove who wrote it."


def assess(
    sender: str,
    session: InboundSession,
    devices: DeviceList,
    own_user_id: str,
    attestations: Attestations,
) -> tuple[Trust, str | None]:
    """Judge an event that `sender` is said to have sent and that `session` decrypted."""
    if session.provenance == BACKUP:
        return Trust.UNSIGNED_DEVICE, RESTORED
    if session.sender != sender:
        return (
            Trust.MISMATCHED_SENDER,
            f"The server says {sender} sent this, but the key it is encrypted with is {session.sender}'s.",
        )
    device = devices.find(sender, session.sender_key)
    if device is not None and device.ed25519 != session.signing_key:
        return Trust.MISMATCHED_SENDER, f"The key it is encrypted with is not that of {sender}'s device."
    identity = devices.identity(sender)
    if device is None:
        return Trust.UNSIGNED_DEVICE, f"It comes from a device of {sender} that is not known."
    if identity is None:
        return Trust.UNSIGNED_DEVICE, f"{sender} has no cross-signing identity."
    if identity.changed:
        return Trust.IDENTITY_CHANGED, f"The identity of {sender} has changed; ask in another way why."
    if not device.signed:
        return Trust.UNSIGNED_DEVICE, f"{sender} has not vouched for the device {device.device_id}."
    if sender == own_user_id:
        # A device that is not vouched for yet has its own identity from the server alone.
        return (Trust.VERIFIED if devices.own_identity_is_proven else Trust.PINNED), None
    standing = attestations.standing(sender, identity.master_key)
    if standing.attestation:
        return Trust.ATTESTED, None
    if devices.verified.holds(identity):
        return Trust.VERIFIED, None
    return Trust.PINNED, standing.doubt
