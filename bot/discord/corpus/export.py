"""Pure: readouts -> one file in the interchange format."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence

from retrieval.models import Readout
from retrieval.sources import to_interchange

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


def _json(readout: Readout) -> bytes:
    return (json.dumps(to_interchange(readout), ensure_ascii=False, indent=2) + "\n").encode()
