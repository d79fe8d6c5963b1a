"""The selector that ships with the project: today's scoring behind the one interface."""

from __future__ import annotations

from retrieval.answering.abstention import Calibration, features, shipped_calibration
from retrieval.answering.evidence import choose
from retrieval.answering.selectors.interface import Candidates, Pick, Selection
from retrieval.index.ranking import resolve_names
from retrieval.models import Status


class ShippedSelector:
    """Chooses by match with the question, and answers where a calibrated score says that the sources do.

    Args:
        calibration: None: the one that ships.
    """

    mode = "extractive"

    def __init__(self, calibration: Calibration | None = None) -> None:
        self._calibration = calibration

    def select(self, candidates: Candidates) -> Selection:
        """Return the best-matching sentences, or none where they do not answer."""
        model = self._calibration or shipped_calibration()
        question, ranked, statistics = candidates.question, candidates.ranked, candidates.statistics
        terms = resolve_names(question.terms, question.other_names, statistics)
        one = candidates.one_readout
        confidence = model.confidence(features(question, terms, ranked, statistics, one_readout=one))
        chosen = choose(question, terms, ranked, statistics)
        if not chosen or not model.answers(confidence, one_readout=one):
            return Selection(Status.NOT_FOUND, confidence=confidence)
        rows = {id(r.prepared): row for row, r in enumerate(ranked)}
        picks = tuple(Pick(rows[id(one.paragraph)], one.place) for one in chosen)
        return Selection(Status.ANSWERED, picks, confidence)
