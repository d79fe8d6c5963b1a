"""Pure: what an ingest, a removal or a way back would change -> pages of a preview within Discord's limits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.discord.corpus.corpus_rendering import (
    counts_of,
    failed_line,
    first_few,
    named_ids,
    reason_text,
    source_name,
    where_name,
)
from bot.discord.corpus.preview_store import Editable, PreviewPage
from bot.discord.discord_markdown import cut_quote, escape, instant, marked, shortened
from bot.discord.pages import MAX_TEXT, MAX_TITLE, RULE, Block, Page, Tone, flat, paged
from bot.locales import Phrases
from retrieval.comparison.differences import word_diff
from retrieval.ingest import Change, IngestRequest, KnownReadout, Plan
from retrieval.ingest.lifecycle import Difference, History
from retrieval.models import Alike, Initiative, Paragraph, ParagraphChange, ParagraphDiff, Piece, Readout
from retrieval.search.browsing import ReadoutSummary

_ROOM = MAX_TEXT - 300
"""What is left of a message under the line that says what it is a preview of."""

_CONTEXT = 160
"""Unchanged words shown on each side of a change, in characters."""

_MAX_COMPARED = 40_000
"""Comparing word by word takes time with the square of the length."""

_MARKS = {"same": "", "removed": "~~", "added": "**"}
_MAX_SHOWN = 1_200
_MAX_PAGES = 40
_MAX_WARNINGS = 12
_MAX_NAMES = 30
_FIRST_WORDS = 90


def preview_pages(
    plan: Plan, request: IngestRequest, phrases: Phrases
) -> tuple[tuple[PreviewPage, ...], tuple[Editable, ...]]:
    """Return the pages that show what an ingest would do, and the readouts on them that can be corrected."""
    where = where_name(request.scope, phrases)
    bodies: list[tuple[str, int | None]] = []
    editable: list[Editable] = []
    alone = _alone(plan)
    blocks = _general_blocks(plan, request, phrases)
    for change in (*plan.changes, *plan.held):
        edits = None
        if change.source in alone:
            edits, readout = len(editable), change.readout
            known = readout.id, readout.title, readout.date, readout.issuer
            editable.append(Editable(change.source, *known))
        blocks += _change_blocks(change, held=change in plan.held, phrases=phrases)
        bodies += [(page.text, edits) for page in paged(blocks, phrases, room=_ROOM)]
        blocks = []
    if blocks:
        bodies += [(page.text, None) for page in paged(blocks, phrases, room=_ROOM)]
    tone = Tone.LISTED if plan.changes else Tone.CLOSEST if plan.alike else Tone.NOT_FOUND
    if plan.failed:
        tone = Tone.CLOSEST if plan.changes or plan.alike else Tone.FAILED
    title = phrases("corpus.preview.title", where=where)
    return _numbered(bodies, title, phrases, tone), tuple(editable)


def _alone(plan: Plan) -> set[str]:
    """Return the sources that bring one readout: what is typed into a form would be said of all of them."""
    brought = [change.source for change in (*plan.changes, *plan.held)]
    return {source for source in brought if brought.count(source) == 1 and "*" not in source}


def _numbered(
    bodies: Sequence[tuple[str, int | None]], title: str, phrases: Phrases, tone: Tone
) -> tuple[PreviewPage, ...]:
    shown = list(bodies[:_MAX_PAGES])
    total = len(shown)
    pages = []
    for number, (text, edits) in enumerate(shown, 1):
        place = f" · {phrases('corpus.preview.page', number=number, pages=total)}" if total > 1 else ""
        more = len(bodies) - total if number == total else 0
        rest = f"\n-# {phrases('corpus.preview.more_pages', count=more)}" if more else ""
        pages.append(PreviewPage(f"-# {title}{place}\n{text}{rest}", edits, tone))
    return tuple(pages)


def _general_blocks(plan: Plan, request: IngestRequest, phrases: Phrases) -> list[Block]:
    blocks = [Block(f"❓ {_question(alike, phrases)}") for alike in plan.alike[:1]]  # one after the other
    if len(plan.alike) > 1:
        blocks.append(Block(phrases("corpus.preview.more_alike", count=len(plan.alike) - 1)))
    for brought, document in list(request.taken_as.items())[:_MAX_NAMES]:
        key = "kept_beside" if brought == document else "taken_as"
        blocks.append(Block(f"✅ {phrases(f'corpus.preview.{key}', brought=brought, id=document)}"))
    if not plan.changes and not plan.alike and not plan.failed:
        blocks.append(Block(phrases("corpus.preview.nothing")))
    if plan.unchanged:
        blocks.append(Block(phrases("corpus.preview.unchanged", ids=named_ids(plan.unchanged, phrases))))
    failed = f"### {phrases('corpus.report.failed_head')}"
    blocks += [Block(failed_line(f.source, f.line, f.error, phrases), failed) for f in plan.failed]
    return blocks + [Block(f"⚠ {reason_text(w, phrases)}") for w in plan.warnings[:_MAX_WARNINGS]]


def _question(alike: Alike, phrases: Phrases) -> str:
    key = "same_content" if alike.why == "the same content" else "same_title"
    source = source_name(alike.source, phrases)
    return phrases(f"corpus.preview.{key}", source=source, id=alike.document, brought=alike.brought)


def _change_blocks(change: Change, *, held: bool, phrases: Phrases) -> list[Block]:
    readout = change.readout
    kind = "held" if held else "new" if change.live is None else "changed"
    head = f"### {phrases(f'corpus.preview.{kind}')}: {flat(readout.title, MAX_TITLE)}"
    blocks = [Block(_facts(readout, phrases), head)]
    if change.live is not None and change.live.source != change.source:
        source = source_name(change.live.source, phrases)
        blocks.append(Block(f"⚠ {phrases('corpus.preview.takes_over', source=source)}", head))
    warnings = [reason_text(warning, phrases) for warning in readout.warnings]
    blocks += [Block(f"⚠ {line}", head) for line in first_few(warnings, _MAX_WARNINGS, phrases)]
    blocks += [Block(line, head) for line in _details_changed(change, phrases)]
    words: Iterable[str] = map(_first_words, readout.paragraphs)
    if change.diff is not None:
        words = _diff_lines(change.diff, readout.id, phrases)
    for lines in (_left_out_lines(readout, phrases), words, _initiative_lines(change, phrases)):
        blocks += [Block(line, head, joint=_joint(line) if n else RULE) for n, line in enumerate(lines)]
    return blocks


def _joint(line: str) -> str:
    return "\n\n" if line.startswith("-# ") else "\n"  # a change has space above its name


def _facts(readout: Readout, phrases: Phrases) -> str:
    date = escape(phrases.date(readout.date) or phrases("documents.undated"))
    kind, count = phrases(f"corpus.numbering.{readout.numbering}"), len(readout.paragraphs)
    numbers = escape(shortened(", ".join(p.number for p in readout.paragraphs), 300))
    lines = [
        phrases("corpus.preview.id", id=readout.id),
        phrases("corpus.preview.date", date=date),
        phrases("corpus.preview.issuer", issuer=_detail(readout.issuer, phrases)),
        phrases("corpus.preview.numbering", kind=kind, count=count, numbers=numbers),
    ]
    return "\n".join(f"- {line}" for line in lines)


def _left_out_lines(readout: Readout, phrases: Phrases) -> Iterable[str]:
    """Yield how much was left out, then what and why."""
    if not readout.left_out:
        return
    yield phrases("corpus.preview.left_out", count=len(readout.left_out))
    told = []
    for left in readout.left_out:
        place = f" ({escape(left.place)})" if left.place else ""
        reason = escape(phrases.of_source(left.reason, "source.reason"))
        told.append(f"{reason}{place}: {escape(shortened(left.text, _FIRST_WORDS))}")
    yield from (f"- {line}" for line in first_few(told, _MAX_NAMES, phrases))


def _details_changed(change: Change, phrases: Phrases) -> Iterable[str]:
    before, after = change.live, change.readout
    if before is None:
        return
    for name in ("title", "date", "issuer"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            details = {"before": _detail(old, phrases), "after": _detail(new, phrases)}
            yield f"- {phrases(f'corpus.preview.{name}_changed', **details)}"


def _detail(text: str | None, phrases: Phrases) -> str:
    return flat(text, MAX_TITLE) if text else phrases("corpus.preview.none")


def _diff_lines(diff: ParagraphDiff, document: str, phrases: Phrases) -> Iterable[str]:
    """Yield how many paragraphs differ, then each of them."""
    yield phrases("corpus.preview.diff", **counts_of(diff.counted(document)))
    # a head of up to twice `MAX_TITLE` characters stands above each
    yield from _differing(diff, phrases, _ROOM - 2 * MAX_TITLE - 100)


def _first_words(paragraph: Paragraph) -> str:
    number = escape(shortened(paragraph.number, 40))
    number = f"{escape(shortened(paragraph.part, 40))} ¶{number}" if paragraph.part else f"¶{number}"
    return f"- {number} {escape(shortened(paragraph.text, _FIRST_WORDS))}"


def _initiative_lines(change: Change, phrases: Phrases) -> Iterable[str]:
    initiatives, problems = change.initiatives()
    yield phrases("corpus.preview.initiatives", count=len(initiatives))
    entries = [initiative_line(each, phrases) for each in initiatives]
    yield from (f"- {line}" for line in first_few(entries, _MAX_NAMES, phrases))
    for problem in problems[:_MAX_WARNINGS]:
        yield f"⚠ {reason_text(problem, phrases)}"


def initiative_line(entry: Initiative, phrases: Phrases) -> str:
    """Return an initiative's name, kind and paragraph."""
    number = escape(shortened(entry.citations[0].paragraph, 40))
    kind = phrases(f"initiatives.kind.{entry.kind}")
    return f"{escape(shortened(entry.name, _FIRST_WORDS))} — {kind} — ¶{number}"


