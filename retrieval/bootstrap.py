"""Settings -> built services; every front end starts here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from retrieval.answering.checking import ClaimService
from retrieval.answering.selectors.trained import TrainedSelector
from retrieval.answering.service import AnsweringService, Assistant
from retrieval.errors import CorpusError, SettingsError, StoreError, StoreUnwritableError
from retrieval.fetching import Fetcher, FetchPolicy
from retrieval.index.chroma.cloud import CloudAddress, CloudStore
from retrieval.index.chroma.server import Address, ServerStore
from retrieval.index.chunking import CHUNKING_VERSION
from retrieval.index.encoder import Encoder
from retrieval.index.sync.embedded_sync import EmbeddedSync
from retrieval.index.sync.index_sync import IndexSync
from retrieval.index.sync.remote_sync import Connect, RemoteSync
from retrieval.ingest import IngestService, Progress
from retrieval.ingest.job_board import JobBoard
from retrieval.ingest.lifecycle import Lifecycle, Retention
from retrieval.ingest.reindex import Reindexer
from retrieval.language.terms import TERMS_VERSION
from retrieval.ledger import live
from retrieval.ledger.ledger import Ledger
from retrieval.llm.setup import build_encoder, build_model
from retrieval.llm.types import Model
from retrieval.models import SHARED, IngestReport
from retrieval.precedence import Precedence
from retrieval.search.browsing import Browser
from retrieval.search.retriever import Retriever
from retrieval.settings import CLOUD, EMBEDDED, RetrievalSettings
from retrieval.store_lock import StoreLock

log = logging.getLogger(__name__)

LEDGER_FILE = "ledger.sqlite3"


@dataclass(frozen=True, slots=True)
class Services:
    """Everything a front end can be built from."""

    settings: RetrievalSettings
    ledger: Ledger
    index_sync: IndexSync
    retriever: Retriever
    answering: AnsweringService
    checking: ClaimService
    browser: Browser
    ingesting: IngestService
    lifecycle: Lifecycle
    jobs: JobBoard
    reindexer: Reindexer

    def ensure_corpus(self, progress: Progress | None = None) -> IngestReport | None:
        """Ingest the corpus into a store that holds nothing yet; None when it holds something.

        Raises:
            CorpusError: The store is empty and so is the corpus, or no source of it could be read.
        """
        with self.ledger.read() as connection:
            if not live.is_untouched(connection, [SHARED]):
                return None
        report = self.ingesting.ingest(progress=progress)
        if not report.added:
            failure = report.failed[0] if report.failed else None
            reason = f" ({failure.source}: {failure.error})" if failure else ""
            raise CorpusError(
                f"{self.settings.corpus_dir}: no readout could be read from the corpus{reason}."
            )
        for failed in report.failed:
            log.warning("%s was not ingested: %s", failed.source, failed.error)
        return report


@contextmanager
def build_services(
    settings: RetrievalSettings,
    *,
    purpose: str = "rapporteur",
    reindexing: bool = False,
    fetcher: Fetcher | None = None,
    encoder: Encoder | None = None,
) -> Iterator[Services]:
    """Open the store and build what works on it; both are closed when the block ends.

    Args:
        purpose: What this process is, in a word or two, for whoever has to wait for its lock.
        reindexing: Open it also where it was indexed with something else: `reindexer` is then all that works.
        fetcher: In place of the one that `settings` describe.
        encoder: Another than the one that the settings name: for measurements.

    Raises:
        StoreError: The store cannot be opened.
        SettingsError: A language model or a shared ledger is named that cannot be set up.
    """
    _make_folder(settings.store_dir)
    ledger = Ledger(ledger_address(settings))
    index_sync = build_index_sync(settings, ledger, purpose)
    try:
        encoder = encoder or build_encoder(settings)
        identity = index_identity(encoder)
        if not reindexing:
            ledger.claim_identity(identity)
        retriever = Retriever(ledger, index_sync, encoder)
        precedence = Precedence()
        model, structured = build_model(settings, ledger) or (None, False)
        assistant = None if model is None else build_assistant(settings, model, structured=structured)
        answering = AnsweringService(ledger, retriever, assistant, precedence, TrainedSelector(encoder))
        yield Services(
            settings=settings,
            ledger=ledger,
            index_sync=index_sync,
            retriever=retriever,
            answering=answering,
            checking=ClaimService(answering, model, structured=structured),
            browser=Browser(ledger),
            ingesting=IngestService(
                ledger,
                index_sync,
                encoder,
                settings.corpus_dir,
                Retention(ledger, settings.retention_days),
                fetcher or Fetcher(FetchPolicy(timeout_s=settings.fetch_timeout_s)),
                precedence,
            ),
            lifecycle=Lifecycle(ledger, index_sync, encoder),
            jobs=JobBoard(ledger),
            reindexer=Reindexer(ledger, index_sync, encoder, identity),
        )
    finally:
        index_sync.close()
        ledger.close()


def build_index_sync(settings: RetrievalSettings, ledger: Ledger, purpose: str) -> IndexSync:
    """Return what keeps the vector index true to the ledger, where `RETRIEVAL_STORE` says that it stands.

    Args:
        purpose: What this process is, in a word or two, for whoever has to wait for it.

    Raises:
        SettingsError: It says nothing that can be understood, or what cannot be shared is to be.
    """
    if settings.store == EMBEDDED:
        if settings.ledger_url is not None:
            raise SettingsError(
                "LEDGER_URL is for hosts that share a ledger, and each of them would keep a vector index of its own. "
                "Set RETRIEVAL_STORE to a Chroma server that all of them reach."
            )
        return EmbeddedSync(settings.store_dir, ledger, StoreLock(settings.store_dir, purpose))
    place, connect = _in_cloud(settings, ledger) if settings.store == CLOUD else _on_server(settings, ledger)
    return RemoteSync(ledger, connect, place=place, purpose=purpose)


def _on_server(settings: RetrievalSettings, ledger: Ledger) -> tuple[str, Connect]:
    address = Address.parse(settings.store, settings.store_token)
    return str(address), lambda generation: ServerStore(address, ledger.id, generation)


def _in_cloud(settings: RetrievalSettings, ledger: Ledger) -> tuple[str, Connect]:
    address = CloudAddress.parse(
        settings.cloud_host,
        tenant=settings.cloud_tenant,
        database=settings.cloud_database,
        key=settings.cloud_api_key,
    )
    return str(address), lambda generation: CloudStore(address, ledger.id, generation)


def build_assistant(settings: RetrievalSettings, model: Model, *, structured: bool) -> Assistant:
    """Return what a language model does for answers."""
    from retrieval.answering.rewriting import Rewriter
    from retrieval.answering.selectors.language_model import LanguageModelSelector

    selector = LanguageModelSelector(model, structured=structured, most_paragraphs=settings.llm_paragraphs)
    return Assistant(selector, Rewriter(model), settings.llm_translate)


def ledger_address(settings: RetrievalSettings) -> Path | str:
    """Return where the ledger is: in the store's folder, unless several hosts share one."""
    shared = settings.ledger_url
    return settings.store_dir / LEDGER_FILE if shared is None else shared.get_secret_value()


@contextmanager
def open_both_ledgers(settings: RetrievalSettings) -> Iterator[tuple[Ledger, Ledger]]:
    """Open the ledger in the store's folder and the one that several hosts share.

    Raises:
        SettingsError: No shared one is named.
        StoreError: There is none in the folder, or one of them cannot be opened.
    """
    if settings.ledger_url is None:
        raise SettingsError("LEDGER_URL is not set: it names the database to copy the ledger to.")
    file = settings.store_dir / LEDGER_FILE
    if not file.exists():
        raise StoreError(f"{settings.store_dir}: there is no ledger here. Name its folder with --store.")
    with closing(Ledger(file)) as source, closing(Ledger(settings.ledger_url.get_secret_value())) as target:
        yield source, target


def index_identity(encoder: Encoder) -> str:
    """Return what vectors and terms are made with: change any of it and the store must be indexed again."""
    return f"{encoder.provider}:{encoder.identity}/chunking-{CHUNKING_VERSION}/terms-{TERMS_VERSION}"


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnwritableError(
            f"{folder}: the store's folder cannot be made ({error.strerror}). Make its parent "
            "writable, or name another one with --store or RETRIEVAL_STORE_DIR."
        ) from error
