"""Train the tagger of initiatives and write it where it ships: see training/README.md.

    python training/tagger.py --data DIR              # train on DIR/train; write retrieval/initiatives/tagger/
    python training/tagger.py --data DIR --fold 0     # hold out a fold of DIR/train and score it; write nothing

The network is the encoder's own (MiniLM-L6, Apache-2.0), without its last layer, with a linear layer on every
token. Seeds are fixed; other versions of PyTorch or other processors give other low bits, so another file
that measures alike. `--bfloat16` halves the time on processors that multiply it in hardware.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from bench.initiatives import Row, Scores, score, total
from retrieval.index.encoder import DIMENSIONS
from retrieval.index.encoder import MODEL_DIR as ENCODER_DIR
from retrieval.initiatives.extraction import merge
from retrieval.initiatives.tagging import OUTPUTS, SEGMENTS, TAGGER_DIR, Mention, Thresholds, decode
from retrieval.model_files import open_tokenizer
from scripts.build_encoder import download_weights, export, quantize
from training.labelled import Document, LabelledInitiative, fold_of, load_documents, load_initiatives
from training.mentions import Example, batches, examples, tensors

GRID = [
    Thresholds(member, sure, split)
    for member in (0.1, 0.15, 0.2, 0.3, 0.4)
    for sure in (0.4, 0.45, 0.5, 0.55)
    if sure >= member
    for split in (0.5, 0.6)
]


class Network(nn.Module):
    """MiniLM with a linear layer on every token: (batch, tokens) -> (batch, tokens, OUTPUTS)."""

    def __init__(self, weights: Path, layers: int, dropout: float) -> None:
        super().__init__()
        from transformers import AutoModel

        self.body = AutoModel.from_pretrained(str(weights), attn_implementation="eager")
        self.body.encoder.layer = self.body.encoder.layer[:layers]
        self.body.pooler = None
        embeddings = self.body.embeddings
        embeddings.word_embeddings.weight.requires_grad = False
        # the sentence encoder was trained with segment 0 alone; the cases start out as small changes to it
        known = embeddings.token_type_embeddings.weight.data[:1]
        embeddings.token_type_embeddings = nn.Embedding(SEGMENTS, DIMENSIONS)
        changed = known.repeat(SEGMENTS, 1) + 0.02 * torch.randn(SEGMENTS, DIMENSIONS)
        embeddings.token_type_embeddings.weight.data = changed
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(DIMENSIONS, OUTPUTS)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Return the logits of every token."""
        hidden = self.body(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        logits: Tensor = self.head(self.dropout(hidden.float()))
        return logits


def train(pool: Sequence[Example], weights: Path, options: argparse.Namespace) -> Iterator[Network]:
    """Yield the network after every epoch."""
    torch.manual_seed(options.seed)
    rng = random.Random(options.seed)
    network = Network(weights, options.layers, options.dropout)
    named = [(name, p) for name, p in network.named_parameters() if p.requires_grad]
    groups = [
        {"params": [p for name, p in named if not name.startswith("head")], "lr": options.lr},
        {"params": [p for name, p in named if name.startswith("head")], "lr": 10 * options.lr},
    ]
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    steps = options.epochs * sum(1 for _ in batches(pool, options.batch_tokens, random.Random(0)))
    warm = max(20, steps // 15)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / warm) * max(0.02, 1 - step / steps)
    )
    for epoch in range(1, options.epochs + 1):
        network.train()
        started, losses = time.monotonic(), []
        for batch in batches(pool, options.batch_tokens, rng):
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=options.bfloat16):
                logits = network(**tensors(batch))
            loss = _loss(logits.float(), batch, options)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
        spent = time.monotonic() - started
        print(f"epoch {epoch}: {spent:.0f} s, loss {np.mean(losses):.4f}", flush=True)
        yield network


def _loss(logits: Tensor, batch: Sequence[Example], options: argparse.Namespace) -> Tensor:
    """Tags of mentions, tags of actors, and the kind of every mention from the mean of its tokens."""
    own = [logits[row, e.window.first : e.window.first + len(e.tags)] for row, e in enumerate(batch)]
    tokens = torch.cat(own)
    weights = torch.tensor([w for e in batch for w in e.weights])
    cross_entropy = nn.functional.cross_entropy
    tags = torch.tensor([tag for e in batch for tag in e.tags])
    actors = torch.tensor([tag for e in batch for tag in e.actors])
    tagging = cross_entropy(tokens[:, :3], tags, reduction="none", label_smoothing=options.smoothing)
    loss = (tagging * weights).sum() / weights.sum() + 0.5 * cross_entropy(tokens[:, 3:6], actors)
    spans = [(rows, span) for rows, e in zip(own, batch, strict=True) for span in e.spans]
    if spans:
        pooled = torch.stack([rows[span.start : span.end, 6:].mean(0) for rows, span in spans])
        kinds = torch.tensor([span.kind for _, span in spans])
        counts = torch.tensor([span.weight for _, span in spans]) + 1e-6
        each = cross_entropy(pooled, kinds, reduction="none", label_smoothing=options.smoothing)
        loss = loss + options.kind_weight * (each * counts).sum() / counts.sum()
    return loss


@torch.no_grad()
def predict(network: Network, pool: Sequence[Example]) -> list[np.ndarray]:
    """Return the logits of every window's tagged tokens, in the order of `pool`."""
    network.eval()
    found: dict[int, np.ndarray] = {}
    for batch in batches(pool, 4096):
        logits = network(**tensors(batch)).float().numpy()
        for row, e in enumerate(batch):
            found[id(e)] = logits[row, e.window.first : e.window.first + len(e.tags)]
    return [found[id(e)] for e in pool]


