"""Train the selector's trees, and say by cross-validation what they are worth.

    python -m training.selector --data DIR [--share 0.5] [--write]

DIR holds `documents.jsonl` and `questions.jsonl` as training/README.md describes them. Every figure printed is out of
fold: five folds that keep all questions about one document together, through all three stages. `--share` trains
each fold on that share of its documents (the learning curve). `--write` fits on everything and writes the model.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from bench.harness import Embedder
from retrieval.answering.selectors.features import Described, Rarity, describe
from retrieval.answering.selectors.reading import (
    PieceRarity,
    Reader,
    best_rows,
    decision_row,
    read_table,
)
from retrieval.answering.selectors.trained import (
    MODEL_DIR,
    MODEL_FILE,
    Decision,
    SelectorModel,
    Shown,
    packed,
)
from retrieval.answering.selectors.trees import Trees
from retrieval.index.encoder import Encoder
from training.candidates import Rooms, Situation, read_labelled

FOLDS = 5
GLANCE = dict(max_iter=250, learning_rate=0.06, max_leaf_nodes=24, l2_regularization=1.0, min_samples_leaf=30)
READING = dict(
    max_iter=120,
    learning_rate=0.05,
    max_leaf_nodes=12,
    l2_regularization=3.0,
    min_samples_leaf=40,
    max_features=0.4,
)
DECISION = dict(
    max_iter=150,
    learning_rate=0.04,
    max_leaf_nodes=8,
    l2_regularization=5.0,
    min_samples_leaf=40,
    max_features=0.25,
)
TAUGHT = ("one", "many")
"""The situations that the sentence trees learn from: those whose labels name sentences."""

DECIDED = {"one": ("one", "another"), "many": ("many", "absent")}
ANSWERED = {"one": 0.91, "many": 0.90}
"""Share of the answerable questions that are to be answered."""

OFFERED = 0.985
"""Share of the answerable questions to which something is shown at all."""

SHOWN = Shown(least=0.12, share=0.3, most=3)

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass
class Example:
    """A question in one situation, described."""

    kind: str
    document: str
    question: str
    texts: list[str]
    described: Described
    right: Flags
    answerable: bool


@dataclass
class Reading:
    """The sentences of an example that were read again."""

    rows: NDArray[np.intp]
    matches: NDArray[np.float32]
    table: NDArray[np.float32]


def example(situation: Situation, rarity: Rarity) -> Example:
    candidates = situation.candidates
    described = describe(candidates, rarity)
    texts = [candidates.statement(pick).text for pick in described.picks]
    return Example(
        situation.kind,
        situation.document,
        candidates.question.core,
        texts,
        described,
        situation.right,
        situation.answerable,
    )


def count_terms(rooms: Rooms) -> Rarity:
    sentences = [s.term_set for p in rooms.paragraphs() for s in p.sentences]
    counts = Counter(term for held in sentences for term in held)
    return Rarity(len(sentences), {term: n for term, n in counts.items() if n > 2})


def count_pieces(rooms: Rooms, encoder: Encoder) -> PieceRarity:
    texts = sorted({text for p in rooms.paragraphs() for text in p.sentence_texts})
    counts: Counter[int] = Counter()
    for text in texts:
        counts.update(set(encoder.piece_ids(text)))
    return PieceRarity(len(texts), dict(counts))


# --- fitting ---


def fit(
    table: NDArray[np.float32], right: Flags, options: dict[str, float], seed: int = 0
) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(**options, random_state=seed, early_stopping=False).fit(
        table, right
    )


def plain(model: HistGradientBoostingClassifier) -> Trees:
    """Return a fitted model as the arrays that ship."""
    trees = [each[0].nodes for each in model._predictors]
    roots = np.cumsum([0, *(len(nodes) for nodes in trees)])[:-1]
    nodes = np.concatenate(trees)
    offsets = np.repeat(roots, [len(each) for each in trees])
    leaf = nodes["is_leaf"].astype(bool)
    here = np.arange(len(nodes))
    return Trees(
        baseline=float(np.ravel(model._baseline_prediction)[0]),
        depth=int(nodes["depth"].max()),
        roots=roots.astype(np.int32),
        feature=np.where(leaf, 0, nodes["feature_idx"]).astype(np.int16),
        threshold=np.where(leaf, 0.0, nodes["num_threshold"]).astype(np.float64),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        left=np.where(leaf, here, nodes["left"] + offsets).astype(np.int32),
        right=np.where(leaf, here, nodes["right"] + offsets).astype(np.int32),
        value=nodes["value"].astype(np.float64),
    )


@dataclass(frozen=True)
class Fold:
    """Which examples one model learns from, and which it is asked about."""

    taught: set[str]
    asked: set[str]


def folds(documents: Sequence[str], share: float) -> list[Fold]:
    names = np.array(sorted(set(documents)))
    random.Random(0).shuffle(names)
    found = []
    for taught, asked in GroupKFold(FOLDS).split(names, groups=names):
        kept = names[taught][: max(1, round(share * len(taught)))]
        found.append(Fold(set(kept.tolist()), set(names[asked].tolist())))
    return found


def glances(examples: Sequence[Example], parts: Sequence[Fold]) -> list[Floats]:
    """Return every example's sentence probabilities at first glance, out of fold."""
    found: list[Floats] = [np.zeros(0)] * len(examples)
    for part in parts:
        taught = [e for e in examples if e.document in part.taught and e.kind in TAUGHT]
        model = plain(_glance_model(taught))
        for i, e in enumerate(examples):
            if e.document in part.asked:
                found[i] = model.probability(e.described.table)
    return found


