from __future__ import annotations

import os
import unicodedata
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.session.attachments.file_name import LONGEST_NAME, safe_file_name

MADE = {
    "report.pdf": "report.pdf",
    "Déclaration du témoin.odt": "Déclaration du témoin.odt",
    "証言 第1部.pdf": "証言 第1部.pdf",
    "../../../etc/passwd": "etc_passwd",
    "/etc/passwd": "etc_passwd",
    "..\\..\\evil.exe": "evil.exe",
    "C:\\evil.exe": "C__evil.exe",
    ".bashrc": "bashrc",
    "...": "attachment",
    "": "attachment",
    " \t ": "attachment",
    "-rf": "rf",
    "a\x00b\x1b[2Jc\nd.txt": "ab[2Jc d.txt",
    "statement\u202efdp.exe": "statementfdp.exe",
    "in\u200bvisible\ufeff.pdf": "invisible.pdf",
    "trailing. . ": "trailing",
    "CON": "attachment CON",
    "nul.txt": "attachment nul.txt",
    "half\ud800.pdf": "half.pdf",
    "a" * 10_000 + ".pdf": "a" * (LONGEST_NAME - 4) + ".pdf",
    "é" * 10_000: "é" * (LONGEST_NAME // 2),
    "a" + ".b" * 5_000: "a" + ".b" * 69,
}


@pytest.mark.parametrize("claimed", MADE)
def test_a_name_is_made_of_what_somebody_called_a_file(claimed: str) -> None:
    """Good names stay as they are; what could be a path, a command or a disguise becomes a plain name."""
    assert safe_file_name(claimed) == MADE[claimed]


@given(st.text(st.characters(), max_size=300) | st.text("./\\- \u202e\x00aC:", max_size=300))
def test_whatever_a_file_is_called_its_name_only_names_it(claimed: str) -> None:
    """Of any text comes one part of a path, visible, short enough, and itself if it is made a name again."""
    name = safe_file_name(claimed)
    assert name == Path(name).name == PureWindowsPath(name).name
    assert not name.startswith((".", "-", " "))
    assert not name.endswith((".", " "))
    assert 0 < len(os.fsencode(name)) <= LONGEST_NAME
    assert not {unicodedata.category(each)[0] for each in name} & {"C"}
    assert safe_file_name(name) == name
