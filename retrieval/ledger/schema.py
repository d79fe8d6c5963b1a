"""The ledger's tables.

Rows of `revisions`, `paragraphs`, `chunks` and `embeddings` never change once written; which revision of a
readout is live is one column, `readouts.live_revision`, and changing it is the commit point of an ingest.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
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

SCHEMA_VERSION = 1

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", String, nullable=False),
    comment="schema version, index identity, the ledger's own id",
)

readouts = Table(
    "readouts",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("scope", String, nullable=False),
    Column("id", String(64), nullable=False),
    Column("source", Text, nullable=False, comment="file or address it came from, as named by the operator"),
    Column("live_revision", Integer, ForeignKey("revisions.pk", use_alter=True), index=True),
    UniqueConstraint("scope", "id"),
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
    Column("language", String(8), nullable=False),
    Column("numbering", String(8), nullable=False),
    Column("warnings", JSON, nullable=False),
    Column("created_at", String(32), nullable=False, comment="UTC, ISO 8601"),
    UniqueConstraint("readout", "id"),
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
    Column("text", Text, nullable=False),
    UniqueConstraint("revision", "ordinal"),
    UniqueConstraint("revision", "number"),
)

embeddings = Table(
    "embeddings",
    metadata,
    Column("pk", Integer, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True, comment="SHA-256 of the embedded text"),
    Column("vector", LargeBinary, nullable=False, comment="float32, little-endian"),
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
    Column("findable", Boolean, nullable=False, comment="false: scanned exactly beside every query"),
    comment="which embeddings stand in the vector index of which scope",
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
)

lexical_statistics = Table(
    "lexical_statistics",
    metadata,
    Column("scope", String, primary_key=True),
    Column("paragraphs", Integer, nullable=False),
    Column("terms", Integer, nullable=False, comment="length of all live paragraphs together, in terms"),
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
