"""An attestation in words: who somebody is, and who says so."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from client.session.face import Session
from client.views.safe_text import single_line
from policies.network.load import load_network
from policies.network.network import Network
from policies.network.roles import RoleCode
from policies.trust.attestation import Attestation


def short_words(attestation: Attestation, network: Network) -> str:
    """Return what fits beside a name: `focal point of Senegal, by African States`. Safe for a terminal."""
    if attestation.function == RoleCode.COURT:
        return "organ of the Court"
    region = network.regions.get(attestation.authority)
    by = region.title.en if region else single_line(attestation.authority)
    function = single_line(attestation.function.replace("-", " "))
    return f"{function}{_of(attestation, network)}, by {by}"


def _of(attestation: Attestation, network: Network) -> str:
    if attestation.state is None:
        return ""
    states = {code: state for region in network.regions.values() for code, state in region.states.items()}
    known = states.get(attestation.state)
    return f" of {known.en if known else single_line(attestation.state)}"


@dataclass
class AttestedPeople:
    """What is attested of the people whose messages are shown: learnt from the session, looked up by rows."""

    _words: dict[str, str] = field(default_factory=dict)

    def words(self, user_id: str) -> str:
        """Return the short words about a user, empty where nothing is known yet."""
        return self._words.get(user_id, "")

    def unknown(self, user_ids: Iterable[str]) -> set[str]:
        """Return those of `user_ids` of whom nothing has been learnt."""
        return set(user_ids) - self._words.keys()

    async def learn(self, session: Session, user_ids: Iterable[str]) -> None:
        """Ask the session about those who are not known yet."""
        for user_id in sorted(self.unknown(user_ids)):
            attestation = await session.attestation(user_id)
            if attestation is not None:
                network = await asyncio.to_thread(load_network)  # the first time it reads files
                self._words[user_id] = short_words(attestation, network)