def held_out_scores(
    documents: Sequence[Document],
    labels: Sequence[LabelledInitiative],
    pool: Sequence[Example],
    logits: Sequence[np.ndarray],
    limits: Thresholds,
) -> Scores:
    """Score the merged lists of held-out documents as `bench/initiatives.py --data` does."""
    windows: dict[tuple[str, str], list[tuple[Example, np.ndarray]]] = {}
    for example, own in zip(pool, logits, strict=True):
        windows.setdefault((example.document, example.paragraph), []).append((example, own))
    scores = []
    for document in documents:
        mentions: list[Mention] = []
        for paragraph in document.readout.paragraphs:
            here = windows.get((document.id, paragraph.number), [])
            if here:
                offsets = [span for example, _ in here for span in example.window.offsets]
                spans = [(s.start, s.end) for s in document.sentences_of(paragraph.number)]
                joined = np.concatenate([own for _, own in here])
                mentions += decode(joined, offsets, paragraph.text, spans, limits, paragraph.number)
        rows = [
            Row(label.span, frozenset({label.kind}), frozenset({label.paragraph}), label.core)
            for label in labels
            if label.document == document.id
        ]
        scores.append(score(document.readout, merge(mentions, document.readout), rows))
    return total(scores)


def write(network: Network, target: Path, limits: Thresholds) -> None:
    """Write the network as INT8 ONNX with its thresholds and checksums."""
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        exported = Path(scratch) / "float32.onnx"
        export(network.eval(), "logits", exported)
        quantize(exported, target / "model.onnx")
    (target / "thresholds.json").write_text(json.dumps(asdict(limits)) + "\n", encoding="utf-8")
    names = ("model.onnx", "thresholds.json")
    sums = [f"{hashlib.sha256((target / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    (target / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")


def main() -> None:
    """Train, and score a held-out fold or write the model."""
    options = _options()
    torch.set_num_threads(options.threads)
    tokenizer: Tokenizer = open_tokenizer(ENCODER_DIR)
    tokenizer.no_truncation()
    documents = list(load_documents(options.data / "train"))
    labels = load_initiatives(options.data / "train")
    pool = list(examples(documents, labels, tokenizer, options.borderline))
    with tempfile.TemporaryDirectory() as scratch:
        weights = options.weights or download_weights(Path(scratch))
        if options.fold is None:
            left_out = (None, *range(options.networks - 1))
            networks = [_trained(_without(pool, fold, options.folds), weights, options) for fold in left_out]
            write(averaged(networks), options.output, Thresholds(*options.thresholds))
        else:
            network = _trained(_without(pool, options.fold, options.folds), weights, options)
            held = [d for d in documents if fold_of(d.id, options.folds) == options.fold]
            _print_scores(network, held, labels, pool)


def _trained(pool: Sequence[Example], weights: Path, options: argparse.Namespace) -> Network:
    *_, network = train([e for e in pool if _kept(e.document, options.share)], weights, options)
    return network


def _without(pool: Sequence[Example], fold: int | None, folds: int) -> list[Example]:
    return [e for e in pool if fold_of(e.document, folds) != fold]


def _print_scores(
    network: Network, held: Sequence[Document], labels: Sequence[LabelledInitiative], pool: Sequence[Example]
) -> None:
    ids = {document.id for document in held}
    held_pool = [e for e in pool if e.document in ids]
    logits = predict(network, held_pool)
    for limits in GRID:
        figures = held_out_scores(held, labels, held_pool, logits, limits).figures(True)
        print(limits, {name: round(value, 3) for name, value in figures.items()}, flush=True)


def averaged(networks: Sequence[Network]) -> Network:
    """Return the network of the mean of all weights ("model soup", Wortsman et al. 2022).

    They start from the same weights, the head's included, so that they end in the same valley.
    """
    states = [network.state_dict() for network in networks]
    mean = {
        name: torch.stack([state[name] for state in states]).mean(0) if value.is_floating_point() else value
        for name, value in states[0].items()
    }
    networks[0].load_state_dict(mean)
    return networks[0]


def _kept(document: str, share: float) -> bool:
    """Whether a document belongs to the share of the data that is used, for a learning curve."""
    return fold_of(f"share of {document}", 100) < 100 * share


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with train/")
    parser.add_argument("--output", type=Path, default=TAGGER_DIR, help="write the model here instead")
    parser.add_argument("--weights", type=Path, help="unpacked weights, instead of fetching them")
    parser.add_argument("--fold", type=int, help="hold out this fold of train/ and score it")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--share", type=float, default=1.0, help="of the documents, for a learning curve")
    parser.add_argument("--networks", type=int, default=2, help="to average: one of all, others but a fold")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--lr", type=float, default=1.5e-4, help="the head's is ten times as much")
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--smoothing", type=float, default=0.1)
    parser.add_argument("--borderline", type=float, default=0.5, help="weight of rows that are not core")
    parser.add_argument("--kind-weight", type=float, default=1.0)
    parser.add_argument("--batch-tokens", type=int, default=1600)
    parser.add_argument("--thresholds", type=float, nargs=3, default=(0.15, 0.45, 0.5))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--bfloat16", action="store_true", help="multiply in bfloat16")
    return parser.parse_args()


if __name__ == "__main__":
    main()
