"""A store with two servers' own readouts, and the service that manages them."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.discord.answer_store import AnswerStore
from bot.discord.corpus.service import CorpusService
from bot.discord.discord_settings import DiscordSettings
from retrieval.bootstrap import Services, build_services
from retrieval.index.encoder import Encoder
from retrieval.ingest import IngestRequest, Upload
from retrieval.settings import RetrievalSettings

HERE, THERE = 1 << 22, 2 << 22
"""Two servers: of two shards, 1 looks after the first and 0 after the second."""

TEXT = b"Ferry talks\n\n2 May 2024\n\n1. Norland will open a ferry line.\n\n2. Estmark welcomed it.\n"

OpenBot = Callable[..., Any]


def chosen(**more: Any) -> DiscordSettings:
    return DiscordSettings(_env_file=None, **{"token": "t", **more})  # type: ignore[call-arg]


class Process:
    """What one bot process has of a store that others have open too."""

    def __init__(self, services: Services, settings: DiscordSettings) -> None:
        self.services = services
        self.settings = settings
        self.answers = AnswerStore(services.ledger)
        self.corpus = CorpusService(settings, services, self.answers)


@pytest.fixture(scope="session")
def two_servers(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Path:
    """A store where both servers have a readout of their own: made once, copied for each test."""
    folder = tmp_path_factory.mktemp("two-servers")
    with _services(folder, encoder) as services:
        for guild in (HERE, THERE):
            request = IngestRequest(uploads=(Upload("ferry.txt", TEXT),), scope=f"guild:{guild}")
            services.ingesting.run(request)
    return folder


@contextmanager
def _services(folder: Path, encoder: Encoder) -> Iterator[Services]:
    settings = RetrievalSettings(corpus_dir=folder, store_dir=folder, _env_file=None)  # type: ignore[call-arg]
    with build_services(settings, purpose="a test", encoder=encoder) as services:
        yield services


@pytest.fixture
def processes(tmp_path: Path, two_servers: Path, encoder: Encoder) -> Iterator[Callable[..., Process]]:
    """Start processes on a copy of that store, as far as one can without starting any."""

    shutil.copytree(two_servers, tmp_path / "store")
    started: list[Process] = []
    with ExitStack() as stack:

        def start(**settings: Any) -> Process:
            services = stack.enter_context(_services(tmp_path / "store", encoder))
            started.append(Process(services, chosen(**settings)))
            return started[-1]

        yield start
        for process in started:
            asyncio.run(process.corpus.close())
