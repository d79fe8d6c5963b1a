"""The full-text index: whole terms, per scope, in step with what is live."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Connection, insert

from retrieval.index import fulltext
from retrieval.index.fulltext import IndexedTerms, TermStatistics
from retrieval.index.index_terms import MOST_SCORED
from retrieval.ledger import Ledger, schema


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def common_ledger(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ledger]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            opened = Ledger(tmp_path_factory.mktemp("lexical") / "ledger.sqlite3")
        else:
            opened = Ledger(stack.enter_context(request.getfixturevalue("postgres").database()))
        stack.callback(opened.close)
        yield opened


@pytest.fixture
def connection(common_ledger: Ledger) -> Iterator[Connection]:
    """A transaction that leaves nothing."""
    with common_ledger.write() as opened:
        yield opened
        opened.rollback()


def _add(connection: Connection, scope: str, **paragraphs: str) -> None:
    """Add paragraphs given as p1="their terms"."""
    fulltext.add(
        connection,
        scope,
        {int(pk[1:]): IndexedTerms(terms.split(), len(terms.split())) for pk, terms in paragraphs.items()},
    )


def _search(connection: Connection, scope: str, *terms: str, limit: int = 10) -> list[int]:
    return fulltext.search(connection, scope, terms, limit=limit)


def test_all_paragraphs_that_hold_a_term_of_each_group_are_told_apart_from_the_rest(
    connection: Connection,
) -> None:
    _add(connection, "a", p1="free open sea", p2="free trade", p3="open sea", p4='quot" sea free')

    assert fulltext.holding(connection, "a", [["sea"], ["free", "open"]]) == [1, 3, 4]
    assert fulltext.holding(connection, "a", [["free"], ["sea"], ["open", "trade"]]) == [1]
    assert fulltext.holding(connection, "a", [['quot"', "nothing"]]) == [4]
    assert fulltext.holding(connection, "a", []) == fulltext.holding(connection, "b", [["sea"]]) == []


def test_paragraphs_with_more_and_rarer_terms_come_first(connection: Connection) -> None:
    _add(connection, "a", p1="ferri port", p2="ferri line port alder", p3="reef", p4="port")

    assert _search(connection, "a", "ferri", "alder") == [2, 1]
    assert _search(connection, "a", "ferri", "alder", limit=1) == [2]
    assert _search(connection, "a", "ferri", "ferri", "alder") == [2, 1]


def test_what_is_removed_is_neither_found_nor_counted(connection: Connection) -> None:
    _add(connection, "a", p1="ferri port", p2="ferri")

    fulltext.remove(connection, "a", [1, 99])
    fulltext.remove(connection, "unknown", [1])

    assert _search(connection, "a", "ferri", "port") == [2]
    assert fulltext.statistics(connection, ["a"], ["ferri", "port"]) == TermStatistics(
        1, 1.0, {"ferri": 1, "port": 0}
    )


def test_what_is_removed_can_come_back(connection: Connection) -> None:
    _add(connection, "a", p1="ferri port")
    fulltext.remove(connection, "a", [1])

    _add(connection, "a", p1="ferri port")

    assert _search(connection, "a", "port") == [1]


def test_statistics_count_paragraphs_not_occurrences(connection: Connection) -> None:
    _add(connection, "a", p1="ferri ferri ferri", p2="ferri reef", p3="reef")

    found = fulltext.statistics(connection, ["a"], ["ferri", "reef", "radar", "ferri"])

    assert found == TermStatistics(3, 2.0, {"ferri": 2, "radar": 0, "reef": 1 + 1})


def test_scopes_share_neither_paragraphs_nor_statistics(connection: Connection) -> None:
    _add(connection, "server-1", p1="ferri")
    _add(connection, "server-2", p2="ferri reef", p3="reef")

    assert _search(connection, "server-1", "ferri", "reef") == [1]
    assert fulltext.statistics(connection, ["server-1"], ["reef"]) == TermStatistics(1, 1.0, {"reef": 0})
    assert fulltext.statistics(connection, ["server-1", "server-2"], ["ferri"]) == TermStatistics(
        3, 4 / 3, {"ferri": 2}
    )


def test_an_unknown_scope_holds_nothing(connection: Connection) -> None:
    assert _search(connection, "unknown", "ferri") == []
    assert fulltext.statistics(connection, ["unknown"], ["ferri"]) == TermStatistics(0, 0.0, {"ferri": 0})


def test_no_terms_find_nothing(connection: Connection) -> None:
    _add(connection, "a", p1="ferri")

    assert _search(connection, "a") == []
    assert fulltext.statistics(connection, ["a"], []) == TermStatistics(1, 1.0, {})


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
    assert fulltext.statistics(connection, ["a"], [term]).document_frequency == {term: 1}


@pytest.mark.parametrize("term", ['"', '""', 'a"b', "o'brien", "back\\slash", '") OR ("x', "\x00", "*", "("])
def test_no_term_breaks_the_query(connection: Connection, term: str) -> None:
    _add(connection, "a", p1="ferri")

    assert _search(connection, "a", term, "ferri") == [1]
    assert fulltext.statistics(connection, ["a"], [term]).document_frequency == {term: 0}


WORDS = [f"w{n}" for n in range(120)]


def _made_up(count: int) -> dict[int, IndexedTerms]:
    """Make paragraphs of few common and many rare words, some of them twins of others."""
    dice = random.Random(7)
    made: dict[int, IndexedTerms] = {}
    for pk in range(1, count + 1):
        weights = [1 / rank for rank in range(1, len(WORDS) + 1)]
        terms = dice.choices(WORDS, weights, k=dice.randint(1, 60))
        made[pk] = made[pk - 1] if pk % 7 == 0 else IndexedTerms(terms, max(1, len(terms) - 2))
    return made


def _asked(count: int) -> list[list[str]]:
    dice = random.Random(11)
    return [[*dice.sample(WORDS, dice.randint(1, 8)), "unheard-of"] for _ in range(count)]


def _candidates(connection: Connection) -> list[list[int]]:
    fulltext.add(connection, "a", _made_up(400))
    fulltext.add(connection, "b", {pk + 1000: terms for pk, terms in _made_up(90).items()})
    fulltext.remove(connection, "a", range(40, 60))
    found = []
    for terms in _asked(60):
        found += [_search(connection, scope, *terms, limit=limit) for scope in "ab" for limit in (5, 500)]
    for terms in _asked(12):
        found.append(fulltext.search(connection, "a", terms, limit=50, revision_pks=[REVISION]))
    return found


REVISION = 77


def _write_revision(connection: Connection, pks: Iterable[int] = range(10, 201)) -> None:
    """Let these paragraphs be those of one revision."""
    connection.execute(insert(schema.readouts).values(pk=7, scope="a", id="made-up", source="-"))
    values = {"readout": 7, "id": "r", "title": "-", "language": "en", "numbering": "printed"}
    values |= {"warnings": [], "left_out": []}
    connection.execute(insert(schema.revisions).values(pk=REVISION, created_at="-", **values))
    rows = [
        {
            "pk": pk,
            "revision": REVISION,
            "ordinal": pk,
            "number": f"{pk}",
            "numbering": "printed",
            "text": "-",
        }
        for pk in pks
    ]
    connection.execute(insert(schema.paragraphs), rows)


def test_the_order_is_that_of_fts5_in_either_database(connection: Connection, tmp_path: Path) -> None:
    """One question has the same candidates wherever the ledger is, ties and few results included."""
    reference = Ledger(tmp_path / "reference.sqlite3")
    with reference.write() as fts5:
        _write_revision(fts5)
        expected = _candidates(fts5)
    reference.close()

    _write_revision(connection)

    assert _candidates(connection) == expected
    assert sum(map(len, expected)) > 10_000


def test_where_every_term_is_common_what_holds_two_of_them_comes_first(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.index.index_terms.MOST_SCORED", 2)
    _add(
        connection, "a", p1="ferri port", p2="ferri reef", p3="port ferri", p4="port", p5="ferri", p6="alder"
    )

    assert _search(connection, "a", "ferri", "port") == [1, 3]
    assert _search(connection, "a", "ferri", "port", "alder") == [6]


def test_of_more_matches_than_are_scored_the_latest_are_looked_at(connection: Connection) -> None:
    fulltext.add(
        connection, "a", dict.fromkeys(range(1, MOST_SCORED + 4), IndexedTerms(["ferri", "port"], 2))
    )

    assert _search(connection, "a", "ferri", "port", limit=3) == [4, 5, 6]


def test_within_one_readout_all_that_match_are_scored(connection: Connection) -> None:
    count = MOST_SCORED + 200
    _write_revision(connection, range(1, count + 1))
    common = dict.fromkeys(range(2, count + 1), IndexedTerms(["port"], 1))
    fulltext.add(connection, "a", {1: IndexedTerms(["ferri", "port"], 2), **common})

    found = fulltext.search(connection, "a", ["ferri", "port"], limit=2, revision_pks=[REVISION])

    assert found == [1, 2]


def test_a_scope_that_lost_all_its_paragraphs_holds_nothing(connection: Connection) -> None:
    _add(connection, "a", p1="ferri")
    fulltext.remove(connection, "a", [1])

    assert _search(connection, "a", "ferri") == []
    assert fulltext.search(connection, "a", ["ferri"], limit=5, revision_pks=[1]) == []


def test_a_dropped_scope_takes_nothing_of_another_with_it(connection: Connection) -> None:
    _add(connection, "a", p1="ferri")
    _add(connection, "b", p2="ferri")

    fulltext.drop(connection, "a")

    assert (_search(connection, "a", "ferri"), _search(connection, "b", "ferri")) == ([], [2])
    assert fulltext.statistics(connection, ["a"], ["ferri"]) == TermStatistics(0, 0.0, {"ferri": 0})


def test_a_paragraph_is_found_by_all_its_terms_together_and_by_no_other(connection: Connection) -> None:
    _add(connection, "a", p1="ferri port ferri", p2="reef")

    assert fulltext.finds(connection, "a", 1, ["ferri", "port", "ferri"])
    assert not fulltext.finds(connection, "a", 1, ["ferri", "reef"])
    assert not fulltext.finds(connection, "a", 2, ["ferri"])
    assert not fulltext.finds(connection, "unknown", 1, ["ferri"])
