"""What any process that runs for long tells: its log, metrics for Prometheus, whether it is alive and ready, and traces."""

from __future__ import annotations

import json
import logging
import math
import os
import re
import secrets
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, TextIO
from wsgiref.simple_server import WSGIRequestHandler, make_server

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from retrieval.errors import LanguageModelError, SettingsError, StoreError
from retrieval.observing import Counted, Stage, Told, watched_by

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

    from opentelemetry.sdk.trace import TracerProvider

    from retrieval.bootstrap import Services

Checks = Mapping[str, Callable[[], str | None]]
"""What is looked at -> what is wrong with it, in words; None where nothing is."""

Gauges = Mapping[str, tuple[str, Callable[[], float]]]
"""Name of a metric -> what it is, and its value whenever Prometheus reads."""

log = logging.getLogger(__name__)

_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_OUTCOMES: dict[Stage, tuple[str, str]] = {
    "question": ("answers", "Questions by outcome: the answer's status, talk, or the name of an error"),
    "ingest": ("ingests", "Ingests by outcome: done, partly, or the name of an error"),
    "model": ("model_calls", "Calls of the language model by outcome: done, or the name of an error"),
}
_COUNTED: dict[Counted, tuple[str, tuple[str, ...]]] = {
    "model_tokens": ("Tokens that the language model was billed for", ("kind",)),
    "model_cost": ("What they cost, in the currency of the prices set", ()),
    "ingested_readouts": ("Readouts by what an ingest did with them", ("result",)),
    "refusals": ("Requests that were refused with a reason, such as a limit", ("reason",)),
    "failures": ("Requests that ended with “Something went wrong”", ()),
    "gateway_reconnects": ("Connections to Discord's gateway made again", ("how",)),
}


@contextmanager
def monitored(
    services: Services,
    *,
    alive: Checks | None = None,
    ready: Checks | None = None,
    gauges: Gauges | None = None,
) -> Iterator[None]:
    """Keep a log of what is done, and serve metrics where the settings say so, while the block lasts.

    Args:
        alive, ready, gauges: What this process has beside its ledger and the jobs in it.

    Raises:
        SettingsError: The port cannot be had.
    """
    settings = services.settings

    def jobs() -> float:
        try:
            return services.jobs.waiting()
        except StoreError:
            return math.nan

    def ledger() -> str | None:
        return "cannot be read" if math.isnan(jobs()) else None

    with ExitStack() as stack:
        stack.enter_context(traced())
        stack.enter_context(watched_by(StageLog()))
        if settings.metrics_port:
            metrics = Metrics()
            metrics.read("jobs_waiting", "Ingests that are not done", jobs)
            for name, (help_, value) in (gauges or {}).items():
                metrics.read(name, help_, value)
            stack.enter_context(watched_by(metrics))
            where = settings.metrics_host, settings.metrics_port
            checks = {**(ready or {}), "ledger": ledger}
            stack.enter_context(served(metrics, *where, alive=alive or {}, ready=checks))
        yield


# --- the log ---

_SECRET = re.compile(
    r"""(?<=/webhooks/) \d+/[^/\s]+         # an interaction's token, in the address of its answer
      | (?<=/interactions/) \d+/[^/\s]+
      | \b[\w-]{20,}\.[\w-]{5,8}\.[\w-]{25,}  # a bot's token
    """,
    re.VERBOSE,
)
_NUMBERS = ("errno", "status", "status_code", "code")
_OURS = (LanguageModelError, SettingsError, StoreError)
"""Errors whose sentences name no text: others quote a source, or come from elsewhere."""


