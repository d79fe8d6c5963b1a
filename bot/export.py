"""Readouts -> files in the interchange format."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from retrieval.models import Readout
from retrieval.sources import to_interchange


def export_readouts(readouts: Iterable[Readout], folder: Path) -> list[Path]:
    """Write each readout as `ID.json` under `folder`, and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for readout in readouts:
        path = folder / f"{readout.id}.json"
        content = json.dumps(to_interchange(readout), ensure_ascii=False, indent=2)
        path.write_text(content + "\n", encoding="utf-8")
        written.append(path)
    return written
