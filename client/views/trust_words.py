"""The session's trust in a sender, in words for a person."""

from __future__ import annotations

from client.session.events import Trust

_BADGES = {
    Trust.ATTESTED: "attested",
    Trust.VERIFIED: "verified",
    Trust.PINNED: "known key",
    Trust.UNSIGNED_DEVICE: "UNKNOWN DEVICE",
    Trust.IDENTITY_CHANGED: "IDENTITY CHANGED",
    Trust.MISMATCHED_SENDER: "WRONG SENDER",
    Trust.UNDECRYPTABLE: "UNREADABLE",
}

_ALARMS = frozenset({Trust.UNSIGNED_DEVICE, Trust.IDENTITY_CHANGED, Trust.MISMATCHED_SENDER})

_MEANINGS = {
    Trust.ATTESTED: "A regional authority has attested this person and this key.",
    Trust.VERIFIED: "You have compared keys with this person.",
    Trust.PINNED: "The key is the one first seen for this person; nobody has attested or compared it.",
    Trust.UNSIGNED_DEVICE: "The sender has not signed the device that this came from. Do not rely on it.",
    Trust.IDENTITY_CHANGED: "The sender's key is not the one known before. Ask them by another way first.",
    Trust.MISMATCHED_SENDER: "The key that encrypted this is not the named sender's. Do not rely on it.",
    Trust.UNDECRYPTABLE: "This message cannot be read on this device.",
}


def badge(trust: Trust) -> str:
    """Return the word beside a message; a word in capitals is a warning, also without colour."""
    return _BADGES[trust]


def is_alarm(trust: Trust) -> bool:
    """Say whether a reader has to be warned before relying on the message."""
    return trust in _ALARMS


def meaning(trust: Trust) -> str:
    """Return what the badge means, in one or two plain sentences."""
    return _MEANINGS[trust]
