-- The tables of schema version 2 in SQLite, as the Rapporteur of then made them.

CREATE TABLE meta (
    "key" VARCHAR NOT NULL,
    value VARCHAR NOT NULL,
    PRIMARY KEY ("key")
);

CREATE TABLE readouts (
    pk INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    scope VARCHAR NOT NULL,
    id VARCHAR(64) NOT NULL,
    source TEXT NOT NULL,
    live_revision INTEGER,
    pinned BOOLEAN NOT NULL,
    UNIQUE (scope, id),
    FOREIGN KEY(live_revision) REFERENCES revisions (pk)
);

CREATE INDEX ix_readouts_live_revision ON readouts (live_revision);

CREATE TABLE embeddings (
    pk INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    digest BLOB NOT NULL,
    vector BLOB NOT NULL,
    UNIQUE (digest)
);

CREATE TABLE scopes (
    scope VARCHAR NOT NULL,
    generation INTEGER NOT NULL,
    records INTEGER NOT NULL,
    superseded INTEGER NOT NULL,
    PRIMARY KEY (scope)
);

CREATE TABLE sentence_vectors (
    digest BLOB NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (digest)
);

CREATE TABLE lexical_statistics (
    scope VARCHAR NOT NULL,
    paragraphs INTEGER NOT NULL,
    terms INTEGER NOT NULL,
    PRIMARY KEY (scope)
);

CREATE TABLE lexical_terms (
    scope VARCHAR NOT NULL,
    term VARCHAR NOT NULL,
    paragraphs INTEGER NOT NULL,
    PRIMARY KEY (scope, term)
)
 WITHOUT ROWID;

CREATE TABLE audit (
    pk INTEGER NOT NULL,
    at VARCHAR(32) NOT NULL,
    actor VARCHAR NOT NULL,
    action VARCHAR NOT NULL,
    scope VARCHAR NOT NULL,
    readout VARCHAR(64) NOT NULL,
    revision VARCHAR(12),
    summary JSON NOT NULL,
    PRIMARY KEY (pk)
);

CREATE TABLE sources (
    scope VARCHAR NOT NULL,
    source TEXT NOT NULL,
    content_hash VARCHAR NOT NULL,
    revisions JSON NOT NULL,
    etag TEXT,
    last_modified TEXT,
    at VARCHAR(32) NOT NULL,
    PRIMARY KEY (scope, source)
);

CREATE TABLE leases (
    name VARCHAR NOT NULL,
    epoch INTEGER NOT NULL,
    holder VARCHAR NOT NULL,
    purpose TEXT NOT NULL,
    since VARCHAR(32) NOT NULL,
    expires FLOAT NOT NULL,
    PRIMARY KEY (name)
);

CREATE TABLE jobs (
    pk INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    scope VARCHAR NOT NULL,
    actor VARCHAR NOT NULL,
    request JSON NOT NULL,
    state VARCHAR(8) NOT NULL,
    holder VARCHAR,
    stage VARCHAR NOT NULL,
    done INTEGER NOT NULL,
    total INTEGER NOT NULL,
    report JSON,
    error TEXT,
    created_at VARCHAR(32) NOT NULL,
    started_at VARCHAR(32),
    finished_at VARCHAR(32)
);

CREATE INDEX ix_jobs_state ON jobs (state);

CREATE TABLE revisions (
    pk INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    readout INTEGER NOT NULL,
    id VARCHAR(12) NOT NULL,
    title TEXT NOT NULL,
    date VARCHAR(10),
    issuer TEXT,
    source_url TEXT,
    language VARCHAR(8) NOT NULL,
    numbering VARCHAR(8) NOT NULL,
    warnings JSON NOT NULL,
    created_at VARCHAR(32) NOT NULL,
    superseded_at VARCHAR(32),
    erased BOOLEAN NOT NULL,
    UNIQUE (readout, id),
    FOREIGN KEY(readout) REFERENCES readouts (pk) ON DELETE CASCADE
);

CREATE INDEX ix_revisions_readout ON revisions (readout);

CREATE TABLE "indexed" (
    scope VARCHAR NOT NULL,
    embedding INTEGER NOT NULL,
    in_index BOOLEAN NOT NULL,
    findable BOOLEAN NOT NULL,
    PRIMARY KEY (scope, embedding),
    FOREIGN KEY(embedding) REFERENCES embeddings (pk)
);

CREATE INDEX ix_indexed_scanned ON "indexed" (scope) WHERE findable = 0;

CREATE TABLE uploads (
    job INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (job, ordinal),
    FOREIGN KEY(job) REFERENCES jobs (pk) ON DELETE CASCADE
);

CREATE TABLE paragraphs (
    pk INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    revision INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    number VARCHAR NOT NULL,
    numbering VARCHAR(8) NOT NULL,
    heading TEXT,
    text TEXT NOT NULL,
    UNIQUE (revision, ordinal),
    UNIQUE (revision, number),
    FOREIGN KEY(revision) REFERENCES revisions (pk) ON DELETE CASCADE
);

CREATE TABLE initiatives (
    revision INTEGER NOT NULL,
    ordinal INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind VARCHAR(10) NOT NULL,
    actor TEXT,
    "when" TEXT,
    citations JSON NOT NULL,
    PRIMARY KEY (revision, ordinal),
    FOREIGN KEY(revision) REFERENCES revisions (pk) ON DELETE CASCADE
);

CREATE TABLE chunks (
    paragraph INTEGER NOT NULL,
    start INTEGER NOT NULL,
    "end" INTEGER NOT NULL,
    embedding INTEGER NOT NULL,
    UNIQUE (paragraph, start),
    FOREIGN KEY(paragraph) REFERENCES paragraphs (pk) ON DELETE CASCADE,
    FOREIGN KEY(embedding) REFERENCES embeddings (pk)
);

CREATE INDEX ix_chunks_embedding ON chunks (embedding);
