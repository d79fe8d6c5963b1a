"""What keeps the code readable: no room too large, no pattern that only a machine reads."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
MOST_LINES, MOST_LINES_OF_A_FUNCTION, LONGEST_PATTERN = 400, 60, 120


def _files() -> Iterator[tuple[str, str]]:
    for package in ("bot", "retrieval"):
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def test_no_file_is_longer_than_400_lines() -> None:
    assert [name for name, text in _files() if len(text.splitlines()) > MOST_LINES] == []


def test_no_function_is_longer_than_60_lines() -> None:
    long = [
        f"{name}: {node.name}"
        for name, text in _files()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (node.end_lineno or 0) - node.lineno >= MOST_LINES_OF_A_FUNCTION
    ]

    assert long == []


def test_a_long_pattern_is_written_out_over_several_lines() -> None:
    dense = [
        f"{name}:{node.lineno}"
        for name, text in _files()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"
        if isinstance(node.args[0], ast.Constant) and len(node.args[0].value) > LONGEST_PATTERN
        if "VERBOSE" not in ast.unparse(node)
    ]

    assert dense == []
