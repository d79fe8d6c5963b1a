"""Is everything here that an answer needs, and if not, what to do: what `rapporteur doctor` says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from retrieval.answering.selectors.trained import MODEL_DIR as SELECTOR_DIR
from retrieval.bootstrap import Services, build_services
from retrieval.errors import RapporteurError
from retrieval.index.encoder import MODEL_DIR, Encoder
from retrieval.index.sync.audit import audit as run_audit
from retrieval.ingest import Progress
from retrieval.initiatives import TAGGER_DIR
from retrieval.language.sentences import counted
from retrieval.model_files import published_checksums, verified
from retrieval.models import SHARED
from retrieval.settings import RetrievalSettings

_SHOWN = 10


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
    done = run_audit(services.ledger, services.index_sync, lambda n, total: progress("auditing", n, total))
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
