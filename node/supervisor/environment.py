"""What the supervisor and its children find in their environment: little, and the same from every shell."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from client.session.local.lifeline import LIFELINE

_KEPT = frozenset({"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "XDG_RUNTIME_DIR"})


def child_environment(
    ours: Mapping[str, str], overlay: Mapping[str, str], lifeline: int | None
) -> dict[str, str]:
    """Return what is kept of our environment, `overlay` over it, and the lifeline's descriptor if any.

    Whatever else the shell of the first `rogatory up` held stays out: a proxy would see who federates with
    whom, PYTHON* variables change what runs, and tokens concern nobody. Our own packages are on the path
    also when they are not installed.
    """
    environment = {name: value for name, value in ours.items() if name in _KEPT or name.startswith("LC_")}
    packages = Path(__file__).parents[2]
    if packages.name != "site-packages":
        environment["PYTHONPATH"] = os.fspath(packages)
    environment |= overlay
    environment.pop(LIFELINE, None)
    if lifeline is not None:
        environment[LIFELINE] = str(lifeline)
    return environment
