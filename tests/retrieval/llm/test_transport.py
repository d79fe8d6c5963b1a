"""The real clients of providers, against a server on loopback that sends too much, or sends them elsewhere."""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from pydantic import SecretStr

from retrieval.errors import LanguageModelError, ModelError, ModelRefusedError, ModelUnusableError
from retrieval.llm import Prompt
from retrieval.llm.langchain_models import LangChainModel, open_encoder, open_model
from retrieval.llm.providers import MAX_REPLY_BYTES, BoundedTransport, ModelName, _routes

PROMPT = Prompt("system", "a question that must not travel")
PROVIDERS = ["openai", "anthropic", "ollama"]


class Server:
    """Sends what it is told to, and keeps what it was sent.

    Attributes:
        send: Status, headers and body of every reply.
    """

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        self.send: Callable[[], tuple[int, dict[str, str], bytes]] = lambda: (200, {}, b"{}")
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.bodies.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
                status, headers, body = outer.send()
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                try:
                    self.wfile.write(body)
                except OSError:
                    return  # the client had enough

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def opened(provider: str, server: Server) -> LangChainModel:
    return open_model(
        ModelName(provider, "m"),
        api_key=SecretStr("sk-x"),
        base_url=server.url + ("/v1" if provider == "openai" else ""),
        timeout_s=20,
        max_output_tokens=20,
    )


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_takes_the_question_nowhere(
    provider: str, status: int, server: Server, elsewhere: Server
) -> None:
    server.send = lambda: (status, {"Location": f"{elsewhere.url}/v1/chat/completions"}, b"")

    with pytest.raises(LanguageModelError):
        opened(provider, server).complete(PROMPT)

    assert (len(server.bodies), elsewhere.bodies) == (1, [])


def test_where_an_address_leads_elsewhere_it_is_said(server: Server, elsewhere: Server) -> None:
    server.send = lambda: (307, {"Location": elsewhere.url}, b"")

    with pytest.raises(ModelRefusedError, match="leads elsewhere \\(307\\), which is not followed"):
        opened("openai", server).complete(PROMPT)


@pytest.mark.parametrize("provider", ["openai", "ollama"])
def test_a_redirect_takes_no_text_to_embed_elsewhere(
    provider: str, server: Server, elsewhere: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenacity.nap.time.sleep", lambda _: None)
    server.send = lambda: (307, {"Location": f"{elsewhere.url}/api/embed"}, b"")

    with pytest.raises(ModelError):
        open_encoder(ModelName(provider, "m"), api_key=SecretStr("sk-x"), base_url=server.url).embed("a")

    assert elsewhere.bodies == []


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_reply_that_unpacks_into_hundreds_of_megabytes_is_not_unpacked(
    provider: str, server: Server
) -> None:
    bomb = gzip.compress(b" " * 200_000_000, 1)
    server.send = lambda: (200, {"Content-Encoding": "gzip"}, bomb)
    model = opened(provider, server)

    tracemalloc.start()
    with pytest.raises(ModelUnusableError, match="larger than 1,000,000 bytes"):
        model.complete(PROMPT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 50 * MAX_REPLY_BYTES


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_reply_that_does_not_end_is_cut_off(provider: str, server: Server) -> None:
    server.send = lambda: (200, {}, b" " * (3 * MAX_REPLY_BYTES))

    with pytest.raises(ModelUnusableError, match="larger than"):
        opened(provider, server).complete(PROMPT)


def test_a_packed_reply_within_the_bound_is_read(server: Server) -> None:
    said = b"""{"id": "1", "object": "chat.completion", "created": 0, "model": "m", "choices": [{"index": 0,
        "message": {"role": "assistant", "content": "S3"}, "finish_reason": "stop"}]}"""
    server.send = lambda: (200, {"Content-Encoding": "gzip"}, gzip.compress(said))

    assert opened("openai", server).complete(PROMPT).text == "S3"


def test_proxies_are_used_but_for_this_machine_and_what_is_spared() -> None:
    assert _routes({}) == {}
    assert _routes({"https": "proxy:3128", "no": "models.example, .local"}) == {
        "https://": "http://proxy:3128",
        "all://localhost": None,
        "all://127.0.0.1": None,
        "all://[::1]": None,
        "all://*models.example": None,
        "all://*.local": None,
    }


@pytest.mark.parametrize(
    "spared", ["localhost,127.0.0.1,::1", "fe80::1, [::2]", "a.example:8080", "10.0.0.0/8"]
)
def test_a_model_can_be_opened_whatever_is_spared_from_the_proxy(
    spared: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", spared)

    assert opened("openai", server).name == "openai:m"


def test_a_reply_that_drips_ends_when_its_time_is_over() -> None:
    class Dripping(httpx.SyncByteStream):
        closed = False

        def __iter__(self) -> Iterator[bytes]:
            for _ in range(300):
                time.sleep(0.01)
                yield b" "

        def close(self) -> None:
            self.closed = True

    stream = Dripping()
    inner = httpx.MockTransport(lambda _: httpx.Response(200, stream=stream))
    client = httpx.Client(transport=BoundedTransport(httpx, inner, 1_000), timeout=0.1)  # type: ignore[arg-type]
    started = time.monotonic()

    with pytest.raises(httpx.ReadTimeout):
        client.get("http://models.example")

    assert time.monotonic() - started < 2
    assert stream.closed
