"""`rapporteur run`: settings -> services -> a client that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import signal

import discord

from bot.discord.client import Rapporteur, ShardedRapporteur, build_client
from bot.discord.cogs.base import Equipment
from bot.discord.corpus.departures import Caretaker
from bot.discord.corpus.desk import CorpusDesk
from bot.discord.questions import Desk
from bot.discord.records import Records
from bot.locales import load
from bot.settings import DiscordSettings
from retrieval.bootstrap import Services
from retrieval.ingest.job_board import JobWorker
from retrieval.ledger.jobs import JobRow

log = logging.getLogger(__name__)

EXIT_DONE, EXIT_FAILED = 0, 1


def run(settings: DiscordSettings, services: Services) -> int:
    """Run the bot until SIGTERM or SIGINT; return the exit status."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s", force=True
    )
    logging.getLogger("httpx").setLevel(logging.WARNING)  # or every question to a Chroma server is a line
    return asyncio.run(_run(settings, services))


async def _run(settings: DiscordSettings, services: Services) -> int:
    records = Records(services.ledger)
    desk = Desk(
        settings,
        services.answering,
        services.browser,
        records,
        checking=services.checking,
        mode=services.answering.mode,
    )
    corpus = CorpusDesk(settings, services, records)
    caretaker = Caretaker(services.ledger, corpus, records, settings.purge_after_days)
    client = build_client(Equipment(desk, load(), settings, corpus, caretaker))
    worker = JobWorker(
        services.ledger, services.ingesting, services.index_sync, purpose="rapporteur run", on_ended=_note
    )
    worker.start()
    stopping = _stop_on_signals(client)
    warming = asyncio.create_task(desk.warm_up(lambda: _ask_something(services)))
    try:
        await client.start(settings.token.get_secret_value())
    except discord.LoginFailure:
        return _failed(
            "Discord refused the token. Copy a new one from the developer portal (Bot, Reset Token) "
            "into DISCORD_TOKEN."
        )
    except discord.PrivilegedIntentsRequired:
        return _failed(
            "Discord refused the message-content intent. Switch it on in the developer portal (Bot, Message "
            "Content Intent), or set DISCORD_MESSAGE_CONTENT=false."
        )
    finally:
        await client.close()
        await asyncio.gather(warming, *stopping)
        await asyncio.to_thread(worker.stop)
        await corpus.close()
    log.info("stopped")
    return EXIT_DONE


def _note(ended: JobRow) -> None:
    if ended.error:
        log.warning("job %d failed: %s", ended.pk, ended.error)
    else:
        log.info("job %d is done", ended.pk)


def _failed(sentence: str) -> int:
    log.error(sentence)
    return EXIT_FAILED


def _stop_on_signals(client: Rapporteur | ShardedRapporteur) -> set[asyncio.Task[None]]:
    """Close the client on the first signal; the returned set holds the closing task once there is one."""
    loop = asyncio.get_running_loop()
    closing: set[asyncio.Task[None]] = set()

    def stop(name: str) -> None:
        if not closing:
            log.info("%s: finishing answers in flight", name)
            closing.add(loop.create_task(client.close()))

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop, number.name)
    return closing


def _ask_something(services: Services) -> None:
    """Load encoder, index and language detection, a second altogether, before members wait for it.

    The Spanish question is there for the last of them: loaded amid fifty questions it held them all up for
    2.5 s (`bench/discord_load.py`).
    """
    for question in ("Where was the meeting held?", "¿Dónde se celebró la reunión?"):
        services.answering.quote(question)
