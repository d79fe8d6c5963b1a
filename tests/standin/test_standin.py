"""The stand-in refuses what Discord refuses: else a test against it proves nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.standin import StandIn, openapi
from tests.standin.interactions import DEADLINE_S, Interaction
from tests.standin.server import TOKEN
from tests.standin.world import SEND

V2 = 1 << 15


class Caller:
    """A client that sends what a well-behaved library would not."""

    def __init__(self, standin: StandIn, session: aiohttp.ClientSession) -> None:
        self.standin = standin
        self._session = session
        self.channel = standin.world.add_channel(standin.world.add_guild())
        self.user = standin.world.add_user("ann")
        standin.world.join(standin.world.guilds[self.channel["guild_id"]], self.user)
        standin.rest.commands["ask"] = {"id": "1"}

    async def post(self, path: str, body: Any, token: str = TOKEN) -> tuple[int, int]:
        headers = {"Authorization": f"Bot {token}"}
        async with self._session.post(self.standin.url + path, json=body, headers=headers) as response:
            answer = await response.json()
            return response.status, answer.get("code", 0)

    async def send(self, **body: Any) -> tuple[int, int]:
        return await self.post(f"/channels/{self.channel['id']}/messages", body)

    async def interaction(self) -> Interaction:
        return await self.standin.slash(self.user, self.channel, "ask", question="x")

    async def answer(self, interaction: Interaction, kind: int = 5, **data: Any) -> tuple[int, int]:
        path = f"/interactions/{interaction.id}/{interaction.token}/callback"
        return await self.post(path, {"type": kind, "data": data})


@pytest.fixture
async def caller() -> AsyncIterator[Caller]:
    async with StandIn() as standin, aiohttp.ClientSession() as session:
        yield Caller(standin, session)


def text(content: str) -> dict[str, Any]:
    return {"type": 10, "content": content}


def button(custom_id: str, label: str = "x") -> dict[str, Any]:
    return {"type": 2, "style": 2, "label": label, "custom_id": custom_id}


def row(*items: dict[str, Any]) -> dict[str, Any]:
    return {"type": 1, "components": list(items)}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"content": "x" * 2001}, 50035),
        ({"content": "\U0001f600" * 1001}, 50035),
        ({"content": ""}, 50006),
        ({"embeds": [{"description": "x" * 4096}, {"description": "x" * 1905}]}, 50035),
        ({"embeds": [{"title": "x" * 257}]}, 50035),
        ({"flags": V2, "components": [text("x" * 2001), text("x" * 2000)]}, 50035),
        ({"flags": V2, "components": [text("x")] * 41}, 50035),
        ({"flags": V2, "components": [text("x")], "content": "y"}, 50035),
        ({"flags": V2, "components": [text(" ")]}, 50035),
        ({"content": "x", "components": [row(button("a"), button("a"))]}, 50035),
        ({"content": "x", "components": [row(*(button(str(n)) for n in range(6)))]}, 50035),
        ({"content": "x", "components": [row(button("a" * 101))]}, 50035),
        ({"content": "x", "components": [row(button("a", "x" * 81))]}, 50035),
    ],
    ids=["2001 characters", "2002 UTF-16 units", "empty", "embeds together", "embed title", "text together",
         "41 components", "content beside components", "blank text", "custom id twice", "six buttons",
         "custom id length", "label length"],
)  # fmt: skip
async def test_messages_beyond_a_limit_are_refused(caller: Caller, body: dict[str, Any], code: int) -> None:
    assert await caller.send(**body) == (400, code)


async def test_messages_at_the_limit_are_taken(caller: Caller) -> None:
    assert (await caller.send(content="x" * 2000))[0] == 200
    assert (await caller.send(flags=V2, components=[text("x" * 4000), row(button("a"))]))[0] == 200


async def test_an_interaction_answered_late_is_unknown(caller: Caller) -> None:
    late = await caller.interaction()
    late.at -= DEADLINE_S

    assert await caller.answer(late) == (404, 10062)


async def test_a_second_answer_is_refused_but_a_refused_one_does_not_count(caller: Caller) -> None:
    asked = await caller.interaction()

    assert await caller.answer(asked, 4, content="x" * 2001) == (400, 50035)
    assert (await caller.answer(asked))[0] == 200
    assert await caller.answer(asked) == (400, 40060)


async def test_more_than_25_choices_are_refused(caller: Caller) -> None:
    choices = [{"name": str(n), "value": str(n)} for n in range(26)]

    assert await caller.answer(await caller.interaction(), 8, choices=choices) == (400, 50035)


async def test_a_webhook_without_an_acknowledged_interaction_is_unknown(caller: Caller) -> None:
    asked = await caller.interaction()
    app = caller.standin.world.bot["id"]

    assert await caller.post(f"/webhooks/{app}/{asked.token}", {"content": "x"}) == (404, 10015)


async def test_a_wrong_token_is_unauthorized(caller: Caller) -> None:
    path = f"/channels/{caller.channel['id']}/messages"

    assert (await caller.post(path, {"content": "x"}, token="other"))[0] == 401


async def test_a_missing_permission_is_forbidden(caller: Caller) -> None:
    caller.standin.world.deny(caller.channel, caller.standin.world.bot["id"], SEND)

    assert await caller.send(content="x") == (403, 50013)


@pytest.mark.skipif(
    openapi.find() is None, reason=f"no API description ({openapi.VARIABLE}, or ../shared/discord)"
)
async def test_a_request_against_discords_description_is_noted(caller: Caller) -> None:
    await caller.send(content=["not text"], flags=0)

    assert any("content" in problem for problem in caller.standin.problems)
