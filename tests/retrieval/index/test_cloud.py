"""Chroma Cloud: what is sent to it is what was recorded, and the key stays where it belongs.

What chromadb's own client sends stands in `cloud_calls.json`. After an upgrade of chromadb, or a change of what is
sent, look at what differs and record it again:

    RECORD_CLOUD_CALLS=1 pytest tests/retrieval/index/test_cloud.py -k recorded
"""

from __future__ import annotations

import json
import os
import re
import socket
import traceback
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import chromadb
import numpy as np
import pytest
from pydantic import SecretStr

from retrieval.errors import SettingsError, StoreError
from retrieval.index.chroma import server as store_server
from retrieval.index.chroma.server import CloudAddress, CloudStore
from retrieval.index.encoder import Vector
from retrieval.index.vector_index import Hit, VectorRecord
from tests.cloud import DATABASE, KEY, TENANT, CloudStandIn

RECORDED = Path(__file__).with_name("cloud_calls.json")
LEDGER = "6f1c2d"
WORDS = ("ferry harbour", "visa", "harbour", "border", "school")


@pytest.fixture
def cloud() -> Iterator[CloudStandIn]:
    with CloudStandIn() as standing_in:
        yield standing_in


def _address(cloud: CloudStandIn, key: str = KEY, **other: str) -> CloudAddress:
    named = {"tenant": TENANT, "database": DATABASE} | other
    return CloudAddress.read(cloud.url, key=SecretStr(key), **named)


def _store(cloud: CloudStandIn, generation: str = "0a1b2c", ledger: str = LEDGER) -> CloudStore:
    return CloudStore(_address(cloud), ledger, generation)


@pytest.fixture
def store(cloud: CloudStandIn) -> Iterator[CloudStore]:
    with closing(_store(cloud)) as made:
        yield made


def _axis(n: int, dimensions: int = 5) -> Vector:
    axis: Vector = np.eye(dimensions, dtype=np.float32)[n]
    return axis


def _record(n: int, words: str, dimensions: int = 5) -> VectorRecord:
    return VectorRecord(n + 1, _axis(n, dimensions), f"Of {words}.")


@pytest.fixture
def filled(store: CloudStore) -> CloudStore:
    """Five records in one scope, one in another."""
    store.add("shared", [_record(n, words) for n, words in enumerate(WORDS)])
    store.add("server", [_record(5 - 1, "harbour")])
    return store


_PROBE = np.array([0.1, 0.5, 0.3, 0.7, 0.4], dtype=np.float32)


# --- the contract ---


def test_calls_are_those_recorded(cloud: CloudStandIn) -> None:
    _everything_once(cloud)
    calls = [_shape(call, cloud) for call in cloud.calls]

    if os.environ.get("RECORD_CLOUD_CALLS"):
        recorded = {"client": chromadb.__version__, "calls": calls}
        RECORDED.write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
    assert json.loads(RECORDED.read_text(encoding="utf-8")) == {
        "client": chromadb.__version__,
        "calls": calls,
    }


def _everything_once(cloud: CloudStandIn) -> None:
    with closing(_store(cloud, generation="000000")) as old:
        old.add("shared", [_record(0, "visa", 2)])
    cloud.calls.clear()
    with closing(_store(cloud)) as store:
        store.query("shared", _axis(0, 2), 1)
        store.add("shared", [_record(0, "ferry ferry visa", 2), _record(1, "", 2)])
        store.query_each("shared", np.eye(2, dtype=np.float32), 1)
        store.count("shared")
        store.sweep()


def _shape(call: dict[str, Any], cloud: CloudStandIn) -> dict[str, Any]:
    """Return a call without what another run has differently: ids that the service gives, and the key."""
    path = call["path"]
    for collection in cloud.collections.values():
        path = path.replace(collection.about["id"], "{id}")
    text = json.dumps(call | {"path": path}).replace(KEY, "(the key)")
    shape: dict[str, Any] = json.loads(re.sub(r"(?<=python-httpx)/[\w.]+", "", text))
    return shape


def test_recording_holds_no_key() -> None:
    assert KEY not in RECORDED.read_text(encoding="utf-8")


# --- what every index offers ---


def _rounded(hits: list[Hit]) -> list[tuple[int, float]]:
    return [(hit.embedding, round(hit.distance, 4)) for hit in hits]


def test_query_returns_the_nearest_first_with_their_distances(filled: CloudStore) -> None:
    assert _rounded(filled.query("shared", _PROBE, 3)) == [(4, 0.3), (2, 0.5), (5, 0.6)]


def test_scopes_are_kept_apart(filled: CloudStore) -> None:
    assert {hit.embedding for hit in filled.query("server", _PROBE, 100)} == {5}


def test_an_unknown_scope_holds_nothing(filled: CloudStore) -> None:
    asked = (
        filled.query("unknown", _PROBE, 3),
        filled.count("unknown"),
    )

    assert asked == ([], 0)


def test_adding_what_is_there_changes_nothing(filled: CloudStore) -> None:
    filled.add("shared", [VectorRecord(1, _axis(3), "other words")])

    assert (filled.count("shared"), filled.query("shared", _axis(0), 1)[0].embedding) == (5, 1)


def test_sweeping_leaves_this_generation_and_other_ledgers(cloud: CloudStandIn, filled: CloudStore) -> None:
    with closing(_store(cloud, generation="ffffff")) as old, closing(_store(cloud, ledger="other")) as other:
        for each in (old, other):
            each.add("shared", [_record(0, "visa")])

        filled.sweep()

        assert (filled.count("shared"), other.count("shared"), len(cloud.collections)) == (5, 1, 3)


