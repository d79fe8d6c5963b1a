"""Chroma Cloud on loopback: answers chromadb's client as the service's documentation says, and remembers what came.

It is no proof of how the service behaves. It holds what is sent against the client's own types and the service's
quotas, and answers a query exactly.
"""

from __future__ import annotations

import base64
import json
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

import numpy as np
from chromadb.api.types import Schema

from retrieval.index.encoder import Vector

KEY = "ck-7sEcReTkEy"
TENANT = "b3f1-tenant"
DATABASE = "readouts"

_DATABASE = f"/api/v2/tenants/{TENANT}/databases/{DATABASE}"
_QUOTAS = {"records": 300, "results": 300, "queries": 100, "document bytes": 16_384, "metadata bytes": 4096}


class RefusedError(Exception):
    """An answer that is no success."""

    def __init__(self, status: int, error: str, message: str) -> None:
        self.status = status
        self.body = {"error": error, "message": message}
        super().__init__(message)


@dataclass
class _Record:
    vector: Vector
    indexed: bool


@dataclass
class _Collection:
    about: dict[str, Any]
    schema: Schema
    records: dict[str, _Record] = field(default_factory=dict)

    def found(self) -> dict[str, _Record]:
        return {name: record for name, record in self.records.items() if record.indexed}


class CloudStandIn:
    """Serves until it is closed.

    Attributes:
        calls: Every request: method, path, those headers that say something, and the body.
        lags: New records are counted and not found, until `catch_up`.
        failure: What every request is answered instead, if anything: status and body.
    """

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.lags = False
        self.failure: tuple[int, str] | None = None
        self.collections: dict[str, _Collection] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def operations(self) -> list[str]:
        """The last part of every path asked for."""
        return [call["path"].partition("?")[0].rpartition("/")[2] for call in self.calls]

    def catch_up(self) -> None:
        for collection in self.collections.values():
            for record in collection.records.values():
                record.indexed = True

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, method: str, path: str, body: Any) -> Any:
        path, _, asked = path.partition("?")
        for wanted, pattern, handle in _ROUTES:
            found = re.fullmatch(pattern, path)
            if wanted == method and found:
                return handle(self, body or dict(parse_qsl(asked)), *found.groups())
        raise RefusedError(404, "NotFoundError", f"{method} {path} is not served")

    # --- collections ---

    def create(self, body: Any) -> Any:
        _must(not body["configuration"], "settings of an index go into the schema")
        if body["name"] in self.collections:
            raise RefusedError(409, "UniqueConstraintError", f"Collection [{body['name']}] already exists")
        about = {
            "id": str(uuid.uuid5(uuid.NAMESPACE_URL, body["name"])),
            "name": body["name"],
            "configuration_json": {"hnsw": None, "spann": {"space": "cosine"}, "embedding_function": None},
            "schema": body["schema"],
            "metadata": body["metadata"],
            "dimension": None,
            "tenant": TENANT,
            "database": DATABASE,
            "log_position": 0,
            "version": 0,
        }
        _must(all(len(str(v).encode()) <= 256 for v in body["metadata"].values()), "collection metadata")
        self.collections[body["name"]] = _Collection(about, Schema.deserialize_from_json(body["schema"]))
        return about

    def get(self, _: Any, name: str) -> Any:
        if name not in self.collections:
            raise RefusedError(404, "NotFoundError", f"Collection [{name}] does not exist")
        return self.collections[name].about

    def all(self, asked: dict[str, str]) -> Any:
        listed = [collection.about for collection in self.collections.values()]
        return listed[int(asked["offset"]) :][: int(asked["limit"])]

    def delete(self, _: Any, name: str) -> Any:
        self.get(None, name)
        del self.collections[name]
        return {}

    def _by_id(self, key: str) -> _Collection:
        for collection in self.collections.values():
            if collection.about["id"] == key:
                return collection
        raise RefusedError(404, "NotFoundError", f"Collection [{key}] does not exist")

    # --- records ---

    def add(self, body: Any, key: str) -> Any:
        _within("records", len(body["ids"]))
        collection = self._by_id(key)
        columns = body["embeddings"], body["metadatas"], body["documents"]
        for name, embedding, about, document in zip(body["ids"], *columns, strict=True):
            _within("document bytes", len(document.encode()))
            _within("metadata bytes", _size(about))
            _must(set(about) == {"scope"}, "metadata")
            vector = np.frombuffer(base64.b64decode(embedding), np.float32)
            collection.records.setdefault(name, _Record(vector, not self.lags))
        return {}

    def count(self, _: Any, key: str) -> Any:
        return len(self._by_id(key).records)

    def query(self, body: Any, key: str) -> Any:
        _within("queries", len(body["query_embeddings"]))
        _within("results", body["n_results"])
        records = self._by_id(key).found()
        rows = [_by_vector(records, vector)[: body["n_results"]] for vector in body["query_embeddings"]]
        return {
            "ids": [[name for name, _ in row] for row in rows],
            "distances": [[distance for _, distance in row] for row in rows],
            "embeddings": None,
            "documents": None,
            "uris": None,
            "metadatas": None,
            "include": body["include"],
        }


