"""JSON schemas that are found right once.

Before each check of power levels and of mentions, the library checks Synapse's schema itself anew: a
twentieth of the processor time of nodes that make their rooms. The schemas are constants of Synapse's code.
"""

from __future__ import annotations

from synapse.events.validator import MENTIONS_VALIDATOR, POWER_LEVELS_VALIDATOR


def trust_known_schemas() -> None:
    """Let what is checked in this process from now on be the data, not the schema."""
    for validator in (MENTIONS_VALIDATOR, POWER_LEVELS_VALIDATOR):
        validator.check_schema = _as_it_is


def _as_it_is(*_: object, **__: object) -> None:
    """Find a schema right."""
