"""The recovery key as a person writes it down (Matrix spec, appendices, "Cryptographic key representation").

Two fixed bytes, the 32 bytes of the key and a parity byte, in Base58 (Bitcoin's alphabet), in groups of four.
"""

from __future__ import annotations

import functools
import operator

from client.session.errors import RecoveryKeyWrong

KEY_LENGTH = 32
_PREFIX = b"\x8b\x01"
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def write_recovery_key(key: bytes) -> str:
    """Return a storage key of 32 bytes as text: the secret itself, for its owner's eyes only."""
    data = _PREFIX + key
    text = _base58(data + bytes([_parity(data)]))
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def read_recovery_key(text: str) -> bytes:
    """Return the 32 bytes that a recovery key stands for; white space does not matter.

    Raises RecoveryKeyWrong, which says what is wrong with the text and never shows it.
    """
    compact = "".join(text.split())
    data = _from_base58(compact)
    if data is None:
        raise _wrong("It has a character that no recovery key has (as 0, O, I or l).")
    if len(data) != len(_PREFIX) + KEY_LENGTH + 1:
        raise _wrong("It is too short or too long.")
    if not data.startswith(_PREFIX):
        raise _wrong("It does not begin as a recovery key does.")
    if _parity(data) != 0:
        raise _wrong("Its parity does not hold: a character is mistyped.")
    return data[len(_PREFIX) : -1]


def _parity(data: bytes) -> int:
    return functools.reduce(operator.xor, data, 0)


def _base58(data: bytes) -> str:
    # The prefix is never zero, so no leading zero needs a character of its own.
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return text


def _from_base58(text: str) -> bytes | None:
    number = 0
    for character in text[:100]:  # a key has 48: what is longer is refused, and costs no time
        digit = _ALPHABET.find(character)
        if digit < 0:
            return None
        number = number * len(_ALPHABET) + digit
    return number.to_bytes((number.bit_length() + 7) // 8)


def _wrong(why: str) -> RecoveryKeyWrong:
    return RecoveryKeyWrong(
        "This is not a recovery key.",
        why=why,
        remedy="Copy it again: 48 characters in twelve groups of four, as they were shown.",
    )
