"""The root of every error that a person may see.

    RogatoryError                what happened, why, and what to do
    ├── PolicyError              policies: data, signatures, plans
    ├── SessionError             client.session (its tree: client.session.errors)
    ├── NodeError                node (its tree: node.errors)
    └── BridgeError              bridge (its tree: bridge.errors)

`node.cli.failure` is the one place that shows them.
"""

from __future__ import annotations

from typing import ClassVar


class RogatoryError(Exception):
    """An error with its reason and its remedy.

    `what` happened, `why`, and the `remedy`: what the reader can do, each one sentence in plain words,
    never with a secret in it. `exit_code` is what the command line ends with (design section 12: 1 failed,
    2 wrong usage or changes pending, 3 not allowed).
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str, remedy: str) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.what} {self.why} {self.remedy}"


class PolicyError(RogatoryError):
    """Something in the policy data or in a signed object is not as it must be."""
