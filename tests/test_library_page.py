"""docs/library.md does what it says: its blocks are run from the page, in their order."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import pytest

from retrieval.errors import UsageError
from retrieval.langchain_retriever import ParagraphStore

PAGE = (Path(__file__).parent.parent / "docs" / "library.md").read_text(encoding="utf-8")


def test_every_block_of_the_page_runs_and_its_answers_are_cited(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for block in re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL):
        exec(compile(block, "docs/library.md", "exec"), names)

    assert names["titles"] == ["The 7th ASEAN-Japan Defense Ministers’ Informal Meeting"]
    assert "[¶1, asean-japan-2022-06-22]" in capsys.readouterr().out
    assert names["earlier"].statements == names["answer"].statements
    assert "7" in {s.paragraph.number for s in names["follow_up"].statements}
    assert names["seventh"].text.startswith("Furthermore, Minister Kishi announced two initiatives")
    assert (names["report"].added, names["report"].failed) == (("communique",), ())
    assert [s.citation.paragraph for s in names["ferry"].statements] == ["2"]
    assert "[¶5]" in names["context"]
    assert [d.metadata["paragraph"] for d in names["nearest"]][:1] == ["2"]
    assert names["found"][0] == names["nearest"][0] == names["scored"][0][0]
    assert [score for _, score in names["scored"]] == sorted((s for _, s in names["scored"]), reverse=True)
    with pytest.raises(UsageError, match="Ingest the readout"):
        ParagraphStore(names["services"].answering).add_texts(["Made up."])


def test_every_name_of_its_table_stands_where_the_table_says() -> None:
    for names, modules in re.findall(r"^\| (`[^|]+) \| (`[^|]+) \|", PAGE, re.MULTILINE):
        module = importlib.import_module(re.findall(r"`([^`]+)`", modules)[0])
        assert [n for n in re.findall(r"`([^`]+)`", names) if not hasattr(module, n)] == []
