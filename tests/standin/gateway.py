"""The gateway: one compressed stream a connection, sessions that can be resumed, events by intent."""

from __future__ import annotations

import asyncio
import json
import secrets
import zlib
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web

from tests.standin.world import DM, FORUM, TEXT, VIEW, Guild, World, now, role_payload

GUILDS, GUILD_MESSAGES, DM_MESSAGES, MESSAGE_CONTENT = 1 << 0, 1 << 9, 1 << 12, 1 << 15
GUILD_REACTIONS, DM_REACTIONS = 1 << 10, 1 << 13
PRIVILEGED = 1 << 1 | 1 << 8 | MESSAGE_CONTENT

DISPATCH, HEARTBEAT, IDENTIFY, RESUME, RECONNECT, INVALID_SESSION, HELLO, ACK = 0, 1, 2, 6, 7, 9, 10, 11


@dataclass
class Session:
    """What survives a lost connection: events by number, ready to be sent again."""

    id: str
    intents: int
    shard: tuple[int, int]
    events: list[dict[str, Any]] = field(default_factory=list)
    connection: Connection | None = None

    async def dispatch(self, event: str, data: dict[str, Any]) -> None:
        frame = {"op": DISPATCH, "t": event, "s": len(self.events) + 1, "d": data}
        self.events.append(frame)
        if self.connection is not None:
            await self.connection.send(frame)

    def sees(self, guild_id: str | None) -> bool:
        number, count = self.shard
        return number == 0 if guild_id is None else (int(guild_id) >> 22) % count == number


