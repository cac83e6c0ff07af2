"""How a node's homeserver process is started, and when it is up."""

from __future__ import annotations

import asyncio
import os
import sys
import sysconfig
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import node
from node.errors import SynapseDied, SynapseMissing, SynapseSilent

if TYPE_CHECKING:
    import aiohttp

SYNAPSE_TEMPLATE = "node.synapse.plugin.template"
"""What the supervisor imports once for all homeservers of a machine."""
_LAUNCHER = "node.synapse.plugin.launch"
_KEPT = frozenset({"PATH", "HOME", "USER", "LOGNAME", "LANG", "TZ", "TMPDIR", "SYSTEMROOT"})
"""What a homeserver needs of the environment. All else stays out: a proxy would swallow the federation, and
PYTHON* variables change what runs."""
_POLL_SECONDS = 0.1


def synapse_command(folder: Path) -> list[str]:
    """Return the command line that runs the rendered node in `folder`. No secret is in it.

    Raises SynapseMissing when the extra `node` is not installed.
    """
    if find_spec("synapse") is None:
        raise SynapseMissing(
            "Synapse is not installed in this environment.",
            why="It comes with the extra 'node', which a practitioner's own machine does not need.",
            remedy="Run: pip install 'rogatory[node]'.",
        )
    # -P: the folder in which the supervisor happens to stand is no place to import from
    options = ["--config-path", str(folder / "homeserver.yaml"), "--no-secrets-in-config"]
    return [sys.executable, "-P", "-m", _LAUNCHER, *options]


def synapse_environment(inherited: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return the environment of a homeserver process, made from `inherited` (default: our own).

    The supervisor adds the lifeline to it.
    """
    source = os.environ if inherited is None else inherited
    kept = {name: value for name, value in source.items() if name in _KEPT or name.startswith("LC_")}
    ours = Path(node.__file__).resolve().parent.parent
    installed = ours == Path(sysconfig.get_paths()["purelib"]).resolve()
    # run from a source tree, the launcher and the plugin must be found there; empty counts as not set
    return {**kept, "PYTHONUNBUFFERED": "1", "PYTHONPATH": "" if installed else str(ours)}


async def wait_until_healthy(url: str, alive: Callable[[], bool], *, timeout: float = 120.0) -> None:
    """Wait until the homeserver whose client listener is at `url` answers GET /health.

    `alive` tells whether its process still runs. Raises SynapseDied when it does not, SynapseSilent after
    `timeout` seconds.
    """
    import aiohttp  # imported here: the commands that start nothing do not pay for it

    try:
        async with asyncio.timeout(timeout), aiohttp.ClientSession() as session:
            while not await _answers(session, f"{url}/health"):
                if not alive():
                    raise SynapseDied(
                        f"The homeserver at {url} ended while it started.",
                        why="Its process is gone before it answered.",
                        remedy="Its last words are in homeserver.log in the node's folder.",
                    )
                await asyncio.sleep(_POLL_SECONDS)
    except TimeoutError:
        raise SynapseSilent(
            f"The homeserver at {url} does not answer.",
            why=f"Its process runs, but was not healthy within {timeout:.0f} seconds.",
            remedy="Look into homeserver.log in the node's folder, and whether the machine is busy.",
        ) from None


async def _answers(session: aiohttp.ClientSession, url: str) -> bool:
    import aiohttp

    try:
        async with session.get(url, timeout=aiohttp.ClientTimeout(total=5)) as response:
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
