from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.session.crypto.secret_storage.recovery_key import read_recovery_key, write_recovery_key
from client.session.errors import RecoveryKeyWrong

# The pair that Matrix clients share as their example; the key is that of RFC 7748, section 6.1.
KEY = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
TEXT = "EsTc LW2K PGiF wKEA 3As5 g5c4 BXwk qeeJ ZJV8 Q9fu gUMN UE4d"


def test_the_known_key_is_written_and_read_as_other_clients_do() -> None:
    """The published pair of key and text holds both ways, with and without its spaces."""
    assert write_recovery_key(KEY) == TEXT
    for text in (TEXT, TEXT.replace(" ", ""), f"\n  {TEXT.replace(' ', '   ')}\r\n"):
        assert read_recovery_key(text) == KEY


@given(st.binary(min_size=32, max_size=32))
def test_every_key_comes_back(key: bytes) -> None:
    """Whatever the key, its text has twelve groups of four and stands for it."""
    text = write_recovery_key(key)
    assert [len(group) for group in text.split(" ")] == [4] * 12
    assert read_recovery_key(text) == key


def test_a_mistyped_character_never_gives_another_key_unnoticed() -> None:
    """Of all texts with one character changed nearly all are refused, and none stands for the same key."""
    compact, read = TEXT.replace(" ", ""), []
    characters = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl-"
    changed = {compact[:at] + one + compact[at + 1 :] for at in range(48) for one in characters} - {compact}
    for text in changed:
        with contextlib.suppress(RecoveryKeyWrong):
            read.append(read_recovery_key(text))
    # The parity is one byte: of 256 changes one passes it, to be refused by the key's own check.
    assert len(read) < len(changed) / 100
    assert KEY not in read


@pytest.mark.parametrize("text", ["", "EsTc", TEXT + " EsTc", "1" * 48, "EsTc " * 200_000, "ключ"])
def test_what_is_no_recovery_key_is_refused(text: str) -> None:
    """Empty, short, long, endless and foreign texts are refused, each in words."""
    with pytest.raises(RecoveryKeyWrong):
        read_recovery_key(text)
