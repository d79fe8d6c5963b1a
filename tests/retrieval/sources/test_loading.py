"""Files and folders: what is read, in which order, and that one bad file stops nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.errors import CorpusError
from retrieval.sources import load, load_file

BODY = "1. The Ministers met in Port Alder.\n\n2. They agreed to meet again.\n"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    for name in [
        "b.txt",
        "a.md",
        "sub/c.html",
        "README.md",
        "LICENSE.txt",
        ".hidden.txt",
        ".git/x.txt",
        "d.csv",
    ]:
        (tmp_path / name).write_text(BODY, encoding="utf-8")
    return tmp_path


def test_folder_is_read_in_order_without_what_is_no_readout(corpus: Path) -> None:
    found = [Path(item.source).relative_to(corpus).as_posix() for item in load([corpus])]

    assert found == ["a.md", "b.txt", "sub/c.html"]


def test_file_named_by_the_caller_is_never_passed_over(corpus: Path) -> None:
    found = list(load([corpus / "README.md", corpus / "d.csv", corpus / ".hidden.txt"]))

    assert [len(item.readouts) for item in found] == [1, 1, 1]


def test_file_named_twice_is_read_once(corpus: Path) -> None:
    assert len(list(load([corpus / "b.txt", corpus]))) == 3


def test_bad_file_is_an_error_beside_the_others(corpus: Path) -> None:
    (corpus / "aa.txt").write_bytes(b"")

    found = {Path(item.source).name: item for item in load([corpus])}

    assert [item.error is None for item in found.values()] == [True, False, True, True]
    assert found["aa.txt"].readouts == ()


def test_what_is_no_file_of_the_folder_is_refused_beside_the_others(corpus: Path, tmp_path: Path) -> None:
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (outside / "x.txt").write_text(BODY, encoding="utf-8")
    os.mkfifo(corpus / "pipe.txt")
    (corpus / "link.txt").symlink_to(outside / "x.txt")
    (corpus / "folder").symlink_to(outside)
    (corpus / "lost.txt").symlink_to(corpus / "gone.txt")
    (corpus / "inner").symlink_to(corpus / "sub")

    found = {Path(item.source).name: item.error.problem for item in load([corpus]) if item.error}

    assert {name: problem[:32] for name, problem in found.items()} == {
        "pipe.txt": "it is a pipe, a socket or a devi",
        "link.txt": "it is a link that leads out of t",
        "folder": "it is a link that leads out of t",
        "lost.txt": "the file cannot be read (No such",
    }
    assert sum(len(item.readouts) for item in load([corpus])) == 3


@pytest.mark.parametrize("path", [Path("/dev/zero"), Path("/dev/stdin")], ids=str)
def test_device_that_is_named_is_refused(path: Path) -> None:
    error = load_file(path).error

    assert error is not None
    assert "no file" in error.problem


def test_missing_path_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="no such file or folder"):
        list(load([tmp_path / "nowhere"]))


def test_corrections_beside_a_file_are_applied_and_change_its_hash(corpus: Path) -> None:
    before = load_file(corpus / "b.txt")
    (corpus / "b.meta.toml").write_text('title = "Corrected"\n', encoding="utf-8")

    after = load_file(corpus / "b.txt")

    assert after.readouts[0].title == "Corrected"
    assert after.overrides is not None
    assert after.content_hash != before.content_hash
    assert [Path(item.source).name for item in load([corpus])] == ["a.md", "b.txt", "c.html"]


def test_fault_in_the_corrections_names_their_file(corpus: Path) -> None:
    (corpus / "b.meta.toml").write_text('titel = "Corrected"\n', encoding="utf-8")

    error = load_file(corpus / "b.txt").error

    assert error is not None
    assert (Path(error.source).name, error.line) == ("b.meta.toml", 1)


def test_importing_the_package_imports_no_parser_library() -> None:
    heavy = {
        "bs4",
        "lxml",
        "markdown_it",
        "frontmatter",
        "yaml",
        "dateparser",
        "charset_normalizer",
        "pypdfium2",
        "docx",
    }
    code = f"import retrieval.sources, sys; print(sorted({heavy!r} & set(sys.modules)))"

    shown = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )

    assert shown.stdout.strip() == "[]"
