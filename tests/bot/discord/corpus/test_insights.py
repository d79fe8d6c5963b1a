"""Insights: what was asked in vain, disliked and opened, of the places that whoever asks may look into."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.discord.answer_store import AnswerStore, ShownAnswer
from bot.discord.corpus.corpus_rendering import weeks
from bot.discord.discord_errors import NotAllowedError
from bot.discord.pages import Cited
from bot.discord.permissions import Caller
from bot.locales import load
from tests.bot.discord.corpus.conftest import HERE, THERE, Process

PHRASES = load().of("en-US")
ADMIN, OPERATOR = Caller(5, "admin", HERE, manages_guild=True), Caller(9, "op", HERE)


def at(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T12:00:00").replace(tzinfo=UTC).timestamp() * 1000)


def asked(number: int, question: str, day: str = "2030-05-01", **more: Any) -> ShownAnswer:
    fields = {"mode": "extractive", "user": 5, "guild": HERE, "answered": True, **more}
    return ShownAnswer(id=f"{number:012x}", question=question, at=at(day), **fields)


@pytest.fixture
def process(processes: Callable[..., Process]) -> Process:
    """A server where four things were asked, and one elsewhere."""
    process = processes(operators=(9,))
    for each in (
        asked(1, "Who opens the ferry line?"),
        asked(2, "What does it cost?", answered=False),
        asked(3, "what does it cost", "2030-05-02", answered=False),
        asked(4, "Who *welcomed* it?", "2030-05-09"),
        asked(5, "Elsewhere?", guild=THERE, answered=False),
        asked(6, "a list", answered=None),
    ):
        process.answers.add(each)
    process.answers.rate(asked(4, "").id, 5, False, 1)
    process.answers.rate(asked(4, "").id, 6, True, 2)
    feedback = AnswerStore(process.services.ledger)
    feedback.explain(asked(4, "").id, 5, "not\nEstmark")
    for _ in range(2):
        feedback.opened(HERE, Cited("ferry", "r1", "2", "¶2", ()), 22_000)
    feedback.opened(THERE, Cited("ferry", "r1", "1", "¶1", ()), 22_000)
    return process


async def told(process: Process, caller: Caller, where: str | None = None) -> str:
    found = await process.corpus.insights(caller, where, PHRASES)
    assert found.picture is not None
    assert found.picture.startswith(b"\x89PNG")
    return "\n".join(page.text for page in found.pages)


async def test_an_admin_reads_their_own_server_s(process: Process) -> None:
    assert await told(process, ADMIN) == "\n".join(
        (
            "**Insights, this server only**",
            "Questions: 4 · answered: 2 · 👍 1 · 👎 1",
            "### Asked without an answer",
            "- what does it cost ×2",
            "---",
            "### Disliked, and why",
            "- Who \\*welcomed\\* it? · 👎 1 · 👍 1\n  - “not Estmark”",
            "---",
            "### Most opened paragraphs",
            "- ¶2 · Ferry talks · 2 May 2024: 2",
        )
    )


async def test_an_operator_reads_what_was_asked_everywhere_and_no_readout_of_a_server_s_own(
    process: Process,
) -> None:
    found = await told(process, OPERATOR, "shared")

    assert "Questions: 5" in found
    assert "- Elsewhere?" in found
    assert "Ferry talks" not in found


async def test_nobody_else_reads_any(process: Process) -> None:
    for caller, where in ((Caller(7, "eve", HERE), None), (ADMIN, "shared"), (OPERATOR, "server")):
        with pytest.raises(NotAllowedError):
            await process.corpus.insights(caller, where, PHRASES)


def test_weeks_run_from_the_first_question_to_today_without_a_gap() -> None:
    kept = [
        asked(1, "a", "2030-04-29"),
        asked(2, "b", "2030-05-05", answered=False),
        asked(3, "c", "2030-05-14"),
    ]

    assert weeks(kept, at("2030-05-20")) == [
        ("04-29", 1, 2),
        ("05-06", 0, 0),
        ("05-13", 1, 1),
        ("05-20", 0, 0),
    ]


def test_old_weeks_are_left_out_of_the_picture() -> None:
    assert len(weeks([asked(1, "a", "2020-01-01")], at("2030-05-20"))) == 26
