"""What happens inside, told to whoever watches: how long each stage took, how it went, and what was counted.

Services say `with stage("search"):` and `count("model_tokens", 12, kind="input")`; they know neither metrics nor
traces. Who watches is a matter of the process, as the handlers of its log are: the entry point says so with
`watched_by`, and where nobody does, nothing is measured.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Literal, Protocol

Stage = Literal["question", "search", "select", "model", "compose", "ingest"]
"""Of an answer, from asked to composed, and the reading and committing of sources."""

Counted = Literal[
    "model_tokens", "model_cost", "ingested_readouts", "refusals", "failures", "gateway_reconnects"
]

Told = dict[str, str]
"""What a stage says of itself: never words of a question or of a readout."""


class Observer(Protocol):
    """Whoever watches."""

    def stage(self, name: Stage, told: Told) -> AbstractContextManager[None]:
        """Return what is entered when a stage begins and left when it ends; `told` is complete only then."""

    def count(self, what: Counted, amount: float, labels: Told) -> None:
        """Take note that `amount` more of something happened."""


_observers: list[Observer] = []


@contextmanager
def watched_by(*observers: Observer) -> Iterator[None]:
    """Have `observers` told of all that this process does while the block lasts."""
    _observers.extend(observers)
    try:
        yield
    finally:
        for observer in observers:
            _observers.remove(observer)


@contextmanager
def stage(name: Stage) -> Iterator[Told]:
    """Mark a stage; also a decorator. What it puts into the dictionary that it gets is told, as `outcome` is.

    Where it says no outcome, that is "done", or the name of the error that ended it.
    """
    told: Told = {}
    with ExitStack() as watching:
        for observer in _observers:
            watching.enter_context(observer.stage(name, told))
        try:
            yield told
        except BaseException as error:
            told["outcome"] = type(error).__name__.strip("_")
            raise
        told.setdefault("outcome", "done")


def count(what: Counted, amount: float = 1, **labels: str) -> None:
    """Count `amount` more of something."""
    for observer in _observers:
        observer.count(what, amount, labels)
