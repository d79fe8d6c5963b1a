"""Chroma in this process, in one folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from retrieval.index.chroma.collections import Collections, translated

if TYPE_CHECKING:
    from chromadb.api.client import Client


class EmbeddedStore(Collections):
    """Embedded Chroma in one folder.

    Args:
        path: Its folder; made when missing.

    Raises:
        StoreError: Chroma cannot open the folder, or it belongs to another ledger.
    """

    def __init__(self, path: Path, ledger_id: str) -> None:
        import chromadb
        from chromadb.config import Settings

        with translated(str(path), "opened"):
            client = cast(
                "Client",  # typed as the part that synchronous and asynchronous clients share
                chromadb.PersistentClient(
                    path, settings=Settings(anonymized_telemetry=False, allow_reset=False)
                ),
            )
        super().__init__(client, str(path), ledger_id)