def _by_vector(records: dict[str, _Record], query: Any) -> list[tuple[str, float]]:
    vector = np.asarray(query, np.float32)
    distances = [(name, float(max(1.0 - record.vector @ vector, 0.0))) for name, record in records.items()]
    return sorted(distances, key=lambda pair: (pair[1], int(pair[0])))


def _size(about: dict[str, Any]) -> int:
    """Return what metadata takes: strings as UTF-8."""
    return sum(len(key.encode()) + len(value.encode()) for key, value in about.items())


def _must(holds: bool, what: str) -> None:
    if not holds:
        raise RefusedError(400, "InvalidArgumentError", what)


def _within(quota: str, used: int) -> None:
    if used > _QUOTAS[quota]:
        raise RefusedError(429, "QuotaError", f"Quota exceeded: {quota}: {used} of {_QUOTAS[quota]}")


_Handle = Callable[..., Any]
_ROUTES: tuple[tuple[str, str, _Handle], ...] = (
    ("GET", "/api/v2/auth/identity", lambda *_: {"user_id": "u", "tenant": TENANT, "databases": [DATABASE]}),
    ("GET", f"/api/v2/tenants/{TENANT}", lambda *_: {"name": TENANT}),
    ("GET", _DATABASE, lambda *_: {"id": str(uuid.UUID(int=1)), "name": DATABASE, "tenant": TENANT}),
    (
        "GET",
        "/api/v2/pre-flight-checks",
        lambda *_: {"max_batch_size": 300, "supports_base64_encoding": True},
    ),
    ("POST", f"{_DATABASE}/collections", CloudStandIn.create),
    ("GET", f"{_DATABASE}/collections", CloudStandIn.all),
    ("GET", f"{_DATABASE}/collections/([^/]+)", CloudStandIn.get),
    ("DELETE", f"{_DATABASE}/collections/([^/]+)", CloudStandIn.delete),
    ("POST", f"{_DATABASE}/collections/([^/]+)/add", CloudStandIn.add),
    ("GET", f"{_DATABASE}/collections/([^/]+)/count", CloudStandIn.count),
    ("POST", f"{_DATABASE}/collections/([^/]+)/query", CloudStandIn.query),
)
_SAYING = ("content-type", "user-agent", "x-chroma-token", "authorization")


def _handler(cloud: CloudStandIn) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = json.loads(sent) if sent else None
            headers = {name: self.headers[name] for name in _SAYING if name in self.headers}
            cloud.calls.append({"method": self.command, "path": self.path, "headers": headers, "body": body})
            try:
                if cloud.failure is not None:
                    self._reply(*cloud.failure)
                    return
                if headers.get("x-chroma-token") != KEY:
                    raise RefusedError(401, "AuthError", "Unauthorized")
                self._reply(200, json.dumps(cloud.answer(self.command, self.path, body)))
            except RefusedError as refused:
                self._reply(refused.status, json.dumps(refused.body))

        def _reply(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the standard library's names

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name
            """Say nothing."""

    return Handler
