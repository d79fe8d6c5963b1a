"""Train the selector's trees, and say by cross-validation what they are worth.

    python -m training.selector --data DIR --work DIR --tops
    python -m training.pairs …
    python -m training.selector --data DIR --work DIR [--share 0.5] [--write]

DIR holds `documents.jsonl` and `questions.jsonl` as training/README.md describes them. Every figure printed is out of
fold: five folds that keep all questions about one document together, through all three stages. `--share` trains
each fold on that share of its documents (the learning curve). `--write` fits on everything and writes the model.
--tops ends after the first glance and writes which sentences training/pairs.py teaches its networks to read; the
halves that it leaves in --work read every question here that they have not seen.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from retrieval.answering.selectors.trained import (
    MODEL_DIR,
    MODEL_FILE,
    PAIRS_FILE,
    Decision,
    SelectorModel,
    Shown,
    Trees,
    packed,
)
from retrieval.answering.selectors.word_pieces import (
    Reader,
    best_rows,
    decision_row,
    read_table,
)
from retrieval.index.encoder import Encoder
from training.candidates import Rooms, read_labelled
from training.examples import (
    Example,
    Flags,
    answer_examples,
    count_pieces,
    count_terms,
    example,
    stranger_examples,
)
from training.halves import unseeing
from training.scopes import Embedder

FOLDS = 5
GLANCE = {
    "max_iter": 250,
    "learning_rate": 0.06,
    "max_leaf_nodes": 24,
    "l2_regularization": 1.0,
    "min_samples_leaf": 30,
}
READING = {
    "max_iter": 120,
    "learning_rate": 0.05,
    "max_leaf_nodes": 12,
    "l2_regularization": 3.0,
    "min_samples_leaf": 40,
    "max_features": 0.4,
}
DECISION = {
    "max_iter": 300,
    "learning_rate": 0.04,
    "max_leaf_nodes": 8,
    "l2_regularization": 5.0,
    "min_samples_leaf": 40,
    "max_features": 0.25,
}
DECIDED = {"one": ("one", "another"), "many": ("many", "absent")}
ANSWERED = {"one": 0.94, "many": 0.85}
"""Share of the answerable questions that are to be answered."""

OFFERED = 0.985
"""Share of the answerable questions to which something is shown at all."""

SHOWN = Shown(least=0.12, share=0.3, most=3)

Floats = NDArray[np.float64]


@dataclass
class Reading:
    """The sentences of an example that were read again."""

    rows: NDArray[np.intp]
    matches: NDArray[np.float32]
    table: NDArray[np.float32]


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
        taught = [e for e in examples if e.document in part.taught and e.teaches]
        model = plain(_glance_model(taught))
        for i, e in enumerate(examples):
            if e.document in part.asked:
                found[i] = model.probability(e.described.table)
    return found


def kept_glances(examples: Sequence[Example], parts: Sequence[Fold], path: Path) -> list[Floats]:
    """Return what `glances` does, from `path` where it is there: the first step of two runs is the same."""
    lengths = [len(e.texts) for e in examples]
    if not path.exists():
        np.savez(path, probabilities=np.concatenate(glances(examples, parts)), lengths=lengths)
    with np.load(path) as stored:
        if stored["lengths"].tolist() != lengths:
            raise SystemExit(f"{path} is of other data: remove it.")
        return np.split(stored["probabilities"], np.cumsum(lengths)[:-1])


def _glance_model(taught: Sequence[Example]) -> HistGradientBoostingClassifier:
    table = np.concatenate([e.described.table for e in taught])
    return fit(table, np.concatenate([e.right for e in taught]), GLANCE)


def readings(
    examples: Sequence[Example], glance: Sequence[Floats], reader_of: Callable[[str], Reader]
) -> list[Reading]:
    """Read every example's best sentences again, with the reader of its document."""
    found = []
    for e, probabilities in zip(examples, glance, strict=True):
        rows = best_rows(probabilities)
        matches = reader_of(e.document).matches(e.question, [e.texts[row] for row in rows])
        found.append(Reading(rows, matches, read_table(e.described, probabilities, rows, matches)))
    return found


def _reading_model(
    examples: Sequence[Example], read: Sequence[Reading], taught: set[str]
) -> HistGradientBoostingClassifier:
    kept = [(e, r) for e, r in zip(examples, read, strict=True) if e.document in taught and e.teaches]
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
    sorts: NDArray[np.str_]
    """"labelled": met as it was labelled; "elsewhere": asked where its readout is not; "public"; "stranger"."""

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
        np.array([_sort(examples[i], name) for i in kept]),
    )


def _sort(e: Example, name: str) -> str:
    if e.public:
        return "public" if e.kind == name else "stranger"
    return "labelled" if e.kind == name else "elsewhere"


