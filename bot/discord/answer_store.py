"""What the Discord front end must remember, in the ledger: answers shown, their messages, what readers made of them.

An answer's row holds what was asked and which paragraphs were cited, never their text: a readout that is
purged leaves no copy here. Answers form chains through `parent`; a follow-up's history is its chain, so two
conversations in one channel never meet.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    RowMapping,
    Select,
    delete,
    func,
    insert,
    select,
    update,
)

from bot.discord.pages import Cited
from retrieval.front_end_store import (
    Database,
    add_up,
    answers,
    draft_files,
    drafts,
    feedback,
    messages,
    openings,
    put,
    rename_actor,
    settings,
    state,
    watches,
)

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class ShownAnswer:
    """An answer as it was shown.

    Attributes:
        id: Twelve hexadecimal digits; stands in the controls under the answer.
        parent: The answer that this one follows up on.
        thread: The thread that it was asked in.
        cited: What can be opened, page by page.
        at: Milliseconds since 1970.
        answered: Whether the readouts answered; None where nothing was asked of them.
    """

    id: str
    question: str
    mode: str
    user: int
    at: int
    cited: tuple[tuple[Cited, ...], ...] = ()
    parent: str | None = None
    guild: int | None = None
    thread: int | None = None
    answered: bool | None = None


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many questions and votes of somebody there were; what histories call them now, if they are in one."""

    questions: int
    votes: int
    pseudonym: str | None


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """A message of the bot that quotes what was erased: it is yet to be emptied."""

    message: int
    channel: int | None
    guild: int | None


@dataclass(frozen=True, slots=True)
class Rated:
    """An answer that readers had a say on; `reasons` in their own words."""

    answer: ShownAnswer
    good: int
    bad: int
    reasons: tuple[str, ...]


