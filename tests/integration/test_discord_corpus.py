"""Managing readouts from Discord: the real client as its own process, over sockets."""

from __future__ import annotations

import asyncio
import copy
import io
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.integration.conftest import Running, Scene, answered, control, text_of
from tests.standin.interactions import LIFETIME_S, Interaction
from tests.standin.limits import walk
from tests.standin.process import BotProcess
from tests.standin.world import ADMINISTRATOR, MANAGE_GUILD, Guild, Upload

FIRST = b"""Joint Communique of the Ferry Dialogue

2 May 2024

1. Norland will open a ferry line to Estmark in November.

2. Estmark welcomed the line and announced a Harbour Pilots Programme.

3. The parties will meet again in Norhaven.
"""
CORRECTED = FIRST.replace(b"in November", b"in October")
OTHER = FIRST.replace(b"Ferry Dialogue", b"Harbour Dialogue")
DOCUMENT = "ferry"
QUESTION = "When will Norland open the ferry line to Estmark?"


class Corpus:
    """An admin of a server, and what they do with /corpus."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.standin = scene.standin
        self.admin = scene.member("admin")
        scene.standin.world.grant(scene.guild, self.admin, MANAGE_GUILD)
        self.own = f"scope = 'guild:{scene.guild.id}'"

    async def run(
        self,
        name: str,
        *,
        by: dict[str, Any] | None = None,
        channel: dict[str, Any] | None = None,
        **options: Any,
    ) -> Interaction:
        given = await self.standin.slash(
            by or self.admin, channel or self.scene.channel, f"corpus {name}", **options
        )
        return await answered(given)

    async def preview(self, data: bytes = FIRST, **more: Any) -> Interaction:
        return await self.run("add", file=Upload(f"{DOCUMENT}.txt", data), **more)

    async def press(
        self, shown: Interaction, action: str, *, by: dict[str, Any] | None = None, **more: Any
    ) -> Interaction:
        message = shown.shown[0]
        custom_id = control(message, f"corpus:{action}")
        return await answered(
            await self.standin.use(
                by or self.admin, more.pop("channel", self.scene.channel), message, custom_id
            )
        )

    async def ended(self, pressed: Interaction) -> str:
        """Wait until the message says how the job ended; return it."""
        message = pressed.shown[0]
        return str(await self.standin.until(lambda: _ending(message)))

    async def added(self, data: bytes = FIRST, **more: Any) -> str:
        return await self.ended(await self.press(await self.preview(data, **more), "yes", **more))

    async def asked(
        self, by: dict[str, Any], channel: dict[str, Any], question: str = QUESTION
    ) -> Interaction:
        return await answered(await self.standin.slash(by, channel, "ask", question=question))


def _ending(message: dict[str, Any]) -> str | None:
    text = text_of(message)
    return text if "done" in text or "could not" in text else None


def buttons(message: dict[str, Any]) -> list[str]:
    return [c["custom_id"].split(":")[1] for c in walk(message["components"]) if c.get("custom_id")]


def told(interaction: Interaction) -> str:
    return "\n".join(text_of(message) for message in interaction.shown)


def typed(form: Interaction) -> dict[str, str]:
    """What the fields of a form hold when it opens."""
    assert form.modal is not None
    return {c["custom_id"]: c.get("value", "") for c in walk(form.modal["components"]) if c["type"] == 4}


@pytest.fixture
def corpus(served: Scene) -> Corpus:
    """Of a server of the bot that tests share."""
    return Corpus(served)


@pytest.fixture
def alone(scene: Scene) -> Corpus:
    """Of a Discord whose bot the test starts itself."""
    return Corpus(scene)


def rows(folder: Path, query: str) -> list[Any]:
    connection = sqlite3.connect(folder / "store" / "ledger.sqlite3")
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait for what another process does after the message that was seen."""
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.05)


