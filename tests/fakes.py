"""Small stand-ins for the services behind the bot."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from retrieval.answering.checking import ClaimCheck, Compared, Difference, Mark, Verdict
from retrieval.answering.models import Answer, Translations
from retrieval.errors import NotFoundError
from retrieval.ledger import schema
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import (
    Evidence,
    Initiative,
    InitiativeCitation,
    InitiativeKind,
    LiveParagraph,
    Numbering,
    Statement,
)
from retrieval.search.browsing import ListedInitiative, Table, table_around
from retrieval.search.scoping import ALL, Filters

TEXT = "Japan will hold a seminar on cybersecurity this year. Ping @everyone and *stars* stay as written."


@dataclass(frozen=True)
class FakeLine:
    id: str
    title: str
    date: str | None
    paragraphs: int = 2
    numbering: str = "printed"
    revision: str = "r1"
    series: str | None = None

    @property
    def pk(self) -> int:
        return hash(self.id)

    issuer: str | None = None
    source_url: str | None = "https://example.org/readout"


def paragraph(
    document: str = "asean-2022", number: str = "7", text: str = TEXT, **more: object
) -> LiveParagraph:
    fields: dict[str, object] = {
        "revision": "r1", "ordinal": 0, "numbering": Numbering.PRINTED, "title": "ASEAN-Japan meeting",
        "date": "2022-06-22", "source_url": "https://example.org/readout",
    }  # fmt: skip
    return LiveParagraph(document=document, number=number, text=text, **{**fields, **more})  # type: ignore[arg-type]


def summary(document: str = "asean-2022", **more: object) -> ReadoutSummary:
    fields: dict[str, object] = {
        "pk": 1, "scope": "shared", "source": "a.json", "revision": "r1", "revision_pk": 1, "issuer": None,
        "title": "ASEAN-Japan meeting", "date": "2022-06-22", "source_url": "https://example.org/readout",
        "language": "en", "numbering": "printed", "warnings": (), "pinned": False, "paragraphs": 2,
    }  # fmt: skip
    return ReadoutSummary(id=document, **{**fields, **more})  # type: ignore[arg-type]


def initiative(name: str = "Cyber Seminar", number: str = "7", **more: object) -> ListedInitiative:
    """List one of the readout that `readout` says, cited with the first words of its paragraph."""
    readout, also_in = more.pop("readout", summary()), more.pop("also_in", ())
    fields: dict[str, object] = {
        "kind": "new", "actor": "Japan", "when": None,
        "citations": (InitiativeCitation(number, Evidence.of(TEXT, 0, 53)),),
    }  # fmt: skip
    entry = Initiative(name=name, **{**fields, **more})  # type: ignore[arg-type]
    return ListedInitiative(entry, readout, also_in)  # type: ignore[arg-type]


@dataclass
class FakeServices:
    """Answers every question with one sentence of paragraph 7, unless told otherwise.

    Attributes:
        asked: Every question with what came with it.
        gate: Where set, questions wait for it: a slow model.
        failing: Where set, raised instead of an answer.
        found: Where set, told as found before the gate: a language model is then at work.
        scoped: Readouts that one scope alone may see.
        listed: Initiatives, each with the scope of its readout.
        altered: Readouts that are left out.
    """

    asked: list[tuple[str, tuple[str, ...], str | None, tuple[str, ...]]] = field(default_factory=list)
    filters: list[Filters] = field(default_factory=list)
    about: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)
    gate: threading.Event | None = None
    failing: Exception | None = None
    found: Answer | None = None
    answer: Answer | None = None
    translation: str | Exception | None = None
    paragraphs: list[LiveParagraph] = field(default_factory=lambda: [paragraph()])
    scoped: dict[str, list[FakeLine]] = field(default_factory=dict)
    listed: list[ListedInitiative] = field(default_factory=list)
    altered: tuple[str, ...] = ()
    mode: str = "extractive"
    answering = browser = checking = property(lambda self: self)

    def lives(self, _scopes: object, *, among: object) -> tuple[()]:
        """What became of an initiative: nothing to tell."""
        return ()

    def ask(
        self,
        question: str,
        *,
        scopes: Sequence[str] = ("shared",),
        filters: Filters = ALL,
        history: Sequence[str] = (),
        about: Sequence[str] = (),
        overheard: bool = False,
        on_found: Callable[[Answer], None] | None = None,
    ) -> Answer:
        self.asked.append((question, tuple(scopes), ",".join(filters.documents) or None, tuple(history)))
        self.filters.append(filters)
        self.about.append((tuple(about), overheard))
        if self.found is not None and on_found is not None:
            on_found(self.found)
        if self.gate is not None:
            assert self.gate.wait(30)
        if self.failing is not None:
            raise self.failing
        return self.answer or self._usual(question)

    def quote(self, question: str, scopes: Sequence[str] = ("shared",)) -> Answer:
        return self._usual(question)

    def _usual(self, question: str) -> Answer:
        quote = Statement(self.paragraphs[0], 0, 53, ((29, 42),))
        return Answer(question, nearest=(quote,)) if "fish" in question else Answer(question, (quote,))

    @property
    def translates(self) -> bool:
        return self.translation is not None

    def translations(
        self, statements: Sequence[Statement], language: str, scopes: Sequence[str]
    ) -> Translations:
        if isinstance(self.translation, Exception):
            raise self.translation
        return Translations("fake:m", tuple(f"{self.translation} ({language})" for _ in statements))

    def check(
        self, claim: str, *, document: str | None = None, scopes: Sequence[str] = ("shared",)
    ) -> ClaimCheck:
        answer = self.ask(claim, scopes=scopes, filters=Filters((document,) if document else ()))
        differences = (Difference("five", "a", frozenset({Mark.NUMBER})),) if "five" in claim else ()
        verdict = Verdict.CLOSE if differences else Verdict.VERBATIM
        return ClaimCheck(claim, verdict, tuple(Compared(s, differences) for s in answer.statements))

    def documents(self, scopes: Sequence[str], filters: Filters = ALL) -> list[FakeLine]:
        shared = [FakeLine("asean-2022", "ASEAN-Japan meeting", "2022-06-22")]
        lines = shared + [line for scope in scopes for line in self.scoped.get(scope, [])]
        return [
            line
            for line in lines
            if filters.keep(line) and (not filters.documents or line.id in filters.documents)
        ]

    def damaged(self, _scopes: Sequence[str], _filters: Filters) -> tuple[str, ...]:
        return self.altered

    def paragraph(self, document: str, number: str, scopes: Sequence[str]) -> LiveParagraph:
        for found in self.paragraphs:
            if (found.document, found.number) == (document, number):
                return found
        raise NotFoundError(f"no ¶{number} in {document}")

    def paragraphs_of(self, document: str, scopes: Sequence[str]) -> list[LiveParagraph]:
        return [p for p in self.paragraphs if p.document == document]

    def table(self, paragraph: LiveParagraph, scopes: Sequence[str]) -> Table | None:
        return table_around(
            [p for p in self.paragraphs if p.document == paragraph.document], paragraph.number
        )

    def quoted(
        self, document: str, revision: str, number: str, scopes: Sequence[str]
    ) -> tuple[LiveParagraph, str | None]:
        found = self.paragraph(document, number, scopes)
        if found.revision != revision:
            raise NotFoundError(f"no revision {revision} of {document}")
        return found, None

    def initiatives(
        self, scopes: Sequence[str], *, filters: Filters = ALL, kind: InitiativeKind | None = None
    ) -> list[ListedInitiative]:
        document = filters.documents[0] if filters.documents else None
        if document is not None and document not in {line.id for line in self.documents(scopes)}:
            raise NotFoundError(f"no {document}")
        return [
            each
            for each in self.listed
            if each.readout.scope in scopes
            and document in (None, each.readout.id)
            and kind in (None, each.initiative.kind)
        ]


class FileDatabase:
    """A SQLite file with the ledger's two doors."""

    def __init__(self, path: Path) -> None:
        self._engine: Engine = create_engine(f"sqlite:///{path}", poolclass=NullPool)
        schema.metadata.create_all(self._engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._engine.begin() as connection:
            yield connection
