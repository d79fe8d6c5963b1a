"""Readout -> initiatives: windows, tagger, mentions, one list."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain, islice

from retrieval.initiatives.mentions import Mention
from retrieval.initiatives.merging import merge
from retrieval.initiatives.tagging import Passage, Tagger, shipped_tagger
from retrieval.initiatives.windows import lead_in
from retrieval.language.sentences import sentence_spans
from retrieval.models import Initiative, Paragraph, Readout

Paced = Callable[[Iterable[Paragraph]], Iterable[Paragraph]]
"""Yields what it is given, at a pace of its own."""

LANGUAGE = "en"
"""What the tagger was trained on; it would tag another language at random."""

_AT_ONCE = 32
"""Paragraphs that are tagged side by side, before others get their turn."""


def extract_initiatives(
    readout: Readout, paced: Paced = iter, tagger: Tagger | None = None
) -> tuple[Initiative, ...]:
    """List what the parties announce, will do, continue, resume, support or ask for, in reading order.

    The same readout has the same list, always. Every name and quote is cut out of its paragraph. A readout
    that is not in English has an empty list.

    Args:
        paced: When to look at the next paragraph, where others are waiting.
        tagger: Instead of the shipped one.

    Raises:
        ModelError: A file of the tagger is missing, damaged or unusable.
    """
    if readout.language != LANGUAGE:
        return ()
    tagger = tagger or shipped_tagger()
    found: list[Mention] = []
    passages = _passages(readout, paced)
    while group := list(islice(passages, _AT_ONCE)):
        found += chain.from_iterable(tagger.tag_each(group))
    return merge(found, readout)


def _passages(readout: Readout, paced: Paced) -> Iterator[Passage]:
    """The paragraphs to tag: of two with one number the first, and no header, which only names the readout."""
    before, heading, seen = "", None, set[str]()
    for paragraph in paced(readout.paragraphs):
        if paragraph.number in seen or paragraph.number.startswith("header"):
            continue
        seen.add(paragraph.number)
        if paragraph.heading != heading:
            heading = paragraph.heading
            before = heading or ""
        sentences = tuple(sentence_spans(paragraph.text, readout.language))
        yield Passage(paragraph.number, paragraph.text, sentences, before)
        before = lead_in(before, paragraph.text)
