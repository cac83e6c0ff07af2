"""SQLite and the encoding of answers in the reactor's own thread.

Synapse gives each transaction, and each answer's JSON, to another thread. It has one connection to SQLite, so
transactions follow one another anyway, and on a busy machine the two changes of thread take longer than most
of them: a sixth of the processor time of nodes that make their rooms. Synapse's own tests do the same. With a
large database a slow query would hold up everything else, so a node in service keeps its threads.
"""

from __future__ import annotations

from collections.abc import Callable

from synapse.http import server
from synapse.http.site import SynapseRequest
from twisted.enterprise.adbapi import ConnectionPool
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater


def stay_in_one_thread() -> None:
    """Change it for every database and every answer of this process, from now on."""
    ConnectionPool.runWithConnection = _run_with_connection  # type: ignore[method-assign,assignment] # there is no setting for it
    server._async_write_json_to_request_in_thread = _write_json_to_request


def _run_with_connection(
    self: ConnectionPool, function: Callable[..., object], *args: object, **kwargs: object
) -> Deferred[object]:
    # in a later turn of the reactor, as the caller expects: a row of transactions would let nothing else in
    return deferLater(self._reactor, 0, self._runWithConnection, function, *args, **kwargs)


async def _write_json_to_request(
    request: SynapseRequest, json_encoder: Callable[[object], bytes], json_object: object
) -> None:
    server._write_bytes_to_request(request, json_encoder(json_object))
