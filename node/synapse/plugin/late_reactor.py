"""Twisted's event loop, made only after a fork, though Synapse's imports ask for it before.

An event loop that was made before a fork would share its epoll descriptor with every other process forked
from there. Synapse has a stand-in for this case, which it uses to start its own workers in its tests
(synapse.app.complement_fork_starter): the imports get the stand-in, which later hands on to the real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from synapse.app.complement_fork_proxied_reactor import ProxiedReactor

_stand_in: ProxiedReactor | None = None


def prepare_reactor() -> None:
    """Let all imports from now on find the stand-in. To be called before anything of Twisted is imported."""
    global _stand_in
    from synapse.app.complement_fork_proxied_reactor import ProxiedReactor
    from twisted.internet.main import installReactor

    _stand_in = ProxiedReactor()
    installReactor(_stand_in)  # type: ignore[no-untyped-call] # Twisted's is without types


def start_reactor_late() -> None:
    """Give the stand-in this process's own reactor; without a stand-in, do nothing."""
    if _stand_in is None:
        return
    from twisted.internet.epollreactor import EPollReactor

    _stand_in._install_real_reactor(EPollReactor())  # type: ignore[no-untyped-call] # as above
