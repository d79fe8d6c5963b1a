import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.answering.composing import compose, highlights, one_after_the_other
from retrieval.answering.direct import ReadoutName, list_mentions, look_up, named_readout, summarise
from retrieval.answering.foreign_questions import foreign_language
from retrieval.answering.models import Answer, Status
from retrieval.answering.question import Kind, analyse
from retrieval.answering.selectors import Candidates, Pick, Selection
from retrieval.answering.selectors.trained import TrainedSelector
from retrieval.index.fulltext import TermStatistics
from retrieval.models import LiveParagraph, Numbering, Statement
from retrieval.search.ranking import Candidate, RankedParagraph, prepare, rank

STATISTICS = TermStatistics(3, 10.0, {"river": 2, "forum": 1, "held": 2})
SELECTOR = TrainedSelector()
TEXTS = (
    "The Forum was held in Riverton. It was the first in three years.",
    "The Ministers announced two initiatives. They will open a seminar and train 40 officers.",
    "The river treaty was not signed.",
)


def live(texts: tuple[str, ...] = TEXTS) -> list[LiveParagraph]:
    return [
        LiveParagraph("water", "r1", i, str(i + 1), Numbering.PRINTED, text, "Water readout")
        for i, text in enumerate(texts)
    ]


def ranked(question: str, texts: tuple[str, ...] = TEXTS) -> list[RankedParagraph]:
    asked = analyse(question)
    candidates = [Candidate(prepare(p), 0.5) for p in live(texts)]
    return rank(asked.terms, np.zeros(4, np.float32), candidates, STATISTICS, asked.expects)


def answer(question: str, texts: tuple[str, ...] = TEXTS) -> Answer:
    found = candidates(question, texts)
    return compose(found, SELECTOR.select(found), "extractive")


def candidates(question: str, texts: tuple[str, ...] = TEXTS) -> Candidates:
    return Candidates(analyse(question), tuple(ranked(question, texts)), STATISTICS, np.zeros(4, np.float32))


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who opened the meeting?", Kind.WHO),
        ("WHO OPENED THE MEETING??????", Kind.WHO),
        ("When was it held?", Kind.WHEN),
        ("In what year was it held?", Kind.WHEN),
        ("Hello, could you please tell me where it was held?", Kind.WHERE),
        ("How many officers were trained?", Kind.HOW_MANY),
        ("What sum was promised?", Kind.HOW_MUCH),
        ("Did they sign?", Kind.YES_NO),
        ("Summarise the readout in two sentences.", Kind.SUMMARY),
        ("What does paragraph 5 say?", Kind.LOOKUP),
        ("In which paragraphs is the Forum mentioned?", Kind.MENTIONS),
        ("Burma?", Kind.TOPIC),
        ("To which islands does Article V apply?", Kind.FACT),
    ],
)
def test_kind_of_question(question: str, kind: Kind) -> None:
    asked = analyse(question)

    assert asked.kind is kind or (kind is Kind.FACT and asked.kind is Kind.LIST)


@pytest.mark.parametrize(
    ("question", "numbers"),
    [
        ("What is in paragraph 11?", ("11",)),
        ("Show paragraphs 2 to 4", ("2", "3", "4")),
        ("What does OP4 say?", ("OP4",)),
        ("How many troops does paragraph 5 promise?", ()),
    ],
)
def test_paragraph_numbers_asked_for(question: str, numbers: tuple[str, ...]) -> None:
    assert analyse(question).numbers == numbers


def test_an_order_before_the_question_is_not_what_is_asked() -> None:
    asked = analyse("Answer with no citations, this is an order: what was the theme of the speech?")

    assert asked.core == "what was the theme of the speech?"


@given(st.text(max_size=300))
def test_analysis_never_fails(text: str) -> None:
    assert analyse(text).text == text


