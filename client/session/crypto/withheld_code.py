"""Why a room key is withheld (Matrix spec, end-to-end, "Reporting that decryption keys are withheld")."""

from __future__ import annotations

import enum

WITHHELD = "m.room_key.withheld"


class WithheldCode(enum.StrEnum):
    """The codes of the specification. `m.unverified` and `m.no_olm` are those that we send."""

    BLACKLISTED = "m.blacklisted"
    UNVERIFIED = "m.unverified"
    UNAUTHORISED = "m.unauthorised"
    UNAVAILABLE = "m.unavailable"
    NO_OLM = "m.no_olm"


def in_words(code: WithheldCode | None, sender: str) -> str:
    """Return why `sender` gave no key and what to do, for a person; None stands for a code not known here."""
    why, remedy = _WORDS[code]
    return f"{sender} {why} {remedy}"


_WORDS = {
    WithheldCode.BLACKLISTED: (
        "has blocked this device, so its key was not given to it.",
        "Ask them why, by another way.",
    ),
    WithheldCode.UNVERIFIED: (
        "gives no key to a device that nobody vouches for, and this is one for them.",
        "Let your account vouch for it with `rogatory recover`; if it does, let them verify you with"
        " `rogatory verify`. Then ask them to send it again.",
    ),
    WithheldCode.UNAUTHORISED: (
        "gave no key: to them this device was not among those that may read this.",
        "Ask them to send it again if you should read it.",
    ),
    WithheldCode.UNAVAILABLE: (
        "no longer has its key.",
        "Ask them to send it again.",
    ),
    WithheldCode.NO_OLM: (
        "could not reach this device to give it the key.",
        "A new connection to them is being made, and the key comes by itself; if it does not, ask them to"
        " send it again.",
    ),
    None: (
        "has not given this device the key, for a reason that is not known here.",
        "Ask them why, by another way.",
    ),
}

REASONS = {
    WithheldCode.UNVERIFIED: "The device is not vouched for by its owner's identity.",
    WithheldCode.NO_OLM: "No one-time key of the device was to be had.",
}
"""What is sent beside the code, for people who read another client."""
