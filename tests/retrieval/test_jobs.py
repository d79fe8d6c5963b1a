"""Jobs: handed over through the ledger, carried out once, and never lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from retrieval.bootstrap import Services
from retrieval.errors import RapporteurError
from retrieval.ingest import Details, IngestRequest, Upload
from retrieval.ingest.jobs import JobWorker, report_from_json
from retrieval.ledger import jobs
from retrieval.ledger.jobs import JobRow
from retrieval.models import FailedSource
from tests.conftest import OpenStore, WriteReadout

TEXT = b"Ferry talks\n\n2 May 2024\n\n1. Norland will open a ferry line.\n\n2. Estmark welcomed the line.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "readouts"


@pytest.fixture
def services(open_store: OpenStore, folder: Path) -> Any:
    with open_store(corpus=folder) as built:
        yield built


def _worker(services: Services, ended: list[JobRow] | None = None) -> JobWorker:
    return JobWorker(
        services.ledger,
        services.ingesting,
        services.keeper,
        purpose="a test's bot",
        on_ended=None if ended is None else ended.append,
    )


def test_an_upload_waits_in_the_ledger_and_goes_live_as_corrected(services: Services) -> None:
    ended: list[JobRow] = []
    upload = Upload("talks.txt", TEXT)
    details = {"upload:talks.txt": Details(id="Ferry 2024", title="The ferry talks")}
    job = services.jobs.submit(IngestRequest(uploads=(upload,), actor="ana", details=details))
    waiting = services.jobs.get(job)

    done = _worker(services, ended).run_once()

    assert waiting is not None
    assert (waiting.state, done, [row.state for row in ended]) == ("queued", True, ["done"])
    [live] = services.browser.documents()
    assert (live.id, live.title, live.source) == ("ferry-2024", "The ferry talks", "upload:talks.txt")
    assert ended[0].report is not None
    assert report_from_json(ended[0].report).added == ("ferry-2024",)
    with services.ledger.read() as connection:
        assert jobs.uploads(connection, job) == []  # a file is kept as long as its job is open


def test_a_job_whose_process_was_killed_is_carried_out_by_the_next(
    services: Services, write_readout: WriteReadout, folder: Path
) -> None:
    write_readout("talks", ["Norland will open a ferry line."])
    job = services.jobs.submit(IngestRequest((str(folder),)))
    with services.ledger.write() as connection:
        jobs.start(connection, job, "a process that is no more", "2026-01-01T00:00:00+00:00")

    assert _worker(services).run_once()

    row = services.jobs.get(job)
    assert row is not None
    assert (row.state, [s.id for s in services.browser.documents()]) == ("done", ["talks"])


def test_a_job_that_fails_keeps_the_sentence(services: Services, tmp_path: Path) -> None:
    job = services.jobs.submit(IngestRequest((str(tmp_path / "missing"),)))

    _worker(services).run_once()

    row = services.jobs.get(job)
    assert row is not None
    assert (row.state, row.error) == (
        "failed",
        f"{tmp_path / 'missing'}: there is no such file or folder. Check the path.",
    )


def test_a_failed_source_is_in_the_report_that_comes_back(services: Services) -> None:
    job = services.jobs.submit(IngestRequest(uploads=(Upload("empty.txt", b"\n"),)))

    _worker(services).run_once()

    row = services.jobs.get(job)
    assert row is not None
    assert row.report is not None
    [failed] = report_from_json(row.report).failed
    assert isinstance(failed, FailedSource)
    assert failed.source == "upload:empty.txt"


def test_a_worker_at_work_takes_what_is_handed_over_and_one_that_left_is_missed(
    services: Services, write_readout: WriteReadout, folder: Path
) -> None:
    write_readout("talks", ["Norland will open a ferry line."])
    worker = _worker(services)
    worker.start()
    try:
        while services.jobs.worker() is None:
            pass
        ended = services.jobs.follow(services.jobs.submit(IngestRequest((str(folder),))), lambda *_: None)
    finally:
        worker.stop()

    assert (ended.state, services.jobs.worker()) == ("done", None)
    with pytest.raises(RapporteurError, match=r"was to carry out job 2 has stopped. The job waits"):
        services.jobs.follow(services.jobs.submit(IngestRequest((str(folder),))), lambda *_: None)


def test_what_a_preview_did_not_show_is_not_confirmed(services: Services) -> None:
    request = IngestRequest(uploads=(Upload("talks.txt", TEXT),), seen={"talks": ""})
    services.ingesting.run(IngestRequest(uploads=(Upload("talks.txt", TEXT.replace(b"May", b"June")),)))

    report = services.ingesting.run(request)

    assert [each.error for each in report.failed] == [
        '"talks" was changed by somebody else since you looked. Look again, then confirm.'
    ]
