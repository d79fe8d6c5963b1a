"""Readout -> initiatives: what the parties announced, will do, continue, resume, support or ask for.

extraction    a readout in, one list out: one entry for one initiative, its name a verbatim span of what it cites first;
              the same initiative in several readouts
tagging       paragraph -> windows -> the network that ships (`tagger/`), trained by `training/tagger.py` -> spans with kind and actor
corrections   what an admin corrects in `NAME.meta.toml`
"""

from retrieval.initiatives.corrections import apply_corrections, parse_corrections
from retrieval.initiatives.extraction import AlsoIn, Paced, extract_initiatives, identities, link
from retrieval.initiatives.tagging import TAGGER_DIR

EXTRACTION_VERSION = 2
"""Part of a revision's id: raise it when the same text gives another list."""

__all__ = [
    "EXTRACTION_VERSION",
    "TAGGER_DIR",
    "AlsoIn",
    "Paced",
    "apply_corrections",
    "extract_initiatives",
    "identities",
    "link",
    "parse_corrections",
]