async def test_the_round_from_the_first_upload_to_the_rollback(
    corpus: Corpus, served: Scene, running: Running
) -> None:
    first = await corpus.preview()
    preview = told(first)
    assert first.shown[0]["flags"] & 64
    assert "Preview, this server only; nothing has been changed yet" in preview
    assert "### New: Joint Communique of the Ferry Dialogue" in preview
    assert "- Id: `ferry`\n- Date: 2 May 2024\n- Issuer: none" in preview
    assert "¶1 Norland will open a ferry line to Estmark in November." in preview
    assert "Initiatives: " in preview
    assert "numbers printed in the source" in preview
    assert rows(running.folder, f"SELECT count(*) FROM readouts WHERE {corpus.own}") == [(0,)]

    assert "Added: `ferry`" in await corpus.ended(await corpus.press(first, "yes"))
    answer = await corpus.asked(served.ann, served.channel)
    assert "November" in told(answer)
    assert "¶1" in told(answer)

    second = await corpus.preview(CORRECTED)
    assert "Paragraphs changed: 1 · added: 0 · removed: 0" in told(second)
    assert "in ~~November~~**October**" in told(second)
    assert "Changed: `ferry` (paragraphs changed: 1, added: 0, removed: 0)" in await corpus.ended(
        await corpus.press(second, "yes")
    )
    assert "October" in told(await corpus.asked(served.ann, served.channel))
    old = await answered(
        await corpus.standin.use(
            served.ann, served.channel, answer.shown[0], control(answer.shown[0], "open")
        )
    )
    assert "in November." in told(old).replace("*", "")
    assert "These are the words as they were when the answer was given." in told(old)

    back = await corpus.run("rollback", document=DOCUMENT)
    assert "in ~~October~~**November**" in told(back)
    assert "is back at revision" in told(await corpus.press(back, "yes"))
    assert "November" in told(await corpus.asked(served.ann, served.channel))
    again = told(await corpus.preview(CORRECTED))
    assert "Held back" in again

    history = told(await corpus.run("history", document=DOCUMENT))
    actor = f"<@{corpus.admin['id']}>"
    assert history.count(actor) == 3
    for line in ("added `ferry`", "changed `ferry`", "rolled back `ferry`", "paragraphs changed: 1"):
        assert line in history
    unpinning = await corpus.run("rollback", document=DOCUMENT, unpin=True)
    assert "Held back" in told(await corpus.preview(CORRECTED))  # it was only asked
    assert "is unpinned" in told(await corpus.press(unpinning, "yes"))
    assert "Changed: `ferry`" in await corpus.added(CORRECTED)


async def test_details_are_corrected_before_anything_is_written(corpus: Corpus, served: Scene) -> None:
    first = await corpus.preview()
    opened = await corpus.press(first, "edit")
    bad = await answered(await corpus.standin.submit(opened, title="Ferry talks", date="soon"))
    assert "“soon” is no date" in told(bad)
    opened = await corpus.press(bad, "edit")
    assert typed(opened)["title"] == "Ferry talks"
    assert typed(opened)["date"] == "soon"
    revised = await answered(
        await corpus.standin.submit(
            opened, title="Ferry talks", date="2024-05-03", issuer="Ministry of Norland", id="Ferry 2024"
        )
    )
    assert "### New: Ferry talks" in told(revised)
    assert "- Id: `ferry-2024`\n- Date: 3 May 2024\n- Issuer: Ministry of Norland" in told(revised)
    assert "Added: `ferry-2024`" in await corpus.ended(await corpus.press(revised, "yes"))

    listed = told(await answered(await corpus.standin.slash(served.ann, served.channel, "documents")))
    assert "Ferry talks" in listed


async def test_what_members_make_of_answers_reaches_the_admins(corpus: Corpus, served: Scene) -> None:
    answer = await corpus.asked(served.ann, served.channel, "Where is the treasure of the Nibelungs?")
    message = answer.shown[0]
    form = await answered(
        await corpus.standin.use(served.ann, served.channel, message, control(message, "bad"))
    )
    thanks = await answered(await corpus.standin.submit(form, reason="It is in the Rhine"))
    assert told(thanks) == "Thank you, noted."

    shown = await corpus.run("insights")
    assert "Where is the treasure of the Nibelungs?" in told(shown)
    assert "“It is in the Rhine”" in told(shown)
    assert [file["filename"] for file in shown.shown[0]["attachments"]] == ["questions-by-week.png"]

    panel = await answered(await corpus.standin.slash(corpus.admin, served.channel, "settings"))
    assert "Settings of this server" in told(panel)
    forgotten = await answered(await corpus.standin.slash(served.ann, served.channel, "forget-me"))
    assert "Forgotten, in every server" in told(forgotten)
    assert "Rhine" not in told(await corpus.run("insights"))


