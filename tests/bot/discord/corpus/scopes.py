"""Members, admins and operators of three servers at random work, and what none of them may ever see or change.

A machine for hypothesis: every rule is an operation by somebody, with the right to it or without, from their own
server, from another or from a direct message. What is allowed is decided here a second time, by other code than
the bot's. After every operation that left the readouts otherwise than they were, by whatever way, every place that
people look at is compared with a model of who owns what.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from bot.discord.answer_store import AnswerStore
from bot.discord.corpus.preview_maker import AttachedFile
from bot.discord.corpus.preview_store import Preview
from bot.discord.corpus.service import CorpusService
from bot.discord.discord_errors import RefusedError
from bot.discord.discord_settings import DiscordSettings
from bot.discord.permissions import Caller, guild_scopes
from bot.discord.question_service import Place, QuestionService
from bot.discord.readout_rendering import InitiativeFilter
from bot.locales import load
from retrieval.bootstrap import build_services
from retrieval.errors import NotFoundError
from retrieval.ingest.job_worker import JobWorker
from retrieval.ledger import schema
from retrieval.search.scoping import Filters
from retrieval.settings import RetrievalSettings

GUILDS = (101, 202, 303)
OPERATOR, OPERATOR_ROLE, ADMIN_ROLE = 9, 99, "Editors"
MARKS = {"shared": "Atlantis", "guild:101": "Zembla", "guild:202": "Quivira", "guild:303": "Vineta"}
"""A word that stands in every readout of a scope and nowhere else."""

IDS = ("talks", "pact")
PHRASES = load().of("en-US")
QUESTION = "When will the ferry line to the harbour be opened?"


@dataclass(frozen=True)
class Person:
    """Somebody and what they are: a member, an admin by permission or role, an operator by id or role."""

    user: int
    kind: str
    home: int | None

    def caller(self, guild: int | None) -> Caller:
        at_home = guild is not None and guild == self.home
        roles = {"role admin": ((7, ADMIN_ROLE),), "role operator": ((OPERATOR_ROLE, "ops"),)}
        return Caller(
            user=self.user,
            name=f"{self.kind} @everyone",
            guild=guild,
            roles=roles.get(self.kind, ()) if at_home else (),
            manages_guild=at_home and self.kind == "admin",
        )

    def may(self, guild: int | None, scope: str) -> bool:
        """Written apart from the bot's own check."""
        if scope == "shared":
            return self.kind == "operator" or (self.kind == "role operator" and guild == self.home)
        return self.kind in ("admin", "role admin") and guild == self.home and scope == f"guild:{guild}"


_KINDS = ("member", "admin", "role admin", "role operator")
PEOPLE = (
    *(Person(home * 10 + n, kind, home) for home in GUILDS for n, kind in enumerate(_KINDS)),
    Person(OPERATOR, "operator", None),
)

_AT_HOME = [(p, p.home) for p in PEOPLE if p.kind != "member"]
_ANYWHERE = [(p, place) for p in PEOPLE for place in (*GUILDS, None)]
_OPTIONS: dict[str, Sequence[Any]] = {
    "where": (None, "server", "shared"),
    "document": IDS,
    "one": (None, *IDS),
    "purge": (False, False, True),
    "mine": (True, True, False),
    "turn": (False, False, False, True),
    "guild": (*GUILDS, None),
}
_OPERATIONS: dict[str, dict[str, str]] = {
    "add": {"who": "who", "where": "where", "document": "document"},
    "remove": {"who": "who", "where": "where", "document": "document", "purge": "purge"},
    "roll_back": {"who": "who", "where": "where", "document": "document"},
    "confirm": {"who": "who", "mine": "mine", "turn": "turn"},
    "look": {"who": "who", "where": "where", "document": "one"},
    "ask": {"who": "who", "document": "one"},
    "open_old": {"guild": "guild"},
}
"""What each takes, and where that is drawn from."""

_MIX = ("add", "add", "confirm", "confirm", "confirm", "remove", "roll_back", "look", "ask", "open_old")
"""So much of each: a preview is worth something when it is confirmed."""

Who = tuple[Person, int | None]
"""Somebody, and where they are."""

_LOOKED_AT = (
    schema.readouts,
    schema.revisions,
    schema.paragraphs,
    schema.initiatives,
    schema.indexed,
    schema.scopes,
    schema.lexical_statistics,
    schema.lexical_terms,
)
"""What answers and lists are made of."""

