"""Pure: plans, reports, states of jobs and scopes, histories -> pages within Discord's limits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from bot.corpus.diff_rendering import change_lines
from bot.corpus.drafts import DraftPage, Editable
from bot.locales import Phrases
from bot.markdown import code, escape, length, shortened
from bot.rendering import MAX_TEXT, Page, _Block, _paged
from bot.services import SHARED
from retrieval.holdings import Difference
from retrieval.ingest import Change, Plan
from retrieval.ledger.history import AuditEntry, KnownReadout, KnownRevision
from retrieval.ledger.holdings import Usage
from retrieval.ledger.jobs import JobRow
from retrieval.ledger.live import ReadoutSummary
from retrieval.lifecycle import History
from retrieval.models import IngestReport, Paragraph, ParagraphDiff, Readout

_ROOM = MAX_TEXT - 300
"""What is left of a message under the line that says what it is a preview of."""

_MAX_PAGES = 40
_MAX_TITLE = 200
_MAX_SOURCE = 120
_MAX_ERROR = 400
_MAX_WARNINGS = 12
_MAX_NAMES = 30
_FIRST_WORDS = 90
_LISTED = 10
_BAR = 10


def where_name(scope: str, phrases: Phrases) -> str:
    """Return what a scope is called."""
    return phrases("corpus.where.shared" if scope == SHARED else "corpus.where.server")


def preview_pages(
    plan: Plan, scope: str, phrases: Phrases
) -> tuple[tuple[DraftPage, ...], tuple[Editable, ...]]:
    """Return the pages that show what an ingest would do, and the readouts on them that can be corrected."""
    bodies: list[tuple[str, int | None]] = []
    editable: list[Editable] = []
    alone = _alone(plan)
    blocks = _general_blocks(plan, phrases)
    for change in (*plan.changes, *plan.held):
        edits = None
        if change.source in alone:
            edits = len(editable)
            editable.append(_editable(change))
        blocks += _change_blocks(change, held=change in plan.held, phrases=phrases)
        bodies += [(page.text, edits) for page in _paged(blocks, phrases, room=_ROOM)]
        blocks = []
    if blocks:
        bodies += [(page.text, None) for page in _paged(blocks, phrases, room=_ROOM)]
    return _numbered(
        bodies, phrases("corpus.preview.title", where=where_name(scope, phrases)), phrases
    ), tuple(editable)


def _alone(plan: Plan) -> set[str]:
    """Return the sources that bring one readout: what is typed into a form would be said of all of them."""
    brought = [change.source for change in (*plan.changes, *plan.held)]
    return {source for source in brought if brought.count(source) == 1 and "*" not in source}


def _editable(change: Change) -> Editable:
    readout = change.readout
    return Editable(change.source, readout.id, readout.title, readout.date, readout.issuer)


def _numbered(
    bodies: Sequence[tuple[str, int | None]], title: str, phrases: Phrases
) -> tuple[DraftPage, ...]:
    shown = list(bodies[:_MAX_PAGES])
    total = len(shown)
    pages = []
    for number, (text, edits) in enumerate(shown, 1):
        place = f" · {phrases('corpus.preview.page', number=number, pages=total)}" if total > 1 else ""
        more = len(bodies) - total if number == total else 0
        rest = f"\n-# {phrases('corpus.preview.more_pages', count=more)}" if more else ""
        pages.append(DraftPage(f"**{title}**{place}\n{text}{rest}", edits))
    return tuple(pages)


def _general_blocks(plan: Plan, phrases: Phrases) -> list[_Block]:
    blocks = []
    if not plan.changes:
        blocks.append(_Block(phrases("corpus.preview.nothing")))
    if plan.unchanged:
        blocks.append(_Block(phrases("corpus.preview.unchanged", ids=_ids(plan.unchanged, phrases))))
    for failed in plan.failed:
        blocks.append(_Block(_failed_line(failed.source, failed.line, failed.error, phrases)))
    return blocks + [_Block(f"⚠ {escape(shortened(w, _MAX_ERROR))}") for w in plan.warnings[:_MAX_WARNINGS]]


def _failed_line(source: str, line: int | None, error: str, phrases: Phrases) -> str:
    place = source_name(source, phrases) + (f":{line}" if line else "")
    return phrases("corpus.report.failed_line", source=place, error=escape(shortened(error, _MAX_ERROR)))


def source_name(source: str, phrases: Phrases) -> str:
    """Return what people call a source: an attachment by its file's name."""
    kind, _, name = source.partition(":")
    text = phrases("corpus.attachment", name=name) if kind == "upload" else source
    return escape(shortened(text, _MAX_SOURCE))