def _glance_model(taught: Sequence[Example]) -> HistGradientBoostingClassifier:
    table = np.concatenate([e.described.table for e in taught])
    return fit(table, np.concatenate([e.right for e in taught]), GLANCE)


def readings(examples: Sequence[Example], glance: Sequence[Floats], reader: Reader) -> list[Reading]:
    found = []
    for e, probabilities in zip(examples, glance, strict=True):
        rows = best_rows(probabilities)
        matches = reader.matches(e.question, [e.texts[row] for row in rows])
        found.append(Reading(rows, matches, read_table(e.described, probabilities, rows, matches)))
    return found


def _reading_model(
    examples: Sequence[Example], read: Sequence[Reading], taught: set[str]
) -> HistGradientBoostingClassifier:
    kept = [(e, r) for e, r in zip(examples, read, strict=True) if e.document in taught and e.kind in TAUGHT]
    table = np.concatenate([r.table for _, r in kept])
    return fit(table, np.concatenate([e.right[r.rows] for e, r in kept]), READING)


def sentence_probabilities(
    examples: Sequence[Example], read: Sequence[Reading], parts: Sequence[Fold]
) -> list[Floats]:
    """Return the probabilities of the sentences read again, out of fold."""
    found: list[Floats] = [np.zeros(0)] * len(examples)
    for part in parts:
        model = plain(_reading_model(examples, read, part.taught))
        for i, e in enumerate(examples):
            if e.document in part.asked:
                found[i] = model.probability(read[i].table)
    return found


@dataclass(frozen=True)
class Decided:
    """The decisions on the questions of one situation."""

    documents: NDArray[np.str_]
    table: NDArray[np.float32]
    answerable: Flags
    plainly: Flags
    """Those met as they were labelled: not asked of another readout."""

    def model(self, taught: set[str]) -> HistGradientBoostingClassifier:
        keep = np.isin(self.documents, sorted(taught))
        return fit(self.table[keep], self.answerable[keep], DECISION)

    def odds(self, parts: Sequence[Fold]) -> Floats:
        """Return log-odds, out of fold."""
        found = np.zeros(len(self.table))
        for part in parts:
            asked = np.isin(self.documents, sorted(part.asked))
            found[asked] = plain(self.model(part.taught)).log_odds(self.table[asked])
        return found


def decided(
    examples: Sequence[Example], read: Sequence[Reading], probabilities: Sequence[Floats], name: str
) -> Decided:
    kept = [i for i, e in enumerate(examples) if e.kind in DECIDED[name]]
    return Decided(
        np.array([examples[i].document for i in kept]),
        np.stack([decision_row(read[i].table, probabilities[i], read[i].matches) for i in kept]),
        np.array([examples[i].answerable for i in kept]),
        np.array([examples[i].kind == name for i in kept]),
    )


