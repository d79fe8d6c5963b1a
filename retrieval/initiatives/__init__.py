"""Readout -> initiatives: what the parties announced, will do, continue, resume, support or ask for.

extraction    a readout in, one list out: one entry for one initiative, its name a verbatim span of what it cites first
windows       a paragraph as the network reads it
tagging       the network that ships with the project (`tagger/`), trained by `training/tagger.py`
mentions      its logits -> spans with kind and actor
naming        names compared
corrections   what an admin corrects in `NAME.meta.toml`
linking       the same initiative in several readouts
"""

from retrieval.initiatives.corrections import Correction, apply_corrections, parse_corrections
from retrieval.initiatives.extraction import Paced, extract_initiatives
from retrieval.initiatives.linking import AlsoIn, identities, link
from retrieval.initiatives.tagging import TAGGER_DIR

EXTRACTION_VERSION = 2
"""Part of a revision's id: raise it when the same text gives another list."""

__all__ = [
    "EXTRACTION_VERSION",
    "TAGGER_DIR",
    "AlsoIn",
    "Correction",
    "Paced",
    "apply_corrections",
    "extract_initiatives",
    "identities",
    "link",
    "parse_corrections",
]
