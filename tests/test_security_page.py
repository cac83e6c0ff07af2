from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[1]
_PAGE = (_ROOT / "SECURITY.md").read_text()
_TESTS = _ROOT / "tests" / "client"
_NAMED = sorted(set(re.findall(r"`(\w+/\w+\.py)::(\w+)`", _PAGE)))


def _functions(path: Path) -> dict[str, ast.AsyncFunctionDef | ast.FunctionDef]:
    tree = ast.parse(path.read_text())
    return {node.name: node for node in tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)}


def _is_expected_to_fail(test: ast.AsyncFunctionDef | ast.FunctionDef) -> bool:
    return any("xfail" in ast.unparse(decorator) for decorator in test.decorator_list)


@pytest.mark.parametrize(("file", "name"), _NAMED)
def test_each_test_that_the_security_page_names_is_there_and_shows_what_it_says(file: str, name: str) -> None:
    """A row's test exists, and is expected to fail exactly where the row says so in bold."""
    found = _functions(_TESTS / file).get(name)
    assert found is not None
    [row] = [line for line in _PAGE.splitlines() if f"`{file}::{name}`" in line]
    assert _is_expected_to_fail(found) == ("**fail**" in row)


@pytest.mark.parametrize("folder", ["complement", "hostile_server"])
def test_each_answer_to_complement_crypto_and_each_attack_stands_on_the_page(folder: str) -> None:
    """No test of those two folders is left out of the page, but those that say there that they are extra."""
    extra = {
        "test_a_new_device_has_a_year_of_history_back_from_the_backup",
        "test_state_in_the_timeline_is_not_taken_for_what_came_of_it",
    }
    there = {
        (f"{folder}/{path.name}", name)
        for path in (_TESTS / folder).glob("test_*.py")
        for name in _functions(path)
        if name.startswith("test_") and name not in extra
    }
    assert there == {(file, name) for file, name in _NAMED if file.startswith(folder)}


def test_the_sum_under_the_table_is_that_of_its_rows() -> None:
    """How many rows stock nio and ours pass is counted, not claimed."""
    rows = [line.split("|") for line in _PAGE.splitlines() if line.startswith("| Test")]
    passed = [sum(row[column].strip().startswith("pass") for row in rows) for column in (3, 4)]
    assert f"Of {len(rows)} rows that apply, stock nio passes {passed[0]} and ours {passed[1]}." in _PAGE
