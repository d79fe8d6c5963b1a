"""Is everything here that an answer needs, and if not, what to do: what `rapporteur doctor` says.

And the proof that every paragraph is as it was ingested, and that every live one can be found by its own vector and words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection

from retrieval.answering.selectors.trained import MODEL_DIR as SELECTOR_DIR
from retrieval.bootstrap import Services, build_services
from retrieval.errors import RapporteurError
from retrieval.index import fulltext
from retrieval.index.encoder import MODEL_DIR, Encoder
from retrieval.index.vector_index import SAME_TEXT, IndexSync
from retrieval.ingest import Progress
from retrieval.initiatives import TAGGER_DIR
from retrieval.language.sentences import counted
from retrieval.ledger import Ledger, live, revisions, seals, vectors
from retrieval.ledger.live import ReadoutSummary
from retrieval.ledger.seals import Damage
from retrieval.model_files import published_checksums, verified
from retrieval.models import SHARED
from retrieval.settings import RetrievalSettings

_SHOWN = 10

_NEAREST = 5
"""Texts of one meaning can share a vector: any of them at distance 0 will do."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at.

    Attributes:
        found: What was found, or what is wrong and what to do.
    """

    name: str
    passed: bool
    found: str


def examine(settings: RetrievalSettings, *, audit: Progress | None = None) -> list[Check]:
    """Look at everything, whatever fails on the way.

    Args:
        audit: Look up every paragraph as well, telling this how far it is.
    """
    checks = [
        Check("settings", True, f"corpus {settings.corpus_dir}, store {settings.store_dir}"),
        _checked("model", lambda: f"{_right(MODEL_DIR, 'all-MiniLM-L6-v2')}, {Encoder().identity}"),
        _checked("selector", lambda: _right(SELECTOR_DIR, "selects sentences")),
        _checked("tagger", lambda: _right(TAGGER_DIR, "tags initiatives")),
    ]
    try:
        with build_services(settings, purpose="rapporteur doctor") as services:
            looks = {"corpus": _corpus, "ledger": _ledger, "vector index": _index}
            checks += [_checked(name, partial(look, services)) for name, look in looks.items()]
            if audit is not None:
                checks.append(_checked("every paragraph", partial(_audit, services, audit)))
    except RapporteurError as error:
        checks.append(Check("store", False, str(error)))
    return checks


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except RapporteurError as error:
        return Check(name, False, str(error))


def _right(model_dir: Path, does: str) -> str:
    """Return what a shipped model does, once its files are what was published."""
    for name in published_checksums(model_dir):
        verified(model_dir, name)
    return f"{does}, checksums right"


def _corpus(services: Services) -> str:
    report = services.ingesting.ingest(dry_run=True)
    if report.failed:
        first = report.failed[0]
        place = first.source if first.line is None else f"{first.source}:{first.line}"
        raise RapporteurError(
            f"{counted(len(report.failed), 'source')} cannot be read, first {place}: {first.error}"
        )
    waiting = len(report.added) + len(report.changed)
    if waiting:
        return f'{counted(waiting, "source")} not ingested yet; run "rapporteur ingest"'
    return f"{counted(len(report.unchanged), 'readout')}, all ingested"


def _ledger(services: Services) -> str:
    summaries = services.browser.documents((SHARED,))
    paragraphs = sum(summary.paragraphs for summary in summaries)
    size, revision = services.ledger.size() / 1e6, services.ledger.schema_revision()
    return (
        f"{counted(len(summaries), 'readout')}, {counted(paragraphs, 'paragraph')}, {size:.1f} MB in "
        f"{services.ledger.place}, schema revision {revision}"
    )


def _index(services: Services) -> str:
    index_sync = services.index_sync
    index_sync.settle()
    if index_sync.problem is not None:
        raise RapporteurError(f"{index_sync.problem} Questions are answered from the ledger meanwhile.")
    kind = index_sync.place if index_sync.is_whole else "exact scan of the ledger (Chroma is not available)"
    with services.ledger.read() as connection:
        waiting = len(index_sync.scanned(connection, SHARED).pks)
    scanned = f", {waiting} scanned beside it" if waiting else ""
    return f"{kind}, {counted(index_sync.count(SHARED), 'embedding')}{scanned}"


def _audit(services: Services, progress: Progress) -> str:
    done = audit(services.ledger, services.index_sync, lambda n, total: progress("auditing", n, total))
    if done.damaged:
        first = " ".join(f"{each}." for each in done.damaged[:_SHOWN])
        more = f" And {len(done.damaged) - _SHOWN} more." if len(done.damaged) > _SHOWN else ""
        raise RapporteurError(f"{first}{more}")
    if done.unfound:
        places = ", ".join(f"{u.document} ¶{u.paragraph} (by {u.by})" for u in done.unfound[:_SHOWN])
        more = f" and {len(done.unfound) - _SHOWN} more" if len(done.unfound) > _SHOWN else ""
        raise RapporteurError(
            f'{len(done.unfound)} of {done.paragraphs} cannot be found: {places}{more}. Run "rapporteur reindex".'
        )
    return f"all {done.paragraphs} as they were ingested, found by their own vector and by their own words"


@dataclass(frozen=True, slots=True)
class Unfound:
    """A live paragraph that a question for its own text would miss.

    Attributes:
        by: "vector" or "words".
    """

    scope: str
    document: str
    paragraph: str
    by: str


@dataclass(frozen=True, slots=True)
class Audit:
    """What was looked at and what was not found.

    Attributes:
        paragraphs: Live ones.
        damaged: Revisions, live or kept, that are not what was ingested.
    """

    paragraphs: int
    unfound: tuple[Unfound, ...]
    damaged: tuple[Damage, ...] = ()


def audit(ledger: Ledger, index_sync: IndexSync, progress: Callable[[int, int], None]) -> Audit:
    """Compare all that is kept with its seals, and look up every live paragraph on the path that a question takes.

    Args:
        progress: Told how many paragraphs of how many were looked up.
    """
    index_sync.settle()
    with ledger.read() as connection:
        summaries = [
            summary
            for state in vectors.scope_states(connection)
            for summary in live.readouts(connection, [state.scope])
        ]
        kept = revisions.kept_revisions(connection)
    damaged: dict[int, Damage] = {}
    for revision in kept:
        with ledger.read() as connection:
            if (damage := seals.damage(connection, revision)) is not None:
                damaged[revision] = damage
    total, done = sum(summary.paragraphs for summary in summaries), 0
    unfound: list[Unfound] = []
    for summary in summaries:
        if summary.revision_pk not in damaged:
            with ledger.read() as connection:
                unfound += _of_readout(connection, index_sync, summary)
        done += summary.paragraphs
        progress(done, total)
    return Audit(total, tuple(unfound), tuple(damaged.values()))


def _of_readout(connection: Connection, index_sync: IndexSync, summary: ReadoutSummary) -> Iterator[Unfound]:
    scanned = index_sync.scanned(connection, summary.scope)
    paragraphs = live.paragraphs_of(connection, summary)
    chunk_vectors = vectors.paragraph_vectors(connection, paragraphs)
    for pk, paragraph in paragraphs.items():
        missed = Unfound(summary.scope, summary.id, paragraph.number, "vector")
        for vector in chunk_vectors.get(pk, ()):
            hits = [*index_sync.query(summary.scope, vector, _NEAREST), *scanned.nearest(vector, _NEAREST)]
            same = [hit.embedding for hit in hits if hit.distance <= SAME_TEXT]
            holding = live.paragraphs_holding(connection, [summary.scope], same)
            if not any(pk in found for found in holding.values()):
                yield missed
                break
        if pk not in chunk_vectors:
            yield missed
        terms = fulltext.paragraph_terms(paragraph).indexed.terms
        if terms and not fulltext.finds(connection, summary.scope, pk, terms):
            yield Unfound(summary.scope, summary.id, paragraph.number, "words")
