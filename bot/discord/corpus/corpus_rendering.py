"""Pure: what a scope holds, what was done there, and how far a job is -> pages; what things are called in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.discord.discord_markdown import code, escape, length, shortened
from bot.discord.pages import MAX_TEXT, MAX_TITLE, Block, Page, flat, paged
from bot.locales import Phrases
from retrieval.ingest import AuditEntry, JobRow, KnownRevision, Usage
from retrieval.ingest.lifecycle import History
from retrieval.models import SHARED, IngestReport
from retrieval.search.browsing import ReadoutSummary

MAX_ERROR = 400
LISTED = 10
"""How many of a kind a message names."""

_MAX_SOURCE = 120


def where_name(scope: str, phrases: Phrases) -> str:
    """Return what a scope is called."""
    return phrases("corpus.where.shared" if scope == SHARED else "corpus.where.server")


def source_name(source: str, phrases: Phrases) -> str:
    """Return what people call a source: an attachment by its file's name."""
    kind, _, name = source.partition(":")
    text = phrases("corpus.attachment", name=name) if kind == "upload" else source
    return escape(shortened(text, _MAX_SOURCE))


def failed_line(source: str, line: int | None, error: str, phrases: Phrases) -> str:
    """Return the line that says why a source brought nothing."""
    place = source_name(source, phrases) + (f":{line}" if line else "")
    return phrases(
        "corpus.report.failed_line",
        source=place,
        error=escape(shortened(phrases.of_source(error), MAX_ERROR)),
    )


def named_ids(ids: Sequence[str], phrases: Phrases) -> str:
    """Return ids as a list, and how many more there are."""
    shown = ", ".join(coded(each) for each in ids[:LISTED])
    more = f", {phrases('corpus.more', count=len(ids) - LISTED)}" if len(ids) > LISTED else ""
    return shown + more


def moment(at: str) -> str:
    """Return a moment of the ledger (UTC, ISO 8601) to the minute."""
    return at[:16].replace("T", " ") + " UTC"


def coded(text: str) -> str:
    """Return `text` as code."""
    return f"`{code(text)}`"


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


def status_pages(
    scope: str,
    readouts: Sequence[ReadoutSummary],
    usage: Usage,
    quota: Mapping[str, int],
    jobs: Sequence[JobRow],
    phrases: Phrases,
) -> tuple[Page, ...]:
    """Return what a scope holds, of how much it may, and what is being done there.

    Args:
        quota: The most readouts, paragraphs, megabytes and ingests a day; 0 or missing is no limit.
    """
    title = f"**{phrases('corpus.status.title', where=where_name(scope, phrases))}**"
    numbers = {
        "readouts": usage.readouts,
        "paragraphs": usage.paragraphs,
        "megabytes": f"{usage.bytes / 1e6:.1f}",
        "ingests": usage.ingests,
    }
    of = [
        phrases(f"corpus.status.{name}", count=value) + (f" / {quota[name]}" if quota.get(name) else "")
        for name, value in numbers.items()
    ]
    blocks = [Block(f"{title}\n" + " · ".join(of))]
    blocks += [Block(progress_text(row, None, phrases)) for row in jobs[:LISTED]]
    blocks += [Block(_status_line(each, phrases)) for each in readouts]
    return paged(blocks, phrases)


def _status_line(readout: ReadoutSummary, phrases: Phrases) -> str:
    notes = [
        phrases(f"corpus.numbering.{readout.numbering}"),
        source_name(readout.source, phrases),
        phrases("corpus.status.revision", revision=readout.revision),
    ]
    if readout.pinned:
        notes.append(phrases("corpus.status.pinned"))
    if readout.warnings:
        notes.append(phrases("corpus.status.warnings", count=len(readout.warnings)))
    line = phrases(
        "documents.line",
        title=flat(readout.title, MAX_TITLE),
        date=escape(phrases.date(readout.date) or phrases("documents.undated")),
        paragraphs=readout.paragraphs,
        id=readout.id,
    )
    return f"{line}\n-# {' · '.join(notes)}"


def history_pages(past: History, phrases: Phrases) -> tuple[Page, ...]:
    """Return a readout's revisions, and who did what."""
    blocks = [Block(f"**{phrases('corpus.history.title', id=past.readout.id)}**")]
    for revision in past.revisions:
        blocks.append(Block(_revision_line(revision, past, phrases)))
    return paged([*blocks, *_audit_blocks(past.audit, phrases)], phrases)


def _revision_line(revision: KnownRevision, past: History, phrases: Phrases) -> str:
    state = "live" if past.live and revision.pk == past.live.pk else "erased" if revision.erased else "kept"
    if state == "live" and past.readout.pinned:
        state = "pinned"
    return phrases(
        "corpus.history.revision",
        revision=revision.id,
        at=moment(revision.created_at),
        paragraphs=revision.paragraphs,
        state=phrases(f"corpus.history.{state}"),
    )


def audit_pages(scope: str, entries: Sequence[AuditEntry], phrases: Phrases) -> tuple[Page, ...]:
    """Return who did what in a scope, the newest first."""
    head = Block(f"**{phrases('corpus.history.scope_title', where=where_name(scope, phrases))}**")
    return paged([head, *_audit_blocks(entries, phrases)], phrases)


def _audit_blocks(entries: Sequence[AuditEntry], phrases: Phrases) -> list[Block]:
    if not entries:
        return [Block(phrases("corpus.history.none"))]
    return [Block(_audit_line(entry, phrases)) for entry in entries]


def _audit_line(entry: AuditEntry, phrases: Phrases) -> str:
    known = ("add", "change", "remove", "rollback", "unpin", "purge")
    action = phrases(f"corpus.audit.{entry.action}") if entry.action in known else escape(entry.action)
    counts = [
        phrases(f"corpus.audit.{name}", count=entry.summary[name])
        for name in ("paragraphs", "paragraphs_added", "paragraphs_changed", "paragraphs_removed")
        if entry.summary.get(name)
    ]
    parts = [
        moment(entry.at),
        escape(shortened(entry.actor, 80)),
        f"{action} {coded(entry.readout)}",
        *([coded(entry.revision)] if entry.revision else []),
        *counts,
    ]
    return " · ".join(parts)