def removal_pages(
    known: KnownReadout, live: ReadoutSummary | None, scope: str, phrases: Phrases, *, purge: bool
) -> tuple[PreviewPage, ...]:
    """Return the page that asks whether a readout is to be taken away."""
    title = f"### {flat(live.title, MAX_TITLE)}\n" if live else ""
    told = phrases("corpus.remove.purge" if purge else "corpus.remove.plain", id=known.id)
    lead = phrases("corpus.remove.title", where=where_name(scope, phrases))
    return (PreviewPage(f"-# {lead}\n{title}{told}", tone=Tone.FAILED),)


def rollback_pages(
    document: str, difference: Difference, scope: str, phrases: Phrases
) -> tuple[PreviewPage, ...]:
    """Return the pages that show what going back to a revision would change."""
    to = difference.to
    head = phrases("corpus.rollback.to", id=document, revision=to.id, at=instant(to.created_at))
    blocks = [Block(f"### {flat(to.title, MAX_TITLE)}\n{head}")]
    blocks += [
        Block(line, joint=_joint(line)) for line in _diff_lines(difference.paragraphs, document, phrases)
    ]
    blocks.append(Block(f"-# {phrases('corpus.rollback.pins')}"))
    bodies: list[tuple[str, int | None]] = [(p.text, None) for p in paged(blocks, phrases, room=_ROOM)]
    title = phrases("corpus.rollback.title", where=where_name(scope, phrases))
    return _numbered(bodies, title, phrases, Tone.CLOSEST)


