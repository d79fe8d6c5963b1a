"""What was altered in the ledger is shown nowhere, is told, and is mended by the true source."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, select, text, update

from retrieval.bootstrap import Services
from retrieval.errors import DamagedError
from retrieval.health import audit
from retrieval.ledger import schema
from tests.conftest import OpenStore, WriteReadout

TRUE = "Norland will open a ferry line to Estmark in May."
FORGED = "Norland will close a ferry line to Estmark in May."
QUESTION = "What will Norland open?"


@pytest.fixture
def corpus(write_readout: WriteReadout, tmp_path: Path) -> Path:
    write_readout(
        "talks", ["The Ministers met in Oslo on 3 May.", TRUE], title="Ferry talks", date="2025-05-03"
    )
    write_readout("radar", ["Estmark lent a radar to Norland."], title="Radar talks", date="2025-06-03")
    return tmp_path / "readouts"


@pytest.fixture
def forged(open_store: OpenStore, corpus: Path) -> Services:
    """A store in whose file one paragraph was altered after the ingest; reopened, as by another process."""
    with open_store(corpus=corpus) as built:
        built.ingesting.ingest()
        _alter(built, schema.paragraphs, text=FORGED)
    with open_store(corpus=corpus) as built:
        yield built


def _alter(services: Services, table: object, **values: object) -> None:
    where = {"paragraphs": schema.paragraphs.c.text == TRUE}.get(table.name, True)  # type: ignore[attr-defined]
    with services.ledger.write() as connection:
        statement = update(table).values(**values)  # type: ignore[arg-type]
        connection.execute(statement if where is True else statement.where(where))


ROADS: dict[str, Callable[[Services], object]] = {
    "ask": lambda s: s.answering.ask(QUESTION),
    "ask of it alone": lambda s: s.answering.ask(QUESTION, document="talks"),
    "a look-up by number": lambda s: s.answering.ask("What does paragraph 2 say?", document="talks"),
    "a bare term": lambda s: s.answering.ask("ferry"),
    "a summary": lambda s: s.answering.ask("Summarise it.", document="talks"),
    "search": lambda s: s.answering.search("ferry line"),
    "check": lambda s: s.checking.check("Norland will close its ferry line to Estmark."),
    "trace": lambda s: [r.uses for r in s.comparing.trace("a ferry line").readouts],
    "initiatives": lambda s: s.browser.initiatives(),
    "lives": lambda s: s.comparing.lives(),
}


@pytest.mark.parametrize("road", ROADS.values(), ids=ROADS)
def test_an_altered_paragraph_is_left_out_with_its_readout(
    forged: Services, road: Callable[[Services], object]
) -> None:
    shown = str(road(forged)) + str(road(forged))  # once found altered, nothing of it is shown any more

    assert [words for words in (FORGED, TRUE, "Oslo") if words in shown] == []


NAMED: dict[str, Callable[[Services], object]] = {
    "paragraph": lambda s: s.browser.paragraph("talks", "2"),
    "another paragraph": lambda s: s.browser.paragraph("talks", "1"),
    "export": lambda s: s.browser.readout("talks"),
    "compare": lambda s: s.comparing.compare("talks", "radar"),
    "rollback": lambda s: s.lifecycle.roll_back("talks", s.browser.documents()[1].revision),
}


@pytest.mark.parametrize("road", NAMED.values(), ids=NAMED)
def test_what_is_named_and_was_altered_is_refused_with_what_to_do(
    forged: Services, road: Callable[[Services], object]
) -> None:
    with pytest.raises(
        DamagedError, match=r'"talks" is left out: ¶2 in the ledger is not what was ingested\. '
    ):
        road(forged)


def test_an_answer_says_once_what_was_left_out(forged: Services, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        answers = [forged.answering.ask(QUESTION), forged.answering.ask("Who lent a radar?")]

    assert [answer.damaged for answer in answers] == [("talks",), ("talks",)]
    assert [r.message for r in caplog.records] == [
        '"talks" is left out: ¶2 in the ledger is not what was ingested. Ingest its source again to mend it: talks.json'
    ]
    assert forged.answering.ask("Who lent a radar?", document="radar").damaged == ()


def _unsound(services: Services) -> list[str]:
    found = audit(services.ledger, services.index_sync, lambda *_: None)
    return [f"{each.document} {each.what}" for each in found.damaged]


def test_reindexing_does_not_hide_it_and_the_true_source_mends_it(
    either_ledger: None, forged: Services, corpus: Path
) -> None:
    before = _unsound(forged)
    forged.reindexer.run(progress=lambda *_: None)
    reindexed = _unsound(forged)
    dry = forged.ingesting.ingest(dry_run=True)
    report = forged.ingesting.ingest()

    assert (before, reindexed, _unsound(forged)) == (["talks ¶2"], ["talks ¶2"], [])
    assert [each.id for each in dry.changed] == [each.id for each in report.changed] == ["talks"]
    assert report.warnings == ('"talks": ¶2 was altered in the store.',)
    assert report.unchanged == ("radar",)
    answer = forged.answering.ask(QUESTION)
    assert (answer.statements[0].text, answer.damaged) == (TRUE, ())
    assert forged.ingesting.ingest().unchanged == ("radar", "talks")
    forged.index_sync.settle()
    assert audit(forged.ledger, forged.index_sync, lambda *_: None).unfound == ()


ALTERED = {
    "the number": (schema.paragraphs, {"number": "7"}, "¶7"),
    "a heading": (schema.paragraphs, {"heading": "Annex"}, "¶2"),
    "the title": (schema.revisions, {"title": "Other talks"}, "¶1, ¶2"),
    "the date": (schema.revisions, {"date": "2024-01-01"}, "¶1, ¶2"),
    "how it is numbered": (schema.paragraphs, {"numbering": "x"}, "¶2"),
    "an initiative": (schema.initiatives, {"name": "Nothing"}, "its list of initiatives"),
}


@pytest.mark.parametrize(("table", "values", "what"), ALTERED.values(), ids=ALTERED)
def test_all_that_a_paragraph_is_cited_with_is_under_its_seal(
    open_store: OpenStore, corpus: Path, table: object, values: dict[str, object], what: str
) -> None:
    with open_store(corpus=corpus) as services:
        services.ingesting.ingest()
        assert services.browser.initiatives() != []
        _alter(services, table, **values)

        assert f"talks {what}" in _unsound(services)
        assert "Nothing" not in str(services.browser.initiatives())


def test_a_paragraph_that_is_gone_is_noticed(open_store: OpenStore, corpus: Path) -> None:
    with open_store(corpus=corpus) as services:
        services.ingesting.ingest()
        with services.ledger.write() as connection:
            connection.execute(schema.paragraphs.delete().where(schema.paragraphs.c.text == TRUE))

        assert _unsound(services) == ["talks the number of its paragraphs"]
        assert services.ingesting.ingest().changed[0].id == "talks"
        assert _unsound(services) == []


def _seals(connection: Connection) -> list[list[tuple[object, ...]]]:
    v, p, i = schema.revisions, schema.paragraphs, schema.initiatives
    keys = (v.c.pk,), (p.c.pk,), (i.c.revision, i.c.ordinal)
    found = (select(*key, key[0].table.c.seal).order_by(*key) for key in keys)
    return [[tuple(row) for row in connection.execute(each)] for each in found]


@pytest.mark.usefixtures("either_ledger")
def test_the_step_that_brought_seals_gives_what_an_ingest_gives(open_store: OpenStore, corpus: Path) -> None:
    """It knows its own tables and hashes; where they and today's differ, a store brought up to date is all damaged."""
    step = importlib.import_module("retrieval.ledger.migrations.versions.0009_seals")
    with open_store(corpus=corpus) as services:
        services.ingesting.ingest()
        with services.ledger.write() as connection:
            ingested = _seals(connection)
            for table in ("revisions", "paragraphs", "initiatives"):
                connection.execute(text(f"ALTER TABLE {table} DROP COLUMN seal"))
            with Operations.context(MigrationContext.configure(connection)):
                step.upgrade()
            brought = _seals(connection)

    assert [len(each) for each in ingested] == [2, 3, 1]
    assert brought == ingested
