"""A child's log: its last words, its size."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from node.supervisor import child_log
from node.supervisor.child_log import last_words, open_log


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", ""),
        (b"one\ntwo\n\n", "two"),
        (b"start\nValueError: no key\nshutting down\n", "ValueError: no key"),
        (b"Error: \x1b]0;title\x07\xc2\x9b1m \xff\r\n", "Error: ]0;title1m \ufffd"),
        (b"error " + b"x" * 1000, "error " + "x" * 294),
        (b"error: old\n" + b"y\n" * 20_000, "y"),
    ],
)
def test_last_words(tmp_path: Path, text: bytes, words: str) -> None:
    """The last line near the end that tells of an error, else the last; printable and short."""
    path = tmp_path / "log"
    path.write_bytes(b"error: of an earlier life\n" + text)
    assert last_words(path, 26) == words


def test_a_log_that_is_gone_has_no_words(tmp_path: Path) -> None:
    """A log removed meanwhile is no error of its own."""
    assert last_words(tmp_path / "log", 0) == ""


def test_a_large_log_moves_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log beyond the limit begins anew and is kept once under another name."""
    monkeypatch.setattr(child_log, "_LARGEST", 3)
    path = tmp_path / "log"
    path.write_text("long")
    descriptor, start = open_log(path)
    os.close(descriptor)
    assert (start, path.read_text(), (tmp_path / "log.1").read_text()) == (0, "", "long")
