"""The errors of the network's policy data.

PolicyError
└── NetworkPolicyError           the policy data, or a question to it, is not as it must be
    ├── DataUnreadable           a file is missing or is not TOML
    ├── UnknownKey               a key that the file's model does not have; the nearest is named
    ├── MissingKey               a key that must be there is not
    ├── WrongValue               a value of the wrong type, or outside its closed set
    ├── UnknownReference         a value names something that no file defines; the nearest is named
    ├── UnknownRegionCode        no region has that code
    ├── UnknownState             no State Party has that code
    ├── UnknownTheme             no theme has that code
    └── NoSteward                the roster has no steward for a region
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from policies.errors import PolicyError


class NetworkPolicyError(PolicyError):
    """The policy data, or a question to it, is not as it must be."""


class DataUnreadable(NetworkPolicyError):
    """A policy file is missing or is not TOML."""


class UnknownKey(NetworkPolicyError):
    """A policy file has a key that its model does not have."""


class MissingKey(NetworkPolicyError):
    """A policy file lacks a key."""


class WrongValue(NetworkPolicyError):
    """A value in a policy file has the wrong type, or is outside its closed set."""


class UnknownReference(NetworkPolicyError):
    """A value in a policy file names something that no file defines."""


class UnknownRegionCode(NetworkPolicyError):
    """No region of the policy has that code."""

    exit_code = 2


class UnknownState(NetworkPolicyError):
    """No State Party of the policy has that code."""

    exit_code = 2


class UnknownTheme(NetworkPolicyError):
    """No theme of the policy has that code."""

    exit_code = 2


class NoSteward(NetworkPolicyError):
    """The roster has no steward for a region, so its rooms have no owner."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a remedy that names the nearest of the `known` words, or all of them."""
    choices = sorted(known)
    folded = {choice.casefold(): choice for choice in choices}
    close = get_close_matches(word.casefold(), folded, n=1)
    return f"Did you mean '{folded[close[0]]}'?" if close else f"Choose one of: {', '.join(choices)}."
