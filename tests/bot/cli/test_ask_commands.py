"""`rapporteur chat`: the turns of one terminal are one conversation."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from bot.cli.ask_commands import converse
from retrieval.errors import QuestionError
from tests.fakes import FakeServices


def chat(services: FakeServices, *lines: str) -> str:
    typed = iter([*lines, None])
    shown = io.StringIO()
    converse(services, lambda: next(typed), Console(file=shown))
    return shown.getvalue()


def test_every_question_comes_with_those_before_it() -> None:
    services = FakeServices()
    chat(services, "Myanmar?", "", "and cyber?", "exit", "never asked")

    assert [(asked[0], asked[3]) for asked in services.asked] == [
        ("Myanmar?", ()),
        ("and cyber?", ("Myanmar?",)),
    ]


def test_a_question_that_cannot_be_answered_does_not_end_it(capsys: pytest.CaptureFixture[str]) -> None:
    services = FakeServices(failing=QuestionError("the question is too long"))

    assert chat(services, "a", "b") == ""
    assert capsys.readouterr().err.count("the question is too long") == 2
