"""Where a ¶ leads."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.links import anchor_of, marked_spans, paragraph_path, paragraph_url
from retrieval.ledger.live import ReadoutSummary
from retrieval.models import Citation, Evidence, LiveParagraph, Numbering

ROOM = "https://room.example"


def paragraph(number: str = "7", *, scope: str = "shared", url: str | None = None) -> LiveParagraph:
    return LiveParagraph(
        "talks", "rev1", 0, number, Numbering.PRINTED, "Two seminars were held.", "Talks", source_url=url, scope=scope
    )  # fmt: skip


@given(st.text(min_size=1, max_size=8), st.text(min_size=1, max_size=8))
def test_two_numbers_never_share_an_anchor_and_none_holds_a_space(one: str, other: str) -> None:
    assert (anchor_of(one) == anchor_of(other)) == (one == other)
    assert anchor_of(one).split() == [anchor_of(one)]


@pytest.mark.parametrize(
    ("number", "anchor"),
    [("7", "p7"), ("12(a)", "p12(a)"), ("7#2", "p7~2"), ("after 7", "pafter_7"), ("OP4", "pOP4")],
)
def test_an_anchor_keeps_the_printed_number(number: str, anchor: str) -> None:
    assert anchor_of(number) == anchor


def test_a_citation_leads_to_its_words_in_the_reading_room() -> None:
    cited = Citation.of(paragraph(), Evidence.of("Two seminars were held.", 4, 12))

    url = paragraph_url(cited, f"{ROOM}/")

    assert url == f"{ROOM}/readouts/talks?mark=p7:4-12&revision=rev1#p7"
    assert marked_spans(["p7:4-12"]) == {"p7": [(4, 12)]}


def test_a_readout_and_a_number_lead_to_the_paragraph() -> None:
    readout = ReadoutSummary(
        1, "talks", "shared", "s", "rev1", 1, "Talks", None, None, None, "en", "printed", (), False, 1
    )

    assert paragraph_url((readout, "7#2"), ROOM) == f"{ROOM}/readouts/talks#p7~2"


def test_brackets_cannot_end_a_link_in_markdown() -> None:
    assert paragraph_path("talks", "12(a)") == "/readouts/talks#p12%28a%29"


@pytest.mark.parametrize(
    ("place", "room"),
    [
        (paragraph(), None),
        (paragraph(scope="guild:1"), ROOM),
        (paragraph(scope=""), ROOM),
        (paragraph(url="https://example.org/talks#7"), ROOM),
    ],
    ids=["no reading room", "a server's own", "nobody knows whose", "the source has an anchor"],
)
def test_a_paragraph_that_is_not_served_or_has_an_anchor_leads_elsewhere(
    place: LiveParagraph, room: str | None
) -> None:
    assert paragraph_url(place, room) is None


@pytest.mark.parametrize("mark", ["", "p7", "p7:9-2", "p7:a-b", "p7:1-99999999", ":1-2"])
def test_what_is_no_mark_marks_nothing(mark: str) -> None:
    assert marked_spans([mark]) == {}
