"""What six nodes on one machine do without, so that a development network is there in seconds.

None of it changes what a node decides or sends. A node in service does as Synapse does.
"""

from __future__ import annotations

import os

VARIABLE = "ROGATORY_QUICK_NODE"
"""The environment variable by which the supervisor's specification asks for it."""


def be_quick_if_asked() -> None:
    """Change Synapse in this process before it starts, where `VARIABLE` is 1."""
    if os.environ.get(VARIABLE) != "1":
        return
    from node.synapse.plugin.known_schemas import trust_known_schemas
    from node.synapse.plugin.one_thread import stay_in_one_thread
    from node.synapse.plugin.quick_commits import commit_quickly

    commit_quickly()
    stay_in_one_thread()
    trust_known_schemas()
