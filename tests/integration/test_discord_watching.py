"""Watching pages from Discord: the real client as its own process, over sockets, and a web site beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.conftest import Scene, answered, control, text_of
from tests.integration.test_discord_corpus import Corpus, told
from tests.retrieval.fetching.site import Site, answer
from tests.standin.process import BotProcess

TALKS = (
    "<html lang=en><head><title>{n}th Ferry Dialogue</title></head><body><h1>{n}th Ferry Dialogue</h1><p>{n} May 2024</p>"
    "<p>1. Norland will open ferry line {n} to Estmark.</p><p>2. Estmark announced a Harbour Pilots Programme.</p></body></html>"
)


def _list(*numbers: int) -> bytes:
    items = "".join(
        f"<li>{n} May 2024 <a href='/talks-{n}'>{n}th Ferry Dialogue held</a></li>" for n in numbers
    )
    return answer(f"<html><body><ul>{items}</ul></body></html>".encode(), content_type="text/html")


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as served:
        for n in range(4, 9):
            served.replies[f"/talks-{n}"] = answer(TALKS.format(n=n).encode(), content_type="text/html")
        served.replies["/news"] = _list(4, 5)
        yield served


class Watched(Corpus):
    """What an admin sees of it in the channel."""

    async def message(self, *words: str) -> dict[str, Any]:
        """Wait for a message of the bot with these words."""

        def there() -> dict[str, Any] | None:
            shown = self.scene.bot_messages()
            return next((m for m in shown if all(word in text_of(m) for word in words)), None)

        try:
            await self.standin.until(lambda: there() is not None, timeout_s=60)
        except TimeoutError:
            raise AssertionError(
                [text_of(m) for m in self.scene.bot_messages()], self.scene.standin.problems
            ) from None
        found = there()
        assert found is not None
        return found

    async def use(self, message: dict[str, Any], action: str, by: dict[str, Any] | None = None) -> Any:
        custom_id = control(message, action)
        return await answered(
            await self.standin.use(by or self.admin, self.scene.channel, message, custom_id)
        )


def _due(folder: Path) -> None:
    """As if hours had passed."""
    with sqlite3.connect(folder / "store" / "ledger.sqlite3", timeout=30) as connection:
        connection.execute("UPDATE watches SET next_at = 0")
    connection.close()


@pytest.mark.slow
async def test_a_page_is_watched_asked_about_confirmed_and_announced(
    scene: Scene, folder: Path, site: Site
) -> None:
    admin = Watched(scene)
    async with BotProcess(scene.standin, folder, STANDIN_SITE=str(site.port)):
        await scene.standin.connected()
        begun = await admin.run("watch", url=f"{site.url}/news")
        assert "2 links, the newest: **5th Ferry Dialogue held** · 5 May 2024" in told(begun)
        chosen = await scene.standin.slash(
            admin.admin, scene.channel, "corpus announce", channel=scene.channel
        )
        assert "announced in" in told(await answered(chosen))
        panel = await answered(await scene.standin.slash(admin.admin, scene.channel, "settings"))
        assert f"**Announcements of new readouts**: <#{scene.channel['id']}>" in told(panel)

        site.replies["/news"] = _list(7, 6, 4, 5)
        _due(folder)
        found = await admin.message(
            "Found on", "### New: 6th Ferry Dialogue", "¶1 Norland will open ferry line 6"
        )
        mallory = scene.member("mallory")
        assert "Only people with “Manage Server”" in told(await admin.use(found, "watch:look", mallory))
        for n in (6, 7):
            offered = await admin.message("Found on", f"### New: {n}th Ferry Dialogue")
            preview = await admin.use(offered, "watch:look")
            assert preview.shown[0]["flags"] & 64
            assert f"Added: `talks-{n}`" in await admin.ended(await admin.press(preview, "yes"))
        await admin.message(
            "📄 **6th Ferry Dialogue** · 6 May 2024", "Initiatives: ", "- Harbour Pilots Programme — new — ¶2"
        )
        await admin.message(
            "📄 **7th Ferry Dialogue**",
            "Since **6th Ferry Dialogue** · 6 May 2024: changed: 2 · unchanged: 1",
        )

        listed = await admin.run("watches")
        assert "waiting for you" not in told(listed)
        assert "**paused**" in told(await admin.use(listed.shown[0], "watch:pause"))
        assert "**paused**" not in told(await admin.use(listed.shown[0], "watch:resume"))
        assert (
            told(await admin.use(listed.shown[0], "watch:drop"))
            == "Nothing is watched. `/corpus watch` begins."
        )
        assert (
            "announcements of new readouts**: none"
            in told(await admin.use(panel.shown[0], "setting:announcements")).lower()
        )


@pytest.mark.servers
async def test_what_is_taken_at_once_is_told_and_once(scene: Scene, folder: Path, site: Site) -> None:
    admin = Watched(scene)
    settings = {"STANDIN_SITE": str(site.port), "DISCORD_SERVER_WATCHES": "2"}
    async with BotProcess(scene.standin, folder, **settings) as bot:
        await scene.standin.connected()
        assert "a readout" in told(await admin.run("watch", url=f"{site.url}/talks-4", take=True))
        await admin.message("Taken: **4th Ferry Dialogue**", "`talks-4`")
        await admin.run("watch", url=f"{site.url}/news", take=True)
        assert "may have 2 addresses" in told(await admin.run("watch", url=f"{site.url}/talks-5"))
        site.replies["/talks-8"] = answer(b"\x89PNG", content_type="image/png")
        site.replies["/news"] = _list(8, 6, 4, 5)
        _due(folder)
        await admin.message("Taken: **6th Ferry Dialogue**")
        await admin.message("Not read, and not tried again: **8th Ferry Dialogue held**")
        await bot.kill()
    async with BotProcess(scene.standin, folder, **settings):
        await scene.standin.connected(times=2)
        site.replies["/news"] = _list(7, 8, 6, 4, 5)
        _due(folder)
        await admin.message("Taken: **7th Ferry Dialogue**")

    texts = [text_of(message) for message in scene.bot_messages()]
    assert sum("6th Ferry Dialogue" in text for text in texts) == 1
    assert sum("8th Ferry Dialogue" in text for text in texts) == 1
