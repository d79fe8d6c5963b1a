"""A ledger moves to PostgreSQL whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Table, func, select

from bot.discord.answer_store import AnswerStore, ShownAnswer
from retrieval.bootstrap import LEDGER_FILE
from retrieval.errors import StoreError
from retrieval.front_end_store import answers
from retrieval.ingest import IngestRequest, Upload
from retrieval.ingest.backup import copy_ledger
from retrieval.ingest.job_board import WORKER
from retrieval.ledger import Ledger, schema
from retrieval.ledger.leases import my_turn
from tests.conftest import OpenStore, WriteReadout
from tests.servers import ChromaServer

QUESTION = "When will the ferry line open?"


@pytest.fixture
def lived_in(open_store: OpenStore, write_readout: WriteReadout, tmp_path: Path) -> Iterator[Ledger]:
    """A store with two revisions, a removed readout, another scope, and an answer that was shown."""
    folder = tmp_path / "readouts"
    write_readout("ferry", ["The ferry line will open in May."])
    write_readout("gone", ["A coastal radar was lent."])
    with open_store(corpus=folder) as services:
        services.ingesting.ingest()
        write_readout("ferry", ["The ferry line will open in June."])
        services.ingesting.ingest()
        services.lifecycle.remove("gone", purge=True)
        own = Upload("own.txt", b"Own talks\n\n1. A lighthouse will be painted in July.\n")
        services.ingesting.run(IngestRequest(uploads=(own,), scope="guild:5"))
        AnswerStore(services.ledger).add(ShownAnswer("a" * 12, QUESTION, "extractive", 2**61, 1))
    with closing(Ledger(tmp_path / "store" / LEDGER_FILE)) as ledger:
        yield ledger


def _silent(_stage: str, _done: int, _total: int) -> None: ...


def _rows(ledger: Ledger, table: Table) -> list[tuple[object, ...]]:
    with ledger.read() as connection:
        return sorted(tuple(map(repr, row)) for row in connection.execute(select(table)))


def test_a_ledger_that_moved_answers_the_same_and_remembers_everything(
    lived_in: Ledger,
    postgres_address: str,
    chroma: ChromaServer,
    open_store: OpenStore,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(Ledger(postgres_address)) as target:
        copied = copy_ledger(lived_in, target, _silent)
        for table in (schema.revisions, schema.paragraphs, schema.readouts, schema.audit, answers):
            assert _rows(target, table) == _rows(lived_in, table)
    monkeypatch.setattr("retrieval.bootstrap.ledger_address", lambda _settings: postgres_address)
    with open_store(corpus=tmp_path / "readouts", store=tmp_path / "other", index=chroma.address) as services:
        answer = services.answering.ask(QUESTION)
        own = services.answering.ask("When will the lighthouse be painted?", scopes=("shared", "guild:5"))
        back = services.lifecycle.roll_back("ferry")
        services.index_sync.settle()
        whole = services.index_sync.is_whole
        with services.ledger.read() as connection:
            newest = connection.scalar(select(func.max(schema.audit.c.pk)))
    with lived_in.read() as connection:
        before = connection.scalar(select(func.max(schema.audit.c.pk)))

    assert copied > 20
    assert ["June" in s.text for s in answer.statements] == [True]
    assert ["July" in s.text for s in own.statements] == [True]
    assert (len(back.revisions), whole, newest) == (2, True, before + 1)


def test_nothing_is_copied_where_something_is(lived_in: Ledger, postgres_address: str) -> None:
    with closing(Ledger(postgres_address)) as target:
        copy_ledger(lived_in, target, _silent)
        with pytest.raises(StoreError, match=r"this ledger is not empty\. Name an empty database"):
            copy_ledger(lived_in, target, _silent)


def test_nothing_is_copied_while_a_bot_runs(lived_in: Ledger, postgres_address: str) -> None:
    with (
        closing(Ledger(postgres_address)) as target,
        my_turn(lived_in, "rapporteur run", timeout_s=0, name=WORKER),
        pytest.raises(StoreError, match=r"in use by rapporteur run since .*\. Stop it first"),
    ):
        copy_ledger(lived_in, target, _silent)
