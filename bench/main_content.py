"""Which library finds the document in a web page: `python -m bench.main_content`.

Over the pages of tests/retrieval/sources/pages, written for the project in shapes that ministries' sites have. Found:
paragraphs whose whole text is in what was extracted, white space collapsed. Foreign: letters extracted that
are of no paragraph, as a share. Numbers: paragraphs whose number came out too. trafilatura and readability-lxml
are compared when they are installed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

from retrieval.sources import parse

PAGES = Path(__file__).parent.parent / "tests" / "retrieval" / "sources" / "pages"


def ours(name: str, page: bytes) -> str:
    return "\n".join(f"{p.number}. {p.text}" for readout in parse(name, page) for p in readout.paragraphs)


def trafilatura(_name: str, page: bytes) -> str:
    from trafilatura import extract

    return extract(page.decode(), favor_recall=True, include_comments=False, include_tables=True) or ""


def readability(_name: str, page: bytes) -> str:
    from bs4 import BeautifulSoup
    from readability import Document

    return BeautifulSoup(Document(page.decode()).summary(), "lxml").get_text(" ")


def _flat(text: str) -> str:
    return re.sub(r"\W+", " ", text)


def main() -> None:
    """Print one row a library."""
    expected = json.loads((PAGES / "expected.json").read_text(encoding="utf-8"))
    readers: dict[str, Callable[[str, bytes], str]] = {
        "ours": ours,
        "trafilatura": trafilatura,
        "readability-lxml": readability,
    }
    print(f"{'reader':18} {'paragraphs':>10} {'found':>6} {'numbers':>8} {'foreign':>8}")
    for label, read in readers.items():
        total = found = numbered = letters = foreign = 0
        try:
            for name, page in expected.items():
                text = _flat(read(name, (PAGES / name).read_bytes()))
                rest = text
                for number, paragraph in page["paragraphs"].items():
                    if number == "header":
                        rest = rest.replace(_flat(paragraph), "")
                        continue
                    total += 1
                    found += _flat(paragraph) in text
                    with_number = _flat(f"{number} {paragraph}")
                    numbered += with_number in text
                    rest = rest.replace(with_number, "").replace(_flat(paragraph), "")
                letters, foreign = letters + len(text), foreign + len(rest)
        except ImportError as error:
            print(f"{label:18} not installed ({error.name})")
            continue
        print(f"{label:18} {total:10} {found:6} {numbered:8} {foreign / max(1, letters):8.3f}")


if __name__ == "__main__":
    main()
