"""Words in PostgreSQL: a row for each term of each paragraph, scored as FTS5's bm25() does.

PostgreSQL's own full text has no BM25, so its candidates would be others than SQLite's. Scores are computed in
FTS5's order of operations with its constants, idf and floor (fts5_aux.c), so that even ties are the same ones.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, delete, func, intersect, select, text

from retrieval.index.fulltext.index_terms import (
    MOST_SCORED,
    IndexedTerms,
    chosen,
    count,
    count_terms,
    forget,
    frequencies,
)
from retrieval.ledger import schema
from retrieval.ledger.engine import add_up, batches

_P, _D, _Z = schema.postings, schema.posted, schema.posted_sizes

_SEARCH = """
WITH scope AS (
    SELECT s.paragraphs::float8 AS n, z.size::float8 / nullif(s.paragraphs, 0)::float8 AS average
    FROM lexical_statistics s JOIN lexical_posted_sizes z ON z.scope = s.scope
    WHERE s.scope = :scope
), question AS (
    SELECT q.term, q.place, (scope.n - t.paragraphs + 0.5::float8) / (t.paragraphs + 0.5::float8) AS odds
    FROM scope, unnest(CAST(:terms AS text[])) WITH ORDINALITY AS q(term, place)
    JOIN lexical_terms t ON t.scope = :scope AND t.term = q.term
), weighed AS MATERIALIZED (
    SELECT term, place, CASE WHEN odds > 1 THEN ln(odds) ELSE 1e-6::float8 END AS idf FROM question
)
SELECT paragraph FROM (
    SELECT p.paragraph, sum(
        q.idf * ((p.frequency * 2.2::float8)
            / (p.frequency + 1.2::float8 * (0.25::float8 + 0.75::float8 * p.size / scope.average)))
        ORDER BY q.place
    ) AS score
    FROM scope, weighed q JOIN lexical_postings p ON p.scope = :scope AND p.term = q.term {within}
    GROUP BY p.paragraph
    HAVING count(*) >= :least
    {most}
) AS matches
ORDER BY score DESC, paragraph
LIMIT :limit
"""
_WITHIN = "AND p.paragraph IN (SELECT pk FROM paragraphs WHERE revision = ANY(CAST(:revisions AS integer[])))"
_ANYWHERE = text(_SEARCH.format(within="", most=f"ORDER BY p.paragraph DESC LIMIT {MOST_SCORED}"))
_WITHIN_REVISIONS = text(_SEARCH.format(within=_WITHIN, most=""))

# Rows as arrays: paragraphs have a hundred terms each, and a row at a time takes ten times as long.
_ADD_PARAGRAPHS = text(
    "INSERT INTO lexical_posted (scope, paragraph, length, size) SELECT :scope, * FROM unnest("
    "CAST(:paragraphs AS integer[]), CAST(:lengths AS integer[]), CAST(:sizes AS integer[]))"
)
_ADD_TERMS = text(
    "INSERT INTO lexical_postings (scope, term, paragraph, frequency, size)"
    " SELECT d.scope, a.term, a.paragraph, a.number, d.size FROM unnest("
    "CAST(:terms AS text[]), CAST(:paragraphs AS integer[]), CAST(:numbers AS integer[]))"
    " AS a(term, paragraph, number)"
    " JOIN lexical_posted d ON d.scope = :scope AND d.paragraph = a.paragraph"
)


def add(connection: Connection, scope: str, paragraphs: Mapping[int, IndexedTerms]) -> None:
    """Index paragraphs, by primary key."""
    counted = {pk: Counter(p.terms) for pk, p in paragraphs.items()}
    lengths = {"lengths": [p.length for p in paragraphs.values()]}
    sizes = {"paragraphs": list(paragraphs), "sizes": [len(p.terms) for p in paragraphs.values()]}
    connection.execute(_ADD_PARAGRAPHS, {"scope": scope, **sizes, **lengths})
    rows = [(term, pk, n) for pk, counts in counted.items() for term, n in counts.items()]
    terms, pks, numbers = map(list, zip(*rows, strict=True)) if rows else ([], [], [])
    connection.execute(_ADD_TERMS, {"scope": scope, "terms": terms, "paragraphs": pks, "numbers": numbers})
    count(connection, scope, len(paragraphs), sum(p.length for p in paragraphs.values()))
    _count_sizes(connection, scope, sum(len(p.terms) for p in paragraphs.values()))
    count_terms(connection, scope, Counter(term for counts in counted.values() for term in counts))


def remove(connection: Connection, scope: str, pks: Iterable[int]) -> None:
    """Forget paragraphs; those that are not there are none."""
    gone: Counter[str] = Counter()
    for some in batches(pks):
        of_those = (_D.c.scope == scope) & _D.c.paragraph.in_(some)
        known = connection.execute(delete(_D).where(of_those).returning(_D.c.length, _D.c.size)).all()
        count(connection, scope, -len(known), -sum(row.length for row in known))
        _count_sizes(connection, scope, -sum(row.size for row in known))
        of_them = (_P.c.scope == scope) & _P.c.paragraph.in_(some)
        gone.update(connection.scalars(delete(_P).where(of_them).returning(_P.c.term)))
    count_terms(connection, scope, Counter({term: -n for term, n in gone.items()}))


def drop(connection: Connection, scope: str) -> None:
    """Forget every paragraph of `scope`."""
    for table in (_P, _D, _Z):
        connection.execute(delete(table).where(table.c.scope == scope))
    forget(connection, scope)


def merge(connection: Connection, scope: str) -> None:
    """Nothing: `Ledger.checkpoint` writes tables anew."""


def search(
    connection: Connection,
    scope: str,
    terms: Sequence[str],
    *,
    limit: int,
    revision_pks: Sequence[int] | None,
) -> list[int]:
    """Return the paragraphs that hold most of `terms`, best BM25 first, the older of two as good ones."""
    if revision_pks is not None:
        return _best(connection, scope, _askable(terms), 1, limit, revision_pks)
    frequency = frequencies(connection, [scope], terms)
    known = sorted((term for term in frequency if frequency[term]), key=lambda t: frequency[t])
    taken, every = chosen(known, frequency)
    return _best(connection, scope, taken, len(taken) if every else 1, limit, None)


def finds(connection: Connection, scope: str, pk: int, terms: Sequence[str]) -> bool:
    """Whether the paragraph holds all of `terms`."""
    wanted = _askable(terms)
    held = select(func.count()).where(_P.c.scope == scope, _P.c.paragraph == pk, _P.c.term.in_(wanted))
    return connection.scalar(held) == len(set(terms))


def holding(connection: Connection, scope: str, groups: Sequence[Sequence[str]]) -> list[int]:
    """Return every paragraph that holds a term of each group, ascending."""
    each = (
        select(_P.c.paragraph).where(_P.c.scope == scope, _P.c.term.in_(_askable(group))) for group in groups
    )
    return sorted(connection.scalars(intersect(*each)))


def _best(
    connection: Connection,
    scope: str,
    terms: Sequence[str],
    least: int,
    limit: int,
    revision_pks: Sequence[int] | None,
) -> list[int]:
    """Return the best paragraphs of those that hold so many of `terms` at least."""
    if not terms:
        return []
    values = {"scope": scope, "terms": list(terms), "least": least, "limit": limit}
    if revision_pks is None:
        return list(connection.scalars(_ANYWHERE, values))
    return list(connection.scalars(_WITHIN_REVISIONS, values | {"revisions": list(revision_pks)}))


def _askable(terms: Iterable[str]) -> list[str]:
    """Return each term once, without those that no text can hold and PostgreSQL refuses."""
    return [term for term in dict.fromkeys(terms) if "\x00" not in term]


def _count_sizes(connection: Connection, scope: str, size: int) -> None:
    add_up(connection, _Z, {"scope": scope}, {"size": size})
