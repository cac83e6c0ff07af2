"""One answer for one Idempotency-Key: stored with what the call has recorded, in the same transaction."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping

from bridge.api.problem import ApiProblem, FieldProblem, ProblemKind
from bridge.register import Register
from policies.trust import canonical_json

HEADER = "Idempotency-Key"
PATTERN = "^[!-~]{1,255}$"
"""Printable ASCII without blanks, as a UUID."""


class AnsweredMeanwhile(Exception):
    """The same call was answered while this one was on its way; `answer` is that answer's body."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self.answer = answer


class OneAnswer:
    """The one answer to a call of a token that came with a `key`; without one each call has its own.

    `asked` is what the call asks, read: the same in other white space is the same.
    """

    def __init__(
        self, register: Register, token_id: str, key: str | None, asked: Mapping[str, object]
    ) -> None:
        self._db = register.database
        self._token_id = token_id
        self._key = key
        self._asked_sha256 = hashlib.sha256(canonical_json.encode(dict(asked))).hexdigest()

    def require_first(self) -> None:
        """Raise AnsweredMeanwhile when the call was answered before.

        Raises ApiProblem when its key was used for something else.
        """
        if self._key is None:
            return
        row = self._db.execute(
            "SELECT draft_sha256, answer FROM api_answers WHERE token_id = ? AND idempotency_key = ?",
            [self._token_id, self._key],
        ).fetchone()
        if row is None:
            return
        if row[0] != self._asked_sha256:
            reason = "The key stands for what came with it first."
            raise ApiProblem(
                ProblemKind.KEY_REUSED,
                "Nothing was done. Send what is new with a new key.",
                [FieldProblem(HEADER, reason, "network default")],
            )
        raise AnsweredMeanwhile(bytes(row[1]))

    def store(self, request_id: str, answer: bytes) -> None:
        """Store the answer; to be called within the transaction of what it answers.

        Raises AnsweredMeanwhile or ApiProblem as `require_first` does: then nothing is recorded.
        """
        self.require_first()
        if self._key is not None:
            self._db.execute(
                "INSERT INTO api_answers VALUES (?, ?, ?, ?, ?)",
                [self._token_id, self._key, self._asked_sha256, request_id, answer],
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
