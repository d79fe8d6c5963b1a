"""/compare, /trace, what became of an initiative, and files: three yearly communiqués in a real store."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import discord
import pytest
import simcord

from bot.discord.answer_store import AnswerStore
from bot.discord.client import Rapporteur, build_client
from bot.discord.cogs.base_cog import BotServices
from bot.discord.comparison_service import ComparisonService
from bot.discord.discord_settings import DiscordSettings
from bot.discord.question_service import QuestionService
from bot.locales import load
from retrieval.bootstrap import Services, build_services
from retrieval.settings import RetrievalSettings
from tests.bot.discord.cogs.test_asking import control, controls, raw, text_of, walk
from tests.communiques import write_communiques
from tests.conftest import WriteReadout
from tests.fakes import FileDatabase


@pytest.fixture(scope="module")
def dialogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("dialogue")
    write_communiques(folder / "readouts")
    settings = RetrievalSettings(store_dir=folder / "store", corpus_dir=folder / "readouts")
    with build_services(settings, purpose="the tests") as built:
        built.ensure_corpus()
        yield built


@pytest.fixture
def simcord_bot(dialogue: Services, tmp_path: Path) -> Rapporteur:
    chosen = DiscordSettings(_env_file=None, token="t", user_questions_per_minute=0)  # type: ignore[call-arg]
    records = AnswerStore(FileDatabase(tmp_path / "discord.db"))
    desk = QuestionService(chosen, dialogue, records)
    return build_client(BotServices(desk, ComparisonService(desk, dialogue.comparing), load(), chosen))


@pytest.fixture
def channel(simcord_env: simcord.Env) -> Any:
    return simcord_env.create_guild().create_text_channel("general")


@pytest.fixture
def member(simcord_env: simcord.Env, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("ann"))


def forth(message: Any) -> str | None:
    """The button to the next page, where there is one."""
    turns = (c for c in walk(raw(message)) if re.fullmatch(r"leaf:.*:1", c.get("custom_id", "")))
    return next((turn["custom_id"] for turn in turns if not turn.get("disabled")), None)


async def test_two_readouts_are_compared(member: Any, channel: Any) -> None:
    result = await member.slash(channel, "compare", before="dialogue-2023", after="dialogue-2024")
    told = text_of(result.response)

    assert result.ephemeral
    assert told.startswith(
        "-# changed: 4 · gone: 1 · new: 1 · moved: 1 · renumbered: 2\n### A: Joint Communiqué of the 3rd"
    )
    assert (
        "agreed to hold the ~~Fourth~~**Fifth** Dialogue in ~~Sund in 2024~~**Port Alder in 2025**." in told
    )
    assert "-# ¶2 gone\n> Both sides reaffirmed their" in told
    assert "Northern Sea. [¶2](https://example.org/dialogue-2023?a=1&b=2#:~:text=" in told
    assert "Save as file" in controls(result.response)


async def test_a_paragraph_of_a_comparison_opens(member: Any, channel: Any) -> None:
    options = {"before": "dialogue-2023", "after": "dialogue-2025", "topic": "northern sea"}
    result = await member.slash(channel, "compare", **options)
    chosen = await member.click(result.response, custom_id=control(result.response, "open"))

    names = ["¶2 · …3rd Norland-Estmark…, 2023", "¶2 · …5th Norland-Estmark…, 2025"]
    assert controls(result.response)[:2] == names
    assert "free and open Northern Sea" in text_of(chosen.response)


async def test_a_phrase_is_traced_with_a_picture_of_its_use(member: Any, channel: Any) -> None:
    result = await member.slash(channel, "trace", phrase="free and open Northern Sea")
    told = text_of(result.response)

    assert "In 2 of 3 readouts." in told
    assert "-# Not in: Joint Communiqué of the 4th Norland-Estmark Dialogue (3 June 2024)" in told
    assert "free ~~and~~**,** open **and inclusive** Northern Sea" in told
    (file,) = result.response.attachments
    assert (await file.read()).startswith(b"\x89PNG")
    assert any(part["type"] == 12 for part in walk(raw(result.response)))


async def test_a_trace_keeps_to_dates_and_says_what_is_none(member: Any, channel: Any) -> None:
    since = await member.slash(channel, "trace", phrase="Northern Sea", since="2024-01-01")
    wrong = await member.slash(channel, "trace", phrase="Northern Sea", until="whenever")

    assert "In 1 of 2 readouts." in text_of(since.response)
    assert text_of(wrong.response) == "“whenever” is no date. Please write it like 2022-06-22."


@pytest.mark.parametrize("command", ["compare", "trace", "initiatives", "ask"])
async def test_whatever_is_shown_comes_as_files(member: Any, channel: Any, command: str) -> None:
    options: dict[str, dict[str, str]] = {
        "compare": {"before": "dialogue-2023", "after": "dialogue-2024"},
        "trace": {"phrase": "rescue of seafarers"},
        "initiatives": {},
        "ask": {"question": "Where will the Sixth Dialogue be held?"},
    }
    result = await member.slash(channel, command, **options[command])
    clicked = await member.click(result.response, custom_id=control(result.response, "files"))

    files = {file.filename.rpartition(".")[2]: await file.read() for file in clicked.response.attachments}
    assert clicked.ephemeral
    assert set(files) == {"md", "docx", "html"}
    assert "Norland-Estmark Dialogue" in files["md"].decode()
    assert files["docx"].startswith(b"PK")
    assert files["html"].startswith(b"<!DOCTYPE html>")


async def test_a_long_comparison_has_pages_that_turn_and_together_hold_every_change(
    member: Any, channel: Any, dialogue: Services, simcord_env: simcord.Env, write_readout: WriteReadout
) -> None:
    kinds = "rail road port dam grid mine farm bank"
    subjects = [f"{kind} of {place}" for place in "Lorn Tarn Karsk Velm".split() for kind in kinds.split()]
    own = f"guild:{simcord_env.guild.id}"
    for name, year in (("long-a", 2021), ("long-b", 2022)):
        texts = [f"The {subject} **was** inspected and 4{place} faults were mended in {year}; @everyone thanked the crew of the {subject}." for place, subject in enumerate(subjects)]  # fmt: skip
        dialogue.ingesting.ingest([write_readout(name, texts, title=f"Report {year}")], scope=own)
    message = (await member.slash(channel, "compare", before="long-a", after="long-b")).response
    told, pages = text_of(message), 1
    while button := forth(message):
        message = (await member.click(message, custom_id=button)).response
        told, pages = f"{told}\n{text_of(message)}", pages + 1

    assert pages > 1
    assert told.count("~~2021~~**2022**") == len(subjects)
    assert "@everyone" not in told


async def test_a_readout_that_is_not_there_is_one_sentence(member: Any, channel: Any) -> None:
    result = await member.slash(channel, "compare", before="dialogue-2023", after="nowhere")

    assert text_of(result.response) == "There is no readout `nowhere`. `/documents` lists them."


async def test_readouts_are_offered_while_typing(member: Any, channel: Any) -> None:
    for option in ("before", "after"):
        assert len(await member.autocomplete(channel, "compare", option, "dialogue 4th")) == 1


async def test_an_initiative_says_what_became_of_it(member: Any, channel: Any) -> None:
    told = text_of((await member.slash(channel, "initiatives", text="Northern Cable Initiative")).response)

    assert "(14 May 2023): announced" in told
    assert "(3 June 2024): continued, last mention" in told
    assert (
        "Not mentioned since, in: Joint Communiqué of the 5th Norland-Estmark Dialogue (2 June 2025)" in told
    )


async def test_what_is_no_longer_remembered_says_so(
    member: Any, channel: Any, simcord_env: simcord.Env
) -> None:
    message = (await member.slash(channel, "trace", phrase="Northern Sea")).response
    simcord_env.bot.bot_services.questions.answers.forget_before(2**60)
    clicked = await member.click(message, custom_id=control(message, "files"))

    assert text_of(clicked.response).startswith("I no longer have this answer on record.")


CARD = ["Previous", "Next", "Copy", "Share in channel"]


async def test_from_a_paragraph_one_reads_on_and_back_in_place(member: Any, channel: Any) -> None:
    asked = await member.slash(channel, "paragraph", document="dialogue-2023", number="¶ 4")
    last = await member.click(asked.response, label="Next")
    told = text_of(last.response)
    at_the_end = [c.get("disabled", False) for c in walk(raw(last.response)) if c["type"] == 2]
    back = await member.click(last.response, label="Previous")

    assert asked.ephemeral
    assert controls(asked.response) == CARD
    assert "hold the Fourth Dialogue" in told
    assert at_the_end == [False, True, False, False]
    assert last.response.id == back.response.id == asked.response.id
    assert "host a seminar" in text_of(back.response)


async def test_a_paragraph_is_copied_with_its_citation(member: Any, channel: Any) -> None:
    asked = await member.slash(channel, "paragraph", document="dialogue-2023", number="3")
    told = text_of((await member.click(asked.response, label="Copy")).response)

    assert told.startswith(
        "Ready to paste:\n```\n“Norland launched the Northern Cable Initiative for the islands.” — "
    )
    assert "3rd Norland-Estmark Dialogue, 14 May 2023, ¶3. https://example.org/dialogue-2023?a=1&b=2#" in told


async def test_a_paragraph_that_was_shared_is_everybodys_and_opens_for_each(
    member: Any, channel: Any, simcord_env: simcord.Env
) -> None:
    bob = simcord_env.guild.add_member(simcord_env.create_user("bob"))
    asked = await member.slash(channel, "paragraph", document="dialogue-2023", number="3")
    stepped = await member.click(asked.response, label="Next")
    shared = await member.click(stepped.response, label="Share in channel")
    opened = await bob.click(channel.last_message, label="Read on")

    assert not shared.ephemeral
    assert text_of(channel.last_message).startswith(f"-# Shared by <@{member.id}>\n### Joint Communiqué")
    assert "host a seminar on cybersecurity" in text_of(channel.last_message)
    assert opened.ephemeral
    assert "host a seminar on cybersecurity" in text_of(opened.response)


async def test_whoever_may_not_write_in_a_channel_cannot_have_the_bot_do_it(
    member: Any, simcord_env: simcord.Env
) -> None:
    silent = {member: discord.PermissionOverwrite(send_messages=False)}
    channel = simcord_env.guild.create_text_channel("announcements", overwrites=silent)
    asked = await member.slash(channel, "paragraph", document="dialogue-2023", number="3")
    shared = await member.click(asked.response, label="Share in channel")

    assert shared.ephemeral
    assert text_of(shared.response).startswith("You may not write in this channel")


async def test_a_paragraph_is_compared_with_the_readout_before_of_its_series(
    member: Any, channel: Any
) -> None:
    first = await member.slash(channel, "paragraph", document="dialogue-2023", number="2")
    later = await member.slash(channel, "paragraph", document="dialogue-2024", number="5")
    compared = await member.click(later.response, label="Compare with 14 May 2023")

    assert controls(first.response) == CARD
    assert controls(later.response) == [*CARD, "Compare with 14 May 2023"]
    assert "agreed to hold the ~~Fourth~~**Fifth** Dialogue" in text_of(compared.response)


async def test_a_number_is_completed_and_one_that_is_not_there_is_told_which_are(
    member: Any, channel: Any
) -> None:
    by_number = await member.autocomplete(channel, "paragraph", "number", "¶3", document="dialogue-2023")
    by_word = await member.autocomplete(channel, "paragraph", "number", "seminar", document="dialogue-2023")
    nowhere = await member.autocomplete(channel, "paragraph", "number", "", document="nowhere")
    missing = await member.slash(channel, "paragraph", document="dialogue-2023", number="9")

    assert [choice["value"] for choice in by_number] == ["3"]
    assert by_number[0]["name"] == "¶3 Norland launched the Northern Cable Initiative for the islands."
    assert [choice["value"] for choice in by_word] == ["4"]
    assert nowhere == []
    assert text_of(missing.response) == "`dialogue-2023` has no paragraph 9. It has: 1–5."
