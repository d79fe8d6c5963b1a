"""Rendering: within Discord's limits, no citation lost, document text shown as written."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from discord.ui import TextDisplay
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.discord.discord_errors import reply_for
from bot.discord.discord_markdown import code_block, emphasise, escape, length, shortened, source_link
from bot.discord.pages import MAX_CITED, MAX_TEXT, Page, Tone
from bot.discord.quote_rendering import (
    citation_text,
    render_answer,
    render_check,
    render_citations,
    render_paragraph,
)
from bot.discord.readout_rendering import render_documents
from bot.discord.views import page_view
from bot.locales import load
from retrieval.answering.checking import ClaimCheck, Compared, Difference, Judged, Mark, Opinion, Verdict
from retrieval.answering.models import Answer, Translations
from retrieval.errors import DamagedError
from retrieval.models import LiveParagraph, Numbering, Statement
from tests.bot.discord.strategies import answers, long_texts, paragraphs, texts

PHRASES = load().of("en-US")
PARAGRAPH = LiveParagraph(
    document="asean-2022", revision="r1", ordinal=6, number="7", numbering=Numbering.PRINTED,
    text="Japan will hold a seminar on cybersecurity, he said.", title="ASEAN-Japan", date="2022-06-22",
    source_url="https://example.org/readout",
)  # fmt: skip
SAID = Statement(PARAGRAPH, 0, 42)
slowish = settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))


def visible(markdown: str) -> str:
    """What a reader sees of text that `escape` and `emphasise` wrote, without marks and invisible spaces."""
    without_quotes = re.sub(r"(?m)^> ", "", markdown)
    without_bold = re.sub(r"(?<!\\)((?:\\\\)*)\*\*", r"\1", without_quotes)
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", without_bold).replace("\u200b", "")


def seen(text: str) -> str:
    return text.replace("\u200b", "")


@given(long_texts)
@slowish
def test_escaped_text_reads_as_written(text: str) -> None:
    assert visible(escape(text)) == seen(text)


@given(long_texts, st.lists(st.tuples(st.integers(-3, 60), st.integers(-3, 60)), max_size=4))
@slowish
def test_bold_changes_no_character(text: str, spans: list[tuple[int, int]]) -> None:
    assert visible(emphasise(text, spans)) == seen(text)


@pytest.mark.parametrize(
    "text",
    ["@everyone", "@here", "<@1>", "<@!1>", "<@&1>", "x@everyone", "@EVERYONE", "**@everyone**"],
)
def test_nothing_that_could_be_a_mention_survives_escaping(text: str) -> None:
    assert not re.search(r"@(everyone|here|[!&]?\d)", escape(text), re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("2 * 3 _ 4", r"2 \* 3 \_ 4"),
        ("https://discord.gg/abc", r"https\://discord\.gg/abc"),
        ("```py", r"\`\`\`py"),
        ("7. He said", r"7\. He said"),
        ("- item", r"\- item"),
        ("face-to-face", "face-to-face"),
        ("-# small", r"\-# small"),
        ("> quote", r"\> quote"),
        ("# Title", r"\# Title"),
        ("[a](b)", r"\[a\](b)"),
        (":smile: 12:30", r"\:smile: 12:30"),
        ("||x|| ~~y~~", r"\|\|x\|\| \~\~y\~\~"),
    ],
)
def test_markdown_of_a_source_is_shown_not_obeyed(text: str, escaped: str) -> None:
    assert escape(text) == escaped


@given(answers())
@slowish
def test_every_page_is_within_limits(answer: Answer) -> None:
    pages = render_answer(answer, PHRASES, show_question=True)

    assert pages
    assert all(0 < length(page.text) <= MAX_TEXT for page in pages)
    assert all(len(page.cited) <= MAX_CITED for page in pages)


@given(answers())
@slowish
def test_pages_put_together_are_the_whole_answer(answer: Answer) -> None:
    pieces = [piece for page in render_answer(answer, PHRASES) for piece in page.pieces]

    for index, statement in enumerate(answer.statements):
        assert "".join(p.text for p in pieces if p.statement == index) == statement.text


@given(answers())
@slowish
def test_every_page_shows_its_pieces_with_their_citations(answer: Answer) -> None:
    for page in render_answer(answer, PHRASES):
        shown = visible(page.text)
        offered = {(c.document, c.paragraph) for c in page.cited}
        for piece in page.pieces:
            assert piece.statement < 0 or seen(piece.text) in shown
            assert all(f"¶{c.paragraph}" in shown for c in piece.citations)
            assert {(c.document, c.paragraph) for c in piece.citations} <= offered


@given(answers())
@slowish
def test_no_page_can_mention_anyone(answer: Answer) -> None:
    for page in render_answer(answer, PHRASES, show_question=True):
        outside_links = re.sub(r"\]\(\S*?\)", "]", page.text)
        assert not re.search(r"@(everyone|here|\d)", outside_links, re.IGNORECASE)


@given(paragraphs(), st.data())
@slowish
def test_a_paragraph_is_shown_whole_within_limits(paragraph: LiveParagraph, data: st.DataObject) -> None:
    end = data.draw(st.integers(1, len(paragraph.text)))
    pages = render_paragraph(paragraph, [(0, end)], PHRASES, changed=True)

    assert all(length(page.text) <= MAX_TEXT for page in pages)
    bare = "".join(visible(page.text) for page in pages)
    assert all(word in bare for word in seen(paragraph.text[:200]).split()[:-1])


@given(st.lists(texts, max_size=4), paragraphs())
@slowish
def test_citations_to_copy_stay_within_limits(quotes: list[str], paragraph: LiveParagraph) -> None:
    texts_to_copy = [*quotes, citation_text(paragraph, [(0, len(paragraph.text))], PHRASES)]

    assert all(length(p.text) <= MAX_TEXT for p in render_citations(texts_to_copy, PHRASES))


def test_an_answer_reads_calmly() -> None:
    answer = Answer("Cyber?", (replace(SAID, highlights=((11, 15),)),))

    assert render_answer(answer, PHRASES)[0].text == (
        "-# Answered, in the readouts’ own words\n"
        "### ASEAN-Japan\n"
        "-# 22 June 2022\n"
        "> Japan will **hold** a seminar on cybersecurity "
        "[¶7](https://example.org/readout#:~:text=Japan%20will%20hold%20a%20seminar%20on%20cybersecurity)"
    )


def test_a_models_choice_is_labelled_as_a_models_and_the_words_as_the_readouts() -> None:
    (page,) = render_answer(Answer("Cyber?", (SAID,), mode="llm:anthropic:m-1"), PHRASES)

    assert page.text.splitlines()[-1] == (
        "-# The sentences were chosen by a language model (anthropic:m-1); the words are the readouts’ own."
    )


def test_why_a_model_had_no_part_in_it_is_a_line_below_an_answer_and_below_none() -> None:
    for answer in (
        Answer("Cyber?", (SAID,), model_failure="It slept."),
        Answer("?", model_failure="It slept."),
    ):
        assert "-# It slept." in render_answer(answer, PHRASES)[0].text.splitlines()


def test_a_translation_stands_under_its_quote_and_says_what_it_is() -> None:
    answer = Answer("?", (SAID,), translations=Translations("openai:m", ("日本はセミナーを開く",)))
    lines = render_answer(answer, PHRASES)[0].text.splitlines()

    assert lines[3].startswith("> Japan will hold a seminar on cybersecurity [¶7]")
    assert lines[5:7] == ["> 日本はセミナーを開く", "-# Machine translation by openai:m, not checked."]


@pytest.mark.parametrize("chars", [300, 3_960, 3_990, 9_000])
def test_no_page_shows_a_translation_without_saying_what_it_is(chars: int) -> None:
    answer = Answer("?", (SAID,), translations=Translations("openai:m", ("訳" * chars,)))
    pages = [page.text for page in render_answer(answer, PHRASES)]

    assert sum(page.count("訳") for page in pages) == chars
    for page in pages:
        assert ("訳" in page) == ("-# Machine translation by openai:m, not checked." in page)
        assert len(page) <= MAX_TEXT


@pytest.mark.parametrize(
    ("part", "line"),
    [("fish", "Not answered by the readouts: fish"), (None, "The readouts say nothing more on this.")],
)
def test_what_stays_unanswered_is_said(part: str | None, line: str) -> None:
    answer = Answer("Cyber and fish?", (SAID,), partial=True, unanswered=part)

    first, _, last = visible(render_answer(answer, PHRASES)[0].text).partition("\n---\n")

    assert (first.splitlines()[0], last) == ("-# Answered in part, in the readouts’ own words", line)


def test_not_found_is_one_line_with_the_closest_at_hand() -> None:
    (page,) = render_answer(Answer("Fish?", nearest=(SAID,)), PHRASES)

    assert (page.text, page.tone) == ("The readouts don’t answer this.", Tone.NOT_FOUND)
    assert [c.label for c in page.cited] == ["¶7"]


def test_two_questions_in_one_are_answered_one_below_the_other() -> None:
    parts = (Answer("Cyber?", (SAID,)), Answer("Fish?", nearest=(SAID,)))
    (page,) = render_answer(Answer("Cyber? Fish?", (SAID,), parts=parts), PHRASES)
    first, second = page.text.split("\n---\n")

    assert first.splitlines()[:2] == ["-# Answered, in the readouts’ own words · “Cyber?”", "### ASEAN-Japan"]
    assert second == "The readouts don’t answer this.\n-# “Fish?”"
    assert (page.tone, len(page.cited)) == (Tone.ANSWERED, 1)


def test_paragraphs_of_several_readouts_are_told_apart_by_their_labels() -> None:
    title = "Meeting of the Defence Ministers of many parties"
    series = [
        replace(
            PARAGRAPH, document=f"d-{n}", title=f"Joint Communiqué of the {n}th Lake Dialogue", date=f"20{n}"
        )
        for n in (14, 15)
    ]
    years = [
        replace(PARAGRAPH, document=f"m-{day}", title=title, date=day) for day in ("2024-05-01", "2023-05-02")
    ]
    same = replace(years[0], document="m-other", date="2024-06-03")

    def labels(*shown: LiveParagraph) -> list[str]:
        (page,) = render_answer(Answer("?", tuple(Statement(p, 0, 42) for p in shown)), PHRASES)
        return [cited.label for cited in page.cited]

    assert labels(*series) == ["¶7 · …14th Lake Dialogue, 2014", "¶7 · …15th Lake Dialogue, 2015"]
    assert labels(*years) == ["¶7 · Meeting of the Defence…, 2024", "¶7 · Meeting of the Defence…, 2023"]
    assert labels(years[0], same) == [
        "¶7 · Meeting of the Defence…, 1 May 2024",
        "¶7 · Meeting of the Defence…, 3 June 2024",
    ]


def test_a_quote_that_goes_on_says_so_on_both_sides_of_the_cut() -> None:
    words = replace(PARAGRAPH, text="cooperation " * 900)
    pages = render_answer(Answer("?", (Statement(words, 0, len(words.text) - 1),)), PHRASES)
    quotes = [next(line for line in page.text.splitlines() if line.startswith("> ")) for page in pages]

    assert [q.startswith("> … ") for q in quotes] == [False, True, True, True]
    assert ["… [¶7]" in q for q in quotes] == [True, True, True, False]


@given(answers())
@slowish
def test_every_page_makes_a_message_that_discord_takes(answer: Answer) -> None:
    for number, page in enumerate(render_answer(answer, PHRASES, show_question=True, can_translate=True)):
        view = page_view(page, PHRASES, answer="0123456789ab", number=number)
        ids = [item.custom_id for item in view.walk_children() if hasattr(item, "custom_id")]

        assert view.total_children_count <= 40
        assert len(ids) == len(set(ids))
        assert view.content_length() <= MAX_TEXT
        assert all(item.content.strip() for item in view.walk_children() if isinstance(item, TextDisplay))


def test_what_may_answer_is_offered_without_the_claim_that_it_does() -> None:
    (page,) = render_answer(Answer("Fish?", nearest=(SAID,), may_answer=True), PHRASES)

    assert page.text.splitlines()[0] == "The readouts may not answer this. Closest:"
    assert page.tone is Tone.CLOSEST


def test_a_counted_number_says_so_in_the_citation() -> None:
    counted = replace(PARAGRAPH, numbering=Numbering.COUNTED)

    (page,) = render_answer(Answer("?", (Statement(counted, 0, 42),)), PHRASES)

    assert "[¶7 (counted)](" in page.text
    assert page.cited[0].label == "¶7 (counted)"


def test_paragraphs_of_two_readouts_with_one_id_open_each_for_itself() -> None:
    own = replace(PARAGRAPH, revision="r2", text="Ours says something else here.", title="Ours")
    (page,) = render_answer(Answer("?", (SAID, Statement(own, 0, 4))), PHRASES)

    assert [(cited.revision, cited.paragraph) for cited in page.cited] == [("r1", "7"), ("r2", "7")]
    assert [line for line in page.text.splitlines() if line.startswith("###")] == [
        "### ASEAN-Japan",
        "### Ours",
    ]


def test_one_paragraph_cited_twice_is_one_control_with_both_spans() -> None:
    (page,) = render_answer(Answer("?", (SAID, Statement(PARAGRAPH, 44, 51))), PHRASES)

    assert [c.spans for c in page.cited] == [((0, 42), (44, 51))]


def test_a_checked_claim_shows_the_sentence_what_differs_and_whose_opinion_it_is() -> None:
    differing = Difference("two seminars", "a seminar", frozenset({Mark.NUMBER}))
    check = ClaimCheck(
        "Japan will hold two seminars on cybersecurity",
        Verdict.CLOSE,
        (Compared(SAID, (Difference("so", None), differing)),),
        Judged("openai:m", (Opinion.CONTRADICTS,)),
    )

    lines = render_check(check, PHRASES)[0].text.splitlines()

    assert lines[0] == "🔎 **Not verbatim.** The closest sentences, with what differs:"
    assert lines[4:] == [
        "-# claim: ~~two seminars~~ · readout: **a seminar** (number)",
        "-# claim: ~~so~~ · readout: –",
        "-# contradicts it, in the opinion of a language model (openai:m)",
    ]


@pytest.mark.parametrize(
    ("url", "words", "expected"),
    [
        ("https://e.org/a", "face-to-face, first", "https://e.org/a#:~:text=face%2Dto%2Dface%2C%20first"),
        ("https://e.org/a#top", "x", "https://e.org/a#top:~:text=x"),
        ("https://e.org/a_(b)", "", "https://e.org/a_%28b%29"),
        ("https://e.org/", "a b c d e f g h i j k l m", "https://e.org/#:~:text=a%20b%20c%20d%20e%20f,h%20i%20j%20k%20l%20m"),
        ("javascript:alert(1)", "x", None),
        ("file:///etc/passwd", "x", None),
        (None, "x", None),
    ],
    ids=["syntax escaped", "fragment kept", "parentheses", "long quote", "script", "file", "none"],
)  # fmt: skip
def test_links_point_at_the_words(url: str | None, words: str, expected: str | None) -> None:
    assert source_link(url, words) == expected


def test_a_citation_to_paste_has_words_title_date_number_and_address() -> None:
    assert citation_text(PARAGRAPH, [(0, 42)], PHRASES) == (
        "“Japan will hold a seminar on cybersecurity” — ASEAN-Japan, 22 June 2022, ¶7. "
        "https://example.org/readout#:~:text=Japan%20will%20hold%20a%20seminar%20on%20cybersecurity"
    )


def test_a_fence_in_a_citation_cannot_end_the_block() -> None:
    assert code_block("a ``` b").count("```") == 2


def test_an_empty_list_of_readouts_is_a_sentence() -> None:
    assert render_documents([], PHRASES) == (Page("There are no readouts yet."),)


def test_dates_follow_the_language() -> None:
    japanese = load().of("ja")

    assert (PHRASES.date("2022-06-22"), japanese.date("2022-06-22")) == ("22 June 2022", "2022年6月22日")


@given(long_texts, st.integers(2, 300))
@slowish
def test_shortened_text_fits(text: str, limit: int) -> None:
    assert length(shortened(text, limit)) <= limit


def test_a_paragraph_without_a_place_at_its_source_leads_into_the_reading_room() -> None:
    """Shared readouts alone: a server's own are not served."""
    phrases = load("https://room.example").languages["en"]
    paragraph = LiveParagraph(
        "talks", "rev1", 0, "12(a)", Numbering.PRINTED, "Two seminars were held.", "Talks", scope="shared"
    )  # fmt: skip
    of_a_server = replace(paragraph, scope="guild:1")

    shared, own = (
        render_answer(Answer("Which?", (Statement(p, 0, 11),)), phrases)[0].text
        for p in (paragraph, of_a_server)
    )

    assert (
        "[¶12(a)](https://room.example/readouts/talks?mark=p12%28a%29:0-11&revision=rev1#p12%28a%29)"
        in shared
    )
    assert "https://" not in own


def test_what_was_left_out_as_it_was_altered_is_said() -> None:
    (page,) = render_answer(Answer("q", (SAID,), damaged=("talks-2021", "talks-2022")), PHRASES)

    told = "Left out, as its text in the store is not what was read from its source: talks-2021, talks-2022."
    assert told in str(page)


def test_a_readout_that_was_altered_is_refused_in_words_of_its_own() -> None:
    refused = reply_for(DamagedError("…"), PHRASES, max_question=1000)

    assert refused == PHRASES("error.damaged")