@dataclass
class Connection:
    """One websocket: one zlib stream for all of it, or plain text where the client asked for another."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    compressor: Any = None

    async def send(self, frame: dict[str, Any]) -> None:
        if self.socket.closed:
            return
        raw = json.dumps(frame)
        if self.compressor is None:
            await self.socket.send_str(raw)
        else:
            data = self.compressor.compress(raw.encode()) + self.compressor.flush(zlib.Z_SYNC_FLUSH)
            await self.socket.send_bytes(data)


class Gateway:
    """Takes connections and hands events to the sessions that may see them."""

    def __init__(self, world: World, token: str, approved_intents: int) -> None:
        self._world = world
        self._token = token
        self._approved = approved_intents
        self.sessions: dict[str, Session] = {}
        self.identified = 0
        self.resumed = 0
        self.url = ""
        self.heard = asyncio.Condition()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(max_msg_size=4096)
        await socket.prepare(request)
        zipped = request.query.get("compress") == "zlib-stream"
        connection = Connection(socket, request.transport, zlib.compressobj() if zipped else None)
        await connection.send({"op": HELLO, "d": {"heartbeat_interval": 41_250}})
        session: Session | None = None
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                frame = json.loads(message.data)
                session = await self._receive(connection, frame) or session
        if session is not None and session.connection is connection:
            session.connection = None
            if socket.close_code in (1000, 1001):
                self.sessions.pop(session.id, None)
        return socket

    async def _receive(self, connection: Connection, frame: dict[str, Any]) -> Session | None:
        match frame["op"]:
            case 1:
                await connection.send({"op": ACK})
            case 2:
                return await self._identify(connection, frame["d"])
            case 6:
                return await self._resume(connection, frame["d"])
        return None

    async def _identify(self, connection: Connection, data: dict[str, Any]) -> Session | None:
        if data["token"] != self._token:
            await connection.socket.close(code=4004, message=b"Authentication failed.")
            return None
        if data["intents"] & PRIVILEGED & ~self._approved:
            await connection.socket.close(code=4014, message=b"Disallowed intent(s).")
            return None
        shard = tuple(data.get("shard") or (0, 1))
        session = Session(secrets.token_hex(8), data["intents"], shard, connection=connection)
        self.sessions[session.id] = session
        await self._ready(session)
        async with self.heard:
            self.identified += 1
            self.heard.notify_all()
        return session

    async def _ready(self, session: Session) -> None:
        guilds = [guild for guild in self._world.guilds.values() if session.sees(guild.id)]
        await session.dispatch(
            "READY",
            {
                "v": 10, "user": self._world.bot, "session_id": session.id, "resume_gateway_url": self.url,
                "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
                "application": {"id": self._world.bot["id"], "flags": 0}, "shard": list(session.shard),
            },
        )  # fmt: skip
        for guild in guilds:
            await session.dispatch("GUILD_CREATE", guild_payload(guild, self._world))

    async def _resume(self, connection: Connection, data: dict[str, Any]) -> Session | None:
        session = self.sessions.get(data["session_id"])
        if session is None:
            await connection.send({"op": INVALID_SESSION, "d": False})
            return None
        for frame in session.events[data["seq"] :]:
            await connection.send(frame)
        session.connection = connection
        await session.dispatch("RESUMED", {})
        async with self.heard:
            self.resumed += 1
            self.heard.notify_all()
        return session

    async def drop(self) -> None:
        """Cut every connection without a word, as a network does; sessions stay."""
        for session in self.sessions.values():
            connection, session.connection = session.connection, None
            if connection is not None and connection.transport is not None:
                connection.transport.abort()

    async def ask_to_reconnect(self) -> None:
        """Tell every connection to come back, as Discord does at a deploy."""
        for session in self.sessions.values():
            if session.connection is not None:
                await session.connection.send({"op": RECONNECT, "d": None})

    async def message(self, event: str, message: dict[str, Any], channel: dict[str, Any]) -> None:
        """Tell sessions of a message, as much of it as their intents allow."""
        guild_id = channel.get("guild_id")
        needed = DM_MESSAGES if channel["type"] == DM else GUILD_MESSAGES
        if not self._world.permissions(channel, self._world.bot["id"]) & VIEW:
            return
        for session in list(self.sessions.values()):
            if session.sees(guild_id) and session.intents & needed:
                await session.dispatch(event, self._visible(message, channel, session.intents))

    def _visible(self, message: dict[str, Any], channel: dict[str, Any], intents: int) -> dict[str, Any]:
        seen = dict(message)
        guild = self._world.guilds.get(channel.get("guild_id", ""))
        if guild is not None:
            seen["guild_id"] = guild.id
            member = guild.members.get(message["author"]["id"])
            if member:
                seen["member"] = {key: value for key, value in member.items() if key != "user"}
        bot_id = self._world.bot["id"]
        own = message["author"]["id"] == bot_id or any(u["id"] == bot_id for u in message["mentions"])
        if guild is not None and not own and not intents & MESSAGE_CONTENT:
            seen |= {"content": "", "embeds": [], "attachments": [], "components": []}
        return seen

    async def event(self, name: str, data: dict[str, Any], guild_id: str | None, needed: int = 0) -> None:
        """Tell the session that looks after a server of something, where it has the intent that this needs."""
        for session in list(self.sessions.values()):
            if session.sees(guild_id) and session.intents & needed == needed:
                await session.dispatch(name, data)


def guild_payload(guild: Guild, world: World) -> dict[str, Any]:
    """GUILD_CREATE, with every key that discord.py reads."""
    roles = [role_payload(guild.id, "@everyone", guild.everyone), *guild.roles.values()]
    channels = list(guild.channels.values())
    return {
        "id": guild.id, "name": guild.name, "owner_id": guild.owner_id, "unavailable": False,
        "member_count": len(guild.members), "roles": roles, "joined_at": now(), "large": False,
        "channels": [c for c in channels if c["type"] in (TEXT, FORUM)],
        "threads": [c for c in channels if c["type"] == 11],
        "members": [guild.members[world.bot["id"]]], "preferred_locale": guild.locale,
        **{name: [] for name in (
            "voice_states", "presences", "emojis", "stickers", "stage_instances", "guild_scheduled_events",
            "soundboard_sounds", "features",
        )},
    }  # fmt: skip
