"""What was asked in vain, what was disliked and why, what was opened, week by week: for those who keep the readouts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from bot.discord.answer_store import ShownAnswer
from bot.discord.corpus.corpus_rendering import where_name
from bot.discord.discord_markdown import escape, shortened
from bot.discord.feedback_store import FeedbackStore, Rated
from bot.discord.pages import MAX_TITLE, Block, Page, Tone, flat, paged
from bot.discord.permissions import guild_of, guild_scopes
from bot.locales import Phrases
from bot.sheet_formats import png
from retrieval.models import place_of
from retrieval.search.browsing import Browser, ReadoutSummary

_LISTED = 15
_MAX_QUESTION = 200
_MOST_WEEKS = 26

Week = tuple[str, int, int]
"""Month and day of its Monday, how many questions were answered, how many there were."""


@dataclass(frozen=True, slots=True)
class Insights:
    """Pages, and a picture (PNG) of the weeks where anything was asked."""

    pages: tuple[Page, ...]
    picture: bytes | None = None


def insights_of(
    scope: str, feedback: FeedbackStore, readouts: Browser, now_ms: int, phrases: Phrases
) -> Insights:
    """Return what is known of one server, or for the shared scope of all places; blocking.

    Args:
        scope: What whoever asks may manage: an operator sees no readout of a server's own.
    """
    guild = guild_of(scope)
    asked, rated = feedback.asked(guild), feedback.rated(guild)
    lines = {line.id: line for line in readouts.documents(guild_scopes(guild))}
    opened = [each for each in feedback.most_opened(guild) if each[0] in lines][:_LISTED]
    blocks = [Block(_summary(scope, asked, rated, phrases))]
    for name, found in (
        ("unanswered", _unanswered(asked, phrases)),
        ("disliked", _disliked(rated)),
        ("opened", _opened(opened, lines, phrases)),
    ):
        head = f"### {phrases(f'insights.{name}')}"
        bullets = [Block(f"- {each}", head) for each in found]
        blocks += bullets or [Block(f"-# {phrases('settings.none')}", head)]
    by_week = weeks(asked, now_ms)
    picture = png(by_week) if any(total for _, _, total in by_week) else None
    return Insights(paged(blocks, phrases, tone=Tone.LISTED), picture)


def weeks(asked: Sequence[ShownAnswer], now_ms: int) -> list[Week]:
    """Return the weeks (UTC) from the first question on, at most half a year of them."""
    total, answered = Counter[date](), Counter[date]()
    for each in asked:
        total[_monday(each.at)] += 1
        answered[_monday(each.at)] += bool(each.answered)
    last = max([_monday(now_ms), *total])
    first = max(min(total, default=last), last - timedelta(weeks=_MOST_WEEKS - 1))
    mondays = [first + timedelta(weeks=n) for n in range((last - first).days // 7 + 1)]
    return [(f"{monday:%m-%d}", answered[monday], total[monday]) for monday in mondays]


def _monday(at_ms: int) -> date:
    day = datetime.fromtimestamp(at_ms / 1000, UTC).date()
    return day - timedelta(days=day.weekday())


def _summary(scope: str, asked: Sequence[ShownAnswer], rated: Sequence[Rated], phrases: Phrases) -> str:
    where = where_name(scope, phrases)
    told = phrases(
        "insights.summary",
        questions=len(asked),
        answered=sum(bool(each.answered) for each in asked),
        good=sum(each.good for each in rated),
        bad=sum(each.bad for each in rated),
    )
    return f"**{phrases('insights.title', where=where)}**\n{told}"


def _unanswered(asked: Sequence[ShownAnswer], phrases: Phrases) -> Iterator[str]:
    """Yield each question once, the latest first, as it was asked last."""
    in_vain = [each.question for each in asked if not each.answered]
    times = Counter(_folded(question) for question in in_vain)
    latest = {_folded(question): question for question in reversed(in_vain)}
    for folded in list(dict.fromkeys(map(_folded, in_vain)))[:_LISTED]:
        yield flat(latest[folded], _MAX_QUESTION) + (f" ×{times[folded]}" if times[folded] > 1 else "")
    if len(times) > _LISTED:
        yield phrases("corpus.more", count=len(times) - _LISTED)


def _folded(question: str) -> str:
    return " ".join(question.casefold().split()).rstrip(" ?？!.。")


def _disliked(rated: Sequence[Rated]) -> Iterator[str]:
    for each in [each for each in rated if each.bad][:_LISTED]:
        why = "".join(
            f"\n  - “{escape(shortened(' '.join(r.split()), _MAX_QUESTION))}”" for r in each.reasons
        )
        yield f"{flat(each.answer.question, _MAX_QUESTION)} · 👎 {each.bad} · 👍 {each.good}{why}"


def _opened(
    opened: Sequence[tuple[str, str, int]], lines: Mapping[str, ReadoutSummary], phrases: Phrases
) -> Iterator[str]:
    for document, number, times in opened:
        line = lines[document]
        day = f" · {escape(phrases.date(line.date) or '')}" if line.date else ""
        yield f"{escape(place_of(number, None))} · {flat(line.title, MAX_TITLE)}{day}: {times}"
