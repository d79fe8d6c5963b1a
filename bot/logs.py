"""The log of a process that runs for long: for people in a terminal, one JSON object a line elsewhere.

Libraries' loggers pass through the same renderer. What a line can hold is bounded here: of an exception the frames, its
type and its numbers, but not what it says, since a database's names the parameters and a parser's the text; and
neither a bot's token nor those that stand in Discord's addresses. `--debug` shows everything but these.
"""

from __future__ import annotations

import logging
import re
import secrets
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from retrieval.errors import LanguageModelError, SettingsError, StoreError
from retrieval.observing import Counted, Stage, Told

_SECRET = re.compile(
    r"""(?<=/webhooks/) \d+/[^/\s]+         # an interaction's token, in the address of its answer
      | (?<=/interactions/) \d+/[^/\s]+
      | \b[\w-]{20,}\.[\w-]{5,8}\.[\w-]{25,}  # a bot's token
    """,
    re.VERBOSE,
)
_NUMBERS = ("errno", "status", "status_code", "code")
_OURS = (LanguageModelError, SettingsError, StoreError)
"""Errors whose sentences name no text: others quote a source, or come from elsewhere."""


def configure(*, debug: bool = False, stream: TextIO = sys.stderr) -> None:
    """Send every logger of this process to `stream`."""
    is_terminal = stream.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if is_terminal else "iso", utc=not is_terminal),
        structlog.processors.format_exc_info if debug else _frames_alone,
        _masked,
    ]
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if is_terminal:
        renderer = structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(stream)
    processors = [ProcessorFormatter.remove_processors_meta, renderer]
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=shared, processors=processors))
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if debug else logging.INFO, force=True)
    # or every question to a Chroma server is a line, and the id of every session
    for chatty in ("httpx", "mcp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def request() -> AbstractContextManager[None]:
    """Give what is done in the block an id, which stands in every line about it and in what the user is told."""
    return structlog.contextvars.bound_contextvars(request=secrets.token_hex(4))


def request_id() -> str:
    """Return the id of the request at hand; a new one outside of any."""
    return structlog.contextvars.get_contextvars().get("request") or secrets.token_hex(4)


class StageLog:
    """Writes a line for every question and ingest: how it went, and how long it took."""

    def __init__(self) -> None:
        self._log = structlog.stdlib.get_logger("rapporteur")

    @contextmanager
    def stage(self, name: Stage, told: Told) -> Iterator[None]:
        """Time a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            if name in ("question", "ingest"):
                self._log.info(name, seconds=round(time.perf_counter() - started, 3), **told)

    def count(self, what: Counted, amount: float, labels: Told) -> None:
        """Leave counts to the metrics."""


def _frames_alone(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put where an exception comes from in its place, without what it says."""
    given: bool | BaseException | ExcInfo | None = event.pop("exc_info", None)
    if isinstance(given, BaseException):
        error: BaseException | None = given
    else:
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    told: list[str] = []
    while error is not None:
        told.insert(0, "".join(traceback.format_tb(error.__traceback__)) + _named(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if told:
        event["exception"] = "\n\n".join(told)
    return event


def _named(error: BaseException) -> str:
    if isinstance(error, _OURS):
        return f"{type(error).__name__}: {error}"
    numbers = {name: getattr(error, name, None) for name in _NUMBERS}
    told = (f"{name}={number}" for name, number in numbers.items() if isinstance(number, int))
    return " ".join([type(error).__qualname__, *told])


def _masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _SECRET.sub("…", value) if isinstance(value, str) else value for key, value in event.items()}
