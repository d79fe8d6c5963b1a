"""Work in the background gives way to questions, and is never starved by them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from retrieval.bootstrap import build_services
from retrieval.index.encoder import Encoder, Vector
from retrieval.precedence import Precedence
from retrieval.settings import RetrievalSettings
from tests.conftest import WriteReadout

_LONG_S = 30.0
"""No test waits that long: it is there so that one that fails ends."""


class Hours:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Besieged(Precedence):
    """Questions that never end: whoever waits for them waits for as long as it said."""

    def __init__(self, clock: Hours) -> None:
        super().__init__()
        self._clock = clock
        self.waited: list[float] = []

    @property
    def is_asked(self) -> bool:
        return True

    def wait(self, timeout_s: float) -> None:
        self._clock.now += timeout_s
        self.waited.append(timeout_s)


def test_work_goes_on_at_once_where_nothing_is_asked() -> None:
    waited: list[float] = []
    precedence = Precedence()
    precedence.wait = waited.append  # type: ignore[method-assign]

    assert list(precedence.courtesy().between("abc")) == ["a", "b", "c"]
    assert waited == []


def test_work_stands_still_until_the_last_question_is_answered() -> None:
    precedence = Precedence()
    done: list[str] = []
    standing = threading.Event()
    precedence_wait = precedence.wait

    def wait(_timeout_s: float) -> None:
        standing.set()
        precedence_wait(_LONG_S)

    def work() -> None:
        precedence.courtesy().give_way()
        done.append("work")

    precedence.wait = wait  # type: ignore[method-assign]
    worker = threading.Thread(target=work)
    with precedence.question():
        with precedence.question():
            worker.start()
            assert standing.wait(_LONG_S)
        done.append("questions")
    worker.join(_LONG_S)

    assert done == ["questions", "work"]


def test_a_question_that_fails_is_over_too() -> None:
    precedence = Precedence()

    with pytest.raises(ZeroDivisionError), precedence.question():
        raise ZeroDivisionError

    assert not precedence.is_asked


def test_work_is_not_starved_by_questions_that_never_end() -> None:
    """A quarter of the time is its own, after the half second that it waits at first."""
    clock = Hours()
    besieged = Besieged(clock)
    courtesy = besieged.courtesy(clock)

    for _ in range(1000):
        courtesy.give_way()
        clock.now += 0.01

    assert sum(besieged.waited) == pytest.approx(0.5 + 999 * 0.03)
    assert max(besieged.waited) == 0.5


def test_work_that_keeps_others_waiting_has_most_of_the_time() -> None:
    """A commit that stood still for three quarters of its time kept every other writer out for ten seconds."""
    clock = Hours()
    besieged = Besieged(clock)
    courtesy = besieged.courtesy(clock)

    with courtesy.in_haste():
        for _ in range(100):
            clock.now += 0.01
            courtesy.give_way()

    assert sum(besieged.waited) == pytest.approx(0.5)


def test_patience_comes_back_while_nobody_asks_but_not_without_bound() -> None:
    clock = Hours()
    besieged = Besieged(clock)
    courtesy = besieged.courtesy(clock)

    courtesy.give_way()
    clock.now += 3600
    courtesy.give_way()

    assert besieged.waited == [0.5, 0.5]


class Stuck(Encoder):
    """Embeds every text but a question, at which it is stuck until it is let go."""

    identity = "stuck"

    def __init__(self) -> None:
        super().__init__()
        self.reached = threading.Event()
        self.let_go = threading.Event()

    def embed(self, text: str) -> Vector:
        if "launched" in text:
            self.reached.set()
            self.let_go.wait(_LONG_S)
        return super().embed(text)


def test_an_ingest_ends_beside_a_question_that_does_not(write_readout: WriteReadout, tmp_path: Path) -> None:
    write_readout("talks", ["Norland will open a ferry line."])
    settings = RetrievalSettings(corpus_dir=tmp_path / "readouts", store_dir=tmp_path / "store")
    encoder = Stuck()

    with build_services(settings, purpose="a test", encoder=encoder) as services:
        asking = threading.Thread(target=services.answering.ask, args=("What was launched?",))
        asking.start()
        assert encoder.reached.wait(_LONG_S)
        report = services.ingesting.ingest()
        still_asking = asking.is_alive()
        encoder.let_go.set()
        asking.join(_LONG_S)

    assert (report.added, still_asking) == (("talks",), True)
