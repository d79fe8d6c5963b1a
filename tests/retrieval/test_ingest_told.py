"""An ingest tells what it left out, and asks about a document that is there already."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.json_output import ingest_json
from retrieval.bootstrap import Services
from retrieval.ingest import IngestRequest
from retrieval.models import LeftOutOf
from tests.conftest import OpenStore

TOP = "Joint Statement of the Lake Ministers\n\n3 March 2030\n\n"
TEXT = TOP + "1. They met in Lund.\n\n- 2 -\n\n2. They will lend 40 million crowns.\n"
OTHER = TOP + "1. They met in Lund.\n\n2. They will lend 45 million crowns.\n"
DECISIONS = (
    "Report of the Lake Council, held in Lund on 3 March 2030\n\n"
    "Decision 4\n\n1. It met.\n\n2. It fished.\n\nDecision 5\n\n1. It left.\n\n2. It slept.\n"
)


@pytest.fixture
def services(open_store: OpenStore, tmp_path: Path) -> Any:
    """An empty store."""
    with open_store(corpus=tmp_path / "corpus") as built:
        yield built


def written(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def ids(services: Services) -> list[str]:
    return sorted(summary.id for summary in services.browser.documents())


def test_what_is_left_out_is_told_and_kept(services: Services, tmp_path: Path) -> None:
    report = services.ingesting.ingest([written(tmp_path, "lake.txt", TEXT)])

    assert report.left_out == (LeftOutOf("lake", "page number", "- 2 -", "line 7"),)
    (summary,) = services.browser.documents()
    assert [left.text for left in summary.left_out] == ["- 2 -"]


@pytest.mark.parametrize(("text", "why"), [(TEXT, "the same content"), (OTHER, "the same title and date")])
def test_a_document_that_is_there_under_another_name_is_asked_about(
    services: Services, tmp_path: Path, text: str, why: str
) -> None:
    services.ingesting.ingest([written(tmp_path, "lake.txt", TEXT)])
    again = written(tmp_path, "statement-of-ministers.md", text)

    report = services.ingesting.ingest([again])

    assert [(a.document, a.why) for a in report.alike] == [("lake", why)]
    assert (report.added, ids(services)) == ((), ["lake"])
    assert ingest_json(report)["alike"] == [{"source": str(again), "document": "lake", "why": why}]
    services.ingesting.run(IngestRequest((str(again),), separate=True))
    assert ids(services) == ["lake", "statement-of-ministers"]


def test_statements_of_other_days_are_no_document_that_is_there(services: Services, tmp_path: Path) -> None:
    services.ingesting.ingest([written(tmp_path, "lake.txt", TEXT)])

    report = services.ingesting.ingest([written(tmp_path, "april.txt", OTHER.replace("March", "April"))])

    assert (report.added, report.alike) == (("april",), ())


@pytest.mark.parametrize(
    ("typed", "text"),
    [
        ("2", "It fished."),
        ("¶ ２.", "It fished."),
        ("Decision 5 ¶2", "It slept."),
        ("decision 5 1", "It left."),
    ],
)
def test_paragraph_is_found_as_a_person_types_it(
    services: Services, tmp_path: Path, typed: str, text: str
) -> None:
    services.ingesting.ingest([written(tmp_path, "council.txt", DECISIONS)])

    assert services.browser.paragraph("council", typed).text == text


def test_files_that_were_passed_over_and_pipes_are_told(services: Services, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    written(folder, "lake.txt", TEXT)
    written(folder, "lake.xyz", TEXT)
    (folder / "out.txt").symlink_to(written(tmp_path, "outside.txt", OTHER))

    report = services.ingesting.ingest([folder])

    assert report.warnings == ("Files of no format that is read were passed over (1): lake.xyz.",)
    assert "leads out of the folder" in report.failed[0].error
