"""Imports point one way, and each foreign library stays behind its one door."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent


def _imports(package: str) -> Iterator[tuple[str, str]]:
    """Yield (file, top-level package imported), function bodies included."""
    for path in sorted((ROOT / package).rglob("*.py")):
        file = path.relative_to(ROOT).as_posix()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                yield from ((file, alias.name.partition(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield file, node.module.partition(".")[0]


def _importers(package: str, *wanted: str) -> set[str]:
    return {file for file, imported in _imports(package) if imported.startswith(wanted)}


def test_retrieval_knows_no_front_end() -> None:
    assert _importers("retrieval", "bot", "discord", "click", "rich") == set()


def test_the_chroma_stores_are_the_only_importers_of_chromadb() -> None:
    found = _importers("retrieval", "chromadb") | _importers("bot", "chromadb")

    assert {file for file in found if not file.startswith("retrieval/index/chroma/")} == set()


def test_langchain_stays_in_the_splitter_and_the_adapters() -> None:
    found = _importers("retrieval", "langchain") | _importers("bot", "langchain")

    assert found <= {
        "retrieval/adapters.py",
        "retrieval/llm/chat.py",
        "retrieval/llm/embeddings.py",
        "retrieval/index/chunking.py",
    }


def test_data_imports_nothing() -> None:
    assert list(_imports("corpus")) == []


def test_models_and_errors_stand_at_the_bottom() -> None:
    bottom = {
        file: {imported for each, imported in _imports("retrieval") if each == file}
        for file in ("retrieval/models.py", "retrieval/errors.py")
    }

    assert bottom == {
        "retrieval/models.py": {"__future__", "collections", "dataclasses", "enum", "typing"},
        "retrieval/errors.py": {"__future__"},
    }