def configure_log(*, debug: bool = False, stream: TextIO = sys.stderr) -> None:
    """Send every logger of this process to `stream`: for people in a terminal, one JSON object a line elsewhere.

    Libraries' loggers pass through the same renderer. What a line can hold is bounded here: of an exception the
    frames, its type and its numbers, but not what it says, since a database's names the parameters and a parser's
    the text; and neither a bot's token nor those that stand in Discord's addresses. `debug` shows everything but
    these.
    """
    is_terminal = stream.isatty()
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if is_terminal else "iso", utc=not is_terminal),
        structlog.processors.format_exc_info if debug else _frames_alone,
        _masked,
    ]
    renderer: Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if is_terminal:
        renderer = structlog.dev.ConsoleRenderer()
    handler = logging.StreamHandler(stream)
    processors = [ProcessorFormatter.remove_processors_meta, renderer]
    handler.setFormatter(ProcessorFormatter(foreign_pre_chain=shared, processors=processors))
    logging.basicConfig(handlers=[handler], level=logging.DEBUG if debug else logging.INFO, force=True)
    # or every question to a Chroma server is a line, and the id of every session
    for chatty in ("httpx", "mcp"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def request() -> AbstractContextManager[None]:
    """Give what is done in the block an id, which stands in every line about it and in what the user is told."""
    return structlog.contextvars.bound_contextvars(request=secrets.token_hex(4))


def request_id() -> str:
    """Return the id of the request at hand; a new one outside of any."""
    return structlog.contextvars.get_contextvars().get("request") or secrets.token_hex(4)


class StageLog:
    """Writes a line for every question and ingest: how it went, and how long it took."""

    def __init__(self) -> None:
        self._log = structlog.stdlib.get_logger("rapporteur")

    @contextmanager
    def stage(self, name: Stage, told: Told) -> Iterator[None]:
        """Time a stage."""
        started = time.perf_counter()
        try:
            yield
        finally:
            if name in ("question", "ingest"):
                self._log.info(name, seconds=round(time.perf_counter() - started, 3), **told)

    def count(self, what: Counted, amount: float, labels: Told) -> None:
        """Leave counts to the metrics."""


def _frames_alone(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Put where an exception comes from in its place, without what it says."""
    given: bool | BaseException | ExcInfo | None = event.pop("exc_info", None)
    if isinstance(given, BaseException):
        error: BaseException | None = given
    else:
        error = given[1] if isinstance(given, tuple) else sys.exc_info()[1] if given else None
    told: list[str] = []
    while error is not None:
        told.insert(0, "".join(traceback.format_tb(error.__traceback__)) + _named(error))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if told:
        event["exception"] = "\n\n".join(told)
    return event


def _named(error: BaseException) -> str:
    if isinstance(error, _OURS):
        return f"{type(error).__name__}: {error}"
    numbers = {name: getattr(error, name, None) for name in _NUMBERS}
    told = (f"{name}={number}" for name, number in numbers.items() if isinstance(number, int))
    return " ".join([type(error).__qualname__, *told])


def _masked(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    return {key: _SECRET.sub("…", value) if isinstance(value, str) else value for key, value in event.items()}


# --- metrics ---


class Metrics:
    """What Prometheus reads; an observer.

    Attributes:
        registry: All of it, the process's memory and file handles included.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        name, help_ = "rapporteur_stage_seconds", "How long a stage took"
        self._stages = Histogram(name, help_, ["stage"], registry=self.registry, buckets=_BUCKETS_S)
        self._outcomes = {
            stage: Counter(f"rapporteur_{plural}", help_, ["outcome"], registry=self.registry)
            for stage, (plural, help_) in _OUTCOMES.items()
        }
        self._counters = {
            what: Counter(f"rapporteur_{what}", help_, labels, registry=self.registry)
            for what, (help_, labels) in _COUNTED.items()
        }

    @contextmanager
    def stage(self, name: Stage, told: Told) -> Iterator[None]:
        """Time a stage."""
        try:
            with self._stages.labels(name).time():
                yield
        finally:
            if name in self._outcomes:
                self._outcomes[name].labels(told["outcome"]).inc()

    def count(self, what: Counted, amount: float, labels: Told) -> None:
        """Count."""
        counter = self._counters[what]
        (counter.labels(**labels) if labels else counter).inc(amount)

    def read(self, name: str, help_: str, value: Callable[[], float]) -> None:
        """Have `value` asked whenever Prometheus reads."""
        Gauge(f"rapporteur_{name}", help_, registry=self.registry).set_function(value)


@contextmanager
def served(metrics: Metrics, host: str, port: int, *, alive: Checks, ready: Checks) -> Iterator[int]:
    """Serve `/metrics`, `/healthz` and `/readyz` while the block lasts; yields the port.

    Args:
        port: 0 takes one that is free.

    Raises:
        SettingsError: The port cannot be had.
    """
    try:
        server = make_server(host, port, _app(metrics, alive, ready), ThreadingWSGIServer, _Quiet)
    except OSError as error:
        raise SettingsError(
            f"RETRIEVAL_METRICS_PORT: {host}:{port} cannot be listened on ({error.strerror}). Choose another port, "
            "or end the process that has it."
        ) from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Quiet(WSGIRequestHandler):
    timeout = 10

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
        """Write no line for each reading."""


def _app(
    metrics: Metrics, alive: Checks, ready: Checks
) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    exposition = make_wsgi_app(metrics.registry)
    checked = {"/healthz": alive, "/readyz": {**alive, **ready}}

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            found: Iterable[bytes] = exposition(environ, start_response)
            return found
        if path not in checked:
            start_response("404 Not Found", [("Content-Type", "text/plain")])
            return [b"/metrics, /healthz, /readyz\n"]
        problems = {name: check() for name, check in checked[path].items()}
        status = "503 Service Unavailable" if any(problems.values()) else "200 OK"
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps({name: problem or "ok" for name, problem in problems.items()}).encode() + b"\n"]

    return app


# --- traces ---

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


@contextmanager
def traced() -> Iterator[None]:
    """Send a span for every stage to OpenTelemetry while the block lasts, where its variables say where to.

    `OTEL_EXPORTER_OTLP_ENDPOINT` (or `…_TRACES_ENDPOINT`) switches it on, with the extra `otel`; sampling, headers and
    the service's name are read from their variables too. A span is a stage: its name, its outcome, the request's id,
    and counts.
    """
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
