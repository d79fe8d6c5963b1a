"""Text -> vector, on this machine, with the model that ships with the project.

all-MiniLM-L6-v2 (Wang et al. 2020, MiniLM; sentence-transformers) as INT8 ONNX: see `minilm/PROVENANCE.md`.
Dynamic INT8 makes a text's vector depend on its batch-mates, so every run holds exactly one text, and
texts run side by side on threads instead: the same text has the same vector, always.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.model_files import on_all_cores, open_session, open_tokenizer, published_checksums

if TYPE_CHECKING:
    import onnxruntime
    from tokenizers import Tokenizer

Vector = NDArray[np.float32]

MODEL_DIR = Path(__file__).parent / "minilm"
DIMENSIONS = 384
MAX_TOKENS = 256
"""The model's window in tokens, `[CLS]` and `[SEP]` included; it was trained on no more."""

_SPECIAL_TOKENS = 2


class Encoder:
    """The shipped sentence encoder.

    Args:
        model_dir: Folder with `model.onnx`, `tokenizer.json` and `SHA256SUMS`.

    Raises:
        ModelError: On first use, when a file is missing, damaged or cannot be run.
    """

    provider = "builtin"
    dimensions = DIMENSIONS
    max_text_tokens = MAX_TOKENS - _SPECIAL_TOKENS

    def __init__(self, model_dir: Path = MODEL_DIR) -> None:
        self._dir = model_dir

    @cached_property
    def identity(self) -> str:
        """First 12 hexadecimal digits of the SHA-256 over the published checksums of the files."""
        sums = "\n".join(
            f"{digest}  {name}" for name, digest in sorted(published_checksums(self._dir).items())
        )
        return hashlib.sha256(sums.encode()).hexdigest()[:12]

    def embed(self, text: str) -> Vector:
        """Return the unit vector of `text`: float32, (384,). Text past the window is not seen."""
        token_ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        (hidden,) = self._session.run(
            None,
            {
                "input_ids": token_ids,
                "attention_mask": np.ones_like(token_ids),
                "token_type_ids": np.zeros_like(token_ids),
            },
        )
        mean: Vector = hidden[0].mean(axis=0)
        unit: Vector = (mean / np.linalg.norm(mean)).astype(np.float32)
        return unit

    def embed_each(self, texts: Sequence[str]) -> Iterator[Vector]:
        """Yield the vector of every text in order, working on all cores."""
        if texts:
            _ = self._session, self._tokenizer  # load once, before the threads
        yield from on_all_cores(self.embed, texts, "encoder")

    def embed_all(self, texts: Iterable[str]) -> Vector:
        """Return the vectors of `texts`: float32, (n_texts, 384)."""
        vectors = list(self.embed_each(list(texts)))
        return np.stack(vectors) if vectors else np.empty((0, DIMENSIONS), dtype=np.float32)

    def similarities(self, text: str, others: Sequence[str]) -> list[float]:
        """Return the cosine of `text` and each of `others`, -1..1."""
        found: list[float] = (self.embed_all(others) @ self.embed(text)).tolist()
        return found

    def count_tokens(self, text: str) -> int:
        """Return the number of word pieces in `text`, special tokens not counted, however long it is."""
        return len(self._counting_tokenizer.encode(text, add_special_tokens=False).ids)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = open_tokenizer(self._dir)
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @cached_property
    def _counting_tokenizer(self) -> Tokenizer:
        tokenizer = open_tokenizer(self._dir)
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        return open_session(self._dir)
