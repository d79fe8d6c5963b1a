"""Interactions: made here as a user acts, answered by the bot within 3 s, edited for 15 minutes."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tests.standin import errors
from tests.standin.errors import ApiError
from tests.standin.limits import EPHEMERAL, LOADING, check_choices, check_message, check_modal
from tests.standin.rest import Handler, Json, apply_edit
from tests.standin.world import World

DEADLINE_S = 3.0
LIFETIME_S = 900.0

MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9


@dataclass
class Interaction:
    """One of them, and all that the bot made of it.

    Attributes:
        acknowledged_s: Seconds from the event to the first answer.
        shown: Messages in the order in which they appeared, the original one first.
        finished: Set once there is a message that is no longer "thinking", choices, or a modal.
    """

    id: str
    token: str
    payload: dict[str, Any]
    channel: dict[str, Any]
    at: float = field(default_factory=time.monotonic)
    callback: int | None = None
    acknowledged_s: float | None = None
    finished_s: float | None = None
    shown: list[dict[str, Any]] = field(default_factory=list)
    choices: list[dict[str, Any]] | None = None
    modal: dict[str, Any] | None = None
    finished: asyncio.Event = field(default_factory=asyncio.Event)

    def finish(self) -> None:
        if not self.finished.is_set():
            self.finished_s = time.monotonic() - self.at
            self.finished.set()


class Interactions:
    """The callback and webhook routes."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.by_token: dict[str, Interaction] = {}

    def add(self, payload: dict[str, Any], channel: dict[str, Any]) -> Interaction:
        made = Interaction(payload["id"], payload["token"], payload, channel)
        self.by_token[made.token] = made
        return made

    def routes(self) -> dict[tuple[str, str], Handler]:
        webhook = "/webhooks/{app}/{token}"
        return {
            ("POST", "/interactions/{interaction}/{token}/callback"): self.callback,
            ("POST", webhook): self.follow_up,
            ("GET", webhook + "/messages/{message}"): self.get,
            ("PATCH", webhook + "/messages/{message}"): self.edit,
            ("DELETE", webhook + "/messages/{message}"): self.delete,
        }

    async def callback(self, path: dict[str, str], body: Json) -> tuple[int, Json]:
        interaction = self.by_token.get(path["token"])
        if interaction is None or (
            time.monotonic() - interaction.at > DEADLINE_S and interaction.callback is None
        ):
            raise ApiError(*errors.UNKNOWN_INTERACTION)
        if interaction.callback is not None:
            raise ApiError(*errors.ALREADY_ACKNOWLEDGED)
        message = self._answer(interaction, body["type"], body.get("data") or {})
        interaction.callback = body["type"]
        interaction.acknowledged_s = time.monotonic() - interaction.at
        answer: dict[str, Any] = {"interaction": {"id": interaction.id, "type": interaction.payload["type"]}}
        if message is not None:
            answer["interaction"] |= {
                "response_message_id": message["id"],
                "response_message_loading": bool(message["flags"] & LOADING),
                "response_message_ephemeral": bool(message["flags"] & EPHEMERAL),
            }
            answer["resource"] = {"type": body["type"], "message": message}
        if interaction.callback not in (DEFER, DEFER_UPDATE):
            interaction.finish()
        return 200, answer

    def _answer(self, interaction: Interaction, kind: int, data: dict[str, Any]) -> dict[str, Any] | None:
        match kind:
            case 4:
                check_message(data)
                return self._show(interaction, data)
            case 5:
                if (data.get("flags") or 0) & ~EPHEMERAL:
                    raise errors.invalid("data.flags", "INTERACTION_CALLBACK_FLAGS", "Only EPHEMERAL.")
                return self._show(interaction, {"flags": (data.get("flags") or 0) | LOADING})
            case 6:
                interaction.shown.append(interaction.payload["message"])
            case 8:
                check_choices(data["choices"])
                interaction.choices = data["choices"]
            case 9:
                if interaction.payload["type"] not in (2, 3):
                    raise errors.invalid("type", "INTERACTION_CALLBACK_TYPE", "A modal cannot follow this.")
                check_modal(data)
                interaction.modal = data
            case 7:
                clicked = interaction.payload["message"]
                check_message({**data, "flags": (data.get("flags") or 0) | clicked["flags"]}, editing=True)
                apply_edit(self._world, clicked, data)
                interaction.shown.append(clicked)
                return clicked
        return None

    def _show(self, interaction: Interaction, data: dict[str, Any]) -> dict[str, Any]:
        author, webhook = (
            self._world.bot,
            {"webhook_id": self._world.bot["id"], "application_id": self._world.bot["id"]},
        )
        message = self._world.message(interaction.channel, author, data, **webhook)
        interaction.shown.append(message)
        return message

    async def follow_up(self, path: dict[str, str], body: Json) -> tuple[int, Json]:
        interaction = self._alive(path)
        if interaction.shown and interaction.shown[0]["flags"] & LOADING:
            return 200, self._fill(interaction, interaction.shown[0], body)
        check_message(body)
        return 200, self._show(interaction, body)

    async def get(self, path: dict[str, str], _body: Json) -> tuple[int, Json]:
        return 200, self._message(self._alive(path), path["message"])

    async def edit(self, path: dict[str, str], body: Json) -> tuple[int, Json]:
        interaction = self._alive(path)
        return 200, self._fill(interaction, self._message(interaction, path["message"]), body)

    async def delete(self, path: dict[str, str], _body: Json) -> tuple[int, Json]:
        interaction = self._alive(path)
        message = self._message(interaction, path["message"])
        interaction.shown.remove(message)
        self._world.messages[interaction.channel["id"]].pop(message["id"], None)
        return 204, None

    def _fill(self, interaction: Interaction, message: dict[str, Any], body: Json) -> dict[str, Any]:
        check_message({**body, "flags": (body.get("flags") or 0) | message["flags"] & ~LOADING}, editing=True)
        apply_edit(self._world, message, body)
        message["flags"] &= ~LOADING
        interaction.finish()
        return message

    def _alive(self, path: dict[str, str]) -> Interaction:
        interaction = self.by_token.get(path["token"])
        if interaction is None or interaction.callback is None:
            raise ApiError(*errors.UNKNOWN_WEBHOOK)
        if time.monotonic() - interaction.at > LIFETIME_S:
            raise ApiError(*errors.INVALID_TOKEN)
        return interaction

    @staticmethod
    def _message(interaction: Interaction, wanted: str) -> dict[str, Any]:
        for message in interaction.shown[:1] if wanted == "@original" else interaction.shown:
            if wanted in ("@original", message["id"]):
                return message
        raise ApiError(*errors.UNKNOWN_MESSAGE)


def new_token() -> str:
    return f"aW50ZXJhY3Rpb246{secrets.token_hex(24)}"