def _change_blocks(change: Change, *, held: bool, phrases: Phrases) -> list[_Block]:
    readout = change.readout
    kind = "held" if held else "new" if change.live is None else "changed"
    head = f"**{phrases(f'corpus.preview.{kind}')}: {_flat(readout.title, _MAX_TITLE)}**"
    blocks = [_Block(_facts(readout, phrases), head)]
    if change.live is not None and change.live.source != change.source:
        source = source_name(change.live.source, phrases)
        blocks.append(_Block(f"⚠ {phrases('corpus.preview.takes_over', source=source)}", head))
    for warning in readout.warnings[:_MAX_WARNINGS]:
        blocks.append(_Block(f"⚠ {escape(shortened(warning, _MAX_ERROR))}", head))
    if len(readout.warnings) > _MAX_WARNINGS:
        more = phrases("corpus.more", count=len(readout.warnings) - _MAX_WARNINGS)
        blocks.append(_Block(f"⚠ {more}", head))
    blocks += [_Block(line, head) for line in _details_changed(change, phrases)]
    blocks += [_Block(line, head) for line in _paragraph_lines(change, phrases)]
    return blocks + [_Block(line, head) for line in _initiative_lines(change, phrases)]


def _facts(readout: Readout, phrases: Phrases) -> str:
    lines = [
        phrases("corpus.preview.id", id=readout.id),
        phrases(
            "corpus.preview.date", date=escape(phrases.date(readout.date) or phrases("documents.undated"))
        ),
        phrases(
            "corpus.preview.issuer",
            issuer=_flat(readout.issuer, _MAX_TITLE) if readout.issuer else phrases("corpus.preview.none"),
        ),
        phrases(
            "corpus.preview.numbering",
            kind=phrases(f"corpus.numbering.{readout.numbering}"),
            count=len(readout.paragraphs),
            numbers=escape(shortened(", ".join(p.number for p in readout.paragraphs), 300)),
        ),
    ]
    return "\n".join(lines)


