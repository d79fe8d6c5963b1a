"""Retrieval side by side with the usual recipe, in one run.

    python scripts/build_encoder.py --float32 bench/.cache/float32    # once; needs PyTorch, see its docstring
    python bench/recipe.py --eval DIR [--float32 bench/.cache/float32]

The usual recipe is what a tutorial builds: LangChain's RecursiveCharacterTextSplitter (1,000 characters, 200
overlap), LangChain's Chroma with its defaults, the float32 model, top-k by distance. A chunk counts for the
paragraph it was cut from, which flatters the recipe: by itself it would not know the number.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from stores import eval_dir, readouts_of, store_of

from retrieval.bootstrap import Services
from retrieval.evaluation import EvalQuestion, Place, read_questions
from retrieval.settings import shipped_corpus_dir


class Float32Embeddings:
    """all-MiniLM-L6-v2 as published: float32, window 256, mean pooling."""

    def __init__(self, folder: Path) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(256)
        self._session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), providers=["CPUExecutionProvider"]
        )

    def embed_query(self, text: str) -> list[float]:
        ids = np.array([self._tokenizer.encode(text).ids], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        mean = self._session.run(None, inputs)[0][0].mean(axis=0)
        return (mean / np.linalg.norm(mean)).tolist()

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


def main() -> None:
    parser, folder = eval_dir(__doc__)
    parser.add_argument("--float32", type=Path, default=Path("bench/.cache/float32"), metavar="DIR")
    model = Float32Embeddings(parser.parse_args().float32)
    print(f"{'set':<12}{'questions':>10}   {'Rapporteur hit@1/3/5':<24}{'usual recipe hit@1/3/5':<24}")
    with ExitStack() as stack:
        sets = {
            "squad": ([folder / "squad" / "documents.jsonl"], folder / "squad" / "questions.jsonl"),
            "readouts": (stack.enter_context(readouts_of(folder)), folder / "readout-questions.jsonl"),
            "seed": ([shipped_corpus_dir()], folder / "seed-questions.jsonl"),
            "clapnq": ([folder / "clapnq" / "documents.jsonl"], folder / "clapnq" / "questions.jsonl"),
        }
        for name, (sources, path) in sets.items():
            questions = [q for q in read_questions(path) if q.answerable and q.gold and q.language == "en"]
            with store_of(sources) as services:
                ours = [_ours(services, q) for q in questions]
                theirs = _recipe(services, questions, model)
            print(f"{name:<12}{len(questions):>10}   {_hits(ours):<24}{_hits(theirs):<24}")


def _ours(services: Services, q: EvalQuestion) -> int | None:
    hits = services.answering.search(q.question, document=q.document, top_k=5)
    return _rank([(h.prepared.paragraph.document, h.prepared.paragraph.number) for h in hits], q)


def _recipe(services: Services, questions: list[EvalQuestion], model: Float32Embeddings) -> list[int | None]:
    from langchain_chroma import Chroma
    from langchain_core.documents import Document
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    documents = [
        Document(page_content=p.text, metadata={"document": summary.id, "paragraph": p.number})
        for summary in services.browser.documents()
        for p in services.browser.readout(summary.id).paragraphs
    ]
    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    with tempfile.TemporaryDirectory(prefix="rapporteur-bench-") as target:
        store = Chroma.from_documents(
            splitter.split_documents(documents), model, persist_directory=target, collection_name="recipe"
        )
        return [_rank(_places(store, q), q) for q in questions]


def _places(store, q: EvalQuestion) -> list[Place]:
    only = {"document": q.document} if q.document else None
    found = store.similarity_search_with_score(q.question, k=20, filter=only)
    places = [(d.metadata["document"], d.metadata["paragraph"]) for d, _ in found]
    return list(dict.fromkeys(places))


def _rank(places: list[Place], q: EvalQuestion) -> int | None:
    return next((i for i, place in enumerate(places, start=1) if place in q.gold), None)


def _hits(ranks: list[int | None]) -> str:
    shares = (sum(r is not None and r <= k for r in ranks) / len(ranks) for k in (1, 3, 5))
    return " / ".join(f"{share:.3f}" for share in shares)


if __name__ == "__main__":
    main()
