"""Comparisons and traces as pages: what can be opened is where its words are, under its own readout's name."""

from __future__ import annotations

from bot.discord.comparison_service import render_sheet
from bot.discord.pages import MAX_CITED
from bot.locales import load
from bot.sheets import Entry, Passage, Run, Sheet
from retrieval.models import Citation, Evidence, Numbering

PHRASES = load().of("en-US")


def passage(number: str, year: int = 2024, text: str = "Norland will open a ferry line.") -> Passage:
    cited = Citation(f"talks-{year}", f"r{year}", number, Numbering.PRINTED, Evidence.of(text, 0, len(text)))
    return Passage((Run(text),), f"Ferry talks of {year}", f"{year}-05-02", None, cited)


def test_a_readout_with_many_uses_of_a_phrase_fills_the_first_page_and_no_page_offers_too_many() -> None:
    uses = tuple(passage(str(n)) for n in range(1, 60))
    pages = render_sheet(
        Sheet("“ferry line” over time", ("In 1 of 1 readouts.",), (Entry("Talks", after=uses),)), PHRASES
    )

    assert "> Norland will open a ferry line. ¶1\n" in pages[0].text
    assert [c.paragraph for page in pages for c in page.cited] == [str(n) for n in range(1, 60)]
    assert all(len(page.cited) <= MAX_CITED for page in pages)
    for page in pages:
        assert all(f"¶{c.paragraph}" in page.text for c in page.cited)


def test_each_side_of_a_changed_pair_opens_under_the_name_of_its_own_readout() -> None:
    changed = Entry("", "¶1 → ¶2  changed", (passage("1", 2023),), (passage("2", 2024),), (Run("in May"),))
    (page,) = render_sheet(Sheet("", ("changed: 1",), (changed,), ("A", "B")), PHRASES)

    assert [c.label for c in page.cited] == ["¶1 · …2023", "¶2 · …2024"]


def test_unchanged_paragraphs_in_a_row_stand_on_one_line() -> None:
    same = [
        Entry("", f"¶{n} → ¶{n}  unchanged", (passage(str(n), 2023),), (passage(str(n)),), unchanged=True)
        for n in (1, 2, 3)
    ]
    new = Entry("", "¶4  new", (), (passage("4"),))
    (page,) = render_sheet(Sheet("", ("unchanged: 3",), (*same[:2], new, same[2]), ("A", "B")), PHRASES)

    assert page.text.split("\n\n")[1:] == [
        "-# ¶1 → ¶1 unchanged · ¶2 → ¶2 unchanged",
        "-# ¶4 new\n> Norland will open a ferry line. ¶4",
        "-# ¶3 → ¶3 unchanged",
    ]
