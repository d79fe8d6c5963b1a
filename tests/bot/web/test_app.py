"""What is served: every paragraph at its anchor, the contract's JSON, one sentence for every failure, nobody else's."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from lxml import html
from pydantic import SecretStr

from bot.links import anchor_of
from bot.locales import load
from bot.web.app import build_app
from bot.web.http_access import WebSettings, listen, load_web_settings
from retrieval.bootstrap import Services
from retrieval.errors import SettingsError, StoreError
from tests.bot.web.serving import served
from tests.communiques import write_communiques
from tests.conftest import OpenStore, WriteReadout

SHIPPED = "asean-japan-2022-06-22"
HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(1)> & </style>'
TOKEN = "0123456789abcdef"

Client = Callable[..., httpx.AsyncClient]


def client(
    services: Services,
    *,
    host: str = "127.0.0.1:8080",
    headers: dict[str, str] | None = None,
    **settings: Any,
) -> httpx.AsyncClient:
    app = build_app(services, WebSettings(**settings), load().languages["en"])
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{host}", headers=headers)


@pytest.fixture
def stocked(open_store: OpenStore, write_readout: WriteReadout, tmp_path: Any) -> Iterator[Services]:
    """Three communiqués, a hostile readout, and one that is a server's own."""
    hostile = write_readout(
        "hostile",
        {"1": f"Words {HOSTILE}.", "7": "The seventh.", "7#2": "The seventh again.", "12(a)": "Twelve."},
        title=HOSTILE, issuer=HOSTILE, source_url="javascript:alert(1)",
    )  # fmt: skip
    secret = write_readout("secret", ["The harbour fees are secret."], title="Of one server alone")
    with open_store() as writing:
        writing.ingesting.ingest([*write_communiques(tmp_path / "communiques"), hostile])
        writing.ingesting.ingest([secret], scope="guild:1")
    with open_store() as built:
        yield built


def page(response: httpx.Response) -> Any:
    return html.document_fromstring(response.content)


async def test_every_paragraph_has_its_printed_number_an_anchor_and_its_words(stocked: Services) -> None:
    for readout in stocked.browser.documents():
        async with client(stocked) as web:
            shown = page(await web.get(f"/readouts/{readout.id}"))

        _, paragraphs, _ = stocked.browser.reading(readout.id)
        found = [
            (e.get("id"), e[0].text_content(), e[1].text_content()) for e in shown.find_class("paragraph")
        ]
        assert found == [(anchor_of(p.number), p.number, p.text) for p in paragraphs]


async def test_a_list_ends_on_its_last_page_and_no_reader_is_sent_to_a_command_line(
    stocked: Services,
) -> None:
    async with client(stocked) as web:
        lists = [page(await web.get(f"{path}?page=99")) for path in ("/", "/initiatives")]
        missing = page(await web.get("/readouts/nothing")).get_element_by_id("main").text_content()
        about = (await web.get("/api/ask", params={"question": "What can you do?"})).json()["text"]

    assert [len(each.xpath("//main//li | //main//blockquote")) > 0 for each in lists] == [True, True]
    assert missing == 'Not foundThere is no readout "nothing".'
    assert "rapporteur " not in about


async def test_a_link_of_an_answer_marks_the_words_of_the_citation(shipped: Services) -> None:
    (statement, *_) = shipped.answering.ask("Where was the meeting held?").statements
    async with client(shipped) as web:
        answer = page(await web.get("/ask", params={"question": "Where was the meeting held?"}))
        path = answer.find(".//main//blockquote/a").get("href")
        marked = page(await web.get(path)).findall(".//mark")
        changed = page(await web.get(path.replace(statement.citation.revision, "0" * 12)))

    assert path.endswith("#p1")
    assert [mark.text_content() for mark in marked] == [statement.text]
    assert changed.findall(".//mark") == []
    assert "was changed since" in changed.text_content()


async def test_words_of_a_source_are_never_markup(stocked: Services) -> None:
    async with client(stocked) as web:
        pages = [
            page(await web.get(path, params=asked))
            for path, asked in (
                ("/", {}),
                ("/readouts/hostile", {"mark": ["p1:0-9", HOSTILE]}),
                ("/ask", {"question": HOSTILE}),
                ("/search", {"question": "words alert"}),
                ("/compare", {"a": "hostile", "b": "dialogue-2023", "topic": "words"}),
                ("/trace", {"phrase": HOSTILE[:30]}),
                ("/initiatives", {"document": "hostile", "kind": HOSTILE}),
                ("/readouts/" + HOSTILE.replace("/", ""), {}),
            )
        ]

    for shown in pages:
        assert {e.tag for e in shown.iter("script", "img", "style", "iframe")} == set()
        assert [e for e in shown.iter() if any(name.startswith("on") for name in e.keys())] == []  # noqa: SIM118
        assert [a for a in shown.iter("a") if a.get("href").startswith("javascript")] == []
    assert HOSTILE in pages[1].find(".//h1").text_content()


