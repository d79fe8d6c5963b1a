"""From ingest to answer with the index in Chroma Cloud: the same answers, and nothing lost when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from pydantic import SecretStr

from retrieval.answering.models import Answer
from retrieval.bootstrap import Services
from retrieval.errors import SettingsError, StoreError
from retrieval.health import Audit, audit
from retrieval.index.chroma.server import CloudAddress, CloudStore
from retrieval.ledger import vectors
from retrieval.search.ranking import RankedParagraph
from tests.cloud import DATABASE, KEY, TENANT, CloudStandIn
from tests.conftest import OpenStore, WriteReadout
from tests.servers import ChromaServer

QUESTIONS = (
    "What did Japan announce on cybersecurity?",
    "Who chaired the meeting?",
    "When was the meeting held?",
    "Which vision will Japan promote initiatives under?",
    "What was said about the South China Sea?",
    "What did the ministers say about Ukraine?",
    "What is the Vientiane Vision 2.0?",
    "Which seminar will Japan hold on climate?",
    "What did Cambodia's minister welcome?",
    "Summarise the readout in two sentences.",
    "In which paragraphs is Myanmar mentioned?",
    "What is the capital of Peru?",
)

CODED = 117
"""The one of many paragraphs that holds a word of its own, far from what the question is about."""

CODED_QUERY = "ferry line harbour Norland Estmark QX-4711"


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[CloudStandIn]:
    with CloudStandIn() as standing_in:
        monkeypatch.setenv("RETRIEVAL_CLOUD_HOST", standing_in.url)
        monkeypatch.setenv("RETRIEVAL_CLOUD_TENANT", TENANT)
        monkeypatch.setenv("RETRIEVAL_CLOUD_DATABASE", DATABASE)
        monkeypatch.setenv("RETRIEVAL_CLOUD_API_KEY", KEY)
        yield standing_in


OpenCloud = Callable[..., AbstractContextManager[Services]]


@pytest.fixture
def open_cloud(cloud: CloudStandIn, open_store: OpenStore) -> OpenCloud:
    return lambda **options: open_store(index="cloud", **options)


def _ask(services: Services, questions: Sequence[str] = QUESTIONS) -> list[Answer]:
    return [services.answering.ask(question) for question in questions]


def _audit(services: Services) -> Audit:
    return audit(services.ledger, services.index_sync, lambda *_: None)


def _numbers(hits: Sequence[RankedParagraph]) -> set[str]:
    return {hit.prepared.paragraph.number for hit in hits}


def _many(write_readout: WriteReadout) -> Path:
    """Many paragraphs about one thing, and one about another that a rare word finds."""
    texts = [f"Norland and Estmark opened ferry line {n} from harbour {n}." for n in range(1, 160)]
    texts[CODED - 1] = "Accountants met over tariffs; file QX-4711 was closed."
    return write_readout("ferries", texts).parent


def test_answers_are_those_of_the_embedded_index(
    cloud: CloudStandIn, open_cloud: OpenCloud, services: Services, tmp_path: Path
) -> None:
    with open_cloud(store=tmp_path / "in the cloud") as in_cloud:
        in_cloud.ensure_corpus()
        answers = _ask(in_cloud)
        audited = _audit(in_cloud)

    assert answers == _ask(services)
    assert audited == _audit(services)
    # two ask about one readout, scanned exactly
    assert cloud.operations.count("query") >= len(QUESTIONS) - 2


def test_an_engine_that_fails_is_done_without_and_used_again(
    cloud: CloudStandIn,
    open_cloud: OpenCloud,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("retrieval.index.remote_sync._PAUSES_S", (0.0, 0.0))
    with open_cloud() as services:
        services.ensure_corpus()
        before = _ask(services, QUESTIONS[:4])
        cloud.failure = (503, f"overloaded; you are {KEY}")
        meanwhile = _ask(services, QUESTIONS[:4])
        was_whole = services.index_sync.is_whole
        cloud.failure = None
        after = _ask(services, QUESTIONS[:4])

        assert (meanwhile, after, was_whole, services.index_sync.is_whole) == (before, before, False, True)
    assert KEY not in caplog.text


def test_what_the_engine_indexes_later_is_scanned_until_then(
    cloud: CloudStandIn, open_cloud: OpenCloud, write_readout: WriteReadout
) -> None:
    cloud.lags = True
    with open_cloud(corpus=_many(write_readout)) as services:
        services.ingesting.ingest()
        scanned = [_scanned(services)]
        early = services.answering.search(CODED_QUERY, top_k=3)
        cloud.catch_up()
        assert services.index_sync.catch_up()
        scanned.append(_scanned(services))
        late = services.answering.search(CODED_QUERY, top_k=3)

    assert scanned == [159, 0]
    assert str(CODED) in _numbers(early)
    assert str(CODED) in _numbers(late)


def _scanned(services: Services) -> int:
    with services.ledger.read() as connection:
        return len(vectors.scanned(connection, "shared"))


def test_superseded_paragraphs_and_other_scopes_are_never_put_forward(
    open_cloud: OpenCloud, write_readout: WriteReadout, tmp_path: Path
) -> None:
    with open_cloud(corpus=tmp_path / "readouts") as services:
        for month in ("May", "June"):  # more of them than the first search puts forward
            write_readout("ferry", [f"Norland will open ferry line {n} in {month}." for n in range(1, 61)])
            services.ingesting.ingest()
        theirs = write_readout(
            "theirs", ["Norland will open a secret ferry line."], folder=tmp_path / "guild"
        )
        services.ingesting.ingest([theirs], scope="guild:1")

        ours = services.answering.search("Norland ferry line in May", top_k=12)
        both = services.answering.search(
            "Norland secret ferry line in May", top_k=12, scopes=("shared", "guild:1")
        )

    assert {hit.prepared.paragraph.document for hit in ours} == {"ferry"}
    assert len(ours) == 12
    assert "May" not in " ".join(hit.prepared.paragraph.text for hit in both)
    assert {hit.prepared.paragraph.document for hit in both} == {"ferry", "theirs"}


# --- set up wrongly ---


def test_missing_settings_are_one_clear_sentence(open_store: OpenStore) -> None:
    with (
        pytest.raises(
            SettingsError,
            match=r"^RETRIEVAL_STORE=cloud needs RETRIEVAL_CLOUD_TENANT and \S+DATABASE and \S+KEY too\.$",
        ),
        open_store(index="cloud"),
    ):
        pass


def test_a_chroma_server_with_another_tenant_is_refused(chroma: ChromaServer) -> None:
    address = CloudAddress.read(chroma.address, tenant=TENANT, database=DATABASE, key=SecretStr(KEY))

    with pytest.raises(StoreError, match="the key is for another tenant"):
        CloudStore(address, "ledger", "0")