class AnswerStore:
    """Reads and writes what the front end remembers; synchronous, so it is called off the event loop."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def add(self, answer: ShownAnswer) -> None:
        """Remember an answer, before it is shown: its controls must work from the first moment."""
        values = {name: getattr(answer, name) for name in answer.__slots__} | {"cited": _dump(answer.cited)}
        with self.database.write() as connection:
            connection.execute(insert(answers).values(values))

    def link(self, answer: str, message_ids: Sequence[int], channel: int | None = None) -> None:
        """Remember which messages show an answer, and where: replies continue it, and a purge reaches them."""
        with self.database.write() as connection:
            for message in message_ids:  # which then shows no other any longer
                put(connection, messages, {"id": message}, {"answer": answer, "channel": channel})

    def get(self, answer: str) -> ShownAnswer | None:
        """Return an answer, or None where it is no longer remembered."""
        with self.database.read() as connection:
            return _answer(connection, answer)

    def of_message(self, message: int) -> str | None:
        """Return the id of the answer that `message` shows, if it shows one."""
        with self.database.read() as connection:
            return connection.scalar(select(messages.c.answer).where(messages.c.id == message))

    def cited_by(self, answer: str | None) -> tuple[str, ...]:
        """Return the readouts that an answer cites: what a follow-up is about."""
        shown = self.get(answer) if answer else None
        cited = (each.document for page in shown.cited for each in page) if shown else ()
        return tuple(dict.fromkeys(filter(None, cited)))

    def messages_of(self, answer: str) -> list[int]:
        """Return the messages that show an answer."""
        with self.database.read() as connection:
            return list(connection.scalars(select(messages.c.id).where(messages.c.answer == answer)))

    def has_asked_directly(self, user: int) -> bool:
        """Whether somebody was answered in direct messages before."""
        asked = select(answers.c.id).where(answers.c.user == user, answers.c.guild.is_(None)).limit(1)
        with self.database.read() as connection:
            return connection.scalar(asked) is not None

    def forget(self, answer: str) -> None:
        """Forget one answer, and what hangs on it."""
        with self.database.write() as connection:
            _forget(connection, answers.c.id == answer)

    def latest_in(self, thread: int) -> str | None:
        """Return the answer that a message in `thread` follows: the last there, or the one it hangs from."""
        last = select(answers.c.id).where(answers.c.thread == thread).order_by(answers.c.at.desc())
        with self.database.read() as connection:
            found: str | None = connection.scalar(last.limit(1))
        return found or self.of_message(thread)

    def history(self, answer: str | None, turns: int) -> list[str]:
        """Return the questions that led to `answer`, itself included, oldest first, at most `turns`."""
        questions: list[str] = []
        with self.database.read() as connection:
            while answer is not None and len(questions) < turns:
                shown = _answer(connection, answer)
                if shown is None:
                    break
                questions.append(shown.question)
                answer = shown.parent
        return questions[::-1]

    def rate(self, answer: str, user: int, helpful: bool, at: int) -> bool:
        """Remember a 👍 or 👎, one for each reader; False where the answer is no longer remembered.

        A vote anew takes back why the one before was given.
        """
        with self.database.write() as connection:
            if _answer(connection, answer) is None:
                return False
            vote = {"answer": answer, "user": user}
            put(connection, feedback, vote, {"helpful": int(helpful), "at": at, "reason": None})
        return True

    def explain(self, answer: str, user: int, reason: str) -> bool:
        """Remember why a reader disliked an answer; False where their vote is no longer remembered."""
        voted = (feedback.c.answer == answer, feedback.c.user == user)
        with self.database.write() as connection:
            return connection.execute(update(feedback).where(*voted).values(reason=reason)).rowcount == 1

    def opened(self, guild: int | None, cited: Cited, day: int) -> None:
        """Count that a cited paragraph was opened; `day` since 1970. Nobody's id goes with it."""
        key = {"guild": guild or 0, "document": cited.document, "revision": cited.revision}
        key |= {"paragraph": cited.paragraph, "day": day}
        with self.database.write() as connection:
            add_up(connection, openings, key, {"times": 1})

    def asked(self, guild: int | None) -> list[ShownAnswer]:
        """Return every question kept, of one server or (None) of all places, the newest first."""
        wanted = select(answers).where(answers.c.answered.is_not(None)).order_by(answers.c.at.desc())
        with self.database.read() as connection:
            rows = connection.execute(_in(wanted, answers.c.guild, guild)).mappings()
            return [shown_of(row) for row in rows]

    def rated(self, guild: int | None = None) -> list[Rated]:
        """Return the answers that readers had a say on, the newest first; where as `asked`."""
        joined = select(answers, feedback.c.helpful, feedback.c.reason).join_from(feedback, answers)
        wanted = joined.where(answers.c.answered.is_not(None)).order_by(answers.c.at.desc(), feedback.c.at)
        found: dict[str, list[RowMapping]] = {}
        with self.database.read() as connection:
            for row in connection.execute(_in(wanted, answers.c.guild, guild)).mappings():
                found.setdefault(row["id"], []).append(row)
        return [_rated(rows) for rows in found.values()]

    def most_opened(self, guild: int | None) -> list[tuple[str, str, int]]:
        """Return readout, paragraph and how often it was opened, the most opened first; where as `asked`."""
        o, times = openings.c, func.sum(openings.c.times)
        wanted = select(o.document, o.paragraph, times).group_by(o.document, o.paragraph)
        ordered = _in(wanted, o.guild, guild).order_by(times.desc(), o.document, o.paragraph)
        with self.database.read() as connection:
            return [(row[0], row[1], int(row[2])) for row in connection.execute(ordered)]

    def forget_user(self, user: int) -> Forgotten:
        """Forget what somebody asked and voted, in every place, and leave their id in no table.

        Their previews go as well, and nobody tells them of jobs. Who changed a readout stays in its history, under
        a name that says nothing of them, the same for all that one person did.
        """
        made = select(drafts.c.id).where(drafts.c.user == user)
        pseudonym = f"discord:forgotten-{secrets.token_hex(4)}"
        with self.database.write() as connection:
            votes = connection.execute(delete(feedback).where(feedback.c.user == user)).rowcount
            connection.execute(delete(draft_files).where(draft_files.c.draft.in_(made)))
            for table in (drafts, watches):
                connection.execute(delete(table).where(table.c.user == user))
            questions = _forget(connection, answers.c.user == user)
            changed = rename_actor(connection, f"discord:{user}", pseudonym)
        return Forgotten(questions, votes, pseudonym if changed else None)

    def forget_before(self, at: int) -> int:
        """Forget answers older than `at`, and what hangs on them; return how many there were."""
        with self.database.write() as connection:
            connection.execute(delete(openings).where(openings.c.day < at // DAY_MS))
            return _forget(connection, answers.c.at < at)

    def forget_readout(self, document: str, revisions: Iterable[str], guild: int | None) -> int:
        """Take a purged readout out of every answer that cites it; return how many there were.

        Its place in each stays, empty: buttons name paragraphs by their place. The messages that show one of
        them are to be emptied: `withdrawn` has them until `emptied` is told.

        Args:
            revisions: Those that were erased; another scope's readout of the same id keeps its citations.
            guild: The server whose own readout it was; None: a shared one, cited anywhere.
        """
        erased, found, gone = set(revisions), 0, Cited("", "", "", "", ())
        here = answers.c.guild == guild if guild is not None else answers.c.id.is_not(None)
        with self.database.write() as connection:
            rows = connection.execute(select(answers.c.id, answers.c.cited).where(here))
            for row in rows.all():
                pages = _load(row.cited)
                kept = tuple(
                    tuple(gone if c.document == document and c.revision in erased else c for c in page)
                    for page in pages
                )
                if kept != pages:
                    found += 1
                    change = update(answers).where(answers.c.id == row.id).values(cited=_dump(kept))
                    connection.execute(change)
                    quoting = update(messages).where(messages.c.answer == row.id)
                    connection.execute(quoting.values(withdrawn=True))
            connection.execute(delete(openings).where(openings.c.revision.in_(erased)))
        return found

    def withdrawn(self) -> list[Withdrawn]:
        """Return the messages that quote what was erased and were not emptied yet."""
        wanted = select(messages.c.id, messages.c.channel, answers.c.guild).join_from(messages, answers)
        with self.database.read() as connection:
            rows = connection.execute(wanted.where(messages.c.withdrawn).order_by(messages.c.id))
            return [Withdrawn(*row) for row in rows]

    def emptied(self, message: int) -> None:
        """A message shows no answer any more."""
        with self.database.write() as connection:
            connection.execute(delete(messages).where(messages.c.id == message))

    def forget_guild(self, guild: int) -> None:
        """Forget every answer that was given in a server."""
        with self.database.write() as connection:
            _forget(connection, answers.c.guild == guild)
            for kept in (openings, settings):
                connection.execute(delete(kept).where(kept.c.guild == guild))

    def state(self, key: str) -> str | None:
        """Return what `set_state` last kept under `key`."""
        with self.database.read() as connection:
            return connection.scalar(select(state.c.value).where(state.c.key == key))

    def set_state(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""
        with self.database.write() as connection:
            put(connection, state, {"key": key}, {"value": value})


def _forget(connection: Connection, which: ColumnElement[bool]) -> int:
    """Forget answers, and what hangs on them; return how many there were."""
    gone = select(answers.c.id).where(which)
    for table in (messages, feedback):
        connection.execute(delete(table).where(table.c.answer.in_(gone)))
    return connection.execute(delete(answers).where(which)).rowcount


def _answer(connection: Connection, answer: str) -> ShownAnswer | None:
    row = connection.execute(select(answers).where(answers.c.id == answer)).mappings().first()
    return shown_of(row) if row else None


def shown_of(row: RowMapping) -> ShownAnswer:
    """Return the answer that a row of `answers` holds."""
    fields = {name: row[name] for name in ShownAnswer.__slots__}
    return ShownAnswer(**{**fields, "cited": _load(row["cited"])})


def _dump(pages: Sequence[Sequence[Cited]]) -> str:
    return json.dumps(
        [[[c.document, c.revision, c.paragraph, c.label, c.spans] for c in page] for page in pages]
    )


def _load(text: str) -> tuple[tuple[Cited, ...], ...]:
    return tuple(
        tuple(
            Cited(document, revision, number, label, tuple((start, end) for start, end in spans))
            for document, revision, number, label, spans in page
        )
        for page in json.loads(text)
    )


def _rated(rows: Sequence[RowMapping]) -> Rated:
    good = sum(row["helpful"] for row in rows)
    reasons = tuple(row["reason"] for row in rows if row["reason"])
    return Rated(shown_of(rows[0]), good, len(rows) - good, reasons)


def _in(wanted: Select[Any], column: ColumnElement[Any], guild: int | None) -> Select[Any]:
    return wanted if guild is None else wanted.where(column == guild)
