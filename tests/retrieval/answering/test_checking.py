"""A claim is called verbatim only where it is; of every other it is shown what differs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.answering.checking import (
    ClaimService,
    Difference,
    Judged,
    Mark,
    Opinion,
    Verdict,
    compare,
    differences,
    read_opinions,
)
from retrieval.answering.question import analyse
from retrieval.bootstrap import Services
from retrieval.errors import ModelUnavailableError
from retrieval.index.fulltext import TermStatistics
from retrieval.llm import Reply
from retrieval.models import LiveParagraph, Numbering
from retrieval.search.ranking import Candidate, RankedParagraph, prepare, rank
from tests.retrieval.answering.conftest import Told

TEXT = (
    "The Minister did not accept the “invitation” of Norland’s President. "
    "Estmark will spend $1.5 million – no more – on 12 ferries by 2025. Both sides welcomed CO² targets."
)
FIRST, SECOND, THIRD = TEXT[:68], TEXT[69:135], TEXT[136:]
STATISTICS = TermStatistics(1, 10.0, {})


def found(text: str = TEXT) -> list[RankedParagraph]:
    paragraph = LiveParagraph("ferry", "r", 0, "3", Numbering.PRINTED, text, "Ferries")
    return rank(analyse("x").terms, np.zeros(4, np.float32), [Candidate(prepare(paragraph), 0.0)], STATISTICS)


COPIES = {
    "as it is": FIRST,
    "case": FIRST.upper(),
    "straight quotes": FIRST.replace("“", '"').replace("”", '"').replace("’", "'"),
    "the wrong apostrophe": FIRST.replace("’", "‘"),
    "no quotes": FIRST.replace("“", "").replace("”", ""),
    "white space": f"  {FIRST.replace(' ', '  ')}\n",
    "line breaks": FIRST.replace(" ", "\n"),
    "no full stop": FIRST.rstrip("."),
    "dashes": SECOND.replace("–", "-"),
    "long dashes": SECOND.replace("–", "—"),
    "no-break spaces": SECOND.replace(" ", "\u00a0"),
    "full width": SECOND.replace("12", "１２"),
    "long dashes as two": SECOND.replace("–", "--"),
    "full-width apostrophe": FIRST.replace("’", "＇"),
    "soft hyphen": FIRST.replace("Minister", "Minis\u00adter"),
    "two sentences": f"{FIRST} {SECOND}",
    "all of it": TEXT,
}


@pytest.mark.parametrize("claim", COPIES.values(), ids=COPIES.keys())
def test_a_copy_is_verbatim(claim: str) -> None:
    check = compare(claim, found())

    assert (check.verdict, check.compared[0].differences) == (Verdict.VERBATIM, ())


ALTERED = {
    "denial left out": FIRST.replace("not ", ""),
    "denial put in": SECOND.replace("will", "will not"),
    "begins after the denial": "accept the invitation of Norland’s President.",
    "stops before the end": SECOND.replace(" by 2025", ""),
    "another number": SECOND.replace("12", "13"),
    "another fraction": SECOND.replace("1.5", "15"),
    "another currency": SECOND.replace("$", "€"),
    "without the currency": SECOND.replace("$", ""),
    "another verb": SECOND.replace("will", "may"),
    "turned round": "Norland’s President did not accept the “invitation” of the Minister.",
    "another order of sentences": f"{SECOND} {FIRST}",
    "a sentence left out": f"{FIRST} {THIRD}",
    "a word more": f"{FIRST.rstrip('.')} gladly.",
    "a digit raised": THIRD.replace("CO²", "CO2"),
    "a comma": FIRST.replace("accept", "accept,"),
    "whose": FIRST.replace("Norland’s President", "Norlands President"),
}


@pytest.mark.parametrize("claim", ALTERED.values(), ids=ALTERED.keys())
def test_what_is_altered_is_never_verbatim(claim: str) -> None:
    assert compare(claim, found()).verdict is not Verdict.VERBATIM


@given(st.text(min_size=1, max_size=200))
def test_only_the_very_words_are_verbatim(claim: str) -> None:
    if compare(claim, found()).verdict is Verdict.VERBATIM:
        assert [c for c in claim.casefold() if c.isalnum()] in [
            [c for c in text.casefold() if c.isalnum()]
            for text in (FIRST, SECOND, THIRD, f"{FIRST}{SECOND}", f"{SECOND}{THIRD}", TEXT)
        ]


@given(st.text(min_size=1, max_size=120).filter(lambda t: any(c.isalnum() for c in t)))
def test_every_paragraph_is_a_verbatim_copy_of_itself(text: str) -> None:
    prepared = found(" ".join(text.split()))
    if prepared[0].prepared.sentences:
        assert compare(text, prepared).verdict is Verdict.VERBATIM


ONE_SIGN = {
    "a question": ("They agreed.", "They agreed?"),
    "feet and inches": ("It is 5″ long.", "It is 5′ long."),
    "no measure": ("It is 5′ long.", "It is 5 long."),
    "a minus before a number": ("Between 2 – −10 degrees.", "Between 2 – 10 degrees."),
    "two dashes, one a minus": ("Between 2--10 degrees.", "Between 2-10 degrees."),
    "seen in another order": ("It has 12 ships.", "It has \u202e12\u202c ships."),
    "per mille": ("It grew by 5‰.", "It grew by 5%."),
    "another script's digit": ("It has 3 ships.", "It has ٣ ships."),
    "a look-alike": ("They pass it.", "They pаss it."),
    "nothing but a stop": ("“…”", "."),
    "an item of what was refused": ("They did not agree:\n- to accept it;\n- to build it.", "- to build it."),
    "an introduction alone": ("They agreed:\n- not to accept it.", "They agreed:"),
}


@pytest.mark.parametrize(("source", "claim"), ONE_SIGN.values(), ids=ONE_SIGN.keys())
def test_one_sign_can_make_it_another_claim(source: str, claim: str) -> None:
    assert compare(claim, found(source)).verdict is not Verdict.VERBATIM
    assert compare(source, found(source)).verdict is (
        Verdict.VERBATIM if len(source) > 3 else Verdict.NOT_FOUND
    )


@pytest.mark.parametrize(
    ("claim", "source"),
    [("$5", "€5"), ("-5 degrees", "5 degrees"), ("5%", "5‰"), ("We agree?", "We agree."), ("so,", "so")],
)
def test_a_sign_that_differs_is_shown(claim: str, source: str) -> None:
    assert len(differences(claim, source)) == 1


@pytest.mark.parametrize(("claim", "source"), [("We agree", "We agree."), ("We “agree”", "we agree...")])
def test_a_full_stop_is_no_difference(claim: str, source: str) -> None:
    assert differences(claim, source) == ()


def test_differences_are_word_by_word_and_say_what_kind() -> None:
    assert differences(FIRST.replace("not ", ""), FIRST) == (
        Difference(None, "not", frozenset({Mark.NEGATION})),
    )
    assert differences(SECOND.replace("12", "13").replace("will", "may"), SECOND) == (
        Difference("may", "will", frozenset({Mark.MODAL})),
        Difference("13", "12", frozenset({Mark.NUMBER})),
    )
    assert differences(FIRST.replace("Norland", "Estmark"), FIRST) == (
        Difference("Estmark’s", "Norland’s", frozenset({Mark.NAME})),
    )


@given(st.text(max_size=200), st.text(max_size=200))
def test_differences_are_pieces_of_what_was_compared(claim: str, source: str) -> None:
    for each in differences(claim, source):
        assert each.claim is None or each.claim in claim
        assert each.source is None or each.source in source


def test_what_is_not_there_is_not_found_and_what_is_near_is_close(shipped: Services) -> None:
    checking = ClaimService(shipped.answering)

    assert checking.check("Norwegian salmon exports fell sharply.").verdict is Verdict.NOT_FOUND
    close = checking.check("Japan will not resume face-to-face defense exchanges.")
    assert (close.verdict, close.compared[0].statement.paragraph.number) == (Verdict.CLOSE, "6")
    assert close.judged is None


def test_a_models_opinion_stands_beside_each_sentence_and_changes_no_verdict(shipped: Services) -> None:
    model = Told(lambda p: "\n".join(f"S{n}: contradicts" for n in range(1, p.user.count("\nS") + 1)))

    check = ClaimService(shipped.answering, model).check(
        "Japan will not resume face-to-face defense exchanges."
    )

    assert check.verdict is Verdict.CLOSE
    assert check.judged == Judged("fake:told", (Opinion.CONTRADICTS,) * len(check.compared))


@pytest.mark.parametrize("reply", ["I think so.", "S1: maybe", "S2: supports", ModelUnavailableError("slow")])
def test_a_model_without_a_usable_opinion_has_none(shipped: Services, reply: str | Exception) -> None:
    check = ClaimService(shipped.answering, Told(reply)).check("Japan will resume exchanges.")

    assert check.judged is None
    assert check.compared


def test_opinions_are_read_from_lines_and_from_fields() -> None:
    expected = (Opinion.SUPPORTS, Opinion.NEITHER)

    assert read_opinions(Reply("S1: supports\n**S2** - Neither."), 2) == expected
    assert read_opinions(Reply("", {"S1": "supports", "S2": "neither"}), 2) == expected
    assert read_opinions(Reply("S1: supports"), 2) is None
