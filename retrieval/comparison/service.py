"""Two readouts side by side, a phrase through all of them, the life of initiatives: over a ledger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection

from retrieval.comparison.pairing import Pair, pair_paragraphs
from retrieval.comparison.tracing import (
    Life,
    Phrase,
    Trace,
    TracedReadout,
    Use,
    changed_since,
    lives,
    uses_in,
)
from retrieval.errors import QuestionError
from retrieval.index import fulltext
from retrieval.index.encoder import Encoder, Vector
from retrieval.language.terms import terms
from retrieval.ledger import Ledger, live, vectors
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import SHARED, LiveParagraph, Statement
from retrieval.search.browsing import Browser, ListedInitiative, one_of_each_id
from retrieval.search.scoping import ALL, Filters, passing
from retrieval.search.series import series_key

MAX_PHRASE_CHARS = 300

ABOUT = 0.34
"""Cosine of a topic and a paragraph with its title from which it is about it, where it holds none of its words."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two readouts, paragraph by paragraph.

    Attributes:
        pairs: Every paragraph of both stands in exactly one, unless a topic narrows them down.
        topic: What they were narrowed down to, or None.
    """

    before: ReadoutSummary
    after: ReadoutSummary
    pairs: tuple[Pair, ...]
    topic: str | None = None


class ComparisonService:
    """Compares what is live; safe to call from several threads."""

    def __init__(self, ledger: Ledger, encoder: Encoder) -> None:
        self._ledger = ledger
        self._encoder = encoder
        self._browser = Browser(ledger)

    def compare(
        self, before: str, after: str, topic: str | None = None, scopes: Sequence[str] = (SHARED,)
    ) -> Comparison:
        """Return the paragraphs of two readouts in pairs.

        Args:
            before, after: Their ids.
            topic: Only pairs of which one side is about this.

        Raises:
            NotFoundError: There is no such readout.
            QuestionError: The topic is too long.
            StoreError: The store cannot be read.
        """
        wanted = _checked(topic) if topic and topic.strip() else None
        with self._ledger.read() as connection:
            readouts = [live.readout(connection, scopes, each) for each in (before, after)]
            paragraphs = [live.paragraphs_of(connection, each) for each in readouts]
            stored = vectors.paragraph_vectors(connection, [pk for each in paragraphs for pk in each])
        known = [stored.get(pk) for each in paragraphs for pk in each]
        ours = {place: chunks.mean(axis=0) for place, chunks in enumerate(known) if chunks is not None}
        old, new = ([*each.values()] for each in paragraphs)
        pairs = pair_paragraphs(old, new, ours)
        if wanted is not None:
            chosen = self._about(wanted, [*old, *new], known)
            pairs = tuple(p for p in pairs if any(s.paragraph in chosen for s in (*p.before, *p.after)))
        return Comparison(readouts[0], readouts[1], pairs, wanted)

    def _about(
        self, topic: str, paragraphs: Sequence[LiveParagraph], known: Sequence[Vector | None]
    ) -> list[LiveParagraph]:
        """Return those that hold all terms of `topic`, under their heading, or are nearest in meaning."""
        asked, vector = set(terms(topic)), self._encoder.embed(topic)
        near = [-1.0 if chunks is None else float(np.max(chunks @ vector)) for chunks in known]
        held = [asked <= set(terms(f"{p.heading or ''} {p.text}")) for p in paragraphs]
        bar = max(ABOUT, max(near, default=1.0) - 0.1) if not any(held) else 0.5
        return [
            p for p, holds, n in zip(paragraphs, held, near, strict=True) if (holds and asked) or n >= bar
        ]

    def trace(
        self,
        phrase: str,
        *,
        filters: Filters = ALL,
        scopes: Sequence[str] = (SHARED,),
    ) -> Trace:
        """Return where a phrase and its close variants stand in the live readouts, by date.

        Args:
            phrase: 1 to 300 characters, of which one word means something.
            filters: Only in the readouts that pass.

        Raises:
            NotFoundError: They name a readout that isn't there.
            QuestionError: There is nothing to look for.
            StoreError: The store cannot be read.
        """
        if not Phrase(wanted := _checked(phrase)).terms:
            raise QuestionError("none of these words can be looked for")
        with self._ledger.read() as connection:
            readouts = one_of_each_id(live.readouts(connection, scopes), scopes)
            found = self._traced(connection, wanted, passing(connection, readouts, scopes, filters), scopes)
        return replace(found, damaged=self._ledger.damaged(scopes, filters.documents))

    def _traced(
        self, connection: Connection, phrase: str, readouts: Sequence[ReadoutSummary], scopes: Sequence[str]
    ) -> Trace:
        asked = [*Phrase(phrase).terms, *terms(phrase)]
        frequencies = fulltext.frequencies(connection, scopes, asked)
        total = sum(r.paragraphs for r in readouts) + 1
        weights = {t: 0.5 + math.log((total + 1) / (1 + min(total, frequencies[t]))) for t in asked}
        found = Phrase(phrase, weights)
        groups = found.groups(frequencies)
        pks = [pk for scope in scopes for pk in fulltext.holding(connection, scope, groups)]
        uses: dict[tuple[str, str], list[Use]] = {}
        languages = {(r.id, r.revision): r.language for r in readouts}
        paragraphs = live.live_paragraphs(connection, pks).values()
        for p in sorted(paragraphs, key=lambda p: (p.document, p.ordinal)):
            if (p.document, p.revision) in languages:
                language = languages[p.document, p.revision]
                uses.setdefault((p.document, p.revision), []).extend(
                    uses_in(found, Statement(p, 0, len(p.text)), language)
                )
        out: list[TracedReadout] = []
        last: TracedReadout | None = None
        for r in sorted(readouts, key=lambda r: (r.date is None, r.date or "", r.id)):
            here = tuple(uses.get((r.id, r.revision), ()))
            key = series_key(r.title, r.series)
            each = TracedReadout(r.id, r.title, r.date, key, here, changed_since(last, here))
            out.append(each)
            last = each if here else last
        return Trace(found.text, tuple(out))

    def lives(
        self, scopes: Sequence[str] = (SHARED,), *, among: Sequence[ListedInitiative] | None = None
    ) -> list[Life]:
        """Return the life of every initiative listed, the latest announced first.

        Args:
            among: Only what these entries name.
        """
        listed = self._browser.initiatives(scopes)
        with self._ledger.read() as connection:
            readouts = one_of_each_id(live.readouts(connection, scopes), scopes)
            return [
                Life(entries, self._traced(connection, entries[0].initiative.name, readouts, scopes))
                for entries in lives(listed, among)
            ]


def _checked(text: str) -> str:
    flat = " ".join(text.split())
    if not 0 < len(flat) <= MAX_PHRASE_CHARS or not flat.isprintable():
        raise QuestionError(f"what to look for must be text of 1 to {MAX_PHRASE_CHARS} characters")
    return flat
