"""Pure: what scopes, sources, ids and moments are called in messages to those who manage readouts."""

from __future__ import annotations

from collections.abc import Sequence

from bot.discord.markdown import code, escape, shortened
from bot.locales import Phrases
from retrieval.models import SHARED

MAX_TITLE = 200
MAX_ERROR = 400
LISTED = 10
"""How many of a kind a message names."""

_MAX_SOURCE = 120


def where_name(scope: str, phrases: Phrases) -> str:
    """Return what a scope is called."""
    return phrases("corpus.where.shared" if scope == SHARED else "corpus.where.server")


def source_name(source: str, phrases: Phrases) -> str:
    """Return what people call a source: an attachment by its file's name."""
    kind, _, name = source.partition(":")
    text = phrases("corpus.attachment", name=name) if kind == "upload" else source
    return escape(shortened(text, _MAX_SOURCE))


def failed_line(source: str, line: int | None, error: str, phrases: Phrases) -> str:
    """Return the line that says why a source brought nothing."""
    place = source_name(source, phrases) + (f":{line}" if line else "")
    return phrases("corpus.report.failed_line", source=place, error=escape(shortened(error, MAX_ERROR)))


def named_ids(ids: Sequence[str], phrases: Phrases) -> str:
    """Return ids as a list, and how many more there are."""
    shown = ", ".join(coded(each) for each in ids[:LISTED])
    more = f", {phrases('corpus.more', count=len(ids) - LISTED)}" if len(ids) > LISTED else ""
    return shown + more


def moment(at: str) -> str:
    """Return a moment of the ledger (UTC, ISO 8601) to the minute."""
    return at[:16].replace("T", " ") + " UTC"


def coded(text: str) -> str:
    """Return `text` as code."""
    return f"`{code(text)}`"


def flat(text: str, limit: int) -> str:
    """Return `text` as written, on one line, at most `limit` long before it is escaped."""
    return escape(shortened(text, limit))