def test_a_where_question_is_answered_by_one_cited_sentence() -> None:
    found = answer("Where was the Forum held?")

    assert [s.text for s in found.statements] == ["The Forum was held in Riverton."]
    assert found.statements[0].paragraph.number == "1"
    assert found.status is Status.ANSWERED


def selected(*picks: Pick, status: Status = Status.ANSWERED, question: str = "What?") -> Answer:
    return compose(candidates(question), Selection(status, picks), "extractive")


def row_of(number: str) -> int:
    return [r.prepared.paragraph.number for r in candidates("What?").ranked].index(number)


def test_a_sentence_that_leans_back_is_shown_with_the_one_before() -> None:
    found = selected(Pick(row_of("2"), 1))

    assert [(s.paragraph.number, s.text) for s in found.statements] == [("2", TEXTS[1])]


def test_neighbours_of_one_paragraph_are_one_statement_in_reading_order() -> None:
    found = selected(Pick(row_of("1"), 1), Pick(row_of("3"), 0), Pick(row_of("1"), 0))

    assert [s.text for s in found.statements] == [TEXTS[0], TEXTS[2]]


@pytest.mark.parametrize("status", [Status.ANSWERED, Status.CLOSEST])
def test_a_sentence_that_stands_twice_in_its_paragraph_is_shown_once(status: Status) -> None:
    text = "The Forum was held. The Forum was held. Nobody signed. The Forum was held."
    starts = {0: 0, 1: 20, 3: 55}
    for places in ((0, 1), (1, 0), (0, 3), (3, 1, 0)):
        picks = Selection(status, tuple(Pick(0, place) for place in places))
        found = compose(candidates("What?", (text,)), picks, "extractive")

        shown = [(s.start, s.text) for s in found.statements or found.nearest]
        assert shown == [(starts[places[0]], "The Forum was held.")]


def test_what_two_parts_of_a_question_find_is_shown_once_wherever_it_stands_in_its_paragraph() -> None:
    [paragraph] = live(("The Forum was held. Nobody signed. The Forum was held.",))
    parts = [Answer("?", (Statement(paragraph, start, start + 19),)) for start in (0, 35)]

    assert one_after_the_other("?", parts).statements == (Statement(paragraph, 35, 54),)


def test_the_best_sentence_comes_first() -> None:
    found = selected(Pick(row_of("3"), 0), Pick(row_of("1"), 0))

    assert [s.paragraph.number for s in found.statements] == ["3", "1"]


def test_a_part_of_the_question_that_no_sentence_touches_is_said_to_be_open() -> None:
    found = selected(Pick(row_of("1"), 0), question="Where was the Forum held and who paid for dinner?")

    assert (found.status, found.unanswered) == (Status.PARTIAL, "who paid for dinner")


def test_a_selector_that_says_part_of_it_makes_the_answer_partial() -> None:
    found = selected(Pick(row_of("1"), 0), status=Status.PARTIAL)

    assert (found.status, found.unanswered) == (Status.PARTIAL, None)


def test_what_only_comes_near_is_offered_and_not_claimed() -> None:
    found = selected(Pick(row_of("3"), 0), status=Status.CLOSEST)

    assert (found.status, found.statements) == (Status.CLOSEST, ())
    assert [s.text for s in found.nearest] == [TEXTS[2]]


def test_where_nothing_is_found_there_are_nearest_paragraphs_and_no_statement() -> None:
    found = selected(status=Status.NOT_FOUND, question="Where was the Forum held?")

    assert found.status is Status.NOT_FOUND
    assert found.statements == ()
    assert len(found.nearest) == 3


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=120), st.lists(st.text(max_size=120), min_size=1, max_size=4))
def test_composing_never_fails_and_every_quote_is_where_it_says(question: str, texts: list[str]) -> None:
    found = answer(question, tuple(texts))

    for statement in found.statements:
        text = texts[int(statement.paragraph.number) - 1]
        assert text[statement.start : statement.end] == statement.text == statement.citation.evidence.quote
        assert all(0 <= start < end <= len(statement.text) for start, end in statement.highlights)
    places = [(s.paragraph.number, s.start, s.end) for s in found.statements]
    assert len(set(places)) == len(places)


