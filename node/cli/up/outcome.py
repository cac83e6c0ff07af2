"""What `up` has to say at its end: what stands where, and what to type next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from policies.network.roles import RoleCode
from policies.network.roster import FunctionAccount


@dataclass(frozen=True)
class NodeOutcome:
    """One node at the end of `up`."""

    server_name: str
    url: str
    healthy: bool


@dataclass(frozen=True)
class RequestOutcome:
    """The sample request, and whether its addressee's own session has read and verified it."""

    id: str
    room_id: str
    event_id: str


@dataclass(frozen=True)
class Outcome:
    """The network as `up` leaves it. `rooms` is policy address → room id; `changes` what this run did."""

    home: Path
    nodes: Mapping[str, NodeOutcome]
    accounts: Sequence[tuple[FunctionAccount, Path]]
    rooms: Mapping[str, str]
    request: RequestOutcome | None
    bridge_url: str
    changes: Sequence[str]

    def as_json(self) -> dict[str, object]:
        """Return the object that `up --json` prints (design section 12)."""
        return {
            "home": str(self.home),
            "nodes": {
                region: {"server_name": node.server_name, "url": node.url, "healthy": node.healthy}
                for region, node in self.nodes.items()
            },
            "accounts": [
                {
                    "user_id": account.user_id,
                    "role": account.role.value,
                    "state": account.state,
                    "password_file": str(password),
                }
                for account, password in self.accounts
            ],
            "rooms": dict(self.rooms),
            "request": {
                "id": self.request.id,
                "room_id": self.request.room_id,
                "event_id": self.request.event_id,
            }
            if self.request
            else None,
            "bridge": {"url": self.bridge_url},
        }

    def as_text(self) -> str:
        """Return the same for a person, with what to type next."""
        lines = [f"The network stands. Its state is in {self.home}", ""]
        for region, node in self.nodes.items():
            lines.append(f"  {region:<16} {node.server_name:<32} {node.url}")
        lines.append(f"  {'bridge':<16} {'':<32} {self.bridge_url}")
        lines += ["", f"  {len(self.accounts)} function accounts, {len(self.rooms)} spaces and rooms."]
        if self.request:
            lines.append(
                f"  Request {self.request.id} was issued, delivered, read and its signature verified."
            )
        lines += [
            "",
            "This is a development network: its root key, the passwords and the keys of the stores lie in",
            "its home. Use it to learn and to test, never for a real case.",
        ]
        lines += ["", *self._next_steps()]
        if not self.changes:
            lines += ["", "Everything stood already: there was nothing to change."]
        return "\n".join(lines)

    def _next_steps(self) -> list[str]:
        readers = [account for account, _ in self.accounts if account.role is RoleCode.FOCAL_POINT]
        reader = readers[0].user_id if readers else self.accounts[0][0].user_id
        return [
            "What to type next:",
            f"  rogatory chat --as {reader}",
            f"  rogatory listen --as {reader}",
            "  rogatory status",
            "  rogatory down",
        ]
