"""Lines and their labels -> the paragraphs of a readout. Its rules: docs/reading.md.

* `header`: title, date and issuer as they stand at the top; `intro`: text before the first number.
* A number as printed, gaps, repeats and all; the second paragraph of one number is `7#2`.
* `2(1)`: an item on a line of its own under a bare heading "2. Bilateral Meeting". Under a parent with a
  sentence of its own, items stay inside the parent's text, as bullets do.
* Text that belongs to no number stands at its place: `after 7`, `after 7#2`; in an annex it is `annex`. Sentences
  after the last number are counted on (`10`, `11`).
* Where nothing is numbered, paragraphs are counted; a heading that only another heading follows is `heading`."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from retrieval.models import Numbering, Paragraph, is_beside
from retrieval.sources.blocks import (
    Block,
    group,
    is_caps,
    is_heading,
    is_marked_heading,
    reads_as_heading,
    starts_annex,
)  # fmt: skip
from retrieval.sources.headings import Text, settle
from retrieval.sources.labels import STRONG, Label, candidates
from retrieval.sources.lines import Line, ends_sentence, opens_list, starts_lower
from retrieval.sources.numbering_plan import Plan

_ARTICLE = "article"
_LEAD = 40  # letters: shorter ones that end in a colon are labels ("For Norland:")
_CLOSING = re.compile(
    r"""
    # how treaties of many languages end
    (?:done|in\ witness|in\ faith|fait|en\ foi|hecho|en\ fe|feito|em\ fé|geschehen|zu\ urkund|dibuat
    |ditandatangani|совершено|làm\ tại|for\ the\ (?:government|republic|kingdom))\b
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(slots=True)
class Draft:
    """Paragraphs being collected; numbers are told apart at the end.

    Attributes:
        heading: What the next paragraph stands under.
        part: Which part of the source it belongs to.
        loose: What text before the first number is called: `intro`, in an annex `annex`.
        count: How many paragraphs without a printed number were counted.
        unused: The heading that no paragraph stands under yet.
    """

    paragraphs: list[Paragraph] = field(default_factory=list)
    heading: str | None = None
    part: str | None = None
    loose: str = "intro"
    count: int = 0
    unused: str | None = None

    def under(self, heading: str | None) -> None:
        """Let what follows stand under `heading`; one before it that nothing stood under becomes citable."""
        self.close()
        self.heading = self.unused = heading

    def enter(self, heading: str | None) -> None:
        """Stand under `heading`, if that is not so already."""
        if heading != self.heading:
            self.under(heading)

    def close(self) -> None:
        """Make a heading citable that nothing stood under."""
        if self.unused is not None:
            text, self.heading, self.unused = self.unused, None, None
            self.add("heading", text, Numbering.COUNTED)

    def add(self, number: str, text: str, numbering: Numbering = Numbering.PRINTED) -> None:
        """Append a paragraph under the present heading; empty text is no paragraph."""
        if text:
            self.paragraphs.append(Paragraph(number, text, numbering, self.heading, self.part))
            if self.unused is not None and self.heading == self.unused:
                self.unused = None

    def add_loose(self, number: str, texts: Sequence[Text]) -> None:
        """Append texts that have no number of their own, each under its heading."""
        for text in texts:
            self.enter(text.heading)
            self.add(number, text.text, Numbering.COUNTED)

    def add_counted(self, texts: Sequence[Text]) -> None:
        """Append texts of a source that prints no numbers: paragraphs are counted, headings are not."""
        for text in texts:
            self.enter(text.heading)
            if not text.is_heading:
                self.count += 1
            self.add("heading" if text.is_heading else str(self.count), text.text, Numbering.COUNTED)

    def finished(self) -> tuple[Paragraph, ...]:
        """Return the paragraphs, the second of one number as `7#2`."""
        seen: Counter[str] = Counter()
        out: list[Paragraph] = []
        for paragraph in self.paragraphs:
            seen[paragraph.number] += 1
            times = seen[paragraph.number]
            out.append(paragraph if times == 1 else replace(paragraph, number=f"{paragraph.number}#{times}"))
        return tuple(out)


