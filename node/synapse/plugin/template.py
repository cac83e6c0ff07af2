"""What homeservers forked from one template share: Synapse and our plugin, imported and not yet used.

Importing takes more than two thirds of a homeserver's start. See node.supervisor.template_process.
"""

from __future__ import annotations

from importlib import import_module

from node.synapse.plugin.late_reactor import prepare_reactor

_SHARED = (
    "synapse.app.homeserver",
    "node.synapse.plugin.fence",
    "node.synapse.plugin.peer_table",
)

prepare_reactor()
for _name in _SHARED:
    import_module(_name)
