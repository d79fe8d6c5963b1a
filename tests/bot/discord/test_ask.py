"""/ask and the controls under its answers."""

from __future__ import annotations

from typing import Any

import pytest
import simcord


def text_of(message: Any) -> str:
    """All text of a message of components."""
    return "\n".join(part["content"] for part in walk(message.components) if part["type"] == 10)


def walk(components: Any) -> Any:
    for component in components:
        yield component
        yield from walk(component.get("components", []))


def controls(message: Any) -> list[str]:
    return [
        c.get("label") or c.get("emoji", {}).get("name") for c in walk(message.components) if c["type"] == 2
    ]


@pytest.fixture
def member(simcord_env: simcord.Env) -> Any:
    guild = simcord_env.create_guild()
    guild.create_text_channel("general")
    return guild.add_member(simcord_env.create_user("ann"))


@pytest.fixture
def channel(simcord_env: simcord.Env, member: Any) -> Any:
    return simcord_env.guild.channels["general"]


async def test_a_question_gets_an_answer_with_its_paragraph(member: Any, channel: Any) -> None:
    result = await member.slash(channel, "ask", question="What about cyber?")

    assert not result.ephemeral
    assert "seminar on **cybersecurity** this year. [¶7](https://example.org/readout#:~:text=" in text_of(
        result.response
    )
    assert controls(result.response) == ["¶7", "Copy citation", "👍", "👎"]