def number_paragraphs(draft: Draft, lines: Sequence[Line], plan: Plan, *, counts: bool = True) -> None:
    """Add the paragraphs of the lines of one part.

    Args:
        plan: Its indices are into `lines`.
        counts: Whether a part without numbers is counted; else another part prints the numbers.
    """
    starts = sorted(plan.labels.keys() - plan.headings)
    if not starts:
        texts, _ = settle(group(_plain(lines, 0, plan)), draft.heading)
        draft.add_counted(texts) if counts and draft.loose != "annex" else draft.add_loose(draft.loose, texts)
        return
    first = plan.labels[starts[0]]
    _introduce(draft, group(_plain(lines[: starts[0]], 0, plan)), promote=first.value == (2,))
    segments = [_plain(lines[a:b], a, plan) for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]
    own = [_cut(segment, plan.labels[at].end) for at, segment in zip(starts, segments, strict=True)]
    # most numbers stand before a bare heading with text under it ("1. Trade")
    sectioned = 2 * sum(_heading_length(lines) > 0 for lines in own) > len(own)
    for start, after, segment in zip(starts, [*starts[1:], None], segments, strict=True):
        label, is_last = plan.labels[start], after is None
        if after is not None and _is_section_of(label, plan.labels[after], segment):
            draft.under(_cut(segment, label.end)[0].text)
        else:
            _segment(draft, label, segment, is_last=is_last, sectioned=sectioned)
    draft.close()


def _plain(lines: Sequence[Line], offset: int, plan: Plan) -> list[Line]:
    """Return `lines` with numbered section headings marked as headings."""
    return [
        replace(line, heading=2, gap=True, bullet=False) if i in plan.headings else line
        for i, line in enumerate(lines, start=offset)
    ]


def _is_section_of(label: Label, child: Label, lines: Sequence[Line]) -> bool:
    """Whether "1. Trade" is only the heading of "1.1 …"."""
    if len(child.value) <= len(label.value) or child.value[: len(label.value)] != label.value:
        return False
    blocks = group(_cut(lines, label.end))
    return len(blocks) == 1 and reads_as_heading(blocks[0].text)


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


def _introduce(draft: Draft, blocks: Sequence[Block], *, promote: bool) -> None:
    """Add the text before the first number; `promote` makes its last paragraph `1`, counted."""
    texts, heading = settle(blocks, draft.heading, closes=False)
    last = texts[-1] if promote and texts and not texts[-1].is_heading else None
    draft.add_loose(draft.loose, texts[:-1] if last else texts)
    if last:
        draft.add_loose("1", [last])
    draft.enter(heading)


def _segment(draft: Draft, label: Label, lines: Sequence[Line], *, is_last: bool, sectioned: bool) -> None:
    """Add what stands from one printed number to the next."""
    outer = draft.heading
    items = _items(lines, label)
    if items:
        parent = group(_cut(lines[: items[0][0]], label.end))
        own = " ".join(block.text for block in parent) or outer
        draft.enter(own)
        _add_items(draft, label, lines, items, is_last=is_last)
    else:
        own_lines = _cut(lines, label.end)
        own = own_lines[0].text if own_lines else None
        _paragraph(draft, label, own_lines, is_last=is_last, sectioned=sectioned)
    if draft.heading == own and draft.unused is None:  # the heading of this number, not of the next
        draft.heading = outer


def _add_items(
    draft: Draft, label: Label, lines: Sequence[Line], items: Sequence[tuple[int, Label]], *, is_last: bool
) -> None:
    ends = [*(start for start, _ in items[1:]), len(lines)]
    for (start, item), end in zip(items, ends, strict=True):
        number = f"{label.number}({item.number})"
        last = is_last and end == len(lines)
        numbered = replace(item, number=number, family=label.family if last else item.family)
        _paragraph(draft, numbered, _cut(lines[start:end], item.end), is_last=last, sectioned=False)


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
    bare = all(reads_as_heading(block.text) and not block.row for block in parent)
    return run if bare else []


