"""The JSON objects that the command line prints, the HTTP API serves and MCP tools return: what a key holds."""

from __future__ import annotations

from typing import Literal

from typing_extensions import TypedDict  # typing's own is read by pydantic from Python 3.12 on


class PlaceJson(TypedDict):
    """A paragraph, by the number it is cited with."""

    document: str
    paragraph: str


class DatedPlaceJson(PlaceJson):
    """A paragraph and the day of its readout."""

    date: str | None


class SpanJson(TypedDict):
    """Exact words of a paragraph: `text[start:end] == quote`, in characters; `url` is the source's address."""

    paragraph: str
    quote: str
    start: int
    end: int
    url: str | None


class CitationJson(SpanJson):
    """Exact words, and where they stand."""

    document: str
    revision: str
    part: str | None
    numbering: str


class StatementJson(TypedDict):
    """Words of a source with their citation; `highlights` are the spans of `text` that answer."""

    text: str
    citations: list[CitationJson]
    highlights: list[list[int]]
    also: list[DatedPlaceJson]
    differs: list[str]


class NearestJson(PlaceJson):
    """A sentence that is offered without the claim that it answers."""

    quote: str
    differs: list[str]


class PartJson(TypedDict):
    """The outcome of one of several questions."""

    question: str
    status: str
    text: str
    read_as: str | None
    confidence: float


class RejectedJson(TypedDict):
    """What a language model returned and nothing was made of."""

    text: str
    reason: str


class TranslationsJson(TypedDict):
    """A language model's translations of the statements, in their order; nothing checks them."""

    by: str
    texts: list[str]


class AnswerJson(TypedDict):
    """What the sources say about a question, or that they do not say."""

    question: str
    status: Literal["answered", "partial", "closest", "not_found"]
    text: str
    mode: str
    statements: list[StatementJson]
    nearest: list[NearestJson]
    confidence: float
    rejected: list[RejectedJson]
    notice: str | None
    unanswered: str | None
    read_as: str | None
    parts: list[PartJson]
    talk: str | None
    model_failure: str | None
    damaged: list[str]
    translations: TranslationsJson | None
    elapsed_ms: dict[str, float]


class DifferenceJson(TypedDict):
    """Words that claim and source do not share."""

    claim: str | None
    source: str | None
    marks: list[str]


class ComparedJson(StatementJson):
    """A sentence near a claim, and what differs."""

    differences: list[DifferenceJson]


class JudgedJson(TypedDict):
    """A language model's opinion on each statement."""

    by: str
    verdicts: list[str]


class CheckJson(TypedDict):
    """Whether a claim stands there verbatim, else the nearest sentences."""

    claim: str
    verdict: Literal["verbatim", "close", "not_found"]
    statements: list[ComparedJson]
    judged: JudgedJson | None


class HitJson(PlaceJson):
    """A paragraph that a search found; `score` is comparable within one search."""

    score: float
    text: str


class SearchJson(TypedDict):
    """Paragraphs nearest to a query, best first."""

    query: str
    hits: list[HitJson]
    damaged: list[str]


class LeftOutJson(TypedDict):
    """Words of a source that stand in no paragraph, and why."""

    reason: str
    text: str
    place: str


class DocumentJson(TypedDict):
    """One readout, as lists show it."""

    id: str
    title: str
    date: str | None
    issuer: str | None
    source_url: str | None
    scope: str
    revision: str
    paragraphs: int
    numbering: str
    series: str | None
    warnings: list[str]
    left_out: list[LeftOutJson]


class DocumentsJson(TypedDict):
    """The readouts, newest first."""

    documents: list[DocumentJson]


class RowJson(TypedDict):
    """A row of a table, and the paragraph that it is."""

    paragraph: str
    cells: list[str]


class TableJson(TypedDict):
    """A table of a readout, whole."""

    heads: list[str]
    rows: list[RowJson]


class ParagraphJson(PlaceJson):
    """One paragraph, word for word; `table` is the one that it is a row of."""

    revision: str
    part: str | None
    numbering: str
    text: str
    url: str | None
    table: TableJson | None


class InitiativeJson(TypedDict):
    """What was announced, with the sentence that says so."""

    name: str
    kind: Literal["new", "continuing", "resumed", "framework", "support", "request"]
    actor: str | None
    when: str | None
    document: str
    also_in: list[PlaceJson]
    citations: list[SpanJson]


class InitiativesJson(TypedDict):
    """Initiatives, of the newest readout first."""

    total: int
    initiatives: list[InitiativeJson]
    damaged: list[str]


class ReadoutJson(TypedDict):
    """Which readout."""

    document: str
    title: str
    date: str | None


class RevisionJson(ReadoutJson):
    """Which readout, and as of which revision."""

    revision: str


class ChangedJson(CitationJson):
    """A paragraph of one side, and the spans of it that changed."""

    changed: list[list[int]]


class PairJson(TypedDict):
    """What belongs together in two readouts."""

    kind: Literal["same", "changed", "merged", "split", "new", "gone"]
    moved: bool
    renumbered: bool
    likeness: float
    a: list[ChangedJson]
    b: list[ChangedJson]


class ComparisonJson(TypedDict):
    """Two readouts side by side, paragraph by paragraph."""

    a: RevisionJson
    b: RevisionJson
    topic: str | None
    counts: dict[str, int]
    pairs: list[PairJson]


class PieceJson(TypedDict):
    """A run of words that stayed, came or went."""

    kind: str
    text: str


class TracedJson(CitationJson):
    """A place where a phrase or a close variant stands."""

    wording: str
    exact: bool
    likeness: float
    highlights: list[list[int]]


class UseJson(ReadoutJson):
    """A readout that uses a phrase."""

    series: str | None
    places: list[TracedJson]
    since_before: list[PieceJson]
    absent_after: list[ReadoutJson]


class TraceJson(TypedDict):
    """A phrase through the readouts, the oldest use first."""

    phrase: str
    readouts: int
    first: str | None
    last: str | None
    uses: list[UseJson]
    damaged: list[str]
