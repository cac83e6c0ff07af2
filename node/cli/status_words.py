"""How the state of a supervised process is told, to people and as JSON."""

from __future__ import annotations

from node.supervisor.status import ChildStatus


def status_json(child: ChildStatus) -> dict[str, object]:
    """Return what `--json` says of one process."""
    return {
        "healthy": child.healthy,
        "state": str(child.state),
        "detail": child.detail,
        "since": child.since,
        "pid": child.pid,
    }


def status_line(child: ChildStatus, *columns: str) -> str:
    """Return one line for a person; `columns` come between the state and its detail."""
    process = f"process {child.pid}" if child.pid else ""
    middle = " ".join(f"{column:<32}" for column in columns)
    return f"{child.name:<16} {child.state:<24} {process:<16} {middle} {child.detail}".rstrip()
