"""A 👎 asks why, and what readers do is counted without their names."""

from __future__ import annotations

from typing import Any

import pytest
import simcord

from bot.discord.answer_store import AnswerStore, Rated
from tests.bot.discord.cogs.test_asking import control, text_of


@pytest.fixture
def channel(simcord_env: simcord.Env) -> Any:
    return simcord_env.create_guild().create_text_channel("general")


@pytest.fixture
def member(simcord_env: simcord.Env, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("ann"))


@pytest.fixture
def feedback(simcord_env: simcord.Env) -> AnswerStore:
    found: AnswerStore = simcord_env.bot.bot_services.questions.answers
    return found


async def asked(member: Any, channel: Any, question: str = "What about cyber?") -> Any:
    await member.slash(channel, "ask", question=question)
    return channel.last_message


def votes(feedback: AnswerStore) -> list[tuple[int, int, tuple[str, ...]]]:
    return [(each.good, each.bad, each.reasons) for each in feedback.rated()]


async def test_the_vote_is_kept_whether_or_not_the_form_is_sent(
    member: Any, channel: Any, feedback: AnswerStore
) -> None:
    message = await asked(member, channel)
    opened = await member.click(message, custom_id=control(message, "bad"))

    assert opened.modal is not None
    assert opened.modal["title"] == "What was wrong?"
    assert votes(feedback) == [(0, 1, ())]


async def test_the_reason_is_kept_and_goes_when_the_reader_thinks_again(
    member: Any, channel: Any, feedback: AnswerStore
) -> None:
    message = await asked(member, channel)
    opened = await member.click(message, custom_id=control(message, "bad"))
    sent = await member.submit_modal(opened, {"reason": " It is about *another* meeting. "})

    assert sent.ephemeral
    assert text_of(sent.response) == "Thank you, noted."
    assert votes(feedback) == [(0, 1, ("It is about *another* meeting.",))]

    await member.click(message, custom_id=control(message, "good"))
    assert votes(feedback) == [(1, 0, ())]


async def test_an_empty_form_is_thanked_for_as_well(member: Any, channel: Any, feedback: AnswerStore) -> None:
    message = await asked(member, channel)
    opened = await member.click(message, custom_id=control(message, "bad"))
    sent = await member.submit_modal(opened, {})

    assert text_of(sent.response) == "Thank you, noted."
    assert votes(feedback) == [(0, 1, ())]


async def test_whether_the_readouts_answered_is_kept_with_the_question(
    member: Any, channel: Any, feedback: AnswerStore
) -> None:
    await asked(member, channel)
    await asked(member, channel, "What about fish?")

    assert {each.question: each.answered for each in feedback.asked(None)} == {
        "What about cyber?": True,
        "What about fish?": False,
    }


async def test_an_opened_paragraph_is_counted_and_nobody_is_named(
    member: Any, channel: Any, feedback: AnswerStore, simcord_env: simcord.Env
) -> None:
    message = await asked(member, channel)
    for _ in range(2):
        await member.click(message, custom_id=control(message, "open"))

    assert feedback.most_opened(simcord_env.guild.id) == [("asean-2022", "7", 2)]
    assert feedback.most_opened(simcord_env.guild.id + 1) == []


async def test_votes_of_another_server_are_not_among_a_server_s_own(
    member: Any, channel: Any, feedback: AnswerStore, simcord_env: simcord.Env
) -> None:
    message = await asked(member, channel)
    await member.click(message, custom_id=control(message, "good"))

    here: list[Rated] = feedback.rated(simcord_env.guild.id)
    assert [each.good for each in here] == [1]
    assert feedback.rated(simcord_env.guild.id + 1) == []