# --- within the quotas ---


def test_what_is_sent_keeps_to_the_quotas(store: CloudStore) -> None:
    words = " ".join(f"word{n}" for n in range(2000)) + " Ünïcödé" * 4000
    many = [_record(n, f"word{n}", 700) for n in range(699)]

    store.add("s" * 30, [*many, VectorRecord(700, _axis(699, 700), words)])

    assert store.count("s" * 30) == 700
    assert store.query("s" * 30, _axis(699, 700), 4096)[0].embedding == 700
    assert len(store.query("s" * 30, _axis(0, 700), 4096)) == 300


# --- the key, and what goes wrong ---


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def test_a_refused_key_is_said_and_not_shown(cloud: CloudStandIn) -> None:
    key = "ck-another-key"

    with pytest.raises(StoreError, match=r"the key is refused. Look at RETRIEVAL_CLOUD_API_KEY") as caught:
        CloudStore(_address(cloud, key), LEDGER, "0")

    assert key not in _told(caught.value)


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"tenant": "another"}, "another tenant than RETRIEVAL_CLOUD_TENANT says"),
        ({"database": "another"}, "another database than RETRIEVAL_CLOUD_DATABASE says"),
    ],
    ids=["tenant", "database"],
)
def test_another_tenant_or_database_than_the_keys_is_refused(
    cloud: CloudStandIn, other: dict[str, str], said: str
) -> None:
    with pytest.raises(StoreError, match=said) as caught:
        CloudStore(_address(cloud, **other), LEDGER, "0")

    assert KEY not in _told(caught.value)


def test_a_key_that_the_service_repeats_is_left_out(
    cloud: CloudStandIn, filled: CloudStore, caplog: pytest.LogCaptureFixture
) -> None:
    cloud.failure = (500, f"{{'token': '{KEY}'}} " + "very sorry " * 500)
    caplog.set_level("DEBUG")

    with pytest.raises(StoreError, match=re.escape("cannot be queried ({'token': '…'} very sorry")) as caught:
        filled.query("shared", _PROBE, 1)

    assert KEY not in _told(caught.value) + caplog.text
    assert len(str(caught.value)) < 400


def test_an_address_shows_no_key(cloud: CloudStandIn) -> None:
    address = _address(cloud)

    assert KEY not in f"{address} {address!r}"


def test_a_redirect_is_not_followed_with_the_key(cloud: CloudStandIn) -> None:
    cloud.failure = (302, "")

    with pytest.raises(StoreError, match=r"no Chroma answers there \(HTTP 302\)"):
        _store(cloud)

    assert cloud.operations == ["identity"]


def test_nobody_waits_for_a_service_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_server, "ANSWER_TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"http://127.0.0.1:{silent.getsockname()[1]}"
        address = CloudAddress.read(host, tenant=TENANT, database=DATABASE, key=SecretStr(KEY))

        with pytest.raises(StoreError, match="cannot be reached"):
            CloudStore(address, LEDGER, "0")


# --- the settings ---


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({}, "RETRIEVAL_CLOUD_TENANT and RETRIEVAL_CLOUD_DATABASE and RETRIEVAL_CLOUD_API_KEY"),
        ({"tenant": "t", "database": "d"}, "RETRIEVAL_CLOUD_API_KEY"),
        ({"tenant": " ", "database": "d", "key": SecretStr("k")}, "RETRIEVAL_CLOUD_TENANT"),
        ({"tenant": "t", "database": "d", "key": SecretStr(" ")}, "RETRIEVAL_CLOUD_API_KEY"),
    ],
    ids=["nothing", "no key", "blank tenant", "blank key"],
)
def test_missing_settings_are_named(given: dict[str, Any], missing: str) -> None:
    wanted: dict[str, Any] = {"tenant": None, "database": None, "key": None}

    with pytest.raises(SettingsError, match=f"needs {missing} too"):
        CloudAddress.read("api.trychroma.com", **wanted | given)


@pytest.mark.parametrize(
    ("host", "reached"),
    [
        ("api.trychroma.com", "https://api.trychroma.com:443"),
        (" gcp.trychroma.com:8443", "https://gcp.trychroma.com:8443"),
        ("http://chroma.internal", "http://chroma.internal:8000"),
        ("http://[::1]:9000/", "http://[::1]:9000"),
    ],
)
def test_host_is_read(host: str, reached: str) -> None:
    assert str(CloudAddress.read(host, tenant="t", database="d", key=SecretStr("k"))) == reached


@pytest.mark.parametrize("host", ["", "ftp://x", "a b", "https://me:secret@host", "host/path", "host:port"])
def test_what_is_no_host_is_refused_without_repeating_it(host: str) -> None:
    with pytest.raises(SettingsError, match="RETRIEVAL_CLOUD_HOST: this is no host") as caught:
        CloudAddress.read(host, tenant="t", database="d", key=SecretStr("k"))

    assert "secret" not in _told(caught.value)


@pytest.mark.parametrize("key", ["ck-a b", "ck-\n1", "ck-é"])
def test_a_key_that_no_header_can_hold_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(SettingsError, match="RETRIEVAL_CLOUD_API_KEY: a key is ASCII") as caught:
        CloudAddress.read("host", tenant="t", database="d", key=SecretStr(key))

    assert key not in _told(caught.value)
