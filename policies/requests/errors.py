"""The errors of requests.

RequestError (a PolicyError)
├── DetailsInvalid           the details of an answer cannot be read
├── DraftInvalid             a draft cannot become a request; says which key, and the nearest valid one
├── TemplateUnknown          no template has that name, or not in that version
├── RequestMalformed         what was received is not a request that this version can read
├── RequestTooLarge          the request does not fit into one encrypted event
├── CommunicationRefused     an answer or a step of the Court has no effect; `refusal` says of which kind
├── CaseNotOpened            there is no request that holds, so there is nothing to follow
├── CardAnswerRefused        an answer may not change a country card: another State's, or unreadable
├── YearUnknown              no reporting year has that name
└── RecordInvalid            a request cannot be counted in the statistics; the nearest row is named
"""

from __future__ import annotations

from policies.errors import PolicyError
from policies.requests.case.refusal import Refusal
from policies.requests.check.finding import Finding


class RequestError(PolicyError):
    """A request, or the draft of one, is not as it must be."""


class DraftInvalid(RequestError):
    """A draft cannot become a request."""


class DetailsInvalid(RequestError):
    """The file with the details of an answer cannot be read."""


class TemplateUnknown(RequestError):
    """No template has that name, or not in that version."""

    exit_code = 2


class RequestMalformed(RequestError):
    """What was received is not a request that this version can read."""


class RequestTooLarge(RequestError):
    """The request does not fit into one encrypted event."""


class CommunicationRefused(RequestError):
    """An answer, or a step of the Court, is not believed or cannot be: it has no effect.

    `findings` are the fields and provisions that stand in its way, where those can be named.
    """

    exit_code = 3

    def __init__(
        self, what: str, *, refusal: Refusal, why: str, remedy: str = "", findings: tuple[Finding, ...] = ()
    ) -> None:
        super().__init__(what, why=why, remedy=remedy or refusal.remedy)
        self.refusal = refusal
        self.findings = findings


class CaseNotOpened(RequestError):
    """There is no request that holds, so there is nothing to follow."""


class CardAnswerRefused(RequestError):
    """An answer to the questionnaire may not change a country card."""


class YearUnknown(RequestError):
    """No reporting year has that name."""

    exit_code = 2


class RecordInvalid(RequestError):
    """A request cannot be counted in the statistics."""
