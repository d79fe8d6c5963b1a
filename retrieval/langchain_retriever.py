"""Rapporteur as LangChain sees it: the encoder is an `Embeddings`, retrieval a `BaseRetriever` and a `VectorStore`.

    with build_services(RetrievalSettings()) as services:
        services.ensure_corpus()
        retriever = ParagraphRetriever(answering=services.answering, top_k=4)
        retriever.invoke("Which vision will Japan promote initiatives under?")

LangChain's types stop in this module; importing it costs a second, which `ask` does not pay.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.vectorstores import VectorStore
from pydantic import ConfigDict, Field

from retrieval.answering.service import AnsweringService
from retrieval.errors import UsageError
from retrieval.index.encoder import Encoder
from retrieval.models import SHARED
from retrieval.search.ranking import RankedParagraph
from retrieval.search.scoping import ALL, Filters


class EncoderEmbeddings(Embeddings):
    """The shipped encoder for any LangChain vector store or chain."""

    def __init__(self, encoder: Encoder | None = None) -> None:
        self._encoder = encoder or Encoder()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return a unit vector of 384 floats for each text."""
        return [vector.tolist() for vector in self._encoder.embed_each(texts)]

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question: the same as of the same text elsewhere."""
        vector: list[float] = self._encoder.embed(text).tolist()
        return vector


class ParagraphRetriever(BaseRetriever):
    """Live paragraphs, best first, as LangChain documents.

    A document's text is the paragraph's, verbatim; its metadata is what a citation needs: `document`,
    `revision`, `paragraph`, `numbering`, `title`, `date`, `url`, and `score`, comparable within one answer.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    answering: AnsweringService
    top_k: int = Field(default=5, ge=1, le=24)
    document: str | None = None
    scopes: Sequence[str] = (SHARED,)

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,  # noqa: ARG002 - LangChain's signature
    ) -> list[Document]:
        hits = self.answering.search(query, scopes=self.scopes, document=self.document, top_k=self.top_k)
        return [_as_document(hit) for hit in hits]


class ParagraphStore(VectorStore):
    """Live paragraphs as a vector store that is only read; what an ingest commits is found at once.

    Ranked as for an answer, by meaning and by words; a score is higher the nearer, comparable within one search.
    """

    def __init__(self, answering: AnsweringService, scopes: Sequence[str] = (SHARED,)) -> None:
        self._answering = answering
        self._scopes = scopes

    def similarity_search_with_score(
        self, query: str, k: int = 4, *, filters: Filters = ALL, **_: Any
    ) -> list[tuple[Document, float]]:
        """Return the `k` nearest paragraphs, at most 24, best first, each with its score.

        Args:
            filters: Only of readouts that pass.
        """
        hits = self._answering.search(query, scopes=self._scopes, filters=filters, top_k=k)
        return [(_as_document(hit), hit.score) for hit in hits]

    def similarity_search(
        self, query: str, k: int = 4, *, filters: Filters = ALL, **_: Any
    ) -> list[Document]:
        """Return the `k` nearest paragraphs, at most 24, best first."""
        return [found for found, _ in self.similarity_search_with_score(query, k, filters=filters)]

    def add_texts(self, texts: Iterable[str], *_: Any, **__: Any) -> NoReturn:  # noqa: ARG002 - LangChain's signature
        """Refuse: paragraphs come from readouts alone.

        Raises:
            UsageError: Always.
        """
        raise UsageError("Texts cannot be added here. Ingest the readout that they stand in.")

    @classmethod
    def from_texts(cls, texts: list[str], embedding: Embeddings, *_: Any, **__: Any) -> NoReturn:  # noqa: ARG003
        """Refuse, as `add_texts` does."""
        raise UsageError("Texts cannot be added here. Ingest the readout that they stand in.")


def _as_document(hit: RankedParagraph) -> Document:
    paragraph = hit.prepared.paragraph
    return Document(
        page_content=paragraph.text,
        metadata={
            "document": paragraph.document,
            "revision": paragraph.revision,
            "paragraph": paragraph.number,
            "numbering": paragraph.numbering.value,
            "title": paragraph.title,
            "date": paragraph.date,
            "url": paragraph.source_url,
            "score": hit.score,
        },
    )
