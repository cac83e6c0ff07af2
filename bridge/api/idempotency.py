"""One answer for one Idempotency-Key: stored with the intent of the request, in the same transaction."""

from __future__ import annotations

import hashlib
import re

import msgspec

from bridge.api.problem import ApiProblem, FieldProblem, ProblemKind
from bridge.register import Register
from policies.requests.draft import Draft
from policies.trust import canonical_json

HEADER = "Idempotency-Key"
PATTERN = "^[!-~]{1,255}$"
"""Printable ASCII without blanks, as a UUID."""


class AnsweredMeanwhile(Exception):
    """The same call was answered while this one was on its way; `answer` is that answer's body."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer


class StoredAnswers:
    """What was answered to which key of which token."""

    def __init__(self, register: Register) -> None:
        self._db = register.database

    def find(self, token_id: str, key: str, draft: Draft) -> bytes | None:
        """Return the body of the first answer to this key; None when there was none.

        Raises ApiProblem when the key was used for another draft.
        """
        row = self._db.execute(
            "SELECT draft_sha256, answer FROM api_answers WHERE token_id = ? AND idempotency_key = ?",
            [token_id, key],
        ).fetchone()
        if row is None:
            return None
        if row[0] != _digest(draft):
            reason = "The key stands for the draft that came with it first."
            raise ApiProblem(
                ProblemKind.KEY_REUSED,
                "Nothing was issued. Send a new draft with a new key.",
                [FieldProblem(HEADER, reason, "network default")],
            )
        return bytes(row[1])

    def store(self, token_id: str, key: str, draft: Draft, request_id: str, answer: bytes) -> None:
        """Store an answer; to be called within the transaction of the intent.

        Raises AnsweredMeanwhile or ApiProblem when the key has an answer already: then nothing is recorded.
        """
        earlier = self.find(token_id, key, draft)
        if earlier is not None:
            raise AnsweredMeanwhile(earlier)
        self._db.execute(
            "INSERT INTO api_answers VALUES (?, ?, ?, ?, ?)",
            [token_id, key, _digest(draft), request_id, answer],
        )


def checked_key(header: str | None) -> str | None:
    """Return the Idempotency-Key of a call, None without one. Raises ApiProblem if it is unfit."""
    if header is None or re.fullmatch(PATTERN, header):
        return header
    reason = "It must be 1 to 255 printable ASCII characters without blanks, as a UUID is."
    raise ApiProblem(
        ProblemKind.QUERY_INVALID,
        f"The header {HEADER} cannot be used.",
        [FieldProblem(HEADER, reason, "network default")],
    )


def _digest(draft: Draft) -> str:
    """Return a hash of what the draft means, not of how it was spelled: white space and order differ."""
    return hashlib.sha256(canonical_json.encode(msgspec.to_builtins(draft))).hexdigest()
