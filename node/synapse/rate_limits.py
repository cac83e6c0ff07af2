"""The homeserver's rate limits, where Synapse's defaults do not fit a closed network.

Practitioners' clients send receipts and reactions; six trusted peers send whole rooms; the sixth invitation
of one remote user within minutes would be refused by the invited server and reach the inviter as a bare 502.
"""

from __future__ import annotations

from collections.abc import Mapping

from node.config import RateLimit, RateLimitName

_DEFAULTS = {
    RateLimitName.MESSAGE: RateLimit(5, 50),
    RateLimitName.JOINS_REMOTE: RateLimit(0.1, 30),
    RateLimitName.INVITES_PER_USER: RateLimit(5, 200),
}
_PEERS = {"sleep_limit": 200, "reject_limit": 500, "concurrent": 20}


def rate_limit_settings(overrides: Mapping[RateLimitName, RateLimit]) -> dict[str, dict[str, object]]:
    """Return Synapse's `rc_*` keys; `overrides` come from node.toml."""
    settings: dict[str, dict[str, object]] = {"rc_federation": dict(_PEERS)}
    for name, limit in {**_DEFAULTS, **overrides}.items():
        group, _, part = f"rc_{name}".partition(".")
        value: dict[str, object] = {"per_second": limit.per_second, "burst_count": limit.burst_count}
        if part:
            settings.setdefault(group, {})[part] = value
        else:
            settings[group] = value
    return settings
