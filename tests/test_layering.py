"""Imports point one way, and each foreign library stays behind its one door."""

from __future__ import annotations

import ast
import functools
import graphlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent

DOORS = frozenset(
    """adapters answering bootstrap comparison errors evaluation fetching front_end_store health ingest
    initiatives langchain_retriever language llm model_files models observing search settings sources
    watching""".split()
)
"""What of `retrieval` a front end may import; what the others hold, it asks these for."""

ABOVE = {
    "retrieval.ledger": {
        "index",
        "search",
        "answering",
        "initiatives",
        "ingest",
        "llm",
        "comparison",
        "watching",
    },
    "retrieval.index": {"search", "answering", "initiatives", "ingest", "llm", "comparison", "watching"},
    "retrieval.llm": {"search", "answering", "ingest", "comparison", "watching"},
    "retrieval.sources": {
        "ledger",
        "index",
        "search",
        "answering",
        "initiatives",
        "ingest",
        "llm",
        "comparison",
        "watching",
    },
    "retrieval.ingest": {"watching"},
}
"""Package -> those of `retrieval` that build on it."""


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


@functools.cache
def _graph() -> dict[str, set[str]]:
    """Return module -> the modules of ours that it imports, function bodies included."""
    paths = [path for package in ("retrieval", "bot") for path in (ROOT / package).rglob("*.py")]
    names = {".".join(p.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): p for p in paths}
    graph: dict[str, set[str]] = {}
    for name, path in names.items():
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        found = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                members = {f"{node.module}.{alias.name}" for alias in node.names}
                found |= {member if member in names else node.module for member in members}
        graph[name] = {each for each in found if each in names and each != name}
    return graph


def _package(module: str) -> str:
    return ".".join(module.split(".")[:2])


def _is_below(graph: dict[str, set[str]]) -> bool:
    """Whether everything stands above all that it imports; else the error names a circle."""
    graphlib.TopologicalSorter(graph).prepare()
    return True


def test_no_modules_and_no_packages_import_each_other_in_a_circle() -> None:
    packages: dict[str, set[str]] = {}
    for module, imported in _graph().items():
        packages.setdefault(_package(module), set()).update(map(_package, imported))

    assert _is_below(_graph())
    assert _is_below({name: found - {name} for name, found in packages.items()})


def test_no_package_imports_what_builds_on_it() -> None:
    upward = {
        (module, each)
        for module, imported in _graph().items()
        for each in imported
        if each.split(".")[1] in ABOVE.get(_package(module), ())
    }

    assert upward == set()


def test_a_front_end_asks_services_and_reads_neither_ledger_nor_index() -> None:
    asked = {each for module, found in _graph().items() if module.startswith("bot") for each in found}

    assert {
        each for each in asked if each.startswith("retrieval.") and each.split(".")[1] not in DOORS
    } == set()


def test_retrieval_knows_no_front_end() -> None:
    assert _importers("retrieval", "bot", "discord", "click", "rich") == set()


def test_discord_is_behind_one_package() -> None:
    assert {file for file in _importers("bot", "discord") if not file.startswith("bot/discord/")} == set()


def test_what_serves_browsers_and_language_models_loads_no_discord() -> None:
    code = "import bot.web.app, bot.mcp_server, sys; print('discord' in sys.modules)"

    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert shown.stdout.strip() == "False"


def test_the_chroma_stores_are_the_only_importers_of_chromadb() -> None:
    found = _importers("retrieval", "chromadb") | _importers("bot", "chromadb")

    assert {file for file in found if not file.startswith("retrieval/index/chroma/")} == set()


def test_alembic_stays_in_the_history_of_the_tables() -> None:
    found = _importers("retrieval", "alembic") | _importers("bot", "alembic")

    assert {file for file in found if not file.startswith("retrieval/ledger/migrations/")} == set()


def test_a_released_step_of_that_history_needs_nothing_that_may_change() -> None:
    steps = "retrieval/ledger/migrations/versions/"
    found = _importers("retrieval", "retrieval") | _importers("retrieval", "bot")

    assert {file for file in found if file.startswith(steps)} == set()


def test_langchain_stays_in_the_splitter_the_models_and_its_own_retriever() -> None:
    found = _importers("retrieval", "langchain") | _importers("bot", "langchain")

    assert found <= {
        "retrieval/langchain_retriever.py",
        "retrieval/llm/langchain_models.py",
        "retrieval/index/encoder.py",
    }


ROOMS = (
    "language",
    "fetching",
    "sources",
    "ledger",
    "index",
    "llm",
    "initiatives",
    "search",
    "comparison",
    "answering",
    "ingest",
    "watching",
)
"""From the ground up."""


def test_rooms_import_only_those_below_them() -> None:
    up = {
        f"{path.relative_to(ROOT)} -> {node.module}"
        for height, room in enumerate(ROOMS)
        for path in (ROOT / "retrieval" / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module
        if node.module.startswith(tuple(f"retrieval.{above}" for above in ROOMS[height + 1 :]))
    }

    assert up == set()


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


def test_words_of_paragraphs_leave_the_ledger_through_the_seals() -> None:
    """What else reads them shows none: it compares, counts, erases, or embeds."""
    found = {
        path.relative_to(ROOT).as_posix()
        for package in ("retrieval", "bot")
        for path in (ROOT / package).rglob("*.py")
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("p.c.text", "schema.paragraphs.c.text")
    }

    assert found == {f"retrieval/ledger/{name}.py" for name in _READERS_OF_WORDS}


_READERS_OF_WORDS = ("seals", "live", "history", "revisions", "vectors")
