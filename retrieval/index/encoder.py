"""Paragraph -> chunks -> vectors, on this machine, with the model that ships with the project.

all-MiniLM-L6-v2 (Wang et al. 2020, MiniLM; sentence-transformers) as INT8 ONNX: see `minilm/PROVENANCE.md`.
Dynamic INT8 makes a text's vector depend on its batch-mates, so every run holds exactly one text, and
texts run side by side on threads instead: the same text has the same vector, always.

A chunk never crosses a paragraph. Most paragraphs are one chunk; one that is longer than the encoder's window
is split between sentences, so that no word of it goes unseen, and is still cited as the one paragraph.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.language.sentences import sentence_spans
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

CHUNKING_VERSION = 1
"""Part of the index identity: raise it when the template or the splitting changes."""

_SHARE_FOR_TITLE = 4
"""A title may fill at most a quarter of the window."""


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
        _, hidden = self.token_vectors(text)
        mean: Vector = hidden.mean(axis=0)
        unit: Vector = (mean / np.linalg.norm(mean)).astype(np.float32)
        return unit

    def token_vectors(self, text: str) -> tuple[NDArray[np.int64], Vector]:
        """Return the word pieces of `text` and what each means where it stands.

        Returns:
            Ids, int64, (n_tokens,), and vectors, float32, (n_tokens, 384), not of unit length; the first is
            `[CLS]`, the last `[SEP]`. Text past the window is not seen.
        """
        token_ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        (hidden,) = self._session.run(
            None,
            {
                "input_ids": token_ids,
                "attention_mask": np.ones_like(token_ids),
                "token_type_ids": np.zeros_like(token_ids),
            },
        )
        return token_ids[0], hidden[0]

    def piece_ids(self, text: str) -> list[int]:
        """Return the word pieces of `text`, special tokens not counted, as far as the window goes."""
        found: list[int] = self._tokenizer.encode(text).ids[1:-1]
        return found

    def embed_each(self, texts: Sequence[str]) -> Iterator[Vector]:
        """Yield the vector of every text in order, working on all cores."""
        if texts:
            _ = self._session, self._tokenizer  # load once, before the threads
        yield from on_all_cores(self.embed, texts, "encoder")

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


def embedding_text(title: str, text: str) -> str:
    """Return the text to embed for one chunk: its readout's title tells it from its likes elsewhere."""
    return f"{title}\n\n{text}" if title else text


def title_for_embedding(title: str, *, count_tokens: Callable[[str], int], max_tokens: int) -> str:
    """Return `title`, or as many of its words as a quarter of the window holds."""
    room = max_tokens // _SHARE_FOR_TITLE
    words = title.split()[:room]  # a word is one token at least
    if len(title) <= room or count_tokens(title) <= room:
        return title
    while words and count_tokens(" ".join(words)) > room:
        del words[-1]
    return " ".join(words)


def chunk_spans(
    title: str, text: str, *, count_tokens: Callable[[str], int], max_tokens: int, language: str = "en"
) -> list[tuple[int, int]]:
    """Return the half-open spans of `text` that are embedded, in reading order.

    Args:
        count_tokens: Length of a text in the encoder's tokens.
        max_tokens: The encoder's window, special tokens not counted.
    """
    title = title_for_embedding(title, count_tokens=count_tokens, max_tokens=max_tokens)
    room = max_tokens - count_tokens(title)
    # no token is shorter than a character: most paragraphs need no counting
    if len(text) <= room or count_tokens(text) <= room:
        return [(0, len(text))]
    return _split(text, count_tokens, room, language)


def _split(text: str, count_tokens: Callable[[str], int], room: int, language: str) -> list[tuple[int, int]]:
    from langchain_text_splitters import RecursiveCharacterTextSplitter, TextSplitter  # 0.6 s to import

    longest = RecursiveCharacterTextSplitter(
        separators=["; ", ", ", " ", ""],
        keep_separator="end",
        chunk_size=room,
        chunk_overlap=0,
        length_function=count_tokens,
        strip_whitespace=False,
    )

    class SentenceSplitter(TextSplitter):
        """LangChain's merging, over sentences; a sentence longer than the window is split in itself."""

        def split_text(self, text: str) -> list[str]:
            pieces: list[str] = []
            starts = [start for start, _ in sentence_spans(text, language)]
            for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
                sentence = text[start:end]
                pieces += [sentence] if count_tokens(sentence) <= room else longest.split_text(sentence)
            return self._merge_splits(pieces, "")

    splitter = SentenceSplitter(
        chunk_size=room, chunk_overlap=0, length_function=count_tokens, strip_whitespace=True
    )
    return _locate(text, splitter.split_text(text))


def _locate(text: str, pieces: list[str]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    position = 0
    for piece in pieces:
        start = text.index(piece, position)
        position = start + len(piece)
        spans.append((start, position))
    return spans
