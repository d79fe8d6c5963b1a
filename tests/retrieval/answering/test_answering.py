import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from retrieval.answering.extractive import compose

from retrieval.answering.abstention import FEATURES, Calibration, features, shipped_calibration
from retrieval.answering.contrast import one_sided_negation, opposed, other_number
from retrieval.answering.direct import ReadoutName, list_mentions, look_up, named_readout, summarise
from retrieval.answering.evidence import highlights
from retrieval.answering.language import foreign_language
from retrieval.answering.question import Kind, analyse
from retrieval.index.lexical_scoring import TermStatistics
from retrieval.index.preparation import prepare
from retrieval.index.ranking import Candidate, RankedParagraph, rank
from retrieval.models import Answer, LiveParagraph, Numbering, Status

STATISTICS = TermStatistics(3, 10.0, {"river": 2, "forum": 1, "held": 2})
ALWAYS = Calibration({}, 0.0, 0.0, 0.0)
NEVER = Calibration({}, -9.0, 1.0, 1.0)
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


def answer(question: str, texts: tuple[str, ...] = TEXTS, calibration: Calibration = ALWAYS) -> Answer:
    return compose(analyse(question), ranked(question, texts), STATISTICS, calibration)


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
    assert found.statements[0].citations[0].paragraph == "1"
    assert found.status is Status.ANSWERED


def test_a_list_question_takes_the_sentence_that_goes_on_about_it() -> None:
    found = answer("Which initiatives were announced?")

    assert "They will open a seminar and train 40 officers." in [s.text for s in found.statements]


def test_below_the_threshold_there_are_nearest_paragraphs_and_no_statement() -> None:
    found = answer("Where was the Forum held?", calibration=NEVER)

    assert found.status is Status.NOT_FOUND
    assert found.statements == ()
    assert len(found.nearest) == 3


def test_nothing_to_read_is_not_found() -> None:
    assert compose(analyse("Who?"), [], STATISTICS, ALWAYS).status is Status.NOT_FOUND


@given(st.text(max_size=120), st.lists(st.text(max_size=120), min_size=1, max_size=4))
def test_composing_never_fails_and_every_quote_is_where_it_says(question: str, texts: list[str]) -> None:
    found = answer(question, tuple(texts))

    places = []
    for statement in found.statements:
        (cited,) = statement.citations
        text = texts[int(cited.paragraph) - 1]
        assert text[cited.evidence.start : cited.evidence.end] == cited.evidence.quote == statement.text
        assert all(0 <= start < end <= len(statement.text) for start, end in statement.highlights)
        places.append((int(cited.paragraph), cited.evidence.start))
    assert places == sorted(places)


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

    assert [s.citations[0].paragraph for s in found.statements] == ["1", "3"]


def test_a_summary_has_as_many_sentences_as_asked_in_reading_order() -> None:
    ready = [prepare(p) for p in live()]
    vectors = [np.eye(4, dtype=np.float32)[: len(r.sentences)] for r in ready]

    found = summarise(analyse("Summarise the readout in two sentences."), ready, vectors)

    numbers = [s.citations[0].paragraph for s in found.statements]
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


def test_signs_of_contrast() -> None:
    sentence = prepare(live(("In 1763 the largest group grew.",))[0]).sentences[0]

    assert other_number(analyse("What happened in 1736?"), sentence, frozenset())
    assert not other_number(analyse("What happened in 1763?"), sentence, frozenset())
    assert opposed(analyse("What was the smallest group?"), sentence)
    assert one_sided_negation(analyse("What group never grew?"), sentence)
    assert not one_sided_negation(analyse("What group grew?"), sentence)


def test_the_shipped_calibration_weighs_exactly_the_features_there_are() -> None:
    question = analyse("Where was the Forum held?")

    found = features(question, question.terms, ranked(question.text), STATISTICS)

    assert tuple(found) == FEATURES == tuple(shipped_calibration().weights)
    assert 0.0 <= shipped_calibration().confidence(found) <= 1.0
