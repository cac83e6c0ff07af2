"""What a check finds, and the whole of it."""

from __future__ import annotations

import msgspec

from policies.network.titles import Title
from policies.requests.templates.kinds import Severity


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a check found, in both languages."""

    field: str
    reason: Title
    basis: Title
    severity: Severity = Severity.ERROR


class Finding(msgspec.Struct, frozen=True):
    """One thing that is missing or wrong: at which field, why, and by which provision.

    `basis` is as the Court cites, `93(1)(k)` or `rule 99(2)-(3)`, or says that it is a network default.
    """

    field: str
    reason: str
    basis: str


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """All that is missing or wrong. Warnings do not stand in the way of a request."""

    errors: tuple[Finding, ...]
    warnings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no error."""
        return not self.errors

    def as_object(self) -> dict[str, object]:
        """Return what `--json` says (design section 12)."""
        return {
            "ok": self.ok,
            "errors": [msgspec.structs.asdict(each) for each in self.errors],
            "warnings": [msgspec.structs.asdict(each) for each in self.warnings],
        }


def result_of(found: list[Found], language: str) -> CheckResult:
    """Return what was found in one language, en or fr, without repetitions, in the order of the template."""
    said = {severity: dict[Finding, None]() for severity in Severity}
    for each in found:
        finding = Finding(each.field, each.reason.said(language), each.basis.said(language))
        said[each.severity][finding] = None
    return CheckResult(errors=tuple(said[Severity.ERROR]), warnings=tuple(said[Severity.WARNING]))
