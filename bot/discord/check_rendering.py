"""Pure: a claim that was checked -> pages of markdown within Discord's limits."""

from __future__ import annotations

from collections.abc import Iterable

from bot.discord.markdown import escape
from bot.discord.rendering import Page, _Block, _cut_statement, _flat, _paged
from bot.locales import Phrases
from retrieval.answering.checking import ClaimCheck, Compared, Verdict

_MAX_DIFFERENCES = 8
_MAX_DIFFERING = 120


def render_check(check: ClaimCheck, phrases: Phrases) -> tuple[Page, ...]:
    """Return the pages that show the sentences nearest to a claim, what differs, and a model's opinion, if any."""
    if not check.compared:
        return _paged([_Block(phrases("check.not_found"))], phrases)
    blocks = [_Block(phrases(f"check.{check.verdict.value}"))]
    for place, compared in enumerate(check.compared):
        blocks += _cut_statement(place, compared.statement, phrases)
        if check.verdict is Verdict.CLOSE:
            blocks += _difference_blocks(compared, phrases)
        if check.judged is not None:
            opinion = phrases(f"check.opinion.{check.judged.opinions[place].value}")
            blocks.append(
                _Block(f"-# {phrases('check.judged', opinion=opinion, model=escape(check.judged.by))}")
            )
    return _paged([*blocks, _Block(f"-# {phrases('answer.quoted')}")], phrases)


def _difference_blocks(compared: Compared, phrases: Phrases) -> Iterable[_Block]:
    """A line a difference, what a reader should look at first before the rest."""
    ordered = sorted(compared.differences, key=lambda difference: not difference.marks)
    for difference in ordered[:_MAX_DIFFERENCES]:
        claim, source = (
            f"{before}{_flat(words, _MAX_DIFFERING)}{before}" if words else "–"
            for words, before in ((difference.claim, "~~"), (difference.source, "**"))
        )
        kinds = ", ".join(phrases(f"check.mark.{mark.value}") for mark in sorted(difference.marks))
        line = phrases("check.differs", claim=claim, source=source)
        yield _Block(f"-# {line} ({kinds})" if kinds else f"-# {line}")
    if len(ordered) > _MAX_DIFFERENCES:
        yield _Block(f"-# {phrases('initiatives.more', count=len(ordered) - _MAX_DIFFERENCES)}")
