"""How far the sender of a decrypted event may be believed, with the reason in one sentence."""

from __future__ import annotations

from client.session.crypto.device_list import DeviceList
from client.session.crypto.inbound_sessions import InboundSession
from client.session.events import Trust


def assess(
    sender: str, session: InboundSession, devices: DeviceList, own_user_id: str
) -> tuple[Trust, str | None]:
    """Judge an event that `sender` is said to have sent and that `session` decrypted."""
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
    return (Trust.VERIFIED if sender == own_user_id else Trust.PINNED), None
