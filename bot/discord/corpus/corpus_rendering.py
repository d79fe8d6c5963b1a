"""Pure: what a scope holds, what was done there, and how far a job is -> pages; what things are called in them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.discord.discord_markdown import code, escape, instant, length, shortened
from bot.discord.pages import MAX_TEXT, RULE, Block, Page, Tone, paged
from bot.discord.readout_rendering import document_line
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
    text = phrases("corpus.attachment", name=name) if kind == "upload" else _FOLDERS.sub("", source)
    return escape(shortened(text, _MAX_SOURCE))


def failed_line(source: str, line: int | None, error: str, phrases: Phrases) -> str:
    """Return the line that says why a source brought nothing."""
    place = source_name(source, phrases) + (f":{line}" if line else "")
    return f"- {phrases('corpus.report.failed_line', source=place, error=reason_text(error, phrases))}"


_FOLDERS = re.compile(r"(?<![\w:/.])/(?:[^\s/]+/)+(?=[^\s/])")


def reason_text(said: str, phrases: Phrases, limit: int = MAX_ERROR) -> str:
    """Return what was said of a source in the reader's language, without the folders of this machine."""
    return escape(shortened(phrases.of_source(_FOLDERS.sub("", said)), limit))


def named_ids(ids: Sequence[str], phrases: Phrases) -> str:
    """Return ids as a list, and how many more there are."""
    shown = ", ".join(coded(each) for each in ids[:LISTED])
    more = f", {phrases('corpus.more', count=len(ids) - LISTED)}" if len(ids) > LISTED else ""
    return shown + more


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
    came = report.added or report.changed or report.unchanged or report.removed or report.held
    is_failure = report.failed and not came
    lines = [phrases("corpus.report.failed_title" if is_failure else "corpus.report.title", job=job)]
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
    if report.failed:
        lines.append(f"### {phrases('corpus.report.failed_head')}")
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
    title = f"### {phrases('corpus.status.title', where=where_name(scope, phrases))}"
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
    blocks = [Block(f"{title}\n" + "\n".join(f"- {line}" for line in of))]
    blocks += [Block(progress_text(row, None, phrases), joint=RULE) for row in jobs[:LISTED]]
    blocks += [Block(_status_line(r, phrases), joint="\n" if n else RULE) for n, r in enumerate(readouts)]
    return paged(blocks, phrases, tone=Tone.LISTED)


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
    line = document_line(readout, phrases)
    return f"{line}\n-# {' · '.join(notes)}"


def history_pages(past: History, phrases: Phrases) -> tuple[Page, ...]:
    """Return a readout's revisions, and who did what."""
    head = f"### {phrases('corpus.history.title', id=coded(past.readout.id))}"
    blocks = [Block(_revision_line(revision, past, phrases), head) for revision in past.revisions]
    return paged([*blocks, *_audit_blocks(past.audit, phrases)], phrases, tone=Tone.LISTED)


def _revision_line(revision: KnownRevision, past: History, phrases: Phrases) -> str:
    state = "live" if past.live and revision.pk == past.live.pk else "erased" if revision.erased else "kept"
    if state == "live" and past.readout.pinned:
        state = "pinned"
    return "- " + phrases(
        "corpus.history.revision",
        revision=revision.id,
        at=instant(revision.created_at),
        paragraphs=revision.paragraphs,
        state=phrases(f"corpus.history.{state}"),
    )


def audit_pages(scope: str, entries: Sequence[AuditEntry], phrases: Phrases) -> tuple[Page, ...]:
    """Return who did what in a scope, the newest first."""
    head = Block(f"### {phrases('corpus.history.scope_title', where=where_name(scope, phrases))}")
    return paged([head, *_audit_blocks(entries, phrases, joint="\n")], phrases, tone=Tone.LISTED)


def _audit_blocks(entries: Sequence[AuditEntry], phrases: Phrases, joint: str = RULE) -> list[Block]:
    if not entries:
        return [Block(phrases("corpus.history.none"), joint=joint)]
    return [Block(_audit_line(e, phrases), joint="\n" if n else joint) for n, e in enumerate(entries)]


def _audit_line(entry: AuditEntry, phrases: Phrases) -> str:
    known = ("add", "change", "remove", "rollback", "unpin", "purge")
    action = phrases(f"corpus.audit.{entry.action}") if entry.action in known else escape(entry.action)
    counts = [
        phrases(f"corpus.audit.{name}", count=entry.summary[name])
        for name in ("paragraphs", "paragraphs_added", "paragraphs_changed", "paragraphs_removed")
        if entry.summary.get(name)
    ]
    parts = [
        instant(entry.at),
        _who(entry.actor),
        f"{action} {coded(entry.readout)}",
        *([coded(entry.revision)] if entry.revision else []),
        *counts,
    ]
    return f"- {' · '.join(parts)}"


_MEMBER = re.compile(r"discord:(\d+)")


def _who(actor: str) -> str:
    """Return who did something: a member by a mention, which pings nobody here."""
    member = _MEMBER.match(actor)
    return f"<@{member[1]}>" if member else escape(shortened(actor, 80))
