"""Three yearly communiqués compared and traced; what is claimed of them is in their own words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.bootstrap import Services, build_services
from retrieval.comparison.tracing import Phrase
from retrieval.errors import NotFoundError, QuestionError
from retrieval.ledger import live
from retrieval.search.scoping import Filters
from retrieval.settings import RetrievalSettings
from tests.communiques import write_communiques

PHRASE = "free and open Northern Sea"


@pytest.fixture(scope="module")
def dialogue(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Services]:
    folder = tmp_path_factory.mktemp("dialogue")
    settings = RetrievalSettings(store_dir=folder / "store", corpus_dir=folder / "readouts")
    write_communiques(folder / "readouts")
    with build_services(settings, purpose="the tests") as built:
        built.ensure_corpus()
        yield built


def test_two_readouts_are_paired_by_content(dialogue: Services) -> None:
    found = dialogue.comparing.compare("dialogue-2023", "dialogue-2024")

    numbers = [
        (tuple(s.paragraph.number for s in p.before), tuple(s.paragraph.number for s in p.after), p.kind)
        for p in found.pairs
    ]
    assert numbers == [
        (("1",), ("1",), "changed"),
        (("2",), (), "gone"),
        ((), ("2",), "new"),
        (("4",), ("3",), "changed"),
        (("3",), ("4",), "changed"),
        (("5",), ("5",), "changed"),
    ]
    assert [p.moved for p in found.pairs].count(True) == 1


def test_a_topic_narrows_it_down_and_the_rest_is_not_shown(dialogue: Services) -> None:
    found = dialogue.comparing.compare("dialogue-2023", "dialogue-2024", "cybersecurity")

    (pair,) = found.pairs
    assert (pair.before[0].paragraph.number, pair.after[0].paragraph.number) == ("4", "3")
    assert found.topic == "cybersecurity"


def test_a_readout_that_is_not_there_is_named(dialogue: Services) -> None:
    with pytest.raises(NotFoundError, match="dialogue-2022"):
        dialogue.comparing.compare("dialogue-2022", "dialogue-2024")


def test_a_trace_has_first_and_last_use_and_the_absence_between(dialogue: Services) -> None:
    trace = dialogue.comparing.trace(PHRASE)

    assert [r.document for r in trace.readouts] == ["dialogue-2023", "dialogue-2024", "dialogue-2025"]
    assert [r.document for r in trace.used] == ["dialogue-2023", "dialogue-2025"]
    first, last = trace.used
    assert [r.document for r in trace.after(first)] == ["dialogue-2024"]
    assert trace.after(last) == ()
    assert [(use.wording, use.exact) for r in trace.used for use in r.uses] == [
        ("free and open Northern Sea", True),
        ("free, open and inclusive Northern Sea", False),
    ]
    assert "".join(p.text for p in last.since_before if p.kind != "removed") == last.uses[0].wording


def test_a_trace_keeps_to_the_dates_asked_for(dialogue: Services) -> None:
    trace = dialogue.comparing.trace(PHRASE, filters=Filters(since="2024", until="2025"))

    assert [r.document for r in trace.readouts] == ["dialogue-2024", "dialogue-2025"]


def test_what_full_text_puts_forward_is_all_that_an_exhaustive_search_finds(dialogue: Services) -> None:
    phrases = (
        PHRASE,
        "Northern Cable Initiative",
        "rescue of seafarers",
        "seminar on cybersecurity",
        "Foreign Ministers",
    )
    with dialogue.ledger.read() as connection:
        readouts = live.readouts(connection, ["shared"])
        everything = [p for r in readouts for p in live.paragraphs_of(connection, r).values()]
    for phrase in phrases:
        by_hand = {(p.document, p.number) for p in everything if list(Phrase(phrase).find(p.text))}
        trace = dialogue.comparing.trace(phrase)
        found = {
            (u.statement.paragraph.document, u.statement.paragraph.number) for r in trace.used for u in r.uses
        }

        assert by_hand <= found


@pytest.mark.parametrize("phrase", ["", "   ", "of the", "x" * 301, "a\x00b"])
def test_nothing_to_look_for_is_an_error(dialogue: Services, phrase: str) -> None:
    with pytest.raises(QuestionError):
        dialogue.comparing.trace(phrase)


def test_an_initiative_was_announced_continued_and_not_mentioned_since(dialogue: Services) -> None:
    lives = {life.name.removeprefix("the "): life for life in dialogue.comparing.lives()}
    cable = next(life for name, life in lives.items() if name.startswith("Northern Cable Initiative"))

    assert [(e.stage, e.citation.document) for e in cable.events] == [
        ("announced", "dialogue-2023"),
        ("continued", "dialogue-2024"),
    ]
    assert [r.document for r in cable.silent_since] == ["dialogue-2025"]
    for event in cable.events:
        paragraph = dialogue.browser.paragraph(event.citation.document, event.citation.paragraph)
        evidence = event.citation.evidence
        assert paragraph.text[evidence.start : evidence.end] == evidence.quote


def test_another_server_s_readouts_are_neither_compared_nor_traced(
    dialogue: Services, tmp_path: Path
) -> None:
    trace = dialogue.comparing.trace(PHRASE, scopes=("guild:1",))

    assert trace.readouts == ()
    with pytest.raises(NotFoundError):
        dialogue.comparing.compare("dialogue-2023", "dialogue-2024", scopes=("guild:1",))
