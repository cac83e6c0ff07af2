"""What regional authorities say of people, found in the state of the joined rooms and believed once checked.

The chain is manifest → authority → attestation → master key (design section 6.2). Of several attestations of
one person the newest that its authority signed counts, also when it has ended or names another key: so an
authority takes one back by signing a later one, and an old one published anew elsewhere brings nothing back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from client.session.events import Json, Membership, StateEvent
from client.session.room_state import RoomState
from policies.trust.attestation import EVENT_TYPE, Attestation, read_attestation
from policies.trust.errors import AttestationExpired, AttestationNotYetValid, AttestationRejected
from policies.trust.manifest import Manifest

_log = logging.getLogger(__name__)
_JUDGED_ANEW_AFTER = timedelta(minutes=1)
"""How long a judgement holds, so that the end of an attestation is noticed and a busy sender costs little."""


@dataclass(frozen=True)
class Standing:
    """What is believed of a user; `doubt` says in a sentence why an attestation that is there is not."""

    attestation: Attestation | None = None
    doubt: str | None = None


@dataclass(frozen=True)
class _Judgement:
    at: datetime
    master_key: str | None
    standing: Standing


_NOTHING = Standing()


class Attestations:
    """The attestations in the rooms of one account, checked against the `manifest` when they are asked for.

    Without a manifest nothing is believed. `now` returns the current time, aware.
    """

    def __init__(
        self,
        manifest: Manifest | None,
        rooms: Iterable[RoomState] = (),
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._manifest = manifest
        self._now = now
        self._contents: dict[str, dict[str, Mapping[str, Json]]] = {}
        self._judged: dict[str, _Judgement] = {}
        for room in rooms:
            if room.membership is Membership.JOIN:
                self.learn(room.room_id, room.state.values())

    def learn(self, room_id: str, events: Iterable[StateEvent]) -> set[str]:
        """Take in what a joined room says; return the user ids of whom it says something."""
        users = set()
        for event in events:
            if event.type == EVENT_TYPE:
                user_id = f"@{event.state_key}"
                self._contents.setdefault(user_id, {})[room_id] = event.content
                self._judged.pop(user_id, None)
                users.add(user_id)
        return users

    def forget(self, room_id: str) -> None:
        """Drop what a room said: the account has left it, or is told all of its state anew."""
        for user_id, contents in self._contents.items():
            if contents.pop(room_id, None) is not None:
                self._judged.pop(user_id, None)

    def users(self) -> list[str]:
        """Return of whom something is said, by user id in order."""
        return sorted(user_id for user_id, contents in self._contents.items() if contents)

    def contents(self) -> list[Mapping[str, Json]]:
        """Return all that the rooms say, as it was signed, each once: not judged."""
        found = [each for contents in self._contents.values() for each in contents.values() if each]
        return [each for index, each in enumerate(found) if each not in found[:index]]

    def standing(self, user_id: str, master_key: str | None) -> Standing:
        """Return what is believed of a user who has this master cross-signing key (None: not known yet)."""
        contents = self._contents.get(user_id)
        if not contents or self._manifest is None:
            return _NOTHING
        now = self._now()
        judged = self._judged.get(user_id)
        fresh = judged is not None and abs(now - judged.at) < _JUDGED_ANEW_AFTER
        if judged is None or not fresh or judged.master_key != master_key:
            standing = _judge(user_id, master_key, contents.values(), self._manifest, now)
            judged = self._judged[user_id] = _Judgement(now, master_key, standing)
        return judged.standing

    def vouch_for(self, user_id: str, master_key: str) -> bool:
        """Tell whether a user's authority attests that this is the user's master key."""
        return self.standing(user_id, master_key).attestation is not None


def _judge(
    user_id: str,
    master_key: str | None,
    contents: Iterable[Mapping[str, Json]],
    manifest: Manifest,
    now: datetime,
) -> Standing:
    """Return the standing by the newest attestation that is signed and has begun."""
    doubt: str | None = None
    for content in _newest_first(contents):
        if content.get("user_id") != user_id:
            doubt = doubt or "The attestation is another person's, published under this name."
            continue
        try:
            attestation = read_attestation(content, manifest, now=now)
        except AttestationExpired as expired:
            return Standing(doubt=f"{expired.what} {expired.why}")
        except AttestationRejected as rejected:
            if not isinstance(rejected, AttestationNotYetValid):
                _log.warning("An attestation of %.200r is not believed: %.200s", user_id, rejected.what)
            doubt = doubt or f"{rejected.what} {rejected.why}"
            continue
        if master_key is not None and attestation.master_key != master_key:
            return Standing(doubt=f"The attestation of {user_id} is for another key than the one in use.")
        return Standing(attestation)
    return Standing(doubt=doubt)


def _newest_first(contents: Iterable[Mapping[str, Json]]) -> Iterator[Mapping[str, Json]]:
    """Yield what calls itself an attestation, the latest beginning first: times sort as they are spelt.

    What is empty was taken away, and says nothing.
    """
    yield from sorted(filter(None, contents), key=lambda each: str(each.get("valid_from")), reverse=True)
