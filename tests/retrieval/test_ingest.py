"""Ingesting: whole revisions or nothing, work done once, and every source accounted for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update

from retrieval.bootstrap import Services
from retrieval.errors import CorpusError, IngestBusyError, NotFoundError
from retrieval.index.encoder import Encoder, Vector
from retrieval.index.index_folder import StoreLock
from retrieval.ledger import history, schema, vectors
from retrieval.ledger.leases import Turn, my_turn
from retrieval.models import SHARED, ChangedReadout, FailedSource, IngestReport
from tests.conftest import OpenStore, WriteReadout

FERRY = "Norland and Estmark will open a ferry line between Port Alder and Sund in May."
REEF = "The two ministers visited the coral reef station and thanked its staff."
RADAR = "Estmark offered to lend a coastal radar to the Norland coast guard."


def _counts(report: IngestReport) -> IngestReport:
    """The report without its time."""
    return replace(report, elapsed_ms=0.0)


def _ids(services: Services) -> list[str]:
    return [summary.id for summary in services.browser.documents()]


def _numbers_found(services: Services, query: str) -> list[tuple[str, str]]:
    hits = services.answering.search(query, top_k=24)
    return [(hit.prepared.paragraph.document, hit.prepared.paragraph.number) for hit in hits]


def _tables(services: Services) -> dict[str, int]:
    with services.ledger.read() as connection:
        return {
            name: connection.scalar(select(func.count()).select_from(table)) or 0
            for name, table in schema.metadata.tables.items()
            if name != "sentence_vectors"
        }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "readouts"


@pytest.fixture
def services(open_store: OpenStore, folder: Path) -> Any:
    """An empty store whose corpus is the test's own folder."""
    with open_store(corpus=folder) as built:
        yield built


def test_a_new_readout_is_reported_and_answers(services: Services, write_readout: WriteReadout) -> None:
    write_readout("summit", [FERRY, REEF])

    report = services.ingesting.ingest()

    assert _counts(report) == IngestReport(added=("summit",), paragraphs=2, embedded=2)
    assert "ferry line" in services.answering.ask("When will the ferry line open?").statements[0].text


