"""Questions over series: with a time, contradicted by the readouts, misspelt.

    python -m bench.series --cost DIR     what judging takes back of labelled questions, each asked of its readout
    python -m bench.series [--set development|third|fourth|fifth|sixth|seventh|eighth|held_out] [--show]

The texts and questions were written for this, in `bench/series_sets/`. `held_out` (also --held-out) is what no rule was
written for; the others are what was developed with, `fifth` to `eighth` after they had been read once: they were written
blind, by somebody who had not read the product. Today is 1 May 2026 for all of them.

    timed         the first statement shown, claimed, is in the paragraph of the readout that the question is about
    contradicted  not claimed as answered: by a year, a number, a meeting's number or a party that no readout has so
    confirmed     claimed as answered: its year, number and parties are those of the readouts (from `third` on)
    misspelt      what is shown first is what the question as it should be typed shows, with the same outcome
"""

from __future__ import annotations

import argparse
import importlib
import json
import tempfile
from datetime import date
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.labelled import labelled_questions
from bench.stores import store_of
from retrieval.answering.contradictions import Scoped
from retrieval.answering.models import Answer
from retrieval.answering.service import AnsweringService

TODAY = date(2026, 5, 1)


def readouts_of(module: Any) -> list[dict[str, Any]]:
    """Return the texts of a set in the interchange form."""
    return [
        {
            "id": name,
            "title": series["title"].format(nth=nth, year=year),
            "date": day,
            "issuer": series["issuer"],
            "language": "en",
            "paragraphs": [{"number": str(n), "text": text} for n, text in enumerate(paragraphs, 1)],
        }
        for series in module.SERIES
        for year, (name, nth, day, paragraphs) in series["years"].items()
    ]


def first_shown(answer: Answer) -> tuple[str, str, bool] | None:
    """Return readout, paragraph and whether it is claimed."""
    shown = answer.statements or answer.nearest
    return (
        (shown[0].paragraph.document, shown[0].paragraph.number, bool(answer.statements)) if shown else None
    )


def missed(module: Any, answering: AnsweringService) -> dict[str, list[str]]:
    """Return what went wrong, a line each, by kind."""
    wrong: dict[str, list[str]] = {"timed": [], "contradicted": [], "confirmed": [], "misspelt": []}
    for question, document, paragraph in module.TIMED:
        found = first_shown(answering.ask(question))
        if found != (document, paragraph, True):
            wrong["timed"].append(f"{question} -> {found}, not {document} ¶{paragraph}")
    for question in module.CONTRADICTED:
        answer = answering.ask(question)
        if answer.statements:
            wrong["contradicted"].append(f"{question} -> {answer.statements[0].text}")
    for question in getattr(module, "CONFIRMED", ()):
        if not answering.ask(question).statements:
            wrong["confirmed"].append(question)
    for clean, typed in module.MISSPELT:
        wanted, found = first_shown(answering.ask(clean)), first_shown(answering.ask(typed))
        if wanted != found or wanted is None:
            wrong["misspelt"].append(f"{typed} -> {found}, not {wanted}")
    return wrong


def cost(folder: Path) -> dict[str, list[int]]:
    """Return for right and for wrong claims on labelled readouts how many there are, and how many are taken back."""
    told: list[tuple[Answer, Answer]] = []
    judge = Scoped.judged

    def judged(scoped: Scoped, answer: Answer) -> Answer:
        told.append((answer, judge(scoped, answer)))
        return told[-1][1]

    counts = {"right": [0, 0], "wrong": [0, 0], "meeting, right": [0, 0], "meeting, wrong": [0, 0]}
    with (
        patch.object(Scoped, "judged", judged),
        store_of([folder / "documents.jsonl"]) as services,
    ):
        for question in labelled_questions(folder):
            told.clear()
            answer = services.answering.ask(question.question, document=question.document)
            before = told[0][0] if told else answer
            if before.statements:
                is_right = question.answerable and any(map(question.is_right, before.statements))
                by_meeting = "meeting, " * (before.confidence == 1.0)
                count = counts[f"{by_meeting}{'right' if is_right else 'wrong'}"]
                count[0] += 1
                count[1] += not answer.statements
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--set",
        choices=("development", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "held_out"),
        default="development",
    )
    parser.add_argument("--held-out", action="store_const", dest="set", const="held_out")
    parser.add_argument("--show", action="store_true", help="print every question that went wrong")
    parser.add_argument(
        "--cost", type=Path, metavar="DIR", help="count on labelled readouts what is taken back"
    )
    arguments = parser.parse_args()
    if arguments.cost:
        for kind, (claims, lost) in cost(arguments.cost).items():
            print(f"{kind:<16}{claims} claims, {lost} taken back")
        return
    module = importlib.import_module(f"bench.series_sets.{arguments.set}")
    with tempfile.TemporaryDirectory(prefix="rapporteur-bench-") as folder:
        source = Path(folder) / "readouts.jsonl"
        source.write_text("".join(json.dumps(row) + "\n" for row in readouts_of(module)), encoding="utf-8")
        with store_of([source]) as services:
            services.answering.today = lambda: TODAY
            wrong = missed(module, services.answering)
    for kind, lines in wrong.items():
        if not (total := len(getattr(module, kind.upper(), ()))):
            continue
        print(f"{kind:<14}{(total - len(lines)) / total:.3f}  ({total - len(lines)} of {total})")
        if arguments.show:
            print(*(f"    {line}" for line in lines), sep="\n")


if __name__ == "__main__":
    main()
