"""Text -> vector, on this machine, with the model that ships with the project.

all-MiniLM-L6-v2 (Wang et al. 2020, MiniLM; sentence-transformers) as INT8 ONNX: see `minilm/PROVENANCE.md`.
Dynamic INT8 makes a text's vector depend on its batch-mates, so every run holds exactly one text, and
texts run side by side on threads instead: the same text has the same vector, always.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.errors import ModelError

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
        if len(texts) < 2:
            yield from map(self.embed, texts)
            return
        _ = self._session, self._tokenizer  # load once, before the threads
        with ThreadPoolExecutor(_cores(), thread_name_prefix="encoder") as pool:
            yield from pool.map(self.embed, texts)

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
        tokenizer = self._load_tokenizer()
        tokenizer.enable_truncation(MAX_TOKENS)
        return tokenizer

    @cached_property
    def _counting_tokenizer(self) -> Tokenizer:
        tokenizer = self._load_tokenizer()
        tokenizer.no_truncation()
        return tokenizer

    def _load_tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_str(self._verified("tokenizer.json").decode())
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1  # parallel over texts, not inside one: see embed_each
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        model = self._verified("model.onnx")
        try:
            return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exception classes share no public base
            raise ModelError(
                f"{self._dir / 'model.onnx'}: ONNX Runtime cannot run it here ({error})."
            ) from error

    def _verified(self, name: str) -> bytes:
        path = self._dir / name
        problem = file_problem(path, published_checksums(self._dir).get(name))
        if problem:
            raise ModelError(
                f"{path}: {problem} Reinstall Rapporteur, or restore the file from its repository."
            )
        return path.read_bytes()


def published_checksums(model_dir: Path = MODEL_DIR) -> dict[str, str]:
    """Return file name -> SHA-256 from the folder's `SHA256SUMS`.

    Raises:
        ModelError: There is no readable list.
    """
    try:
        lines = (model_dir / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ModelError(
            f"{model_dir / 'SHA256SUMS'}: the encoder's checksums cannot be read ({error.strerror}). "
            "Reinstall Rapporteur."
        ) from error
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines if line)}


def file_problem(path: Path, expected_sha256: str | None) -> str | None:
    """Return what is wrong with a model file as one sentence, or None."""
    if not path.is_file():
        return "the encoder's file is missing."
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if digest != expected_sha256:
        return f"the encoder's file is damaged (SHA-256 {digest[:12]}…, {path.stat().st_size:,} bytes)."
    return None


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
