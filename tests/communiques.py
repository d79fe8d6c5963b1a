"""Three yearly communiqués of countries that do not exist, written for the tests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from retrieval.models import LiveParagraph, Numbering

TITLE = "Joint Communiqué of the {} Norland-Estmark Dialogue"

COMMUNIQUES: Mapping[str, tuple[str, str, Sequence[str]]] = {
    "dialogue-2023": (
        TITLE.format("3rd"),
        "2023-05-14",
        [
            "The Foreign Ministers of Norland and Estmark met in Port Alder.",
            "Both sides reaffirmed their commitment to a free and open Northern Sea.",
            "Norland launched the Northern Cable Initiative for the islands.",
            "Estmark offered to host a seminar on cybersecurity for officials of both countries.",
            "The Ministers agreed to hold the Fourth Dialogue in Sund in 2024.",
        ],
    ),
    "dialogue-2024": (
        TITLE.format("4th"),
        "2024-06-03",
        [
            "The Foreign Ministers of Norland and Estmark met in Sund.",
            "The two sides signed an agreement on the rescue of seafarers.",
            "Estmark hosted a seminar on cybersecurity for 60 officials of both countries.",
            "Norland will continue the Northern Cable Initiative for the islands.",
            "The Ministers agreed to hold the Fifth Dialogue in Port Alder in 2025.",
        ],
    ),
    "dialogue-2025": (
        TITLE.format("5th"),
        "2025-06-02",
        [
            "The Foreign Ministers of Norland and Estmark met in Port Alder.",
            "Both sides reaffirmed their commitment to a free, open and inclusive Northern Sea.",
            "The agreement on the rescue of seafarers entered into force in March.",
            "The Ministers agreed to hold the Sixth Dialogue in Sund in 2026.",
        ],
    ),
}


def write_communiques(folder: Path) -> list[Path]:
    """Write them in the interchange format and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, (title, date, texts) in COMMUNIQUES.items():
        paragraphs = [{"number": str(n), "text": text} for n, text in enumerate(texts, 1)]
        content = {"id": name, "title": title, "date": date, "issuer": "Ministry of Norland", "paragraphs": paragraphs,
                   "source_url": f"https://example.org/{name}?a=1&b=2"}  # fmt: skip
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(content), encoding="utf-8")
    return paths


def paragraphs(
    texts: Sequence[str], document: str = "a", *, title: str = "Talks", first: int = 1
) -> list[LiveParagraph]:
    """Return numbered paragraphs that stand in no store."""
    return [
        LiveParagraph(
            document, "r", place, str(place + first), Numbering.PRINTED, text, title, date="2024-05-01"
        )
        for place, text in enumerate(texts)
    ]
