"""Reading without a process for each document, for tests of what is read rather than of how it is confined."""

from __future__ import annotations

import json

import pytest

from retrieval.sources import confined
from retrieval.sources.lines import Extracted


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do what the child does, its JSON included, here."""

    def read(kind: str, name: str, data: bytes) -> Extracted:
        return confined._received(name, json.loads(json.dumps(confined._answer(kind, data))))

    monkeypatch.setattr(confined, "read_confined", read)
