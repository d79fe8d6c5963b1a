"""Watched pages: the commands about them, asking in the background, and telling what was found and what became live."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands, tasks
from discord.ui import ActionRow, Button, LayoutView, Separator, TextDisplay

from bot.discord import Interaction
from bot.discord.cogs.base_cog import BaseCog, BotServices, Command, guarded
from bot.discord.cogs.previews import preview_view
from bot.discord.corpus.corpus_rendering import reason_text
from bot.discord.corpus.preview_store import Preview
from bot.discord.corpus.watch_desk import MAX_URL, Letter, watched_url
from bot.discord.delivery import in_time, say, show, show_in_place
from bot.discord.discord_errors import RefusedError
from bot.discord.pages import Tone
from bot.discord.permissions import Caller, caller_of, missing_in
from bot.discord.shards import Shards
from bot.discord.views import LastingItem, box, message_view, text_view
from bot.locales import Phrases
from retrieval.errors import IngestBusyError, RapporteurError
from retrieval.watching import Watch

log = logging.getLogger(__name__)

_WHERE = [
    app_commands.Choice(name=app_commands.locale_str("this server only"), value="server"),
    app_commands.Choice(name=app_commands.locale_str("shared by all servers"), value="shared"),
]

_LOOKED_AT_EVERY_S = 20.0
_ON_A_PAGE = 5


def scoped(**described: str) -> Callable[[Command], Command]:
    """Have a command done by `guarded` that takes `where`, whose readouts it is about; `described` tells of its options."""

    def made(use: Command) -> Command:
        told = {"where": "Who can read it", **described}
        chosen = app_commands.choices(where=_WHERE)(guarded(use))
        return app_commands.describe(**told)(chosen)  # type: ignore[return-value]  # as `guarded` types it

    return made


class WatchControl(
    LastingItem, template=r"watch:(?P<action>pause|resume|drop|turn|look):(?P<pk>\d+):(?P<page>\d+)"
):
    """A button under a watched page in a list, or under a readout that was found."""

    event = "watch_control"


class WatchCommands(BaseCog):
    """What /corpus says about watched pages."""

    @app_commands.command(name="watch", description="Look at an address again and again for new readouts")
    @scoped(
        url="One readout, a page that lists them, RSS or Atom",
        hours="Every how many hours? 6, if you name none",
        take="Take what is found at once, instead of asking here",
    )
    async def watch(
        self,
        interaction: Interaction,
        url: app_commands.Range[str, 1, 1_000],
        hours: app_commands.Range[int, 1, 720] = 6,
        take: bool = False,
        where: str | None = None,
    ) -> None:
        """Watch an address; what is found is told in this channel."""
        given = url, hours, take, interaction.channel_id, self.phrases(interaction)
        work = self.corpus.watching.watch(caller_of(interaction), where, *given)
        await say(interaction, await in_time(interaction, work, ephemeral=True), Tone.ANSWERED)

    @app_commands.command(name="watches", description="The addresses that are looked at again and again")
    @scoped()
    async def watches(self, interaction: Interaction, where: str | None = None) -> None:
        """List them, each with a way to pause and to remove it."""
        work = self.corpus.watching.watched(caller_of(interaction), where)
        found = await in_time(interaction, work, ephemeral=True)
        await show(interaction, _watches_view(found, self.phrases(interaction)), ephemeral=True)

    @app_commands.command(name="announce", description="Announce in a channel what becomes readable here")
    @app_commands.describe(channel="Where? Nowhere any more, if you name none")
    @guarded
    async def announce(self, interaction: Interaction, channel: discord.TextChannel | None = None) -> None:
        """Choose where new readouts are announced."""
        guild = interaction.guild
        if channel and guild and (missing := missing_in(channel, guild.me)):
            raise RefusedError("error.forbidden", permission=missing, channel=channel.mention)
        chosen = channel.id if channel else None
        work = self.corpus.watching.announce(caller_of(interaction), chosen, self.phrases(interaction))
        await say(interaction, await in_time(interaction, work, ephemeral=True), Tone.ANSWERED)


class WatchingCog(BaseCog):
    """Asks the pages on a thread of its own, and tells people; each click is decided by who clicks, at that moment."""

    def __init__(self, bot_services: BotServices, client: commands.AutoShardedBot) -> None:
        super().__init__(bot_services, client)
        self._desk = self.corpus.watching
        self._stopping = threading.Event()
        self._asking = threading.Thread(target=self._ask, name="watching", daemon=True)

    async def cog_unload(self) -> None:
        """Stop; whatever was begun is gone on with by the next process."""
        self._stopping.set()
        self._tell.cancel()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Begin."""
        if not self._asking.is_alive() and not self._stopping.is_set():
            self._asking.start()
        if not self._tell.is_running():
            self._tell.start()

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """Ask nothing for a server where nobody can be told."""
        await asyncio.to_thread(self._desk.left, guild.id)

    def _ask(self) -> None:
        while not self._stopping.is_set():
            try:
                self._desk.ask(self.catalogue, self._stopping)
            except IngestBusyError:  # another process does
                pass
            except Exception as error:  # the next round may go better
                if self._stopping.is_set():  # the ledger is closed by now
                    return
                if isinstance(error, RapporteurError):
                    log.warning("watched pages: %s", error)
                else:
                    log.exception("asking the watched pages failed")
            self._stopping.wait(_LOOKED_AT_EVERY_S)

    @tasks.loop(seconds=_LOOKED_AT_EVERY_S)
    async def _tell(self) -> None:
        shards = Shards.of(self.client)
        try:
            for letter in await self.corpus.look_ups.run(self._desk.letters, shards, self.catalogue):
                if await self._sent(letter):
                    await self.corpus.look_ups.run(self._desk.sent, letter)
            announcing = self._desk.announcing
            due = await asyncio.to_thread(lambda: list(announcing.due(shards, self.catalogue)))
            for letter, guild, after in due:
                if not await self._sent(letter):
                    break
                await self.corpus.look_ups.run(announcing.told, guild, after)
        except Exception:  # the next time may go better
            log.exception("telling what watched pages brought failed")

    async def _sent(self, letter: Letter) -> bool:
        """Send a message where it was wanted, else to whoever wanted it; False: try again later."""
        view = _letter_view(letter, self.catalogue.of(letter.place["language"]))
        for kind in ("channel", "user"):
            if (to := letter.place[kind]) is None:
                continue
            try:
                target: Any = self.client.get_partial_messageable(to)
                if kind == "user":
                    target = await self.client.create_dm(discord.Object(to))
                await target.send(view=view, nonce=letter.key)
                return True
            except (discord.Forbidden, discord.NotFound) as error:
                log.info("what a watched page brought cannot be told in %d: %s", to, error.code)
            except discord.HTTPException as error:
                log.warning("what a watched page brought is told later: %s", error.status)
                return False
        return True

    @commands.Cog.listener()
    @guarded
    async def on_watch_control(self, interaction: Interaction, control: WatchControl) -> None:
        """Do what a control says, if whoever pressed it may."""
        action, pk, page = control.match["action"], int(control.match["pk"]), int(control.match["page"])
        phrases, caller = self.phrases(interaction), caller_of(interaction)
        if action == "look":
            preview = await in_time(interaction, self._previewed(caller, pk, phrases), ephemeral=True)
            await show(interaction, preview_view(preview, phrases), ephemeral=True)
        else:
            work = self._desk.change(caller, pk, action)
            found = await in_time(interaction, work, ephemeral=True, in_place=True)
            await show_in_place(interaction, _watches_view(found, phrases, page))

    async def _previewed(self, caller: Caller, link: int, phrases: Phrases) -> Preview:
        return await self.corpus.previews.found(caller, await self._desk.offered(link), phrases)


