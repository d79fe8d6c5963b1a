"""`rapporteur eval`: question file in, figures and answers out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from bot.cli.json_output import answer_json
from retrieval.bootstrap import Services
from retrieval.evaluation import EvalRow, ask_all, figures, read_questions, sample


def evaluate_file(
    services: Services,
    path: Path,
    *,
    limit: int | None,
    seed: int,
    language: str | None,
    answers: Path | None,
    quiet: bool,
) -> dict[str, Any]:
    """Ask the questions of `path` and return their figures; see `retrieval.evaluation` for what they mean."""
    questions = [q for q in read_questions(path) if language is None or q.language == language]
    asked = sample(questions, limit, seed)
    stderr = Console(stderr=True)
    rows = list(
        track(
            ask_all(asked, services.answering, services.browser),
            "Asking",
            total=len(asked),
            console=stderr,
            transient=True,
            disable=quiet or not stderr.is_terminal,
        )
    )
    if answers is not None:
        answers.write_text("".join(_line(row) for row in rows), encoding="utf-8")
    return figures(rows)


def _line(row: EvalRow) -> str:
    content = {"id": row.question.id} | answer_json(row.answer, row.elapsed)
    return json.dumps(content, ensure_ascii=False) + "\n"
