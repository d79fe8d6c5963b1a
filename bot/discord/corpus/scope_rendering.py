"""Pure: what a scope holds, and what was done there -> pages within Discord's limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from bot.discord.corpus.job_rendering import progress_text
from bot.discord.corpus.wording import LISTED, MAX_TITLE, coded, flat, moment, source_name, where_name
from bot.discord.markdown import escape, shortened
from bot.discord.rendering import Page, _Block, _paged
from bot.locales import Phrases
from retrieval.ingest.lifecycle import History
from retrieval.ledger.history import AuditEntry, KnownRevision
from retrieval.ledger.holdings import Usage
from retrieval.ledger.jobs import JobRow
from retrieval.ledger.live import ReadoutSummary


def status_pages(
    scope: str,
    readouts: Sequence[ReadoutSummary],
    usage: Usage,
    bounds: Mapping[str, int],
    ingests: int,
    jobs: Sequence[JobRow],
    phrases: Phrases,
) -> tuple[Page, ...]:
    """Return what a scope holds, of how much it may, and what is being done there.

    Args:
        bounds: The most readouts, paragraphs, megabytes and ingests a day; 0 or missing is no limit.
    """
    title = f"**{phrases('corpus.status.title', where=where_name(scope, phrases))}**"
    numbers = {
        "readouts": usage.readouts,
        "paragraphs": usage.paragraphs,
        "megabytes": f"{usage.bytes / 1e6:.1f}",
        "ingests": ingests,
    }
    of = [
        phrases(f"corpus.status.{name}", count=value) + (f" / {bounds[name]}" if bounds.get(name) else "")
        for name, value in numbers.items()
    ]
    blocks = [_Block(f"{title}\n" + " · ".join(of))]
    blocks += [_Block(progress_text(row, None, phrases)) for row in jobs[:LISTED]]
    blocks += [_Block(_status_line(each, phrases)) for each in readouts]
    return _paged(blocks, phrases)


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
    blocks = [_Block(f"**{phrases('corpus.history.title', id=past.readout.id)}**")]
    for revision in past.revisions:
        blocks.append(_Block(_revision_line(revision, past, phrases)))
    return _paged([*blocks, *_audit_blocks(past.audit, phrases)], phrases)


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
    head = _Block(f"**{phrases('corpus.history.scope_title', where=where_name(scope, phrases))}**")
    return _paged([head, *_audit_blocks(entries, phrases)], phrases)


def _audit_blocks(entries: Sequence[AuditEntry], phrases: Phrases) -> list[_Block]:
    if not entries:
        return [_Block(phrases("corpus.history.none"))]
    return [_Block(_audit_line(entry, phrases)) for entry in entries]


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
