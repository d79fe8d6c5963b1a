"""Jobs: handed over through the ledger, carried out once, and never lost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Connection, insert, text, update

from retrieval.bootstrap import Services
from retrieval.errors import IngestBusyError, RapporteurError, RowUnreadableError, StoreError
from retrieval.ingest import Details, IngestRequest, IngestService, Progress, Upload
from retrieval.ingest.job_board import WORKER, JobBoard, report_from_json, report_of
from retrieval.ingest.job_worker import MOST_ATTEMPTS, JobWorker
from retrieval.ledger import INDEX_IDENTITY, front_end_schema, jobs, leases, schema, watches
from retrieval.ledger.jobs import JobRow
from retrieval.ledger.leases import utc_now
from retrieval.models import FailedSource, IngestReport
from tests.conftest import OpenStore, WriteReadout

pytestmark = pytest.mark.usefixtures("either_ledger")

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
        services.index_sync,
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


def test_what_was_confirmed_is_no_change_by_somebody_else_when_its_job_runs_again(services: Services) -> None:
    """A process may end between the commit of a job and the row that says so."""
    request = IngestRequest(uploads=(Upload("talks.txt", TEXT),), seen={"talks": ""})
    job = services.jobs.submit(request)
    services.ingesting.run(request)

    assert _worker(services).run_once()

    row = services.jobs.get(job)
    assert row is not None
    assert row.report is not None
    assert (row.report["unchanged"], row.report["failed"]) == (["talks"], [])


class Interrupted:
    """An ingest during which something else happens, and which then ends as told.

    Attributes:
        error: Raised at the end; None: the report says that nothing was there.
    """

    def __init__(self, meanwhile: Callable[[], object], error: BaseException | None = None) -> None:
        self._meanwhile = meanwhile
        self.error = error

    def run(self, _request: IngestRequest, *, progress: Progress) -> IngestReport:
        self._meanwhile()
        progress("reading", 99, 99)
        if self.error is not None:
            raise self.error
        return IngestReport()


def _stalled(services: Services, ingesting: Interrupted, ended: list[JobRow]) -> JobWorker:
    return JobWorker(
        services.ledger,
        cast(IngestService, ingesting),
        services.index_sync,
        purpose="a bot that stalls",
        on_ended=ended.append,
    )


def _let_leases_expire(services: Services) -> None:
    with services.ledger.write() as connection:
        connection.execute(update(schema.leases).values(expires=0.0))


@pytest.mark.parametrize("error", [None, RapporteurError("It went wrong.")], ids=["done", "failed"])
def test_a_worker_that_stalled_says_nothing_of_a_job_that_another_took_over(
    services: Services, write_readout: WriteReadout, folder: Path, error: RapporteurError | None
) -> None:
    write_readout("talks", ["Norland will open a ferry line."])
    job = services.jobs.submit(IngestRequest((str(folder),)))
    told: list[JobRow] = []
    told_by_stalled: list[JobRow] = []

    def take_over() -> None:
        _let_leases_expire(services)
        assert _worker(services, told).run_once()

    _stalled(services, Interrupted(take_over, error), told_by_stalled).run_once()

    row = services.jobs.get(job)
    assert row is not None
    assert (row.state, row.error, row.done, told, told_by_stalled) == ("done", None, told[0].done, [row], [])
    assert row.report is not None
    assert row.report["added"] == ["talks"]


def test_a_worker_that_stalled_says_nothing_of_a_job_that_another_carries_out_right_now(
    services: Services, folder: Path
) -> None:
    job = services.jobs.submit(IngestRequest((str(folder),)))

    def take_over() -> None:
        with services.ledger.write() as connection:
            jobs.start(connection, job, "the next worker", "2026-01-01T00:00:00+00:00")

    told: list[JobRow] = []
    _stalled(services, Interrupted(take_over), told).run_once()

    row = services.jobs.get(job)
    assert row is not None
    assert (row.state, row.holder, row.stage, told) == ("running", "the next worker", "", [])


def test_only_the_worker_starts_jobs(services: Services, folder: Path) -> None:
    job = services.jobs.submit(IngestRequest((str(folder),)))
    with services.ledger.write() as connection:
        leases.take(connection, WORKER, "another host:1:x", "a bot", now="2026-01-01", ttl_s=60)

    started = _worker(services).run_once()

    row = services.jobs.get(job)
    assert row is not None
    assert (started, row.state, row.holder) == (False, "queued", None)


def test_a_job_that_meets_another_ingest_waits_for_its_end(
    services: Services, write_readout: WriteReadout, folder: Path
) -> None:
    write_readout("talks", ["Norland will open a ferry line."])
    job = services.jobs.submit(IngestRequest((str(folder),)))
    busy = Interrupted(lambda: None, IngestBusyError("Another ingest is running.", "somebody"))
    told: list[JobRow] = []
    worker = _stalled(services, busy, told)

    started = worker.run_once()
    waiting = services.jobs.get(job)
    busy.error = None
    worker.run_once()

    assert waiting is not None
    assert (started, waiting.state, waiting.holder) == (False, "queued", None)
    assert [row.state for row in told] == ["done"]


def test_a_worker_whose_encoder_no_longer_fits_leaves_jobs_to_one_whose_does(
    services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    worker = _worker(services)
    worker._hold()
    job = services.jobs.submit(IngestRequest(uploads=(Upload("talks.txt", TEXT),)))
    with services.ledger.write() as connection:
        services.ledger.set_meta(connection, INDEX_IDENTITY, "another encoder")

    carried_out = [worker.run_once(), worker.run_once()]
    worker._hold()

    row = services.jobs.get(job)
    assert (carried_out, row and row.state, services.jobs.worker()) == ([False, False], "queued", None)
    assert [r.message.partition(":")[0] for r in caplog.records if r.levelname == "ERROR"] == [
        "no ingest is carried out here"
    ]


WRITTEN_OTHERWISE = {
    "a list": "[1]",
    "a part is missing": '{"paths": []}',
    "a part that is not known": json.dumps(IngestRequest().as_json() | {"colour": "blue"}),
    "a part of another kind": json.dumps(IngestRequest().as_json() | {"details": "none"}),
    "no JSON": '{"paths',
}


@pytest.mark.parametrize("request_text", WRITTEN_OTHERWISE.values(), ids=WRITTEN_OTHERWISE)
def test_a_job_that_this_version_cannot_read_is_set_aside_and_the_next_is_carried_out(
    services: Services, request_text: str
) -> None:
    broken = services.jobs.submit(IngestRequest())
    good = services.jobs.submit(IngestRequest(uploads=(Upload("talks.txt", TEXT),)))
    if services.ledger.place.startswith("postgresql") and request_text == WRITTEN_OTHERWISE["no JSON"]:
        pytest.skip("PostgreSQL keeps no such row")
    with services.ledger.write() as connection:
        written = text("UPDATE jobs SET request = CAST(:request AS JSON) WHERE pk = :pk")
        if not services.ledger.place.startswith("postgresql"):
            written = text("UPDATE jobs SET request = :request WHERE pk = :pk")
        connection.execute(written, {"request": request_text, "pk": broken})
    told: list[JobRow] = []
    worker = _worker(services, told)

    carried_out = [worker.run_once(), worker.run_once(), worker.run_once()]

    assert (carried_out, [(row.pk, row.state) for row in told]) == (
        [True, True, False],
        [(broken, "failed"), (good, "done")],
    )
    assert told[0].error == (
        f"What is kept of job {broken} was written by another version of Rapporteur, or is damaged. Ask for it again."
    )


def test_a_report_that_this_version_cannot_read_leaves_a_job_done(services: Services) -> None:
    job = services.jobs.submit(IngestRequest())
    with services.ledger.write() as connection:
        connection.execute(update(schema.jobs).values(state="done", report={"colour": "blue"}))

    row = services.jobs.follow(job, lambda *_: None)

    assert row.state == "done"
    with pytest.raises(RowUnreadableError, match="written by another version"):
        report_of(row)


def test_a_failure_that_may_pass_is_tried_again_later_and_others_go_first(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (services.jobs.submit(IngestRequest()) for _ in range(2))
    busy = Interrupted(lambda: None, StoreError("The disk is full."))
    told: list[JobRow] = []
    worker = _stalled(services, busy, told)

    worker.run_once()
    put_off = services.jobs.get(first)
    busy.error = None
    carried_out = [worker.run_once(), worker.run_once()]

    assert put_off is not None
    assert (put_off.state, put_off.error, put_off.attempts) == ("queued", "The disk is full.", 1)
    assert put_off.not_before is not None
    assert put_off.not_before > str(put_off.started_at)
    assert (carried_out, [row.pk for row in told]) == ([True, False], [second])
    later = utc_now(60)
    monkeypatch.setattr("retrieval.ingest.job_worker.utc_now", lambda _later_s=0.0: later)
    assert worker.run_once()
    assert [(row.pk, row.state, row.error, row.attempts) for row in told] == [
        (second, "done", None, 1),
        (first, "done", None, 2),
    ]


def test_a_failure_that_does_not_pass_ends_the_job_after_some_attempts(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.ingest.job_worker.RETRIED_AFTER_S", 0.0)
    services.jobs.submit(IngestRequest())
    told: list[JobRow] = []
    worker = _stalled(services, Interrupted(lambda: None, StoreError("The disk is full.")), told)

    begun = sum(worker.run_once() for _ in range(MOST_ATTEMPTS + 2))

    assert (begun, [(row.state, row.error) for row in told]) == (
        MOST_ATTEMPTS,
        [("failed", "The disk is full.")],
    )


def test_a_job_that_ends_every_process_that_begins_it_is_set_aside(services: Services) -> None:
    poisoned = services.jobs.submit(IngestRequest(uploads=(Upload("talks.txt", TEXT),)))
    with services.ledger.write() as connection:
        for _ in range(MOST_ATTEMPTS):
            jobs.start(connection, poisoned, "a process that is no more", "2026-01-01T00:00:00+00:00")
    told: list[JobRow] = []

    _worker(services, told).run_once()

    assert [(row.state, services.browser.documents()) for row in told] == [("failed", [])]
    assert "begun 5 times and never came to its end, so it was set aside" in str(told[0].error)


def test_a_job_is_forgotten_30_days_after_its_end_unless_how_it_ended_is_still_to_be_told_or_noted(
    services: Services,
) -> None:
    days = {"done": 31, "failed": 31, "untold": 31, "unnoted": 31, "recent": 29, "waiting": None}
    numbers = {name: services.jobs.submit(IngestRequest(actor=name)) for name in days}
    with services.ledger.write() as connection:
        for name, ago in days.items():
            row = {"state": "queued", "not_before": utc_now(3_600.0), "created_at": "2020-01-01"}
            if ago is not None:
                row |= {
                    "state": "failed" if name == "failed" else "done",
                    "finished_at": utc_now(-86_400 * ago),
                }
            connection.execute(update(schema.jobs).where(schema.jobs.c.pk == numbers[name]).values(row))
        waiting = {"job": numbers["untold"], "scope": "shared", "user": 1, "language": "en"}
        connection.execute(insert(front_end_schema.watches).values(waiting))
        page = {"scope": "shared", "url": "", "kind": "list", "every_s": 900, "takes": True, "actor": "ana"}
        page |= {"paused": False, "content_hash": "", "asked_at": "", "next_at": 0.0, "failures": 0}
        watch = watches.add(connection, **page)
        for url, job in (("of a job", numbers["unnoted"]), ("of none", None)):
            watches.add_link(connection, watch, url, "", "", "taken")
            link = watches.links_of(connection, watch)[url].pk
            watches.change_link(connection, link, job=job)
    worker = _worker(services)

    worker.start()
    try:
        _until(lambda: services.jobs.get(numbers["done"]) is None)
    finally:
        worker.stop()

    kept = [name for name, job in numbers.items() if services.jobs.get(job) is not None]
    assert kept == ["untold", "unnoted", "recent", "waiting"]


class Panic(BaseException):
    """What a library in Rust raises."""


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("error", [Panic("a panic"), ValueError("a fault")], ids=["panic", "fault"])
def test_whatever_a_job_raises_it_is_told_and_the_next_is_carried_out(
    services: Services, error: BaseException
) -> None:
    services.jobs.submit(IngestRequest())
    interrupted = Interrupted(lambda: None, error)
    told: list[JobRow] = []
    worker = _stalled(services, interrupted, told)
    worker.start()
    try:
        _until(lambda: bool(told))
        interrupted.error = None
        services.jobs.submit(IngestRequest())
        _until(lambda: len(told) == 2)
    finally:
        worker.stop()

    assert [(row.state, row.error) for row in told] == [
        ("failed", "Something went wrong inside Rapporteur; the log of the bot says what."),
        ("done", None),
    ]


def test_a_worker_that_does_not_get_on_gives_its_lease_up_and_takes_it_again_when_it_does(
    services: Services, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("retrieval.ingest.job_worker.pause_s", lambda _failures: 0.01)
    due, faults = jobs.due, [Panic("a panic")]

    def panicking(connection: Connection, now: str) -> int | None:
        if faults:
            raise faults[0]
        return due(connection, now)

    worker = JobWorker(
        services.ledger, services.ingesting, services.index_sync, purpose="a test's bot", ttl_s=0.2
    )
    worker.start()
    try:
        _until(lambda: services.jobs.worker() is not None)
        monkeypatch.setattr(jobs, "due", panicking)
        _until(lambda: services.jobs.worker() is None)
        faults.clear()
        _until(lambda: services.jobs.worker() is not None)
    finally:
        worker.stop()

    assert any("again in" in record.message and "a panic" in record.message for record in caplog.records)


def test_a_job_that_outlasts_an_orderly_end_is_not_one_that_failed(services: Services) -> None:
    job = services.jobs.submit(IngestRequest())
    seen: list[JobRow | None] = []
    worker = _stalled(services, Interrupted(lambda: (worker.stop(), seen.append(services.jobs.get(job)))), [])  # type: ignore[arg-type]

    worker.run_once()

    [waiting] = seen
    assert waiting is not None
    assert (waiting.state, waiting.holder, waiting.attempts) == ("queued", None, 0)


def test_who_follows_a_job_is_told_its_end_though_the_store_failed_meanwhile(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.ingest.job_board.pause_s", lambda _failures: 0.0)
    job = services.jobs.submit(IngestRequest())
    _stalled(services, Interrupted(lambda: None), []).run_once()
    get, failing = services.jobs.get, [StoreError("locked")] * 3

    def failing_at_first(pk: int) -> JobRow | None:
        if failing:
            raise failing.pop()
        return get(pk)

    monkeypatch.setattr(JobBoard, "get", lambda _, pk: failing_at_first(pk))

    assert services.jobs.follow(job, lambda *_: None).state == "done"


def test_who_follows_a_job_in_a_store_that_stays_away_is_told_so(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.ingest.job_board.pause_s", lambda _failures: 0.0)

    def fail(_board: JobBoard, _pk: int) -> JobRow | None:
        raise StoreError("The disk is gone.")

    monkeypatch.setattr(JobBoard, "get", fail)

    with pytest.raises(StoreError, match=r"How job 1 went on cannot be seen; .* The disk is gone\."):
        services.jobs.follow(1, lambda *_: None)