_RIGHTS = ("corpus.not_operator", "corpus.not_admin", "corpus.no_server_here", "corpus.not_yours")


async def _caught(work: Coroutine[Any, Any, Any]) -> tuple[Any, str | None]:
    try:
        return await work, None
    except RefusedError as error:
        return None, error.key


class Scopes(RuleBasedStateMachine):
    """The machine."""

    done: ClassVar[Counter[str]] = Counter()
    """Operations of all runs, by name and outcome."""

    operations: ClassVar[int] = 0
    """Rules that had something to do, in all runs."""

    first_seed: ClassVar[int] = 0
    """What the seeds that hypothesis thinks of are added to."""

    @initialize(seed=st.integers(0, 2**32))
    def open(self, seed: int) -> None:
        # Not drawn one by one: hypothesis' first runs, and its choice among rules, are far from even.
        self.random = Random(self.first_seed + seed)
        self.folder = Path(tempfile.mkdtemp())
        settings = RetrievalSettings(corpus_dir=self.folder, store_dir=self.folder / "store", _env_file=None)  # type: ignore[call-arg]
        self.opened = build_services(settings, purpose="a test")
        self.services = self.opened.__enter__()
        chosen = DiscordSettings(  # type: ignore[call-arg]
            _env_file=None,
            token="t",  # type: ignore[arg-type]
            operators=(OPERATOR, OPERATOR_ROLE),
            admin_roles=(ADMIN_ROLE,),
            user_questions_per_minute=0,
            server_questions_per_minute=0,
            server_ingests_per_day=0,
        )
        self.runner = asyncio.Runner()
        self.remembered = AnswerStore(self.services.ledger)
        self.questions = self.run(self._questions(chosen))
        self.corpus = self.run(self._corpus(chosen))
        self.worker = JobWorker(
            self.services.ledger, self.services.ingesting, self.services.index_sync, purpose="a test"
        )
        self.version = 0
        self.held: dict[str, dict[str, int]] = {scope: {} for scope in MARKS}
        """What is live: scope -> readout id -> version."""
        self.made: list[tuple[Preview, Person, dict[str, int | None]]] = []
        self.answers: list[tuple[str, int | None]] = []
        self.scores: dict[int | None, tuple[Any, Any]] = {}
        self.compared: tuple[Any, ...] = ()

    async def _questions(self, settings: DiscordSettings) -> QuestionService:
        return QuestionService(settings, self.services, self.remembered)

    async def _corpus(self, settings: DiscordSettings) -> CorpusService:
        return CorpusService(settings, self.services, self.remembered)

    def count(self) -> None:
        Scopes.operations += 1
        self.unchecked = True

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(work)

    def teardown(self) -> None:
        if hasattr(self, "corpus"):
            self.run(self.questions.close())
            self.run(self.corpus.close())
            self.opened.__exit__(None, None, None)
            self.runner.close()
            shutil.rmtree(self.folder)

    # --- what people do ---

    @rule()
    def operate(self) -> None:
        name = self.random.choice(_MIX)
        given = {option: self._drawn(drawn) for option, drawn in _OPERATIONS[name].items()}
        getattr(self, name)(**given)

    def _drawn(self, option: str) -> Any:
        if option == "who":
            return self.random.choice(_AT_HOME if self.random.random() < 0.5 else _ANYWHERE)
        return self.random.choice(_OPTIONS[option])

    def attempt(self, name: str, work: Coroutine[Any, Any, Any], *, allowed: bool) -> Any:
        """Do something; whoever may not must be refused, and it must be for that."""
        found, refusal = self.run(_caught(work))
        self.done[f"{name}: {'refused' if refusal else 'done'}"] += 1
        # A preview that is gone is gone for everybody: whoever may not press it learns no more than that.
        fine = refusal not in _RIGHTS if allowed else refusal in (*_RIGHTS, "corpus.expired")
        assert fine, f"{name}: {refusal or 'done'}, allowed={allowed}"
        return found

    def target(self, guild: int | None, where: str | None) -> str:
        """The scope that somebody means; "" where there is none."""
        own = where == "server" or (where is None and guild is not None)
        if own:
            return f"guild:{guild}" if guild is not None else ""
        return "shared"

    def add(self, who: Who, where: str | None, document: str) -> None:
        self.count()
        person, guild = who
        scope = self.target(guild, where)
        self.version += 1
        data = readout(scope or "shared", document, self.version)
        file = AttachedFile(f"{document}.txt", len(data), _reader(data))
        work = self.corpus.previews.add(person.caller(guild), where, [file], None, PHRASES)
        preview = self.attempt("add", work, allowed=bool(scope) and person.may(guild, scope))
        if preview is not None:
            self.assert_own(scope, *(page.text for page in preview.pages), shared_too=False)
            self.made.append((preview, person, {document: self.version}))

    def remove(self, who: Who, where: str | None, document: str, purge: bool) -> None:
        self.count()
        person, guild = who
        scope = self.target(guild, where)
        work = self.corpus.previews.remove(person.caller(guild), where, document, PHRASES, purge=purge)
        preview = self.attempt("remove", work, allowed=bool(scope) and person.may(guild, scope))
        if preview is not None:
            self.assert_own(scope, *(page.text for page in preview.pages), shared_too=False)
            self.made.append((preview, person, {document: None}))

    def roll_back(self, who: Who, where: str | None, document: str) -> None:
        self.count()
        person, guild = who
        scope = self.target(guild, where)
        work = self.corpus.previews.roll_back(person.caller(guild), where, document, None, PHRASES)
        preview = self.attempt("roll back", work, allowed=bool(scope) and person.may(guild, scope))
        if preview is not None:
            text = "\n".join(page.text for page in preview.pages)
            self.assert_own(scope, text, shared_too=False)
            to = self.run(self.corpus.revisions(person.caller(guild), where, document))
            wanted = next(v for v in to if v.id == preview.request["revision"])
            self.made.append((preview, person, {document: int(wanted.title.rsplit(" ", 1)[1])}))

    def confirm(self, who: Who, mine: bool, turn: bool) -> None:
        """Press a button of a preview: the starter from home, or whoever from wherever."""
        if not self.made:
            return
        self.count()
        number = self.random.randrange(len(self.made))
        preview, starter, brings = self.made[number]
        person, place = (starter, preview.guild) if mine else who
        allowed = person == starter and person.may(place, preview.scope)
        if turn:
            self.attempt("turn", self.corpus.previews.open(person.caller(place), preview.id), allowed=allowed)
            return
        done = self.attempt(
            "confirm", self.corpus.confirm(person.caller(place), preview.id, None, PHRASES), allowed=allowed
        )
        if not allowed:
            return
        self.made.pop(number)
        if done is None:
            return
        if done.subscription is None:
            self._take(preview.scope, brings)
            return
        assert self.worker.run_once()
        row = self.services.jobs.get(done.subscription.job)
        assert row is not None
        assert row.error is None, row.error
        assert row.report is not None
        changed = [*row.report["added"], *(each["id"] for each in row.report["changed"])]
        self.assert_own(preview.scope, json.dumps(row.report), shared_too=False)
        self._take(preview.scope, {document: brings[document] for document in changed})

    def _take(self, scope: str, brings: dict[str, int | None]) -> None:
        for document, version in brings.items():
            if version is None:
                self.held[scope].pop(document, None)
            else:
                self.held[scope][document] = version
        for guild in (*GUILDS, None):
            if scope in guild_scopes(guild):
                self.scores.pop(guild, None)

    def look(self, who: Who, where: str | None, document: str | None) -> None:
        """Status, history, export and the choices offered."""
        self.count()
        person, guild = who
        scope, caller = self.target(guild, where), person.caller(guild)
        allowed = bool(scope) and person.may(guild, scope)
        for name, work in (
            ("status", self.corpus.status(caller, where, PHRASES)),
            ("history", self.corpus.history(caller, where, document, PHRASES)),
        ):
            pages = self.attempt(name, work, allowed=allowed)
            self.assert_own(scope, *(page.text for page in pages or ()), shared_too=False)
        exported = self.attempt("export", self.corpus.export(caller, where, document, 10**9), allowed=allowed)
        if exported and document:
            self.assert_own(scope, exported[1].decode(), shared_too=False)
        offered = self.run(self.corpus.choices(caller, where, gone=True))
        assert allowed or not offered
        self.assert_own(scope, str(offered), shared_too=False)
        revisions = self.run(self.corpus.revisions(caller, where, document or IDS[0]))
        assert allowed or not revisions
        self.assert_own(scope, str(revisions), shared_too=False)

    def ask(self, who: Who, document: str | None) -> None:
        self.count()
        person, guild = who
        place = Place(person.user, guild)
        try:
            filters = Filters((document,) if document else ())
            reply = self.run(self.questions.ask(QUESTION, place, PHRASES, filters=filters))
        except NotFoundError as error:
            self.done["ask: not there"] += 1
            assert document not in self.visible(guild)
            self.assert_visible(guild, str(error))
            return
        self.done["ask: done"] += 1
        self.answers.append((reply.id, guild))
        self.assert_visible(guild, *(page.text for page in reply.pages))

    def open_old(self, guild: int | None) -> None:
        """Open what an earlier answer cited, from its own server or from another."""
        if not self.answers:
            return
        self.count()
        answer, given_in = self.random.choice(self.answers)
        shown = self.remembered.get(answer)
        assert shown.guild == given_in
        for cited in (c for page in shown.cited for c in page):
            try:
                paragraph, _ = self.services.browser.quoted(
                    cited.document, cited.revision, cited.paragraph, guild_scopes(guild)
                )
            except NotFoundError:
                self.done["open: not there"] += 1
                continue
            self.done["open: done"] += 1
            self.assert_visible(guild, paragraph.text + paragraph.title)
            start, end = cited.spans[0]
            assert guild != given_in or paragraph.text[start:end]

    # --- what everybody sees ---

    @invariant()
    def everybody_sees_what_is_theirs_to_see(self) -> None:
        if not getattr(self, "unchecked", False):  # nothing was done: hypothesis tries the simplest run first
            return
        self.unchecked = False
        state = self._state()
        if state == self.compared:
            return
        self.compared = state
        for guild in (*GUILDS, None):
            expected = self.visible(guild)
            lines = self.services.browser.documents(guild_scopes(guild))
            versions: dict[str, set[int]] = {}
            for line in lines:
                versions.setdefault(line.id, set()).add(int(line.title.rsplit(" ", 1)[1]))
            assert versions == expected, (guild, versions, expected)
            listed = self.run(self.questions.initiatives(InitiativeFilter(), guild))
            self.assert_visible(guild, str(lines), str(listed))
            scores = [
                (hit.prepared.paragraph.document, hit.prepared.paragraph.number, hit.score)
                for hit in self.services.answering.search(QUESTION, scopes=guild_scopes(guild), top_k=24)
            ]
            before = self.scores.setdefault(guild, (scores, None))[0]
            assert scores == before, f"{guild}: what others did moved the ranking"
            for mark in MARKS.values():
                answer = self.services.answering.ask(f"What did {mark} open?", scopes=guild_scopes(guild))
                self.assert_visible(guild, str(replace(answer, question="", unanswered=None)))

    def _state(self) -> tuple[Any, ...]:
        """Everything that answers and lists are made of, as the tables themselves have it."""
        with self.services.ledger.read() as connection:
            found = [sorted(map(str, connection.execute(select(table)))) for table in _LOOKED_AT]
        return (*found, str(self.held))

    def visible(self, guild: int | None) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        for scope in guild_scopes(guild):
            for document, version in self.held[scope].items():
                found.setdefault(document, set()).add(version)
        return found

    def assert_visible(self, guild: int | None, *texts: str) -> None:
        scopes = guild_scopes(guild)
        for text in texts:
            for scope, mark in MARKS.items():
                assert scope in scopes or mark not in text, f"{guild} read of {scope}: {text}"

    def assert_own(self, scope: str, *texts: str, shared_too: bool) -> None:
        for text in texts:
            for other, mark in MARKS.items():
                fine = other == scope or (shared_too and other == "shared")
                assert fine or mark not in text, f"{scope} showed of {other}: {text}"


def readout(scope: str, document: str, version: int) -> bytes:
    """A readout of two paragraphs that names its scope in each; its title ends in its version."""
    mark = MARKS[scope]
    return (
        f"{mark} {document} number {version}\n\n2 May 2024\n\n"
        f"1. {mark} will open the ferry line to the harbour in year {2030 + version}.\n\n"
        f"2. {mark} announced the {mark} Pilots Programme number {version}.\n"
    ).encode()


def _reader(data: bytes) -> Any:
    async def read() -> bytes:
        return data

    return read
