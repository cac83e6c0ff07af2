"""The Court and focal points on one real homeserver, attested in a room that all of them are in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec

from bridge.court import CourtBot
from bridge.register import Register
from client.session.accounts import Account
from client.session.attested_keys import attested_keys
from client.session.events import Content, Json, RoomCreation
from client.session.http_transport import HttpTransport
from client.session.rooms import RoomRequests
from client.session.session import OpenSession
from client.views.case_messages import room_messages
from client.views.session_cases import SessionCases
from policies.requests.case.answer import ANSWER_KEY
from policies.requests.case.case import Case
from policies.requests.case.compose import draft_answer
from policies.requests.draft import Draft, read_draft
from policies.requests.verdict import CONTENT_KEY
from policies.trust.attestation import (
    EVENT_TYPE,
    Attestation,
    attestation_state_key,
    sign_attestation,
)
from policies.trust.manifest import Authority, Manifest, Organ, OrganKey
from policies.trust.times import whole_utc
from tests.bridge.fake_court import KEY
from tests.client.session.homeserver import Homeserver, Login
from tests.client.session.people import ENCRYPTED, enrolled, opened
from tests.policies.requests.facts import BY_NAME
from tests.policies.requests.samples import SAMPLE
from tests.policies.trust.networks import AFRICA, MANIFEST, OTP, node

NOW = whole_utc(datetime.now(UTC))
DAY = timedelta(days=1)
BEGIN, END = NOW - 100 * DAY, NOW + 365 * DAY


def real_now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Person:
    """An account on the homeserver, and the session that is open while the test runs."""

    account: Account
    login: Login
    session: OpenSession = field(init=False)

    @property
    def user_id(self) -> str:
        return self.account.user_id


@dataclass
class World:
    """What a test has in hand: the Court's account, the people, and the room of attestations."""

    homeserver: Homeserver
    folder: Path
    court: Person
    people: dict[str, Person]
    manifest: Manifest
    keys: dict[str, tuple[str, str]]
    """Name → the person's master key and answer key, public halves."""
    directory: str = ""

    async def attest(self, name: str, **changes: Any) -> Content:
        """Publish what the region attests of a person: a focal point of Senegal, with these changes."""
        person = self.people[name]
        plain = Attestation(
            v=1,
            user_id=person.user_id,
            state="SEN",
            function="focal-point",
            themes=("assets",),
            master_key=self.keys[name][0],
            answer_key=self.keys[name][1],
            valid_from=BEGIN,
            valid_until=END,
            authority="africa",
        )
        signed = sign_attestation(msgspec.structs.replace(plain, **changes), AFRICA)
        content = cast("dict[str, Json]", signed)
        async with HttpTransport(self.homeserver.url, self.court.login.access_token) as transport:
            await RoomRequests(transport).put_state(
                self.directory, EVENT_TYPE, content, attestation_state_key(person.user_id)
            )
        return content

    @asynccontextmanager
    async def bot(self, now: Callable[[], datetime] = real_now) -> AsyncIterator[CourtBot]:
        """The bot in this process, on its own register; the Court's session is opened for it."""
        account, login = self.court.account, self.court.login
        async with (
            HttpTransport(account.homeserver, login.access_token) as transport,
            opened(account) as held,
        ):
            self.court.session = held
            with Register.open(self.register_path, KEY, now=now) as register:
                yield CourtBot(held, RoomRequests(transport), register, OTP, self.manifest, poll=0.05)

    @property
    def register_path(self) -> Path:
        return self.folder / "register.db"

    def cases(self, name: str) -> SessionCases:
        return SessionCases(self.people[name].session, self.manifest)


@asynccontextmanager
async def world(homeserver: Homeserver, folder: Path, label: str, *names: str) -> AsyncIterator[World]:
    """Enrol the Court and people, attest each as a focal point of Senegal, and open the people's sessions."""
    court = Person(*await enrolled(homeserver, folder / "court", f"otp.{label}"))
    people = {name: Person(*await enrolled(homeserver, folder / name, f"{name}.{label}")) for name in names}
    found = {name: attested_keys(person.account, answers=True) for name, person in people.items()}
    keys = {name: (each.master_key, each.answer_key or "") for name, each in found.items()}
    made = World(homeserver, folder, court, people, manifest_of(homeserver, court.user_id), keys)
    async with HttpTransport(homeserver.url, court.login.access_token) as transport:
        invited = tuple(person.user_id for person in people.values())
        creation = RoomCreation(name="Directory", invite=invited, initial_state=ENCRYPTED)
        made.directory = await RoomRequests(transport).create_room(creation)
    for name in names:
        await made.attest(name)
    async with _opened_all(list(people.values())):
        yield made


@asynccontextmanager
async def _opened_all(people: list[Person]) -> AsyncIterator[None]:
    if not people:
        yield
        return
    async with opened(people[0].account) as people[0].session, _opened_all(people[1:]):
        yield


def manifest_of(homeserver: Homeserver, court: str) -> Manifest:
    """One homeserver that is the Court's and a region's, with keys of all the test's time."""
    key = OrganKey(key_id=OTP.key_id, public_key=OTP.public_key, valid_from=BEGIN, valid_until=END)
    authority = Authority(
        region="africa", key_id=AFRICA.key_id, public_key=AFRICA.public_key, valid_from=BEGIN, valid_until=END
    )
    here = msgspec.structs.replace(node("africa", 8448), server_name=homeserver.name)
    return msgspec.structs.replace(
        MANIFEST,
        issued_at=BEGIN,
        valid_until=END,
        nodes=(here,),
        authorities=(authority,),
        organs=(Organ(organ="OTP", user_id=court, keys=(key,)),),
    )


def tracing() -> Draft:
    """A request for tracing that the OTP may issue by itself."""
    return read_draft(SAMPLE)


def provisional_arrest() -> Draft:
    draft = BY_NAME["T02"].draft
    return msgspec.structs.replace(draft, common={**draft.common, "originator": "OTP"})


async def signed_answer_of(
    person: Person, room_id: str, outcome: str, details: Mapping[str, object], **changes: Any
) -> dict[str, Any]:
    """An answer that a person's own key signs, whatever the case says of it."""
    [request] = [
        each.content for each in await room_messages(person.session, room_id) if CONTENT_KEY in each.content
    ]
    given = {"answered_at": real_now(), "answerer": person.user_id, **changes}
    draft = draft_answer(request=request, outcome=outcome, details=details, **given)
    said = cast("dict[str, Json]", draft[ANSWER_KEY])
    return {**draft, ANSWER_KEY: dict(await person.session.sign_answer(said))}


def codes(case: Case) -> list[str]:
    return [entry.code for entry in case.history]
