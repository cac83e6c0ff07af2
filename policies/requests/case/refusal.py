"""The kinds of reason for which an answer or a step has no effect."""

from __future__ import annotations

import enum


class Refusal(enum.StrEnum):
    """Why a communication is refused. What is refused is recorded with this, and changes nothing."""

    TOO_LARGE = "too-large"
    """More than one encrypted event holds."""
    MALFORMED = "malformed"
    """Not an answer or a step that this version can read, or one with parts that nobody signed."""
    CONTROL_CHARACTERS = "control-characters"
    """A text holds characters that steer a screen, or turn the direction of what is read."""
    REQUEST_DOES_NOT_HOLD = "request-does-not-hold"
    """What calls itself a request is none of the Court for this room."""
    OTHER_ROOM = "other-room"
    OTHER_REQUEST = "other-request"
    """It was signed for another request, or for another version of this one."""
    OTHER_TEXT = "other-text"
    """The text that is shown is not the text that was signed."""
    WRONG_TIME = "wrong-time"
    """Signed for a time at which it cannot have been sent."""
    SIGNATURE = "signature"
    NOT_ATTESTED = "not-attested"
    ATTESTATION_EXPIRED = "attestation-expired"
    OTHER_STATE = "other-state"
    """The answerer is attested, for another State."""
    NOT_FOCAL_POINT = "not-focal-point"
    """The answerer is attested, for another function."""
    NO_ANSWER_KEY = "no-answer-key"
    OTHER_ORGAN = "other-organ"
    """The step is not that of the organ whose request it is."""
    KEY_OUT_OF_DATE = "key-out-of-date"
    UNKNOWN_CODE = "unknown-code"
    """No such outcome or step exists."""
    NOT_LAWFUL_HERE = "not-lawful-here"
    """The outcome exists, and does not answer this request, or not as it now stands."""
    INCOMPLETE = "incomplete"
    """A detail that it cannot do without is missing or wrong."""
    REPLAYED = "replayed"
    """It was posted before."""
    OUT_OF_ORDER = "out-of-order"
    """The step cannot follow what came before it."""
    CASE_OVER = "case-over"
    """The request was closed or withdrawn before."""

    @property
    def remedy(self) -> str:
        """What whoever reads the refusal can do."""
        if self in _FOR_THE_ANSWERER:
            return "Correct it, sign it anew and send it again."
        if self in _OF_STANDING:
            return "Ask the State's regional authority who may answer for it."
        return "Give it no effect; ask the sender about it by another way."


_FOR_THE_ANSWERER = frozenset({
    Refusal.TOO_LARGE, Refusal.CONTROL_CHARACTERS, Refusal.WRONG_TIME, Refusal.UNKNOWN_CODE,
    Refusal.NOT_LAWFUL_HERE, Refusal.INCOMPLETE, Refusal.OUT_OF_ORDER, Refusal.CASE_OVER,
})  # fmt: skip
_OF_STANDING = frozenset({
    Refusal.NOT_ATTESTED, Refusal.ATTESTATION_EXPIRED, Refusal.OTHER_STATE, Refusal.NOT_FOCAL_POINT,
    Refusal.NO_ANSWER_KEY,
})  # fmt: skip
