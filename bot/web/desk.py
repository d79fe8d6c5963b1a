"""Where requests wait for the store: so many at once, so many questions a minute of one client."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from fastapi import Request

from bot.discord.admission import Buckets, Workers
from bot.discord.discord_errors import LimitedError
from bot.web.web_settings import WebSettings
from retrieval.answering.rereading import checked
from retrieval.bootstrap import Services

P = ParamSpec("P")
T = TypeVar("T")


class Desk:
    """Hands requests to the services, each in a thread.

    Args:
        clock: Seconds, never going back.
    """

    def __init__(
        self, services: Services, settings: WebSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.services = services
        self._settings = settings
        self._buckets = Buckets(settings.questions_per_minute, clock)
        self._workers = Workers(settings.concurrent_questions, settings.waiting_questions, "web")

    async def read(self, call: Callable[P, T], *args: P.args, **more: P.kwargs) -> T:
        """Return what `call` returns.

        Raises:
            BusyError: Too many wait already.
        """
        return await self._workers.run(call, *args, **more)

    def admit(self, request: Request, words: str) -> str:
        """Count one question, search or comparison of a client, and return its words.

        Raises:
            QuestionError: They are none, too many, or no text.
            LimitedError: The client asks faster than it may; this one is not counted.
        """
        words = checked(words, self._settings.max_question)
        client = hash(request.client.host if request.client else "")
        if seconds := self._buckets.wait_s(client):
            raise LimitedError(seconds)
        self._buckets.take(client)
        return words

    async def close(self) -> None:
        """Wait for what has begun."""
        await self._workers.close()
