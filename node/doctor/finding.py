"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from policies.errors import RogatoryError


class Severity(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and should be changed."""
    ERROR = "error"
    """It does not work, or it is not safe."""


@dataclass(frozen=True)
class Finding:
    """One result of a check: `what` was found, `why` it matters, the `remedy`; only `what` if all is well."""

    check: str
    severity: Severity
    what: str
    why: str = ""
    remedy: str = ""


def ok(check: str, what: str) -> Finding:
    """Return the finding that all is well."""
    return Finding(check, Severity.OK, what)


def warning(check: str, what: str, *, why: str, remedy: str) -> Finding:
    """Return the finding of something that works, and should be changed."""
    return Finding(check, Severity.WARNING, what, why, remedy)


def error(check: str, what: str, *, why: str, remedy: str) -> Finding:
    """Return the finding of something that does not work or is not safe."""
    return Finding(check, Severity.ERROR, what, why, remedy)


def from_error(check: str, raised: RogatoryError) -> Finding:
    """Return what an error of ours says, as a finding."""
    return error(check, raised.what, why=raised.why, remedy=raised.remedy)


def worst(findings: list[Finding]) -> Severity:
    """Return the gravest severity among `findings`; nothing found is well."""
    order = list(Severity)
    return max((finding.severity for finding in findings), key=order.index, default=Severity.OK)
