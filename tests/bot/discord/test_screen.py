"""What is on a screen changes for the better alone."""

from __future__ import annotations

import discord
import pytest

from bot.discord.screen import Rank, Screen
from bot.discord.views import text_view


class FakeScreen(Screen):
    """Shows the text of what it is given; `refusing` so many of the next attempts."""

    def __init__(self) -> None:
        super().__init__()
        self.shows = ""
        self.refusing = 0

    async def _here(self, shown: object) -> None:
        if self.refusing:
            self.refusing -= 1
            raise discord.HTTPException(_Response(), {"code": 50013, "message": "Missing Permissions"})  # type: ignore[arg-type]
        self.shows = next(item.content for item in shown.view.walk_children() if hasattr(item, "content"))  # type: ignore[attr-defined]

    _elsewhere = _more = _here

    def _place(self) -> str:
        return "a test"


class _Response:
    status, reason = 403, "Forbidden"


async def put(screen: Screen, rank: Rank, text: str) -> bool:
    return await screen.put(rank, text_view(text))


@pytest.mark.parametrize("better", list(Rank)[2:], ids=lambda rank: rank.name)
async def test_the_worse_never_replaces_the_better(better: Rank) -> None:
    screen = FakeScreen()
    await put(screen, better, "better")
    for worse in range(Rank.WAITING, better):
        assert not await put(screen, Rank(worse), "worse")

    assert (screen.shows, screen.rank) == ("better", better)


async def test_the_better_replaces_the_worse_step_by_step() -> None:
    screen, seen = FakeScreen(), list[str]()
    for rank in list(Rank)[1:]:
        await put(screen, rank, rank.name)
        seen.append(screen.shows)

    assert seen == ["WAITING", "NOTICE", "QUOTED", "ANSWER"]


async def test_what_cannot_be_shown_leaves_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.discord.screen._AGAIN_AFTER_S", 0)
    screen = FakeScreen()
    await put(screen, Rank.QUOTED, "quoted")
    screen.refusing = 3

    assert not await put(screen, Rank.ANSWER, "answer")
    assert (screen.shows, screen.rank) == ("quoted", Rank.QUOTED)


async def test_words_of_a_readout_are_tried_in_other_ways_and_a_notice_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.discord.screen._AGAIN_AFTER_S", 0)
    screen = FakeScreen()
    screen.refusing = 1
    assert not await put(screen, Rank.NOTICE, "notice")
    screen.refusing = 2

    assert await put(screen, Rank.ANSWER, "answer")


async def test_what_somebody_took_away_does_not_come_back() -> None:
    screen = FakeScreen()
    screen.is_closed = True

    assert not await put(screen, Rank.ANSWER, "answer")
