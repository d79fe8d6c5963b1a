"""What the encoder is given for a paragraph.

A chunk never crosses a paragraph. Most paragraphs are one chunk; one that is longer than the encoder's window
is split between sentences, so that no word of it goes unseen, and is still cited as the one paragraph.
"""

from __future__ import annotations

from collections.abc import Callable

from retrieval.language.sentences import sentence_spans

CHUNKING_VERSION = 1
"""Part of the index identity: raise it when the template or the splitting changes."""

_SHARE_FOR_TITLE = 4
"""A title may fill at most a quarter of the window."""


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
