"""Answers of every shape, for tests by property."""

from __future__ import annotations

from hypothesis import strategies as st

from bot.discord.readout_rendering import KINDS
from retrieval.answering.models import Answer, Translations
from retrieval.initiatives import AlsoIn
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import Evidence, Initiative, InitiativeCitation, LiveParagraph, Numbering, Statement
from retrieval.search.browsing import ListedInitiative
from tests.fakes import summary

NASTY = (
    "@everyone", "<@1>", "<#2>", "**bold**", "_u_", "```", "`", "discord.gg/abc", "https://discord.gg/abc",
    "[x](https://evil.example)", "||s||", "# h", "1. a", "- b", "> q", ":smile:", "<t:1:R>", "\\", "~~s~~",
    "\U0001f600", "会議", "¶7", "\u200b",
)  # fmt: skip

words = st.one_of(st.text(min_size=1, max_size=12), st.sampled_from(NASTY))
texts = st.lists(words, min_size=1, max_size=40).map(" ".join).filter(lambda t: bool(t.strip()))
long_texts = st.one_of(
    texts, st.builds(lambda t, n: t * n, texts, st.integers(1, 200)).map(lambda t: t[:9_000])
)
numbers = st.one_of(
    st.integers(1, 400).map(str), st.sampled_from(["12(a)", "OP4", "2#2", "intro", "header", "2(1)"])
)
urls = st.sampled_from([None, "https://example.org/a_(b)?x=1&y=2", "https://example.org/#top", "file:///etc/passwd",
                        "https://example.org/" + "a" * 1_200, "javascript:alert(1)"])  # fmt: skip
documents = st.sampled_from(["asean-2022", "g7-2023", "untitled"])


@st.composite
def paragraphs(draw: st.DrawFn) -> LiveParagraph:
    return LiveParagraph(
        document=draw(documents), revision="r1", ordinal=0, number=draw(numbers),
        numbering=draw(st.sampled_from(Numbering)), text=draw(long_texts), title=draw(texts),
        date=draw(st.sampled_from([None, "2022-06-22", "2022"])), source_url=draw(urls),
    )  # fmt: skip


@st.composite
def statements(draw: st.DrawFn) -> Statement:
    paragraph = draw(paragraphs())
    start = draw(st.integers(0, len(paragraph.text) - 1))
    end = draw(st.integers(start + 1, len(paragraph.text)))
    spans = st.lists(st.tuples(st.integers(0, end - start), st.integers(0, end - start)), max_size=4)
    return Statement(paragraph, start, end, tuple((min(s), max(s)) for s in draw(spans)))


@st.composite
def answers(draw: st.DrawFn) -> Answer:
    shown = tuple(draw(st.lists(statements(), max_size=8)))
    translated = Translations("openai:m", tuple(draw(long_texts) for _ in shown))
    return Answer(
        question=draw(texts),
        statements=shown,
        nearest=tuple(draw(st.lists(statements(), max_size=5))),
        may_answer=draw(st.booleans()),
        partial=draw(st.booleans()),
        unanswered=draw(st.one_of(st.none(), long_texts)),
        notice=draw(st.one_of(st.none(), texts)),
        model_failure=draw(st.one_of(st.none(), texts)),
        mode=draw(st.sampled_from(["extractive", "llm:anthropic:some-model"])),
        translations=draw(st.sampled_from([None, translated])),
    )


@st.composite
def summaries(draw: st.DrawFn) -> ReadoutSummary:
    return summary(
        draw(documents), title=draw(texts), date=draw(st.sampled_from([None, "2022-06-22"])),
        source_url=draw(urls), numbering=draw(st.sampled_from(["printed", "counted", "mixed"])),
    )  # fmt: skip


@st.composite
def initiative_citations(draw: st.DrawFn) -> InitiativeCitation:
    quote = draw(words)
    return InitiativeCitation(draw(numbers), Evidence.of(quote, 0, len(quote)))


initiatives = st.builds(
    Initiative,
    name=st.one_of(texts, words.map(lambda word: f"{word} " * 300)),
    kind=st.sampled_from(KINDS),
    actor=st.one_of(st.none(), texts),
    when=st.one_of(st.none(), texts),
    citations=st.lists(initiative_citations(), min_size=1, max_size=12).map(tuple),
)
listed_initiatives = st.builds(
    ListedInitiative,
    initiative=initiatives,
    readout=summaries(),
    also_in=st.lists(st.builds(AlsoIn, documents, numbers), max_size=12).map(tuple),
)
