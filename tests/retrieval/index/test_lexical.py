"""The full-text index: whole terms, per scope, in step with what is live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from retrieval.index import lexical
from retrieval.index.lexical import IndexedTerms
from retrieval.index.lexical_scoring import TermStatistics
from retrieval.ledger.ledger import Ledger


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    ledger = Ledger(tmp_path / "ledger.sqlite3")
    with ledger.write() as opened:
        yield opened
    ledger.close()


def _add(connection: Connection, scope: str, **paragraphs: str) -> None:
    """Add paragraphs given as p1="their terms"."""
    lexical.add(
        connection,
        scope,
        {int(pk[1:]): IndexedTerms(terms.split(), len(terms.split())) for pk, terms in paragraphs.items()},
    )


def _search(connection: Connection, scope: str, *terms: str, limit: int = 10) -> list[int]:
    return lexical.search(connection, scope, terms, limit=limit)


def test_paragraphs_with_more_and_rarer_terms_come_first(connection: Connection) -> None:
    _add(connection, "a", p1="ferri port", p2="ferri line port alder", p3="reef", p4="port")

    assert _search(connection, "a", "ferri", "alder") == [2, 1]
    assert _search(connection, "a", "ferri", "alder", limit=1) == [2]
    assert _search(connection, "a", "ferri", "ferri", "alder") == [2, 1]


def test_what_is_removed_is_neither_found_nor_counted(connection: Connection) -> None:
    _add(connection, "a", p1="ferri port", p2="ferri")

    lexical.remove(connection, "a", [1, 99])
    lexical.remove(connection, "unknown", [1])

    assert _search(connection, "a", "ferri", "port") == [2]
    assert lexical.statistics(connection, ["a"], ["ferri", "port"]) == TermStatistics(
        1, 1.0, {"ferri": 1, "port": 0}
    )


def test_what_is_removed_can_come_back(connection: Connection) -> None:
    _add(connection, "a", p1="ferri port")
    lexical.remove(connection, "a", [1])

    _add(connection, "a", p1="ferri port")

    assert _search(connection, "a", "port") == [1]


def test_statistics_count_paragraphs_not_occurrences(connection: Connection) -> None:
    _add(connection, "a", p1="ferri ferri ferri", p2="ferri reef", p3="reef")

    found = lexical.statistics(connection, ["a"], ["ferri", "reef", "radar", "ferri"])

    assert found == TermStatistics(3, 2.0, {"ferri": 2, "radar": 0, "reef": 1 + 1})


def test_scopes_share_neither_paragraphs_nor_statistics(connection: Connection) -> None:
    _add(connection, "server-1", p1="ferri")
    _add(connection, "server-2", p2="ferri reef", p3="reef")

    assert _search(connection, "server-1", "ferri", "reef") == [1]
    assert lexical.statistics(connection, ["server-1"], ["reef"]) == TermStatistics(1, 1.0, {"reef": 0})
    assert lexical.statistics(connection, ["server-1", "server-2"], ["ferri"]) == TermStatistics(
        3, 4 / 3, {"ferri": 2}
    )


def test_an_unknown_scope_holds_nothing(connection: Connection) -> None:
    assert _search(connection, "unknown", "ferri") == []
    assert lexical.statistics(connection, ["unknown"], ["ferri"]) == TermStatistics(0, 0.0, {"ferri": 0})


def test_no_terms_find_nothing(connection: Connection) -> None:
    _add(connection, "a", p1="ferri")

    assert _search(connection, "a") == []
    assert lexical.statistics(connection, ["a"], []) == TermStatistics(1, 1.0, {})


@pytest.mark.parametrize("scope", ["guild:12/34", "'; DROP TABLE readouts; --", "", "日本", "a" * 500])
def test_a_scope_may_be_called_anything(connection: Connection, scope: str) -> None:
    _add(connection, scope, p1="ferri")

    assert _search(connection, scope, "ferri") == [1]
    assert _search(connection, scope + "x", "ferri") == []


TERMS = [
    "u.s.",
    "f-35",
    "1,500",
    "a/b",
    "50%",
    "(1)",
    "c++",
    "near",
    "not",
    "or",
    "and",
    "terms:x",
    "x*",
    "^x",
    "{x}",
    "¶7",
    "日本",
    "é",
    "’s",
    "$5",
    "a_b",
    "x;y",
]


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_found_whole_whatever_it_is_made_of(connection: Connection, term: str) -> None:
    _add(connection, "a", p1=f"before {term} after", p2="before after u s f 35 a b x c terms y")

    assert _search(connection, "a", term) == [1]
    assert lexical.statistics(connection, ["a"], [term]).document_frequency == {term: 1}


@pytest.mark.parametrize("term", ['"', '""', 'a"b', "o'brien", "back\\slash", '") OR ("x', "\x00", "*", "("])
def test_no_term_breaks_the_query(connection: Connection, term: str) -> None:
    _add(connection, "a", p1="ferri")

    assert _search(connection, "a", term, "ferri") == [1]
    assert lexical.statistics(connection, ["a"], [term]).document_frequency == {term: 0}
