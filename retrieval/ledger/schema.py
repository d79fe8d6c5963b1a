"""Every table of a store: the ledger's, what language models cost, and what a bot remembers.

A new store is made as they stand here; an older one is brought to the same by `migrations/`.

Rows of `paragraphs`, `chunks` and `embeddings` never change once written; which revision of a readout is live
is one column, `readouts.live_revision`, and changing it is the commit point of an ingest. Their keys are never
given out again (AUTOINCREMENT): what is remembered by one, in memory or in Chroma, stays true after a purge.

SQLite does not mind how long a text is; PostgreSQL does, so only what this code makes itself has a bound.
"""

from __future__ import annotations

import hashlib

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from retrieval.ledger.front_end_schema import metadata as metadata  # one for all tables of a store

postings_metadata = MetaData()
"""Tables that stand only in PostgreSQL, which has no FTS5."""

# Ordered by their bytes, as in SQLite, whatever language the server of PostgreSQL was set up for.
_NAME = String().with_variant(String(collation="C"), "postgresql")
_ID = String(64).with_variant(String(64, collation="C"), "postgresql")

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
    comment="index identity, the ledger's own id",
)

readouts = Table(
    "readouts",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("scope", _NAME, nullable=False),
    Column("id", _ID, nullable=False),
    Column("source", Text, nullable=False, comment="file or address it came from, as named by the operator"),
    Column("live_revision", Integer, ForeignKey("revisions.pk", use_alter=True), index=True),
    Column(
        "pinned", Boolean, nullable=False, default=False, comment="rolled back: an ingest reports, and keeps"
    ),
    UniqueConstraint("scope", "id"),
    sqlite_autoincrement=True,
)

revisions = Table(
    "revisions",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("readout", Integer, ForeignKey("readouts.pk", ondelete="CASCADE"), nullable=False, index=True),
    Column(
        "id", String(12), nullable=False, comment="hash of the canonical parsed JSON and the parser's version"
    ),
    Column("title", Text, nullable=False),
    Column("date", String(10)),
    Column("issuer", Text),
    Column("source_url", Text),
    Column("series", Text, comment="what an admin calls it; null: the title says"),
    Column("language", String(8).with_variant(String(), "postgresql"), nullable=False),
    Column("numbering", String(8), nullable=False),
    Column("warnings", JSON, nullable=False),
    Column(
        "left_out", JSON, nullable=False, comment="[reason, text, place]: words of the source in no paragraph"
    ),
    Column("created_at", String(32), nullable=False, comment="UTC, ISO 8601"),
    Column("superseded_at", String(32), comment="when it stopped being live; null while it is"),
    Column("erased", Boolean, nullable=False, default=False, comment="its text outlived the retention"),
    Column("seal", LargeBinary(32), comment="of its paragraphs, see `seals.py`"),
    UniqueConstraint("readout", "id"),
    sqlite_autoincrement=True,
)

paragraphs = Table(
    "paragraphs",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("revision", Integer, ForeignKey("revisions.pk", ondelete="CASCADE"), nullable=False),
    Column("ordinal", Integer, nullable=False, comment="place in the readout, from 0"),
    Column("number", String, nullable=False),
    Column("numbering", String(8), nullable=False),
    Column("heading", Text),
    Column("part", Text, comment="which decision or annex of the source, where there are several"),
    Column("text", Text, nullable=False),
    Column("seal", LargeBinary(32), comment="SHA-256 of all that it is shown with, see `seals.py`"),
    UniqueConstraint("revision", "ordinal"),
    UniqueConstraint("revision", "number"),
    sqlite_autoincrement=True,
)

embeddings = Table(
    "embeddings",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True, comment="SHA-256 of the embedded text"),
    Column("vector", LargeBinary, nullable=False, comment="float32, little-endian"),
    sqlite_autoincrement=True,
    comment="one row per distinct embedded text, whichever readouts and scopes hold it",
)