def decision(cases: Decided, odds: Floats, name: str) -> Decision:
    """Return the decision fitted on all, its probability and thresholds from what was seen out of fold."""
    calibration = LogisticRegression(C=1e6).fit(odds[:, np.newaxis], cases.answerable)
    scale, shift = float(calibration.coef_[0][0]), float(calibration.intercept_[0])
    confidence = 1 / (1 + np.exp(-(odds * scale + shift)))
    yes = confidence[cases.answerable & (cases.sorts == "labelled")]
    thresholds = [float(np.quantile(yes, 1 - share)) for share in (ANSWERED[name], OFFERED)]
    return Decision(plain(cases.model(set(cases.documents.tolist()))), scale, shift, *thresholds)


def write_tops(examples: Sequence[Example], glance: Sequence[Floats], path: Path) -> None:
    tops = {
        e.id: [e.texts[row] for row in best_rows(p)]
        for e, p in zip(examples, glance, strict=True)
        if e.kind == "one" and not e.public
    }
    path.write_text(json.dumps(tops), encoding="utf-8")


# --- reporting ---


def report(
    examples: Sequence[Example], read: Sequence[Reading], probabilities: Sequence[Floats], name: str
) -> None:
    first, held, shown, right = [], [], 0, 0
    for e, r, p in zip(examples, read, probabilities, strict=True):
        if e.kind == name and e.answerable and not e.public:
            answers = e.right[r.rows][SHOWN.rows(p)]
            first.append(bool(answers[0]))
            held.append(bool(answers.any()))
            shown, right = shown + len(answers), right + int(answers.sum())
    print(
        f"{name:5} first right {np.mean(first):.3f}  right shown {np.mean(held):.3f}  precision {right / shown:.3f}"
        f"  shown {shown / len(first):.2f}  of {len(first)}"
    )


def report_decision(cases: Decided, odds: Floats, name: str) -> None:
    by_sort = {sort: cases.sorts == sort for sort in ("labelled", "elsewhere", "public", "stranger")}
    at = np.quantile(odds[by_sort["labelled"] & cases.answerable], 0.1)
    kept = {sort: odds[which & ~cases.answerable] < at for sort, which in by_sort.items() if which.any()}
    shares = "  ".join(f"{sort} {flags.mean():.3f} of {len(flags)}" for sort, flags in kept.items())
    print(f"{name:5} at 0.90 answered, unanswerable not claimed: {shares}")
    for sort in ("labelled", "public"):
        if (which := by_sort[sort]).any():
            print(
                f"{name:5} AUROC {sort} {roc_auc_score(cases.answerable[which], odds[which]):.3f}", flush=True
            )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled readouts to train on")
    parser.add_argument("--answers", type=Path, help="folder of a set that marks answers, to train on too")
    parser.add_argument("--work", type=Path, required=True, help="folder of what the steps hand on")
    parser.add_argument("--tops", action="store_true", help="only write what training/pairs.py reads")
    parser.add_argument("--share", type=float, default=1.0, help="of each fold's documents to train on")
    parser.add_argument("--write", action="store_true", help="write the model that ships")
    parser.add_argument("--model", type=Path, default=MODEL_DIR, help="folder that --write writes to")
    parser.add_argument("--cache", type=Path, default=Path(tempfile.gettempdir()) / "rapporteur-selector.npz")
    return parser.parse_args()


def main() -> None:
    arguments = _arguments()
    encoder = Encoder()
    labelled, embed = read_labelled(arguments.data), Embedder(arguments.cache)
    rooms = Rooms(labelled, embed)
    rarity, pieces = count_terms(rooms), count_pieces(rooms, encoder)
    examples = [example(s, rarity) for s in rooms.situations(labelled.questions)]
    if arguments.answers:
        examples += answer_examples(arguments.answers, embed, rarity)
    print(
        f"{len(examples)} examples of {len(labelled.questions)} questions, {len(labelled.documents)} readouts",
        flush=True,
    )
    parts = folds([e.document for e in examples], arguments.share)
    glance = kept_glances(examples, parts, arguments.work / f"glance-{arguments.share}.npz")
    if arguments.tops:
        write_tops(examples, glance, arguments.work / "tops.json")
        return
    glance_model = plain(_glance_model([e for e in examples if e.teaches]))
    if arguments.answers:
        strangers = stranger_examples(arguments.answers, rooms, rarity)
        glance += [glance_model.probability(e.described.table) for e in strangers]
        examples += strangers
    read = readings(examples, glance, unseeing(arguments.work, encoder, pieces))
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
                glance_model,
                plain(_reading_model(examples, read, everything)),
                made["one"],
                made["many"],
                SHOWN,
            ),
            (arguments.work / "pairs.onnx").read_bytes(),
            arguments.model,
        )


def write(model: SelectorModel, pairs: bytes, folder: Path) -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, **packed(model))
    folder.mkdir(exist_ok=True)
    files = {PAIRS_FILE: pairs, MODEL_FILE: stream.getvalue()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    for name, made in (("one", model.one), ("many", model.many)):
        print(f"{name}: answers from {made.answers_from:.3f}, nears from {made.nears_from:.3f}")
    print(f"{folder / MODEL_FILE}: {len(stream.getvalue()):,} bytes")


if __name__ == "__main__":
    main()
