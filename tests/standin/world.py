"""What exists in this Discord: users, servers, channels, messages; in the form that goes over the wire."""

from __future__ import annotations

import itertools
import mimetypes
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.standin import errors
from tests.standin.errors import ApiError

VIEW, SEND, HISTORY = 1 << 10, 1 << 11, 1 << 16
PUBLIC_THREADS, SEND_IN_THREADS = 1 << 35, 1 << 38
ADMINISTRATOR, MANAGE_GUILD = 1 << 3, 1 << 5
ATTACH_FILES = 1 << 15
REACT = 1 << 6
EVERYTHING = VIEW | SEND | HISTORY | PUBLIC_THREADS | SEND_IN_THREADS | ATTACH_FILES | REACT

TEXT, DM, PUBLIC_THREAD, FORUM = 0, 1, 11, 15

_EPOCH_MS = 1_420_070_400_000
_sequence = itertools.count()


def new_id() -> str:
    """A snowflake: later ones are larger."""
    return str(((int(time.time() * 1000) - _EPOCH_MS) << 22) | (next(_sequence) & 0x3FFFFF))


def now() -> str:
    return datetime.now(UTC).isoformat()


def user(name: str, *, bot: bool = False) -> dict[str, Any]:
    return {
        "id": new_id(), "username": name, "discriminator": "0", "global_name": name, "avatar": None,
        "bot": bot,
    }  # fmt: skip


def role_payload(role_id: str, name: str, permissions: int) -> dict[str, Any]:
    return {
        "id": role_id, "name": name, "permissions": str(permissions), "position": 0, "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}, "hoist": False,
        "managed": False, "mentionable": False, "flags": 0,
    }  # fmt: skip


@dataclass(frozen=True)
class Upload:
    """A file as it is sent, before it is an attachment."""

    filename: str
    data: bytes
    description: str | None = None


@dataclass
class Guild:
    """A server. `everyone` are the permissions of its members, `granted` what single ones have beside them."""

    id: str
    name: str
    owner_id: str
    everyone: int = EVERYTHING
    locale: str = "en-US"
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    members: dict[str, dict[str, Any]] = field(default_factory=dict)
    roles: dict[str, dict[str, Any]] = field(default_factory=dict)
    granted: dict[str, int] = field(default_factory=dict)


