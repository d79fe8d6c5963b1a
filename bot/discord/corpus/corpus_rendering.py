"""Pure: what a scope holds, what was done there, how far a job is, what members made of the answers -> pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.discord.answer_store import AnswerStore, Rated, ShownAnswer
from bot.discord.discord_markdown import code, escape, instant, shortened
from bot.discord.pages import MAX_TITLE, RULE, Block, Page, Tone, cut_to_fit, flat, paged
from bot.discord.permissions import guild_of, guild_scopes
from bot.discord.readout_rendering import document_line
from bot.locales import Phrases
from bot.sheet_formats import png
from retrieval.ingest import AuditEntry, JobRow, KnownRevision, Usage
from retrieval.ingest.lifecycle import History
from retrieval.models import SHARED, ChangedReadout, IngestReport, place_of
from retrieval.search.browsing import Browser, ReadoutSummary

_LISTED = 10
"""How many of a kind a message names."""

_MAX_ERROR = 400
_MAX_SOURCE = 120
_BAR = 10
_MOST_INSIGHTS = 15
_MAX_QUESTION = 200
_MOST_WEEKS = 26
_FOLDERS = re.compile(r"(?<![\w:/.])/(?:[^\s/]+/)+(?=[^\s/])")
_MEMBER = re.compile(r"discord:(\d+)")


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


def reason_text(said: str, phrases: Phrases, limit: int = _MAX_ERROR) -> str:
    """Return what was said of a source in the reader's language, without the folders of this machine."""
    return escape(shortened(phrases.of_source(_FOLDERS.sub("", said)), limit))


def first_few(lines: Sequence[str], most: int, phrases: Phrases) -> list[str]:
    """Return at most so many lines, and in another one how many more there are."""
    more = [phrases("corpus.more", count=len(lines) - most)] if len(lines) > most else []
    return [*lines[:most], *more]


def named_ids(ids: Sequence[str], phrases: Phrases) -> str:
    """Return ids as a list, and how many more there are."""
    return ", ".join(first_few([_coded(each) for each in ids], _LISTED, phrases))


