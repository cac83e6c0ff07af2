"""The session's trust in a sender, in words for a person: what it is called, why, and what to do about it.

Every command that is named here exists: `tests/client/views/test_trust_words.py` holds the words to that.
"""

from __future__ import annotations

from client.session.events import ENCRYPTED, KEY_BEGINS_LATER, NO_KEY, REDACTED, TimelineEvent, Trust
from client.views.safe_text import single_line

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
    Trust.IDENTITY_CHANGED: "The sender's key is not the one known before. Do not rely on it.",
    Trust.MISMATCHED_SENDER: "The key that encrypted this is not the named sender's. Do not rely on it.",
    Trust.UNDECRYPTABLE: "This message cannot be read on this device.",
}

_REMEDIES = {
    Trust.ATTESTED: "",
    Trust.VERIFIED: "",
    Trust.PINNED: "To be sure of the person, compare emoji: `rogatory verify {sender}`.",
    Trust.UNSIGNED_DEVICE: "Ask them in another way whether they wrote it. They vouch for a new device with"
    " `rogatory verify {sender}`, or on it with `rogatory recover --key-file FILE`.",
    Trust.IDENTITY_CHANGED: "Nothing is sent to them until you decide. Compare emoji, `rogatory verify"
    " {sender}`, or ask by telephone whether they began anew, and then accept the key: `rogatory identity"
    " {sender} --accept`.",
    Trust.MISMATCHED_SENDER: "Do nothing that it asks for. Tell a moderator, and who runs your homeserver.",
    Trust.UNDECRYPTABLE: "",
}
_KEY_MISSING = (
    "It appears by itself once its key comes. From your backup: `rogatory recover --key-file FILE`;"
    " else ask the sender to send it again."
)
_NOT_AS_SENT = (
    "Ask the sender to send it again; if it goes on, tell a moderator, and who runs your homeserver."
)
_NOT_ENCRYPTED = "Ask the sender to send it encrypted, and tell a moderator."


def badge(trust: Trust) -> str:
    """Return the word beside a message; a word in capitals is a warning, also without colour."""
    return _BADGES[trust]


def is_alarm(trust: Trust) -> bool:
    """Say whether a reader has to be warned before relying on the message."""
    return trust in _ALARMS


def meaning(trust: Trust) -> str:
    """Return what the badge means, in one or two plain sentences."""
    return _MEANINGS[trust]


def why(event: TimelineEvent) -> str:
    """Return why an event is believed so far: what the badge means, and what is known of this one."""
    reason = single_line(event.reason or "", most_characters=400, empty="")
    return f"{_MEANINGS[event.trust]} {reason}".strip()


def remedy(event: TimelineEvent) -> str:
    """Return what a reader can do about it, empty where nothing needs to be done."""
    if event.trust is Trust.UNDECRYPTABLE and event.reason != REDACTED:
        if event.type != ENCRYPTED:
            return _NOT_ENCRYPTED
        if event.reason in (NO_KEY, KEY_BEGINS_LATER):
            return _KEY_MISSING
        # Why somebody gave no key begins with who it was, and says itself what to do.
        return "" if (event.reason or "").startswith(event.sender) else _NOT_AS_SENT
    return _REMEDIES[event.trust].format(sender=single_line(event.sender, most_characters=255))
