"""Where one source holds several documents: its decisions and resolutions, its annexes, each with numbers of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.sources.blocks import reads_as_heading
from retrieval.sources.lines import Line, ends_sentence

_ANNEX = re.compile(
    r"""
    # the heading of an annex, in many languages, with its number, and what follows on the line
    (?P<name>(?:annex(?:e|o|ure)?|appendi(?:x|ce)|attachment|enclosure|schedule|anhang|anlage|bijlage
    |lampiran|phụ\ lục|приложение|ภาคผนวก|ملحق|附件|附錄|附录|別添|別紙|付属書
    |부속서)(?:\s?(?:[ivxlc]{1,6}|\d{1,3}|[a-z]|[一二三四五六七八九十]{1,3})(?![^\W_]))?)
    (?P<rest>\s*(?:$|[.:–—*-]+\s*\S.*|\(.*\)$|to\s.*))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_DECISION = re.compile(
    r"""
    # a decision or resolution with its number, as a heading; what follows on the line
    (?P<name>(?:decision|resolution|recommendation|décision|résolution|recommandation|decisión
    |resolución|beschluss|решение|резолюция|keputusan|nghị\ quyết|決議|决定
    |決定)\s+(?=\S*\d)[\w/.()-]{0,24}[\w)])(?P<rest>[.:]?(?:\s*$|\s*[–—-]\s+\S.*|(?<=[.:])\s+\S.*))
    """,
    re.VERBOSE | re.IGNORECASE,
)
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of a source that are numbered on their own.

    Attributes:
        name: As a reader would call it ("Annex I", "Decision 2/CP.1"); None for the body.
        start, end: A half-open range of lines; the line that names the part is the first of them.
    """

    name: str | None
    start: int
    end: int

    @property
    def is_annex(self) -> bool:
        """Whether it is added to a document rather than one of several."""
        return self.name is not None and _ANNEX.match(self.name) is not None


def split_parts(lines: Sequence[Line]) -> list[Part]:
    """Return the parts of `lines`, at least one, in order."""
    pairs = list(enumerate(zip(lines, [None, *lines], strict=False)))
    annexes = [(i, name) for i, (line, before) in pairs if (name := _opens(line, before, _ANNEX))]
    decisions = [(i, name) for i, (line, before) in pairs if (name := _opens(line, before, _DECISION))]
    if len({name for _, name in decisions}) < 2:
        decisions = []
    openers = sorted([*annexes, *decisions])
    text = next((i for i, line in enumerate(lines) if _is_text(line)), len(lines))
    openers = [(i, name) for i, name in openers if i > text or (i, name) in decisions]
    starts = [*([] if openers and openers[0][0] == 0 else [(0, None)]), *openers]
    ends = [*(start for start, _ in starts[1:]), len(lines)]
    return [Part(name, start, end) for (start, name), end in zip(starts, ends, strict=True)]


def _opens(line: Line, before: Line | None, pattern: re.Pattern[str]) -> str | None:
    """Return the name of the part that a line opens: alone on it, or before its title."""
    if line.row or line.bullet or len(line.text) > _LONGEST:
        return None
    found = pattern.match(line.text)
    if found is None:
        return None
    stands = line.gap or line.heading or before is None or ends_sentence(before.text)
    if not stands and found["rest"].strip():
        return None
    if ends_sentence(line.text.rstrip(":")) or not (
        reads_as_heading(line.text.rstrip(":*")) or found["rest"] == ""
    ):
        return None
    name = found["name"].strip()
    return name[:1].upper() + name[1:].lower() if name.isupper() and " " not in name else _as_title(name)


def _as_title(name: str) -> str:
    word, _, rest = name.partition(" ")
    return f"{word[:1].upper()}{word[1:].lower()} {rest}".strip()


def _is_text(line: Line) -> bool:
    """Whether a line is a sentence of a document rather than its title."""
    return len(line.text) > 60 and ends_sentence(line.text)
