"""The two networks that each saw half of the readouts, as readers of what they have not seen."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import onnxruntime

from retrieval.answering.selectors.word_pieces import PieceRarity, PieceStore, Reader
from retrieval.index.encoder import Encoder


def unseeing(work: Path, encoder: Encoder, pieces: PieceRarity) -> Callable[[str], Reader]:
    """Return what gives a readout's reader: one whose network has not seen it."""
    unseen = json.loads((work / "halves.json").read_text(encoding="utf-8"))
    store = PieceStore(encoder, remembered=100_000)
    halves = [Reader(store, pieces, network(work / f"half-{half}.onnx")) for half in (0, 1)]
    return lambda document: halves[unseen.get(document, 0)]


def network(path: Path) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
