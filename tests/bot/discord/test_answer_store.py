"""What the front end remembers: enough for buttons and follow-ups, and no copy of a readout."""

from __future__ import annotations

import pytest

from bot.discord.answer_store import AnswerStore, ShownAnswer
from bot.discord.pages import Cited
from retrieval.ledger import Ledger

CITED = Cited("asean-2022", "r1", "12(a)", "¶12(a)", ((0, 4), (9, 12)))


@pytest.fixture
def records(ledger: Ledger) -> AnswerStore:
    return AnswerStore(ledger)


def shown(number: int, **more: object) -> ShownAnswer:
    fields: dict[str, object] = {
        "question": f"question {number}",
        "mode": "extractive",
        "user": 5,
        "at": number,
    }
    return ShownAnswer(id=f"{number:012x}", **{**fields, **more})  # type: ignore[arg-type]


def test_an_answer_is_the_same_for_the_next_process(records: AnswerStore, ledger: Ledger) -> None:
    answer = shown(1, cited=((CITED,), ()), parent="f" * 12, guild=2**62, thread=2**61)
    records.add(answer)

    assert AnswerStore(ledger).get(answer.id) == answer


def test_history_follows_the_chain_of_replies_and_nothing_beside_it(records: AnswerStore) -> None:
    records.add(shown(1))
    records.add(shown(2, parent=shown(1).id))
    records.add(shown(3, parent=shown(1).id))
    records.add(shown(4, parent=shown(3).id))

    assert records.history(shown(4).id, 6) == ["question 1", "question 3", "question 4"]
    assert records.history(shown(4).id, 2) == ["question 3", "question 4"]
    assert records.history(None, 6) == []


def test_a_thread_goes_on_from_its_last_answer_or_from_the_one_it_hangs_from(records: AnswerStore) -> None:
    records.add(shown(1))
    records.link(shown(1).id, [77])
    assert records.latest_in(77) == shown(1).id

    records.add(shown(2, thread=77))

    assert records.latest_in(77) == shown(2).id
    assert records.latest_in(78) is None


def test_each_reader_has_one_voice(records: AnswerStore) -> None:
    records.add(shown(1))

    assert records.rate(shown(1).id, user=5, helpful=True, at=1)
    assert records.rate(shown(1).id, user=5, helpful=False, at=2)
    assert not records.rate("0" * 12, user=5, helpful=True, at=3)


def test_what_is_too_old_is_forgotten_with_all_that_hangs_on_it(records: AnswerStore) -> None:
    for number in (1, 2):
        records.add(shown(number))
        records.link(shown(number).id, [number])
        records.rate(shown(number).id, user=5, helpful=True, at=number)

    assert records.forget_before(2) == 1
    assert (records.get(shown(1).id), records.of_message(1)) == (None, None)
    assert records.of_message(2) == shown(2).id
