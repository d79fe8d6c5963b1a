"""How much one server may have: told in a sentence, before anything is fetched or written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from bot.discord.corpus.preview_maker import AttachedFile
from bot.discord.discord_errors import RefusedError, reply_for
from bot.discord.permissions import Caller
from bot.locales import load
from tests.bot.discord.corpus.conftest import HERE, TEXT, Process

PHRASES = load().of("en-US")
ADMIN = Caller(5, "admin", HERE, manages_guild=True)


def sentence(refused: RefusedError) -> str:
    return reply_for(refused, PHRASES, max_question=1_000) or ""


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"server_readouts": 1}, "This server may have 1 readouts of its own; it has 1, and this adds 1."),
        (
            {"server_paragraphs": 5},
            "This server may have 5 paragraphs of its own; it has 3, and this adds 3.",
        ),
        ({"server_megabytes": 1}, "This server may keep 1.0 MB of text"),
        ({"server_ingests_per_day": 1}, "This server has used its 1 ingests"),
    ],
    ids=["readouts", "paragraphs", "megabytes", "ingests"],
)
async def test_a_bound_is_a_clear_sentence(
    processes: Callable[..., Process], settings: dict[str, Any], told: str
) -> None:
    process = processes(**settings)
    big = "server_megabytes" in settings
    data = (
        TEXT + b"\n\n3. " + b"Norland will open a line. " * 3_700 if big else TEXT.replace(b"Ferry", b"Rail")
    )
    if "server_ingests_per_day" in settings:
        preview = await process.corpus.previews.add(
            ADMIN, None, [offered("ferry.txt", TEXT + b"\n\n3. More.")], None, PHRASES
        )
        await process.corpus.confirm(ADMIN, preview.id, None, PHRASES)
    files = [
        offered(f"more-{n}.txt", data.replace(b"talks", b"talks %d" % n)) for n in range(11 if big else 1)
    ]

    with pytest.raises(RefusedError) as refused:
        await process.corpus.previews.add(ADMIN, None, files, None, PHRASES)
    assert sentence(refused.value).startswith(told)


def offered(name: str, data: bytes) -> AttachedFile:
    async def read() -> bytes:
        return data

    return AttachedFile(name, len(data), read)


async def test_a_file_that_is_too_large_is_not_fetched(processes: Callable[..., Process]) -> None:
    async def read() -> bytes:
        raise AssertionError("it was fetched")

    with pytest.raises(RefusedError) as refused:
        await processes(upload_megabytes=1).corpus.previews.add(
            ADMIN, None, [AttachedFile("big.txt", 1_000_001, read)], None, PHRASES
        )
    assert sentence(refused.value) == "“big.txt” is larger than 1 MB. Please split it, or save only its text."
