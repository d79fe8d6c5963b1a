"""The life of a readout after it went live: looking back, going back, going away."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select, update

from retrieval.bootstrap import Services
from retrieval.errors import IndexMismatchError, NotFoundError
from retrieval.index.encoder import DIMENSIONS, Encoder, Vector
from retrieval.ledger import Ledger, live, schema
from retrieval.models import SHARED, ChangedReadout, HeldReadout
from tests.conftest import OpenStore, WriteReadout

pytestmark = pytest.mark.usefixtures("either_ledger")

MAY = "Norland and Estmark will open a ferry line between Port Alder and Sund in May."
JUNE = MAY.replace("May", "June")
REEF = "The two ministers visited the coral reef station and thanked its staff."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "readouts"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for what another one holds."""
    monkeypatch.setattr("retrieval.ledger.engine.BUSY_TIMEOUT_MS", 100)
    monkeypatch.setattr("retrieval.ingest.lifecycle._PATIENCE_S", 0.1)


@pytest.fixture
def services(open_store: OpenStore, folder: Path) -> Any:
    with open_store(corpus=folder) as built:
        yield built


@pytest.fixture
def corrected(services: Services, write_readout: WriteReadout) -> Services:
    """A readout of two revisions: May was corrected to June."""
    _correct(services, write_readout)
    return services


def _correct(services: Services, write_readout: WriteReadout) -> None:
    for ferry in (MAY, JUNE):
        write_readout("talks", [ferry, REEF])
        services.ingesting.ingest()


class AnotherEncoder(Encoder):
    """As near and far as the shipped one, in one dimension more: the two can't be mixed unnoticed."""

    provider = "another"
    dimensions = DIMENSIONS + 1

    def embed(self, text: str) -> Vector:
        return np.append(super().embed(text), np.float32(0.0))


def _ferry(services: Services) -> list[str]:
    """What an answer about the ferry quotes."""
    answer = services.answering.ask("When will the ferry line open?")
    return [statement.text for statement in answer.statements]


def _by_words_and_vector(services: Services) -> list[list[tuple[str, str]]]:
    found = []
    for query in ("ferry line", "ships carrying passengers between two harbours"):
        hits = services.answering.search(query, top_k=24)
        found.append(sorted((h.prepared.paragraph.number, h.prepared.paragraph.text) for h in hits))
    return found


def test_history_lists_revisions_and_who_made_them(corrected: Services) -> None:
    found = corrected.lifecycle.history("Talks")

    june, may = found.revisions
    assert (found.live, june.superseded_at, may.superseded_at) == (june, None, june.created_at)
    assert [(v.title, v.paragraphs, v.erased) for v in found.revisions] == [("Joint statement", 2, False)] * 2
    assert [(e.action, e.actor, e.revision) for e in found.audit] == [
        ("change", "command line", june.id),
        ("add", "command line", may.id),
    ]


def test_history_of_what_never_was_is_refused(services: Services) -> None:
    with pytest.raises(NotFoundError, match=r'^There is and was no readout "talks"'):
        services.lifecycle.history("talks")


def test_rollback_brings_the_revision_before_back_into_every_answer_without_embedding(
    corrected: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Encoder, "embed_each", _must_not_embed)

    corrected.lifecycle.roll_back("talks")
    monkeypatch.undo()

    assert _ferry(corrected) == [MAY]
    assert _by_words_and_vector(corrected) == [[("1", MAY), ("2", REEF)]] * 2


def _must_not_embed(*_args: object) -> None:
    raise AssertionError("nothing new is to be embedded")


def test_rollback_to_a_named_revision_takes_the_beginning_of_its_name(corrected: Services) -> None:
    first = corrected.lifecycle.history("talks").revisions[1].id

    found = corrected.lifecycle.roll_back("talks", first[:5].upper())

    assert found.live is not None
    assert (found.live.id, found.readout.pinned) == (first, True)


def test_rollback_to_what_is_not_kept_names_what_is(corrected: Services) -> None:
    names = ", ".join(v.id for v in corrected.lifecycle.history("talks").revisions)

    with pytest.raises(NotFoundError) as caught:
        corrected.lifecycle.roll_back("talks", "zzz")

    assert str(caught.value) == f'"talks" has no revision "zzz" that is still kept. There are: {names}.'


def test_a_pinned_readout_is_reported_and_left_until_it_is_unpinned(corrected: Services) -> None:
    may = corrected.lifecycle.roll_back("talks").live
    assert may is not None

    held = corrected.ingesting.ingest()
    quoted_while_pinned = _ferry(corrected)
    corrected.lifecycle.unpin("talks")
    taken = corrected.ingesting.ingest()

    difference = ChangedReadout("talks", 0, 1, 0)
    assert (held.held, held.changed) == ((HeldReadout("talks", may.id, difference),), ())
    assert quoted_while_pinned == [MAY]
    assert (taken.held, taken.changed, _ferry(corrected)) == ((), (difference,), [JUNE])


