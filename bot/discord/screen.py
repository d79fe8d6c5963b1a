"""What is on the screen in reply to somebody, and the one way in which it changes: never for the worse.

Whatever a reply shows goes through `Screen.put` with its rank; a lower one than what is there is left out. What
Discord refuses is tried in another way where it holds words of a readout, and is a line in the log, never an error.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

import discord
from discord.ui import LayoutView

from bot.discord import Interaction
from bot.discord.discord_errors import DISCORD_FAULTS, one_line

log = logging.getLogger(__name__)

_AGAIN_AFTER_S = 3.0
_ALREADY_ACKNOWLEDGED = 40060

Files = Sequence[discord.File]


class Rank(IntEnum):
    """What may stand on a screen, the worst first."""

    NOTHING = 0
    WAITING = 1
    """A sign of life."""
    NOTICE = 2
    """A sentence that says why there is no answer."""
    QUOTED = 3
    """What was found, while a language model goes on to choose."""
    ANSWER = 4


@dataclass(frozen=True, slots=True)
class _Shown:
    """A message as it is to be shown.

    Attributes:
        ephemeral: To one person alone.
        in_place: Where the message stands that was clicked.
    """

    view: LayoutView
    files: Files = ()
    ephemeral: bool = False
    in_place: bool = False


class Screen(ABC):
    """The messages in reply to one question, or to one click.

    Attributes:
        rank: Of what is there.
        ids: Of the messages that are there, as far as Discord tells them.
        is_closed: Whether somebody took it all away: nothing is shown any more.
    """

    def __init__(self) -> None:
        self.rank = Rank.NOTHING
        self.ids: list[int] = []
        self.is_closed = False
        self._changing = asyncio.Lock()

    @property
    def shows_words(self) -> bool:
        """Whether words of a readout are there."""
        return self.rank >= Rank.QUOTED

    async def put(
        self,
        rank: Rank,
        view: LayoutView,
        files: Files = (),
        *,
        ephemeral: bool = False,
        in_place: bool = False,
    ) -> bool:
        """Show `view` in place of what is there, unless that is better; returns whether it is there now.

        Args:
            in_place: Where the message stands that was clicked, instead of beside it.
        """
        async with self._changing:
            if self.is_closed or rank < self.rank or (rank is Rank.WAITING and self.rank is rank):
                return False
            if not await self._any_way(rank, _Shown(view, files, ephemeral, in_place)):
                return False
            self.rank = rank
            return True

    async def add(self, view: LayoutView, *, ephemeral: bool = False) -> bool:
        """Show one more message below; returns whether it is there now."""
        async with self._changing:
            return not self.is_closed and await self._tried(self._more(_Shown(view, (), ephemeral)))

    async def _any_way(self, rank: Rank, shown: _Shown) -> bool:
        if await self._tried(self._here(shown)):
            return True
        if rank < Rank.QUOTED:
            return False
        if await self._tried(self._elsewhere(shown)):
            return True
        await asyncio.sleep(_AGAIN_AFTER_S)
        return await self._tried(self._elsewhere(shown))

    async def _tried(self, sending: Awaitable[object]) -> bool:
        try:
            await sending
        except DISCORD_FAULTS as error:
            log.warning("not shown in %s: %s", self._place(), one_line(error))
            return False
        return True

    @abstractmethod
    async def _here(self, shown: _Shown) -> None: ...

    @abstractmethod
    async def _elsewhere(self, shown: _Shown) -> None: ...

    @abstractmethod
    async def _more(self, shown: _Shown) -> None: ...

    @abstractmethod
    def _place(self) -> str: ...


class InteractionScreen(Screen):
    """What answers a command or a click; where Discord no longer takes that, a message in the channel."""

    def __init__(self, interaction: Interaction) -> None:
        super().__init__()
        self._interaction = interaction
        self._is_update = False  # acknowledged so that the message that was clicked can be written over

    @classmethod
    def of(cls, interaction: Interaction) -> InteractionScreen:
        """Return the one screen of an interaction."""
        screen: InteractionScreen = interaction.extras.setdefault("screen", cls(interaction))
        return screen

    async def acknowledge(self, *, ephemeral: bool, in_place: bool) -> None:
        """Have Discord say that an answer is on its way, where nothing is there yet.

        Args:
            in_place: It will take the place of the message that was clicked.
        """
        async with self._changing:
            response = self._interaction.response
            if self.rank is Rank.NOTHING and not response.is_done():
                await self._tried(response.defer(ephemeral=ephemeral, thinking=not in_place))
                self._is_update = in_place
                self.rank = Rank.WAITING

    async def _here(self, shown: _Shown) -> None:
        response = self._interaction.response
        try:
            if not response.is_done():
                await self._first(shown)
                return
        except discord.HTTPException as error:
            if error.code != _ALREADY_ACKNOWLEDGED:  # it was, and what said so was lost on the way
                raise
        if self._is_update and not shown.in_place:  # what was clicked stays
            await self._more(replace(shown, ephemeral=True))
            return
        edited = await self._interaction.edit_original_response(view=shown.view, attachments=shown.files)
        self._know(edited.id)

    async def _first(self, shown: _Shown) -> None:
        response = self._interaction.response
        if shown.in_place:
            await response.edit_message(view=shown.view, attachments=shown.files)
            return
        sent = await response.send_message(view=shown.view, ephemeral=shown.ephemeral, files=shown.files)
        if sent.message_id is not None:
            self._know(sent.message_id)

    async def _elsewhere(self, shown: _Shown) -> None:
        """What one person alone may see goes to them in a direct message."""
        interaction, channel = self._interaction, self._interaction.channel
        for file in shown.files:
            file.reset()
        if shown.ephemeral or not isinstance(channel, discord.abc.Messageable):
            await interaction.user.send(view=shown.view, files=shown.files)
            return
        if self.ids and isinstance(channel, discord.TextChannel | discord.Thread | discord.DMChannel):
            try:  # the interaction may be over while the message is there
                message = channel.get_partial_message(self.ids[0])
                await message.edit(
                    view=shown.view, attachments=shown.files, allowed_mentions=discord.AllowedMentions.none()
                )
                return
            except discord.HTTPException as error:
                log.info("not written over: %s", one_line(error))
        self.ids = [(await channel.send(view=shown.view, files=shown.files)).id]

    async def _more(self, shown: _Shown) -> None:
        sent = await self._interaction.followup.send(
            view=shown.view, files=shown.files, ephemeral=shown.ephemeral, wait=True
        )
        self.ids.append(sent.id)

    def _know(self, message: int) -> None:
        if not self.ids:
            self.ids.append(message)

    def _place(self) -> str:
        return f"reply to interaction {self._interaction.id}"


class MessageScreen(Screen):
    """What replies to a message.

    Attributes:
        asked: The message, as it reads now.
    """

    def __init__(self, asked: discord.Message) -> None:
        super().__init__()
        self.asked = asked
        self._sent: list[discord.Message] = []

    @property
    def first(self) -> discord.Message | None:
        """The message that answers, once it is there."""
        return self._sent[0] if self._sent else None

    async def finish(self, count: int) -> None:
        """Take away what an earlier, longer answer has beyond `count` messages."""
        for message in self._sent[count:]:
            await self._tried(message.delete())
        del self._sent[count:], self.ids[count:]

    async def put_page(self, number: int, view: LayoutView) -> bool:
        """Show a page of an answer: the first as `put` does, others where an earlier answer has its own, or below."""
        if number == 0:
            return await self.put(Rank.ANSWER, view)
        if number < len(self._sent):
            async with self._changing:
                return await self._tried(self._written(number, view))
        return await self.add(view)

    async def _here(self, shown: _Shown) -> None:
        if self._sent:
            await self._written(0, shown.view)
        else:
            # `fail_if_not_exists=False`: the question may be deleted while it is being answered.
            reference: Any = self.asked.to_reference(fail_if_not_exists=False) if self._may_reply() else None
            self._keep(await self.asked.channel.send(view=shown.view, reference=reference))

    async def _written(self, number: int, view: LayoutView) -> None:
        nobody = discord.AllowedMentions.none()
        self._sent[number] = await self._sent[number].edit(view=view, allowed_mentions=nobody)

    async def _elsewhere(self, shown: _Shown) -> None:
        sent = await self.asked.channel.send(view=shown.view)
        del self._sent[:1], self.ids[:1]
        self._sent.insert(0, sent)
        self.ids.insert(0, sent.id)

    async def _more(self, shown: _Shown) -> None:
        self._keep(await self.asked.channel.send(view=shown.view))

    def _keep(self, sent: discord.Message) -> None:
        self._sent.append(sent)
        self.ids.append(sent.id)

    def _may_reply(self) -> bool:
        guild, channel = self.asked.guild, self.asked.channel
        if guild is None or not isinstance(channel, discord.abc.GuildChannel | discord.Thread):
            return True
        return channel.permissions_for(guild.me).read_message_history

    def _place(self) -> str:
        return f"channel {self.asked.channel.id}"