def _details_changed(change: Change, phrases: Phrases) -> Iterable[str]:
    before, after = change.live, change.readout
    if before is None:
        return
    for name in ("title", "date", "issuer"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            none = phrases("corpus.preview.none")
            yield phrases(
                f"corpus.preview.{name}_changed",
                before=_flat(old, _MAX_TITLE) if old else none,
                after=_flat(new, _MAX_TITLE) if new else none,
            )


def _paragraph_lines(change: Change, phrases: Phrases) -> Iterable[str]:
    if change.diff is None:
        return (_first_words(paragraph) for paragraph in change.readout.paragraphs)
    return diff_lines(change.diff, change.readout.id, phrases)


def diff_lines(diff: ParagraphDiff, document: str, phrases: Phrases) -> Iterable[str]:
    """Yield how many paragraphs differ, then each of them."""
    counted = diff.counted(document)
    yield phrases(
        "corpus.preview.diff",
        added=counted.paragraphs_added,
        changed=counted.paragraphs_changed,
        removed=counted.paragraphs_removed,
    )
    # a head of up to twice `_MAX_TITLE` characters stands above each
    yield from change_lines(diff, phrases, _ROOM - 2 * _MAX_TITLE - 100)


def _first_words(paragraph: Paragraph) -> str:
    number = escape(shortened(paragraph.number, 40))
    return f"¶{number} {escape(shortened(paragraph.text, _FIRST_WORDS))}"


def _initiative_lines(change: Change, phrases: Phrases) -> Iterable[str]:
    initiatives, problems = change.initiatives()
    yield phrases("corpus.preview.initiatives", count=len(initiatives))
    for each in initiatives[:_MAX_NAMES]:
        number = escape(shortened(each.citations[0].paragraph, 40))
        kind = phrases(f"initiatives.kind.{each.kind}")
        yield f"- {escape(shortened(each.name, _FIRST_WORDS))} — {kind} — ¶{number}"
    if len(initiatives) > _MAX_NAMES:
        yield f"- {phrases('corpus.more', count=len(initiatives) - _MAX_NAMES)}"
    for problem in problems[:_MAX_WARNINGS]:
        yield f"⚠ {escape(shortened(problem, _MAX_ERROR))}"


def removal_pages(
    known: KnownReadout, live: ReadoutSummary | None, scope: str, phrases: Phrases, *, purge: bool
) -> tuple[DraftPage, ...]:
    """Return the page that asks whether a readout is to be taken away."""
    title = f"**{_flat(live.title, _MAX_TITLE)}**\n" if live else ""
    told = phrases("corpus.remove.purge" if purge else "corpus.remove.plain", id=known.id)
    named = where_name(scope, phrases)
    return (DraftPage(f"**{phrases('corpus.remove.title', where=named)}**\n{title}{told}"),)


def rollback_pages(
    document: str, difference: Difference, scope: str, phrases: Phrases
) -> tuple[DraftPage, ...]:
    """Return the pages that show what going back to a revision would change."""
    to = difference.to
    head = phrases("corpus.rollback.to", id=document, revision=to.id, at=_moment(to.created_at))
    blocks = [_Block(f"**{_flat(to.title, _MAX_TITLE)}**\n{head}")]
    blocks += [_Block(line) for line in diff_lines(difference.paragraphs, document, phrases)]
    blocks.append(_Block(f"-# {phrases('corpus.rollback.pins')}"))
    bodies: list[tuple[str, int | None]] = [(p.text, None) for p in _paged(blocks, phrases, room=_ROOM)]
    title = phrases("corpus.rollback.title", where=where_name(scope, phrases))
    return _numbered(bodies, title, phrases)


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
        lines.append(phrases("corpus.report.added", ids=_ids(report.added, phrases)))
    for changed in report.changed[:_LISTED]:
        lines.append(
            phrases(
                "corpus.report.changed",
                id=changed.id,
                added=changed.paragraphs_added,
                changed=changed.paragraphs_changed,
                removed=changed.paragraphs_removed,
            )
        )
    if len(report.changed) > _LISTED:
        lines.append(phrases("corpus.more", count=len(report.changed) - _LISTED))
    if report.unchanged:
        lines.append(phrases("corpus.report.unchanged", ids=_ids(report.unchanged, phrases)))
    if report.removed:
        lines.append(phrases("corpus.report.removed", ids=_ids(report.removed, phrases)))
    for held in report.held[:_LISTED]:
        lines.append(phrases("corpus.report.held", id=held.id, revision=held.revision))
    for failed in report.failed[: _LISTED // 2]:
        lines.append(_failed_line(failed.source, failed.line, failed.error, phrases))
    if len(report.failed) > _LISTED // 2:
        lines.append(phrases("corpus.more", count=len(report.failed) - _LISTED // 2))
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


def _ids(ids: Sequence[str], phrases: Phrases) -> str:
    shown = ", ".join(_code(each) for each in ids[:_LISTED])
    more = f", {phrases('corpus.more', count=len(ids) - _LISTED)}" if len(ids) > _LISTED else ""
    return shown + more


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
    blocks += [_Block(progress_text(row, None, phrases)) for row in jobs[:_LISTED]]
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
        title=_flat(readout.title, _MAX_TITLE),
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
        at=_moment(revision.created_at),
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
        _moment(entry.at),
        escape(shortened(entry.actor, 80)),
        f"{action} {_code(entry.readout)}",
        *([_code(entry.revision)] if entry.revision else []),
        *counts,
    ]
    return " · ".join(parts)


def _moment(at: str) -> str:
    return at[:16].replace("T", " ") + " UTC"


def _code(text: str) -> str:
    return f"`{code(text)}`"


def _flat(text: str, limit: int) -> str:
    return escape(shortened(text, limit))
