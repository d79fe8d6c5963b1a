"""What a collector is sent, over a real socket."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from bot.monitoring import request, request_id, traced
from retrieval.observing import count, stage

WORDS = "What did the minister say about the border?"


class _Collector(HTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taking)
        self.bodies: list[bytes] = []


class _Taking(BaseHTTPRequestHandler):
    server: _Collector

    def do_POST(self) -> None:
        self.server.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[_Collector]:
    with _Collector() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _ask() -> None:
    with stage("question") as told:
        with stage("search"):
            pass
        with stage("model"):
            count("model_tokens", 12, kind="input")
        told["outcome"] = "answered"


def _fail() -> None:
    with stage("question"):
        raise LookupError(WORDS)


def test_a_question_is_a_span_of_spans_that_hold_no_words(
    collector: _Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{collector.server_port}")

    with traced(), request():
        here = request_id()
        _ask()
        with pytest.raises(LookupError):
            _fail()

    [sent] = [ExportTraceServiceRequest.FromString(body) for body in collector.bodies]
    spans = sent.resource_spans[0].scope_spans[0].spans
    names = {span.span_id: span.name for span in spans}
    told = [
        {
            a.key.removeprefix("rapporteur."): a.value.string_value or a.value.int_value
            for a in span.attributes
        }
        for span in spans
    ]
    assert [(span.name, names.get(span.parent_span_id)) for span in spans] == [
        ("rapporteur.search", "rapporteur.question"),
        ("rapporteur.model", "rapporteur.question"),
        ("rapporteur.question", None),
        ("rapporteur.question", None),
    ]
    assert told == [
        {"request": here, "outcome": "done"},
        {"request": here, "outcome": "done", "model_tokens.input": 12},
        {"request": here, "outcome": "answered"},
        {"request": here, "outcome": "LookupError"},
    ]
    assert spans[-1].status.message == "LookupError"
    assert WORDS.encode() not in b"".join(collector.bodies)


def test_without_an_endpoint_nothing_is_sent(collector: _Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)

    with traced():
        _ask()

    assert collector.bodies == []
