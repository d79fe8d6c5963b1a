"""Pure: how far a job is, and what it did -> text of one message."""

from __future__ import annotations

from dataclasses import dataclass

from bot.discord.corpus.wording import LISTED, failed_line, named_ids
from bot.discord.markdown import length
from bot.discord.rendering import MAX_TEXT
from bot.locales import Phrases
from retrieval.ledger.jobs import JobRow
from retrieval.models import IngestReport

_BAR = 10


@dataclass(frozen=True, slots=True)
class Pace:
    """When a stage of a job was first seen, to tell how long it may still take (seconds, units of work)."""

    stage: str
    at: float
    done: int

    def left_s(self, row: JobRow, now: float) -> int | None:
        """Return how many seconds may be left of this stage; None while that cannot be said."""
        gained = row.done - self.done
        if row.stage != self.stage or gained <= 0 or row.total <= 0:
            return None
        return max(1, round((now - self.at) / gained * (row.total - row.done)))


def progress_text(row: JobRow, left_s: int | None, phrases: Phrases) -> str:
    """Return how far a job is: stage, bar, count, time left."""
    head = phrases("corpus.progress.job", job=row.pk)
    if row.state == "queued":
        return f"{head}\n{phrases('corpus.progress.queued')}"
    known = ("reading", "fetching", "embedding", "indexing")
    stage = phrases(f"corpus.progress.{row.stage}" if row.stage in known else "corpus.progress.starting")
    if row.total <= 0:
        count = f" · {row.done}" if row.done else ""
        return f"{head}\n{stage}{count}"
    share = min(1.0, row.done / row.total)
    bar = "▰" * round(share * _BAR) + "▱" * (_BAR - round(share * _BAR))
    count = phrases("corpus.progress.count", done=row.done, total=row.total)
    left = f" · {phrases('corpus.progress.left', seconds=left_s)}" if left_s else ""
    return f"{head}\n{stage} {bar} {count}{left}"


def report_text(report: IngestReport, job: int, phrases: Phrases) -> str:
    """Return what a job did: added, changed, unchanged, held, failed and why."""
    lines = [phrases("corpus.report.title", job=job)]
    if report.added:
        lines.append(phrases("corpus.report.added", ids=named_ids(report.added, phrases)))
    for changed in report.changed[:LISTED]:
        lines.append(
            phrases(
                "corpus.report.changed",
                id=changed.id,
                added=changed.paragraphs_added,
                changed=changed.paragraphs_changed,
                removed=changed.paragraphs_removed,
            )
        )
    if len(report.changed) > LISTED:
        lines.append(phrases("corpus.more", count=len(report.changed) - LISTED))
    if report.unchanged:
        lines.append(phrases("corpus.report.unchanged", ids=named_ids(report.unchanged, phrases)))
    if report.removed:
        lines.append(phrases("corpus.report.removed", ids=named_ids(report.removed, phrases)))
    for held in report.held[:LISTED]:
        lines.append(phrases("corpus.report.held", id=held.id, revision=held.revision))
    for failed in report.failed[: LISTED // 2]:
        lines.append(failed_line(failed.source, failed.line, failed.error, phrases))
    if len(report.failed) > LISTED // 2:
        lines.append(phrases("corpus.more", count=len(report.failed) - LISTED // 2))
    if len(lines) == 1:
        lines.append(phrases("corpus.report.nothing"))
    while length("\n".join(lines)) > MAX_TEXT - 1:
        lines[-2:] = ["…"]
    return "\n".join(lines)


def brief_report(report: IngestReport, job: int, phrases: Phrases) -> str:
    """Return the counts alone: nothing of a server's own readouts leaves that server."""
    return phrases(
        "corpus.report.brief",
        job=job,
        added=len(report.added),
        changed=len(report.changed),
        unchanged=len(report.unchanged),
        failed=len(report.failed) + len(report.held),
    )
