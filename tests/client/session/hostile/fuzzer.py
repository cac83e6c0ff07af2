"""A fuzzer of our own: from one seed, the same hostile values in every run."""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence
from typing import Any

from tests.client.session.hostile.spelling import Pairs, Spelt

CANARY = "canary-that-no-log-may-show"
_WORDS = (
    "", "\0",
    "m.room.encrypted", "@alice:a.test", "!room", "join", "null", "__proto__", "\u202e\u2066", "\ud800",
    "\udfff tail", "\U0001f600", "é" * 40, "../../etc/passwd", "'; DROP TABLE events; --", "%s%n{0}",
)  # fmt: skip
_NUMBERS = (0, -1, 1, 2**31, 2**53 + 1, -(2**63), 2**63, 2**64, 2**70, -(2**200), 10**400, 1.5, -0.0, 1e300)
_NO_JSON = tuple(
    map(Spelt, (b"NaN", b"-Infinity", b"Infinity", b"1e999", b'"\xff\xfe"', b'"\xed\xa0\x80"', b"9" * 6000))
)


class Fuzzer:
    """Makes hostile values, and hostile versions of good ones."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 # the same inputs every time, no secret

    def word(self) -> str:
        """Return a text that somebody may trip over; seldom one of 10 kB."""
        kind = self.chance.random()
        if kind < 0.05:
            return self.chance.choice(string.ascii_letters) * 10_000
        if kind < 0.2:
            return "".join(self.chance.choices(string.printable, k=self.chance.randint(1, 60)))
        return self.chance.choice(_WORDS)

    def deep(self) -> Any:
        """Return something nested: by some levels, by hundreds, by many thousands."""
        depth = self.chance.choice((20, 90, 101, 150, 400, 800, 950, 1000, 5000))
        opening, closing = self.chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b'[{"b":[', b"]}]")))
        return Spelt(opening * depth + b"1" + closing * depth)

    def huge(self) -> Any:
        """Return something of one to four megabytes."""
        size = self.chance.randint(1, 4) * 1_000_000
        return self.chance.choice(
            (
                "x" * size,
                Spelt(b"[" + b"0," * (size // 2) + b"0]"),
                Spelt(b'"' + b"\\ud800" * (size // 6) + b'"'),
            )
        )

    def value(self, depth: int = 0) -> Any:
        """Return any value."""
        kind = self.chance.random()
        if kind < 0.25:
            return self.word()
        if kind < 0.45:
            return self.chance.choice(_NUMBERS)
        if kind < 0.6:
            return self.chance.choice((None, True, False, [], {}))
        if kind < 0.7:
            return self.chance.choice(_NO_JSON)
        if kind < 0.75:
            return self.deep()
        if kind < 0.7505:
            return self.huge()
        if depth > 3:
            return None
        few = range(self.chance.randint(0, 4))
        if kind < 0.88:
            return [self.value(depth + 1) for _ in few]
        return Pairs(tuple((self.word(), self.value(depth + 1)) for _ in few))

    def spoilt(self, good: Any) -> Any:
        """Return a copy of a good value in which one thing or a few are not what they should be."""
        spoilt = good
        for _ in range(self.chance.choice((1, 1, 1, 2, 4))):
            spoilt = self._spoil_one(spoilt)
        return spoilt

    def choose(self, *makers: Callable[[], Any]) -> Any:
        """Return what one of the makers makes."""
        return self.chance.choice(makers)()

    def any_of(self, values: Sequence[Any]) -> Any:
        return self.chance.choice(values)

    def _spoil_one(self, value: Any) -> Any:
        """Replace, drop, add or double one member somewhere in it."""
        if isinstance(value, dict) and value and self.chance.random() < 0.93:
            name = self.chance.choice(list(value))
            kind = self.chance.random()
            if kind < 0.7:
                return {**value, name: self._spoil_one(value[name])}
            if kind < 0.82:
                return {key: one for key, one in value.items() if key != name}
            if kind < 0.92:
                return Pairs((*value.items(), (name, self.value())))
            return {**value, self.word(): self.value()}
        if isinstance(value, list) and value and self.chance.random() < 0.8:
            at = self.chance.randrange(len(value))
            return [self._spoil_one(one) if index == at else one for index, one in enumerate(value)]
        if isinstance(value, str) and self.chance.random() < 0.4:
            return self._spoil_text(value)
        return self.value()

    def _spoil_text(self, text: str) -> str:
        at = self.chance.randint(0, len(text))
        return self.chance.choice(
            (
                text[:at],
                text + text,
                text[:at] + self.word() + text[at:],
                text.upper(),
                text[::-1],
                text + "=",
            )
        )