async def test_a_servers_own_readouts_are_never_served(stocked: Services) -> None:
    async with client(stocked) as web:
        refused = [
            (await web.get(path)).status_code
            for path in ("/readouts/secret", "/api/documents/secret", "/api/documents/secret/paragraphs/1")
        ]
        told = [
            (await web.get(path, params=asked)).text
            for path, asked in (
                ("/", {}),
                ("/search", {"question": "harbour fees"}),
                ("/api/ask", {"question": "Which fees are secret?"}),
                ("/api/trace", {"phrase": "harbour fees"}),
                ("/api/initiatives", {}),
                ("/compare", {}),
            )
        ]

    assert refused == [404] * 3
    assert [text for text in told if "harbour fees are" in text or "Of one server" in text] == []


async def test_the_api_gives_the_objects_of_the_command_line(shipped: Services) -> None:
    texts = {p.number: p.text for p in shipped.browser.reading(SHIPPED)[1]}
    async with client(shipped) as web:

        async def get(path: str, **asked: Any) -> Any:
            response = await web.get(f"/api{path}", params=asked)
            assert response.status_code == 200, response.text
            return response.json()

        answer = await get("/ask", question="Where was the meeting held?", document=SHIPPED, since="2022")
        hits = await get("/search", query="Myanmar", limit=3)
        seventh = await get(f"/documents/{SHIPPED}/paragraphs/7")
        whole = await get(f"/documents/{SHIPPED}")
        listed = await get("/documents")
        initiatives = await get("/initiatives", kind="new")
        checked = await get("/check", claim=texts["7"])
        compared = await get("/compare", a=SHIPPED, b=SHIPPED)
        traced = await get("/trace", phrase="Indo-Pacific")

    cited = [c for s in (*answer["statements"], *checked["statements"]) for c in s["citations"]]
    cited += [c for each in initiatives["initiatives"] for c in each["citations"]]
    cited += [c for pair in compared["pairs"] for c in (*pair["a"], *pair["b"])]
    cited += [c for use in traced["uses"] for c in use["places"]]
    assert all(texts[c["paragraph"]][c["start"] : c["end"]] == c["quote"] for c in cited)
    assert (answer["status"], checked["verdict"], len(hits["hits"])) == ("answered", "verbatim", 3)
    assert (seventh["text"], listed["documents"][0]["id"]) == (texts["7"], SHIPPED)
    assert {p["number"]: p["text"] for p in whole["paragraphs"]} == texts


async def test_the_openapi_document_describes_every_path_and_what_it_returns(shipped: Services) -> None:
    async with client(shipped) as web:
        described = (await web.get("/openapi.json")).json()

    returned = {
        path: of["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        .get("$ref", "")
        .rpartition("/")[2]
        for path, of in described["paths"].items()
    }
    assert returned == {
        "/api/ask": "AnswerJson",
        "/api/search": "SearchJson",
        "/api/check": "CheckJson",
        "/api/documents": "DocumentsJson",
        "/api/documents/{document}": "",
        "/api/documents/{document}/paragraphs/{number}": "ParagraphJson",
        "/api/initiatives": "InitiativesJson",
        "/api/compare": "ComparisonJson",
        "/api/trace": "TraceJson",
    }
    assert set(described["components"]["schemas"]["CitationJson"]["required"]) >= {
        "paragraph",
        "quote",
        "start",
        "end",
    }


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [
        ("/api/ask", 400, "question: Field required."),
        ("/api/ask?question=%20", 400, "The question is empty."),
        ("/api/ask?question=" + "a" * 41, 400, "at most 40 are read"),
        ("/api/ask?question=Who%3F&since=someday", 400, 'since: "someday" is no date.'),
        ("/api/documents/nothing", 404, 'There is no readout "nothing".'),
        (f"/api/documents/{SHIPPED}/paragraphs/99", 404, 'has no paragraph "99"'),
        ("/api/nothing", 404, "There is no such page."),
    ],
)
async def test_what_cannot_be_done_is_one_sentence(
    shipped: Services, path: str, status: int, sentence: str
) -> None:
    async with client(shipped, max_question=40) as web:
        told = await web.get(path)

    assert told.status_code == status
    assert sentence in told.json()["error"]


async def test_a_page_that_is_not_there_says_so_as_a_page(shipped: Services) -> None:
    async with client(shipped) as web:
        missing = await web.get("/readouts/nothing")

    assert missing.status_code == 404
    assert 'There is no readout "nothing".' in page(missing).find(".//main").text_content()


