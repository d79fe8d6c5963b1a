"""Pure: exception -> the one sentence a user reads. `str(error)` is for the log."""

from __future__ import annotations

from bot.discord.errors import BusyError, ClosingError, LimitedError, QuestionTooLongError, RefusedError
from bot.locales import Phrases
from retrieval.errors import IndexMismatchError, IngestBusyError, NotFoundError, QuestionError, StoreError


def reply_for(error: BaseException, phrases: Phrases, *, max_question: int) -> str | None:
    """Return the sentence for an error that a user can act on; None for one that is ours."""
    match error:
        case LimitedError(seconds=seconds, whole_server=True):
            return phrases("error.rate_server", seconds=seconds)
        case LimitedError(seconds=seconds):
            return phrases("error.rate", seconds=seconds)
        case BusyError():
            return phrases("error.busy")
        case ClosingError():
            return phrases("error.closing")
        case QuestionTooLongError(length=length):
            return phrases("error.question_long", length=length, limit=max_question)
        case QuestionError():
            return phrases("error.question", limit=max_question)
        case RefusedError(key=key, values=values):
            return phrases(key, **values)
        case NotFoundError():  # a channel asks readouts that are gone
            return phrases("error.none_passes")
        case IngestBusyError():  # who is at it may be of another server
            return phrases("corpus.busy")
        case IndexMismatchError():
            return phrases("error.reindexed")
        case StoreError():
            return phrases("error.unavailable")
        case _:
            return None


def failure(phrases: Phrases, reference: str) -> str:
    """Return the sentence for everything else: `reference` is in the log beside the traceback."""
    return phrases("error.failed", reference=reference)