async def test_several_files_are_previewed_page_by_page_and_a_bad_one_says_why(corpus: Corpus) -> None:
    files = {
        "file": Upload("one.txt", FIRST),
        "file2": Upload("two.txt", CORRECTED.replace(b"Ferry", b"Tunnel")),
        "file3": Upload("bad.json", b'{"title": '),
    }
    shown = await corpus.run("add", **files)
    assert "page 1 of 2" in told(shown)
    assert "### Failed\n- attachment bad.json" in told(shown)
    assert buttons(shown.shown[0]) == ["turn", "turn", "yes", "edit", "no"]
    forth = [c["custom_id"] for c in walk(shown.shown[0]["components"]) if c.get("custom_id")][1]
    turned = await answered(
        await corpus.standin.use(corpus.admin, corpus.scene.channel, shown.shown[0], forth)
    )
    assert "page 2 of 2" in told(turned)
    assert "Id: `two`" in told(turned)
    report = await corpus.ended(await corpus.press(turned, "yes"))
    assert "Added: `one`, `two`" in report
    assert "### Failed\n- attachment bad.json" in report


async def test_who_may_not_is_refused_at_every_step(corpus: Corpus, served: Scene, running: Running) -> None:
    shown = await corpus.preview()
    mallory = served.member("mallory")
    for name, options in {
        "add": {"file": Upload("x.txt", FIRST)},
        "reingest": {},
        "remove": {"document": DOCUMENT},
        "rollback": {"document": DOCUMENT},
        "status": {},
        "history": {},
        "export": {},
    }.items():
        refused = await corpus.run(name, by=mallory, **options)
        assert told(refused).startswith("Only people with “Manage Server” here"), name
        shared = await corpus.run(name, by=corpus.admin, where="shared", **options)
        assert told(shared) == "Only operators of this bot may manage the shared readouts.", name
    for action in ("yes", "edit", "no"):
        assert "Only the person who started" in told(await corpus.press(shown, action, by=mallory))
    other_admin = served.member("other admin")
    corpus.standin.world.grant(served.guild, other_admin, ADMINISTRATOR)
    assert "Only the person who started" in told(await corpus.press(shown, "yes", by=other_admin))
    typed = await corpus.standin.complete(
        mallory, served.channel, "corpus remove", "document", "", purge="true"
    )
    assert typed == []
    opened = await corpus.press(shown, "edit")
    corpus.standin.world.grant(served.guild, corpus.admin, 0)  # no longer an admin
    assert told(await corpus.press(shown, "yes")).startswith("Only people with “Manage Server” here")
    assert told(await answered(await corpus.standin.submit(opened, title="Mine"))).startswith("Only people")
    assert rows(running.folder, f"SELECT count(*) FROM jobs WHERE {corpus.own}") == [(0,)]
    assert rows(running.folder, f"SELECT count(*) FROM readouts WHERE {corpus.own}") == [(0,)]


