"""Starts Synapse as the supervisor does: `python -P -m node.synapse.plugin.launch --config-path ...`.

What must hold from the first moment comes before Synapse's imports, which take most of a start: the lifeline,
and the umask that makes its database, logs and media readable for its owner only. Forked from a template
(node.synapse.plugin.template), this process has those imports already.
"""

from __future__ import annotations

import os

from client.session.local.lifeline import watch_lifeline
from node.synapse.plugin.late_reactor import start_reactor_late
from node.synapse.plugin.quick_node import be_quick_if_asked


def main() -> None:
    """Run the homeserver with this process's arguments."""
    os.umask(0o077)
    watch_lifeline()
    start_reactor_late()
    be_quick_if_asked()
    from synapse.app.homeserver import main as synapse_main

    synapse_main()


if __name__ == "__main__":
    main()
