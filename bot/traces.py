"""Traces for OpenTelemetry, where the extra `otel` is installed and its own variables say where they go.

`OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) switches them on; sampling, headers and the service's name are
read from their variables too. A span is a stage: its name, its outcome, the request's id, and counts.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bot.logs import request_id
from retrieval.observing import Counted, Stage, Told, watched_by

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = logging.getLogger(__name__)

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@contextmanager
def traced() -> Iterator[None]:
    """Send a span for every stage while the block lasts, where that is wanted and possible."""
    provider = _provider() if any(os.environ.get(name) for name in _ENDPOINTS) else None
    if provider is None:
        yield
        return
    try:
        with watched_by(Spans(provider)):
            yield
    finally:
        provider.shutdown()  # sends what waits


def _provider() -> TracerProvider | None:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import SERVICE_NAME, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning('no traces are sent: install "rapporteur[otel]", or unset OTEL_EXPORTER_OTLP_ENDPOINT')
        return None
    service = os.environ.get("OTEL_SERVICE_NAME", "rapporteur")
    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    return provider


class Spans:
    """Makes a span of every stage; an observer."""

    def __init__(self, provider: TracerProvider) -> None:
        self._tracer = provider.get_tracer("rapporteur")

    @contextmanager
    def stage(self, name: Stage, told: Told) -> Iterator[None]:
        """Open a span for a stage; of an error that ends it, only the name is kept."""
        from opentelemetry.trace import StatusCode

        with self._tracer.start_as_current_span(
            f"rapporteur.{name}", record_exception=False, set_status_on_exception=False
        ) as span:
            span.set_attribute("rapporteur.request", request_id())
            try:
                yield
            except BaseException:
                span.set_status(StatusCode.ERROR, told["outcome"])
                raise
            finally:
                span.set_attributes({f"rapporteur.{key}": value for key, value in told.items()})

    def count(self, what: Counted, amount: float, labels: Told) -> None:
        """Keep a count with the span of the stage that it belongs to."""
        from opentelemetry.trace import get_current_span

        get_current_span().set_attribute(".".join(["rapporteur", what, *labels.values()]), amount)
