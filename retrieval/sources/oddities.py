"""What a reader of the report should know about the numbering of a readout."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from retrieval.models import Numbering, Paragraph, is_beside

_MOST = 5
_NUMBER = re.compile(r"\d+(?=$|[#(])")


def numbering_warnings(paragraphs: Sequence[Paragraph]) -> tuple[str, ...]:
    """Return a sentence for every oddity: numbers that repeat, are left out, go back, or are not printed."""
    body = [p for p in paragraphs if not is_beside(p.number)]
    printed = [p.number for p in body if p.numbering is Numbering.PRINTED]
    parts = {p.part for p in body}
    own = [[p.number for p in body if p.part == part and p.numbering is Numbering.PRINTED] for part in parts]
    counted = [p.number for p in body if p.numbering is Numbering.COUNTED]
    found = [*(r for some in own for r in _repeats(some)), *(s for some in own for s in _steps(some))]
    if len(found) > _MOST:
        found = [*found[:_MOST], f"{len(found) - _MOST} more numbers repeat, are left out or go back."]
    if not printed:
        found.append("The source prints no paragraph numbers; they were counted.")
    elif counted:
        numbers = counted[0] if len(counted) == 1 else f"{counted[0]} to {counted[-1]}"
        found.append(f"The source prints no number at {numbers}; counted.")
    return tuple(found)


def _repeats(printed: Sequence[str]) -> Iterator[str]:
    times: dict[str, list[str]] = {}
    for number in printed:
        times.setdefault(number.split("#", 1)[0], []).append(number)
    for number, cited in times.items():
        if len(cited) > 1:
            yield f"The number {number} is printed {len(cited)} times; the second is cited as {cited[1]}."


def _steps(printed: Sequence[str]) -> Iterator[str]:
    plain = [int(found[0]) for n in printed if (found := _NUMBER.match(n))]
    outer = [number for number, _ in itertools.groupby(plain)]  # "2(1)" and "2(2)" are both of 2
    for before, after in itertools.pairwise(outer):
        if after > before + 1:
            left = str(before + 1) if after == before + 2 else f"{before + 1} to {after - 1}"
            yield f"After {before} the source goes on with {after}: {left} left out."
        elif after < before and after != 1:
            yield f"After {before} the source goes back to {after}."