@dataclass
class World:
    """All of it."""

    bot: dict[str, Any] = field(default_factory=lambda: user("rapporteur", bot=True))
    users: dict[str, dict[str, Any]] = field(default_factory=dict)
    guilds: dict[str, Guild] = field(default_factory=dict)
    channels: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    files: dict[str, Upload] = field(default_factory=dict)
    files_url: str = ""
    closed_dms: set[str] = field(default_factory=set)

    def add_user(self, name: str) -> dict[str, Any]:
        made = user(name)
        self.users[made["id"]] = made
        return made

    def add_guild(self, name: str = "Server", *, locale: str = "en-US") -> Guild:
        owner = self.add_user(f"owner of {name}")
        guild = Guild(new_id(), name, owner["id"], locale=locale)
        self.guilds[guild.id] = guild
        self.join(guild, owner)
        self.join(guild, self.bot)
        return guild

    def join(self, guild: Guild, who: dict[str, Any]) -> None:
        guild.members[who["id"]] = {
            "user": who, "roles": [], "joined_at": now(), "deaf": False, "mute": False, "flags": 0,
            "nick": None,
        }  # fmt: skip

    def grant(self, guild: Guild, who: dict[str, Any], permissions: int) -> None:
        """Give a member permissions in the whole server; 0 takes them away."""
        guild.granted[who["id"]] = permissions

    def add_role(self, guild: Guild, name: str, *members: dict[str, Any]) -> dict[str, Any]:
        """Make a role that some members have; a connected bot is not told."""
        role = role_payload(new_id(), name, 0)
        guild.roles[role["id"]] = role
        for member in members:
            guild.members[member["id"]]["roles"].append(role["id"])
        return role

    def add_channel(self, guild: Guild, name: str = "general", kind: int = TEXT) -> dict[str, Any]:
        channel = {
            "id": new_id(), "type": kind, "name": name, "guild_id": guild.id, "position": 0,
            "permission_overwrites": [], "parent_id": None, "nsfw": False, "topic": None,
        }  # fmt: skip
        return self._keep(channel, guild)

    def add_thread(self, parent: dict[str, Any], thread_id: str, name: str, owner: str) -> dict[str, Any]:
        thread = {
            "id": thread_id, "type": PUBLIC_THREAD, "name": name, "guild_id": parent["guild_id"],
            "parent_id": parent["id"], "owner_id": owner, "message_count": 0, "member_count": 1,
            "rate_limit_per_user": 0, "last_message_id": None, "flags": 0, "total_message_sent": 0,
            "thread_metadata": {
                "archived": False, "auto_archive_duration": 1440, "archive_timestamp": now(), "locked": False,
            },
        }  # fmt: skip
        return self._keep(thread, self.guilds[parent["guild_id"]])

    def dm(self, who: dict[str, Any]) -> dict[str, Any]:
        for channel in self.channels.values():
            if channel["type"] == DM and channel["recipients"][0]["id"] == who["id"]:
                return channel
        return self._keep({"id": new_id(), "type": DM, "recipients": [who], "last_message_id": None}, None)

    def _keep(self, channel: dict[str, Any], guild: Guild | None) -> dict[str, Any]:
        self.channels[channel["id"]] = channel
        self.messages[channel["id"]] = {}
        if guild is not None:
            guild.channels[channel["id"]] = channel
        return channel

    def permissions(self, channel: dict[str, Any], user_id: str) -> int:
        """What a member may do in a channel: base, then the overwrites for everyone and for the member."""
        guild = self.guilds.get(channel.get("guild_id", ""))
        if guild is None or guild.owner_id == user_id:
            return -1
        if channel["type"] == PUBLIC_THREAD:
            channel = self.channels[channel["parent_id"]]
        allowed = guild.everyone | guild.granted.get(user_id, 0)
        for target in (guild.id, user_id):
            for overwrite in channel["permission_overwrites"]:
                if overwrite["id"] == target:
                    allowed = allowed & ~int(overwrite["deny"]) | int(overwrite["allow"])
        return allowed

    def deny(self, channel: dict[str, Any], user_id: str, permissions: int) -> None:
        channel["permission_overwrites"].append(
            {"id": user_id, "type": 1, "allow": "0", "deny": str(permissions)}
        )

    def message(
        self, channel: dict[str, Any], author: dict[str, Any], body: dict[str, Any], **more: Any
    ) -> dict[str, Any]:
        """Make a message of what was sent and keep it, unless it is ephemeral."""
        content = body.get("content") or ""
        reference = body.get("message_reference")
        made = {
            "id": new_id(), "channel_id": channel["id"], "author": author, "content": content,
            "timestamp": now(), "edited_timestamp": None, "tts": False, "mention_everyone": False,
            "mention_roles": [], "mentions": self._mentioned(content, body),
            "attachments": self.attachments(channel["id"], body.get("attachments") or []),
            "embeds": body.get("embeds") or [], "components": body.get("components") or [], "pinned": False,
            "type": 19 if reference else 0, "flags": body.get("flags") or 0, **more,
        }  # fmt: skip
        if reference:
            made |= self._reference(channel, reference)
        if not made["flags"] & 64:
            self.messages[channel["id"]][made["id"]] = made
        return made

    def attach(self, channel_id: str, upload: Upload) -> dict[str, Any]:
        """Keep a file, and describe it as an attachment that can be fetched."""
        name = upload.filename.replace(" ", "_").rpartition("/")[2]
        attachment_id = new_id()
        path = f"/attachments/{channel_id}/{attachment_id}/{quote(name)}"
        self.files[path] = upload
        url = self.files_url + path
        made = {"id": attachment_id, "filename": name, "size": len(upload.data), "url": url, "proxy_url": url}
        kind = mimetypes.guess_type(name)[0]
        if kind:
            made["content_type"] = f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
        if upload.description is not None:
            made["description"] = upload.description
        return made

    def attachments(
        self, channel_id: str, named: list[Any], old: Iterable[dict[str, Any]] = ()
    ) -> list[dict[str, Any]]:
        """Return a message's attachments: of the old ones those that are named, and the new ones."""
        known = {attachment["id"]: attachment for attachment in old}
        if len(named) > 10:
            raise ApiError(*errors.TOO_MANY_ATTACHMENTS)
        for item in named:
            if not isinstance(item, Upload) and str(item["id"]) not in known:
                raise errors.invalid("attachments.0", "ATTACHMENT_NOT_FOUND", "Attachment not found")
        return [
            self.attach(channel_id, item) if isinstance(item, Upload) else known[str(item["id"])]
            for item in named
        ]

    def _reference(self, channel: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
        found = self.messages[channel["id"]].get(str(reference["message_id"]))
        pointer = {"message_id": str(reference["message_id"]), "channel_id": channel["id"]}
        if "guild_id" in channel:
            pointer["guild_id"] = channel["guild_id"]
        bare = {k: v for k, v in found.items() if k != "referenced_message"} if found else None
        return {"message_reference": pointer, "referenced_message": bare}

    def _mentioned(self, content: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        allowed = body.get("allowed_mentions")
        if allowed is not None and "users" not in allowed.get("parse", []):
            return []
        everyone = [*self.users.values(), self.bot]
        return [u for u in everyone if f"<@{u['id']}>" in content or f"<@!{u['id']}>" in content]
