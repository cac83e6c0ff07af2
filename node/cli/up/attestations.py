"""What the regions attest of the function accounts that are here."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from client.session.accounts import Accounts
from client.session.attested_keys import attested_keys
from client.session.errors import IdentityNotHeld
from node.home import Home
from node.network.attestations import Subject, attest
from node.network.layout import NetworkLayout
from policies.network.addresses import Content
from policies.network.directory import is_attested
from policies.network.roles import RoleCode
from policies.network.roster import FunctionAccount, Roster


@dataclass(frozen=True)
class Attested:
    """The signed attestations by user id, and what is to be said of accounts whose keys are not here."""

    contents: Mapping[str, Content]
    without_keys: Sequence[IdentityNotHeld]


def sign_attestations(home: Home, layout: NetworkLayout, present: Roster, now: datetime.datetime) -> Attested:
    """Attest each focal point, moderator and organ of `present`.

    Signed anew is only what has changed or ends soon. An account whose device here holds no identity, as
    after a logout, is left out: what the directory says of it stays, for the identity is the same. Raises
    StoreError.
    """
    folder = home.network / "attestations"
    contents: dict[str, Content] = {}
    without_keys = []
    for account in present:
        if not is_attested(account):
            continue
        try:
            subject = _subject(home, account)
        except IdentityNotHeld as error:
            without_keys.append(error)
        else:
            contents[account.user_id] = attest(
                folder, subject, layout.material.authorities, layout.manifest, now=now
            )
    return Attested(contents, without_keys)


def _subject(home: Home, account: FunctionAccount) -> Subject:
    """Return whom to attest. Raises IdentityNotHeld, StoreError."""
    answers = account.role is RoleCode.FOCAL_POINT
    keys = attested_keys(Accounts(home.accounts).find(account.user_id), answers=answers)
    return Subject(
        user_id=account.user_id,
        region=account.region,
        function=account.role.value,
        state=account.state,
        themes=account.themes,
        master_key=keys.master_key,
        answer_key=keys.answer_key,
    )
