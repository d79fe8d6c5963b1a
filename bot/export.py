"""Readouts -> files in the interchange format; initiatives -> CSV."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from retrieval.models import Readout
from retrieval.search.browsing import ListedInitiative
from retrieval.sources import to_interchange


def export_readouts(readouts: Iterable[Readout], folder: Path) -> None:
    """Write each readout as `ID.json` under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for readout in readouts:
        (folder / f"{readout.id}.json").write_bytes(_json(readout))


_WHEN = (1980, 1, 1, 0, 0, 0)
"""The same readouts give the same file; ZIP knows no earlier date."""


def archive(readouts: Sequence[Readout], *, single: bool) -> tuple[str, bytes]:
    """Return name and bytes: of one readout its JSON, else a ZIP with a JSON file for each."""
    files = {f"{readout.id}.json": _json(readout) for readout in readouts}
    if single:
        return next(iter(files.items()))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(zipfile.ZipInfo(name, _WHEN), data, zipfile.ZIP_DEFLATED)
    return "readouts.zip", stream.getvalue()


_COLUMNS = ("document", "date", "name", "kind", "actor", "when", "paragraphs", "quote", "also_in", "url")


def initiatives_csv(listed: Sequence[ListedInitiative]) -> str:
    """Return the list as CSV (RFC 4180), a line an initiative.

    A text that a spreadsheet would run as a formula is given a leading apostrophe (OWASP, CSV injection).
    """
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(_COLUMNS)
    writer.writerows(map(_inert, _row(each)) for each in listed)
    return stream.getvalue()


def _row(listed: ListedInitiative) -> list[str]:
    entry, readout = listed.initiative, listed.readout
    return [
        readout.id,
        readout.date or "",
        entry.name,
        entry.kind,
        entry.actor or "",
        entry.when or "",
        "; ".join(dict.fromkeys(citation.paragraph for citation in entry.citations)),
        entry.citations[0].evidence.quote,
        "; ".join(f"{place.document} {place.paragraph}" for place in listed.also_in),
        readout.source_url or "",
    ]


def _inert(value: str) -> str:
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _json(readout: Readout) -> bytes:
    return (json.dumps(to_interchange(readout), ensure_ascii=False, indent=2) + "\n").encode()
