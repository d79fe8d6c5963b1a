"""Settings -> the keeper of the vector index."""

from __future__ import annotations

from retrieval.errors import SettingsError
from retrieval.index.store.cloud import CloudAddress, CloudStore
from retrieval.index.store.server import Address, ServerStore
from retrieval.index.upkeep.embedded import EmbeddedKeeper
from retrieval.index.upkeep.keeper import IndexKeeper
from retrieval.index.upkeep.remote import Connect, RemoteKeeper
from retrieval.ledger.ledger import Ledger
from retrieval.settings import CLOUD, EMBEDDED, RetrievalSettings
from retrieval.store_lock import StoreLock


def build_keeper(settings: RetrievalSettings, ledger: Ledger, purpose: str) -> IndexKeeper:
    """Return what keeps the index where `RETRIEVAL_STORE` says that it stands.

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
        return EmbeddedKeeper(settings.store_dir, ledger, StoreLock(settings.store_dir, purpose))
    place, connect = _cloud(settings, ledger) if settings.store == CLOUD else _server(settings, ledger)
    return RemoteKeeper(ledger, connect, place=place, purpose=purpose)


def _server(settings: RetrievalSettings, ledger: Ledger) -> tuple[str, Connect]:
    address = Address.parse(settings.store, settings.store_token)
    return str(address), lambda generation: ServerStore(address, ledger.id, generation)


def _cloud(settings: RetrievalSettings, ledger: Ledger) -> tuple[str, Connect]:
    address = CloudAddress.parse(
        settings.cloud_host,
        tenant=settings.cloud_tenant,
        database=settings.cloud_database,
        key=settings.cloud_api_key,
    )
    return str(address), lambda generation: CloudStore(address, ledger.id, generation)
