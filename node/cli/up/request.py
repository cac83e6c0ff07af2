"""The sample request: issued once by the Court's bot, then read and verified by its addressee."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from importlib.resources import files

from bridge.register import Register
from bridge.request_record import RequestRecord, RequestStatus
from client.session.accounts import Accounts
from client.session.events import TimelineEvent
from client.session.face import Session
from client.session.local.private_files import write_private
from node.cli.court import court_bot, open_register
from node.cli.sessions import session_of
from node.cli.up.outcome import RequestOutcome
from node.errors import SampleRequestUnread
from node.home import Home
from policies.network.roles import RoleCode
from policies.network.roster import FunctionAccount, Roster
from policies.requests.draft import Draft, read_draft
from policies.requests.verdict import verify_request
from policies.trust.manifest import Manifest

_PATIENCE = 60.0
"""Seconds that the addressee's session may take until it has read the request."""


async def ensure_issued(
    home: Home, manifest: Manifest, present: Roster, did: Callable[[str], None]
) -> RequestOutcome | None:
    """Issue the sample request unless it was; None without an addressee here. Raises what the bot raises."""
    draft = _sample()
    addressee = _addressee(draft, present)
    if addressee is None:
        return None
    with contextlib.closing(open_register(home)) as register:
        record = next(iter(register.requests()), None)
        if record is None or record.status is not RequestStatus.DELIVERED:
            record = await _issue(home, manifest, register, draft, addressee)
            did(f"request {record.request_id} issued and delivered")
    return RequestOutcome(record.request_id, record.room_id or "", record.event_id or "")


async def ensure_read(
    home: Home, manifest: Manifest, present: Roster, request: RequestOutcome, did: Callable[[str], None]
) -> None:
    """Let the addressee read and verify the request, unless that was done. Raises SampleRequestUnread."""
    addressee = _addressee(_sample(), present)
    read = home.bridge / f"{request.id}.read"
    if addressee is not None and not read.is_file():
        await _read(home, manifest, addressee, request)
        write_private(read, "")
        did(f"{addressee.user_id} has read it, and its signature holds")


def _sample() -> Draft:
    return read_draft(files("policies").joinpath("data", "sample_request.toml").read_text())


async def _issue(
    home: Home, manifest: Manifest, register: Register, draft: Draft, addressee: FunctionAccount
) -> RequestRecord:
    """Issue the request, or finish the one that an interrupted run has recorded."""
    async with court_bot(home, manifest, register) as bot:
        if not register.requests():
            issued = await bot.issue(draft, [addressee.user_id], patience=_PATIENCE)
            return register.request(issued.id)
        await bot.resume(patience=_PATIENCE)
        return register.requests()[0]


async def _read(home: Home, manifest: Manifest, addressee: FunctionAccount, request: RequestOutcome) -> None:
    account = Accounts(home.accounts).find(addressee.user_id)
    try:
        async with asyncio.timeout(_PATIENCE), session_of(home, account) as session:
            event = await _event(session, request)
    except TimeoutError:
        raise SampleRequestUnread(
            f"{addressee.user_id} has not read request {request.id}.",
            why=f"Its session did not decrypt event {request.event_id} within {_PATIENCE:.0f} seconds.",
            remedy="Run `rogatory status` and `rogatory node doctor`, then `rogatory up` again.",
        ) from None
    verdict = verify_request(event.content, room_id=event.room_id, manifest=manifest)
    if not verdict.holds:
        raise SampleRequestUnread(
            f"The signature of request {request.id} does not hold.",
            why=verdict.reason,
            remedy="Trust nothing in this home; make a new one.",
        )


async def _event(session: Session, request: RequestOutcome) -> TimelineEvent:
    """Wait until the session shows the request decrypted in its room, which it joins by itself."""
    updates = session.updates()
    while True:
        rooms = {room.room_id for room in await session.rooms()}
        timeline = await session.timeline(request.room_id) if request.room_id in rooms else []
        for event in timeline:
            if event.event_id == request.event_id and event.body is not None:
                return event
        await anext(updates)


def _addressee(draft: Draft, present: Roster) -> FunctionAccount | None:
    """Return the focal point of the requested State, if its region is here."""
    focal_points = [account for account in present if account.role is RoleCode.FOCAL_POINT]
    state = draft.common["requested_state"]
    return next((account for account in focal_points if account.state == state), None)
