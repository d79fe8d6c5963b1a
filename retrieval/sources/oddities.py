"""What a reader of the report should know about the numbering of a readout."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from retrieval.models import Numbering, Paragraph, is_front_matter

_MOST = 5


def numbering_warnings(paragraphs: Sequence[Paragraph]) -> tuple[str, ...]:
    """Return a sentence for every oddity: numbers that repeat, are left out, go back, or are not printed."""
    body = [p for p in paragraphs if not is_front_matter(p.number)]
    printed = [p.number for p in body if p.numbering is Numbering.PRINTED]
    counted = [p.number for p in body if p.numbering is Numbering.COUNTED]
    found = [*_repeats(printed), *_steps(printed)]
    if len(found) > _MOST:
        found = [*found[:_MOST], f"{len(found) - _MOST} more numbers repeat, are left out or go back."]
    if not printed:
        found.append("The source prints no paragraph numbers; they were counted.")
    elif counted:
        numbers = counted[0] if len(counted) == 1 else f"{counted[0]} to {counted[-1]}"
        found.append(f"The source prints no number at {numbers}; counted.")
    return tuple(found)


def _repeats(printed: Sequence[str]) -> Iterator[str]:
    times: dict[str, int] = {}
    for number in printed:
        plain = number.split("#", 1)[0]
        times[plain] = times.get(plain, 0) + 1
    for number, count in times.items():
        if count > 1:
            yield f"The number {number} is printed {count} times; the second is cited as {number}#2."


def _steps(printed: Sequence[str]) -> Iterator[str]:
    plain = [int(number) for n in printed if (number := n.split("#", 1)[0]).isdecimal()]
    for before, after in itertools.pairwise(plain):
        if after > before + 1:
            left = str(before + 1) if after == before + 2 else f"{before + 1} to {after - 1}"
            yield f"After {before} the source goes on with {after}: {left} left out."
        elif after < before and after != 1:
            yield f"After {before} the source goes back to {after}."
