"""A readout in, one list out, in the words of the source."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.initiatives import extract_initiatives
from retrieval.models import Initiative, Paragraph, Readout

Build = Callable[..., Readout]


def assert_verbatim(entries: Iterable[Initiative], readout: Readout) -> None:
    """Names, actors and times stand in what is cited first or next; quotes are their spans."""
    texts = {p.number: p.text for p in reversed(readout.paragraphs)}
    for entry in entries:
        cited = [texts[citation.paragraph] for citation in entry.citations]
        assert entry.name in cited[0]
        assert all(part is None or any(part in text for text in cited) for part in (entry.actor, entry.when))
        for text, citation in zip(cited, entry.citations, strict=True):
            evidence = citation.evidence
            assert text[evidence.start : evidence.end] == evidence.quote != ""


@pytest.mark.parametrize(
    ("text", "words", "kind"),
    [
        ("Norland announced that it will launch a new seminar on glacier safety.", "glacier safety", "new"),
        ("The ministers agreed to establish a joint hydrology centre.", "hydrology centre", "new"),
        (
            "They agreed to continue the annual Strategic Dialogue on ports.",
            "Strategic Dialogue",
            "continuing",
        ),
        ("The President expressed support for the Lakes Clean-up Plan.", "Lakes Clean-up Plan", "support"),
    ],
)
def test_a_plain_announcement_is_listed_with_its_kind(
    readout: Build, text: str, words: str, kind: str
) -> None:
    (entry,) = extract_initiatives(readout(text))

    assert words in entry.name
    assert entry.kind == kind


def test_a_meal_and_a_thank_you_are_no_initiatives(readout: Build) -> None:
    assert extract_initiatives(readout("The ministers dined together. They thanked Estmark.")) == ()


def test_items_of_a_list_under_its_lead_in_are_read(readout: Build) -> None:
    entries = extract_initiatives(
        readout(
            "The leaders decided to:",
            "Launch a fellowship programme for reef scientists;",
            "Establish a working group on ferry safety; and",
            "Hold a ministerial forum on glaciers in 2031.",
        )
    )

    assert {c.paragraph for entry in entries for c in entry.citations} == {"2", "3", "4"}


def test_the_end_of_a_sentence_of_ten_thousand_characters_is_read(readout: Build) -> None:
    endless = "Having spoken of the weather and the sea, " * 250
    text = readout(endless + "Norland will launch a new seminar on glacier safety.")

    assert any("seminar on glacier safety" in entry.name for entry in extract_initiatives(text))


def test_the_shipped_readout_has_a_list_in_reading_order_and_the_same_one_again(shipped: Readout) -> None:
    entries = extract_initiatives(shipped)
    order = [p.number for p in shipped.paragraphs]
    places = [order.index(entry.citations[0].paragraph) for entry in entries]

    assert_verbatim(entries, shipped)
    assert any("Vientiane Vision 2.0" in entry.name for entry in entries)
    assert places == sorted(places)
    assert extract_initiatives(shipped) == entries


def test_a_readout_in_another_language_has_an_empty_list() -> None:
    paragraphs = (Paragraph("1", "両大臣は共同訓練を実施することで一致した。"),)

    assert extract_initiatives(Readout("kyoto", "京都", paragraphs, language="ja")) == ()


def test_paragraphs_are_looked_at_one_by_one_at_the_pace_given(readout: Build) -> None:
    looked: list[str] = []

    def paced(paragraphs: Iterable[Paragraph]) -> Iterator[Paragraph]:
        for paragraph in paragraphs:
            looked.append(paragraph.number)
            yield paragraph

    text = readout("Norland will launch a fund for reefs.", "", "They dined.")

    assert extract_initiatives(text, paced) == extract_initiatives(text)
    assert looked == ["1", "2", "3"]


sentences = st.sampled_from(
    [
        "Norland will launch a “Clean Harbours” Partnership (CHP)",
        "the CHP’s 3rd forum,next\u00a0year\u2028",
        "İstanbul’a ﬁnancing of €5 million—“ǅ” ½",
        "U.S.-Norland Dialogue; • a seminar\u200b on 港",
        "a\u0301 e\u0308 \U0001f600 ①",
    ]
)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.text(max_size=120) | st.lists(sentences | st.text(max_size=8), max_size=6).map(" ".join),
        max_size=4,
    )
)
def test_whatever_a_readout_holds_every_span_is_in_its_paragraph(texts: list[str]) -> None:
    paragraphs = tuple(Paragraph(str(number), text) for number, text in enumerate(texts, start=1))
    readout = Readout("any", "Any", paragraphs)

    assert_verbatim(extract_initiatives(readout), readout)
