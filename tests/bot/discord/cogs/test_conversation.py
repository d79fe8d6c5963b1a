"""Talk that asks nothing, help, questions that change, replies that are taken away."""

from __future__ import annotations

from typing import Any

import discord
import pytest
import simcord

from retrieval.answering.models import Answer
from tests.bot.discord.cogs.test_asking import control, controls, mention, text_of, walk
from tests.bot.discord.conftest import BuildBot
from tests.fakes import FakeServices, initiative


@pytest.fixture
def channel(simcord_env: simcord.Env) -> Any:
    return simcord_env.create_guild().create_text_channel("general")


@pytest.fixture
def member(simcord_env: simcord.Env, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("ann"))


@pytest.fixture
def bob(simcord_env: simcord.Env, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("bob"))


def said_by_bot(channel: Any, env: simcord.Env) -> list[str]:
    return [text_of(message) for message in channel.history() if message.author.id == env.bot.user.id]


async def test_thanks_gets_a_reaction_and_no_answer(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    services.answer = Answer("thanks!", talk="greeting")
    await member.send(channel, f"{mention(simcord_env)} thanks!")

    assert said_by_bot(channel, simcord_env) == []
    assert [str(reaction.emoji) for reaction in channel.last_message.reactions] == ["🙂"]


async def test_a_mention_without_a_question_gets_the_card_whose_examples_ask(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    services.listed = [initiative("Japan-ASEAN Cyber Seminar")]
    await member.send(channel, mention(simcord_env))
    card = channel.last_message
    clicked = await member.click(card, custom_id="example:0")

    assert text_of(card).startswith("I answer questions about official readouts")
    assert controls(card) == [
        "What is said about Japan-ASEAN Cyber Seminar?",
        "What did Japan announce?",
        "What are the main points of ASEAN-Japan meeting?",
    ]
    assert services.asked[-1][0] == "What is said about Japan-ASEAN Cyber Seminar?"
    assert "¶7" in text_of(clicked.response)
    assert not clicked.ephemeral


async def test_a_question_that_the_readouts_do_not_answer_is_no_example(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    services.listed = [initiative("The fish Seminar"), initiative("Reef Seminar")]
    await member.send(channel, mention(simcord_env))

    assert controls(channel.last_message)[0] == "What is said about Reef Seminar?"


async def test_help_names_every_command_that_there_is(
    member: Any, channel: Any, simcord_env: simcord.Env
) -> None:
    tree = simcord_env.bot.tree
    named = {f"`/{c.qualified_name}`" for c in tree.walk_commands() if not hasattr(c, "commands")}
    told = text_of((await member.slash(channel, "help")).response)
    about = text_of((await member.slash(channel, "about")).response)

    assert "`/ask`" in named
    assert all(name in told and name in about for name in named)
    assert "Check against the readouts" in told


async def test_help_explains_to_members_what_members_can_do_and_to_admins_the_rest_too(
    member: Any, channel: Any, simcord_env: simcord.Env
) -> None:
    keepers = simcord_env.guild.create_role("keepers", permissions=discord.Permissions(manage_guild=True))
    admin = simcord_env.guild.add_member(simcord_env.create_user("admin"), roles=[keepers])
    for_members = text_of((await member.slash(channel, "help")).response)
    for_admins = text_of((await admin.slash(channel, "help")).response)

    explained = "`/settings` What this server chose"
    assert explained not in for_members
    assert explained in for_admins
    assert "`/ask` Ask about the readouts" in for_members
    assert "`/ask` Ask about the readouts" in for_admins
    assert "-# For admins: " in for_members
    assert "-# For admins: " not in for_admins


async def test_a_first_direct_message_is_met_with_the_card(
    services: FakeServices, simcord_env: simcord.Env
) -> None:
    services.answer = Answer("hi", talk="greeting")
    ann = simcord_env.create_user("ann")
    await ann.send_dm("hi")

    (sent,) = [r.json for r in simcord_env.http_requests if r.path.endswith("/messages")]
    (text, *_) = [part["content"] for part in walk(sent["components"]) if part["type"] == 10]
    assert text.startswith("I answer questions about official readouts")


@pytest.mark.bot_settings(message_content=True)
async def test_in_an_ask_channel_what_members_tell_each_other_is_left_alone(
    member: Any, bob: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env, build_bot: BuildBot
) -> None:
    await simcord_env.restart_bot(build_bot(message_content=True, ask_channels=(channel.id,)))
    theirs = await bob.send(channel, "What about cyber?")
    asked = len(services.asked)
    await member.send(channel, "I don’t know either", reply_to=theirs)
    await member.send(channel, f"<@{bob.id}> what do you think?")
    services.answer = Answer("lunch?", talk="members")
    await member.send(channel, "lunch?")

    assert [question for question, *_ in services.asked] == ["What about cyber?", "lunch?"]
    assert services.about == [((), True), ((), True)]
    assert asked == 1
    assert len(said_by_bot(channel, simcord_env)) == 1


async def test_an_edited_question_is_answered_again_in_the_same_message(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    me = mention(simcord_env)
    question = await member.send(channel, f"{me} What about fish?")
    first = channel.last_message
    await member.edit(question, f"{me} What about cyber?")

    assert [asked[0] for asked in services.asked] == ["What about fish?", "What about cyber?"]
    assert services.asked[1][3] == ()
    assert len(said_by_bot(channel, simcord_env)) == 1
    assert channel.last_message.id == first.id
    assert "seminar on **cybersecurity**" in text_of(channel.last_message)


async def test_an_edit_that_asks_the_same_is_not_asked_again(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    me = mention(simcord_env)
    question = await member.send(channel, f"{me} What about cyber?")
    await member.edit(question, f"{me}  What about cyber?")

    assert len(services.asked) == 1


@pytest.mark.simcord(check_errors=False)
async def test_an_edited_question_that_fails_leaves_the_answer_that_is_there(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    me = mention(simcord_env)
    question = await member.send(channel, f"{me} What about cyber?")
    services.failing = RuntimeError("whatever")
    await member.edit(question, f"{me} What about seminars?")

    assert "seminar on **cybersecurity**" in text_of(channel.last_message)


async def test_whoever_asked_takes_the_reply_away_and_nobody_else(
    member: Any, bob: Any, channel: Any, simcord_env: simcord.Env
) -> None:
    await member.slash(channel, "ask", question="What about cyber?")
    message = channel.last_message
    refused = await bob.click(message, custom_id=control(message, "delete"))
    assert text_of(refused.response) == "Only whoever asked can take this reply away."
    await member.click(message, custom_id=control(message, "delete"))

    assert said_by_bot(channel, simcord_env) == []


@pytest.mark.parametrize(("emoji", "left"), [("🗑️", 0), ("❌", 0), ("👍", 1)])
async def test_a_reaction_takes_the_reply_away(
    member: Any, bob: Any, channel: Any, simcord_env: simcord.Env, emoji: str, left: int
) -> None:
    await member.slash(channel, "ask", question="What about cyber?")
    await bob.react(channel.last_message, emoji)
    assert len(said_by_bot(channel, simcord_env)) == 1
    await member.react(channel.last_message, emoji)

    assert len(said_by_bot(channel, simcord_env)) == left


async def test_a_follow_up_says_which_readouts_were_cited(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    me = mention(simcord_env)
    await member.send(channel, f"{me} What about cyber?")
    await member.send(channel, f"{me} when is it?", reply_to=channel.last_message)

    assert [about for about, _ in services.about] == [(), ("asean-2022",)]


async def test_a_card_has_no_more_components_than_discord_takes(
    member: Any, channel: Any, simcord_env: simcord.Env
) -> None:
    result = await member.slash(channel, "help")

    components = list(walk([c if isinstance(c, dict) else c.to_dict() for c in result.response.components]))
    assert len(components) <= 40
