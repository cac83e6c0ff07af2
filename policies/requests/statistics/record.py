"""What statistics take from one request: nothing that says what it is about."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from policies.requests.templates.kinds import Priority
from policies.requests.templates.template import TemplateId

AwareTime = Annotated[datetime, msgspec.Meta(tz=True)]


class RequestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One request.

    `region` is the code of the regional group of the requested State, `elsewhere` for who is in none; `organ`
    is the originator's. `state` is that State, or an organization: it is counted, so that no figure rests on
    too few States, and never shown. `sealed`: the request is under seal or secret, and counts in the total of
    all requests alone.

    Times are None where it has not come to that: `delivered_at` (a device of the State can read it),
    `acknowledged_at`, `first_answer_at` (the first answer beyond the acknowledgement), `final_answer_at`.
    `outcome` is the code of the answer that stands. `stood_still` is for how long, between delivery and the
    final answer, the clocks did not run. `binding`: the State must execute it, as no informal or voluntary
    request. `advance`: an advance copy was sent, and `confirmed` formally since. `incomplete`: the State
    returned it for want of information (article 97(a)).
    """

    region: str
    state: str
    priority: Priority
    template: TemplateId
    organ: str
    issued_at: AwareTime
    delivered_at: AwareTime | None = None
    acknowledged_at: AwareTime | None = None
    first_answer_at: AwareTime | None = None
    final_answer_at: AwareTime | None = None
    stood_still: timedelta = timedelta(0)
    outcome: str | None = None
    binding: bool = True
    advance: bool = False
    confirmed: bool = False
    incomplete: bool = False
    closed: bool = False
    sealed: bool = False

    def __post_init__(self) -> None:
        delivered = self.delivered_at
        if delivered is not None and delivered < self.issued_at:
            raise ValueError("delivered before it was issued")
        for name in ("acknowledged_at", "first_answer_at", "final_answer_at"):
            time = getattr(self, name)
            if time is not None and (delivered is None or time < delivered):
                raise ValueError(f"{name} is before the delivery")
        if self.final_answer_at is not None and (
            self.first_answer_at is None or self.final_answer_at < self.first_answer_at
        ):
            raise ValueError("the final answer is before the first")
        if self.incomplete and delivered is None:
            raise ValueError("returned as incomplete, and never delivered")
        if self.confirmed and not self.advance:
            raise ValueError("confirmed, and no advance copy")
        if self.final_answer_at is None and self.stood_still:
            raise ValueError("the clocks are said to have stood still until a final answer that is not there")
        if self.stood_still < timedelta(0):
            raise ValueError("the clocks stood still for less than nothing")
