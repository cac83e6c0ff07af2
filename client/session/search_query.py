"""What a person may write to search, read into words; it never becomes the syntax of a database.

    arrest warr "mutual legal assistance" in:General from:sen.focal-point.1 after:2026-10-01 before:2026-11-01

Words are beginnings of words and must all be there; what stands in quotation marks must be there as it
stands. `in:` takes a room's id, alias or name, in quotation marks where it has spaces; `from:` a user id or
the part of one before the colon. Several `in:` or several `from:` mean any of them. `after:` begins with that
day, `before:` ends ahead of it. A word of one letter is looked for as it is: there are too many that begin
with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

import msgspec

from client.session.errors import SearchRefused
from client.session.store.searchable_text import is_whole_word, searchable, words_in

_MOST_CHARACTERS = 1_000
_MOST_PARTS = 32
_PART = re.compile(
    r'(?:in|from|before|after):(?=\s|$)|(?:(in|from|before|after):)?(?:"([^"]*)(?:"|$)|(\S+))', re.IGNORECASE
)


class SearchQuery(msgspec.Struct, frozen=True):
    """A query taken apart. `words` and `phrases` are as `searchable` has them; times are in milliseconds."""

    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    rooms: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    before: int | None = None
    after: int | None = None


def read_query(text: str, zone: tzinfo | None = None) -> SearchQuery:
    """Take a query apart; its days are those of `zone`, by default of this machine. Raises SearchRefused."""
    if len(text) > _MOST_CHARACTERS:
        raise _refused(f"It has more than {_MOST_CHARACTERS} characters.", "Search for fewer words.")
    found: dict[str, list[str]] = {"word": [], "phrase": [], "in": [], "from": [], "before": [], "after": []}
    for match in _PART.finditer(text):
        key, quoted, plain = match.groups()
        if key is None and quoted is None and plain is None:
            raise _refused(
                f"Nothing stands after {match[0]!r}.", f"Write for example {_EXAMPLES[match[0].lower()]}."
            )
        kind = key.lower() if key else "word" if quoted is None else "phrase"
        found[kind].append(plain if quoted is None else quoted)
    if sum(map(len, found.values())) > _MOST_PARTS:
        raise _refused(f"It has more than {_MOST_PARTS} words.", "Search for fewer words.")
    query = SearchQuery(
        words=_searchable(found["word"]),
        phrases=_searchable(found["phrase"]),
        rooms=tuple(found["in"]),
        senders=tuple(found["from"]),
        before=min((_moment(day, "before:", zone) for day in found["before"]), default=None),
        after=max((_moment(day, "after:", zone) for day in found["after"]), default=None),
    )
    _refuse_what_finds_everything(query)
    return query


def is_beginning(word: str) -> bool:
    """Tell whether a word is looked for as the beginning of words: its last part has two letters or more."""
    return len(words_in(word)[-1]) > 1


def _searchable(parts: Sequence[str]) -> tuple[str, ...]:
    """Return the parts as the index has them, without those that are signs only."""
    return tuple(part for part in map(searchable, parts) if words_in(part))


def _refuse_what_finds_everything(query: SearchQuery) -> None:
    if not (query.words or query.phrases):
        if query.rooms or query.senders:
            return
        raise _refused(
            "There is no word in it.", "Write a word, a room (in:General) or a person (from:NAME)."
        )
    long_enough = any(is_beginning(word) or is_whole_word(words_in(word)[-1]) for word in query.words)
    if not (query.phrases or long_enough):
        raise _refused("One letter is too little to search by.", "Type one more letter.")


def _moment(day: str, key: str, zone: tzinfo | None) -> int:
    """Return the beginning of a day in milliseconds since 1970 UTC."""
    try:
        midnight = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=zone)
        began = midnight.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise _refused(f"{day!r} is no day.", f"Write for example {_EXAMPLES[key]}.") from None
    return int(began.total_seconds() * 1000)


_EXAMPLES = {
    "in:": "in:General",
    "from:": "from:sen.focal-point.1",
    "before:": "before:2026-11-01",
    "after:": "after:2026-10-01",
}


def _refused(why: str, remedy: str) -> SearchRefused:
    return SearchRefused("This cannot be searched for.", why=why, remedy=remedy)