async def test_operators_by_id_or_role_and_admins_by_role_name(
    alone: Corpus, scene: Scene, folder: Path
) -> None:
    world = alone.standin.world
    olga, rosa, paul = (scene.member(name) for name in ("olga", "rosa", "paul"))
    curators = world.add_role(scene.guild, "curators", rosa)
    world.add_role(scene.guild, "Press office", paul)
    settings = {
        "DISCORD_OPERATORS": f"{olga['id']}, {curators['id']}",
        "DISCORD_ADMIN_ROLES": "Editors, Press office",
    }
    async with BotProcess(alone.standin, folder, **settings):
        await alone.standin.connected()
        assert "shared by all servers" in told(await alone.run("status", by=rosa, where="shared"))
        assert "this server only" in told(await alone.run("status", by=paul))
        assert told(await alone.run("status", by=paul, where="shared")).startswith("Only operators")
        assert told(await alone.run("status", by=olga)).startswith("Only people")
        direct = world.dm(olga)
        shown = await alone.run("add", by=olga, channel=direct, file=Upload("ferry.txt", FIRST))
        assert "Preview, shared by all servers" in told(shown)
        assert "Added: `ferry`" in await alone.ended(await alone.press(shown, "yes", by=olga, channel=direct))
        assert "November" in told(await alone.asked(scene.ann, scene.channel))
        assert told(await alone.run("status", by=rosa, channel=world.dm(rosa))).startswith("Only operators")
        again = told(await alone.run("reingest", by=olga, where="shared"))
        assert "Nothing would change." in again


class Elsewhere:
    """A second server with an admin of its own."""

    def __init__(self, corpus: Corpus) -> None:
        world = corpus.standin.world
        self.guild: Guild = world.add_guild("Elsewhere")
        self.channel = world.add_channel(self.guild)
        self.eve = world.add_user("eve")
        world.join(self.guild, self.eve)
        world.grant(self.guild, self.eve, MANAGE_GUILD)


async def test_a_second_server_and_a_direct_message_see_none_of_it(
    corpus: Corpus, served: Scene, running: Running
) -> None:
    elsewhere = Elsewhere(corpus)
    corpus.standin.world.join(elsewhere.guild, served.ann)
    eve, there = elsewhere.eve, elsewhere.channel
    run = corpus.standin.slash
    await corpus.standin.enter(elsewhere.guild, joining=False)
    await corpus.added()
    answer = await corpus.asked(served.ann, served.channel)
    listed = await answered(await run(served.ann, served.channel, "initiatives"))
    preview = await corpus.preview(CORRECTED)
    seen: list[str] = []
    for who, where in ((eve, there), (served.ann, corpus.standin.world.dm(served.ann))):
        assert "November" not in told(await corpus.asked(who, where))
        for name, options in (
            ("documents", {}),
            ("paragraph", {"document": DOCUMENT, "number": "1"}),
            ("ask", {"question": QUESTION, "document": DOCUMENT}),
            ("initiatives", {}),
            ("initiatives", {"document": DOCUMENT}),
            ("initiatives", {"text": "Harbour"}),
            ("about", {}),
        ):
            seen.append(told(await answered(await run(who, where, name, **options))))
        for name in ("ask", "paragraph", "initiatives"):
            seen.append(str(await corpus.standin.complete(who, where, name, "document", "")))
        seen.append(str(await corpus.standin.complete(who, where, "initiatives", "text", "Harbour")))
    for name, options in (
        ("status", {}),
        ("history", {}),
        ("history", {"document": DOCUMENT}),
        ("export", {}),
        ("export", {"document": DOCUMENT}),
        ("remove", {"document": DOCUMENT, "purge": True}),
        ("rollback", {"document": DOCUMENT}),
        ("reingest", {"document": DOCUMENT}),
    ):
        shown = await corpus.run(name, by=eve, channel=there, **options)
        assert not [a for m in shown.shown for a in m["attachments"]], name
        seen.append(told(shown))
    for name in ("remove", "rollback", "history", "export"):
        seen.append(str(await corpus.standin.complete(eve, there, f"corpus {name}", "document", "")))
    seen.append(
        str(await corpus.standin.complete(eve, there, "corpus rollback", "revision", "", document=DOCUMENT))
    )
    # buttons of the first server, pressed from the second, by somebody who is in both
    for message, action in (
        (answer.shown[0], "open"),
        (answer.shown[0], "copy"),
        (listed.shown[0], "csv"),
        (listed.shown[0], "pick"),
    ):
        custom_id = next(
            (
                c["custom_id"]
                for c in walk(message["components"])
                if c.get("custom_id", "").startswith(action)
            ),
            None,
        )
        if custom_id is None:
            continue
        values = ["0"] if action == "pick" else None
        clicked = await answered(await corpus.standin.use(served.ann, there, message, custom_id, values))
        assert not [a for m in clicked.shown for a in m["attachments"]]
        seen.append(told(clicked))
    # an admin of both, with a preview of the first
    corpus.standin.world.join(elsewhere.guild, corpus.admin)
    corpus.standin.world.grant(elsewhere.guild, corpus.admin, MANAGE_GUILD)
    for action in ("yes", "edit", "no"):
        pressed = await corpus.press(preview, action, channel=there)
        assert told(pressed).startswith("Only people with “Manage Server” here"), action
    for text in seen:
        for secret in ("Norland", "Estmark", "Harbour Pilots", "Ferry Dialogue", "November", "admin)"):
            assert secret not in text, text
    assert not [
        word for word in ("Norland", "Harbour", QUESTION, "Communique") if word in running.bot.logged()
    ]


