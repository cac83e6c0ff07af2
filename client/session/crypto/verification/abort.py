"""What ends a verification from within."""

from __future__ import annotations

from client.session.verification import CancelCode


class Abort(Exception):
    """The verification must end: `code` is told to the other side, `reason` to the person here."""

    def __init__(self, code: CancelCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason
