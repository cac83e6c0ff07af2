"""Where a case begins: the request that holds, and whether it has to be confirmed formally."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from policies.requests.case.case import Case, CaseState, ConfirmationStatus, FormalConfirmation
from policies.requests.case.envelope import signed_sha256
from policies.requests.case.received import Received
from policies.requests.case.refusal import Refusal
from policies.requests.court_request import CourtRequest
from policies.requests.errors import CommunicationRefused
from policies.requests.templates.evaluate import Scope, holds
from policies.requests.templates.registry import packaged_templates
from policies.requests.verdict import CONTENT_KEY, decode_request, verify_request
from policies.trust.manifest import Manifest


def open_case(received: Received, manifest: Manifest) -> Case:
    """Return the case that a request opens, before anything has happened to it.

    Raises CommunicationRefused when the request does not hold, TemplateUnknown when this program has no
    template of that name and version.
    """
    verdict = verify_request(received.content, room_id=received.room_id, manifest=manifest)
    if not verdict.holds:
        raise CommunicationRefused(
            "The request does not hold.", refusal=Refusal.REQUEST_DOES_NOT_HOLD, why=verdict.reason
        )
    request = decode_request(received.content)
    signed = received.content[CONTENT_KEY]
    draft = request.common.get("nature") == "CONSULTATION_DRAFT"
    return Case(
        request=request,
        request_sha256=signed_sha256(signed if isinstance(signed, Mapping) else {}),
        state=CaseState.PRE_CONSULTATION if draft else CaseState.ISSUED,
        common=request.common,
        fields=request.fields,
        confirmation=_confirmation(request),
    )


def _confirmation(request: CourtRequest) -> FormalConfirmation:
    """Return whether a request needs the confirmation, as its template says, or says that it has it."""
    template = packaged_templates().find(request.template)
    given = request.common.get("formal_confirmation")
    said = given if isinstance(given, Mapping) else {}
    if said.get("status") == ConfirmationStatus.CONFIRMED:
        return FormalConfirmation(
            status=ConfirmationStatus.CONFIRMED,
            channel=str(said.get("channel")),
            reference=str(said.get("reference")),
            date=_day(said.get("date")),
        )
    when = template.common.fields["formal_confirmation"].when
    needed = when is not None and holds(when, Scope(template=template.id, values=request.common))
    status = ConfirmationStatus.PENDING if needed or said else ConfirmationStatus.NOT_NEEDED
    return FormalConfirmation(status=status)


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None