async def test_one_server_reads_its_own_where_another_has_the_same_id(corpus: Corpus, served: Scene) -> None:
    elsewhere = Elsewhere(corpus)
    await corpus.standin.enter(elsewhere.guild)
    await corpus.added()
    theirs = FIRST.replace(b"Norland", b"Sudland").replace(b"in November", b"in March")
    shown = await corpus.preview(theirs, by=elsewhere.eve, channel=elsewhere.channel)
    assert "### New:" in told(shown)
    await corpus.ended(await corpus.press(shown, "yes", by=elsewhere.eve, channel=elsewhere.channel))

    here = told(await corpus.asked(served.ann, served.channel))
    there = told(await corpus.asked(elsewhere.eve, elsewhere.channel, QUESTION.replace("Norland", "Sudland")))
    assert ("November" in here, "March" in here) == (True, False)
    assert ("November" in there, "March" in there) == (False, True)


async def test_what_was_removed_comes_back_and_what_was_purged_does_not(
    corpus: Corpus, served: Scene, running: Running
) -> None:
    await corpus.added()
    answer = await corpus.asked(served.ann, served.channel)
    shown = await corpus.run("remove", document=DOCUMENT)
    assert "Cancelled" in told(await corpus.press(shown, "no"))
    assert "has expired" in told(await corpus.press(await _copy(shown), "yes"))
    assert "was removed" in told(await corpus.press(await corpus.run("remove", document=DOCUMENT), "yes"))
    assert "November" not in told(await corpus.asked(served.ann, served.channel))
    await corpus.press(await corpus.run("rollback", document=DOCUMENT), "yes")
    assert "November" in told(await corpus.asked(served.ann, served.channel))

    before = copy.deepcopy(answer.shown[0])
    purge = await corpus.run("remove", document=DOCUMENT, purge=True)
    assert "cannot be undone" in told(purge)
    assert "was erased" in told(await corpus.press(purge, "yes"))
    opened = await answered(
        await corpus.standin.use(served.ann, served.channel, before, control(before, "open"))
    )
    assert told(opened) == "This paragraph is no longer among the readouts."
    assert "no readout `ferry`" in told(await corpus.run("rollback", document=DOCUMENT))
    await corpus.standin.until(lambda: "has been erased" in text_of(answer.shown[0]))
    assert "November" not in str(answer.shown[0]["components"])
    cited = rows(running.folder, f"SELECT cited FROM discord_answers WHERE guild = {served.guild.id}")
    assert not [row for row in cited if DOCUMENT in row[0]]


async def _copy(shown: Interaction) -> Interaction:
    """A preview as it stood before its buttons went."""
    draft = "0" * 12
    custom_id = f"corpus:yes:{draft}:0:0"
    row = {"type": 1, "components": [{"type": 2, "custom_id": custom_id, "label": "Confirm", "style": 3}]}
    shown.shown[0]["components"] = [{"type": 10, "content": "Preview"}, row]
    return shown


