"""The bot as its own process, against a Discord over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.conftest import QUESTION, Running, Scene, answered, text_of
from tests.standin.gateway import MESSAGE_CONTENT
from tests.standin.process import BotProcess
from tests.standin.world import SEND


async def test_a_question_is_answered_with_paragraphs_that_open(scene: Scene, folder: Path) -> None:
    async with BotProcess(scene.standin, folder) as bot:
        await scene.standin.connected()
        asked = await scene.ask()

        assert "¶7" in text_of(asked.shown[0])
        opened = await scene.click(asked.shown[0], "open")
        assert opened.shown[0]["flags"] & 64
        assert "**" in text_of(opened.shown[0])
        assert await bot.stop() == 0


@pytest.mark.slow
async def test_old_buttons_work_after_the_process_was_killed(scene: Scene, folder: Path) -> None:
    async with BotProcess(scene.standin, folder) as first:
        await scene.standin.connected()
        shown = (await scene.ask()).shown[0]
        await first.kill()
    async with BotProcess(scene.standin, folder):
        await scene.standin.connected(times=2)

        assert "¶7" in text_of((await scene.click(shown, "open")).shown[0])
        assert "¶7" in text_of((await scene.click(shown, "copy")).shown[0])
        assert text_of((await scene.click(shown, "good")).shown[0]) == "Thank you, noted."


@pytest.mark.slow
async def test_commands_are_sent_only_when_they_changed(scene: Scene, folder: Path) -> None:
    for start in (1, 2):
        async with BotProcess(scene.standin, folder) as bot:
            await scene.standin.connected(times=start)
            await bot.stop()

    assert scene.standin.rest.syncs == 1
    assert set(scene.standin.rest.commands) == {
        "ask", "documents", "initiatives", "paragraph", "about", "compare", "trace", "corpus", "Check against the readouts",
        "forget-me", "help", "settings",
    }  # fmt: skip
    assert scene.standin.rest.commands["ask"]["name_localizations"] == {"ja": "質問", "id": "tanya"}


async def test_a_mention_is_answered_in_a_reply_without_the_privileged_intent(
    served: Scene, running: Running
) -> None:
    asked = await served.standin.say(served.ann, served.channel, f"<@{served.bot_id}> {QUESTION}")
    answer = await served.next_answer()

    assert answer["message_reference"]["message_id"] == asked["id"]
    assert "¶7" in text_of(answer)
    assert "message-content intent off" in running.bot.logged()


async def test_an_answer_that_is_replied_to_is_followed_up(served: Scene) -> None:
    first = (await served.ask("What did Minister Kishi say about Myanmar?")).shown[0]
    await served.standin.say(served.ann, served.channel, "and on cybersecurity?", reply_to=first["id"])

    assert "¶7" in text_of(await served.next_answer(number=2))


async def test_an_unpinged_message_in_an_ask_channel_is_left_alone_without_the_intent(
    scene: Scene, folder: Path
) -> None:
    async with BotProcess(scene.standin, folder, DISCORD_ASK_CHANNELS=scene.channel["id"]):
        await scene.standin.connected()
        await scene.standin.say(scene.ann, scene.channel, QUESTION)
        await scene.ask()

    assert len(scene.bot_messages()) == 1


@pytest.mark.parametrize("scene", [MESSAGE_CONTENT], indirect=True)
async def test_every_message_in_an_ask_channel_is_a_question_with_the_intent(
    scene: Scene, folder: Path
) -> None:
    settings = {"DISCORD_ASK_CHANNELS": scene.channel["id"], "DISCORD_MESSAGE_CONTENT": "true"}
    async with BotProcess(scene.standin, folder, **settings):
        await scene.standin.connected()
        await scene.standin.say(scene.ann, scene.channel, QUESTION)

        assert "¶7" in text_of(await scene.next_answer())


async def test_a_message_said_while_the_connection_was_lost_is_answered(served: Scene) -> None:
    gateway = served.standin.gateway
    identified, resumed = gateway.identified, gateway.resumed
    await served.ask()
    await gateway.drop()
    await served.standin.say(served.ann, served.channel, f"<@{served.bot_id}> {QUESTION}")
    await served.standin.resumed(resumed + 1)

    assert "¶7" in text_of(await served.next_answer(number=2))
    assert gateway.identified == identified


async def test_the_bot_comes_back_when_discord_asks_it_to(served: Scene) -> None:
    gateway = served.standin.gateway
    resumed = gateway.resumed
    await gateway.ask_to_reconnect()
    await served.standin.resumed(resumed + 1)

    assert "¶7" in text_of((await served.ask()).shown[0])


async def test_a_rate_limited_answer_arrives_all_the_same(served: Scene) -> None:
    served.standin.limit_once("POST", r"/channels/\d+/messages", 0.2)
    await served.standin.say(served.ann, served.channel, f"<@{served.bot_id}> {QUESTION}")

    assert "¶7" in text_of(await served.next_answer())
    assert 429 in [request.status for request in served.standin.requests]


async def test_an_answer_outlives_an_error_of_discord(served: Scene) -> None:
    served.standin.fail_once("POST", r"/channels/\d+/messages", 502)
    await served.standin.say(served.ann, served.channel, f"<@{served.bot_id}> {QUESTION}")

    assert "¶7" in text_of(await served.next_answer())


async def test_a_question_in_flight_is_answered_before_the_bot_ends(scene: Scene, folder: Path) -> None:
    async with BotProcess(scene.standin, folder) as bot:
        await scene.standin.connected()
        await scene.standin.say(scene.ann, scene.channel, f"<@{scene.bot_id}> {QUESTION}")
        await scene.standin.until(lambda: any(r.path.endswith("/typing") for r in scene.standin.requests))
        status = await bot.stop()

    assert status == 0
    assert "¶7" in text_of(scene.bot_messages()[0])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("token", "settings", "status", "told"),
    [
        ("wrong", {}, 1, "Discord refused the token"),
        ("", {}, 2, "DISCORD_TOKEN is not set"),
        (None, {"DISCORD_MESSAGE_CONTENT": "true"}, 1, "Discord refused the message-content intent"),
        (None, {"DISCORD_ASK_CHANNELS": "general"}, 2, "DISCORD_ASK_CHANNELS"),
    ],
    ids=["wrong token", "no token", "intent not enabled", "setting not understood"],
)
async def test_what_keeps_the_bot_from_starting_is_said_in_a_sentence(
    scene: Scene, folder: Path, token: str | None, settings: dict[str, str], status: int, told: str
) -> None:
    given = {} if token is None else {"token": token}
    async with BotProcess(scene.standin, folder, **given, **settings) as bot:
        assert await bot.ended() == status

    assert told in bot.logged()
    assert "Traceback" not in bot.logged()


async def test_a_channel_where_the_bot_may_not_speak_is_explained_to_the_asker(
    served: Scene, running: Running
) -> None:
    served.standin.world.deny(served.channel, served.bot_id, SEND)
    await served.standin.enter(served.guild, joining=False)  # which tells the bot
    await served.standin.say(served.ann, served.channel, f"<@{served.bot_id}> {QUESTION}")
    told = text_of(await served.next_answer(served.standin.world.dm(served.ann)))

    assert "Send Messages" in told
    assert "general" in told
    assert "allow Rapporteur “Send Messages”" in running.bot.logged()


async def test_titles_are_completed_as_they_are_typed(served: Scene) -> None:
    choices = await served.standin.complete(served.ann, served.channel, "ask", "document", "asean defen")

    assert [choice["value"] for choice in choices] == ["asean-japan-2022-06-22"]


async def test_readouts_can_be_browsed_in_the_readers_language(served: Scene) -> None:
    document = {"document": "asean-japan-2022-06-22"}

    assert "asean-japan-2022-06-22" in text_of((await served.run("documents")).shown[0])
    assert "trusted partner" in text_of((await served.run("paragraph", number="5", **document)).shown[0])
    assert "no paragraph 99" in text_of((await served.run("paragraph", number="99", **document)).shown[0])
    assert "Privacy" in text_of((await served.run("about")).shown[0])
    assert "プライバシー" in text_of((await served.run("about", locale="ja")).shown[0])


async def test_a_message_is_checked_against_the_readouts(served: Scene) -> None:
    claim = await served.standin.say(
        served.ann, served.channel, "The meeting was held in Phnom Penh, Cambodia."
    )
    menu = "Check against the readouts"
    checked = await answered(await served.standin.menu(served.ann, served.channel, menu, claim))

    assert checked.shown[0]["flags"] & 64
    assert "Phnom Penh" in text_of(checked.shown[0])


async def test_each_answer_opens_a_thread_where_it_is_followed_up(scene: Scene, folder: Path) -> None:
    async with BotProcess(scene.standin, folder, DISCORD_ANSWER_THREADS="true"):
        await scene.standin.connected()
        shown = (await scene.ask("What did Minister Kishi say about Myanmar?")).shown[0]
        thread = await scene.standin.until(lambda: scene.standin.world.channels.get(shown["id"]))
        await scene.standin.say(scene.ann, thread, f"<@{scene.bot_id}> and on cybersecurity?")

        assert "¶7" in text_of(await scene.next_answer(thread))


async def test_a_direct_message_is_answered_from_the_shared_readouts(served: Scene) -> None:
    dm = served.standin.world.dm(served.ann)
    asked = await answered(await served.standin.slash(served.ann, dm, "ask", question=QUESTION))

    assert "¶7" in text_of(asked.shown[0])


async def test_questions_beyond_the_limit_hear_when_to_try_again(scene: Scene, folder: Path) -> None:
    async with BotProcess(scene.standin, folder, DISCORD_USER_QUESTIONS_PER_MINUTE="1"):
        await scene.standin.connected()
        await scene.ask()
        refused = await scene.ask()

        assert refused.shown[0]["flags"] & 64
        assert "Please try again in" in text_of(refused.shown[0])


@pytest.mark.slow
@pytest.mark.slow  # discord.py lets 5 s pass between two connections
async def test_two_shards_serve_their_own_servers(scene: Scene, folder: Path) -> None:
    async with BotProcess(scene.standin, folder, DISCORD_SHARDS="2"):
        await scene.standin.connected(times=2)

        assert "¶7" in text_of((await scene.ask()).shown[0])
        assert {session.shard for session in scene.standin.gateway.sessions.values()} == {(0, 2), (1, 2)}


async def test_a_trace_arrives_with_its_picture_and_its_files(served: Scene, running: Running) -> None:
    traced = await answered(await served.run("trace", phrase="face-to-face defense exchanges"))
    files = await served.click(traced.shown[0], "files")

    assert "In 1 of 1 readouts." in text_of(traced.shown[0])
    assert [file["filename"] for file in traced.shown[0]["attachments"]] == ["use-by-year.png"]
    sent = {file["filename"] for file in files.shown[0]["attachments"]}
    assert sent == {"trace.md", "trace.docx", "trace.html"}
