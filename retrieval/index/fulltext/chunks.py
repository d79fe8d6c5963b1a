"""What chunks are found by, for an engine that searches words itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import Connection

from retrieval.index.fulltext.paragraph_terms import IndexedTerms, paragraph_terms
from retrieval.ledger import live


def terms_of_chunks(connection: Connection, scope: str, texts: Mapping[int, str]) -> dict[int, IndexedTerms]:
    """Return embedding -> what its chunk is found by, for those that a live paragraph of `scope` holds.

    Args:
        texts: Embedding -> the words of its chunk. Of several paragraphs that hold it, the first lends its heading.
    """
    holding = live.paragraphs_holding(connection, [scope], texts)
    first = {embedding: min(pks) for embedding, pks in holding.items()}
    paragraphs = live.live_paragraphs(connection, first.values())
    return {
        embedding: IndexedTerms.of(paragraph_terms(replace(paragraphs[pk], text=texts[embedding])))
        for embedding, pk in first.items()
    }
