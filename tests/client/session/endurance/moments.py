"""A session that dies at a chosen moment: before or after any request, before or after any commit.

What a process has in memory goes with it, an open transaction is rolled back, and the server has what it had:
a session that can neither ask nor write from a moment on is, to everybody else, one that was killed then.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from client.session.events import Json
from client.session.owned_tasks import OwnedTasks
from client.session.session import OpenSession
from client.session.store.vault import Vault
from client.session.transport import Transport
from tests.client.session.fake_people import Person

_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")


class Killed(BaseException):
    """The process is dead. No part of it may catch this."""


class Life:
    """Counts the moments of one life; it ends at number `end`. `at` says what happened at each."""

    def __init__(self, end: int) -> None:
        self._end = end
        self.at: list[str] = []

    @property
    def is_over(self) -> bool:
        return len(self.at) > self._end

    def moment(self, what: str) -> None:
        """Live through a moment, or die at it. Raises Killed."""
        if not self.is_over:
            self.at.append(what)
        if self.is_over:
            raise Killed


class MortalTransport:
    """`Transport` of a life: it may end before the server has a request, or before the answer is here."""

    def __init__(self, inner: Transport, life: Life) -> None:
        self._inner = inner
        self._life = life

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Json] | None = None,
        timeout: float = 30.0,
    ) -> bytes:
        name = f"{method} {path.removeprefix('/_matrix/client/v3')}"
        self._life.moment(f"before {name}")
        answer = await self._inner.request(method, path, query=query, body=body, timeout=timeout)
        self._life.moment(f"after {name}")
        return answer


class _MortalConnection:
    """A SQLite connection of a life: it may end on either side of a commit."""

    def __init__(self, inner: Any, life: Life) -> None:
        self._inner = inner
        self._life = life

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def execute(self, sql: str, *parameters: Any) -> Any:
        return self._write(sql, lambda: self._inner.execute(sql, *parameters))

    def executemany(self, sql: str, rows: Any) -> Any:
        return self._write(sql, lambda: self._inner.executemany(sql, rows))

    def _write(self, sql: str, work: Callable[[], Any]) -> Any:
        word = sql.split(None, 1)[0].upper().rstrip(";")
        commits = word == "COMMIT" or (word in _WRITES and not self._inner.in_transaction)
        if not commits:
            return work()
        self._life.moment(f"before {sql[:40]}")
        done = work()
        self._life.moment(f"after {sql[:40]}")
        return done


def mortal_store(db: Vault, life: Life) -> Vault:
    """Return the store with its commits made moments of `life`."""
    db.conn = _MortalConnection(db.conn, life)  # type: ignore[assignment] # the same face
    return db


async def live(person: Person, life: Life, work: Callable[[OpenSession], Awaitable[None]]) -> None:
    """Do some work in a person's session for one life; where that ends, even while it opens, so does this."""
    db = person.store()
    try:
        async with OwnedTasks() as tasks:
            transport = MortalTransport(person.transport, life)
            session = OpenSession(
                mortal_store(db, life), transport, person.transport, tasks.begin, lambda _: True
            )
            session.start()
            await work(session)
            session.close()
    except* Killed:
        pass
    finally:
        db.close()
