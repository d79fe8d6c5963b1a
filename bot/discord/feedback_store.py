"""What readers made of answers, for whoever keeps the readouts: votes, reasons, what was opened, what was asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, func, select, update

from bot.discord.answer_store import ShownAnswer, shown_of
from bot.discord.pages import Cited
from retrieval.front_end_store import Database, answers, feedback, openings, upsert


@dataclass(frozen=True, slots=True)
class Rated:
    """An answer that readers had a say on; `reasons` in their own words."""

    answer: ShownAnswer
    good: int
    bad: int
    reasons: tuple[str, ...]


class FeedbackStore:
    """Reads and writes it; synchronous, so it is called off the event loop. Votes are cast in `AnswerStore.rate`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def explain(self, answer: str, user: int, reason: str) -> bool:
        """Remember why a reader disliked an answer; False where their vote is no longer remembered."""
        voted = (feedback.c.answer == answer, feedback.c.user == user)
        with self._database.write() as connection:
            return connection.execute(update(feedback).where(*voted).values(reason=reason)).rowcount == 1

    def opened(self, guild: int | None, cited: Cited, day: int) -> None:
        """Count that a cited paragraph was opened; `day` since 1970. Nobody's id goes with it."""
        key = {"guild": guild or 0, "document": cited.document, "revision": cited.revision}
        key |= {"paragraph": cited.paragraph, "day": day}
        with self._database.write() as connection:
            row = upsert(connection, openings).values(**key, times=1)
            more = {"times": openings.c.times + 1}
            connection.execute(row.on_conflict_do_update(index_elements=list(key), set_=more))

    def asked(self, guild: int | None) -> list[ShownAnswer]:
        """Return every question kept, of one server or (None) of all places, the newest first."""
        wanted = select(answers).where(answers.c.answered.is_not(None)).order_by(answers.c.at.desc())
        with self._database.read() as connection:
            rows = connection.execute(_in(wanted, answers.c.guild, guild)).mappings()
            return [shown_of(row) for row in rows]

    def rated(self, guild: int | None = None) -> list[Rated]:
        """Return the answers that readers had a say on, the newest first; where as `asked`."""
        joined = select(answers, feedback.c.helpful, feedback.c.reason).join_from(feedback, answers)
        wanted = joined.where(answers.c.answered.is_not(None)).order_by(answers.c.at.desc(), feedback.c.at)
        found: dict[str, list[RowMapping]] = {}
        with self._database.read() as connection:
            for row in connection.execute(_in(wanted, answers.c.guild, guild)).mappings():
                found.setdefault(row["id"], []).append(row)
        return [_rated(rows) for rows in found.values()]

    def most_opened(self, guild: int | None) -> list[tuple[str, str, int]]:
        """Return readout, paragraph and how often it was opened, the most opened first; where as `asked`."""
        o, times = openings.c, func.sum(openings.c.times)
        wanted = select(o.document, o.paragraph, times).group_by(o.document, o.paragraph)
        ordered = _in(wanted, o.guild, guild).order_by(times.desc(), o.document, o.paragraph)
        with self._database.read() as connection:
            return [(row[0], row[1], int(row[2])) for row in connection.execute(ordered)]


def _rated(rows: Sequence[RowMapping]) -> Rated:
    good = sum(row["helpful"] for row in rows)
    reasons = tuple(row["reason"] for row in rows if row["reason"])
    return Rated(shown_of(rows[0]), good, len(rows) - good, reasons)


def _in(wanted: Select[Any], column: ColumnElement[Any], guild: int | None) -> Select[Any]:
    return wanted if guild is None else wanted.where(column == guild)
