"""`rapporteur doctor`: is everything here that an answer needs, and if not, what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrieval.answering.selectors.trained import MODEL_DIR as SELECTOR_DIR
from retrieval.bootstrap import Services, build_services
from retrieval.errors import RapporteurError, SettingsError
from retrieval.index.encoder import MODEL_DIR, Encoder
from retrieval.index.sync.audit import audit as run_audit
from retrieval.ingest import Progress
from retrieval.initiatives import TAGGER_DIR
from retrieval.ledger import vectors
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

    def line(self) -> str:
        """Return the check as the terminal shows it."""
        return f"{'ok  ' if self.passed else 'FAIL'}  {self.name}: {self.found}"

    def as_json(self) -> dict[str, Any]:
        """Return the check for scripts."""
        return {"name": self.name, "passed": self.passed, "found": self.found}


def examine(settings: RetrievalSettings, *, audit: Progress | None = None) -> list[Check]:
    """Look at everything, whatever fails on the way.

    Args:
        audit: Look up every paragraph as well, telling this how far it is.
    """
    checks = [
        Check("settings", True, f"corpus {settings.corpus_dir}, store {settings.store_dir}"),
        _checked("model", _model),
        _checked("selector", _selector),
        _checked("tagger", _tagger),
    ]
    try:
        with build_services(settings, purpose="rapporteur doctor") as services:
            checks += _examine_store(services)
            if audit is not None:
                checks.append(_checked("every paragraph", lambda: _audit(services, audit)))
    except RapporteurError as error:
        checks.append(Check("store", False, str(error)))
    return [*checks, *_discord()]


def _discord() -> list[Check]:
    """Look at the Discord side, where it is set up: nothing else here needs it."""
    if not _token_given():
        return [Check("discord", True, "not set up: DISCORD_TOKEN is not set (docs/discord.md)")]
    from bot.cli.discord_doctor import examine_discord
    from bot.settings import load_settings

    try:
        return [Check("discord", True, found) for found in examine_discord(load_settings())]
    except RapporteurError as error:
        return [Check("discord", False, str(error))]


def _token_given() -> bool:
    from bot.settings import load_settings

    try:
        load_settings()
    except SettingsError as error:
        return "DISCORD_TOKEN is not set" not in str(error)
    return True


def _examine_store(services: Services) -> Iterator[Check]:
    yield _checked("corpus", lambda: _corpus(services))
    yield _checked("ledger", lambda: _ledger(services))
    yield _checked("vector index", lambda: _index(services))


def _checked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except RapporteurError as error:
        return Check(name, False, str(error))


def _model() -> str:
    _verify_all(MODEL_DIR)
    return f"all-MiniLM-L6-v2, checksums right, {Encoder().identity}"


def _selector() -> str:
    _verify_all(SELECTOR_DIR)
    return "selects sentences, checksums right"


def _tagger() -> str:
    _verify_all(TAGGER_DIR)
    return "tags initiatives, checksums right"


def _verify_all(model_dir: Path) -> None:
    for name in published_checksums(model_dir):
        verified(model_dir, name)


def _corpus(services: Services) -> str:
    report = services.ingesting.ingest(dry_run=True)
    if report.failed:
        first = report.failed[0]
        place = first.source if first.line is None else f"{first.source}:{first.line}"
        raise RapporteurError(f"{len(report.failed)} source(s) cannot be read, first {place}: {first.error}")
    waiting = len(report.added) + len(report.changed)
    if waiting:
        return f'{waiting} source(s) not ingested yet; run "rapporteur ingest"'
    return f"{len(report.unchanged)} readout(s), all ingested"


def _ledger(services: Services) -> str:
    summaries = services.browser.documents((SHARED,))
    paragraphs = sum(summary.paragraphs for summary in summaries)
    size = services.ledger.size() / 1e6
    return f"{len(summaries)} readout(s), {paragraphs} paragraphs, {size:.1f} MB in {services.ledger.place}"


def _index(services: Services) -> str:
    index_sync = services.index_sync
    index_sync.settle()
    if index_sync.problem is not None:
        raise RapporteurError(f"{index_sync.problem} Questions are answered from the ledger meanwhile.")
    kind = index_sync.place if index_sync.is_whole else "exact scan of the ledger (Chroma is not available)"
    with services.ledger.read() as connection:
        waiting = len(vectors.scanned(connection, SHARED))
    scanned = f", {waiting} scanned beside it" if waiting else ""
    return f"{kind}, {index_sync.count(SHARED)} embeddings{scanned}"


def _audit(services: Services, progress: Progress) -> str:
    done = run_audit(services.ledger, services.index_sync, lambda n, total: progress("auditing", n, total))
    if done.unfound:
        places = ", ".join(f"{u.document} ¶{u.paragraph} (by {u.by})" for u in done.unfound[:_SHOWN])
        more = f" and {len(done.unfound) - _SHOWN} more" if len(done.unfound) > _SHOWN else ""
        raise RapporteurError(
            f'{len(done.unfound)} of {done.paragraphs} cannot be found: {places}{more}. Run "rapporteur reindex".'
        )
    return f"all {done.paragraphs} found by their own vector and by their own words"
