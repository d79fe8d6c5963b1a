"""What the front ends need of the services behind them; `retrieval` provides it, tests fake it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from retrieval.answering.checking import ClaimCheck
from retrieval.comparison.lives import Life
from retrieval.comparison.service import Comparison
from retrieval.comparison.tracing import Trace
from retrieval.models import SHARED, Answer, InitiativeKind, LiveParagraph, Statement, Translations
from retrieval.search.browsing import ListedInitiative
from retrieval.search.scoping import ALL, Filters


def guild_scopes(guild_id: int | None) -> tuple[str, ...]:
    """Return what may be read in a server: the shared readouts and its own; in a DM the shared ones alone."""
    return (SHARED,) if guild_id is None else (SHARED, own_scope(guild_id))


def own_scope(guild_id: int) -> str:
    """Return the scope of a server's own readouts."""
    return f"guild:{guild_id}"


def guild_of(scope: str) -> int | None:
    """Return the server whose own scope this is; None for the shared one."""
    kind, _, number = scope.partition(":")
    return int(number) if kind == "guild" and number.isdecimal() else None


class ReadoutLine(Protocol):
    """One readout, as lists show it."""

    @property
    def id(self) -> str:
        """The readout's id within its scope."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def date(self) -> str | None:
        """ISO 8601 calendar date, where known."""

    @property
    def paragraphs(self) -> int:
        """How many paragraphs it has."""

    @property
    def numbering(self) -> str:
        """`printed`, `counted` or `mixed`."""

    @property
    def issuer(self) -> str | None:
        """Whose words it holds, where known."""

    @property
    def revision(self) -> str:
        """Id of the revision that is live."""

    @property
    def source_url(self) -> str | None:
        """Where it was published, where known."""


class Answering(Protocol):
    """Answers questions; synchronous, so it is called off the event loop."""

    def ask(
        self,
        question: str,
        *,
        scopes: Sequence[str] = (SHARED,),
        filters: Filters = ALL,
        history: Sequence[str] = (),
        on_found: Callable[[Answer], None] | None = None,
    ) -> Answer:
        """Return what the sources say.

        Args:
            on_found: Told, on the thread that answers, what was found while a language model chooses.

        Raises:
            QuestionError: Empty, too long, or not text.
            NotFoundError: No readout of `scopes` passes `filters`.
            StoreError: The store cannot be used.
        """

    @property
    def translates(self) -> bool:
        """Whether `translations` can be had."""

    def translations(
        self, statements: Sequence[Statement], language: str, scopes: Sequence[str]
    ) -> Translations:
        """Return statements in another language, as a language model puts them, unchecked.

        Raises:
            LanguageModelError, StoreError: There is none to be had now.
        """


class Checking(Protocol):
    """Checks claims; synchronous too."""

    def check(
        self, claim: str, *, document: str | None = None, scopes: Sequence[str] = (SHARED,)
    ) -> ClaimCheck:
        """Return the sentences nearest to a claim, and what differs.

        Raises:
            QuestionError, NotFoundError, StoreError: As `Answering.ask` does.
        """


class Comparing(Protocol):
    """Compares readouts and traces phrases; synchronous too."""

    def compare(self, before: str, after: str, topic: str | None, scopes: Sequence[str]) -> Comparison:
        """Return the paragraphs of two readouts in pairs.

        Raises:
            NotFoundError, QuestionError, StoreError: As `Answering.ask` does.
        """

    def trace(self, phrase: str, *, since: str | None, until: str | None, scopes: Sequence[str]) -> Trace:
        """Return where a phrase stands, by date.

        Raises:
            QuestionError, StoreError: As `Answering.ask` does.
        """

    def lives(self, scopes: Sequence[str], *, among: Sequence[ListedInitiative]) -> Sequence[Life]:
        """Return what became of the initiatives that these entries name."""


class Readouts(Protocol):
    """Lists readouts and shows their paragraphs; synchronous too."""

    def documents(self, scopes: Sequence[str], filters: Filters = ALL) -> Sequence[ReadoutLine]:
        """Return the live readouts of `scopes` that pass `filters`."""

    def paragraph(self, document: str, number: str, scopes: Sequence[str]) -> LiveParagraph:
        """Return a live paragraph.

        Raises:
            NotFoundError: There is no such readout or paragraph in `scopes`.
        """

    def quoted(
        self, document: str, revision: str, number: str, scopes: Sequence[str]
    ) -> tuple[LiveParagraph, str | None]:
        """Return a paragraph of the revision that an answer named, and when that was superseded, if it was.

        Raises:
            NotFoundError: There was no such revision in `scopes`, or its text is no longer kept.
        """

    def initiatives(
        self, scopes: Sequence[str], *, filters: Filters = ALL, kind: InitiativeKind | None = None
    ) -> Sequence[ListedInitiative]:
        """Return what was announced, newest readout first.

        Raises:
            NotFoundError: There is no such readout in `scopes`.
        """