def _coded(text: str) -> str:
    return f"`{code(text)}`"


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
    changed = [phrases("corpus.report.changed", id=each.id, **counts_of(each)) for each in report.changed]
    lines += first_few(changed, _LISTED, phrases)
    for name, ids in (("unchanged", report.unchanged), ("removed", report.removed)):
        if ids:
            lines.append(phrases(f"corpus.report.{name}", ids=named_ids(ids, phrases)))
    for held in report.held[:_LISTED]:
        lines.append(phrases("corpus.report.held", id=held.id, revision=held.revision))
    if report.failed:
        lines.append(f"### {phrases('corpus.report.failed_head')}")
    failed = [failed_line(each.source, each.line, each.error, phrases) for each in report.failed]
    lines += first_few(failed, _LISTED // 2, phrases)
    if len(lines) == 1:
        lines.append(phrases("corpus.report.nothing"))
    return cut_to_fit("\n".join(lines))


def counts_of(changed: ChangedReadout) -> dict[str, int]:
    """Return how many paragraphs were added, changed and removed, by these names."""
    return {name: getattr(changed, f"paragraphs_{name}") for name in ("added", "changed", "removed")}


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
    blocks += [Block(progress_text(row, None, phrases), joint=RULE) for row in jobs[:_LISTED]]
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
    return f"{document_line(readout, phrases)}\n-# {' · '.join(notes)}"


def history_pages(past: History, phrases: Phrases) -> tuple[Page, ...]:
    """Return a readout's revisions, and who did what."""
    head = f"### {phrases('corpus.history.title', id=_coded(past.readout.id))}"
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
    done = [f"{action} {_coded(entry.readout)}", *([_coded(entry.revision)] if entry.revision else [])]
    return f"- {' · '.join([instant(entry.at), _who(entry.actor), *done, *counts])}"


def _who(actor: str) -> str:
    """Return who did something: a member by a mention, which pings nobody here."""
    member = _MEMBER.match(actor)
    return f"<@{member[1]}>" if member else escape(shortened(actor, 80))


Week = tuple[str, int, int]
"""Month and day of its Monday, how many questions were answered, how many there were."""


@dataclass(frozen=True, slots=True)
class Insights:
    """Pages, and a picture (PNG) of the weeks where anything was asked."""

    pages: tuple[Page, ...]
    picture: bytes | None = None


def insights_of(scope: str, store: AnswerStore, readouts: Browser, now_ms: int, phrases: Phrases) -> Insights:
    """Return what is known of one server, or for the shared scope of all places; blocking.

    Args:
        scope: What whoever asks may manage: an operator sees no readout of a server's own.
    """
    guild = guild_of(scope)
    asked, rated = store.asked(guild), store.rated(guild)
    lines = {line.id: line for line in readouts.documents(guild_scopes(guild))}
    opened = [each for each in store.most_opened(guild) if each[0] in lines][:_MOST_INSIGHTS]
    blocks = [Block(_summary(scope, asked, rated, phrases))]
    for name, found in (
        ("unanswered", _unanswered(asked, phrases)),
        ("disliked", _disliked(rated)),
        ("opened", _opened(opened, lines, phrases)),
    ):
        head = f"### {phrases(f'insights.{name}')}"
        bullets = [Block(f"- {each}", head) for each in found]
        blocks += bullets or [Block(f"-# {phrases('settings.none')}", head)]
    by_week = weeks(asked, now_ms)
    picture = png(by_week) if any(total for _, _, total in by_week) else None
    return Insights(paged(blocks, phrases, tone=Tone.LISTED), picture)


def weeks(asked: Sequence[ShownAnswer], now_ms: int) -> list[Week]:
    """Return the weeks (UTC) from the first question on, at most half a year of them."""
    total, answered = Counter[date](), Counter[date]()
    for each in asked:
        total[_monday(each.at)] += 1
        answered[_monday(each.at)] += bool(each.answered)
    last = max([_monday(now_ms), *total])
    first = max(min(total, default=last), last - timedelta(weeks=_MOST_WEEKS - 1))
    mondays = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return [(f"{monday:%m-%d}", answered[monday], total[monday]) for monday in mondays]


def _monday(at_ms: int) -> date:
    day = datetime.fromtimestamp(at_ms / 1000, UTC).date()
    return day - timedelta(days=day.weekday())


def _summary(scope: str, asked: Sequence[ShownAnswer], rated: Sequence[Rated], phrases: Phrases) -> str:
    where = where_name(scope, phrases)
    told = phrases(
        "insights.summary",
        questions=len(asked),
        answered=sum(bool(each.answered) for each in asked),
        good=sum(each.good for each in rated),
        bad=sum(each.bad for each in rated),
    )
    return f"**{phrases('insights.title', where=where)}**\n{told}"


def _unanswered(asked: Sequence[ShownAnswer], phrases: Phrases) -> Iterator[str]:
    """Yield each question once, the latest first, as it was asked last."""
    in_vain = [each.question for each in asked if not each.answered]
    times = Counter(_folded(question) for question in in_vain)
    latest = {_folded(question): question for question in reversed(in_vain)}
    for folded in list(dict.fromkeys(map(_folded, in_vain)))[:_MOST_INSIGHTS]:
        yield flat(latest[folded], _MAX_QUESTION) + (f" ×{times[folded]}" if times[folded] > 1 else "")
    if len(times) > _MOST_INSIGHTS:
        yield phrases("corpus.more", count=len(times) - _MOST_INSIGHTS)


def _folded(question: str) -> str:
    return " ".join(question.casefold().split()).rstrip(" ?？!.。")


def _disliked(rated: Sequence[Rated]) -> Iterator[str]:
    for each in [each for each in rated if each.bad][:_MOST_INSIGHTS]:
        why = "".join(
            f"\n  - “{escape(shortened(' '.join(r.split()), _MAX_QUESTION))}”" for r in each.reasons
        )
        yield f"{flat(each.answer.question, _MAX_QUESTION)} · 👎 {each.bad} · 👍 {each.good}{why}"


def _opened(
    opened: Sequence[tuple[str, str, int]], lines: Mapping[str, ReadoutSummary], phrases: Phrases
) -> Iterator[str]:
    for document, number, times in opened:
        line = lines[document]
        day = f" · {escape(phrases.date(line.date) or '')}" if line.date else ""
        yield f"{escape(place_of(number, None))} · {flat(line.title, MAX_TITLE)}{day}: {times}"
