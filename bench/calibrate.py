"""Fit the abstention score on the development sets and write `retrieval/answering/calibration.json`.

    python -m bench.calibrate --eval DIR [--write]

Every figure printed is out of fold: ten folds that keep all questions about one document together, so that
no question is scored by a model that has seen its document. The threshold is the highest probability that
still answers the wanted share of answerable questions in every set. The written model is fitted on all rows.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GroupKFold

from bench.harness import CACHE, Row, Scope, Sets, ask, load
from retrieval.answering.abstention import CALIBRATION, features
from retrieval.answering.question import Kind

Floats = NDArray[np.float64]
FOLDS = 10
ANSWERED_SHARE = 0.945
ONE_READOUT_SHARE = 0.90
DIRECT = {Kind.LOOKUP, Kind.MENTIONS, Kind.SUMMARY}
"""Answered from the whole readout, without a score."""

WEIGHTS = {
    "squad": 1.0, "squad, its document": 0.3, "clapnq": 1.0, "mtrag": 2.0, "readouts": 4.0, "seed": 4.0,
    "squad asked of readouts": 0.3, "squad asked of seed": 0.3, "clapnq asked of squad": 0.3,
    "readouts asked of squad": 0.3,
}  # fmt: skip
"""What one row counts: the small sets more, because they are what the product is for."""


@dataclass(frozen=True)
class Example:
    set: str
    row: Row
    features: dict[str, float]
    answerable: bool
    group: str


def examples(sets: Sets) -> Iterator[Example]:
    def one(
        name: str, scope: Scope, row: Row, answerable: bool, document: str | None = None, group: str = ""
    ) -> Iterator[Example]:
        asked = ask(scope, sets.embed, row.text, document)
        if asked.question.kind in DIRECT:
            return
        found = features(
            asked.question, asked.terms, asked.ranked, asked.scope.statistics, one_readout=asked.one_readout
        )
        yield Example(name, row, found, answerable, group or row.group)

    seed = "asean-japan-2022-06-22"
    for row in sets.questions["squad"]:
        group = squad_group(sets, row)
        yield from one("squad", sets.squad, row, row.answerable, group=group)
        yield from one("squad asked of readouts", sets.readouts, row, False, group=group)
        yield from one("squad asked of seed", sets.seed, row, False, seed, group=group)
        if row.gold:
            yield from one("squad, its document", sets.squad, row, True, group, group=group)
    for row in sets.questions["clapnq"]:
        yield from one("clapnq", sets.clapnq, row, row.answerable, row.document)
        yield from one("clapnq asked of squad", sets.squad, row, False)
    for row in english(sets.questions["readouts"]):
        yield from one("readouts", sets.readouts, row, answered(row))
        yield from one("readouts asked of squad", sets.squad, row, False)
    for row in english(sets.questions["seed"]):
        yield from one("seed", sets.seed, row, answered(row), seed)
    for row in english(sets.questions["mtrag"]):
        yield from one("mtrag", sets.mtrag, row, row.answerable, row.document)


def squad_group(sets: Sets, row: Row) -> str:
    """Return the article a question was written about: an unanswerable row does not say, the ranking does."""
    if row.gold:
        return min(row.gold)[0]
    return ask(sets.squad, sets.embed, row.text).ranked[0].prepared.paragraph.document


def english(rows: list[Row]) -> list[Row]:
    """Return the questions that stand alone and that the encoder reads."""
    return [row for row in rows if row.language == "en" and not row.history]


def answered(row: Row) -> bool:
    """Return whether evidence should be shown: a false premise is met by the paragraph that refutes it."""
    return row.answerable or row.behaviour == "correct_premise"


def fit(x: Floats, y: NDArray[np.bool_], weights: Floats) -> tuple[Floats, float]:
    """Return coefficients on the raw features and the bias, from a regularised fit on standardised ones."""
    mean, spread = x.mean(axis=0), x.std(axis=0) + 1e-9
    model = LogisticRegression(C=0.3, max_iter=2000).fit((x - mean) / spread, y, sample_weight=weights)
    raw = model.coef_[0] / spread
    return raw, float(model.intercept_[0] - raw @ mean)


def out_of_fold(x: Floats, y: NDArray[np.bool_], weights: Floats, groups: NDArray[np.str_]) -> Floats:
    scores = np.zeros(len(y))
    for train, test in GroupKFold(FOLDS).split(x, y, groups):
        coefficients, bias = fit(x[train], y[train], weights[train])
        scores[test] = 1 / (1 + np.exp(-(x[test] @ coefficients + bias)))
    return scores


def report(names: NDArray[np.str_], y: NDArray[np.bool_], scores: Floats, threshold: Floats) -> None:
    print(f"{'set':28} answered/answerable  abstained/rest   AUROC  Brier")
    for name in dict.fromkeys(names.tolist()):
        rows = names == name
        yes, no = rows & y, rows & ~y
        given = f"{(scores[yes] >= threshold[yes]).mean():.3f} of {yes.sum():4}" if yes.any() else "-"
        kept = f"{(scores[no] < threshold[no]).mean():.3f} of {no.sum():4}" if no.any() else "-"
        auroc = f"{roc_auc_score(y[rows], scores[rows]):.3f}" if yes.any() and no.any() else "-"
        print(f"{name:28} {given:>20} {kept:>16} {auroc:>7} {brier_score_loss(y[rows], scores[rows]):>6.3f}")


def quantile(scores: Floats, share: float = ANSWERED_SHARE) -> float:
    """Return the highest threshold at which the wanted share of these rows is answered."""
    ordered = np.sort(scores)
    return float(ordered[int((1 - share) * len(ordered))]) - 1e-3


def risk_coverage(y: NDArray[np.bool_], scores: Floats) -> None:
    print("\nrisk-coverage, squad: share of questions answered, and of those the unanswerable ones")
    order = np.argsort(-scores)
    for coverage in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        kept = order[: round(coverage * len(order))]
        print(f"  {coverage:.1f}  risk {1 - y[kept].mean():.3f}  at confidence {scores[kept[-1]]:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="folder of the development sets")
    parser.add_argument("--cache", type=Path, default=CACHE, help="file that keeps embeddings between runs")
    parser.add_argument("--write", action="store_true", help="write the calibration that ships")
    arguments = parser.parse_args()
    sets = load(arguments.eval, arguments.cache)
    rows = list(examples(sets))
    sets.embed.save()
    features_used = list(rows[0].features)
    x = np.array([[e.features[f] for f in features_used] for e in rows])
    y = np.array([e.answerable for e in rows])
    names = np.array([e.set for e in rows])
    weights = np.array([WEIGHTS[e.set] for e in rows])
    scores = out_of_fold(x, y, weights, np.array([e.group for e in rows]))
    threshold = min(quantile(scores[(names == name) & y]) for name in ("squad", "readouts"))
    alone = np.array([e.features["one_readout"] > 0 for e in rows])
    one_readout_threshold = min(threshold, quantile(scores[(names == "seed") & y], ONE_READOUT_SHARE))
    print(f"threshold {threshold:.3f}, for one readout {one_readout_threshold:.3f}")
    report(names, y, scores, np.where(alone, one_readout_threshold, threshold))
    risk_coverage(y[names == "squad"], scores[names == "squad"])
    coefficients, bias = fit(x, y, weights)
    stored = {
        "weights": {f: round(float(c), 4) for f, c in zip(features_used, coefficients, strict=True)},
        "bias": round(bias, 4),
        "threshold": round(threshold, 3),
        "one_readout_threshold": round(one_readout_threshold, 3),
    }
    print(json.dumps(stored, indent=2))
    if arguments.write:
        CALIBRATION.write_text(json.dumps(stored, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
