"""The life of `rapporteur run`: one process for each shard, connected, watched over, until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from typing import TYPE_CHECKING

import discord
from discord.backoff import ExponentialBackoff

from bot.discord.discord_errors import DISCORD_FAULTS, OneLineFaults, one_line
from bot.discord.discord_settings import DiscordSettings, content_note
from bot.discord.permissions import invite_link
from retrieval.errors import RapporteurError, StoreError

if TYPE_CHECKING:
    from bot.discord.question_service import QuestionService
    from bot.discord.shards import ShardLeases
    from retrieval.bootstrap import Services
    from retrieval.front_end_store import Database
    from retrieval.ingest import JobRow

log = logging.getLogger(__name__)

EXIT_DONE, EXIT_FAILED = 0, 1

_LONGEST_PAUSE_S = 120.0
_LOOKED_AT_EVERY_S = 2.0
_LOGIN_S = 15.0
_LEAVING_S = 1.0
_ALIVE_S = 5.0


def run(settings: DiscordSettings, services: Services) -> int:
    """Run the bot until SIGTERM or SIGINT; return the exit status."""
    for handler in logging.getLogger().handlers:
        handler.addFilter(OneLineFaults())
    return asyncio.run(_run(settings, services))


async def _run(settings: DiscordSettings, services: Services) -> int:
    from bot.discord.client import build_bot_services, build_client
    from retrieval.ingest.job_worker import JobWorker

    bot_services = build_bot_services(settings, services)
    questions, corpus = bot_services.questions, bot_services.corpus
    assert corpus is not None
    client = build_client(bot_services)
    working = services.ledger, services.ingesting, services.index_sync
    worker = JobWorker(*working, purpose="rapporteur run", on_ended=_note)
    stopping = asyncio.create_task(_told_to_stop(settings.shutdown_timeout_s))
    with _supervised(client, services, questions):
        warming = asyncio.create_task(questions.warm_up(lambda: _ask_something(services)))
        worker.start()
        serving = asyncio.create_task(_serve(client, settings, services.ledger))
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done():
            await asyncio.wait({warming})
        await client.close()
        status = await _status_of(serving)
        stopping.cancel()
        await asyncio.to_thread(worker.stop)
        is_idle = await corpus.close() and client.is_idle
        warming.cancel()
    log.info("stopped")
    if not is_idle:
        _leave(status)
    return status


def _leave(status: int) -> None:
    """End the process at once, with the store left as it is: it survives that."""
    log.warning("something is still at work; leaving it")
    logging.shutdown()
    os._exit(status)


async def _status_of(serving: asyncio.Task[None]) -> int:
    """Return the exit status, having said in a sentence what the operator has to do."""
    serving.cancel()
    (ended,) = await asyncio.gather(serving, return_exceptions=True)
    match ended:
        case discord.LoginFailure():
            return _failed(
                "Discord refused the token. Copy a new one from the developer portal (Bot, Reset Token) "
                "into DISCORD_TOKEN."
            )
        case discord.PrivilegedIntentsRequired():
            return _failed(
                "Discord refused the message-content intent. Switch it on in the developer portal (Bot, Message "
                "Content Intent), or set DISCORD_MESSAGE_CONTENT=false."
            )
        case None | asyncio.CancelledError():
            return EXIT_DONE
        case RapporteurError():
            return _failed(str(ended))
        case discord.ConnectionClosed():
            return _failed(f"Discord closed the connection for good: {one_line(ended)}.")
        case _:
            raise ended


def _note(ended: JobRow) -> None:
    if ended.error:
        log.warning("job %d failed: %s", ended.pk, ended.error)
    else:
        log.info("job %d is done", ended.pk)


def _failed(sentence: str) -> int:
    log.error(sentence)
    return EXIT_FAILED


async def _told_to_stop(timeout_s: float) -> None:
    """Wait for SIGTERM or SIGINT, and see to it that the process then ends in time, whatever hangs."""
    loop, told = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        try:
            loop.add_signal_handler(number, told.set)
        except NotImplementedError:  # Windows has no such handlers
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(told.set))
    await told.wait()
    log.info("told to stop: answers in flight arrive first")
    timer = threading.Timer(timeout_s + _LEAVING_S, _leave, [EXIT_DONE])
    timer.daemon = True
    timer.start()


def _ask_something(services: Services) -> None:
    """Load encoder, index and language detection, a second altogether, before members wait for it.

    The Spanish question is there for the last of them: loaded amid fifty questions it held them all up for
    2.5 s (`bench/discord_load.py`).
    """
    for question in ("What was announced on defence?", "¿Dónde se celebró la reunión?"):
        services.answering.quote(question)


async def _serve(client: discord.AutoShardedClient, settings: DiscordSettings, database: Database) -> None:
    """Log in and stay, for as long as no other process does; where Discord cannot be reached, try again.

    Raises:
        RapporteurError: Another process took over, or the ledger cannot be read.
        LoginFailure, PrivilegedIntentsRequired, ConnectionClosed: Discord wants no such client.
    """
    from bot.discord.shards import ShardLeases

    await _reached(client, lambda: client.login(settings.token.get_secret_value()))
    assert client.application_id is not None
    ids = settings.shard_ids or range(max(1, settings.shards))
    leases = ShardLeases(database, client.application_id, ids)
    if (other := await asyncio.to_thread(leases.take)) is not None:
        said = "Another process (%s, since %s) runs this bot already: standing back until it ends."
        log.warning(said, other.holder, other.since)
        while await asyncio.to_thread(leases.take) is not None:
            await asyncio.sleep(_LOOKED_AT_EVERY_S)
        log.info("the other process ended: taking its place")
    connected = asyncio.create_task(_reached(client, client.connect))
    kept = asyncio.create_task(_kept(leases))
    try:
        await asyncio.wait({connected, kept}, return_when=asyncio.FIRST_COMPLETED)
        if not connected.done():
            raise RapporteurError("Another process took over as this one stood still: standing back.")
        await connected
    finally:
        connected.cancel()
        kept.cancel()
        with suppress(StoreError):
            await asyncio.to_thread(leases.give_back)


async def _kept(leases: ShardLeases) -> None:
    while True:
        await asyncio.sleep(leases.kept_every_s)
        try:
            if not await asyncio.to_thread(leases.keep):
                return
        except StoreError as error:  # the next time may go better
            log.warning("%s", error)


async def _reached(client: discord.AutoShardedClient, call: Callable[[], Awaitable[None]]) -> None:
    """Do `call`; where Discord cannot be reached, again, ever less often."""
    back_off = ExponentialBackoff()
    while not client.is_closed():
        try:
            await call()
        except (discord.LoginFailure, discord.PrivilegedIntentsRequired, discord.ConnectionClosed):
            raise
        except (*DISCORD_FAULTS, RecursionError) as error:  # discord.py calls itself for every try of a shard
            pause_s = min(back_off.delay() + 1.0, _LONGEST_PAUSE_S)
            log.warning("Discord cannot be reached, again in %.0f s: %s", pause_s, one_line(error))
            if client.application is None:
                await client.http.close()
                client.http.connector = discord.utils.MISSING  # it was closed with its session
            await asyncio.sleep(pause_s)
        else:
            return


def _supervised(
    client: discord.AutoShardedClient, services: Services, questions: QuestionService
) -> AbstractContextManager[None]:
    """Tell Prometheus and a supervisor how the bot is while the block lasts, which is within its event loop.

    Raises:
        SettingsError: The port cannot be had.
    """
    from bot.monitoring import monitored

    loop = asyncio.get_running_loop()

    def answers_at_all() -> str | None:
        try:
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(_ALIVE_S)
        except TimeoutError:
            return f"the event loop has not answered for {_ALIVE_S:.0f} s"
        return None

    return monitored(
        services,
        alive={"event loop": answers_at_all},
        ready={"gateway": lambda: None if _is_connected(client) else "not connected"},
        gauges={
            "questions_waiting": ("Questions that wait for a thread", lambda: questions.waiting),
            "gateway_connected": ("1 where all connections are up", lambda: _is_connected(client)),
            "gateway_latency_seconds": ("Heartbeat to answer", lambda: client.latency),
        },
    )


def _is_connected(client: discord.AutoShardedClient) -> bool:
    return client.is_ready() and not any(shard.is_closed() for shard in client.shards.values())


def examine_discord(settings: DiscordSettings) -> list[str]:
    """Log in, without going online, and return what was found, one sentence each.

    Raises:
        RapporteurError: The bot could not run like this; says what to do.
    """
    return asyncio.run(_examined(settings))


async def _examined(settings: DiscordSettings) -> list[str]:
    async with discord.Client(intents=discord.Intents.none()) as client:
        try:
            async with asyncio.timeout(_LOGIN_S):
                await client.login(settings.token.get_secret_value())
        except discord.LoginFailure:
            raise RapporteurError(
                "Discord refused the token. Copy a new one from the developer portal (Bot, Reset Token)."
            ) from None
        except (OSError, TimeoutError, discord.HTTPException) as error:
            raise RapporteurError(
                f"Discord could not be reached ({type(error).__name__}). Check the network, then try again."
            ) from error
        return _found(client, settings)


def _found(client: discord.Client, settings: DiscordSettings) -> list[str]:
    assert client.user is not None
    assert client.application_id is not None
    flags = client.application_flags
    enabled = flags.gateway_message_content or flags.gateway_message_content_limited
    if settings.message_content and not enabled:
        raise RapporteurError(
            "DISCORD_MESSAGE_CONTENT is on, the intent is not. Switch it on in the developer portal (Bot, "
            "Message Content Intent), or set DISCORD_MESSAGE_CONTENT=false."
        )
    found = [f"the token is {client.user}'s", content_note(settings)]
    if settings.ask_channels and not settings.message_content:
        found.append("DISCORD_ASK_CHANNELS has no effect without DISCORD_MESSAGE_CONTENT=true")
    return [*found, f"invite: {invite_link(client.application_id)}"]
