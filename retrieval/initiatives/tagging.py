"""Paragraph -> mentions, with the network that ships with the project: see `tagger/MODEL_CARD.md`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.index.encoder import MODEL_DIR as ENCODER_DIR
from retrieval.initiatives.mentions import OUTPUTS, Logits, Mention, Thresholds, decode
from retrieval.initiatives.windows import Window, windows
from retrieval.model_files import on_all_cores, open_session, open_tokenizer, verified

if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Tokenizer

TAGGER_DIR = Path(__file__).parent / "tagger"


@dataclass(frozen=True, slots=True)
class Passage:
    """A paragraph to tag.

    Attributes:
        sentences: Half-open spans of `text`, in reading order.
        lead_in: The heading or the line that it stands under, or "".
    """

    paragraph: str
    text: str
    sentences: tuple[tuple[int, int], ...]
    lead_in: str = ""


class Tagger:
    """MiniLM-L6 as a token tagger, INT8 ONNX; one window a run, so that a passage has one result, always.

    Args:
        model_dir: Folder with `model.onnx`, `thresholds.json` and `SHA256SUMS`.
        tokenizer_dir: Folder of the encoder, whose tokenizer it is.

    Raises:
        ModelError: On first use, when a file is missing, damaged or cannot be run.
    """

    def __init__(self, model_dir: Path = TAGGER_DIR, tokenizer_dir: Path = ENCODER_DIR) -> None:
        self._dir = model_dir
        self._tokenizer_dir = tokenizer_dir

    def tag(self, passage: Passage) -> list[Mention]:
        """Return the mentions of a passage, in reading order."""
        return next(self.tag_each([passage]))

    def tag_each(self, passages: Sequence[Passage]) -> Iterator[list[Mention]]:
        """Yield the mentions of every passage in order, working on all cores."""
        cut = [list(windows(self._tokenizer, p.text, p.sentences, p.lead_in)) for p in passages]
        _ = self._session  # load once, before the threads
        logits = on_all_cores(self._logits, [window for each in cut for window in each], "tagger")
        for passage, own in zip(passages, cut, strict=True):
            if not own:
                yield []
                continue
            tags = np.concatenate([next(logits) for _ in own])
            spans = [span for window in own for span in window.offsets]
            yield list(
                decode(tags, spans, passage.text, passage.sentences, self._thresholds, passage.paragraph)
            )

    def _logits(self, window: Window) -> Logits:
        """The logits of the tagged tokens: float32, (n_tokens, OUTPUTS)."""
        token_ids = np.array([window.token_ids], dtype=np.int64)
        (logits,) = self._session.run(
            None,
            {
                "input_ids": token_ids,
                "attention_mask": np.ones_like(token_ids),
                "token_type_ids": np.array([window.type_ids], dtype=np.int64),
            },
        )
        tagged: Logits = logits[0, window.first : window.first + len(window.offsets), :OUTPUTS]
        return tagged

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return open_session(self._dir)

    @cached_property
    def _thresholds(self) -> Thresholds:
        return Thresholds(**json.loads(verified(self._dir, "thresholds.json")))

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = open_tokenizer(self._tokenizer_dir)
        tokenizer.no_truncation()
        return tokenizer


@cache
def shipped_tagger() -> Tagger:
    """Return the tagger that ships with the project, one a process: its files are read once."""
    return Tagger()