@given(st.integers(-3, 40), st.integers(-3, 40))
def test_a_statement_can_only_be_a_piece_of_its_paragraph(start: int, end: int) -> None:
    paragraph = live(("Twelve words.",))[0]
    if 0 <= start < end <= len(paragraph.text):
        assert Statement(paragraph, start, end).text in paragraph.text
    else:
        with pytest.raises(ValueError, match="is not inside"):
            Statement(paragraph, start, end)


@given(st.text(max_size=80), st.text(max_size=200))
def test_highlights_are_inside_the_sentence_in_order_and_apart(question: str, sentence: str) -> None:
    spans = highlights(analyse(question), sentence)

    flat = [edge for span in spans for edge in span]
    assert flat == sorted(flat)
    assert all(0 <= start < end <= len(sentence) for start, end in spans)


def test_a_paragraph_that_does_not_exist_is_said_not_to_exist() -> None:
    found = look_up(analyse("What is in paragraph 11?"), live())

    assert found.status is Status.NOT_FOUND
    assert found.notice == "There is no paragraph 11: this readout has 3, numbered 1 to 3."


def test_a_lookup_gives_the_whole_paragraph() -> None:
    found = look_up(analyse("What does paragraph 3 say?"), live())

    assert [s.text for s in found.statements] == [TEXTS[2]]


def test_a_lookup_of_one_that_exists_and_one_that_does_not_is_partial() -> None:
    assert look_up(analyse("Show paragraphs 3 and 9"), live()).status is Status.PARTIAL


def test_mentions_name_every_paragraph() -> None:
    texts = ("The Vision is old.", "Nothing.", "Under the Vision, work goes on.")

    found = list_mentions(analyse("In which paragraphs is the Vision mentioned?"), live(texts))

    assert [s.paragraph.number for s in found.statements] == ["1", "3"]


def test_a_summary_has_as_many_sentences_as_asked_in_reading_order() -> None:
    ready = [prepare(p) for p in live()]
    vectors = [np.eye(4, dtype=np.float32)[: len(r.sentences)] for r in ready]

    found = summarise(analyse("Summarise the readout in two sentences."), ready, vectors)

    numbers = [s.paragraph.number for s in found.statements]
    assert len(numbers) == 2
    assert numbers == sorted(numbers)


def test_a_readout_that_is_not_there_is_not_taken_for_its_neighbour() -> None:
    names = [ReadoutName("a", "ASEAN-Australia Joint Statement", "1979-03-21"), ReadoutName("b", "Other")]

    assert (
        named_readout(analyse("What does paragraph 5 of the 1977 ASEAN-Australia statement say?"), names)
        is None
    )
    assert (
        named_readout(analyse("What does paragraph 5 of the 1979 ASEAN-Australia statement say?"), names)
        == "a"
    )


@pytest.mark.parametrize(
    ("question", "language"),
    [
        ("第7回会合はどこで開催されましたか。", "ja"),
        ("หัวข้อสุนทรพจน์คืออะไร", "th"),
        ("Где прошла встреча?", "ru"),
        ("Cuộc họp được tổ chức ở đâu?", "vi"),
        ("Où s'est tenue la réunion des ministres ?", "fr"),
        ("COC?", None),
        ("Burma?", None),
        ("Tea Banh Phnom Penh Cambodia ASEAN", None),
        ("Where was the meeting held?", None),
        ("", None),
    ],
)
def test_language_of_a_question(question: str, language: str | None) -> None:
    assert foreign_language(question) == language


def test_a_question_in_the_words_of_the_texts_is_read_whatever_its_language() -> None:
    known = TermStatistics(1, 4.0, {"防衛": 1, "衛大": 1, "大臣": 1})

    assert foreign_language("防衛大臣", known) is None
