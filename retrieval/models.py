"""The value types every stage shares: frozen, no behaviour beyond what follows from their fields."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, Self

SHARED = "shared"
"""The scope of the readouts that everybody reads."""


class Numbering(StrEnum):
    """Where a paragraph's number comes from."""

    PRINTED = "printed"
    COUNTED = "counted"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """The citable unit.

    Attributes:
        number: As printed in the source ("7", "12(a)", "OP4"), `intro`, `header`, or counted;
            the second paragraph of one number is "7#2".
        text: The rendered text, runs of white space collapsed to one space, otherwise verbatim.
        numbering: Whether the source prints the number or Rapporteur counted it.
        heading: The section heading it stands under, where there is one. Never part of `text`.
        part: Which decision, resolution or annex of the source it belongs to ("Annex I"), where there are
            several with numbers of their own.
    """

    number: str
    text: str
    numbering: Numbering = Numbering.PRINTED
    heading: str | None = None
    part: str | None = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Words of a source that are no part of the document.

    Attributes:
        reason: "running head", "page number", "menu", "footnote mark", "boilerplate", …
        text: The words as they stand there.
        place: Where: "page 3", "line 12", or "".
    """

    reason: str
    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class Readout:
    """One official document, as parsed.

    Attributes:
        id: Lower case, at most 64 of `a-z 0-9 . _ -`.
        date: ISO 8601 calendar date, "2022-06-22", or None.
        language: ISO 639-1 code of the text.
        warnings: What the parser noticed about the numbering, one sentence each.
        series: What an admin calls the series it is of, or None: its title says (`search/series.py`).
        left_out: What of the source stands in none of the paragraphs, and why.
    """

    id: str
    title: str
    paragraphs: tuple[Paragraph, ...]
    date: str | None = None
    issuer: str | None = None
    source_url: str | None = None
    language: str = "en"
    warnings: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    series: str | None = None

    @property
    def numbering(self) -> Literal["printed", "counted", "mixed"]:
        """How the body is numbered; what stands beside the numbers (`intro`, `after 7`) does not count."""
        kinds = {p.numbering for p in self.paragraphs if not is_beside(p.number)}
        if kinds == {Numbering.PRINTED}:
            return "printed"
        return "mixed" if len(kinds) > 1 else "counted"


def is_front_matter(number: str) -> bool:
    """Whether `number` names the header or an unnumbered introduction rather than a body paragraph."""
    return number.split("#", 1)[0] in {"intro", "header"}


def is_beside(number: str) -> bool:
    """Whether `number` names what stands beside numbered paragraphs: `intro`, `after 7`, `note 3`, a heading."""
    plain = number.split("#", 1)[0]
    return plain in {"intro", "header", "heading", "annex", "unnumbered"} or plain.startswith(
        ("after ", "note ")
    )


def is_note(number: str) -> bool:
    """Whether `number` names a footnote or endnote."""
    return number.startswith("note ")


@dataclass(frozen=True, slots=True)
class Evidence:
    """A half-open span of one paragraph's text: `text[start:end] == quote`, in characters."""

    start: int
    end: int
    quote: str

    @classmethod
    def of(cls, text: str, start: int, end: int) -> Self:
        """Cut the evidence out of `text`, so that span and quote cannot disagree."""
        if not 0 <= start < end <= len(text):
            raise ValueError(f"span [{start}, {end}) is not inside a text of {len(text)} characters")
        return cls(start, end, text[start:end])


@dataclass(frozen=True, slots=True)
class LiveParagraph:
    """A paragraph of a live revision, with what a citation of it needs.

    Attributes:
        ordinal: Its place in the readout, from 0; reading order.
        revision: Id of the revision that is live.
        scope: Who sees its readout; "" where that is not known. Two that differ in nothing else are the same.
    """

    document: str
    revision: str
    ordinal: int
    number: str
    numbering: Numbering
    text: str
    title: str
    heading: str | None = None
    date: str | None = None
    issuer: str | None = None
    source_url: str | None = None
    part: str | None = None
    scope: str = field(default="", compare=False)

    @property
    def place(self) -> str:
        """What it is cited by: "¶7", and "Decision 2 ¶3" where a source counts again in each of its parts."""
        return place_of(self.number, self.part)


def place_of(number: str, part: str | None) -> str:
    """Return the `place` of a paragraph; in a part, repeats elsewhere need not be told apart by position."""
    return f"{part} ¶{number.partition('#')[0]}" if part else f"¶{number}"


@dataclass(frozen=True, slots=True)
class Citation:
    """Document, paragraph number and the exact words there; rendered `¶7`."""

    document: str
    revision: str
    paragraph: str
    numbering: Numbering
    evidence: Evidence
    url: str | None = None
    part: str | None = None
    scope: str = field(default="", compare=False)

    @classmethod
    def of(cls, paragraph: LiveParagraph, evidence: Evidence) -> Self:
        """Cite `evidence` in `paragraph`; a quote that is not in it cannot become a citation."""
        if paragraph.text[evidence.start : evidence.end] != evidence.quote:
            raise ValueError(f"evidence is not in {paragraph.document} ¶{paragraph.number}")
        p = paragraph
        return cls(p.document, p.revision, p.number, p.numbering, evidence, p.source_url, p.part, p.scope)


@dataclass(frozen=True, slots=True)
class Difference:
    """What a question asks otherwise than a statement or its readout says it.

    Attributes:
        value: As the statement or its readout has it: "2025", "7th", "8", "Norland".
    """

    kind: Literal["year", "ordinal", "number", "party"]
    value: str


