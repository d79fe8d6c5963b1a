"""Settings -> the keeper of the vector index."""

from __future__ import annotations

from retrieval.index.store.remote import RemoteStore
from retrieval.index.store.server import Address, ServerStore
from retrieval.index.upkeep.embedded import EmbeddedKeeper
from retrieval.index.upkeep.keeper import IndexKeeper
from retrieval.index.upkeep.remote import RemoteKeeper
from retrieval.ledger.ledger import Ledger
from retrieval.settings import EMBEDDED, RetrievalSettings
from retrieval.store_lock import StoreLock


def build_keeper(settings: RetrievalSettings, ledger: Ledger, purpose: str) -> IndexKeeper:
    """Return what keeps the index where `RETRIEVAL_STORE` says that it stands.

    Args:
        purpose: What this process is, in a word or two, for whoever has to wait for it.

    Raises:
        SettingsError: It says nothing that can be understood.
    """
    if settings.store == EMBEDDED:
        return EmbeddedKeeper(settings.store_dir, ledger, StoreLock(settings.store_dir, purpose))
    address = Address.parse(settings.store, settings.store_token)

    def connect(generation: str) -> RemoteStore:
        return ServerStore(address, ledger.id, generation)

    return RemoteKeeper(ledger, connect, place=str(address), purpose=purpose)