chunks = Table(
    "chunks",
    metadata,
    Column("paragraph", Integer, ForeignKey("paragraphs.pk", ondelete="CASCADE"), nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("embedding", Integer, ForeignKey("embeddings.pk"), nullable=False),
    Index("ix_chunks_embedding", "embedding"),
    UniqueConstraint("paragraph", "start"),
    comment="half-open spans of a paragraph's text; a long paragraph has several",
)

indexed = Table(
    "indexed",
    metadata,
    Column("scope", String, primary_key=True),
    Column("embedding", Integer, ForeignKey("embeddings.pk"), primary_key=True),
    Column("in_index", Boolean, nullable=False, comment="false: not handed to the vector index yet"),
    Column("findable", Boolean, nullable=False, comment="false: scanned exactly beside every query"),
    comment="every embedding that a scope ever held, and how it is found there",
)
Index(
    "ix_indexed_scanned",
    indexed.c.scope,
    sqlite_where=~indexed.c.findable,
    postgresql_where=~indexed.c.findable,
)

scopes = Table(
    "scopes",
    metadata,
    Column("scope", _NAME, primary_key=True),
    Column(
        "generation", Integer, nullable=False, comment="goes up with every change of what is live or scanned"
    ),
    Column("records", Integer, nullable=False, comment="in the vector index, superseded ones included"),
    Column("superseded", Integer, nullable=False, comment="of them, about how many no live paragraph holds"),
)

sentence_vectors = Table(
    "sentence_vectors",
    metadata,
    Column("digest", LargeBinary(32), primary_key=True, comment="SHA-256 of the sentence"),
    Column("vector", LargeBinary, nullable=False),
    comment="a cache: safe to empty",
)

initiatives = Table(
    "initiatives",
    metadata,
    Column("revision", Integer, ForeignKey("revisions.pk", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True, comment="place in the readout's list, from 0"),
    Column("name", Text, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("actor", Text),
    Column("when", Text),
    Column("citations", JSON, nullable=False, comment="[paragraph number, start, end, quote] each"),
    Column("seal", LargeBinary(32), comment="SHA-256 of the rest"),
)

lexical_statistics = Table(
    "lexical_statistics",
    metadata,
    Column("scope", String, primary_key=True),
    Column("paragraphs", Integer, nullable=False),
    Column("terms", Integer, nullable=False, comment="length of all live paragraphs together, in terms"),
)

lexical_terms = Table(
    "lexical_terms",
    metadata,
    Column("scope", _NAME, primary_key=True),
    Column("term", _NAME, primary_key=True),
    Column("paragraphs", Integer, nullable=False, comment="live ones that hold it"),
    sqlite_with_rowid=False,
)

postings = Table(
    "lexical_postings",
    postings_metadata,
    Column("scope", _NAME, primary_key=True),
    Column("term", _NAME, primary_key=True),
    Column("paragraph", Integer, primary_key=True, autoincrement=False),
    Column("frequency", Integer, nullable=False, comment="how often the term stands there"),
    Column("size", Integer, nullable=False, comment="all that the paragraph is found by, in terms"),
    Index("ix_lexical_postings_paragraph", "paragraph"),
)

posted = Table(
    "lexical_posted",
    postings_metadata,
    Column("scope", _NAME, primary_key=True),
    Column("paragraph", Integer, primary_key=True, autoincrement=False),
    Column("length", Integer, nullable=False, comment="its text alone, in terms"),
    Column("size", Integer, nullable=False, comment="as in `lexical_postings`"),
)

posted_sizes = Table(
    "lexical_posted_sizes",
    postings_metadata,
    Column("scope", _NAME, primary_key=True),
    Column("size", BigInteger, nullable=False, comment="of all paragraphs together"),
)

audit = Table(
    "audit",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("at", String(32), nullable=False, comment="UTC, ISO 8601"),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("scope", String, nullable=False),
    Column("readout", String(64), nullable=False),
    Column("revision", String(12)),
    Column("summary", JSON, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("scope", String, primary_key=True),
    Column("source", Text, primary_key=True, comment="file or address, as in `readouts`"),
    Column(
        "content_hash", String, nullable=False, comment="of its bytes, and the versions of what reads them"
    ),
    Column("revisions", JSON, nullable=False, comment="readout id -> the revision it brought"),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("at", String(32), nullable=False, comment="UTC, ISO 8601"),
    comment="what a source held when it was last read, to know at once that it still does",
)

leases = Table(
    "leases",
    metadata,
    Column("name", String, primary_key=True),
    Column(
        "epoch", Integer, nullable=False, comment="goes up with every holder: a stalled one is told apart"
    ),
    Column("holder", String, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("since", String(32), nullable=False, comment="UTC, ISO 8601"),
    Column("expires", Float, nullable=False, comment="seconds since 1970; renewed while the holder lives"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("scope", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("request", JSON, nullable=False),
    Column("state", String(8), nullable=False, index=True, comment="queued, running, done or failed"),
    Column("holder", String, comment="the process that runs it"),
    Column("stage", String, nullable=False, default=""),
    Column("done", Integer, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("report", JSON),
    Column("error", Text),
    Column("created_at", String(32), nullable=False, comment="UTC, ISO 8601"),
    Column("started_at", String(32)),
    Column("finished_at", String(32)),
    Column("attempts", Integer, nullable=False, server_default="0", comment="how often it was begun"),
    Column("not_before", String(32), comment="UTC, ISO 8601: when it is tried again"),
    sqlite_autoincrement=True,
)

uploads = Table(
    "uploads",
    metadata,
    Column("job", Integer, ForeignKey("jobs.pk", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("name", Text, nullable=False),
    Column("data", LargeBinary, nullable=False),
    comment="files given to a job; gone when it ends",
)


llm_spending = Table(
    "llm_spending",
    metadata,
    Column("day", String(10), primary_key=True),
    Column("payer", String, primary_key=True),
    Column("tokens", BigInteger, nullable=False),
    Column("micros", BigInteger, nullable=False),
)


def words_table(scope: str) -> str:
    """Return the name of a scope's full-text table: a scope's name can hold anything, a table's cannot."""
    return f"lexical_{hashlib.sha256(scope.encode()).hexdigest()[:16]}"