async def test_a_store_that_cannot_be_read_says_nothing_of_the_host(
    shipped: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise StoreError("/srv/secret/place: the ledger cannot be read.")

    async with client(shipped) as web:
        monkeypatch.setattr(type(shipped.browser), "documents", broken)
        told = await web.get("/api/documents")

    assert told.status_code == 503
    assert "/srv" not in told.text


async def test_a_client_that_asks_too_fast_waits_and_reading_is_not_counted(shipped: Services) -> None:
    async with client(shipped, questions_per_minute=2) as web:
        asked = [await web.get("/api/search", params={"query": "Myanmar"}) for _ in range(3)]
        read = await web.get(f"/readouts/{SHIPPED}")

    assert [each.status_code for each in asked] == [200, 200, 429]
    assert 0 < int(asked[2].headers["retry-after"]) <= 60
    assert read.status_code == 200


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        (None, 401),
        ("Bearer 0123456789abcdeX", 401),
        (f"Bearer {TOKEN}", 200),
        ("Basic " + base64.b64encode(f"anybody:{TOKEN}".encode()).decode(), 200),
        ("Basic ###", 401),
        (TOKEN, 401),
    ],
    ids=["none", "wrong", "bearer", "password", "no base64", "no kind"],
)
@pytest.mark.parametrize("path", ["/", "/api/documents", "/openapi.json"])
async def test_with_tokens_nothing_is_served_without_one(
    shipped: Services, path: str, authorization: str | None, status: int
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    async with client(shipped, host="anything.example", headers=headers, tokens=(SecretStr(TOKEN),)) as web:
        assert (await web.get(path)).status_code == status


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 200),
        ("localhost", 200),
        ("[::1]:80", 200),
        ("evil.example", 421),
        ("evil.example:8080", 421),
    ],
)
async def test_a_web_page_cannot_read_loopback_under_a_name_of_its_own(
    shipped: Services, host: str, status: int
) -> None:
    async with client(shipped, host=host) as web:
        assert (await web.get("/")).status_code == status


async def test_browsers_are_told_to_load_nothing_from_elsewhere_and_to_run_nothing(shipped: Services) -> None:
    async with client(shipped) as web:
        policies = {
            (await web.get(p)).headers["content-security-policy"] for p in ("/", "/style.css", "/nothing")
        }

    assert policies == {
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    }


def test_an_address_that_others_reach_needs_a_token() -> None:
    with pytest.raises(SettingsError, match="Set SERVE_TOKENS"):
        listen("0.0.0.0:0", WebSettings())

    listen("0.0.0.0:0", WebSettings(tokens=(SecretStr(TOKEN),))).close()
    listen("127.0.0.1:0", WebSettings()).close()
    listen("localhost:0", WebSettings()).close()


def test_an_address_that_is_taken_is_told() -> None:
    with listen("127.0.0.1:0", WebSettings()) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SettingsError, match=rf"at 127\.0\.0\.1:{port} \(Address already in use\)"):
            listen(f"127.0.0.1:{port}", WebSettings())


@pytest.mark.parametrize("address", ["8080", "127.0.0.1", "127.0.0.1:99999", "127.0.0.1:http", ":80"])
def test_what_is_no_address_is_told(address: str) -> None:
    with pytest.raises(SettingsError, match="is no address"):
        listen(address, WebSettings())


def test_a_token_that_can_be_guessed_is_refused_and_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVE_TOKENS", f"{TOKEN}, hunter2")

    with pytest.raises(SettingsError, match=r"SERVE_TOKENS: .*at least 16 characters") as told:
        load_web_settings()

    assert "hunter2" not in str(told.value)


@pytest.mark.servers
def test_a_process_that_serves_is_watched_like_the_bot_and_logs_no_question(shipped: Services) -> None:
    question, lines = "Where was the meeting held?", list[str]()
    with socket.create_server(("127.0.0.1", 0)) as free:
        watched = f"http://127.0.0.1:{free.getsockname()[1]}"
    port = watched.rpartition(":")[2]
    with served(shipped.settings.store_dir, log=lines, RETRIEVAL_METRICS_PORT=port) as address:
        answered = httpx.get(f"{address}/api/ask", params={"question": question}).json()
        health = [httpx.get(f"{watched}/{path}").json() for path in ("healthz", "readyz")]
        metrics = httpx.get(f"{watched}/metrics").text

    assert (answered["status"], health) == ("answered", [{}, {"ledger": "ok"}])
    assert 'rapporteur_answers_total{outcome="answered"} 1.0' in metrics
    logged = [json.loads(line) for line in lines]
    assert [(each["event"], each["outcome"]) for each in logged] == [("question", "answered")]
    assert not [line for line in lines if "meeting" in line]