async def test_the_export_can_be_added_again(corpus: Corpus) -> None:
    await corpus.added()
    assert told(await corpus.run("export", document="nowhere")).startswith(
        "There is no readout `nowhere` here."
    )
    shown = await corpus.run("export")
    url = shown.shown[0]["attachments"][0]["url"]
    async with aiohttp.ClientSession() as session, session.get(url) as got:
        data = await got.read()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["ferry.json"]
        exported = archive.read("ferry.json")
    again = await corpus.run("add", file=Upload("ferry.json", exported))
    assert "Nothing would change." in told(again)


async def test_a_bound_is_a_clear_sentence_with_nothing_to_press(alone: Corpus, folder: Path) -> None:
    async with BotProcess(alone.standin, folder, DISCORD_SERVER_READOUTS="1"):
        await alone.standin.connected()
        await alone.added()
        refused = await alone.run("add", file=Upload("more.txt", OTHER))

        assert told(refused).startswith("This server may have 1 readouts of its own; it has 1")
        assert buttons(refused.shown[0]) == []


async def test_whoever_started_it_is_told_when_the_token_is_too_old(corpus: Corpus, served: Scene) -> None:
    for closed, place in ((False, served.standin.world.dm(corpus.admin)), (True, served.channel)):
        shown = await corpus.preview(CORRECTED if closed else FIRST)
        if closed:
            corpus.standin.world.closed_dms.add(corpus.admin["id"])
        pressed = await corpus.standin.use(
            corpus.admin, served.channel, shown.shown[0], control(shown.shown[0], "corpus:yes")
        )
        await answered(pressed)
        pressed.at -= LIFETIME_S
        message = await served.next_answer(place)
        if closed:
            assert text_of(message).startswith(f"<@{corpus.admin['id']}>\n**Job ")
            assert message["mentions"] == []
        else:
            assert "is done. Added: 1" in text_of(message)
            assert "ferry" not in text_of(message)


@pytest.mark.slow
async def test_a_restart_in_between_loses_neither_the_job_nor_its_starter(
    alone: Corpus, scene: Scene, folder: Path
) -> None:
    many = b"".join(b"\n\n%d. Norland will open ferry line number %d." % (n, n) for n in range(1, 200))
    async with BotProcess(alone.standin, folder) as first:
        await alone.standin.connected()
        shown = await alone.preview(b"Many lines\n\n2 May 2024" + many)
        await alone.press(shown, "yes")
        await first.kill()
    state = rows(folder, "SELECT state FROM jobs")
    async with BotProcess(alone.standin, folder):
        await alone.standin.connected(times=2)
        message = await scene.next_answer(alone.standin.world.dm(alone.admin))

        assert state in ([("queued",)], [("running",)])
        assert text_of(message).startswith("Job 1 is done. Added: 1")
        await eventually(lambda: rows(folder, "SELECT count(*) FROM discord_watches") == [(0,)])


@pytest.mark.slow
async def test_a_preview_is_confirmed_after_a_restart(alone: Corpus, folder: Path) -> None:
    async with BotProcess(alone.standin, folder) as first:
        await alone.standin.connected()
        shown = await alone.preview()
        await first.stop()
    async with BotProcess(alone.standin, folder):
        await alone.standin.connected(times=2)
        opened = await alone.press(shown, "edit")
        await answered(await alone.standin.submit(opened, title="Ferry talks"))

        assert "### New: Ferry talks" in text_of(shown.shown[0])
        assert "Added: `ferry`" in await alone.ended(await alone.press(shown, "yes"))


@pytest.mark.slow
async def test_a_document_that_is_there_is_asked_about_and_the_buttons_outlive_a_restart(
    alone: Corpus, folder: Path
) -> None:
    async with BotProcess(alone.standin, folder) as first:
        await alone.standin.connected()
        await alone.added()
        shown = [
            await alone.run("add", file=Upload(name, CORRECTED)) for name in ("line.md", "communique.txt")
        ]
        await first.stop()
    async with BotProcess(alone.standin, folder):
        await alone.standin.connected(times=2)
        for given, action in zip(shown, ("both", "replace"), strict=True):
            assert buttons(given.shown[0]) == ["replace", "both", "no"]
            await alone.press(given, action)
        both, replaced = (text_of(given.shown[0]) for given in shown)

        assert "Chosen: `line` is kept beside" in both
        assert "Chosen: what comes as `communique` replaces `ferry`." in replaced
        assert "in ~~November~~**October**" in replaced
        assert "Changed: `ferry`" in await alone.ended(await alone.press(shown[1], "yes"))
        assert "Added: `line`" in await alone.ended(await alone.press(shown[0], "yes"))


