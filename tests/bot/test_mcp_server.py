"""`rapporteur mcp`, as the package's own client meets it: a process, a real store, exact quotes with their ¶."""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.__main__ import main
from retrieval.bootstrap import Services
from tests.bot.web.serving import served

mcp_client = pytest.importorskip("mcp.client.client")
stdio = pytest.importorskip("mcp.client.stdio")

ROOT = Path(__file__).parents[2]
SHIPPED = "asean-japan-2022-06-22"
TOOLS = ["ask", "check", "compare", "documents", "initiatives", "paragraph", "search"]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


@asynccontextmanager
async def connected(store: Path) -> AsyncIterator[Any]:
    """A client of `rapporteur mcp`, which it starts."""
    arguments = ["-m", "bot", "mcp", "--store", str(store)]
    server = stdio.StdioServerParameters(command=sys.executable, args=arguments, env=environment())
    async with mcp_client.Client(stdio.stdio_client(server)) as client:
        yield client


async def call(client: Any, tool: str, **arguments: Any) -> dict[str, Any]:
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    found: dict[str, Any] = result.structured_content
    return found


async def test_every_tool_gives_exact_quotes_with_their_paragraphs_or_one_sentence(shipped: Services) -> None:
    texts = {p.number: p.text for p in shipped.browser.reading(SHIPPED)[1]}
    async with connected(shipped.settings.store_dir) as client:
        listed = await client.list_tools()
        answer = await call(client, "ask", question="Where was the meeting held?")
        hits = await call(client, "search", query="Myanmar", limit=3)
        seventh = await call(client, "paragraph", document=SHIPPED, number="¶7")
        documents = await call(client, "documents")
        initiatives = await call(client, "initiatives", documents=[SHIPPED])
        compared = await call(client, "compare", a=SHIPPED, b=SHIPPED)
        checked = await call(client, "check", claim=texts["7"])
        whole = await client.read_resource(f"readout://{SHIPPED}")
        missing = await client.call_tool("paragraph", {"document": SHIPPED, "number": "99"})
        nowhere = await client.call_tool("compare", {"a": SHIPPED, "b": "nothing"})
        no_date = await client.call_tool("documents", {"since": "someday"})
        wrong: list[dict[str, Any]] = [
            {},
            {"query": "x", "limit": 99},
            {"query": "x", "limit": "many"},
            {"query": 7, "documents": [1, 2]},
        ]
        unusable = [(await client.call_tool("search", each)).content[0].text for each in wrong]

    assert sorted(tool.name for tool in listed.tools) == TOOLS
    assert all(tool.annotations.read_only_hint and tool.output_schema for tool in listed.tools)
    cited = [c for s in answer["statements"] for c in s["citations"]]
    cited += [c for s in checked["statements"] for c in s["citations"]]
    cited += [c for entry in initiatives["initiatives"] for c in entry["citations"]]
    cited += [c for pair in compared["pairs"] for c in (*pair["a"], *pair["b"])]
    assert (answer["status"], checked["verdict"]) == ("answered", "verbatim")
    assert {"1", "7"} <= {c["paragraph"] for c in cited}
    assert all(texts[c["paragraph"]][c["start"] : c["end"]] == c["quote"] for c in cited)
    assert [hit["text"] == texts[hit["paragraph"]] for hit in hits["hits"]] == [True] * 3
    assert (seventh["text"], [d["id"] for d in documents["documents"]]) == (texts["7"], [SHIPPED])
    assert all(f"¶{number} {text}" in whole.contents[0].text for number, text in texts.items())
    assert (missing.is_error, no_date.is_error) == (True, True)
    assert f'"{SHIPPED}" has no paragraph "99"' in missing.content[0].text
    assert nowhere.content[0].text.endswith('There is no readout "nothing".')
    assert 'since: "someday" is no date' in no_date.content[0].text
    assert unusable == [
        '"query" is missing.',
        '"limit": input should be less than or equal to 24.',
        '"limit": input should be a valid integer, unable to parse string as an integer.',
        '"query": input should be a valid string; "documents": input should be a valid string.',
    ]


@pytest.mark.servers
async def test_over_http_a_token_lets_in_and_nothing_else(shipped: Services) -> None:
    import httpx

    token = "0123456789abcdef"
    with served(shipped.settings.store_dir, "mcp", SERVE_TOKENS=token) as address:
        url = f"{address}/mcp"
        refused = httpx.post(url, json={})
        http = pytest.importorskip("mcp.client.streamable_http")
        bearer = {"Authorization": f"Bearer {token}"}
        async with (
            http.create_mcp_http_client(headers=bearer) as with_token,
            mcp_client.Client(http.streamable_http_client(url, http_client=with_token)) as client,
        ):
            answer = await call(client, "ask", question="Where was the meeting held?")

    assert refused.status_code == 401
    assert answer["statements"][0]["citations"][0]["paragraph"] == "1"


@pytest.mark.parametrize("command", ["mcp", "serve"])
def test_without_the_extra_one_sentence_says_how_to_install_it(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(SystemExit) as stopped:
        main([command])

    assert stopped.value.code == 2
    assert f'pip install "rapporteur[{command}]"' in capsys.readouterr().err
