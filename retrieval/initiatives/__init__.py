"""Readout -> initiatives: what the parties announced, will do, continue, resume, support or ask for.

extraction    sentences in, one merged list out; calls the rest in this order
tokens        words with their place
predicates    verbs, what they depend on, how far they reach
standing      promised, asked for, supported, merely welcomed or discussed
actions       what a promise puts on the list
mentions      proper names and what the words around them say
phrases, when, actors, topics   noun phrases; times; who "they" are; what "this area" is
merging, references, naming     one entry for one initiative
lexicon       the words all of them know
verification  the check every entry passes, also one that a language model proposed
corrections   what an admin corrects in `NAME.meta.toml`
linking       the same initiative in several readouts
"""

from retrieval.initiatives.corrections import Correction, apply_corrections, parse_corrections
from retrieval.initiatives.extraction import Paced, extract_initiatives
from retrieval.initiatives.linking import AlsoIn, link
from retrieval.initiatives.verification import verified, verify

EXTRACTION_VERSION = 1
"""Part of a revision's id: raise it when the same text gives another list."""

__all__ = [
    "EXTRACTION_VERSION",
    "AlsoIn",
    "Correction",
    "Paced",
    "apply_corrections",
    "extract_initiatives",
    "link",
    "parse_corrections",
    "verified",
    "verify",
]