def _letter_view(letter: Letter, phrases: Phrases) -> LayoutView:
    container = box(letter.text, Tone.LISTED)
    if letter.link is not None:
        label, style = phrases("corpus.watch.look"), discord.ButtonStyle.primary
        container.add_item(ActionRow(_button(letter.link, "look", 0, label=label, style=style)))
    return message_view(container)


def _watches_view(found: Sequence[tuple[Watch, int]], phrases: Phrases, number: int = 0) -> LayoutView:
    if not found:
        return text_view(phrases("corpus.watch.none"))
    last = (len(found) - 1) // _ON_A_PAGE
    number = min(number, last)
    container = box(f"### {phrases('command.corpus.watches.description')}", Tone.LISTED)
    for watch, waiting in found[number * _ON_A_PAGE : (number + 1) * _ON_A_PAGE]:
        container.add_item(Separator()).add_item(TextDisplay(_watch_text(watch, waiting, phrases)))
        button = partial(_button, watch.pk)
        turned = "resume" if watch.paused else "pause"
        container.add_item(
            ActionRow(
                button(turned, number, label=phrases(f"corpus.watch.{turned}")),
                button("drop", number, label=phrases("corpus.watch.drop"), style=discord.ButtonStyle.danger),
            )
        )
    if last:
        before = _button(found[0][0].pk, "turn", max(number - 1, 0), emoji="◀️", disabled=number == 0)
        after = _button(found[-1][0].pk, "turn", min(number + 1, last), emoji="▶️", disabled=number == last)
        container.add_item(ActionRow(before, after))
    return message_view(container)


def _button(pk: int, action: str, page: int, **look: Any) -> WatchControl:
    return WatchControl(Button(custom_id=f"watch:{action}:{pk}:{page}", **look))


def _watch_text(watch: Watch, waiting: int, phrases: Phrases) -> str:
    asked = int(datetime.fromisoformat(watch.asked_at).timestamp())
    notes = [
        phrases(f"corpus.watch.kind_{watch.kind}"),
        phrases("corpus.watch.every", hours=f"{watch.every_s / 3_600:g}"),
        phrases("corpus.watch.asked", moment=f"<t:{asked}:R>"),
        phrases("corpus.watch.is_paused")
        if watch.paused
        else phrases("corpus.watch.next", moment=f"<t:{int(watch.next_at)}:R>"),
        *([phrases("corpus.watch.takes")] if watch.takes else []),
        *([phrases("corpus.watch.waiting", count=waiting)] if waiting else []),
    ]
    lines = [f"**{watched_url(watch)}**", " · ".join(notes)]
    if watch.error:
        reason = reason_text(watch.error, phrases, MAX_URL)
        lines.append(f"-# {phrases('corpus.watch.error', count=watch.failures, reason=reason)}")
    return "\n".join(lines)
