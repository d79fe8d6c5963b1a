"""What Rapporteur offers to a LangChain chain."""

from __future__ import annotations

import numpy as np

from retrieval.bootstrap import Services
from retrieval.index.encoder import Encoder
from retrieval.langchain_retriever import EncoderEmbeddings, ParagraphRetriever


def test_embeddings_are_the_encoders_own_vectors(encoder: Encoder) -> None:
    embeddings = EncoderEmbeddings(encoder)
    text = "Japan will resume defense exchanges."

    assert embeddings.embed_query(text) == encoder.embed(text).tolist()
    assert np.array_equal(embeddings.embed_documents([text, "Another."])[0], encoder.embed(text))


def test_retriever_returns_whole_paragraphs_with_what_a_citation_needs(shipped: Services) -> None:
    retriever = ParagraphRetriever(answering=shipped.answering, top_k=2)

    found = retriever.invoke("Under which vision will Japan promote initiatives?")

    assert len(found) == 2
    first = found[0]
    paragraph = shipped.browser.paragraph("asean-japan-2022-06-22", "5")
    assert first.page_content == paragraph.text
    assert {key: value for key, value in first.metadata.items() if key != "score"} == {
        "document": "asean-japan-2022-06-22",
        "revision": paragraph.revision,
        "paragraph": "5",
        "numbering": "printed",
        "title": "The 7th ASEAN-Japan Defense Ministers’ Informal Meeting",
        "date": "2022-06-22",
        "url": None,
    }
    assert first.metadata["score"] > found[1].metadata["score"]
