"""The stand-in as a test sees it: a server for the bot, users who act, and a record of every request."""

from __future__ import annotations

import asyncio
import json
import mimetypes
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.standin import openapi
from tests.standin.errors import UNAUTHORIZED, ApiError
from tests.standin.gateway import DM_REACTIONS, GUILD_REACTIONS, Gateway, guild_payload
from tests.standin.interactions import Interaction, Interactions, new_token
from tests.standin.limits import FILE_BYTES, check_uploads, walk
from tests.standin.rest import Handler, Rest
from tests.standin.world import DM, Guild, Upload, World, new_id, now

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.stand-in.token"
_UNAUTHENTICATED = ("/interactions/", "/webhooks/")


@dataclass(frozen=True)
class Request:
    """What the bot sent, and what it got."""

    method: str
    path: str
    body: Any
    status: int


class StandIn:
    """A Discord on this machine.

    Args:
        approved_intents: Privileged intents that are switched on in the developer portal.
    """

    def __init__(self, *, approved_intents: int = 0) -> None:
        self.world = World()
        self.gateway = Gateway(self.world, TOKEN, approved_intents)
        self.rest = Rest(self.world, self.gateway)
        self.interactions = Interactions(self.world)
        self.requests: list[Request] = []
        self.problems: list[str] = []
        self.faults: list[tuple[str, re.Pattern[str], tuple[int, dict[str, Any], dict[str, str]]]] = []
        description = openapi.find()
        self.description = openapi.ApiDescription(description) if description else None
        self._changed = asyncio.Condition()
        self._routes = [
            (method, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path)), handler)
            for (method, path), handler in (self.rest.routes() | self.interactions.routes()).items()
        ]
        self._runner: web.AppRunner | None = None
        self.url = ""

    async def __aenter__(self) -> StandIn:
        # More than Discord takes: what is too large is read, and refused with its own words.
        app = web.Application(client_max_size=0)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/attachments/{tail:.*}", self._file)
        app.router.add_route("*", "/api/v10/{tail:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/api/v10"
        self.world.files_url = f"http://{host}:{port}"
        self.gateway.url = f"ws://{host}:{port}/gateway"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    # --- serving the bot ---

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        path = "/" + request.match_info["tail"]
        body, uploads = await _body(request)
        headers: dict[str, str] = {}
        try:
            check_uploads([len(upload.data) for upload in uploads.values()], request.content_length or 0)
            status, answer, headers = self._fault(request.method, path) or (0, None, {})
            if not status:
                status, answer = await self._handle(request, path, body, uploads)
        except ApiError as error:
            status, answer = error.status, error.body
        await self._note(Request(request.method, path, body, status))
        if status == 204:
            return web.Response(status=204)
        # Exactly this content type: with a charset discord.py takes the body for text.
        return web.Response(
            body=json.dumps(answer).encode(),
            status=status,
            headers={"Content-Type": "application/json", **headers},
        )

    async def _file(self, request: web.Request) -> web.Response:
        upload = self.world.files.get(request.rel_url.raw_path)
        if upload is None:
            return web.Response(status=404, text="This content is no longer available.")
        kind = mimetypes.guess_type(upload.filename)[0] or "application/octet-stream"
        return web.Response(body=upload.data, content_type=kind)

    async def _handle(
        self, request: web.Request, path: str, body: Any, uploads: dict[str, Upload]
    ) -> tuple[int, Any]:
        if not path.startswith(_UNAUTHENTICATED) and request.headers.get("Authorization") != f"Bot {TOKEN}":
            raise ApiError(*UNAUTHORIZED)
        if self.description is not None and (found := self.description.problems(request.method, path, body)):
            self.problems += found
            raise ApiError(400, 50035, "Invalid Form Body")
        for method, pattern, handler in self._routes:
            if method == request.method and (match := pattern.fullmatch(path)):
                return await self._call(handler, match.groupdict(), _with_files(body, uploads))
        self.problems.append(f"{request.method} {path}: the stand-in does not know this route")
        raise ApiError(404, 0, "404: Not Found")

    async def _call(self, handler: Handler, path: dict[str, str], body: Any) -> tuple[int, Any]:
        return await handler(path, body)

    def _fault(self, method: str, path: str) -> tuple[int, dict[str, Any], dict[str, str]] | None:
        for fault in self.faults:
            if fault[0] == method and fault[1].fullmatch(path):
                self.faults.remove(fault)
                return fault[2]
        return None

    async def _note(self, request: Request) -> None:
        self.requests.append(request)
        async with self._changed:
            self._changed.notify_all()

    def limit_once(self, method: str, path: str, retry_after_s: float) -> None:
        """Answer the next request to `path` (a pattern) with a 429, as Discord does."""
        body = {"message": "You are being rate limited.", "retry_after": retry_after_s, "global": False}
        headers = {
            "Via": "1.1 google", "Retry-After": str(retry_after_s), "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(time.time() + retry_after_s),
            "X-RateLimit-Reset-After": str(retry_after_s), "X-RateLimit-Bucket": "stand-in",
            "X-RateLimit-Scope": "user",
        }  # fmt: skip
        self.faults.append((method, re.compile(path), (429, body, headers)))

    def fail_once(self, method: str, path: str, status: int, *, code: int = 0, times: int = 1) -> None:
        """Answer the next request, or so many, to `path` (a pattern) with an error."""
        told = {"code": code, "message": "Server Error" if status >= 500 else "An error of Discord"}
        self.faults += [(method, re.compile(path), (status, told, {}))] * times

    async def until(self, happened: Callable[[], Any], timeout_s: float = 20.0) -> Any:
        """Wait until `happened` returns something true; return it."""
        async with asyncio.timeout(timeout_s):
            async with self._changed:
                while not (result := happened()):
                    await self._changed.wait()
                return result

    async def connected(self, times: int = 1, timeout_s: float = 30.0) -> None:
        """Wait until a bot has identified that often."""
        async with asyncio.timeout(timeout_s), self.gateway.heard:
            await self.gateway.heard.wait_for(lambda: self.gateway.identified >= times)

    async def resumed(self, times: int = 1, timeout_s: float = 30.0) -> None:
        """Wait until a bot has resumed that often."""
        async with asyncio.timeout(timeout_s), self.gateway.heard:
            await self.gateway.heard.wait_for(lambda: self.gateway.resumed >= times)

    # --- users who act ---

    async def say(
        self, user: dict[str, Any], channel: dict[str, Any], content: str, *, reply_to: str | None = None,
        ping: bool = True,
    ) -> dict[str, Any]:  # fmt: skip
        """A user writes a message; a reply pings whom it replies to unless told otherwise."""
        body: dict[str, Any] = {"content": content}
        if reply_to:
            body["message_reference"] = {"message_id": reply_to}
        message = self.world.message(channel, user, body)
        if reply_to and ping:
            message["mentions"] = [
                *message["mentions"],
                self.world.messages[channel["id"]][reply_to]["author"],
            ]
        await self.gateway.message("MESSAGE_CREATE", message, channel)
        return message

    async def edit(self, channel: dict[str, Any], message: dict[str, Any], content: str) -> None:
        """A user changes what they wrote."""
        message |= {"content": content, "edited_timestamp": now()}
        await self.gateway.message("MESSAGE_UPDATE", message, channel)

    async def react(self, user: dict[str, Any], message: dict[str, Any], emoji: str) -> None:
        """A user reacts to a message."""
        channel = self.world.channels[message["channel_id"]]
        event = {
            "user_id": user["id"], "channel_id": channel["id"], "message_id": message["id"],
            "emoji": {"id": None, "name": emoji}, "burst": False, "type": 0,
        }  # fmt: skip
        if "guild_id" in channel:
            event["guild_id"] = channel["guild_id"]
        needed = DM_REACTIONS if channel["type"] == DM else GUILD_REACTIONS
        await self.gateway.event("MESSAGE_REACTION_ADD", event, channel.get("guild_id"), needed)

    async def slash(
        self,
        user: dict[str, Any],
        channel: dict[str, Any],
        name: str,
        /,
        *,
        locale: str = "en-US",
        **options: Any,
    ) -> Interaction:
        """A user runs a command ("corpus add": a subcommand), an `Upload` for an attachment, a channel for a channel.

        Returns as soon as the event is out.
        """
        given, files, channels = [], {}, {}
        for key, value in options.items():
            if isinstance(value, Upload):
                attachment = self._offer(channel, value)
                files[attachment["id"]] = attachment
                given.append({"name": key, "type": 11, "value": attachment["id"]})
            elif isinstance(value, dict):
                channels[value["id"]] = {**value, "permissions": "0"}
                given.append({"name": key, "type": 7, "value": value["id"]})
            else:
                kind = 5 if isinstance(value, bool) else 4 if isinstance(value, int) else 3
                given.append({"name": key, "type": kind, "value": value})
        data = self._command(name, given)
        if files or channels:
            data["resolved"] = {"attachments": files, "channels": channels}
        return await self._interact(user, channel, 2, data, locale=locale)

    async def complete(
        self, user: dict[str, Any], channel: dict[str, Any], name: str, option: str, typed: str,
        **filled: str,
    ) -> list[dict[str, Any]]:  # fmt: skip
        """A user types into an option, others being filled in; returns the choices that appear."""
        options = [{"name": key, "type": 3, "value": value} for key, value in filled.items()]
        focused = {"name": option, "type": 3, "value": typed, "focused": True}
        data = self._command(name, [*options, focused])
        interaction = await self._interact(user, channel, 4, data)
        await asyncio.wait_for(interaction.finished.wait(), 5)
        return interaction.choices or []

    def _command(self, name: str, options: list[dict[str, Any]]) -> dict[str, Any]:
        command, *inside = name.split()
        for subcommand in inside:
            options = [{"name": subcommand, "type": 1, "options": options}]
        return {"id": self.rest.commands[command]["id"], "name": command, "type": 1, "options": options}

    async def leave(self, guild: Guild) -> None:
        """The bot is removed from a server."""
        self.world.guilds.pop(guild.id)
        await self.gateway.event("GUILD_DELETE", {"id": guild.id}, guild.id)

    async def enter(self, guild: Guild, *, joining: bool = True) -> None:
        """The bot is added to a server, again or for the first time; or one that it was in is there again."""
        self.world.guilds[guild.id] = guild
        payload = guild_payload(guild, self.world)
        if joining:
            del payload["unavailable"]
        await self.gateway.event("GUILD_CREATE", payload, guild.id)

    async def menu(
        self, user: dict[str, Any], channel: dict[str, Any], name: str, message: dict[str, Any]
    ) -> Interaction:
        """A user picks a command from a message's menu."""
        data = {
            "id": self.rest.commands[name]["id"], "name": name, "type": 3, "target_id": message["id"],
            "resolved": {"messages": {message["id"]: message}},
        }  # fmt: skip
        return await self._interact(user, channel, 2, data)

    async def use(
        self, user: dict[str, Any], channel: dict[str, Any], message: dict[str, Any], custom_id: str,
        values: list[str] | None = None,
    ) -> Interaction:  # fmt: skip
        """A user clicks a button, or chooses from a select."""
        item = next(c for c in walk(message["components"]) if c.get("custom_id") == custom_id)
        data: dict[str, Any] = {"custom_id": custom_id, "component_type": item["type"]}
        if values is not None:
            data["values"] = values
        return await self._interact(user, channel, 3, data, message=message)

    async def submit(self, opened: Interaction, **values: str | list[str]) -> Interaction:
        """A user fills in the modal that answered `opened`, and sends it; what is not given stays as it was.

        Raises:
            ValueError: If Discord's form would not let the user send that.
        """
        modal, shown = opened.modal, opened.payload
        if modal is None:
            raise ValueError("no modal was opened")
        unknown = values.keys() - {item.get("custom_id") for item in walk(modal["components"])}
        if unknown:
            raise ValueError(f"the modal has no {sorted(unknown)}")
        data = {
            "custom_id": modal["custom_id"],
            "components": [_filled(c, values) for c in modal["components"]],
        }
        user = shown["member"]["user"] if "member" in shown else shown["user"]
        more = {"message": shown["message"]} if "message" in shown else {}
        return await self._interact(user, opened.channel, 5, data, locale=shown["locale"], **more)

    def _offer(self, channel: dict[str, Any], upload: Upload) -> dict[str, Any]:
        if len(upload.data) > FILE_BYTES:
            raise ValueError(f"{upload.filename} is too large for Discord's form")
        return {**self.world.attach(channel["id"], upload), "ephemeral": True}

    async def _interact(
        self, user: dict[str, Any], channel: dict[str, Any], kind: int, data: dict[str, Any], *,
        locale: str = "en-US", **more: Any,
    ) -> Interaction:  # fmt: skip
        world = self.world
        guild = world.guilds.get(channel.get("guild_id", ""))
        mine = str(world.permissions(channel, world.bot["id"]) & (1 << 52) - 1)
        theirs = str(world.permissions(channel, user["id"]) & (1 << 52) - 1)
        payload = {
            "id": new_id(), "application_id": world.bot["id"], "type": kind, "token": new_token(),
            "version": 1, "data": data, "channel": {**channel, "permissions": theirs},
            "channel_id": channel["id"], "locale": locale, "entitlements": [], "app_permissions": mine,
            "attachment_size_limit": FILE_BYTES,
            "context": 1 if channel["type"] == DM else 0,
            "authorizing_integration_owners": {}, **more,
        }  # fmt: skip
        if guild is not None:
            payload |= {
                "guild_id": guild.id, "guild_locale": guild.locale,
                "guild": {"id": guild.id, "locale": guild.locale, "features": []},
                "member": {**guild.members[user["id"]], "permissions": theirs},
                "authorizing_integration_owners": {"0": guild.id},
            }  # fmt: skip
        else:
            payload["user"] = user
        interaction = self.interactions.add(payload, channel)
        await self.gateway.event("INTERACTION_CREATE", payload, guild.id if guild else None)
        return interaction


def _filled(component: dict[str, Any], values: dict[str, str | list[str]]) -> dict[str, Any]:
    """Return a modal's component as it is submitted."""
    filled: dict[str, Any] = {"id": component.get("id", 0), "type": component["type"]}
    if "components" in component:
        return filled | {"components": [_filled(inside, values) for inside in component["components"]]}
    if "component" in component:
        return filled | {"component": _filled(component["component"], values)}
    if "custom_id" not in component:
        return filled
    name, is_text = component["custom_id"], component["type"] == 4
    value = values.get(name, (component.get("value") or "") if is_text else [])
    least = component.get("min_length" if is_text else "min_values") or 0
    most = component.get("max_length" if is_text else "max_values") or (4000 if is_text else 25)
    if len(value) > most or (value and len(value) < least) or (not value and component.get("required", True)):
        raise ValueError(f"Discord's form would not send {name!r} with {len(value)} of {least} to {most}")
    return filled | {"custom_id": name, "value" if is_text else "values": value}


async def _body(request: web.Request) -> tuple[Any, dict[str, Upload]]:
    """Return the JSON that was sent, and the files beside it by their index."""
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        uploads = {}
        for name, part in form.items():
            if isinstance(part, web.FileField) and (match := re.fullmatch(r"files\[(\d+)\]", name)):
                uploads[match[1]] = Upload(part.filename, part.file.read())
        return json.loads(str(form["payload_json"])), uploads
    raw = await request.read()
    return (json.loads(raw) if raw else None), {}


def _with_files(body: Any, uploads: dict[str, Upload]) -> Any:
    """Put each file where the body names it; a file that is not named comes last."""
    if not uploads:
        return body
    if "data" in body:
        return {**body, "data": _with_files(body["data"], uploads)}
    left, attachments = dict(uploads), []
    for named in body.get("attachments") or []:
        upload = left.pop(str(named["id"]), None)
        attachments.append(
            named
            if upload is None
            else Upload(named.get("filename") or upload.filename, upload.data, named.get("description"))
        )
    return {**body, "attachments": [*attachments, *left.values()]}
