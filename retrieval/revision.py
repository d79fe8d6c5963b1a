"""What makes two ingests of a readout the same revision."""

from __future__ import annotations

import hashlib
import json

from retrieval.models import Readout
from retrieval.sources import PARSER_VERSION, to_interchange

REVISION_DIGITS = 12


def revision_id(readout: Readout) -> str:
    """Return the first 12 hexadecimal digits of SHA-256 over the canonical JSON and the parser's version."""
    content = {"parser": PARSER_VERSION, "readout": to_interchange(readout)}
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:REVISION_DIGITS]