def decision(cases: Decided, odds: Floats, name: str) -> Decision:
    """Return the decision fitted on all, its probability and thresholds from what was seen out of fold."""
    calibration = LogisticRegression(C=1e6).fit(odds[:, np.newaxis], cases.answerable)
    scale, shift = float(calibration.coef_[0][0]), float(calibration.intercept_[0])
    confidence = 1 / (1 + np.exp(-(odds * scale + shift)))
    yes = confidence[cases.answerable & cases.plainly]
    thresholds = [float(np.quantile(yes, 1 - share)) for share in (ANSWERED[name], OFFERED)]
    return Decision(plain(cases.model(set(cases.documents.tolist()))), scale, shift, *thresholds)


# --- reporting ---


def report(
    examples: Sequence[Example], read: Sequence[Reading], probabilities: Sequence[Floats], name: str
) -> None:
    first, held, shown, right = [], [], 0, 0
    for e, r, p in zip(examples, read, probabilities, strict=True):
        if e.kind == name and e.answerable:
            answers = e.right[r.rows][SHOWN.rows(p)]
            first.append(bool(answers[0]))
            held.append(bool(answers.any()))
            shown, right = shown + len(answers), right + int(answers.sum())
    print(
        f"{name:5} first right {np.mean(first):.3f}  right shown {np.mean(held):.3f}  precision {right / shown:.3f}"
        f"  shown {shown / len(first):.2f}  of {len(first)}"
    )


def report_decision(cases: Decided, odds: Floats, name: str) -> None:
    yes, no = odds[cases.answerable & cases.plainly], odds[~cases.answerable & cases.plainly]
    off = odds[~cases.plainly]
    at = np.quantile(yes, 0.1)
    auroc = roc_auc_score(np.r_[np.ones(len(yes)), np.zeros(len(no))], np.r_[yes, no])
    print(
        f"{name:5} AUROC {auroc:.3f}  at 0.90 answered: unanswerable not claimed {(no < at).mean():.3f} of {len(no)}, "
        f"asked elsewhere {(off < at).mean():.3f} of {len(off)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled readouts to train on")
    parser.add_argument("--share", type=float, default=1.0, help="of each fold's documents to train on")
    parser.add_argument("--write", action="store_true", help="write the model that ships")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "rapporteur-selector.npz")
    arguments = parser.parse_args()
    encoder = Encoder()
    labelled = read_labelled(arguments.data)
    rooms = Rooms(labelled, Embedder(arguments.cache))
    rarity, pieces = count_terms(rooms), count_pieces(rooms, encoder)
    examples = [example(s, rarity) for s in rooms.situations(labelled.questions)]
    print(
        f"{len(examples)} examples of {len(labelled.questions)} questions, {len(labelled.documents)} readouts",
        flush=True,
    )
    parts = folds([e.document for e in examples], arguments.share)
    glance = glances(examples, parts)
    read = readings(examples, glance, Reader(encoder, pieces, remembered=100_000))
    probabilities = sentence_probabilities(examples, read, parts)
    decisions = {}
    for name in DECIDED:
        report(examples, read, probabilities, name)
        cases = decided(examples, read, probabilities, name)
        odds = cases.odds(parts)
        report_decision(cases, odds, name)
        decisions[name] = (cases, odds)
    if arguments.write:
        everything = {e.document for e in examples}
        made = {name: decision(*found, name) for name, found in decisions.items()}
        write(
            SelectorModel(
                rarity,
                pieces,
                plain(_glance_model([e for e in examples if e.kind in TAUGHT])),
                plain(_reading_model(examples, read, everything)),
                made["one"],
                made["many"],
                SHOWN,
            )
        )


def write(model: SelectorModel, folder: Path = MODEL_DIR) -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, **packed(model))
    folder.mkdir(exist_ok=True)
    (folder / MODEL_FILE).write_bytes(stream.getvalue())
    digest = hashlib.sha256(stream.getvalue()).hexdigest()
    (folder / "SHA256SUMS").write_text(f"{digest}  {MODEL_FILE}\n", encoding="utf-8")
    for name, made in (("one", model.one), ("many", model.many)):
        print(f"{name}: answers from {made.answers_from:.3f}, nears from {made.nears_from:.3f}")
    print(f"{folder / MODEL_FILE}: {len(stream.getvalue()):,} bytes")


if __name__ == "__main__":
    main()
