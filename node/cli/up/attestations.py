"""What the regions attest of the function accounts that are here."""

from __future__ import annotations

import datetime

from client.session.accounts import Accounts
from client.session.attested_keys import attested_keys
from node.home import Home
from node.network.attestations import Subject, attest
from node.network.layout import NetworkLayout
from policies.network.addresses import Content
from policies.network.directory import is_attested
from policies.network.roles import RoleCode
from policies.network.roster import FunctionAccount, Roster


def sign_attestations(
    home: Home, layout: NetworkLayout, present: Roster, now: datetime.datetime
) -> dict[str, Content]:
    """Return the signed attestation of each focal point, moderator and organ of `present`, by user id.

    Signed anew is only what has changed or ends soon. Raises StoreError.
    """
    return {
        account.user_id: attest(
            home.network / "attestations",
            _subject(home, account),
            layout.material.authorities,
            layout.manifest,
            now=now,
        )
        for account in present
        if is_attested(account)
    }


def _subject(home: Home, account: FunctionAccount) -> Subject:
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
