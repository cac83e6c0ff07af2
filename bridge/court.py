"""The Court's bot: opens a room for each request, and posts it, signed, once its addressees can read it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from bridge.addressees import find_addressees
from bridge.court_calls import CourtRooms, CourtSession
from bridge.court_steps import CourtSteps
from bridge.delivery import Delivery
from bridge.errors import AddresseeRefused, IssueInterrupted, SignatureUnusable
from bridge.following import Following
from bridge.register import Register
from bridge.register_event import EventKind
from bridge.request_record import RequestRecord, RequestStatus
from client.session.errors import SessionError
from client.session.local.lock import Locked
from policies.requests.draft import Draft
from policies.requests.wire import compose_request, new_request_id, verify_request
from policies.trust.manifest import Manifest
from policies.trust.signing import SigningKey
from policies.user_id import server_of

_TRIAL_ROOM = "!" + "x" * 43
"""As long as a real room id of version 12: what fits with it will fit."""


class IssuedRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request after its issue. `event_id` is None as long as it is issued and not delivered."""

    id: str
    room_id: str
    event_id: str | None

    @property
    def delivered(self) -> bool:
        """Whether it is posted, which it is only when its addressees can read it."""
        return self.event_id is not None


class CourtBot:
    """The bot of one organ of the Court.

    `session` and `rooms` are those of the organ's account; `signing_key` is the organ's, and `manifest` must
    name both. `poll` is how many seconds lie between two looks at who can read.
    """

    def __init__(
        self,
        session: CourtSession,
        rooms: CourtRooms,
        register: Register,
        signing_key: SigningKey,
        manifest: Manifest,
        *,
        organ: str = "OTP",
        poll: float = 0.5,
    ) -> None:
        self.register = register
        self.steps = CourtSteps(session, register, signing_key, manifest)
        self.following = Following(session, register, self.steps, manifest)
        self._session = session
        self._user_id = session.user_id
        self._key = signing_key
        self._manifest = manifest
        self.organ = organ
        self._delivery = Delivery(session, rooms, register, self._signed, poll)

    async def addressees(self, draft: Draft) -> tuple[str, ...]:
        """Return who receives a draft once it is issued; see `find_addressees`. Raises AddresseeRefused."""
        return find_addressees(draft, await self._session.attestations())

    async def issue(
        self,
        draft: Draft,
        addressees: Sequence[str],
        *,
        patience: float = 60.0,
        beside: Callable[[RequestRecord], None] | None = None,
        recorded: Callable[[RequestRecord], None] | None = None,
    ) -> IssuedRequest:
        """Issue a request to the `addressees` (full user ids), and post it once all of them can read it.

        `beside` writes in the transaction of the intent (see `Register.append`), and `recorded` is told once
        it is committed. After `patience` seconds it stays issued and not delivered, and `resume` posts it
        later. Raises a CannotIssue, DraftInvalid, RequestTooLarge or CanonicalJsonError before anything is
        made, and IssueInterrupted when it is recorded and will be finished by `resume`.
        """
        self._check_addressees(addressees)
        self._check_signature(draft)
        request_id = self._new_id()
        intended = {"draft": msgspec.to_builtins(draft), "addressees": list(dict.fromkeys(addressees))}
        with self.register.working_on(request_id):
            record = self.register.append(EventKind.INTENDED, request_id, intended, beside)
            if recorded is not None:
                recorded(record)
            try:
                record = await self._delivery.open_room(record, look_first=False)
                record = await self._delivery.finish(record, patience)
            except SessionError as error:
                raise _interrupted({request_id: error}) from error
        return IssuedRequest(id=request_id, room_id=record.room_id or "", event_id=record.event_id)

    async def resume(self, *, patience: float = 0.0) -> tuple[RequestRecord, ...]:
        """Go on with every request that is not delivered, and return them as they stand afterwards.

        A request that another process or task works on is left to it. `patience` is in seconds, for each.
        Raises IssueInterrupted after all were tried, when some could not be finished.
        """
        records: list[RequestRecord] = []
        failures: dict[str, SessionError] = {}
        for found in self.register.requests(open_only=True):
            try:
                with self.register.working_on(found.request_id):
                    records.append(await self._go_on(found.request_id, patience))
            except Locked:
                continue
            except SessionError as error:
                failures[found.request_id] = error
        if failures:
            raise _interrupted(failures)
        return tuple(records)

    async def _go_on(self, request_id: str, patience: float) -> RequestRecord:
        record = self.register.request(request_id)  # as it is now: somebody may have finished it meanwhile
        if record.status is RequestStatus.DELIVERED:
            return record
        if record.room_id is None:
            record = await self._delivery.open_room(record, look_first=True)
        return await self._delivery.finish(record, patience)

    def _signed(self, record: RequestRecord, room_id: str) -> dict[str, object]:
        return self._compose(record.draft, record.request_id, room_id)

    def _compose(self, draft: Draft, request_id: str, room_id: str) -> dict[str, object]:
        return compose_request(
            id=request_id,
            template=draft.template,
            room_id=room_id,
            issued_at=self.register.now(),
            common=draft.common,
            fields=draft.fields,
            key=self._key,
            organ=self.organ,
        )

    def _new_id(self) -> str:
        taken = {record.request_id for record in self.register.requests()}
        while (request_id := new_request_id(self.register.now())) in taken:
            continue
        return request_id

    def _check_addressees(self, addressees: Sequence[str]) -> None:
        refused = [user_id for user_id in addressees if self._manifest.peer(server_of(user_id)) is None]
        if self._user_id in addressees:
            refused.append(self._user_id)
        if refused or not addressees:
            raise AddresseeRefused(
                "The request was not issued: its addressees are not right.",
                why=f"Not another account of this network: {', '.join(refused)}."
                if refused
                else "It names none.",
                remedy="Name accounts on the servers of the manifest, by their full user ids.",
            )

    def _check_signature(self, draft: Draft) -> None:
        """Sign the draft once for nothing, so that what nobody could verify never leaves a trace."""
        content = self._compose(draft, new_request_id(self.register.now()), _TRIAL_ROOM)
        verdict = verify_request(content, room_id=_TRIAL_ROOM, manifest=self._manifest)
        if not verdict.holds:
            raise _unusable(verdict.reason)
        account = self._manifest.organ(self.organ).user_id
        if account != self._user_id:
            raise _unusable(f"The manifest says that {self.organ} writes as {account}, not {self._user_id}.")


def _unusable(why: str) -> SignatureUnusable:
    return SignatureUnusable(
        "The request was not issued: nobody could verify it.",
        why=why,
        remedy="Use the organ's account and its current key, as the manifest names them.",
    )


def _interrupted(failures: dict[str, SessionError]) -> IssueInterrupted:
    return IssueInterrupted(
        f"Recorded, and not finished yet: {', '.join(failures)}.",
        why=" ".join(dict.fromkeys(f"{error.what} {error.why}" for error in failures.values())),
        remedy="Do not issue it again: the bridge goes on with it by itself once that is mended.",
        request_ids=tuple(failures),
    )
