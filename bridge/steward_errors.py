"""The errors of a steward.

BridgeError
└── StewardError                 the network's rooms are not as the policy has them
    ├── RoomsUnreadable          an account's rooms could not be read, so nothing was changed
    ├── AliasTaken               the alias of a policy room leads to a room that is not that one
    ├── NeedFailed               an action was left out, because one that it needs has failed
    └── StewardFailed            some actions failed; all the others are done
"""

from __future__ import annotations

from collections.abc import Mapping

from bridge.errors import BridgeError
from policies.errors import RogatoryError
from policies.network.actions import Action


class StewardError(BridgeError):
    """The network's rooms could not be made what the policy says."""


class RoomsUnreadable(StewardError):
    """What is there could not be read."""


class AliasTaken(StewardError):
    """An alias of the policy leads to a room that is not the policy's."""


class NeedFailed(StewardError):
    """An action was left out because one that it needs has failed."""


class StewardFailed(StewardError):
    """Some actions failed. `failures` are they with their errors, `room_ids` the rooms made, by address."""

    def __init__(
        self, failures: tuple[tuple[Action, RogatoryError], ...], total: int, room_ids: Mapping[str, str]
    ) -> None:
        causes = [(action, error) for action, error in failures if not isinstance(error, NeedFailed)]
        shown = "; ".join(f"{action.key}: {error}" for action, error in (causes or failures)[:5])
        more = len(causes) - 5
        super().__init__(
            f"{len(failures)} of {total} changes to the network's rooms could not be made.",
            why=f"{shown}{f'; and {more} more' if more > 0 else ''}.".replace("..", "."),
            remedy="Mend what is named there and run it again: it goes on from where it is.",
        )
        self.failures = failures
        self.room_ids = dict(room_ids)
