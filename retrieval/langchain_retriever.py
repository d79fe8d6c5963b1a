"""Rapporteur as LangChain sees it: the encoder is an `Embeddings`, retrieval a `BaseRetriever`.

    with build_services(RetrievalSettings()) as services:
        services.ensure_corpus()
        retriever = ParagraphRetriever(answering=services.answering, top_k=4)
        retriever.invoke("Which vision will Japan promote initiatives under?")

LangChain's types stop in this module; importing it costs a second, which `ask` does not pay.
"""

from __future__ import annotations

from collections.abc import Sequence

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from retrieval.answering.service import AnsweringService
from retrieval.index.encoder import Encoder
from retrieval.models import SHARED
from retrieval.search.ranking import RankedParagraph


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
