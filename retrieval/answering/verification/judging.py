"""A statement against the words it rests on: everything it says that they do not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from retrieval.answering.verification import (
    actors,
    coverage,
    dates,
    modality,
    names,
    numbers,
    opposites,
    polarity,
    relations,
)
from retrieval.answering.verification.differences import Difference
from retrieval.index.terms import terms
from retrieval.models import Evidence, LiveParagraph
from retrieval.sentences import sentence_spans


@dataclass(frozen=True, slots=True)
class Ground:
    """What a statement rests on.

    Attributes:
        quoted: The words of its evidence.
        sentence: The sentences those stand in.
        before: Their paragraph up to the first of them: whom "he" means.
        context: Paragraph, heading, title and issuer: who and when, not what.
        written: ISO date of the readout.
    """

    quoted: str
    sentence: str
    before: str
    context: str
    written: str | None


def ground(entries: Sequence[tuple[LiveParagraph, Sequence[Evidence]]]) -> Ground:
    """Put together what the evidence of one statement holds; a paragraph may come more than once."""
    quoted, sentences, before, context = [], [], [], []
    for paragraph, evidence in entries:
        for span in evidence:
            wide = around(paragraph.text, span)
            quoted.append(span.quote)
            sentences.append(wide.quote)
            before.append(paragraph.text[: wide.start])
        context += [paragraph.text, paragraph.heading or "", paragraph.title, paragraph.issuer or ""]
    written = next((p.date for p, _ in entries if p.date), None)
    quotes, near, start, wide_context = (
        " … ".join(dict.fromkeys(filter(None, part))) for part in (quoted, sentences, before, context)
    )
    return Ground(quotes, near, start, wide_context, written)


def around(text: str, evidence: Evidence) -> Evidence:
    """Return the whole sentences that `evidence` stands in."""
    touched = [(s, e) for s, e in sentence_spans(text) if s < evidence.end and evidence.start < e]
    if not touched:
        return evidence
    return Evidence.of(text, min(evidence.start, touched[0][0]), max(evidence.end, touched[-1][1]))


_CLAUSE = re.compile(
    r";|,? (?:and|but|while|whereas) (?=(?:the|its|their|it|they) [\w’'-]+|[A-Z]|[a-z]+ed\b)"
)


def nearest_clause(statement: str, text: str, evidence: Evidence) -> Evidence | None:
    """Return the clause of a compound sentence that shares most words with `statement`, where one does."""
    edges = [m.start() for m in _CLAUSE.finditer(text, evidence.start, evidence.end)]
    spans = list(pairwise([evidence.start, *edges, evidence.end]))
    own = set(terms(statement))
    shared = [len(own & set(terms(text[s:e]))) for s, e in spans]
    best = max(shared)
    if len(spans) < 2 or shared.count(best) > 1:
        return None
    return Evidence.of(text, *spans[shared.index(best)])


def differences(
    statement: str, on: Ground, *, english: bool = True, question: str = ""
) -> tuple[Difference, ...]:
    """Return what `statement` says that its ground does not hold, in the order a reader would want it.

    In other languages than English only numbers written in digits and names in Latin letters are compared.
    """
    found = [
        *numbers.compare(statement, on.quoted, on.context),
        *dates.compare(statement, on.quoted, f"{on.sentence} {on.context}", on.written),
        *names.compare(statement, on.quoted, on.sentence, on.context),
    ]
    if english:
        found += [
            *actors.compare(statement, on.quoted, on.sentence, on.before, on.context),
            *relations.compare(statement, on.quoted, on.sentence, on.context),
            *polarity.compare(statement, on.quoted, on.sentence),
            *modality.compare(statement, on.quoted, on.sentence),
            *opposites.compare(statement, on.quoted),
            *coverage.compare(statement, on.sentence, on.context, question),
        ]
    return tuple(dict.fromkeys(found))
