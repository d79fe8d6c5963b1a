"""The whole of ranking, evidence and abstention over every development set, in memory.

    python -m bench.answering --eval DIR [--wrong SET]

The figures are at the shipped threshold, hence not out of fold: see `bench.calibrate` for those.
hit@k: any gold paragraph among the first k. contains: `contains_gold` of answerable
questions, an abstention being a miss.
answered, abstained: of the answerable and of the rest. precision: share of cited paragraphs that are gold or
acceptable, over answered answerable questions. statements: mean of those answers.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from statistics import fmean

from retrieval.answering.extractive import compose

from bench.calibrate import answered, english
from bench.harness import CACHE, Row, Scope, Sets, ask, contains_gold, load
from retrieval.answering.direct import (
    ReadoutName,
    list_mentions,
    look_up,
    named_readout,
    summarise,
)
from retrieval.answering.language import foreign_language, notice
from retrieval.answering.question import Kind, analyse
from retrieval.models import Answer, Status

SEED = "asean-japan-2022-06-22"


def answer(sets: Sets, scope: Scope, text: str, document: str | None) -> tuple[Answer, list[tuple[str, str]]]:
    """Return the answer and the ranking, as the service will put them together."""
    question = analyse(text)
    asked = ask(scope, sets.embed, text, document)
    order = [(r.prepared.paragraph.document, r.prepared.paragraph.number) for r in asked.ranked]
    language = foreign_language(question.core, asked.scope.statistics)
    if language:
        return Answer(text, notice=notice(language)), order
    if question.kind in (Kind.LOOKUP, Kind.MENTIONS, Kind.SUMMARY):
        names = {
            p.paragraph.document: ReadoutName(
                p.paragraph.document, p.paragraph.title, p.paragraph.date, p.paragraph.issuer
            )
            for p in asked.scope.prepared
        }
        target = document or named_readout(question, list(names.values()))
        if not target:
            return Answer(text, notice="Say which readout is meant."), order
        one = scope.only(target)
        paragraphs = [p.paragraph for p in one.prepared]
        if question.kind is Kind.LOOKUP:
            return look_up(question, paragraphs), order
        if question.kind is Kind.MENTIONS:
            return list_mentions(question, paragraphs), order
        return summarise(question, one.prepared, one.sentence_vectors), order
    return compose(question, asked.ranked, asked.scope.statistics, one_readout=asked.one_readout), order


def rendered(answer: Answer) -> str:
    """Return the text that `ask --json` gives, near enough."""
    lines = [f"{s.text} [¶{', ¶'.join(c.paragraph for c in s.citations)}]" for s in answer.statements]
    return " ".join([*lines, answer.notice or ""])


def figures(sets: Sets, name: str, scope: Scope, rows: list[Row], document: str | None, wrong: bool) -> str:
    hits: dict[int, list[bool]] = {1: [], 3: [], 5: []}
    given, contains, kept, precision, lengths = [], [], [], [], []
    for row in rows:
        found, order = answer(sets, scope, row.text, row.document or document)
        if row.gold:
            for k, values in hits.items():
                values.append(any(pair in row.gold for pair in order[:k]))
        if not answered(row):
            kept.append(found.status is Status.NOT_FOUND)
            continue
        said = bool(found.statements) or bool(found.notice)
        right = contains_gold(rendered(found), row)
        given.append(said)
        if row.answerable and (row.answers or row.must_include):
            contains.append(right)
        if found.statements and row.answerable:
            cited = {(c.document, c.paragraph) for s in found.statements for c in s.citations}
            precision.append(len(cited & row.acceptable) / len(cited))
            lengths.append(len(found.statements))
        if wrong and not right:
            print(f"{row.id} {found.confidence:.2f} {row.text!r}\n    {rendered(found)[:400]!r}\n    "
                  f"gold {sorted(row.gold)} {row.must_include or row.answers[:2]} {order[:3]}")  # fmt: skip
    mean = lambda values: f"{fmean(values):.3f}" if values else "  -  "  # noqa: E731
    return (
        f"{name:24} {mean(hits[1])} {mean(hits[3])} {mean(hits[5])}   {mean(contains)} of {len(contains):3} "
        f"{mean(given)}    {mean(kept)} of {len(kept):3}   {mean(precision)}   {mean(lengths)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--eval", type=Path, required=True, help="folder of the development sets")
    parser.add_argument("--cache", type=Path, default=CACHE, help="file that keeps embeddings between runs")
    parser.add_argument("--wrong", default="", help="set whose answers without the gold are printed")
    arguments = parser.parse_args()
    sets = load(arguments.eval, arguments.cache)
    asked = {
        "squad": (sets.squad, sets.questions["squad"], None),
        "readouts": (sets.readouts, english(sets.questions["readouts"]), None),
        "seed": (sets.seed, english(sets.questions["seed"]), SEED),
        "clapnq": (sets.clapnq, sets.questions["clapnq"], None),
        "mtrag": (sets.mtrag, english(sets.questions["mtrag"]), None),
        "squad of readouts": (
            sets.readouts, [off_topic(row) for row in sets.questions["squad"]], None,
        ),
        "squad of seed": (sets.seed, [off_topic(row) for row in sets.questions["squad"]], SEED),
    }  # fmt: skip
    print(
        "set                      hit@1 hit@3 hit@5   contains     answered abstained    precision statements"
    )
    for name, (scope, rows, document) in asked.items():
        print(figures(sets, name, scope, rows, document, name == arguments.wrong))
    sets.embed.save()


def off_topic(row: Row) -> Row:
    from dataclasses import replace

    return replace(row, answerable=False, gold=frozenset(), document=None)


if __name__ == "__main__":
    main()
