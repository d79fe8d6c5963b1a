"""Looking a question up in the ledger: which readouts it is asked of, what they hold, what of it answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from retrieval.answering import direct
from retrieval.answering.composing import compose
from retrieval.answering.contradictions import Scoped
from retrieval.answering.direct import meeting_question
from retrieval.answering.foreign_questions import foreign_language, language_of_script, notice
from retrieval.answering.models import Answer
from retrieval.answering.question import Kind, Question, analyse
from retrieval.answering.rereading import corrected, is_bare, other_forms
from retrieval.answering.selectors import Candidates
from retrieval.answering.selectors.trained import TrainedSelector
from retrieval.errors import NotFoundError
from retrieval.index import fulltext
from retrieval.language.times import NEWEST, Times, numbers_of_title, times_in
from retrieval.ledger import Ledger, live
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import LiveParagraph, Statement
from retrieval.precedence import Precedence
from retrieval.search.retriever import CANDIDATES, Found, Query, Retriever
from retrieval.search.scoping import Filters, Shelf, Shelves, passing
from retrieval.search.series import without_name

_AS_MUCH = 0.7
"""Share of the words in common with the question, of the most that a statement has, that is as good."""

MOST_SERIES = 2
"""So many series have their newest readout asked by itself, where an older one answered."""

Readouts = Sequence[ReadoutSummary]


@dataclass(frozen=True, slots=True)
class Looked:
    """What the readouts hold on a question.

    Attributes:
        answer: As the shipped selector chose.
        candidates: What a model may choose from; None where there is nothing for it to do.
        unread: The language of the question, where the encoder does not read it.
        scoped: Judges what a model chooses, too.
    """

    asked: Question
    answer: Answer
    candidates: Candidates | None = None
    unread: str | None = None
    scoped: Scoped | None = None


class Looker:
    """Finds what answers a question in one snapshot of the ledger; safe to call from several threads."""

    def __init__(
        self,
        ledger: Ledger,
        retriever: Retriever,
        selector: TrainedSelector,
        precedence: Precedence,
        today: Callable[[], date] = date.today,
    ) -> None:
        self._ledger = ledger
        self._retriever = retriever
        self._selector = selector
        self._precedence = precedence
        self._today = today
        self._shelves = Shelves(selector.is_common)

    def look(self, asked: Question, scopes: Sequence[str], filters: Filters) -> Looked:
        """Return what the readouts say; the connection is closed before a language model is asked.

        Raises:
            NotFoundError: No readout passes `filters`.
            StoreError: The store cannot be read.
        """
        with self._precedence.question(), self._ledger.read() as connection:
            shelf = self._shelves.shelf(connection, scopes)
            here = self._narrowed(connection, shelf, scopes, filters)
            shelf = shelf if here is None else shelf.of(here)
            frequency = fulltext.statistics(connection, scopes, asked.terms).document_frequency
            read = corrected(connection, scopes, asked, frequency, self._selector.is_common)
            if read is not None:
                asked = replace(analyse(read), text=asked.text)
            looked = self._looked(connection, asked, scopes, shelf, here)
            if not looked.answer.statements and looked.candidates is not None:
                for form in other_forms(asked, self._texts(connection, asked, scopes)):
                    other = self._looked(
                        connection, replace(analyse(form), text=asked.text), scopes, shelf, here
                    )
                    if other.answer.statements:
                        looked, read = other, form
                        break
            return looked if read is None else replace(looked, answer=replace(looked.answer, read_as=read))

    def frequency(self, asked: Question, scopes: Sequence[str]) -> Mapping[str, int]:
        """Return in how many paragraphs each term of a question stands.

        Raises:
            StoreError: The store cannot be read.
        """
        with self._ledger.read() as connection:
            return fulltext.statistics(connection, scopes, asked.terms).document_frequency

    def find(self, asked: Question, scopes: Sequence[str], filters: Filters) -> Found:
        """Return the paragraphs nearest to a question, of the readouts that `filters` leave.

        Raises:
            NotFoundError, StoreError: As `look`.
        """
        with self._precedence.question(), self._ledger.read() as connection:
            shelf = self._shelves.shelf(connection, scopes)
            here = self._narrowed(connection, shelf, scopes, filters)
            return self._find(connection, asked, scopes, here)

    def _looked(
        self,
        connection: Connection,
        asked: Question,
        scopes: Sequence[str],
        shelf: Shelf,
        here: Readouts | None,
    ) -> Looked:
        scoped = self._scoped(asked, shelf)
        named = shelf.named(asked.core) if scoped.times.choose else []
        chosen = shelf.chosen(scoped.times, named)
        is_of_none = bool(named) and chosen == named  # "the 3rd" of a series that has none
        if asked.kind in direct.DIRECT_KINDS:
            found = self._direct(connection, asked, shelf.readouts if chosen is None else chosen)
            if found is not None:
                return found
        elif is_bare(asked) and (found := self._standing(connection, asked, scopes, here or chosen)):
            return found
        if found := self._meeting(connection, scoped, (here or shelf.readouts) if chosen is None else chosen):
            return found
        if chosen is None:
            looked = self._chosen(connection, scoped, scopes, here)
            return self._with_newest(connection, looked, scopes)
        scoped = replace(scoped, chosen=frozenset((r.id, r.revision) for r in chosen))
        # the time has done its work: no sentence is to be found by it
        words = scoped.times.rest if scoped.times.spans else asked.core
        bare = replace(analyse(words), text=asked.text) if scoped.times.spans else asked
        looked = self._chosen(connection, scoped, scopes, chosen, bare)
        if not looked.answer.statements:
            looked = self._unnamed(connection, scoped, scopes, chosen, looked, words) or looked
        if asked.kind is Kind.YES_NO and scoped.times.explicit and looked.answer.statements:
            whenever = self._chosen(connection, replace(scoped, times=Times()), scopes, here, bare)
            if scoped.is_of_another(whenever.answer, looked.answer):
                return replace(whenever, answer=scoped.judged(whenever.answer), candidates=None)
        if is_of_none or (looked.answer.statements and not scoped.is_of_other_time(looked.answer)):
            return looked
        wider = self._chosen(connection, scoped, scopes, here)
        if looked.answer.statements:  # "in 2023" is often what the readout of 2024 says of it
            of_its_time = scoped.of_its_time(wider.answer, looked.answer)
            return looked if of_its_time is None else replace(wider, answer=of_its_time)
        is_better = wider.answer.statements or (wider.answer.may_answer and not looked.answer.may_answer)
        return wider if is_better else looked

    def _unnamed(
        self,
        connection: Connection,
        scoped: Scoped,
        scopes: Sequence[str],
        chosen: Readouts,
        near: Looked,
        words: str,
    ) -> Looked | None:
        """Look again without the name of the readout, which has done its work as its time has; None: nothing claimed."""
        title = next((s.paragraph.title for s in near.answer.nearest), "")
        unnamed = without_name(words, title)
        if unnamed == words:
            return None
        asked = replace(analyse(unnamed), text=scoped.question.text)
        looked = self._chosen(connection, scoped, scopes, chosen, asked)
        if not looked.answer.statements:
            return None
        # "Where was the summit held?" is not answered by where the next will be
        is_of_next = "next" in looked.answer.statements[0].text.lower() and "next" not in words.lower()
        return None if is_of_next else looked

    def _narrowed(
        self, connection: Connection, shelf: Shelf, scopes: Sequence[str], filters: Filters
    ) -> Readouts | None:
        if not filters:
            return None
        here = passing(connection, shelf.readouts, scopes, filters)
        if not here:
            raise NotFoundError(
                "No readout passes these filters.", '"rapporteur documents" lists those there are.'
            )
        return here

    def _scoped(self, asked: Question, shelf: Shelf) -> Scoped:
        languages = list(shelf.languages)
        if not asked.core.isascii() and (script := language_of_script(asked.core)):
            languages.append(script)
        today = self._today()
        return Scoped(asked, times_in(asked.core, today, languages), shelf, today)

    def _chosen(
        self,
        connection: Connection,
        scoped: Scoped,
        scopes: Sequence[str],
        readouts: Readouts | None,
        asked: Question | None = None,
    ) -> Looked:
        """Look in some readouts, or in all of `scopes`; what differs from the question is not claimed."""
        asked = asked or scoped.question
        results = self._find(connection, asked, scopes, readouts)
        unread = foreign_language(asked.text, results.statistics)
        if unread is not None:
            return Looked(asked, Answer(asked.text, notice=notice(unread)), unread=unread)
        if not results.ranked:
            return Looked(asked, Answer(asked.text))
        one_readout = len(scoped.shelf.readouts if readouts is None else readouts) == 1
        ranked = [r for r in results.ranked if scoped.holds(r.prepared.paragraph)] or results.ranked
        candidates = Candidates(
            asked, tuple(ranked), results.statistics, results.query, one_readout, tuple(scopes)
        )
        answer = compose(candidates, self._selector.select(candidates), self._selector.mode)
        answer = scoped.judged(self._once(connection, answer, asked, scoped.shelf, readouts))
        return Looked(asked, answer, candidates, scoped=scoped)

    def _find(
        self, connection: Connection, asked: Question, scopes: Sequence[str], readouts: Readouts | None
    ) -> Found:
        query = Query(asked.core, asked.terms, asked.other_names, asked.expects)
        return self._retriever.find(connection, query=query, scopes=scopes, readouts=readouts)

    # --- the years of a series ---

    def _once(
        self,
        connection: Connection,
        answer: Answer,
        asked: Question,
        shelf: Shelf,
        readouts: Readouts | None,
    ) -> Answer:
        """Show the same words of several years once, as the newest has them; of a series the newest first."""
        allowed = None if readouts is None else {(r.id, r.revision) for r in readouts}
        shown: list[Statement] = []
        for statement in answer.statements:
            readout = _readout(shelf, statement.paragraph)
            series = [
                r
                for r in (shelf.siblings(readout) if readout else ())
                if allowed is None or (r.id, r.revision) in allowed
            ]
            shown.append(_newest(connection, statement, series) if series else statement)
        kept = list({(s.paragraph.document, s.paragraph.number, s.text): s for s in reversed(shown)}.values())
        nearest = tuple(_newest_first(answer.nearest, shelf, asked))
        return replace(answer, statements=tuple(_newest_first(kept[::-1], shelf, asked)), nearest=nearest)

    def _with_newest(self, connection: Connection, looked: Looked, scopes: Sequence[str]) -> Looked:
        """Ask the newest of a series by itself where only older ones of it answered: it is never left out."""
        assert looked.scoped is not None or not looked.answer.statements
        if looked.scoped is None or looked.asked.kind in direct.DIRECT_KINDS:
            return looked
        shelf, answer = looked.scoped.shelf, looked.answer
        shown = {(p.document, p.revision) for s in answer.statements for p in (s.paragraph, *s.also)}
        asked: dict[int, ReadoutSummary] = {}
        for statement in answer.statements:
            readout = _readout(shelf, statement.paragraph)
            series = shelf.siblings(readout) if readout else ()
            if series and (series[0].id, series[0].revision) not in shown:
                asked[series[0].pk] = series[0]
        for newest in list(asked.values())[:MOST_SERIES]:
            found = self._chosen(connection, looked.scoped, scopes, [newest]).answer
            if found.statements:
                both = _newest_first((*found.statements, *answer.statements), shelf, looked.asked)
                confidence = max(found.confidence, answer.confidence)
                answer = replace(answer, statements=tuple(both), confidence=confidence)
        return replace(looked, answer=answer)

    def _texts(self, connection: Connection, asked: Question, scopes: Sequence[str]) -> list[str]:
        """Return the paragraphs that hold most of a question's words: they may explain its abbreviations."""
        pks = [
            pk for scope in scopes for pk in fulltext.search(connection, scope, asked.terms, limit=CANDIDATES)
        ]
        return [paragraph.text for paragraph in live.live_paragraphs(connection, pks).values()]

    # --- without a selection ---

    def _meeting(self, connection: Connection, scoped: Scoped, readouts: Readouts) -> Looked | None:
        """Answer a question about a meeting itself from its readout; None where it is about more, or names no one."""
        question = meeting_question(scoped.question, scoped.times, scoped.today)
        if question is None:
            return None
        if question.of_next and (newest := scoped.shelf.chosen(Times(place=NEWEST))):
            readouts = [r for r in readouts if r in newest] or newest
        if before := [r for r in readouts if question.ordinals & {n + 1 for n in numbers_of_title(r.title)}]:
            readouts = before  # "the 7th" is announced by the 6th
        best = sorted(((question.closeness(r.title), r.pk) for r in readouts), reverse=True)[:2]
        if not best or best[0][0] < 0 or (len(best) > 1 and best[0][0] == best[1][0]):
            return None
        readout = next(r for r in readouts if r.pk == best[0][1])
        found = question.answer(self._retriever.of_readout(connection, readout))
        return (
            Looked(scoped.question, found, scoped=scoped)
            if found and scoped.judged(found).statements
            else None
        )

    def _standing(
        self, connection: Connection, asked: Question, scopes: Sequence[str], readouts: Readouts | None
    ) -> Looked | None:
        """Show where a term stands, newest readout first; None where it stands nowhere."""
        of = None if readouts is None else [r.revision_pk for r in readouts]
        pks = [
            pk
            for scope in scopes
            for pk in fulltext.search(connection, scope, asked.terms, limit=CANDIDATES, revision_pks=of)
        ]
        found = sorted(live.live_paragraphs(connection, pks).values(), key=lambda p: (p.document, p.ordinal))
        found.sort(key=lambda p: p.date or "", reverse=True)
        answer = direct.list_mentions(replace(asked, subject=asked.core), found)
        return Looked(asked, answer) if answer.statements else None

    def _direct(self, connection: Connection, asked: Question, readouts: Readouts) -> Looked | None:
        """Answer a look-up, a search for mentions or a summary from the one readout it is about."""
        readout = readouts[0] if len(readouts) == 1 else _named(asked, readouts)
        if readout is None:
            return None
        prepared = self._retriever.of_readout(connection, readout)
        paragraphs = [p.paragraph for p in prepared]
        if asked.kind is Kind.LOOKUP:
            return Looked(asked, direct.look_up(asked, paragraphs))
        if asked.kind is Kind.MENTIONS:
            return Looked(asked, direct.list_mentions(asked, paragraphs))
        sentences = self._retriever.sentence_vectors(connection, prepared)
        return Looked(asked, direct.summarise(asked, prepared, sentences))


