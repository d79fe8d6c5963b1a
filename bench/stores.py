"""Stores over the development sets, built through the real ingest, for the other scripts here."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from retrieval.bootstrap import Services, build_services
from retrieval.settings import RetrievalSettings, shipped_corpus_dir

SEED = "asean-japan-2022-06-22.txt"


def eval_dir(description: str | None) -> tuple[argparse.ArgumentParser, Path]:
    """Return the parser of a script and, once parsed, the folder of question sets."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--eval", type=Path, required=True, metavar="DIR", help="folder of the question sets")
    known, _ = parser.parse_known_args()
    return parser, known.eval


@contextmanager
def store_of(sources: Sequence[Path], **more: Any) -> Iterator[Services]:
    """A store in a temporary folder with `sources` ingested; `more` are further settings."""
    with tempfile.TemporaryDirectory(prefix="rapporteur-bench-") as folder:
        settings = RetrievalSettings(corpus_dir=shipped_corpus_dir(), store_dir=Path(folder), **more)
        with build_services(settings, purpose="bench") as services:
            report = services.ingesting.ingest(sources)
            for failed in report.failed:
                print(f"not ingested: {failed.source}: {failed.error}")
            yield services


@contextmanager
def readouts_of(folder: Path) -> Iterator[list[Path]]:
    """The published readouts of `folder` with the shipped one, each document once.

    Titles, dates and issuers that the index gives go into a `.meta.toml` beside each file, as an operator
    would write it: half of the files hold no title at all. A second file of one document (the same text as
    HTML) is left out, since a question names one of the twins and retrieval can't know which.
    """
    rows = [json.loads(line) for line in (folder / "readouts-index.jsonl").read_text("utf-8").splitlines()]
    with tempfile.TemporaryDirectory(prefix="rapporteur-bench-") as target:
        shutil.copy(shipped_corpus_dir() / SEED, target)
        for row in rows:
            if row["file"].endswith(".html"):
                continue
            copied = Path(shutil.copy(folder / "readouts" / row["file"], target))
            copied.with_suffix(".meta.toml").write_text(_meta(row), encoding="utf-8")
        yield [Path(target)]


def _meta(row: dict[str, str | None]) -> str:
    named = {"title": row.get("title"), "date": row.get("date"), "source_url": row.get("url")}
    return "".join(
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in named.items() if value
    )
