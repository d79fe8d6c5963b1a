"""Files and modals against the stand-in, with discord.py itself as the bot."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import discord
import pytest
import yarl
from discord import app_commands

from tests.standin import StandIn
from tests.standin.interactions import DEADLINE_S, Interaction
from tests.standin.limits import FILE_BYTES
from tests.standin.server import TOKEN
from tests.standin.world import ATTACH_FILES, Upload

BYTES = bytes(range(256)) * 5
TOO_LARGE, TOO_MANY = (413, 40005), (400, 30015)


class Form(discord.ui.Modal):
    """A modal with both forms of a text input: in a row and in a label."""

    old = discord.ui.TextInput[Any](label="Why", custom_id="why", max_length=20)
    new = discord.ui.Label[Any](
        text="More", component=discord.ui.TextInput(custom_id="more", required=False, default="as it was")
    )
    choice = discord.ui.Label[Any](
        text="Which",
        component=discord.ui.Select(
            custom_id="which", options=[discord.SelectOption(label=x, value=x) for x in ("a", "b")]
        ),
    )

    def __init__(self, bot: Bot, title: str = "Report") -> None:
        super().__init__(title=title, custom_id="report")
        self._bot = bot

    async def on_submit(self, interaction: discord.Interaction) -> None:
        self._bot.read = (self.old.value, self.new.component.value, self.choice.component.values)  # type: ignore[attr-defined]
        await self._bot.run_step(interaction)


class Bot(discord.Client):
    """One command that opens a modal, and one that takes a file."""

    def __init__(self) -> None:
        super().__init__(intents=discord.Intents.default(), guild_ready_timeout=0.0)
        self.tree = app_commands.CommandTree(self)
        self.read: Any = None
        self.title = "Report"
        self.step: Callable[[discord.Interaction], Awaitable[Any]] = self._thank
        self.outcome: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    async def _thank(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message("thanks", ephemeral=True)

    async def run_step(self, interaction: discord.Interaction) -> None:
        """Do what the test wants done, and keep how it ended."""
        try:
            self.outcome.set_result(await self.step(interaction))
        except discord.HTTPException as error:
            self.outcome.set_result((error.status, error.code))

    async def setup_hook(self) -> None:
        @self.tree.command(name="report", description="Opens a modal")
        async def report(interaction: discord.Interaction) -> None:
            try:
                await interaction.response.send_modal(Form(self, self.title))
            except discord.HTTPException as error:
                self.outcome.set_result((error.status, error.code))

        @self.tree.command(name="read", description="Takes a file")
        async def read(interaction: discord.Interaction, file: discord.Attachment) -> None:
            self.read = (file.filename, file.size, file.content_type, await file.read())
            await interaction.response.send_message("back", file=await file.to_file())

        await self.tree.sync()


class Scene:
    """The stand-in, a channel with a user, and the bot in it."""

    def __init__(self, standin: StandIn, bot: Bot) -> None:
        self.standin, self.bot = standin, bot
        guild = standin.world.add_guild()
        self.raw = standin.world.add_channel(guild)
        self.ann = standin.world.add_user("ann")
        standin.world.join(guild, self.ann)

    @property
    def channel(self) -> discord.TextChannel:
        found = self.bot.get_channel(int(self.raw["id"]))
        assert isinstance(found, discord.TextChannel)
        return found

    async def slash(self, name: str, **options: Any) -> Interaction:
        return await self.standin.slash(self.ann, self.raw, name, **options)

    async def opened(self) -> Interaction:
        asked = await self.slash("report")
        await asyncio.wait_for(asked.finished.wait(), 5)
        return asked

    async def outcome(self) -> Any:
        return await asyncio.wait_for(self.bot.outcome, 5)


@pytest.fixture
async def scene(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Scene]:
    async with StandIn() as standin:
        monkeypatch.setattr(discord.http.Route, "BASE", standin.url)
        gateway = yarl.URL(standin.gateway.url)
        monkeypatch.setattr(discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", gateway)
        async with Bot() as bot:
            made = Scene(standin, bot)
            running = asyncio.create_task(bot.start(TOKEN))
            await asyncio.wait_for(_ready(bot, running), 20)
            yield made
            await bot.close()
            await running
        assert standin.problems == []


async def _ready(bot: Bot, running: asyncio.Task[None]) -> None:
    while not bot.is_ready():
        assert not running.done(), running.exception()
        await asyncio.sleep(0.01)


def file(name: str, data: bytes = BYTES) -> discord.File:
    return discord.File(io.BytesIO(data), name, description=f"about {name}")


async def test_an_uploaded_file_is_read_back_byte_for_byte(scene: Scene) -> None:
    sent = await scene.channel.send("here", file=file("a table.csv"))
    fetched = await scene.channel.fetch_message(sent.id)

    attachment = fetched.attachments[0]
    assert await attachment.read() == await attachment.read(use_cached=True) == BYTES
    assert (attachment.filename, attachment.size) == ("a_table.csv", len(BYTES))
    assert attachment.content_type == "text/csv; charset=utf-8"
    assert attachment.description == "about a table.csv"


async def test_an_edit_keeps_the_attachments_that_it_names(scene: Scene) -> None:
    sent = await scene.channel.send(files=[file("a.bin", b"a"), file("b.bin", b"b")])

    kept = await sent.edit(attachments=[sent.attachments[1]])
    assert [a.id for a in kept.attachments] == [sent.attachments[1].id]
    grown = await kept.add_files(file("c.bin", b"c"))
    assert [await a.read() for a in grown.attachments] == [b"b", b"c"]
    reworded = await grown.edit(content="text only")
    assert len(reworded.attachments) == 2


async def test_files_that_are_too_large_are_refused(scene: Scene) -> None:
    assert await _refusal(scene, file("a.bin", bytes(FILE_BYTES + 1))) == TOO_LARGE
    assert await _refusal(scene, *(file(f"{n}.bin", bytes(9 * 2**20)) for n in range(3))) == TOO_LARGE
    assert (await scene.channel.send(file=file("a.bin", bytes(FILE_BYTES)))).attachments[0].size == FILE_BYTES


async def test_a_file_needs_the_permission_to_attach(scene: Scene) -> None:
    scene.standin.world.deny(scene.raw, scene.standin.world.bot["id"], ATTACH_FILES)

    assert await _refusal(scene, file("a.bin")) == (403, 50013)


async def _refusal(scene: Scene, *files: discord.File) -> tuple[int, int]:
    with pytest.raises(discord.HTTPException) as refused:
        await scene.channel.send(files=list(files))
    return refused.value.status, refused.value.code


async def test_more_than_ten_files_are_refused(scene: Scene) -> None:
    # discord.py does not send eleven.
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("payload_json", json.dumps({"content": "x"}))
    for number in range(11):
        form.add_field(f"files[{number}]", b"x", filename=f"{number}.txt")
    url = f"{scene.standin.url}/channels/{scene.raw['id']}/messages"
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as session,
        session.post(url, data=form) as response,
    ):
        assert (response.status, (await response.json())["code"]) == TOO_MANY


async def test_a_submitted_modal_reaches_the_bot_with_its_values(scene: Scene) -> None:
    submitted = await scene.standin.submit(await scene.opened(), why="wrong date", which=["b"])
    await scene.outcome()

    assert scene.bot.read == ("wrong date", "as it was", ["b"])
    assert submitted.shown[0]["content"] == "thanks"


async def test_a_form_that_discord_would_not_send_is_not_sent(scene: Scene) -> None:
    opened = await scene.opened()

    for values in ({"which": ["a"]}, {"why": "x" * 21, "which": ["a"]}, {"why": "x", "other": "y"}):
        with pytest.raises(ValueError, match=r"form|modal"):
            await scene.standin.submit(opened, **values)  # type: ignore[arg-type]


async def test_a_submitted_modal_answered_late_is_unknown(scene: Scene) -> None:
    async def late(interaction: discord.Interaction) -> None:
        scene.standin.interactions.by_token[interaction.token].at -= DEADLINE_S
        await interaction.response.send_message("late")

    scene.bot.step = late
    await scene.standin.submit(await scene.opened(), why="x", which=["a"])

    assert await scene.outcome() == (404, 10062)


@pytest.mark.parametrize("length", [46, 0])
async def test_a_modal_beyond_a_limit_is_refused(scene: Scene, length: int) -> None:
    scene.bot.title = "x" * length
    await scene.slash("report")

    assert await scene.outcome() == (400, 50035)
    scene.standin.problems.clear()  # the description, where there is one, names the title too


async def test_the_bot_reads_an_attachment_option(scene: Scene) -> None:
    asked = await scene.slash("read", file=Upload("note.txt", BYTES))
    await asyncio.wait_for(asked.finished.wait(), 5)

    assert scene.bot.read == ("note.txt", len(BYTES), "text/plain; charset=utf-8", BYTES)
    async with (
        aiohttp.ClientSession() as session,
        session.get(asked.shown[0]["attachments"][0]["url"]) as got,
    ):
        assert await got.read() == BYTES
