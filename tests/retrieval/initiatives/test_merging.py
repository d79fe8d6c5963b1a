"""One entry for one initiative, in the words of the source."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from retrieval.initiatives.extraction import merge
from retrieval.initiatives.tagging import Mention
from retrieval.models import Initiative, InitiativeKind, Readout

Build = Callable[..., Readout]


def mention(readout: Readout, paragraph: str, words: str, kind: InitiativeKind = "new") -> Mention:
    text = next(p.text for p in readout.paragraphs if p.number == paragraph)
    start = text.index(words)
    return Mention(paragraph, start, start + len(words), (0, len(text)), kind)


def places(entry: Initiative) -> list[str]:
    return [citation.paragraph for citation in entry.citations]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Tidal Research Centre", "Tidal Research Center"),
        ("Clean Harbours Partnership (CHP)", "CHP"),
        ("Norland-Estmark Ferry Forum", "Ferry Forum"),
        ("seminar on reefs", "seminars on reefs"),
    ],
    ids=["spelling", "acronym", "whose it is", "plural"],
)
def test_mentions_of_one_initiative_are_one_entry(readout: Build, first: str, second: str) -> None:
    text = readout(f"Norland has the {first} now.", f"Estmark joins the {second} soon.")

    (entry,) = merge([mention(text, "1", first), mention(text, "2", second)], text)

    assert (entry.name, places(entry)) == (first, ["1", "2"])


def test_different_initiatives_stay_apart(readout: Build) -> None:
    text = readout("A seminar on reefs and a seminar on ports.")
    mentions = [mention(text, "1", "seminar on reefs"), mention(text, "1", "seminar on ports")]

    assert [entry.name for entry in merge(mentions, text)] == ["seminar on reefs", "seminar on ports"]


def test_what_is_announced_anywhere_is_announced_and_cited_there_first(readout: Build) -> None:
    text = readout("Under the Harbour Vision they met.", "They launch the Harbour Vision today.")
    mentions = [
        mention(text, "1", "Harbour Vision", "framework"),
        mention(text, "2", "Harbour Vision", "new"),
    ]

    (entry,) = merge(mentions, text)

    assert (entry.kind, places(entry)) == ("new", ["2", "1"])


def test_a_paragraph_that_names_it_again_is_cited(readout: Build) -> None:
    text = readout(
        "They launch the Clean Harbours Partnership (CHP).", "They dine.", "The CHP will grow.", "CHPs?"
    )

    (entry,) = merge([mention(text, "1", "Clean Harbours Partnership (CHP)")], text)

    assert places(entry) == ["1", "3"]
    assert entry.citations[1].evidence.quote == "CHP"


def test_the_time_is_the_one_nearest_in_the_sentence_as_written(readout: Build) -> None:
    text = readout("In 2029 they met and will hold a seminar on reefs next year.")

    (entry,) = merge([mention(text, "1", "seminar on reefs")], text)

    assert entry.when == "next year"


def test_the_evidence_is_the_sentence_and_of_an_endless_one_the_span(readout: Build) -> None:
    short, endless = "They hold a seminar on reefs.", "They hold a seminar on reefs" + " and talk" * 900
    texts = readout(short), readout(endless)
    entries = [merge([mention(text, "1", "seminar on reefs")], text)[0] for text in texts]

    assert [entry.citations[0].evidence.quote for entry in entries] == [short, "seminar on reefs"]
