"""What makes two ingests of a readout the same revision."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from retrieval.initiatives import EXTRACTION_VERSION
from retrieval.models import Readout
from retrieval.sources import PARSER_VERSION, to_interchange

REVISION_DIGITS = 12


def revision_id(readout: Readout, corrections: Mapping[str, Any] | None = None) -> str:
    """Return the first 12 hexadecimal digits of a SHA-256 over all that a revision is made from.

    That is the canonical JSON, the corrections to its initiatives, and the versions of what reads the two.
    """
    content = {
        "parser": PARSER_VERSION,
        "extraction": EXTRACTION_VERSION,
        "readout": to_interchange(readout),
        "corrections": corrections or {},
    }
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:REVISION_DIGITS]
