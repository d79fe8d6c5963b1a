"""Rate limits: so many questions a minute, refilled steadily, one member's use not another's."""

from __future__ import annotations

import pytest

from bot.admission import LimitedError, Limits


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def waits(limits: Limits, user: int, server: int | None = 1) -> int:
    try:
        limits.admit(user, server)
    except LimitedError as error:
        return error.seconds
    return 0


def test_a_member_may_ask_at_once_what_the_minute_allows_and_then_waits_for_the_next() -> None:
    clock = Clock()
    limits = Limits(3, 0, clock)

    assert [waits(limits, 7) for _ in range(4)] == [0, 0, 0, 20]
    clock.now += 19.5
    assert waits(limits, 7) == 1
    clock.now += 1
    assert [waits(limits, 7), waits(limits, 7)] == [0, 20]


def test_a_server_limit_counts_all_its_members_and_no_other_server() -> None:
    limits = Limits(0, 2, Clock())

    assert [waits(limits, 1), waits(limits, 2)] == [0, 0]
    with pytest.raises(LimitedError) as caught:
        limits.admit(3, 1)
    assert caught.value.whole_server
    assert waits(limits, 3, server=2) == 0


def test_a_refused_question_costs_nothing() -> None:
    clock = Clock()
    limits = Limits(2, 1, clock)
    waits(limits, 7)

    assert [waits(limits, 7) for _ in range(3)] == [60, 60, 60]
    clock.now += 60
    assert waits(limits, 7) == 0


def test_zero_is_no_limit() -> None:
    limits = Limits(0, 0, Clock())

    assert [waits(limits, 7) for _ in range(1_000)] == [0] * 1_000
