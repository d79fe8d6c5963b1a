"""Lines and their labels -> the paragraphs of a readout. The rules are those of `docs/architecture.md`.

* `header`: title, date and issuer as they stand at the top; `intro`: text before the first number.
* A number as printed, gaps, repeats and all; the second paragraph of one number is `7#2`.
* `2(1)`: an item on a line of its own under a bare heading "2. Bilateral Meeting". Under a parent with a
  sentence of its own, items stay inside the parent's text, as bullets do.
* Unnumbered text after the last number is counted on (`10`, `11`); in an annex it is `annex`, `annex#2`;
  under a heading between two numbers it is `unnumbered`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from retrieval.models import Numbering, Paragraph
from retrieval.sources.blocks import (
    Block,
    group,
    has_label,
    is_caps,
    is_heading,
    is_marked_heading,
    reads_as_heading,
    starts_annex,
)  # fmt: skip
from retrieval.sources.labels import STRONG, Label, candidates
from retrieval.sources.lines import Line, ends_sentence, opens_list, starts_lower
from retrieval.sources.plan import Plan


@dataclass(slots=True)
class Draft:
    """Paragraphs being collected; numbers are told apart at the end."""

    paragraphs: list[Paragraph] = field(default_factory=list)
    heading: str | None = None

    def add(self, number: str, text: str, numbering: Numbering = Numbering.PRINTED) -> None:
        """Append a paragraph under the present heading; empty text is no paragraph."""
        if text:
            self.paragraphs.append(Paragraph(number, text, numbering, self.heading))

    def finished(self) -> tuple[Paragraph, ...]:
        """Return the paragraphs, the second of one number as `7#2`."""
        seen: Counter[str] = Counter()
        out: list[Paragraph] = []
        for paragraph in self.paragraphs:
            seen[paragraph.number] += 1
            times = seen[paragraph.number]
            number = paragraph.number if times == 1 else f"{paragraph.number}#{times}"
            out.append(replace(paragraph, number=number))
        return tuple(out)


def number_paragraphs(lines: Sequence[Line], plan: Plan, header: str | None) -> tuple[Paragraph, ...]:
    """Return the paragraphs of `lines`, which begin after the title block.

    Args:
        plan: Its indices are into `lines`.
        header: The title block as one paragraph, or None.
    """
    draft = Draft()
    draft.add("header", header or "", Numbering.COUNTED)
    if not plan.labels:
        _count(draft, group(lines))
        return draft.finished()
    starts = [index for index in sorted(plan.labels) if index not in plan.headings]
    first = plan.labels[starts[0]]
    _introduce(draft, group(_plain(lines[: starts[0]], 0, plan)), promote=first.value == (2,))
    segments = [_plain(lines[a:b], a, plan) for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    sectioned = _are_sections([_cut(s, plan.labels[a].end) for a, s in zip(starts, segments, strict=True)])
    for start, after, segment in zip(starts, [*starts[1:], None], segments, strict=True):
        label, is_last = plan.labels[start], after is None
        if after is not None and _is_section_of(label, plan.labels[after], segment):
            draft.heading = _cut(segment, label.end)[0].text
        else:
            _segment(draft, label, segment, is_last=is_last, sectioned=sectioned)
    return draft.finished()


def _plain(lines: Sequence[Line], offset: int, plan: Plan) -> list[Line]:
    """Return `lines` with numbered section headings marked as headings, their number left out."""
    return [
        replace(line, text=line.text[plan.headings[i] :].strip(), heading=2, gap=True)
        if i in plan.headings
        else line
        for i, line in enumerate(lines, start=offset)
    ]


def _is_section_of(label: Label, child: Label, lines: Sequence[Line]) -> bool:
    """Whether "1. Trade" is only the heading of "1.1 …"."""
    if len(child.value) <= len(label.value) or child.value[: len(label.value)] != label.value:
        return False
    blocks = group(_cut(lines, label.end))
    return len(blocks) == 1 and reads_as_heading(blocks[0].text)


def _are_sections(segments: Sequence[Sequence[Line]]) -> bool:
    """Whether most numbers stand before a bare heading with text under it ("1. Trade")."""
    return 2 * sum(_heading_length(segment) > 0 for segment in segments) > len(segments)


def _heading_length(lines: Sequence[Line]) -> int:
    """Return how many lines of a numbered piece are a bare heading over its text; 0 for none."""
    if len(lines) > 1 and not lines[1].gap and _is_heading_line(lines):
        return 1
    blocks = group(lines)
    bare = len(blocks) > 1 and reads_as_heading(blocks[0].text) and not is_heading(blocks[1])
    return blocks[0].size if bare else 0


def _is_heading_line(lines: Sequence[Line]) -> bool:
    """Whether the first line is a heading though no white space follows: far shorter than what is wrapped."""
    first, following = lines[0], lines[1]
    if not reads_as_heading(first.text) or starts_lower(following.text):
        return False
    return following.indent > first.indent or 2 * len(first.text) < max(len(line.text) for line in lines)


def _count(draft: Draft, blocks: Sequence[Block], start: int = 1) -> None:
    """Number the body of a source that prints no numbers."""
    for count, text in enumerate(_bodies(draft, blocks), start=start):
        draft.add(str(count), text, Numbering.COUNTED)


def _bodies(draft: Draft, blocks: Sequence[Block]) -> Iterator[str]:
    """Yield the body paragraphs among `blocks`, keeping `draft.heading` at theirs."""
    pending, listing = "", False
    for block in blocks:
        if pending and _joins(pending, block, listing=listing):
            listing = listing or block.bullet or opens_list(pending)
            pending = f"{pending} {block.text}"
            continue
        if pending:
            yield pending
        pending, listing = "", False
        if is_heading(block):
            draft.heading = block.text
        else:
            pending = block.bare
    if pending:
        yield pending


def _joins(pending: str, block: Block, *, listing: bool) -> bool:
    """Whether `block` belongs to the unnumbered paragraph `pending`: a list goes with what leads into it."""
    if block.bullet:
        return listing or opens_list(pending) or not ends_sentence(pending)
    if listing or opens_list(pending):
        return starts_lower(block.text) or has_label(block.text)
    return False


def _introduce(draft: Draft, blocks: Sequence[Block], *, promote: bool) -> None:
    """Add the text before the first number; `promote` makes its last paragraph `1`, counted."""
    found = [(text, draft.heading) for text in _bodies(draft, blocks)]
    last_heading = draft.heading
    for index, (text, heading) in enumerate(found, start=1):
        draft.heading = heading
        draft.add("1" if promote and index == len(found) else "intro", text, Numbering.COUNTED)
    draft.heading = last_heading


def _segment(draft: Draft, label: Label, lines: Sequence[Line], *, is_last: bool, sectioned: bool) -> None:
    """Add what stands from one printed number to the next."""
    outer = draft.heading
    items = _items(lines, label)
    if items:
        parent = group(_cut(lines[: items[0][0]], label.end))
        draft.heading = own = parent[0].text if parent else outer
        _add_items(draft, label, lines, items, is_last=is_last)
    else:
        own_lines = _cut(lines, label.end)
        own = own_lines[0].text if own_lines else None
        _paragraph(draft, label.number, own_lines, is_last=is_last, sectioned=sectioned)
    if draft.heading == own:  # the heading of this number, not of the next
        draft.heading = outer


def _add_items(
    draft: Draft, label: Label, lines: Sequence[Line], items: Sequence[tuple[int, Label]], *, is_last: bool
) -> None:
    ends = [*(start for start, _ in items[1:]), len(lines)]
    for (start, item), end in zip(items, ends, strict=True):
        number = f"{label.number}({item.number})"
        last = is_last and end == len(lines)
        _paragraph(draft, number, _cut(lines[start:end], item.end), is_last=last, sectioned=False)


def _cut(lines: Sequence[Line], end: int) -> list[Line]:
    """Return `lines` without the label of the first, which takes no line of its own."""
    text = lines[0].text[end:].strip()
    if text:
        return [replace(lines[0], text=text, label=None, heading=0), *lines[1:]]
    return [replace(lines[1], gap=True), *lines[2:]] if len(lines) > 1 else []


def _items(lines: Sequence[Line], label: Label) -> list[tuple[int, Label]]:
    """Return the numbered items of a segment whose own text is a bare heading: `2(1)`, `2(2)`."""
    runs: dict[str, list[tuple[int, Label]]] = {}
    for index, line in enumerate(lines[1:], start=1):
        for item in [line.label] if line.label else candidates(line.text):
            run = runs.setdefault(item.family, [])
            if item.strength == STRONG and item.value == (len(run) + 1,):
                run.append((index, item))
    run = min((run for run in runs.values() if run), key=lambda run: run[0][0], default=[])
    parent = group(_cut(lines[: run[0][0]], label.end)) if run else []
    bare = not parent or (len(parent) == 1 and reads_as_heading(parent[0].text))
    return run if bare else []


def _paragraph(draft: Draft, number: str, lines: Sequence[Line], *, is_last: bool, sectioned: bool) -> None:
    """Add one numbered paragraph, and what follows it before the next number under numbers of its own."""
    if sectioned and (size := _heading_length(lines)):
        draft.heading = " ".join(line.text for line in lines[:size])
        lines = [replace(lines[size], gap=True), *lines[size + 1 :]]
    blocks = group(lines)
    if not blocks:
        return
    length = _own_length(blocks, is_last=is_last and not sectioned)
    draft.add(number, " ".join(block.text for block in blocks[:length]))
    _unnumbered(draft, number, blocks[length:], is_last=is_last)


def _own_length(blocks: Sequence[Block], *, is_last: bool) -> int:
    """Return how many of `blocks` belong to the paragraph that begins with the first."""
    listing = opens_list(blocks[0].text)
    for index, block in enumerate(blocks[1:], start=1):
        before, after = blocks[index - 1], blocks[index + 1 :]
        if _ends_paragraph(block, before, after, listing=listing, is_last=is_last):
            return index
        listing = opens_list(block.text) or (listing and (block.bullet or not before.bullet))
    return len(blocks)


def _ends_paragraph(
    block: Block, before: Block, after: Sequence[Block], *, listing: bool, is_last: bool
) -> bool:
    if block.bullet:
        return False
    if is_marked_heading(block):
        return True
    if block.inside:
        return False
    in_list = listing and not before.bullet
    if is_heading(block):
        alone = all(is_heading(other) for other in after)
        return is_caps(block.text) or (not in_list and (alone or is_last))
    if not is_last or in_list or starts_lower(block.text):
        return False
    return ends_sentence(before.text) and not (opens_list(block.text) and after and after[0].bullet)


def _unnumbered(draft: Draft, number: str, blocks: Sequence[Block], *, is_last: bool) -> None:
    """Add text without a number: counted on at the end, else `annex` or `unnumbered`."""
    count = int(number) if number.isdecimal() and is_last else 0
    annex = False
    position = 0
    while position < len(blocks):
        annex = annex or (is_heading(blocks[position]) and starts_annex(blocks[position]))
        end = next(
            (
                i
                for i in range(position + 1, len(blocks))
                if is_heading(blocks[i]) and starts_annex(blocks[i])
            ),
            len(blocks),
        )
        for text in _bodies(draft, blocks[position:end]):
            count += 1
            name = "annex" if annex else str(count) if is_last and number.isdecimal() else "unnumbered"
            draft.add(name, text, Numbering.COUNTED)
        position = end
