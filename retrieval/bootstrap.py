"""Settings -> built services; every front end starts here."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.answering.checking import ClaimService
from retrieval.answering.selectors.trained import TrainedSelector
from retrieval.answering.service import AnsweringService, Assistant
from retrieval.comparison.service import ComparisonService
from retrieval.errors import CorpusError, SettingsError, StoreError, StoreUnwritableError
from retrieval.fetching import Fetcher, FetchPolicy
from retrieval.index.chroma.server import Address, CloudAddress, CloudStore, ServerStore
from retrieval.index.embedded_sync import EmbeddedSync
from retrieval.index.encoder import CHUNKING_VERSION, Encoder
from retrieval.index.index_folder import StoreLock
from retrieval.index.remote_sync import RemoteSync
from retrieval.index.vector_index import IndexSync, NoSync
from retrieval.ingest import IngestService, Progress
from retrieval.ingest.job_board import JobBoard
from retrieval.ingest.lifecycle import Lifecycle, Reindexer, Retention
from retrieval.language.terms import TERMS_VERSION
from retrieval.ledger import Ledger, live
from retrieval.llm import Model
from retrieval.models import SHARED, IngestReport
from retrieval.precedence import Precedence
from retrieval.search.browsing import Browser
from retrieval.search.retriever import Retriever
from retrieval.settings import CLOUD, EMBEDDED, RetrievalSettings
from retrieval.watching import WatchService

if TYPE_CHECKING:
    from retrieval.llm.guard import Budget

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
    comparing: ComparisonService
    ingesting: IngestService
    lifecycle: Lifecycle
    jobs: JobBoard
    reindexer: Reindexer
    watching: WatchService

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
    reading: bool = False,
    fetcher: Fetcher | None = None,
    encoder: Encoder | None = None,
) -> Iterator[Services]:
    """Open the store and build what works on it; both are closed when the block ends.

    Args:
        purpose: What this process is, in a word or two, for whoever has to wait for its lock.
        reindexing: Open it also where it was indexed with something else: `reindexer` is then all that works.
        reading: Only read, for long, beside whoever owns the index in the store's folder.
        fetcher: In place of the one that `settings` describe.
        encoder: Another than the one that the settings name: for measurements.

    Raises:
        StoreError: The store cannot be opened.
        SettingsError: A language model or a shared ledger is named that cannot be set up.
    """
    _make_folder(settings.store_dir)
    _refuse_a_lost_ledger(settings)
    ledger = Ledger(ledger_address(settings))
    index_sync = build_index_sync(settings, ledger, purpose, reading=reading)
    try:
        encoder = encoder or build_encoder(settings)
        identity = index_identity(encoder)
        if not reindexing:
            ledger.claim_identity(identity)
        retriever, precedence = Retriever(ledger, index_sync, encoder), Precedence()
        model, structured = build_model(settings, ledger) or (None, False)
        assistant = None if model is None else build_assistant(settings, model, structured=structured)
        answering = AnsweringService(ledger, retriever, assistant, precedence, TrainedSelector(encoder))
        fetcher = fetcher or Fetcher(FetchPolicy(timeout_s=settings.fetch_timeout_s))
        retention = Retention(ledger, settings.retention_days)
        ingesting = IngestService(
            ledger, index_sync, encoder, settings.corpus_dir, retention, fetcher, precedence
        )
        yield Services(
            settings=settings,
            ledger=ledger,
            index_sync=index_sync,
            retriever=retriever,
            answering=answering,
            checking=ClaimService(answering, model, structured=structured),
            browser=Browser(ledger),
            comparing=ComparisonService(ledger, encoder),
            ingesting=ingesting,
            lifecycle=Lifecycle(ledger, index_sync, encoder),
            jobs=JobBoard(ledger),
            reindexer=Reindexer(ledger, index_sync, encoder, identity),
            watching=WatchService(ledger, ingesting, JobBoard(ledger), fetcher),
        )
    finally:
        index_sync.close()
        ledger.close()


def build_index_sync(
    settings: RetrievalSettings, ledger: Ledger, purpose: str, *, reading: bool = False
) -> IndexSync:
    """Return what keeps the vector index true to the ledger, where `RETRIEVAL_STORE` says that it stands.

    Args:
        purpose: What this process is, in a word or two, for whoever has to wait for it.
        reading: Leave one in the store's folder to whoever owns it.

    Raises:
        SettingsError: It says nothing that can be understood, or what cannot be shared is to be.
    """
    if settings.store == EMBEDDED:
        if settings.ledger_url is not None:
            raise SettingsError(
                "LEDGER_URL is for hosts that share a ledger, and each of them would keep a vector index of its own. "
                "Set RETRIEVAL_STORE to a Chroma server that all of them reach."
            )
        if reading:
            return NoSync(ledger)
        return EmbeddedSync(settings.store_dir, ledger, StoreLock(settings.store_dir, purpose))
    store: type[ServerStore]
    if settings.store == CLOUD:
        store, place = CloudStore, {"tenant": settings.cloud_tenant, "database": settings.cloud_database}
        address: Address = CloudAddress.read(settings.cloud_host, key=settings.cloud_api_key, **place)
    else:
        store, address = ServerStore, Address.parse(settings.store, settings.store_token)
    return RemoteSync(ledger, partial(store, address, ledger.id), place=str(address), purpose=purpose)


def build_model(settings: RetrievalSettings, ledger: Ledger) -> tuple[Model, bool] | None:
    """Return the language model behind its guards and whether it takes schemas; None where none is configured.

    Raises:
        SettingsError: The model's name, package or key is missing.
        StoreError: The ledger cannot be written.
    """
    if settings.llm is None:
        return None
    from retrieval.llm.guard import GuardedModel
    from retrieval.llm.langchain_models import open_model
    from retrieval.llm.providers import ModelName

    model = open_model(
        ModelName.parse(settings.llm, "RETRIEVAL_LLM"),
        api_key=settings.llm_api_key,
        base_url=settings.llm_base_url,
        timeout_s=settings.llm_timeout_s,
        max_output_tokens=settings.llm_max_output_tokens,
        form=settings.llm_format,
    )
    guarded = GuardedModel(
        model,
        build_budget(settings, ledger),
        timeout_s=settings.llm_timeout_s,
        attempts=settings.llm_attempts,
        concurrency=settings.llm_concurrency,
        max_output_tokens=settings.llm_max_output_tokens,
    )
    return guarded, model.structured


def build_encoder(settings: RetrievalSettings) -> Encoder:
    """Return what turns texts into vectors.

    Raises:
        SettingsError: The model's name, package or key is missing.
    """
    if settings.embeddings == "builtin":
        return Encoder()
    from retrieval.llm.langchain_models import open_encoder
    from retrieval.llm.providers import ModelName

    return open_encoder(
        ModelName.parse(settings.embeddings, "RETRIEVAL_EMBEDDINGS"),
        api_key=settings.embeddings_api_key,
        base_url=settings.embeddings_base_url,
    )


def build_budget(settings: RetrievalSettings, ledger: Ledger) -> Budget:
    """Return the daily budget that the settings describe.

    Raises:
        SettingsError: There is a limit on money and no price.
        StoreError: The ledger cannot be written.
    """
    from retrieval.llm.guard import Allowance, Budget, Prices

    prices = Prices(settings.llm_input_price, settings.llm_output_price)
    limited = settings.llm_daily_cost or settings.llm_server_daily_cost
    if limited and not (prices.input_tokens and prices.output_tokens):
        raise SettingsError(
            "RETRIEVAL_LLM_DAILY_COST limits nothing without prices. Set RETRIEVAL_LLM_INPUT_PRICE and "
            "RETRIEVAL_LLM_OUTPUT_PRICE."
        )
    return Budget(
        ledger,
        overall=Allowance(settings.llm_daily_tokens, settings.llm_daily_cost),
        per_payer=Allowance(settings.llm_server_daily_tokens, settings.llm_server_daily_cost),
        prices=prices,
    )


def build_assistant(settings: RetrievalSettings, model: Model, *, structured: bool) -> Assistant:
    """Return what a language model does for answers."""
    from retrieval.answering.conversation import Rewriter
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


def _refuse_a_lost_ledger(settings: RetrievalSettings) -> None:
    """A vector index without a ledger is no first run: to begin one would hide that everything is gone."""
    file = ledger_address(settings)
    if isinstance(file, str):
        return
    is_there = file.exists()
    if is_there and file.stat().st_size:
        return
    if any(settings.store_dir.glob("chroma*")):
        raise StoreError(
            f"{file}: the ledger is {'empty' if is_there else 'missing'} while its vector index is there: this is no "
            'first run. Restore a backup ("rapporteur restore FILE"), or move the folder away to begin anew.'
        )