@dataclass(frozen=True, slots=True)
class Statement:
    """Words of one paragraph, shown: a sentence of it, or neighbours.

    It holds a place and no words of its own, so that nothing can be said that does not stand there.

    Attributes:
        start, end: Half-open span of the paragraph's text, in characters.
        highlights: Half-open spans of `text` to show in bold: the words that answer.
        also: Where the same words stand in other readouts, newest first.
        differs: What the question asks otherwise; a statement that differs is not claimed to answer.
    """

    paragraph: LiveParagraph
    start: int
    end: int
    highlights: tuple[tuple[int, int], ...] = ()
    also: tuple[LiveParagraph, ...] = ()
    differs: tuple[Difference, ...] = ()

    def __post_init__(self) -> None:
        Evidence.of(self.paragraph.text, self.start, self.end)

    @property
    def text(self) -> str:
        """The words, as they stand there."""
        return self.paragraph.text[self.start : self.end]

    @property
    def citation(self) -> Citation:
        """Where they stand."""
        return Citation.of(self.paragraph, Evidence.of(self.paragraph.text, self.start, self.end))


InitiativeKind = Literal["new", "continuing", "resumed", "framework", "support", "request"]


@dataclass(frozen=True, slots=True)
class InitiativeCitation:
    """The paragraph that names an initiative, and its sentence there (of an endless one the name alone)."""

    paragraph: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Initiative:
    """Something the parties announced, will do, continue, resume or support.

    Attributes:
        name: A verbatim span of the paragraph that the first citation cites; an admin may reword it.
        actor: Who does it, as the text says, or None.
        when: As written ("this year"), or None.
        citations: At least one; the first is where it is announced.
    """

    name: str
    kind: InitiativeKind
    actor: str | None
    when: str | None
    citations: tuple[InitiativeCitation, ...]


@dataclass(frozen=True, slots=True)
class ChangedReadout:
    """What a new revision of a readout changed, in paragraphs, told apart by what they say."""

    id: str
    paragraphs_added: int
    paragraphs_changed: int
    paragraphs_removed: int
    paragraphs_renumbered: int = 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of words that both texts hold, or only the later one, or only the earlier one."""

    kind: Literal["same", "added", "removed"]
    text: str


ChangeKind = Literal["added", "changed", "removed", "renumbered"]


@dataclass(frozen=True, slots=True)
class ParagraphChange:
    """One paragraph that differs.

    Attributes:
        before: Its text, or None where it was added.
        after: Its text, or None where it was removed.
        was: Its number before, where that was another one.
    """

    number: str
    before: str | None
    after: str | None
    was: str | None = None

    @property
    def kind(self) -> ChangeKind:
        """What happened to it."""
        if self.before is None:
            return "added"
        if self.after is None:
            return "removed"
        return "renumbered" if self.before == self.after else "changed"


@dataclass(frozen=True, slots=True)
class ParagraphDiff:
    """The paragraphs that differ, in reading order."""

    changes: tuple[ParagraphChange, ...]

    def numbers(self, kind: ChangeKind) -> tuple[str, ...]:
        """Return the numbers of the paragraphs that were `kind`."""
        return tuple(change.number for change in self.changes if change.kind == kind)

    def counted(self, document: str) -> ChangedReadout:
        """Return the counts that a report shows."""
        kinds: tuple[ChangeKind, ...] = ("added", "changed", "removed", "renumbered")
        return ChangedReadout(document, *(len(self.numbers(kind)) for kind in kinds))


@dataclass(frozen=True, slots=True)
class HeldReadout:
    """A readout whose source differs from the revision that somebody rolled it back to.

    Attributes:
        revision: The one that is pinned.
        difference: What its source would change.
    """

    id: str
    revision: str
    difference: ChangedReadout


@dataclass(frozen=True, slots=True)
class FailedSource:
    """A source that could not become a readout; `line` counts from 1."""

    source: str
    line: int | None
    error: str


@dataclass(frozen=True, slots=True)
class LeftOutOf:
    """Words that were left out of one readout; see `LeftOut`."""

    document: str
    reason: str
    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Alike:
    """A source that looks like a readout that is there, under another name: nothing was written for it.

    Attributes:
        document: The readout that is there.
        why: "the same content", "the same title and date".
        brought: The id that the source itself gives.
    """

    source: str
    document: str
    why: str
    brought: str = ""


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did.

    Attributes:
        held: Differ from a revision that is pinned; left as they are.
        diffs: Readout id -> paragraph by paragraph what changed, for those in `changed`.
        warnings: Corrections that no longer find what they correct, one sentence each.
        paragraphs: Read, in the sources that did not fail.
        embedded: Texts that had never been embedded before.
        left_out: What of the sources that were parsed stands in no paragraph, and why.
        alike: Sources to be asked about: they look like readouts that are there.
        stopped: Somebody stopped it: of the sources that were left nothing was done.
    """

    added: tuple[str, ...] = ()
    changed: tuple[ChangedReadout, ...] = ()
    unchanged: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    failed: tuple[FailedSource, ...] = ()
    held: tuple[HeldReadout, ...] = ()
    diffs: Mapping[str, ParagraphDiff] = field(default_factory=dict, compare=False)
    warnings: tuple[str, ...] = ()
    paragraphs: int = 0
    embedded: int = 0
    elapsed_ms: float = 0.0
    left_out: tuple[LeftOutOf, ...] = ()
    alike: tuple[Alike, ...] = ()
    stopped: bool = False
