"""/ask, mentions and the controls under answers, with services that can be slow, full or broken."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import simcord

from bot.discord.question_service import Place
from bot.locales import load
from retrieval.answering.foreign_questions import LANGUAGES
from retrieval.answering.models import Answer
from retrieval.errors import ModelUnavailableError, NotFoundError, SettingsError, StoreError
from retrieval.models import Statement
from retrieval.search.scoping import Filters
from tests.bot.discord.conftest import BuildBot
from tests.fakes import FakeLine, FakeServices, paragraph


def walk(components: Any) -> Iterator[dict[str, Any]]:
    for component in components:
        yield component
        yield from walk(component.get("components", []))


def text_of(message: Any) -> str:
    """All text of a message of components."""
    return "\n".join(part["content"] for part in walk(raw(message)) if part["type"] == 10)


def raw(message: Any) -> list[dict[str, Any]]:
    components = message.components
    return [c if isinstance(c, dict) else c.to_dict() for c in components]


def controls(message: Any) -> list[str]:
    buttons = [c for c in walk(raw(message)) if c["type"] == 2]
    return [button.get("label") or button["emoji"]["name"] for button in buttons]


def control(message: Any, action: str) -> str:
    return next(c["custom_id"] for c in walk(raw(message)) if c.get("custom_id", "").startswith(action))


@pytest.fixture
def channel(simcord_env: simcord.Env) -> Any:
    return simcord_env.create_guild().create_text_channel("general")


@pytest.fixture
def member(simcord_env: simcord.Env, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("ann"))


@pytest.fixture
def bob(simcord_env: simcord.Env, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("bob"))


def mention(env: simcord.Env) -> str:
    return f"<@{env.bot.user.id}>"


async def test_a_question_gets_an_answer_with_its_paragraph(member: Any, channel: Any) -> None:
    result = await member.slash(channel, "ask", question="What about cyber?")

    told = text_of(result.response)
    assert not result.ephemeral
    assert "seminar on **cybersecurity** this year. [¶7](https://example.org/readout#:~:text=" in told
    assert told.startswith(
        "-# Answered, in the readouts’ own words · “What about cyber?”\n### ASEAN-Japan meeting\n"
    )
    assert controls(result.response) == ["¶7", "Copy citation", "Save as file", "👍", "👎", "🗑️"]


async def test_the_hint_that_nothing_was_asked_is_for_its_asker_alone(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.answer = Answer("?", talk="greeting")
    result = await member.slash(channel, "ask", question="?")

    hint = "Ask me something about the readouts, for example: what was announced?"
    assert (result.ephemeral, hint in text_of(result.response)) == (True, True)


async def test_a_quick_answer_goes_out_in_one_piece(member: Any, channel: Any) -> None:
    result = await member.slash(channel, "ask", question="What about cyber?")

    assert not result.deferred


async def test_a_cited_paragraph_opens_for_the_reader_who_clicks(
    member: Any, channel: Any, simcord_env: simcord.Env
) -> None:
    await member.slash(channel, "ask", question="What about cyber?")
    clicked = await member.click(channel.last_message, custom_id=control(channel.last_message, "open"))

    assert clicked.ephemeral
    assert "**Japan will hold a seminar on cybersecurity this year.**" in text_of(clicked.response)
    assert "\\*stars\\*" in text_of(clicked.response)


async def test_controls_work_after_a_restart(
    member: Any, channel: Any, simcord_env: simcord.Env, build_bot: BuildBot
) -> None:
    await member.slash(channel, "ask", question="What about cyber?")
    message = channel.last_message
    await simcord_env.restart_bot(build_bot())

    copied = await member.click(message, custom_id=control(message, "copy"))
    rated = await member.click(message, custom_id=control(message, "good"))

    assert "ASEAN-Japan meeting, 22 June 2022, ¶7." in text_of(copied.response)
    assert text_of(rated.response) == "Thank you, noted."


async def test_a_readout_that_changed_is_shown_as_it_stands_now_without_bold(
    member: Any, channel: Any, services: FakeServices
) -> None:
    await member.slash(channel, "ask", question="What about cyber?")
    services.paragraphs[0] = replace(services.paragraphs[0], revision="r2", text="Other words.")
    clicked = await member.click(channel.last_message, custom_id=control(channel.last_message, "open"))

    assert "Other words." in text_of(clicked.response)
    assert "This readout has changed since the answer was given." in text_of(clicked.response)


async def test_a_paragraph_that_is_gone_is_said_to_be_gone(
    member: Any, channel: Any, services: FakeServices
) -> None:
    await member.slash(channel, "ask", question="What about cyber?")
    services.paragraphs.clear()
    clicked = await member.click(channel.last_message, custom_id=control(channel.last_message, "open"))

    assert text_of(clicked.response) == "This paragraph is no longer among the readouts."


async def test_more_paragraphs_than_a_row_has_buttons_are_offered_in_a_select(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.paragraphs = [paragraph(number=str(n)) for n in range(1, 8)]
    services.answer = Answer("?", tuple(Statement(p, 0, 5) for p in services.paragraphs))
    await member.slash(channel, "ask", question="Everything?")
    message = channel.last_message
    chosen = await member.select(message, custom_id=control(message, "pick"), values=["6"])

    assert controls(message) == ["Copy citation", "Save as file", "👍", "👎", "🗑️"]
    assert "¶7" in text_of(chosen.response)


async def test_a_long_answer_is_carried_over_several_messages_each_with_its_citations(
    member: Any, channel: Any, services: FakeServices
) -> None:
    source = paragraph(text="lorem " * 240, source_url=None)
    services.answer = Answer("?", tuple(Statement(source, 0, len(source.text)) for _ in range(6)))
    result = await member.slash(channel, "ask", question="Everything?")

    messages = [result.response, *result.followups]
    assert len(messages) == 3
    assert all("¶7" in controls(m) for m in messages)
    assert sum(text_of(m).count("lorem") for m in messages) == 1440


@pytest.mark.simcord(check_errors=False)
async def test_a_failure_is_one_sentence_with_an_id_that_is_in_the_log(
    member: Any, channel: Any, services: FakeServices, caplog: pytest.LogCaptureFixture
) -> None:
    services.failing = RuntimeError("secret detail")
    result = await member.slash(channel, "ask", question="What about cyber?")

    told = text_of(result.response)
    reference = re.search(r"`([0-9a-f]{8})`", told)
    assert result.ephemeral
    assert "secret detail" not in told
    assert reference is not None
    assert reference[1] in caplog.text


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        (StoreError("disk"), "The readouts can’t be reached right now."),
        (NotFoundError("no"), "There is no readout `nowhere`."),
    ],
    ids=["store", "document"],
)
async def test_an_error_that_a_member_can_act_on_is_explained(
    member: Any, channel: Any, services: FakeServices, failing: Exception, told: str
) -> None:
    services.failing = failing
    result = await member.slash(channel, "ask", question="Cyber?", document="nowhere")

    assert text_of(result.response).startswith(told)


@pytest.mark.parametrize(
    ("question", "told"),
    [("x" * 1_001, "That question has 1001 characters; the limit is 1000."), ("  ", "I can’t read that")],
    ids=["too long", "empty"],
)
async def test_what_is_no_question_is_refused_with_the_limit(
    member: Any, channel: Any, question: str, told: str
) -> None:
    result = await member.slash(channel, "ask", question=question)

    assert result.ephemeral
    assert text_of(result.response).startswith(told)


@pytest.mark.bot_settings(concurrent_questions=1, waiting_questions=0)
async def test_a_full_queue_says_so_instead_of_keeping_silent(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    services.gate = threading.Event()
    questions = simcord_env.bot.bot_services.questions
    waiting = asyncio.ensure_future(questions._questions.run(services.gate.wait))
    await asyncio.sleep(0)
    result = await member.slash(channel, "ask", question="What about cyber?")
    services.gate.set()
    await waiting

    assert text_of(result.response).startswith("I’m answering as many questions as I can")


@pytest.mark.bot_settings(user_questions_per_minute=1)
async def test_one_members_limit_does_not_stop_another(member: Any, bob: Any, channel: Any) -> None:
    await member.slash(channel, "ask", question="Cyber?")
    refused = await member.slash(channel, "ask", question="Cyber?")
    other = await bob.slash(channel, "ask", question="Cyber?")

    assert re.fullmatch(r"That’s a lot .* try again in \d+ s\.", text_of(refused.response))
    assert "¶7" in text_of(other.response)


async def test_a_member_is_answered_from_the_own_server_and_the_shared_readouts_only(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    await member.slash(channel, "ask", question="Cyber?")

    assert services.asked[0][1] == ("shared", f"guild:{simcord_env.guild.id}")


async def test_a_direct_message_is_answered_from_the_shared_readouts_only(
    services: FakeServices, simcord_env: simcord.Env
) -> None:
    ann = simcord_env.create_user("ann")
    await ann.send_dm("What about cyber?")

    assert [(asked[0], asked[1]) for asked in services.asked] == [("What about cyber?", ("shared",))]


async def test_an_answer_pings_nobody(member: Any, channel: Any, simcord_env: simcord.Env) -> None:
    await member.send(channel, f"{mention(simcord_env)} What about @everyone?")
    await member.slash(channel, "ask", question="What about @everyone and <@1>?")

    bodies = [r.json.get("data", r.json) for r in simcord_env.http_requests if isinstance(r.json, dict)]
    sent = [body for body in bodies if "components" in body]
    assert len(sent) == 2
    assert all(body["allowed_mentions"]["parse"] == [] for body in sent)
    assert not any(re.search(r"@(everyone|\d)", str(body["components"])) for body in sent)


async def test_replies_of_two_members_to_two_answers_do_not_mix(
    member: Any, bob: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    me = mention(simcord_env)
    await member.send(channel, f"{me} Tell me of Myanmar")
    first = channel.last_message
    await bob.send(channel, f"{me} Tell me of cyber")
    second = channel.last_message
    await member.send(channel, f"{me} and then?", reply_to=first)
    await bob.send(channel, f"{me} and why?", reply_to=second)

    assert [(asked[0], asked[3]) for asked in services.asked] == [
        ("Tell me of Myanmar", ()),
        ("Tell me of cyber", ()),
        ("and then?", ("Tell me of Myanmar",)),
        ("and why?", ("Tell me of cyber",)),
    ]


async def test_messages_that_are_not_meant_for_the_bot_are_left_alone(
    member: Any, channel: Any, services: FakeServices
) -> None:
    await member.send(channel, "What about cyber?")

    assert services.asked == []


@pytest.mark.bot_settings(message_content=True)
async def test_a_reply_to_another_bot_s_answer_is_that_bot_s_to_take_up(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    """Two bots may share one ledger, which knows the answers of both."""
    other = simcord_env.guild.add_member(simcord_env.create_user("other", bot=True))
    theirs = await other.send(channel, "an answer")
    mine = (await member.slash(channel, "ask", question="What was announced?")).response
    questions = simcord_env.bot.bot_services.questions
    answer = questions.answers.of_message(mine.id)
    questions.answers.link(answer, [theirs.id])
    asked = len(services.asked)
    await member.send(channel, "and then?", reply_to=theirs)
    assert len(services.asked) == asked
    await member.send(channel, "and then?", reply_to=mine)

    assert len(services.asked) == asked + 1


async def test_what_is_closest_to_nothing_found_is_shown_to_whoever_asks_for_it(
    member: Any, bob: Any, channel: Any
) -> None:
    result = await member.slash(channel, "ask", question="What about fish?")
    closest = await bob.click(result.response, custom_id=control(result.response, "closest"))
    opened = await bob.click(closest.response, custom_id=control(closest.response, "open"))

    assert text_of(result.response) == "The readouts don’t answer this.\n-# “What about fish?”"
    assert controls(result.response) == ["Show the closest paragraphs", "👍", "👎", "🗑️"]
    assert closest.ephemeral
    assert text_of(closest.response).startswith("Closest paragraphs – they may be about something else:\n")
    assert "**Japan will hold a seminar on cybersecurity this year.**" in text_of(opened.response)


async def test_what_was_found_is_not_replaced_by_an_error(
    member: Any, channel: Any, services: FakeServices
) -> None:
    """A model's choice that fails, however, leaves what the shipped selector chose."""
    services.found = services.ask("What about cyber?")
    services.failing = RuntimeError("whatever")
    result = await member.slash(channel, "ask", question="What about cyber?")

    told = text_of(result.response)
    assert "seminar on **cybersecurity** this year. [¶7]" in told
    assert "-# The language model gave no answer; these sentences were chosen without it." in told


