"""`python -m node.supervisor.template_process ORDERS MODULE`: started by node.supervisor.template.

Imports MODULE once, then forks a child for every order that comes on the socket ORDERS (a descriptor's
number). The child goes on as if it had been started by the command in its order, `python ... -m NAME ...`,
with everything that MODULE imports already there. Nothing may have happened before the fork but imports: no
thread, no socket, no event loop.

An order is JSON, {"command": [...], "working_folder": "...", "supervisor": pid}, with two descriptors: a
socket for the child alone, and its log. Over that socket the child says its process id once the supervisor is
its parent, waits for the word to go on, leaves for its own session and says that it has. Whatever goes wrong
before, the child ends and the socket with it: the supervisor always learns of it.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import socket
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

GO = b"go"
GONE = b"gone"
_LONGEST_ORDER = 128 * 1024
_POLL_SECONDS = 0.0005
TITLE_SPACE = "ROGATORY_TITLE_SPACE"
"""A variable that is only long: a process's title fits into the room of its first arguments and variables."""


@dataclass(frozen=True)
class Order:
    """What a child is to become. `supervisor` is the process that must have adopted it."""

    command: tuple[str, ...]
    working_folder: str
    supervisor: int


def serve(orders: socket.socket) -> Order | None:
    """Fork for every order. Returns in each child, with its order; here None, when there are no more."""
    while True:
        message, descriptors, _, _ = socket.recv_fds(orders, _LONGEST_ORDER, 2)
        if not message:
            return None
        found = json.loads(message)
        order = Order(tuple(found["command"]), found["working_folder"], found["supervisor"])
        try:
            if _forked(order, *descriptors):
                orders.close()
                return order
        except OSError as error:  # no more processes, no memory: the supervisor sees that there is no child
            print(f"a child could not be forked: {error}", file=sys.stderr, flush=True)  # noqa: T201 # its log
        finally:
            for descriptor in descriptors:
                os.close(descriptor)


def _forked(order: Order, conversation: int, log: int) -> bool:
    """Fork twice: the one in between ends at once, and the supervisor adopts the child. True in the child."""
    sys.stdout.flush()
    sys.stderr.flush()
    between = os.fork()
    if between:
        os.waitpid(between, 0)
        return False
    try:
        parent = os.getpid()
        if os.fork():
            os._exit(0)
        _be_born(order, parent, conversation, log)
    except ConnectionError:
        os._exit(1)  # nobody waits for this child any more
    except BaseException:  # noqa: BLE001 # two copies of the template must never come out of a fork
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    return True


def _be_born(order: Order, parent: int, conversation: int, log: int) -> None:
    with socket.socket(fileno=os.dup(conversation)) as supervisor:
        while os.getppid() == parent:
            time.sleep(_POLL_SECONDS)  # there is no event for it that comes after the adoption
        if os.getppid() != order.supervisor:
            os._exit(1)
        os.chdir(order.working_folder)
        supervisor.send(str(os.getpid()).encode())
        if supervisor.recv(len(GO)) != GO:
            os._exit(1)
        os.setsid()
        for stream in (1, 2):
            os.dup2(log, stream)
        supervisor.send(GONE)


def become(command: tuple[str, ...]) -> None:
    """Run what `command` runs, and look like it to everybody who lists processes."""
    from setproctitle import setproctitle, setthreadtitle

    setproctitle(" ".join(command))
    setthreadtitle(Path(command[0]).name)  # what a process is called that has this command
    module = command.index("-m") + 1
    sys.orig_argv[:] = command
    sys.argv[:] = ["-m", *command[module + 1 :]]
    gc.enable()
    runpy.run_module(command[module], run_name="__main__", alter_sys=True)


def _refuse_threads() -> None:
    others = len(list(Path("/proc/self/task").iterdir())) - 1
    if others:
        raise SystemExit(f"{sys.argv[2]} cannot be a template: importing it starts threads ({others}).")


def main() -> None:
    """Import, serve, and in a child become what was ordered."""
    # what the collector never looks at, the children never copy
    gc.disable()
    os.environ.pop(TITLE_SPACE, None)
    with socket.socket(fileno=int(sys.argv[1])) as orders:
        import_module(sys.argv[2])
        import setproctitle  # noqa: F401 # for the children; missing, this ends here

        _refuse_threads()
        gc.freeze()
        order = serve(orders)
    if order is not None:
        become(order.command)


if __name__ == "__main__":
    main()