def change_pages(difference: Difference, phrases: Phrases) -> tuple[Page, ...]:
    """Return the pages that show what a revision changed."""
    to = difference.to
    lead = Block(f"-# {phrases('corpus.history.changed', at=instant(to.created_at))}")
    lines = _diff_lines(difference.paragraphs, "", phrases)
    title = f"### {flat(to.title, MAX_TITLE)}"
    blocks = [lead, *(Block(line, title, joint=_joint(line)) for line in lines)]
    return paged(blocks, phrases, tone=Tone.LISTED)


def unpin_pages(past: History, scope: str, phrases: Phrases) -> tuple[PreviewPage, ...]:
    """Return the page that asks whether a readout is to follow its source again."""
    title = phrases("corpus.rollback.unpin_title", where=where_name(scope, phrases))
    live = f"### {flat(past.live.title, MAX_TITLE)}\n" if past.live else ""
    told = phrases("corpus.rollback.unpins", id=past.readout.id)
    return (PreviewPage(f"-# {title}\n{live}{told}", tone=Tone.CLOSEST),)


def _differing(diff: ParagraphDiff, phrases: Phrases, room: int) -> Iterator[str]:
    """Yield markdown for every paragraph that differs, each text at most `room` long."""
    for change in diff.changes:
        name = phrases(f"corpus.diff.{change.kind}", number=escape(shortened(change.number, 40)))
        if change.was:
            name = f"{name} {phrases('corpus.diff.was', number=escape(shortened(change.was, 40)))}"
        if change.kind == "renumbered":
            yield f"-# {name}"
            continue
        words = marked((piece.text, _MARKS[piece.kind]) for piece in _pieces(change))
        yield from cut_quote(words, f"-# {name}\n> ", room)


def _pieces(change: ParagraphChange) -> Iterable[Piece]:
    before, after = change.before, change.after
    if before is None or after is None:
        kind = "added" if before is None else "removed"
        return (Piece(kind, shortened(before or after or "", _MAX_SHOWN)),)  # type: ignore[arg-type]
    if len(before) + len(after) > _MAX_COMPARED:
        return (Piece("removed", shortened(before, _MAX_SHOWN)), Piece("added", shortened(after, _MAX_SHOWN)))
    return _nearby(word_diff(before, after))


def _nearby(pieces: tuple[Piece, ...]) -> Iterator[Piece]:
    """Leave out unchanged words that are far from every change."""
    for index, piece in enumerate(pieces):
        if piece.kind != "same":
            yield piece
            continue
        head = _CONTEXT if index else 0
        tail = _CONTEXT if index < len(pieces) - 1 else 0
        if len(piece.text) <= head + tail + 20:
            yield piece
            continue
        end = piece.text[len(piece.text) - tail :] if tail else ""
        yield Piece("same", f"{piece.text[:head]} … {end}")