def _paragraph(draft: Draft, label: Label, lines: Sequence[Line], *, is_last: bool, sectioned: bool) -> None:
    """Add one numbered paragraph, and what follows it before the next number at its own places."""
    if sectioned and (size := _heading_length(lines)):
        draft.under(" ".join(line.text for line in lines[:size]))
        lines = [replace(lines[size], gap=True), *lines[size + 1 :]]
    blocks = group(lines)
    if not blocks:
        return
    whole = label.family == _ARTICLE  # an article has paragraphs without numbers; the last one, too
    length = _own_length(blocks, is_last=is_last and not sectioned and not whole)
    if whole and is_last:
        closes = next((i for i, block in enumerate(blocks) if i and _CLOSING.match(block.text)), length)
        length = min(length, closes)
    draft.add(label.number, " ".join(block.text for block in blocks[:length]))
    counted = draft.part is None and not whole
    _unnumbered(draft, label.number, blocks[length:], is_last=is_last, counted=counted)


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
    if block.row or before.row or is_marked_heading(block):
        return True
    if block.inside:
        return False
    in_list = listing and not before.bullet and not before.text.endswith((".", "。"))
    if is_heading(block):
        alone = all(is_heading(other) for other in after)
        return is_caps(block.text) or (not in_list and (alone or is_last))
    if not is_last or in_list or starts_lower(block.text):
        return False
    return ends_sentence(before.text) and not (opens_list(block.text) and after and after[0].bullet)


def _unnumbered(
    draft: Draft, number: str, blocks: Sequence[Block], *, is_last: bool, counted: bool = False
) -> None:
    """Add text that follows a number and does not belong to it; in an addition with a title of its own, `annex`.

    Args:
        counted: Whether sentences after the last number are counted on.
    """
    annexes = (i for i, block in enumerate(blocks) if is_heading(block) and starts_annex(block))
    own = next(annexes, len(blocks))
    counts = is_last and counted and number.isdecimal() and own == len(blocks)
    for some, name in ((blocks[:own], ""), (blocks[own:], "annex" if is_last else "")):
        texts, heading = settle(some, draft.heading, closes=is_last)
        for text in texts:
            if counts and not text.is_heading and (text.bullet or _is_sentence(text.text)):
                number = str(int(number) + 1)
                draft.add_loose(number, [text])
            else:
                draft.add_loose(name or f"after {number}", [text])
        draft.enter(heading)


def _is_sentence(text: str) -> bool:
    word = text.isascii() and len(text.split()) < 2  # "President." below a signature
    return ends_sentence(text) and not word and (not opens_list(text) or len(text) > _LEAD)


_MOST = 5
_NUMBER = re.compile(r"\d+(?=$|[#(])")


def numbering_warnings(paragraphs: Sequence[Paragraph]) -> tuple[str, ...]:
    """Return a sentence for every oddity: numbers that repeat, are left out, go back, or are not printed."""
    body = [p for p in paragraphs if not is_beside(p.number)]
    printed = [p.number for p in body if p.numbering is Numbering.PRINTED]
    parts = {p.part for p in body}
    own = [[p.number for p in body if p.part == part and p.numbering is Numbering.PRINTED] for part in parts]
    counted = [p.number for p in body if p.numbering is Numbering.COUNTED]
    found = [*(r for some in own for r in _repeats(some)), *(s for some in own for s in _steps(some))]
    if len(found) > _MOST:
        found = [*found[:_MOST], f"{len(found) - _MOST} more numbers repeat, are left out or go back."]
    if not printed:
        found.append("The source prints no paragraph numbers; they were counted.")
    elif counted:
        numbers = counted[0] if len(counted) == 1 else f"{counted[0]} to {counted[-1]}"
        found.append(f"The source prints no number at {numbers}; counted.")
    return tuple(found)


def _repeats(printed: Sequence[str]) -> Iterator[str]:
    times: dict[str, list[str]] = {}
    for number in printed:
        times.setdefault(number.split("#", 1)[0], []).append(number)
    for number, cited in times.items():
        if len(cited) > 1:
            yield f"The number {number} is printed {len(cited)} times; the second is cited as {cited[1]}."


def _steps(printed: Sequence[str]) -> Iterator[str]:
    plain = [int(found[0]) for n in printed if (found := _NUMBER.match(n))]
    outer = [number for number, _ in itertools.groupby(plain)]  # "2(1)" and "2(2)" are both of 2
    for before, after in itertools.pairwise(outer):
        if after > before + 1:
            left = str(before + 1) if after == before + 2 else f"{before + 1} to {after - 1}"
            yield f"After {before} the source goes on with {after}: {left} left out."
        elif after < before and after != 1:
            yield f"After {before} the source goes back to {after}."