def _readout(shelf: Shelf, paragraph: LiveParagraph) -> ReadoutSummary | None:
    return shelf.by_place.get((paragraph.document, paragraph.revision))


def _newest(connection: Connection, statement: Statement, series: Readouts) -> Statement:
    """Return the statement as the newest of `series` has it, with the others that hold the same words."""
    order = {(r.id, r.revision): place for place, r in enumerate(series)}
    found = live.paragraphs_with(connection, [r.revision_pk for r in series], statement.text)
    first = {(p.document, p.revision): p for p in reversed(found)}
    holding = sorted(first.values(), key=lambda p: order[p.document, p.revision])
    if len(holding) < 2:
        return statement
    newest = holding[0]
    if newest.document != statement.paragraph.document:
        start = newest.text.index(statement.text)
        statement = replace(statement, paragraph=newest, start=start, end=start + len(statement.text))
    return replace(statement, also=tuple(holding[1:]))


def _newest_first(statements: Iterable[Statement], shelf: Shelf, asked: Question) -> list[Statement]:
    """Order the statements of one series by age, in the places that they hold together.

    What has clearly fewer of the question's words comes after the others: it is about something else.
    """
    ordered = list(statements)
    groups: dict[str, list[int]] = {}
    for place, statement in enumerate(ordered):
        readout = _readout(shelf, statement.paragraph)
        if readout and (key := shelf.series_of(readout)):
            groups.setdefault(key, []).append(place)
    for places in groups.values():
        newest = sorted(
            (ordered[place] for place in places), key=lambda s: s.paragraph.date or "", reverse=True
        )
        least = _AS_MUCH * max(asked.shared(s.text) for s in newest)
        newest.sort(key=lambda s: asked.shared(s.text) < least)
        for place, statement in zip(places, newest, strict=True):
            ordered[place] = statement
    return ordered


def _named(asked: Question, readouts: Readouts) -> ReadoutSummary | None:
    names = [direct.ReadoutName(r.id, r.title, r.date, r.issuer) for r in readouts]
    found = direct.named_readout(asked, names)
    return next((readout for readout in readouts if readout.id == found), None)
