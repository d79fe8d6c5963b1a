"""/initiatives: the list, what narrows it down, its pages, paragraphs and CSV."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
import simcord

from retrieval.initiatives import AlsoIn
from retrieval.models import Numbering
from tests.bot.discord.cogs.test_asking import control, controls, text_of
from tests.bot.discord.conftest import BuildBot
from tests.fakes import FakeLine, FakeServices, initiative, paragraph, summary


@pytest.fixture
def channel(simcord_env: simcord.Env) -> Any:
    return simcord_env.create_guild().create_text_channel("general")


@pytest.fixture
def member(simcord_env: simcord.Env, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("ann"))


@pytest.fixture(autouse=True)
def _listed(services: FakeServices) -> None:
    services.paragraphs.append(paragraph("asean-2022", "9"))
    services.listed = [
        initiative("Cyber Seminar"),
        initiative("Visit Programme", "9", kind="resumed", actor="ASEAN"),
    ]


def forth(message: Any, page: int) -> str:
    """The button to page `page`, counted from 0."""
    listing = control(message, "csv").split(":")[1]
    return control(message, f"turn:{listing}:{page}:")


def many(count: int) -> list[Any]:
    return [initiative(f"Programme number {n:03}", str(n)) for n in range(1, count + 1)]


async def test_the_list_names_kind_actor_and_paragraph_and_the_total(member: Any, channel: Any) -> None:
    result = await member.slash(channel, "initiatives")

    told = text_of(result.response)
    assert result.ephemeral
    assert told.startswith("-# Initiatives: 2\n### ASEAN-Japan meeting\n-# 22 June 2022")
    assert "Cyber Seminar — new, Japan — [¶7](https://example.org/readout#:~:text=" in told
    assert "Visit Programme — resumed, ASEAN — [¶9](" in told
    assert controls(result.response) == ["¶7", "¶9", "CSV", "Save as file"]


@pytest.mark.parametrize("options", [{}, {"text": "nothing such"}], ids=["a list", "an empty one"])
async def test_the_list_says_what_was_left_out_as_it_was_altered(
    member: Any, channel: Any, services: FakeServices, options: dict[str, str]
) -> None:
    services.altered = ("talks_2021", "talks-2022")
    result = await member.slash(channel, "initiatives", **options)

    last = text_of(result.response).splitlines()[-1]
    sentence = (
        "Left out, as its text in the store is not what was read from its source: talks\\_2021, talks-2022."
    )
    assert last == f"-# {sentence}"
    if not options:
        files = (await member.click(result.response, custom_id=control(result.response, "files"))).response
        [page] = [each for each in files.attachments if each.filename.endswith(".md")]
        assert sentence in (await page.read()).decode()


async def test_a_paragraph_of_the_list_opens_with_its_evidence_in_bold(member: Any, channel: Any) -> None:
    result = await member.slash(channel, "initiatives")
    clicked = await member.click(result.response, custom_id=control(result.response, "open"))

    assert "**Japan will hold a seminar on cybersecurity this year.**" in text_of(clicked.response)


async def test_another_readout_that_names_it_is_one_click_away(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    services.scoped["shared"] = [FakeLine("g7-2021", "G7 statement", "2021-05-05")]
    services.paragraphs.append(paragraph("g7-2021", "4", "Earlier words."))
    services.listed = [initiative(also_in=(AlsoIn("g7-2021", "4"),))]
    result = await member.slash(channel, "initiatives")
    clicked = await member.click(result.response, label="¶4 · G7 statement, 2021")

    assert "-# also in G7 statement, 5 May 2021 [¶4](https://example.org/readout)" in text_of(result.response)
    assert "Earlier words." in text_of(clicked.response)


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"document": "asean-2022"}, {"Cyber Seminar", "Visit Programme"}),
        ({"kind": "resumed"}, {"Visit Programme"}),
        ({"text": "CYBER"}, {"Cyber Seminar"}),
        ({"kind": "new", "text": "japan"}, {"Cyber Seminar"}),
    ],
    ids=["document", "kind", "text", "kind and text"],
)
async def test_what_is_asked_for_alone_is_listed_and_counted(
    member: Any, channel: Any, options: dict[str, str], names: set[str]
) -> None:
    told = text_of((await member.slash(channel, "initiatives", **options)).response)

    assert {name for name in ("Cyber Seminar", "Visit Programme") if f"{name} —" in told} == names
    assert told.startswith(f"-# Initiatives: {len(names)} · ")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"text": "fish"}, "No initiative is listed for “fish”."),
        ({"document": "nowhere"}, "There is no readout `nowhere`. `/documents` lists them."),
        (
            {"kind": "old"},
            "There is no kind `old`. There are: new, continuing, resumed, framework, support, request.",
        ),
    ],
    ids=["no match", "no such document", "no such kind"],
)
async def test_nothing_to_list_is_one_sentence(
    member: Any, channel: Any, options: dict[str, str], told: str
) -> None:
    result = await member.slash(channel, "initiatives", **options)

    assert result.ephemeral
    assert text_of(result.response) == told
    assert controls(result.response) == []


async def test_every_option_offers_choices(member: Any, channel: Any) -> None:
    documents = await member.autocomplete(channel, "initiatives", "document", "asean")
    kinds = await member.autocomplete(channel, "initiatives", "kind", "res")
    names = await member.autocomplete(channel, "initiatives", "text", "prog", kind="resumed")
    none = await member.autocomplete(channel, "initiatives", "text", "cyber", kind="resumed")

    assert [choice["value"] for choice in documents] == ["asean-2022"]
    assert [choice["value"] for choice in kinds] == ["resumed"]
    assert [choice["value"] for choice in names] == ["Visit Programme"]
    assert none == []


async def test_names_are_offered_within_discords_limits_and_still_find_what_they_name(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.listed = [initiative(f"{n} " + "A very long name " * 12) for n in range(40)]
    choices = await member.autocomplete(channel, "initiatives", "text", "long name")
    found = await member.slash(channel, "initiatives", text=choices[0]["value"])

    assert len(choices) == 25
    assert all(len(choice[key]) <= 100 for choice in choices for key in ("name", "value"))
    assert "A very long name" in text_of(found.response)


async def test_names_are_offered_for_no_readout_as_none(member: Any, channel: Any) -> None:
    assert await member.autocomplete(channel, "initiatives", "text", "c", document="nowhere") == []


async def test_turning_the_pages_shows_every_initiative_once(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.listed = many(60)
    message = (await member.slash(channel, "initiatives")).response
    texts = [text_of(message)]
    while f"page {len(texts)} of {len(texts)}" not in texts[-1]:
        message = (await member.click(message, custom_id=forth(message, len(texts)))).response
        texts.append(text_of(message))

    assert len(texts) > 2
    assert all(text.startswith("-# Initiatives: 60 · page ") for text in texts)
    assert [sum(f"number {n:03} —" in text for text in texts) for n in range(1, 61)] == [1] * 60


async def test_a_paragraph_of_a_later_page_is_its_own(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.listed = many(60)
    services.paragraphs = [paragraph(number=str(n), text=f"Words of {n}. " * 9) for n in range(1, 61)]
    first = (await member.slash(channel, "initiatives")).response
    second = (await member.click(first, custom_id=forth(first, 1))).response
    chosen = await member.select(second, custom_id=control(second, "pick"), values=["0"])

    wanted = text_of(second).split("Programme number ")[1][:3]
    assert f"Words of {int(wanted)}." in text_of(chosen.response)


async def test_pages_turn_after_a_restart(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env, build_bot: BuildBot
) -> None:
    services.listed = many(60)
    message = (await member.slash(channel, "initiatives", kind="new")).response
    await simcord_env.restart_bot(build_bot())
    turned = await member.click(message, custom_id=forth(message, 1))

    assert text_of(turned.response).startswith("-# Initiatives: 60 · new · page 2 of ")


async def test_a_list_whose_readouts_changed_turns_to_what_is_there_now(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.listed = many(60)
    message = (await member.slash(channel, "initiatives")).response
    services.listed = [initiative("Cyber Seminar", "7")]
    turned = (await member.click(message, custom_id=forth(message, 1))).response
    opened = await member.click(turned, custom_id=control(turned, "open"))

    assert text_of(turned).startswith("-# Initiatives: 1\n")
    assert "seminar on cybersecurity" in text_of(opened.response)


async def test_the_whole_list_comes_as_csv(member: Any, channel: Any, services: FakeServices) -> None:
    services.listed = [*many(60), initiative("Visit", kind="request")]
    message = (await member.slash(channel, "initiatives", kind="new")).response
    clicked = await member.click(message, custom_id=control(message, "csv"))

    (file,) = clicked.response.attachments
    rows = list(csv.DictReader(io.StringIO((await file.read()).decode())))
    assert clicked.ephemeral
    assert file.filename == "initiatives.csv"
    assert [row["name"] for row in rows] == [f"Programme number {n:03}" for n in range(1, 61)]
    assert rows[0]["paragraphs"] == "1"


async def test_a_list_that_is_no_longer_remembered_says_so(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    message = (await member.slash(channel, "initiatives")).response
    simcord_env.bot.bot_services.questions.answers.forget_before(2**60)
    clicked = await member.click(message, custom_id=control(message, "csv"))

    assert text_of(clicked.response).startswith("I no longer have this answer on record.")


async def test_initiatives_of_another_server_are_never_shown(
    member: Any, channel: Any, services: FakeServices, simcord_env: simcord.Env
) -> None:
    own = summary("own", scope=f"guild:{simcord_env.guild.id}")
    services.listed += [
        initiative("Own Programme", readout=own),
        initiative("Secret Programme", readout=summary("secret", scope="guild:1")),
    ]
    result = await member.slash(channel, "initiatives")
    clicked = await member.click(result.response, custom_id=control(result.response, "csv"))
    offered = await member.autocomplete(channel, "initiatives", "text", "programme")
    by_id = await member.slash(channel, "initiatives", document="secret")

    content = (await clicked.response.attachments[0].read()).decode()
    assert "Own Programme" in text_of(result.response)
    assert "Secret" not in text_of(result.response) + content + str(offered)
    assert text_of(by_id.response).startswith("There is no readout `secret`.")


async def test_a_direct_message_lists_the_shared_readouts_only(
    services: FakeServices, simcord_env: simcord.Env, channel: Any
) -> None:
    own = summary("own", scope=f"guild:{simcord_env.guild.id}")
    services.listed.append(initiative("Own Programme", readout=own))
    result = await simcord_env.create_user("bob").slash("initiatives")

    assert text_of(result.response).startswith("-# Initiatives: 2\n")
    assert "Own Programme" not in text_of(result.response)


def rows(*texts: str) -> list[Any]:
    return [
        paragraph("asean-2022", f"t{n}", text, ordinal=n, numbering=Numbering.COUNTED)
        for n, text in enumerate(texts, 1)
    ]


async def test_a_row_is_shown_in_its_whole_table(member: Any, channel: Any, services: FakeServices) -> None:
    services.paragraphs = rows(
        "Donor: Norland; Amount: 12", "Donor: 日本; Amount: 7 ``` 8", "Donor: Estmark; Amount: 9"
    )

    told = text_of((await member.slash(channel, "paragraph", document="asean-2022", number="t2")).response)

    assert "It is a row of this table (3 rows):" in told
    _before, table, after = told.split("```")
    assert table.strip("\n").splitlines() == [
        "  ¶  Donor   Amount",
        "  t1 Norland 12",
        "> t2 日本    7 `\u200b`\u200b` 8",
        "  t3 Estmark 9",
    ]
    assert after == ""


async def test_a_table_too_wide_for_a_phone_is_a_list(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.paragraphs = rows(
        *(f"Donor: {name}; Aim: {'*harbours* ' * 5}" for name in ("Norland", "Estmark"))
    )

    told = text_of((await member.slash(channel, "paragraph", document="asean-2022", number="t2")).response)

    assert "```" not in told
    assert "- ¶t1 Donor: Norland; Aim: \\*harbours\\*" in told
    assert "- **¶t2 Donor: Estmark; Aim: " in told


async def test_of_a_long_table_the_rows_around_are_shown(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.paragraphs = rows(*(f"Donor: Land {n}; Amount: {n}" for n in range(1, 101)))

    told = text_of((await member.slash(channel, "paragraph", document="asean-2022", number="t60")).response)

    assert "> t60 Land 60 60" in told
    assert "Land 40" not in told
    assert told.endswith("-# and 75 more")


async def test_a_row_that_is_opened_is_shown_in_its_table(
    member: Any, channel: Any, services: FakeServices
) -> None:
    services.paragraphs = rows("Donor: Norland; Amount: 12", "Donor: Estmark; Amount: 9")
    services.listed = [initiative("Cyber Seminar", "t1")]
    result = await member.slash(channel, "initiatives")

    clicked = await member.click(result.response, custom_id=control(result.response, "open"))

    assert "> t1 Norland 12\n  t2 Estmark 9" in text_of(clicked.response)


async def test_readouts_of_a_series_say_so(member: Any, channel: Any, services: FakeServices) -> None:
    for year in (2023, 2024):
        line = FakeLine(f"lake-{year}", f"Lake Ministers Meeting {year}", f"{year}-03-01")
        services.scoped.setdefault(f"guild:{channel.guild.id}", []).append(line)

    told = text_of((await member.slash(channel, "documents")).response)

    assert told.count("-# series: Lake Ministers Meeting") == 2
    assert told.count("series:") == 2
