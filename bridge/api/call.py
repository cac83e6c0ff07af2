"""One call of the API: what came, who calls, and what the bridge has to answer it with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

import msgspec
from aiohttp import web

from bridge.api.health import Health
from bridge.api.idempotency import HEADER, OneAnswer, checked_key
from bridge.api.problem import ApiProblem, FieldProblem, ProblemKind
from bridge.api.rate_limit import Rate, RateLimits
from bridge.api.reports import Reports
from bridge.api.tokens import Scope, Token, Tokens
from bridge.case_file import SignedStep
from bridge.court_steps import Choose
from bridge.register import Register
from bridge.request_record import RequestRecord
from policies.requests.case.case import Case
from policies.requests.draft import Draft

Query = TypeVar("Query")


class Issuing(Protocol):
    """What the API asks of whoever issues requests; `bridge.issuing.Issuing` is the real one."""

    @property
    def originator(self) -> str:
        """The organ for which requests are issued here, as OTP."""

    async def addressees(self, draft: Draft) -> Sequence[str]:
        """Return the user ids to which the draft would go. Raises AddresseeRefused."""

    async def begin(
        self, draft: Draft, addressees: Sequence[str], beside: Callable[[RequestRecord], None]
    ) -> None:
        """Return once the intent is committed, with `beside` in the same transaction; the rest follows."""

    async def take_step(
        self, request_id: str, choose: Choose, beside: Callable[[SignedStep, Case], None]
    ) -> None:
        """Return once the step that `choose` takes is committed, with `beside`; it is posted afterwards.

        Raises CommunicationRefused, CaseNotOpened, and what `choose` and `beside` raise.
        """


@dataclass(frozen=True)
class ApiSettings:
    """`hosts` are the values of the Host header that are answered; empty: those of the address itself."""

    hosts: Collection[str] = ()
    rate: Rate = field(default_factory=Rate)


class Service:
    """What all calls share."""

    def __init__(self, register: Register, issuing: Issuing, health: Health, settings: ApiSettings) -> None:
        self.register = register
        self.issuing = issuing
        self.health = health
        self.settings = settings
        self.tokens = Tokens(register)
        self.limits = RateLimits(settings.rate)
        self.reports = Reports(register)
        self.answered: Counter[tuple[str, str, int]] = Counter()


class Call:
    """One call. `caller` is the token that it came with; None where none is asked for."""

    def __init__(self, request: web.Request, service: Service, caller: Token | None) -> None:
        self.request = request
        self.service = service
        self._caller = caller

    @property
    def caller(self) -> Token:
        """The token of the call, where one is asked for."""
        if self._caller is None:
            raise ApiProblem(ProblemKind.NOT_AUTHENTICATED, "Send a bearer token.")
        return self._caller

    @property
    def sees_sealed(self) -> bool:
        """Whether the caller may know of requests under seal."""
        return Scope.SEALED in self.caller.scopes

    def once(self, asked: Mapping[str, object]) -> OneAnswer:
        """Return what keeps the one answer to this call. Raises ApiProblem for a key that is unfit."""
        key = checked_key(self.request.headers.get(HEADER))
        return OneAnswer(self.service.register, self.caller.token_id, key, asked)

    def query(self, shape: type[Query]) -> Query:
        """Read the query into a Struct. Raises ApiProblem for what is unknown, wrong or repeated."""
        given = self.request.query
        if repeated := [name for name in given if len(given.getall(name)) > 1]:
            raise _bad_query(repeated[0], "It is given more than once.")
        try:
            return msgspec.convert(dict(given), shape, strict=False)
        except msgspec.ValidationError as error:
            reason, _, path = str(error).partition(" - at `$")
            raise _bad_query(path.strip("`.") or "query", f"{reason}.") from None


def _bad_query(name: str, reason: str) -> ApiProblem:
    problem = FieldProblem(name[:80], reason, "network default")
    return ApiProblem(ProblemKind.QUERY_INVALID, "Nothing was read.", [problem])
