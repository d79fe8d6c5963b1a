"""What can be taken back: a form that was refused keeps what was typed, and unpinning asks first."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bot.discord.cogs.previews import details_form
from bot.discord.corpus.preview_maker import AttachedFile
from bot.discord.corpus.preview_store import Preview
from bot.discord.discord_errors import RefusedError
from bot.discord.discord_settings import DiscordSettings
from bot.discord.permissions import Caller, is_hidden_from
from bot.locales import load
from retrieval.ingest import IngestRequest, Upload
from tests.bot.discord.corpus.conftest import HERE, TEXT, Process

PHRASES = load().of("en-US")
SCOPE = f"guild:{HERE}"
ADMIN = Caller(5, "admin", HERE, manages_guild=True)
NEW = TEXT.replace(b"Ferry talks", b"Tunnel talks")


@pytest.fixture
def process(processes: Callable[..., Process]) -> Process:
    return processes()


async def previewed(process: Process) -> Preview:
    async def read() -> bytes:
        return NEW

    offered = [AttachedFile("tunnel.txt", len(NEW), read)]
    return await process.corpus.previews.add(ADMIN, None, offered, None, PHRASES)


def shown_in_form(preview: Preview) -> dict[str, str | None]:
    form = details_form(preview, 0, 0, PHRASES)
    return {label.component.custom_id: label.component.default for label in form.children}  # type: ignore[attr-defined]


async def test_a_form_that_was_refused_opens_again_with_what_was_typed(process: Process) -> None:
    preview = await previewed(process)
    typed = {"title": "Talks on the tunnel", "date": "soon", "issuer": "Norland", "id": "tunnel"}
    with pytest.raises(RefusedError):
        await process.corpus.previews.revise(ADMIN, preview.id, 0, typed, PHRASES)

    again = await process.corpus.previews.open(ADMIN, preview.id)
    assert shown_in_form(again) == typed
    assert again.pages == preview.pages

    better = typed | {"date": "2030-01-02"}
    revised = await process.corpus.previews.revise(ADMIN, preview.id, 0, better, PHRASES)
    assert shown_in_form(revised) == better
    assert revised.editable[0].typed == {}


async def test_unpinning_is_shown_first_and_done_when_it_is_confirmed(process: Process) -> None:
    corrected = Upload("ferry.txt", TEXT.replace(b"welcomed", b"opposed"))
    process.services.ingesting.run(IngestRequest(uploads=(corrected,), scope=SCOPE))
    process.services.lifecycle.roll_back("ferry", scope=SCOPE)

    preview = await process.corpus.previews.unpin(ADMIN, None, "ferry", PHRASES)
    assert [page.text for page in preview.pages] == [
        "-# Unpin a readout, this server only; nothing has been changed yet\n### Ferry talks\n"
        "`ferry` is held at the revision that was gone back to. Unpinned, the next ingest may replace it."
    ]
    assert process.services.lifecycle.history("ferry", [SCOPE]).readout.pinned

    done = await process.corpus.confirm(ADMIN, preview.id, None, PHRASES)
    assert done.sentence == "`ferry` is unpinned: the next ingest may change it."
    assert not process.services.lifecycle.history("ferry", [SCOPE]).readout.pinned
    with pytest.raises(RefusedError):
        await process.corpus.previews.unpin(ADMIN, None, "ferry", PHRASES)


@pytest.mark.parametrize(
    ("caller", "hidden"),
    [
        (Caller(1, guild=HERE, roles=((7, "Editors"),)), True),
        (Caller(1, guild=HERE, roles=((7, "Editors"),), manages_guild=True), False),
        (Caller(1, guild=HERE, roles=((8, "Readers"),)), False),
    ],
    ids=["by role alone", "by permission as well", "not at all"],
)
def test_who_may_manage_by_a_role_alone_does_not_see_the_commands(caller: Caller, hidden: bool) -> None:
    settings = DiscordSettings(_env_file=None, token="t", admin_roles=("Editors",))  # type: ignore[call-arg]

    assert is_hidden_from(caller, settings) is hidden