@pytest.mark.slow
async def test_a_server_that_removed_the_bot_is_purged_in_time_and_not_when_it_is_back(
    alone: Corpus, scene: Scene, folder: Path
) -> None:
    own = f"SELECT count(*) FROM readouts WHERE scope = 'guild:{scene.guild.id}'"
    async with BotProcess(alone.standin, folder) as bot:
        await alone.standin.connected()
        await alone.added()
        await alone.asked(scene.ann, scene.channel)
        await alone.standin.leave(scene.guild)
        await _until(lambda: rows(folder, "SELECT count(*) FROM discord_departures") == [(1,)])
        await alone.standin.enter(scene.guild)
        hello = text_of(await scene.next_answer(number=2))
        assert "erased 30 days later" in hello
        assert "still here" in hello
        assert rows(folder, own) == [(1,)]
        await bot.stop()
    alone.standin.world.guilds.pop(scene.guild.id)  # while the bot is off
    async with BotProcess(alone.standin, folder, DISCORD_PURGE_AFTER_DAYS="0"):
        await alone.standin.connected(times=2)
        await _until(lambda: rows(folder, own) == [(0,)])
        for table in ("discord_departures", "jobs", "discord_drafts", "discord_answers"):
            await _until(lambda t=table: rows(folder, f"SELECT count(*) FROM {t}") == [(0,)])  # type: ignore[misc]


async def _until(happened: Any, timeout_s: float = 20.0) -> None:
    async with asyncio.timeout(timeout_s):
        while not happened():
            await asyncio.sleep(0.05)


async def test_a_finished_job_leads_on_to_asking_to_initiatives_and_to_what_changed(corpus: Corpus) -> None:
    await corpus.added()
    done = await corpus.press(await corpus.preview(CORRECTED), "yes")
    await corpus.ended(done)

    async def follow(action: str) -> Interaction:
        custom_id = control(done.shown[0], f"job:{action}:server:{DOCUMENT}")
        return await answered(
            await corpus.standin.use(corpus.admin, corpus.scene.channel, done.shown[0], custom_id)
        )

    listed, changed, form = await follow("list"), await follow("diff"), await follow("ask")
    asked = await answered(await corpus.standin.submit(form, question=QUESTION))

    assert "Harbour Pilots Programme" in told(listed)
    assert "in ~~November~~**October**" in told(changed)
    assert "in **October**" in told(asked)
    assert asked.shown[0]["flags"] & 64


async def test_why_something_failed_is_told_without_this_machine_in_it(corpus: Corpus) -> None:
    shown = await corpus.run(
        "add", file=Upload("latin.txt", "Ministers’ talks\n\n1. Caf\u00e9.".encode("utf-16-be")[1:])
    )

    assert told(shown).startswith(
        "-# Preview, this server only; nothing has been changed yet\n### Failed\n- "
    )
    assert "rapporteur" not in told(shown)
    assert buttons(shown.shown[0]) == []  # nothing could be confirmed, so nothing can be cancelled


async def test_a_server_chooses_its_ask_channels_and_sees_them_chosen(corpus: Corpus) -> None:
    async def panel() -> Interaction:
        return await answered(await corpus.standin.slash(corpus.admin, corpus.scene.channel, "settings"))

    shown, here = (await panel()).shown[0], corpus.scene.channel["id"]
    await answered(
        await corpus.standin.use(corpus.admin, corpus.scene.channel, shown, "setting:ask_channels", [here])
    )

    assert f"answer without a mention**: <#{here}> (chosen here)" in told(await panel())
