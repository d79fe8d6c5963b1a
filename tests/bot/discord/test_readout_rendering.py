"""The list of initiatives: every one once, within Discord's limits, each with its paragraph."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.discord.discord_markdown import length
from bot.discord.pages import MAX_CITED, MAX_TEXT
from bot.discord.quote_rendering import render_paragraph
from bot.discord.readout_rendering import InitiativeFilter, render_initiatives
from bot.discord.views import list_view
from bot.locales import load
from retrieval.initiatives import AlsoIn
from retrieval.models import Evidence, InitiativeCitation
from retrieval.search.browsing import ListedInitiative, Table
from tests.bot.discord.strategies import listed_initiatives, texts, words
from tests.bot.discord.test_answer_rendering import seen, visible
from tests.fakes import FakeLine, initiative, paragraph, summary

PHRASES = load().of("en-US")
OLDER = FakeLine("g7-2021", "G7 *Cyber*", "2021-05-05", source_url=None)
LINES = [FakeLine("asean-2022", "ASEAN-Japan meeting", "2022-06-22"), FakeLine("g7-2023", "G7", None), OLDER]
everything = InitiativeFilter()
slowish = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
lists = st.lists(listed_initiatives, min_size=1, max_size=8)
wishes = st.builds(
    InitiativeFilter,
    document=st.one_of(st.none(), texts),
    kind=st.just("new"),
    text=st.one_of(st.none(), texts),
)


@given(lists)
@slowish
def test_every_initiative_stands_on_exactly_one_page(listed: list[ListedInitiative]) -> None:
    pages = render_initiatives(listed, LINES, everything, PHRASES)

    assert [piece.statement for page in pages for piece in page.pieces] == list(range(len(listed)))


@given(lists)
@slowish
def test_every_page_shows_its_initiatives_with_their_paragraphs(listed: list[ListedInitiative]) -> None:
    for page in render_initiatives(listed, LINES, everything, PHRASES):
        shown = visible(page.text)
        offered = {(c.document, c.paragraph) for c in page.cited}
        for piece in page.pieces:
            assert " ".join(seen(piece.text[:80]).split()[:-1]) in " ".join(shown.split())
            assert all(f"¶{c.paragraph}" in shown for c in piece.citations)
            assert {(c.document, c.paragraph) for c in piece.citations} <= offered


@given(lists, wishes)
@slowish
def test_every_page_is_within_limits_and_says_how_many_there_are(
    listed: list[ListedInitiative], wanted: InitiativeFilter
) -> None:
    pages = render_initiatives(listed, LINES, wanted, PHRASES)

    assert all(length(page.text) <= MAX_TEXT and 0 < len(page.cited) <= MAX_CITED for page in pages)
    assert all(page.text.startswith(f"-# Initiatives: {len(listed)}") for page in pages)


@given(lists, wishes)
@slowish
def test_every_page_makes_a_message_that_discord_takes(
    listed: list[ListedInitiative], wanted: InitiativeFilter
) -> None:
    pages = render_initiatives(listed, LINES, wanted, PHRASES)
    for number in range(len(pages)):
        view = list_view(pages, PHRASES, listing="0123456789ab", number=number)

        ids = [item.custom_id for item in view.walk_children() if hasattr(item, "custom_id")]
        assert view.total_children_count <= 40
        assert len(ids) == len(set(ids))
        assert all(len(custom_id) <= 100 for custom_id in ids)


@given(lists, wishes)
@slowish
def test_no_page_can_mention_anyone(listed: list[ListedInitiative], wanted: InitiativeFilter) -> None:
    for page in render_initiatives(listed, LINES, wanted, PHRASES):
        outside_links = re.sub(r"\]\(\S*?\)", "]", page.text)
        assert not re.search(r"@(everyone|here|\d)", outside_links, re.IGNORECASE)


@pytest.mark.parametrize("url", [None, f"https://example.org/{'a' * 60}"], ids=["plain", "linked"])
def test_the_longest_of_everything_still_fits(url: str | None) -> None:
    stars = "*" * 3_000  # escaped, twice as long
    entry = initiative(
        stars, actor=stars, when=stars, readout=summary(title=stars, numbering="mixed", source_url=url),
        citations=tuple(InitiativeCitation(f"12(a)#{n}", Evidence(0, 4, "Fund")) for n in range(30)),
        also_in=tuple(AlsoIn(f"r{n}", "12(a)") for n in range(30)),
    )  # fmt: skip
    lines = [FakeLine(f"r{n}", stars, "2022-06-22", source_url=url) for n in range(30)]

    pages = render_initiatives([entry] * 3, lines, InitiativeFilter("x" * 64, "new", stars), PHRASES)

    assert [len(page.pieces) for page in pages] == [1, 1, 1]
    assert all(length(page.text) <= MAX_TEXT and len(page.cited) <= MAX_CITED for page in pages)
    assert all(page.text.count("and 22 more") == 2 for page in pages)


def test_a_list_reads_calmly() -> None:
    listed = [
        initiative("Cyber *Seminar*", when="this year", also_in=(AlsoIn("g7-2021", "4"),)),
        initiative("Visit Programme", "9", kind="resumed", actor=None),
        initiative("Fund", readout=summary("g7-2021", title="G7", date=None, source_url=None)),
    ]
    url = "https://example.org/readout#:~:text=Japan%20will%20hold%20a%20seminar%20on%20cybersecurity%20this%20year"

    (page,) = render_initiatives(listed, LINES, everything, PHRASES)

    assert page.text.splitlines() == [
        "-# Initiatives: 3",
        "### ASEAN-Japan meeting",
        "-# 22 June 2022 · `asean-2022`",
        f"- Cyber \\*Seminar\\* — new, Japan, this year — [¶7]({url}.)",
        "-# also in G7 \\*Cyber\\*, 5 May 2021 ¶4",
        f"- Visit Programme — resumed — [¶9]({url}.)",
        "---",
        "### G7",
        "-# `g7-2021`",
        "- Fund — new, Japan — ¶7",
    ]
    assert [(c.document, c.label) for c in page.cited] == [
        ("asean-2022", "¶7 · ASEAN-Japan meeting, 2022"),
        ("g7-2021", "¶4 · G7"),
        ("asean-2022", "¶9 · ASEAN-Japan meeting, 2022"),
        ("g7-2021", "¶7 · G7"),
    ]  # fmt: skip


def test_one_initiative_of_two_paragraphs_is_one_line_that_names_both() -> None:
    quotes = [InitiativeCitation(number, Evidence(0, 4, "Fund")) for number in ("3", "12(a)", "3")]
    listed = [initiative(citations=tuple(quotes), readout=summary(source_url=None))]

    (page,) = render_initiatives(listed, LINES, everything, PHRASES)

    assert page.text.splitlines()[-1] == "- Cyber Seminar — new, Japan — ¶3 ¶12(a)"


def test_a_readout_whose_paragraphs_were_counted_says_so() -> None:
    listed = [initiative(readout=summary(numbering="counted"))]

    (page,) = render_initiatives(listed, LINES, everything, PHRASES)

    assert " · paragraphs counted, not numbered by the source" in page.text
    assert page.cited[0].label == "¶7 (counted)"


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        (everything, "No initiatives are listed yet."),
        (InitiativeFilter("g7", "request", "a*b"), r"No initiative is listed for g7 · request · “a\*b”."),
    ],
    ids=["nothing there", "nothing left"],
)
def test_an_empty_list_is_a_sentence(wanted: InitiativeFilter, told: str) -> None:
    assert [page.text for page in render_initiatives([], LINES, wanted, PHRASES)] == [told]


@pytest.mark.parametrize(
    ("text", "found"),
    [(None, 2), ("  ", 2), ("CYBER", 1), ("japan sem", 1), ("ｃｙｂｅｒ", 1), ("cyber fund", 0)],
    ids=["none", "blank", "case", "name and actor", "full width", "not in one line"],
)
def test_words_are_looked_for_in_what_a_line_shows(text: str | None, found: int) -> None:
    listed = [initiative("Cyber Seminar"), initiative("Fund", actor=None)]

    assert len(InitiativeFilter(text=text).matching(listed)) == found


def test_what_was_wanted_is_remembered_whole() -> None:
    wanted = InitiativeFilter("asean-2022", "new", 'サイバー "quoted"')

    assert InitiativeFilter.load(wanted.dump()) == wanted


def test_a_list_is_written_in_the_readers_language() -> None:
    (page,) = render_initiatives(
        [initiative(also_in=(AlsoIn("g7-2021", "4"),))], LINES, everything, load().of("ja")
    )

    assert page.text.startswith("-# 取り組み：1件\n")
    assert "Cyber Seminar — 新規, Japan — " in page.text
    assert page.text.endswith("-# ほかの文書：G7 \\*Cyber\\*, 2021年5月5日 ¶4")


@given(st.lists(st.tuples(st.one_of(words, texts), st.text(max_size=9)), min_size=2, max_size=60), st.data())
@slowish
def test_a_table_is_shown_within_limits_with_its_row_marked(
    cells: list[tuple[str, str]], data: st.DataObject
) -> None:
    number = str(data.draw(st.integers(1, len(cells))))
    table = Table(("Donor", "Amount"), tuple((str(n), row) for n, row in enumerate(cells, 1)))

    pages = render_paragraph(paragraph(number=number), (), PHRASES, table=table)

    assert all(length(page.text) <= MAX_TEXT for page in pages)
    told = "\n".join(page.text for page in pages)
    marks = re.findall(r"(?m)^(?:> |- \*\*¶)(\d+)", told)
    assert marks == [number]
    if "```" in told:
        fenced = told.split("```")[1]
        assert all(len(line) <= 80 for line in fenced.splitlines())
