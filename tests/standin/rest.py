"""The routes that a bot uses with its token: login, commands, channels, messages, threads."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote

from tests.standin import errors
from tests.standin.errors import ApiError
from tests.standin.gateway import Gateway
from tests.standin.limits import check_message
from tests.standin.world import (
    ATTACH_FILES,
    DM,
    HISTORY,
    PUBLIC_THREAD,
    PUBLIC_THREADS,
    REACT,
    SEND,
    SEND_IN_THREADS,
    VIEW,
    World,
    new_id,
    now,
)

Json = Any
Handler = Callable[[dict[str, str], Json], Awaitable[tuple[int, Json]]]


class Rest:
    """Handlers take path parameters and body, and return status and answer."""

    def __init__(self, world: World, gateway: Gateway) -> None:
        self._world = world
        self._gateway = gateway
        self.commands: dict[str, Json] = {}
        self.syncs = 0
        self._nonces: dict[tuple[str, str] | None, Json] = {}  # Discord forgets them after some minutes

    def routes(self) -> dict[tuple[str, str], Handler]:
        message = "/channels/{channel}/messages/{message}"
        return {
            ("GET", "/users/@me"): self.me,
            ("GET", "/oauth2/applications/@me"): self.application,
            ("GET", "/gateway/bot"): self.gateway_bot,
            ("PUT", "/applications/{app}/commands"): self.put_commands,
            ("GET", "/applications/{app}/commands"): self.get_commands,
            ("POST", "/users/@me/channels"): self.open_dm,
            ("GET", "/channels/{channel}"): self.get_channel,
            ("POST", "/channels/{channel}/typing"): self.typing,
            ("POST", "/channels/{channel}/messages"): self.send,
            ("GET", "/channels/{channel}/messages"): self.history,
            ("GET", message): self.get_message,
            ("PATCH", message): self.edit,
            ("DELETE", message): self.delete,
            ("PUT", message + "/reactions/{emoji}/@me"): self.react,
            ("POST", message + "/threads"): self.start_thread,
        }

    async def me(self, _path: dict[str, str], _body: Json) -> tuple[int, Json]:
        return 200, self._world.bot

    async def application(self, _path: dict[str, str], _body: Json) -> tuple[int, Json]:
        bot = self._world.bot
        owner = next(iter(self._world.users.values()), bot)
        return 200, {
            "id": bot["id"], "name": "Rapporteur", "icon": None, "description": "", "bot_public": True,
            "bot_require_code_grant": False, "verify_key": "0", "owner": owner, "flags": 0,
        }  # fmt: skip

    async def gateway_bot(self, _path: dict[str, str], _body: Json) -> tuple[int, Json]:
        limit = {"total": 1000, "remaining": 999, "reset_after": 1, "max_concurrency": 16}
        return 200, {"url": self._gateway.url, "shards": 2, "session_start_limit": limit}

    async def put_commands(self, path: dict[str, str], body: Json) -> tuple[int, Json]:
        known = {(c["name"], c["type"]): c["id"] for c in self.commands.values()}
        stored = [
            {
                "default_member_permissions": None, "description": "", **command,
                "application_id": path["app"],
                "id": known.get((command["name"], command["type"])) or new_id(), "version": new_id(),
            }
            for command in body
        ]  # fmt: skip
        self.commands = {command["name"]: command for command in stored}
        self.syncs += 1
        return 200, stored

    async def get_commands(self, _path: dict[str, str], _body: Json) -> tuple[int, Json]:
        return 200, list(self.commands.values())

    async def open_dm(self, _path: dict[str, str], body: Json) -> tuple[int, Json]:
        return 200, self._world.dm(self._world.users[str(body["recipient_id"])])

    async def get_channel(self, path: dict[str, str], _body: Json) -> tuple[int, Json]:
        return 200, self._channel(path, 0)

    async def typing(self, path: dict[str, str], _body: Json) -> tuple[int, Json]:
        self._speakable(path)
        return 204, None

    async def send(self, path: dict[str, str], body: Json) -> tuple[int, Json]:
        channel = self._speakable(path)
        if channel["type"] == DM and channel["recipients"][0]["id"] in self._world.closed_dms:
            raise ApiError(403, 50007, "Cannot send messages to this user")
        reference = body.get("message_reference")
        if reference:
            self._channel(path, HISTORY)
            known = str(reference["message_id"]) in self._world.messages[channel["id"]]
            if not known and reference.get("fail_if_not_exists", True):
                raise errors.invalid("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")
        if body.get("attachments"):
            self._channel(path, ATTACH_FILES)
        check_message(body)
        once = (channel["id"], body["nonce"]) if body.get("enforce_nonce") else None
        if once in self._nonces:
            return 200, self._nonces[once]
        message = self._world.message(channel, self._world.bot, body)
        if once is not None:
            self._nonces[once] = message
        await self._gateway.message("MESSAGE_CREATE", message, channel)
        return 200, message

    async def history(self, path: dict[str, str], _body: Json) -> tuple[int, Json]:
        channel = self._channel(path, HISTORY)
        return 200, list(self._world.messages[channel["id"]].values())[::-1][:50]

    async def get_message(self, path: dict[str, str], _body: Json) -> tuple[int, Json]:
        return 200, self._message(path, HISTORY)

    async def edit(self, path: dict[str, str], body: Json) -> tuple[int, Json]:
        message = self._message(path, 0)
        if message["author"]["id"] != self._world.bot["id"]:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        check_message({**body, "flags": (body.get("flags") or 0) | message["flags"]}, editing=True)
        apply_edit(self._world, message, body)
        await self._gateway.message("MESSAGE_UPDATE", message, self._world.channels[path["channel"]])
        return 200, message

    async def delete(self, path: dict[str, str], _body: Json) -> tuple[int, Json]:
        message = self._message(path, 0)
        del self._world.messages[path["channel"]][message["id"]]
        return 204, None

    async def react(self, path: dict[str, str], _body: Json) -> tuple[int, Json]:
        message = self._message(path, HISTORY)
        self._channel(path, 0 if self._world.channels[path["channel"]]["type"] == DM else REACT)
        message.setdefault("reactions", []).append(unquote(path["emoji"]))
        return 204, None

    async def start_thread(self, path: dict[str, str], body: Json) -> tuple[int, Json]:
        channel = self._channel(path, PUBLIC_THREADS)
        message = self._message(path, 0)
        if message["id"] in self._world.channels:
            raise ApiError(*errors.HAS_THREAD)
        if not 1 <= len(body["name"]) <= 100:
            raise errors.invalid("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
        thread = self._world.add_thread(channel, message["id"], body["name"], self._world.bot["id"])
        await self._gateway.event("THREAD_CREATE", {**thread, "newly_created": True}, channel["guild_id"])
        return 201, thread

    def _channel(self, path: dict[str, str], needed: int) -> dict[str, Any]:
        channel = self._world.channels.get(path["channel"])
        if channel is None:
            raise ApiError(*errors.UNKNOWN_CHANNEL)
        granted = self._world.permissions(channel, self._world.bot["id"])
        if not granted & VIEW:
            raise ApiError(*errors.MISSING_ACCESS)
        if needed and not granted & needed:
            raise ApiError(*errors.MISSING_PERMISSIONS)
        return channel

    def _speakable(self, path: dict[str, str]) -> dict[str, Any]:
        kind = self._world.channels.get(path["channel"], {}).get("type")
        return self._channel(path, 0 if kind == DM else SEND_IN_THREADS if kind == PUBLIC_THREAD else SEND)

    def _message(self, path: dict[str, str], needed: int) -> dict[str, Any]:
        channel = self._channel(path, needed)
        message = self._world.messages[channel["id"]].get(path["message"])
        if message is None:
            raise ApiError(*errors.UNKNOWN_MESSAGE)
        return message


def apply_edit(world: World, message: dict[str, Any], body: dict[str, Any]) -> None:
    """Write over a message what an edit names; the flag of the second-generation components stays."""
    if "attachments" in body:
        named, old = body["attachments"] or [], message["attachments"]
        message["attachments"] = world.attachments(message["channel_id"], named, old)
    for key in ("content", "embeds", "components"):
        if key in body:
            message[key] = body[key] if body[key] is not None else ("" if key == "content" else [])
    message["flags"] |= (body.get("flags") or 0) & (1 << 15)
    message["edited_timestamp"] = now()
