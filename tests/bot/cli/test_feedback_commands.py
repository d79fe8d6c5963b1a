"""What readers voted on becomes a question file that `rapporteur eval` reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli.commands import rapporteur
from bot.discord.answer_store import AnswerStore, ShownAnswer
from bot.discord.pages import Cited
from retrieval.bootstrap import Services
from retrieval.evaluation import read_questions


@pytest.fixture
def voted(services: Services) -> Services:
    """Four answers: liked, disliked, rightly not found, and one of a server's own readout."""
    readout = services.browser.documents(["shared"])[0]
    paragraph = services.browser.paragraph(readout.id, "7")
    answers = AnswerStore(services.ledger)

    def add(number: int, *, answered: bool, good: bool, cited: Cited | None = None, **more: str) -> None:
        answer = f"{number:012x}"
        pages = ((cited,),) if cited else ()
        answers.add(
            ShownAnswer(
                answer, f"question {number}?", "extractive", 55, number, pages, answered=answered, **more
            )  # type: ignore[arg-type]
        )
        answers.rate(answer, 55, good, number)

    quoted = Cited(readout.id, readout.revision, "7", "¶7", ((0, 20),))
    add(1, answered=True, good=True, cited=quoted)
    add(2, answered=True, good=False, cited=quoted, parent=f"{1:012x}")
    add(3, answered=False, good=True)
    add(4, answered=True, good=True, cited=Cited("a-server-s-own", "r1", "1", "¶1", ()))
    AnswerStore(services.ledger).explain(f"{2:012x}", 55, "about another meeting")
    assert paragraph.text
    return services


def export(services: Services, file: Path) -> str:
    given = ["feedback", "export", str(file), "--store", str(services.settings.store_dir)]
    result = CliRunner().invoke(rapporteur, given, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_eval_reads_what_is_exported(voted: Services, tmp_path: Path) -> None:
    readout = voted.browser.documents(["shared"])[0]
    quote = voted.browser.paragraph(readout.id, "7").text[:20]
    said = export(voted, tmp_path / "votes.jsonl")

    rows = {row.question: row for row in read_questions(tmp_path / "votes.jsonl")}
    assert "Rows written to" in said
    assert "left out, because they are of a server's own readouts: 1" in said
    assert {question: row.answerable for question, row in rows.items()} == {
        "question 1?": True, "question 2?": True, "question 3?": False,
    }  # fmt: skip
    assert (rows["question 1?"].gold, rows["question 1?"].gold_answers) == ({(readout.id, "7")}, (quote,))
    assert (rows["question 2?"].gold, rows["question 2?"].history) == (frozenset(), ("question 1?",))


def test_reasons_are_there_and_nobody_is_named(voted: Services, tmp_path: Path) -> None:
    export(voted, tmp_path / "votes.jsonl")
    text = (tmp_path / "votes.jsonl").read_text(encoding="utf-8")

    rows = [json.loads(line) for line in text.splitlines()]
    assert [row["reasons"] for row in rows] == [[], ["about another meeting"], []]
    assert "55" not in text.replace(rows[0]["id"], "")
    assert not {"user", "guild"} & set().union(*rows)


def test_a_file_that_cannot_be_written_is_named(voted: Services, tmp_path: Path) -> None:
    given = [
        "feedback",
        "export",
        str(tmp_path / "no" / "votes.jsonl"),
        "--store",
        str(voted.settings.store_dir),
    ]
    result = CliRunner().invoke(rapporteur, given)

    assert "votes.jsonl: this file cannot be written" in str(result.exception)


def test_a_readout_that_is_erased_here_is_taken_out_of_answers_and_their_messages(voted: Services) -> None:
    document = voted.browser.documents(["shared"])[0].id
    answers = AnswerStore(voted.ledger)
    for number in (1, 3):
        answers.link(f"{number:012x}", [number], 5)
    given = ["remove", document, "--purge", "--store", str(voted.settings.store_dir)]
    assert CliRunner().invoke(rapporteur, given, catch_exceptions=False).exit_code == 0

    assert [(each.message, each.channel) for each in answers.withdrawn()] == [(1, 5)]
