"""Answers that were verified, kept for the same question on the same paragraphs; in memory only.

On disk they would outlive a purge. The key holds every paragraph that was shown with its revision, so an ingest
that touches one, or that brings a better one, leads to another key; what is superseded falls out by age.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from retrieval.answering.generative.judging import Judged
from retrieval.answering.verification import Shown
from retrieval.index.terms import normalised

SIZE = 512

Place = tuple[str, str, str]
"""Readout, revision, paragraph number."""


@dataclass(frozen=True, slots=True)
class Key:
    """What must be the same for an answer to be the same."""

    question: str
    language: str | None
    scopes: tuple[str, ...]
    document: str | None
    shown: tuple[Place, ...]
    writer: str

    @classmethod
    def of(
        cls,
        question: str,
        shown: Sequence[Shown],
        *,
        language: str | None,
        scopes: Sequence[str],
        document: str | None,
        writer: str,
    ) -> Key:
        """Return the key; case, width and spacing of the question make no difference."""
        places = tuple((s.paragraph.document, s.paragraph.revision, s.paragraph.number) for s in shown)
        levelled = " ".join(normalised(question).split())
        return cls(levelled, language, tuple(scopes), document, places, writer)


class AnswerCache:
    """The answers last used; safe to call from several threads.

    Args:
        size: At most so many.
    """

    def __init__(self, size: int = SIZE) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._held: OrderedDict[Key, Judged] = OrderedDict()

    def get(self, key: Key) -> Judged | None:
        """Return the answer under `key`, if there is one."""
        with self._lock:
            found = self._held.get(key)
            if found is not None:
                self._held.move_to_end(key)
            return found

    def put(self, key: Key, judged: Judged) -> None:
        """Keep an answer; one without statements is a failure and not kept."""
        if not judged.statements:
            return
        with self._lock:
            self._held[key] = judged
            self._held.move_to_end(key)
            while len(self._held) > self._size:
                self._held.popitem(last=False)

    def clear(self) -> None:
        """Drop every answer."""
        with self._lock:
            self._held.clear()
