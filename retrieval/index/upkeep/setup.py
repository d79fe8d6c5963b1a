"""Settings -> the keeper of the vector index."""

from __future__ import annotations

from retrieval.index.upkeep.embedded import EmbeddedKeeper
from retrieval.index.upkeep.keeper import IndexKeeper
from retrieval.ledger.ledger import Ledger
from retrieval.settings import RetrievalSettings
from retrieval.store_lock import StoreLock


def build_keeper(settings: RetrievalSettings, ledger: Ledger, purpose: str) -> IndexKeeper:
    """Return what keeps the index where `RETRIEVAL_STORE` says that it stands.

    Args:
        purpose: What this process is, in a word or two, for whoever has to wait for it.
    """
    return EmbeddedKeeper(settings.store_dir, ledger, StoreLock(settings.store_dir, purpose))
