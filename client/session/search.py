"""Searching the account's messages: a person's query, turned into what the index understands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

from client.session.errors import SearchRefused, UnknownRoom
from client.session.events import SearchHit
from client.session.search_query import SearchQuery, is_beginning, read_query
from client.session.store.room_store import RoomStore
from client.session.store.search_index import SearchIndex, room_tag, sender_tag
from client.session.store.timeline import position_of

_MOST_HITS = 1_000
_EVERYTHING = 2**63 - 1


class Search:
    """Searches one store. `own_user_id` is the account, after whom rooms without a name are not called."""

    def __init__(self, index: SearchIndex, rooms: RoomStore, own_user_id: str) -> None:
        self._index = index
        self._rooms = rooms
        self._own_user_id = own_user_id

    def find(self, text: str, *, limit: int = 20, before: int | None = None) -> list[SearchHit]:
        """Return the newest messages that a query finds. Raises SearchRefused, UnknownRoom."""
        if not 1 <= limit <= _MOST_HITS:
            raise SearchRefused(
                f"{limit} messages cannot be asked for at once.",
                why=f"From 1 to {_MOST_HITS} come at a time.",
                remedy="Ask for fewer; then for those before the last one.",
            )
        query = read_query(text)
        until = _EVERYTHING if before is None else max(min(before, _EVERYTHING), 0)
        if query.before is not None:
            until = min(until, position_of(query.before))
        since = 0 if query.after is None else position_of(query.after)
        return self._index.find(self._expression(query), since=since, before=until, limit=limit)

    def _expression(self, query: SearchQuery) -> str:
        """Return FTS5's expression. Nothing of the person's text stands in it but within a quoted string."""
        texts = [f"{_string(word)} *" if is_beginning(word) else _string(word) for word in query.words]
        texts += [_string(phrase) for phrase in query.phrases]
        parts = [f"body : ({' AND '.join(texts)})"] if texts else []
        if query.rooms:
            rooms = {room_id for room in query.rooms for room_id in self._room_ids(room)}
            parts.append(_any_of(map(room_tag, sorted(rooms))))
        if query.senders:
            parts.append(_any_of(map(sender_tag, query.senders)))
        return " AND ".join(parts)

    def _room_ids(self, room: str) -> Sequence[str]:
        """Return the rooms that an id, an alias or a name means: rooms of one name are searched together."""
        if self._rooms.get(room) is not None:
            return [room]
        names = {each.room_id: each.names(self._own_user_id) for each in self._rooms}
        wanted = _plain(room)
        found = [room_id for room_id, called in names.items() if wanted in map(_plain, called)]
        if found:
            return found
        nearest = get_close_matches(room, [name for called in names.values() for name in called], n=1)
        raise UnknownRoom(
            f"There is no room {room!r} to search in.",
            why="No room of this account has that id, alias or name.",
            remedy=f"Did you mean {nearest[0]!r}?" if nearest else "See `rogatory rooms`.",
        )


def _plain(name: str) -> str:
    return " ".join(name.split()).casefold()


def _any_of(tags: Iterable[str]) -> str:
    return f"tags : ({' OR '.join(map(_string, tags))})"


def _string(text: str) -> str:
    """Return an FTS5 string: only the quotation mark means something in it, and is doubled."""
    return '"' + text.replace('"', '""') + '"'