def test_an_old_answer_can_still_be_shown_and_says_since_when_it_is_superseded(corrected: Services) -> None:
    june, may = corrected.lifecycle.history("talks").revisions

    with corrected.ledger.read() as connection:
        old, since = live.quoted_paragraph(connection, [SHARED], "talks", may.id, "1")
        now, never = live.quoted_paragraph(connection, [SHARED], "talks", june.id, "1")

    assert (old.text, old.revision, since) == (MAY, may.id, may.superseded_at)
    assert (now.text, never) == (JUNE, None)


def test_removed_readouts_are_in_no_answer_and_can_be_brought_back(corrected: Services) -> None:
    removal = corrected.lifecycle.remove("talks")
    gone = (_ferry(corrected), _by_words_and_vector(corrected), corrected.browser.documents())

    corrected.lifecycle.roll_back("talks")

    assert (removal.readout, removal.source, removal.purged) == ("talks", "talks.json", False)
    assert gone == ([], [[], []], [])
    assert _ferry(corrected) == [JUNE]


def test_a_removed_readout_does_not_come_back_by_itself(corrected: Services) -> None:
    corrected.lifecycle.remove("talks")

    assert corrected.ensure_corpus() is None
    assert corrected.browser.documents() == []


def test_removing_twice_says_how_to_go_on(corrected: Services) -> None:
    corrected.lifecycle.remove("talks")

    with pytest.raises(
        NotFoundError, match=r'^"talks" was removed before. "rapporteur rollback talks" brings'
    ):
        corrected.lifecycle.remove("talks")


def test_purging_leaves_no_word_of_it_in_any_file(
    services: Services, write_readout: WriteReadout, tmp_path: Path
) -> None:
    write_readout("other", [REEF])
    for secret in ("Quetzalcoatlus landed in May.", "Quetzalcoatlus landed in June."):
        write_readout("talks", [secret])
        services.ingesting.ingest()
    services.answering.ask("When did Quetzalcoatlus land?")
    held_before = _files_holding(tmp_path / "store", "quetzalcoatlus")

    removal = services.lifecycle.remove("talks", purge=True)

    assert held_before != []
    assert removal.everywhere
    assert _files_holding(tmp_path / "store", "quetzalcoatlus") == []
    assert [s.id for s in services.browser.documents()] == ["other"]
    with services.ledger.read() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.embeddings)) == 1


def test_a_purge_beside_a_reader_says_that_its_files_still_hold_it(
    impatient: None, services: Services, write_readout: WriteReadout
) -> None:
    write_readout("talks", [MAY])
    services.ingesting.ingest()
    address = services.ledger.address
    reader = Ledger(address if isinstance(address, Path) else address.get_secret_value())

    with closing(reader), reader.read() as connection:
        connection.execute(select(schema.meta)).all()
        removal = services.lifecycle.remove("talks", purge=True)

    assert (removal.everywhere, services.browser.documents()) == (False, [])


def _files_holding(folder: Path, word: str) -> list[str]:
    return sorted(
        p.name for p in folder.rglob("*") if p.is_file() and word.encode() in p.read_bytes().lower()
    )


def test_the_text_of_superseded_revisions_goes_after_its_time_and_the_history_stays(
    corrected: Services, write_readout: WriteReadout
) -> None:
    june, may = corrected.lifecycle.history("talks").revisions
    long_ago = (datetime.now(UTC) - timedelta(days=91)).isoformat(timespec="seconds")
    with corrected.ledger.write() as connection:
        connection.execute(
            update(schema.revisions).where(schema.revisions.c.pk == may.pk).values(superseded_at=long_ago)
        )
    write_readout("other", ["Something else."])
    corrected.ingesting.ingest()

    after = corrected.lifecycle.history("talks").revisions
    assert [(v.id, v.erased, v.paragraphs) for v in after] == [(june.id, False, 2), (may.id, True, 0)]
    with pytest.raises(NotFoundError, match=r'^"talks" has no earlier revision that is still kept'):
        corrected.lifecycle.roll_back("talks")
    with corrected.ledger.read() as connection, pytest.raises(NotFoundError, match=r"is no longer kept"):
        live.quoted_paragraph(connection, [SHARED], "talks", may.id, "1")
    assert _by_words_and_vector(corrected)[0][0] == ("1", JUNE)


def test_an_erased_revision_comes_back_whole_when_its_source_does(
    corrected: Services, write_readout: WriteReadout
) -> None:
    with corrected.ledger.write() as connection:
        connection.execute(
            update(schema.revisions)
            .where(schema.revisions.c.superseded_at.is_not(None))
            .values(superseded_at="2000-01-01T00:00:00+00:00")
        )
    write_readout("other", ["Something else."])
    corrected.ingesting.ingest()

    write_readout("talks", [MAY, REEF])
    corrected.ingesting.ingest()

    assert _ferry(corrected) == [MAY]
    assert [v.erased for v in corrected.lifecycle.history("talks").revisions] == [False, False]


