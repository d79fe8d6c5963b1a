"""Two set forms: the bullet list after "were signed:", and the invitation to visit."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from retrieval.initiatives.lexicon import Verb
from retrieval.initiatives.parse import Item, Parse
from retrieval.initiatives.phrases import trim
from retrieval.initiatives.standing import ACTIVE, Standing

_BULLETS = frozenset({"-", "•", "–", "*", "·"})


def bullet_items(parse: Parse) -> Iterator[Item]:
    """ "The following were signed: - … - …": every line of the list."""
    words = parse.words
    colon = next(
        (
            i
            for i, w in enumerate(words)
            if w.text == ":" and i + 1 < len(words) and words[i + 1].text in _BULLETS
        ),
        None,
    )
    governors = [k for k, p in enumerate(parse.found) if colon is not None and p.end <= colon]
    if (
        colon is None
        or not governors
        or not any(parse.found[k].verb in (Verb.CREATE, Verb.ANNOUNCE) for k in governors)
    ):
        return
    signed = next(k for k in governors if parse.found[k].verb in (Verb.CREATE, Verb.ANNOUNCE))
    if parse.standings[signed] not in ACTIVE | {Standing.DONE}:
        return
    marks = [i for i in range(colon + 1, len(words)) if words[i].text in _BULLETS] + [len(words)]
    for mark, after in pairwise(marks):
        start, end = trim(words, mark + 1, after)
        if start < end:
            yield Item(signed, start, end, "", "new")


def invited_items(parse: Parse) -> Iterator[Item]:
    """ "invited … to visit …"."""
    for index, predicate in enumerate(parse.found[:-1]):
        following = parse.found[index + 1]
        visiting = following.lemma in ("visit", "attend", "participate") and following.shape == "infinitive"
        if predicate.lemma != "invite" or not visiting or parse.standings[index] is not Standing.DONE:
            continue
        start, end = trim(parse.words, predicate.end, following.hard)
        if start < end:
            yield Item(index, start, end, "Invitation to", "new")


def visit_items(parse: Parse) -> Iterator[Item]:
    """ "accepted an invitation … for an official visit", "extended an invitation to … to visit …"."""
    words = parse.words
    for i, word in enumerate(words):
        if word.lower != "invitation" or not parse.found:
            continue
        governors = [k for k, p in enumerate(parse.found) if p.end <= i]
        if not governors or parse.found[governors[-1]].lemma not in (
            "accept",
            "extend",
            "renew",
            "reiterate",
            "issue",
            "convey",
        ):
            continue
        governor = governors[-1]
        visit = next(
            (k for k in range(i, min(i + 40, len(words))) if words[k].lower in {"visit", "attend"}), None
        )
        if visit is None:
            continue
        if parse.found[governor].lemma == "accept":
            opening = [k for k in range(i, visit) if words[k].lower in {"for", "to"}]
            first = opening[-1] + 1 if opening else visit
            acting = words[first].form is not None and words[first].lower not in {
                "visit",
                "attend",
            }  # "to undertake a visit"
            start, end = trim(words, first + acting, len(words))
        else:
            start, end = trim(words, i, len(words))
        yield Item(governor, start, end, "", "new")
