from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bot.monitoring import StageLog, configure_log, request, request_id
from retrieval.errors import SourceError, StoreError
from retrieval.observing import stage, watched_by

SECRET = "What did the minister say about the border?"
TOKEN = "MTk4NjIyNDgzNDcxOTI1MjQ4.Cl2FMQ.ZnCjm1XVW7vRze4b7Cq4se7kKWs"


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_elsewhere_than_in_a_terminal_a_line_is_an_object_whoever_logs() -> None:
    configure_log(stream=(stream := io.StringIO()))

    with request():
        logging.getLogger("discord.gateway").warning("Shard ID %s has stopped", 0)
        structlog.stdlib.get_logger("ours").info("question", seconds=0.1)
        here = request_id()

    found = [{k: v for k, v in line.items() if k != "timestamp"} for line in _lines(stream)]
    assert found == [
        {"event": "Shard ID 0 has stopped", "level": "warning", "logger": "discord.gateway", "request": here},
        {"event": "question", "seconds": 0.1, "level": "info", "logger": "ours", "request": here},
    ]


def test_in_a_terminal_a_line_is_for_people() -> None:
    configure_log(stream=(stream := _Terminal()))

    logging.getLogger("discord").warning("a warning")

    assert "a warning" in stream.getvalue()
    assert not stream.getvalue().startswith("{")


def test_an_error_is_logged_by_where_it_comes_from_and_not_by_what_it_says() -> None:
    configure_log(stream=(stream := io.StringIO()))

    class RefusedError(Exception):
        status = 400

    try:
        try:
            raise ValueError(SECRET)
        except ValueError as error:
            raise RefusedError(SECRET) from error
    except RefusedError:
        logging.getLogger("x").exception("failed")

    [line] = _lines(stream)
    assert SECRET not in stream.getvalue()
    assert "test_logs.py" in str(line["exception"])
    assert "RefusedError status=400" in str(line["exception"])


@pytest.mark.parametrize(
    ("error", "told"),
    [(StoreError("x: the ledger cannot be read."), True), (SourceError("a.txt", SECRET, 3), False)],
    ids=["ours", "quoting"],
)
def test_only_sentences_that_quote_nothing_are_logged_with_their_error(error: Exception, told: bool) -> None:
    configure_log(stream=(stream := io.StringIO()))

    logging.getLogger("x").error("failed", exc_info=error)

    assert (str(error) in stream.getvalue()) is told


def test_debug_shows_what_errors_say() -> None:
    configure_log(debug=True, stream=(stream := io.StringIO()))

    logging.getLogger("x").error("failed", exc_info=ValueError(SECRET))

    assert SECRET in stream.getvalue()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "We are being rate limited. POST https://discord.com/api/v10/webhooks/12/aW50ZXJhY3Rpb24/messages",
            "We are being rate limited. POST https://discord.com/api/v10/webhooks/…/messages",
        ),
        ("POST /interactions/12/aW50ZXJhY3Rpb24/callback", "POST /interactions/…/callback"),
        (f"Bot {TOKEN} was refused", "Bot … was refused"),
        ("retrieval.index.embedded_sync", "retrieval.index.embedded_sync"),
    ],
    ids=["webhook", "interaction", "token", "a name with dots"],
)
@pytest.mark.parametrize("debug", [False, True])
def test_tokens_are_masked_at_every_level(line: str, told: str, debug: bool) -> None:
    configure_log(debug=debug, stream=(stream := io.StringIO()))

    logging.getLogger("discord.http").warning("%s", line)

    assert _lines(stream)[0]["event"] == told


def test_a_question_leaves_one_line_with_its_outcome() -> None:
    configure_log(stream=(stream := io.StringIO()))

    with request(), watched_by(StageLog()), stage("question") as told, stage("search"):
        told["outcome"] = "answered"
        here = request_id()

    [line] = _lines(stream)
    assert (line["event"], line["outcome"], line["request"]) == ("question", "answered", here)