def test_reindexing_embeds_everything_for_another_encoder_and_answers_the_same(
    open_store: OpenStore, write_readout: WriteReadout, folder: Path
) -> None:
    with open_store(corpus=folder) as first:
        _correct(first, write_readout)
        before = (_ferry(first), _by_words_and_vector(first))

    with open_store(corpus=folder, encoder=AnotherEncoder(), reindexing=True) as another:
        done = another.reindexer.run(progress=lambda *_: None)

    assert (done.revisions, done.paragraphs, done.embedded, done.is_whole) == (2, 4, 3, True)
    with open_store(corpus=folder, encoder=AnotherEncoder()) as later:
        assert (_ferry(later), _by_words_and_vector(later)) == before
        later.lifecycle.roll_back("talks")
        assert _ferry(later) == [MAY]


def test_a_reindex_cut_short_leaves_the_store_as_it_was_and_goes_on_where_it_stopped(
    impatient: None, corrected: Services, open_store: OpenStore, folder: Path
) -> None:
    def cut_short(stage: str, done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    with open_store(corpus=folder, encoder=AnotherEncoder(), reindexing=True) as another:
        with pytest.raises(KeyboardInterrupt):
            another.reindexer.run(progress=cut_short)
        quoted = _ferry(corrected)
        done = another.reindexer.run(progress=lambda *_: None)

    with open_store(corpus=folder, encoder=AnotherEncoder()) as later:
        assert (quoted, done.embedded, _ferry(later)) == ([JUNE], 1, [JUNE])


def test_a_process_with_the_earlier_encoder_refuses_to_mix_its_vectors_with_the_new_ones(
    impatient: None, corrected: Services, open_store: OpenStore, write_readout: WriteReadout, folder: Path
) -> None:
    with open_store(corpus=folder, encoder=AnotherEncoder(), reindexing=True) as another:
        another.reindexer.run(progress=lambda *_: None)
    write_readout("talks", [MAY.replace("May", "July"), REEF])

    with pytest.raises(IndexMismatchError, match=r"indexed anew with another:.* Start it again"):
        corrected.answering.ask("When will the ferry line open?")
    for question in ("When will the ferry line open?", "Give me a summary."):
        with pytest.raises(IndexMismatchError):
            corrected.answering.ask(question, document="talks")
    with pytest.raises(IndexMismatchError):
        corrected.ingesting.ingest()

    with open_store(corpus=folder, encoder=AnotherEncoder()) as later:
        assert (_ferry(later), later.ingesting.ingest().unchanged) == ([JUNE], ())


def test_a_reindex_cut_short_lets_nothing_be_mixed_in_until_it_is_finished_or_given_up(
    impatient: None, corrected: Services, open_store: OpenStore, write_readout: WriteReadout, folder: Path
) -> None:
    def cut_short(stage: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    with (
        open_store(corpus=folder, encoder=AnotherEncoder(), reindexing=True) as another,
        pytest.raises(KeyboardInterrupt),
    ):
        another.reindexer.run(progress=cut_short)
    write_readout("talks", [MAY.replace("May", "July"), REEF])

    with pytest.raises(IndexMismatchError, match=r"a reindex for another:.* was cut short"):
        corrected.ingesting.ingest()
    quoted = _ferry(corrected)
    with open_store(corpus=folder, reindexing=True) as given_up:
        given_up.reindexer.run(progress=lambda *_: None)
    report = corrected.ingesting.ingest()

    assert (quoted, [c.id for c in report.changed], _ferry(corrected)) == (
        [JUNE],
        ["talks"],
        [MAY.replace("May", "July")],
    )


def test_reindexing_with_the_same_encoder_embeds_nothing(corrected: Services) -> None:
    assert corrected.reindexer.run(progress=lambda *_: None).embedded == 0
    assert _ferry(corrected) == [JUNE]


def test_many_superseded_records_make_the_index_be_written_anew(
    services: Services, write_readout: WriteReadout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.index.index_writer._SUPERSEDED_AT_LEAST", 3)
    for month in ("May", "June", "July", "August", "September"):
        write_readout("talks", [MAY.replace("May", month), REEF])
        services.ingesting.ingest()

    assert services.index_sync.count(SHARED) < 6
    assert _by_words_and_vector(services) == [[("1", MAY.replace("May", "September")), ("2", REEF)]] * 2


def test_a_purge_takes_the_vectors_of_sentences_too_whatever_their_language(
    services: Services, write_readout: WriteReadout
) -> None:
    """Where a sentence ends depends on the language it is cut by: "5." ends one in English, none in German."""
    text = "Die Minister trafen sich am 5. Mai in Bonn."
    write_readout("talks", [text], language="de")
    services.ingesting.ingest()
    services.answering.ask("Wann trafen sich die Minister?")

    services.lifecycle.remove("talks", purge=True)

    with services.ledger.read() as connection:
        assert connection.scalar(select(func.count()).select_from(schema.sentence_vectors)) == 0