@pytest.mark.simcord(check_errors=False)
async def test_what_is_on_the_screen_stays_where_the_answer_cannot_be_kept(
    member: Any,
    channel: Any,
    services: FakeServices,
    simcord_env: simcord.Env,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.found = services.ask("What about cyber?")

    def fail(*_: object) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(simcord_env.bot.bot_services.questions.answers, "add", fail)
    await member.send(channel, f"{mention(simcord_env)} What about cyber?")

    assert "seminar on **cybersecurity** this year. [¶7]" in text_of(channel.last_message)


async def test_quotes_are_translated_for_the_reader_who_asks_for_it(
    member: Any, channel: Any, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANGUAGES, "en", "Japanese")  # the simulated reader's Discord is in English
    services.translation = "セミナー"
    await member.slash(channel, "ask", question="What about cyber?")
    message = channel.last_message
    clicked = await member.click(message, custom_id=control(message, "translate"))

    assert clicked.ephemeral
    told = text_of(clicked.response)
    assert "Japan will hold a seminar on cybersecurity this year" in told
    assert "> セミナー (Japanese)" in told
    assert "-# Machine translation by fake:m, not checked." in told
    assert "セミナー" not in text_of(channel.last_message)


async def test_without_the_setting_there_is_no_button_to_translate(member: Any, channel: Any) -> None:
    result = await member.slash(channel, "ask", question="What about cyber?")

    assert "Translate" not in controls(result.response)


async def test_a_reader_in_the_readouts_language_is_told_why_there_is_nothing_to_translate(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.translation = "-"
    await member.slash(channel, "ask", question="What about cyber?")
    clicked = await member.click(channel.last_message, custom_id=control(channel.last_message, "translate"))

    assert "yours is English" in text_of(clicked.response)


async def test_a_translation_that_fails_is_a_sentence(
    member: Any, channel: Any, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANGUAGES, "en", "Japanese")
    services.translation = ModelUnavailableError("slow")
    await member.slash(channel, "ask", question="What about cyber?")
    message = channel.last_message
    clicked = await member.click(message, custom_id=control(message, "translate"))

    assert text_of(clicked.response).startswith("The language model gave no translation.")


async def test_a_check_in_a_thread_is_no_part_of_its_conversation(
    services: FakeServices, simcord_env: simcord.Env
) -> None:
    questions, phrases = simcord_env.bot.bot_services.questions, load().of("en-US")
    await questions.check("A claim that only its reader saw.", Place(user=1, guild=2, thread=3), phrases)

    await questions.ask("What about cyber?", Place(user=4, guild=2, thread=3), phrases)

    assert services.asked[-1][3] == ()


async def test_a_translation_of_words_that_are_gone_says_so(
    member: Any, channel: Any, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANGUAGES, "en", "Japanese")
    services.translation = "セミナー"
    await member.slash(channel, "ask", question="What about cyber?")
    services.paragraphs.clear()
    message = channel.last_message
    clicked = await member.click(message, custom_id=control(message, "translate"))

    assert text_of(clicked.response) == "This paragraph is no longer among the readouts."


@pytest.mark.bot_settings(user_questions_per_minute=2)
async def test_translations_are_limited_as_questions_are(
    member: Any, channel: Any, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANGUAGES, "en", "Japanese")
    services.translation = "セミナー"
    await member.slash(channel, "ask", question="What about cyber?")
    message = channel.last_message
    translated = await member.click(message, custom_id=control(message, "translate"))
    refused = await member.click(message, custom_id=control(message, "translate"))

    assert "セミナー" in text_of(translated.response)
    assert text_of(refused.response).startswith("That’s a lot of questions at once.")


async def test_a_button_to_translate_outlives_the_setting(
    member: Any, channel: Any, services: FakeServices, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(LANGUAGES, "en", "Japanese")
    services.translation = SettingsError("Quotes are not translated.")
    await member.slash(channel, "ask", question="What about cyber?")
    message = channel.last_message
    clicked = await member.click(message, custom_id=control(message, "translate"))

    assert text_of(clicked.response).startswith("The language model gave no translation.")


async def test_never_more_choices_than_discord_takes(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    scope = f"guild:{simcord_env.guild.id}"
    services.scoped[scope] = [FakeLine(f"r{n}", "A very long title " * 12, "2024-01-01") for n in range(40)]
    choices = await member.autocomplete(channel, "ask", "document", "long title")

    assert len(choices) == 25
    assert all(len(choice["name"]) <= 100 for choice in choices)


async def test_filters_reach_the_question_and_a_bound_that_is_no_date_is_told(
    member: Any, channel: Any, services: FakeServices
) -> None:
    await member.slash(
        channel, "ask", question="Cyber?", document="asean-2022", since="March 2022", issuer="Japan"
    )
    refused = await member.slash(channel, "ask", question="Cyber?", until="soon")

    assert services.filters == [Filters(("asean-2022",), "2022-03", None, "Japan", None)]
    assert "soon" in text_of(refused.response)


async def test_a_channel_asks_the_readouts_that_its_admins_chose(
    member: Any, channel: Any, services: FakeServices, simcord_bot: Any
) -> None:
    chosen = Filters(issuer="Japan")
    await simcord_bot.get_cog("AskCog").questions.set_channel_filters(channel.id, chosen)
    await member.slash(channel, "ask", question="Cyber?")
    await member.slash(channel, "ask", question="Cyber?", title="meeting")
    await simcord_bot.get_cog("AskCog").questions.set_channel_filters(channel.id, Filters())
    await member.slash(channel, "ask", question="Cyber?")

    assert services.filters == [chosen, Filters(title="meeting"), Filters()]
