"""The errors of the bridge.

BridgeError
├── RegisterError                the register cannot be used as it is
│   ├── RegisterDamaged          its chain of hashes is broken: something was altered or removed
│   ├── RequestUnknown           it has no such request
│   ├── TokenUnknown             no bearer token of the HTTP API has that id
│   └── WebhookUnknown           no webhook has that id
├── CannotIssue                  refused before anything was made
│   ├── AddresseeRefused         somebody who may not receive the request
│   └── SignatureUnusable        nobody could verify what this bot would sign
├── IssueInterrupted             recorded, and to be finished by `resume`; not to be issued again
├── YearNotPublished             there are no statistics of that year, or not yet
├── WebhookRefused               nothing may be sent to that URL
├── CannotServe                  the HTTP API cannot be offered at that address
└── StewardError                 the network's rooms (its tree: bridge.steward_errors)
"""

from __future__ import annotations

from policies.errors import RogatoryError


class BridgeError(RogatoryError):
    """The bridge could not do what was asked."""


class RegisterError(BridgeError):
    """The register cannot be used as it is."""


class RegisterDamaged(RegisterError):
    """The register's chain of hashes is broken. `sequence` is the first event that does not fit."""

    def __init__(self, what: str, *, why: str, remedy: str, sequence: int) -> None:
        super().__init__(what, why=why, remedy=remedy)
        self.sequence = sequence


class RequestUnknown(RegisterError):
    """The register has no such request."""

    exit_code = 2


class TokenUnknown(RegisterError):
    """No bearer token of the HTTP API has that id."""

    exit_code = 2


class WebhookUnknown(RegisterError):
    """No webhook has that id."""

    exit_code = 2


class YearNotPublished(BridgeError):
    """There are no statistics of that reporting year, or not yet."""

    exit_code = 2


class WebhookRefused(BridgeError):
    """Nothing may be sent to that URL."""

    exit_code = 2


class CannotIssue(BridgeError):
    """The request was refused before anything was made."""


class AddresseeRefused(CannotIssue):
    """The request names somebody who may not receive it."""

    exit_code = 3


class SignatureUnusable(CannotIssue):
    """Nobody could verify what this bot would sign."""


class IssueInterrupted(BridgeError):
    """The requests `request_ids` are recorded, and `resume` will finish them."""

    def __init__(self, what: str, *, why: str, remedy: str, request_ids: tuple[str, ...]) -> None:
        super().__init__(what, why=why, remedy=remedy)
        self.request_ids = request_ids


class CannotServe(BridgeError):
    """The HTTP API cannot be offered at that address."""