def test_an_unchanged_readout_costs_no_embedding_and_no_write(
    services: Services, write_readout: WriteReadout, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_readout("summit", [FERRY, REEF])
    services.ingesting.ingest()
    before = _tables(services)
    monkeypatch.setattr(type(services.ingesting._encoder), "embed", _must_not_be_called)

    report = services.ingesting.ingest()

    assert _counts(report) == IngestReport(unchanged=("summit",), paragraphs=2)
    assert _tables(services) == before


def _must_not_be_called(*_args: object) -> None:
    raise AssertionError("nothing here needs embedding")


def test_a_changed_readout_is_counted_by_paragraph_and_embeds_only_what_is_new(
    services: Services, write_readout: WriteReadout
) -> None:
    write_readout("summit", {"1": FERRY, "2": REEF, "3": RADAR})
    services.ingesting.ingest()
    write_readout("summit", {"1": FERRY, "2": REEF.replace("coral", "oyster"), "4": "A new paragraph."})

    report = services.ingesting.ingest()

    assert _counts(report) == IngestReport(
        changed=(ChangedReadout("summit", paragraphs_added=1, paragraphs_changed=1, paragraphs_removed=1),),
        paragraphs=3,
        embedded=2,
    )


def test_the_old_revision_no_longer_answers(services: Services, write_readout: WriteReadout) -> None:
    write_readout("summit", {"1": FERRY, "2": REEF, "3": RADAR})
    services.ingesting.ingest()
    old = services.browser.documents()[0].revision
    write_readout("summit", {"1": FERRY, "2": REEF})

    services.ingesting.ingest()

    assert services.browser.documents()[0].revision != old
    assert set(_numbers_found(services, RADAR)) == {("summit", "1"), ("summit", "2")}
    assert all("radar" not in statement.text for statement in services.answering.ask(RADAR).statements)
    with pytest.raises(NotFoundError, match=r'"summit" has no paragraph "3". It has 1, 2.'):
        services.browser.paragraph("summit", "3")


def test_going_back_to_an_earlier_text_is_that_revision_again(
    services: Services, write_readout: WriteReadout
) -> None:
    write_readout("summit", [FERRY])
    services.ingesting.ingest()
    first = services.browser.documents()[0]
    write_readout("summit", [RADAR])
    services.ingesting.ingest()
    write_readout("summit", [FERRY])

    report = services.ingesting.ingest()

    assert (services.browser.documents()[0], report.embedded) == (first, 0)
    assert _numbers_found(services, "ferry line") == [("summit", "1")]


def test_identical_paragraphs_are_two_and_both_are_found(
    services: Services, write_readout: WriteReadout
) -> None:
    write_readout("summit", {"1": FERRY, "2": REEF, "7": FERRY})
    write_readout("echo", {"5": FERRY})

    report = services.ingesting.ingest()

    assert (report.paragraphs, report.embedded) == (4, 2)
    assert set(_numbers_found(services, "ferry line between Port Alder and Sund")) >= {
        ("summit", "1"),
        ("summit", "7"),
        ("echo", "5"),
    }


def test_two_sources_with_one_id_fail_naming_both(
    services: Services, write_readout: WriteReadout, folder: Path
) -> None:
    write_readout("summit", [FERRY], folder=folder / "a")
    write_readout("summit", [RADAR], folder=folder / "b")

    report = services.ingesting.ingest()

    assert (report.added, report.failed) == (
        ("summit",),
        (
            FailedSource(
                "b/summit.json",
                None,
                'its id "summit" is also that of a/summit.json. Rename one of the two files.',
            ),
        ),
    )
    assert services.browser.paragraph("summit", "1").text == FERRY


def test_a_live_id_is_taken_over_only_with_replace(
    services: Services, write_readout: WriteReadout, tmp_path: Path
) -> None:
    write_readout("summit", [FERRY])
    services.ingesting.ingest()
    other = write_readout("summit", [RADAR], folder=tmp_path / "elsewhere")

    refused = services.ingesting.ingest([other])
    kept = services.browser.paragraph("summit", "1").text
    taken = services.ingesting.ingest([other], replace=True)

    assert _counts(refused) == IngestReport(
        failed=(
            FailedSource(
                str(other),
                None,
                'its id "summit" is already that of summit.json. Rename the file, or use --replace to let it '
                "take over.",
            ),
        )
    )
    assert kept == FERRY
    assert _counts(taken) == IngestReport(
        changed=(ChangedReadout("summit", 0, 1, 0),), paragraphs=1, embedded=1
    )
    assert services.browser.paragraph("summit", "1").text == RADAR


def test_a_file_is_one_source_however_its_path_is_typed(
    services: Services, write_readout: WriteReadout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    services.ingesting.ingest([write_readout("summit", [FERRY], folder=elsewhere)])
    write_readout("summit", [RADAR], folder=elsewhere)
    monkeypatch.chdir(tmp_path / "empty-working-folder")

    report = services.ingesting.ingest([Path("../elsewhere")])

    assert ([each.id for each in report.changed], report.failed) == (["summit"], ())


def test_prune_removes_only_what_is_gone_from_the_folders_named(
    services: Services, write_readout: WriteReadout, tmp_path: Path
) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    gone = [write_readout("gone-a", [FERRY], folder=a), write_readout("gone-b", [REEF], folder=b)]
    write_readout("stays-a", [RADAR], folder=a)
    write_readout("stays-b", [RADAR], folder=b)
    services.ingesting.ingest([a, b])
    for path in gone:
        path.unlink()

    without = services.ingesting.ingest([a])
    dry = services.ingesting.ingest([a], prune=True, dry_run=True)
    still = _ids(services)
    pruned = services.ingesting.ingest([a], prune=True)

    assert (without.removed, dry.removed, pruned.removed) == ((), ("gone-a",), ("gone-a",))
    assert sorted(still) == ["gone-a", "gone-b", "stays-a", "stays-b"]
    assert sorted(_ids(services)) == ["gone-b", "stays-a", "stays-b"]
    assert ("gone-a", "1") not in _numbers_found(services, FERRY)


def test_prune_removes_a_readout_that_its_file_no_longer_holds(services: Services, folder: Path) -> None:
    def line(name: str) -> str:
        return json.dumps({"id": name, "title": name, "paragraphs": [{"number": "1", "text": FERRY}]}) + "\n"

    folder.mkdir()
    (folder / "many.jsonl").write_text(line("one") + line("two"), encoding="utf-8")
    services.ingesting.ingest()
    (folder / "many.jsonl").write_text(line("two"), encoding="utf-8")

    report = services.ingesting.ingest(prune=True)

    assert (report.removed, report.unchanged, _ids(services)) == (("one",), ("two",), ["two"])


def test_prune_keeps_a_readout_whose_file_cannot_be_read(
    services: Services, write_readout: WriteReadout
) -> None:
    write_readout("other", [RADAR])
    path = write_readout("summit", [FERRY])
    services.ingesting.ingest()
    path.write_text("{", encoding="utf-8")

    report = services.ingesting.ingest(prune=True)

    assert (report.removed, [each.source for each in report.failed]) == ((), ["summit.json"])
    assert sorted(_ids(services)) == ["other", "summit"]


def test_a_removed_readout_that_comes_back_answers_again(
    services: Services, write_readout: WriteReadout
) -> None:
    write_readout("other", [RADAR])
    path = write_readout("summit", [FERRY])
    services.ingesting.ingest()
    path.unlink()
    services.ingesting.ingest(prune=True)
    write_readout("summit", [FERRY])

    report = services.ingesting.ingest()

    assert (report.added, report.embedded) == (("summit",), 0)
    assert _numbers_found(services, FERRY)[0] == ("summit", "1")


def test_a_dry_run_reports_and_changes_nothing(services: Services, write_readout: WriteReadout) -> None:
    write_readout("summit", [FERRY])
    services.ingesting.ingest()
    write_readout("summit", [RADAR])
    write_readout("new", [REEF])
    before = _tables(services)

    report = services.ingesting.ingest(dry_run=True)

    assert _counts(report) == IngestReport(
        added=("new",), changed=(ChangedReadout("summit", 0, 1, 0),), paragraphs=2
    )
    assert _tables(services) == before
    assert services.browser.paragraph("summit", "1").text == FERRY


def test_a_source_that_fails_leaves_its_live_readout_and_the_others_alone(
    services: Services, write_readout: WriteReadout
) -> None:
    path = write_readout("summit", [FERRY])
    services.ingesting.ingest()
    path.write_text('{"id": "summit",\n "title": }', encoding="utf-8")
    write_readout("new", [RADAR])

    report = services.ingesting.ingest()

    assert (report.added, report.changed, [(f.source, f.line) for f in report.failed]) == (
        ("new",),
        (),
        [("summit.json", 2)],
    )
    assert services.browser.paragraph("summit", "1").text == FERRY


def test_text_that_is_not_text_fails_alone(services: Services, write_readout: WriteReadout) -> None:
    write_readout("bad", ["half a character: \ud800"])
    write_readout("good", [RADAR])

    report = services.ingesting.ingest()

    assert (report.added, report.failed) == (
        ("good",),
        (
            FailedSource(
                "bad.json", None, "its text holds half of a character (U+D800). Save it again as UTF-8."
            ),
        ),
    )


def test_an_ingest_that_breaks_off_leaves_the_old_revision_whole_and_can_be_repeated(
    services: Services, write_readout: WriteReadout, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_readout("summit", {"1": FERRY, "2": REEF})
    services.ingesting.ingest()
    before = (_tables(services), services.browser.documents())
    write_readout("summit", {"1": RADAR})

    def fail(*_args: object, **_more: object) -> None:
        raise RuntimeError("the power went out")

    with monkeypatch.context() as patched:
        patched.setattr(history, "record", fail)
        with pytest.raises(RuntimeError, match="power"):
            services.ingesting.ingest()

    tables, documents = _tables(services), services.browser.documents()
    assert (tables | {"embeddings": 2}, documents) == before
    assert set(_numbers_found(services, REEF)) == {("summit", "1"), ("summit", "2")}

    again = services.ingesting.ingest()

    assert (again.embedded, services.browser.paragraph("summit", "1").text) == (0, RADAR)
    assert _numbers_found(services, "coastal radar") == [("summit", "1")]


def test_who_waited_for_a_turn_sees_what_was_committed_meanwhile(
    services: Services,
    write_readout: WriteReadout,
    open_store: OpenStore,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write_readout("summit", [FERRY])
    others: list[IngestReport] = []

    def meanwhile() -> None:
        with open_store(corpus=folder) as other:
            others.append(other.ingesting.ingest())

    def waited(*args: Any, **options: Any) -> AbstractContextManager[Turn]:
        monkeypatch.undo()
        meanwhile()
        return my_turn(*args, **options)

    monkeypatch.setattr("retrieval.ingest.service.my_turn", waited)
    report = services.ingesting.ingest()

    assert [each.added for each in others] == [("summit",)]
    assert _counts(report) == IngestReport(unchanged=("summit",), paragraphs=1)
    assert _numbers_found(services, FERRY) == [("summit", "1")]


def test_an_ingest_beside_a_reader_waits_for_nobody_and_is_found_at_once(
    services: Services, write_readout: WriteReadout, tmp_path: Path
) -> None:
    write_readout("summit", [FERRY])
    reader = StoreLock(tmp_path / "store", "rapporteur chat")
    assert reader.share()

    added = services.ingesting.ingest().added
    beside = _numbers_found(services, FERRY)
    with services.ledger.read() as connection:
        scanned = len(vectors.scanned(connection, SHARED))
    reader.release()
    services.index_sync.catch_up()
    with services.ledger.read() as connection:
        scanned_later = len(vectors.scanned(connection, SHARED))

    assert (added, beside, scanned) == (("summit",), [("summit", "1")], 1)
    assert (_numbers_found(services, FERRY), scanned_later) == ([("summit", "1")], 0)


def test_a_second_ingest_says_who_started_the_first_and_when(
    services: Services, write_readout: WriteReadout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.ingest.service._PATIENCE_S", 0.2)
    write_readout("summit", [FERRY])

    with (
        my_turn(services.ledger, "ingest by Ana", timeout_s=0),
        pytest.raises(IngestBusyError, match=r"^Another ingest is running: ingest by Ana, since \d{4}-\d\d-"),
    ):
        services.ingesting.ingest()

    assert _ids(services) == []
    assert services.ingesting.ingest().added == ("summit",)


def test_an_ingest_that_stalled_changes_nothing_after_another_took_over(
    services: Services, write_readout: WriteReadout, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_readout("summit", [FERRY])

    def overtaken(*_args: object, **_options: object) -> int:
        with services.ledger.write() as connection:
            connection.execute(update(schema.leases).values(epoch=schema.leases.c.epoch + 1))
        return 0

    monkeypatch.setattr("retrieval.ingest.committing.embed_missing", overtaken)

    with pytest.raises(IngestBusyError, match="stood still for so long that another one took over"):
        services.ingesting.ingest()

    assert _ids(services) == []


def test_every_change_is_in_the_audit_trail(services: Services, write_readout: WriteReadout) -> None:
    path = write_readout("summit", [FERRY])
    write_readout("other", [RADAR])
    services.ingesting.ingest(actor="a test")
    write_readout("summit", [REEF])
    services.ingesting.ingest(actor="a test")
    path.unlink()
    services.ingesting.ingest(actor="a test", prune=True)

    a = schema.audit
    with services.ledger.read() as connection:
        rows = connection.execute(
            select(a.c.actor, a.c.action, a.c.scope, a.c.summary).where(a.c.readout == "summit")
        ).all()
    counts = {"paragraphs_added": 0, "paragraphs_changed": 1, "paragraphs_removed": 0}
    assert rows == [
        ("a test", "add", SHARED, {"source": "summit.json", "paragraphs": 1}),
        ("a test", "change", SHARED, {"source": "summit.json", "paragraphs": 1} | counts),
        ("a test", "remove", SHARED, {"source": "summit.json"}),
    ]


def test_progress_counts_sources_and_then_texts(services: Services, write_readout: WriteReadout) -> None:
    write_readout("a", [FERRY, REEF])
    write_readout("b", [RADAR])
    seen: list[tuple[str, int, int]] = []

    services.ingesting.ingest(progress=lambda *each: seen.append(each))

    assert list(dict.fromkeys(seen)) == [  # the work on the sentences of a text is part of that text's
        ("reading", 1, 0),
        ("reading", 2, 0),
        ("embedding", 0, 3),
        ("embedding", 1, 3),
        ("embedding", 2, 3),
        ("embedding", 3, 3),
        ("indexing", 0, 0),
    ]


@pytest.mark.parametrize("make", [False, True], ids=["missing", "empty"])
def test_a_corpus_without_readouts_is_one_sentence(services: Services, folder: Path, make: bool) -> None:
    if make:
        folder.mkdir()

    with pytest.raises(CorpusError) as caught:
        services.ensure_corpus()

    assert str(caught.value) == (
        f"{folder}: there is no readout here. Name files or a folder that holds some."
        if make
        else f"{folder}: there is no such file or folder. Check the path."
    )


def test_a_long_paragraph_is_embedded_in_pieces_and_cited_as_one(
    services: Services, write_readout: WriteReadout
) -> None:
    filler: Sequence[str] = [f"Paragraph filler sentence number {n} says little." for n in range(60)]
    write_readout("summit", [" ".join([*filler, FERRY])])

    report = services.ingesting.ingest()

    assert report.paragraphs == 1
    assert report.embedded > 1
    statement = services.answering.ask("When will the ferry line open?").statements[0]
    assert (statement.text, statement.paragraph.number) == (FERRY, "1")


class _Counting(Encoder):
    """Keeps the sentences that it is given: of chunks the title is before them."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[str] = []

    def embed_each(self, texts: Sequence[str]) -> Iterator[Vector]:
        self.given += texts
        return super().embed_each(texts)


def test_the_first_questions_about_what_was_ingested_find_its_sentences_embedded(
    open_store: OpenStore, write_readout: WriteReadout, folder: Path
) -> None:
    encoder = _Counting()
    write_readout("talks", ["Norland will open a ferry line. Estmark welcomed it.", "They met again."])
    with open_store(corpus=folder, encoder=encoder) as services:
        services.ingesting.ingest()
        given = list(encoder.given)
        services.answering.ask("Who welcomed the ferry line?")

    assert encoder.given == given
