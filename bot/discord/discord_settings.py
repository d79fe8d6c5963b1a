"""DiscordSettings: everything about the Discord front end that an operator can change."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, HttpUrl, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from retrieval.errors import SettingsError
from retrieval.settings import Settings, unusable

NO_TOKEN = "DISCORD_TOKEN is not set"


class DiscordSettings(Settings):
    """Settings of `rapporteur run`, from `DISCORD_…` in the environment or `.env`."""

    model_config = SettingsConfigDict(env_prefix="DISCORD_")

    token: SecretStr
    """The bot's token, from the developer portal."""

    message_content: bool = False
    """Ask Discord for message texts (privileged intent): ask channels and unpinged replies need it."""

    ask_channels: Annotated[tuple[int, ...], NoDecode] = ()
    """Ids of channels where questions are answered without a mention."""

    ask_everything: bool = False
    """Take every message in an ask channel for a question, and not only what reads like one."""

    answer_threads: bool = False
    """Open a thread on every answer."""

    private_answers: bool = False
    """Show what `/ask` answers to its asker alone."""

    user_questions_per_minute: int = Field(default=6, ge=0)
    """Questions one member may ask in a minute; 0 is no limit."""

    server_questions_per_minute: int = Field(default=60, ge=0)
    """Questions one server may ask in a minute; 0 is no limit."""

    max_question: int = Field(default=1_000, ge=20, le=1_000)
    """Longest question, in characters."""

    concurrent_questions: int = Field(default=4, ge=1, le=64)
    """Questions answered at the same time."""

    waiting_questions: int = Field(default=100, ge=0)
    """Questions that may wait for their turn; one more hears "busy"."""

    answer_timeout_s: float = Field(default=300.0, gt=0, le=840)
    """When an answer is given up; Discord takes none after 15 minutes."""

    shutdown_timeout_s: float = Field(default=20.0, ge=0)
    """How long answers in flight may take once the bot is told to stop."""

    privacy_url: HttpUrl | None = None
    """Where readers find what is kept of them, for `/about`; none: it names docs/privacy.md."""

    keep_days: int = Field(default=90, ge=1)
    """How long answers are remembered, for their buttons and for follow-ups."""

    shards: int = Field(default=1, ge=0)
    """Gateway connections: 1, a number, or 0 for as many as Discord advises."""

    shard_ids: Annotated[tuple[int, ...], NoDecode] = ()
    """Those of the gateway connections that this process makes, where others make the rest; none: all."""

    operators: Annotated[tuple[int, ...], NoDecode] = ()
    """Ids of users and roles that manage the shared readouts."""

    admin_roles: Annotated[tuple[str, ...], NoDecode] = ()
    """Names of roles whose members manage their own server's readouts, beside those with Manage Server."""

    upload_megabytes: int = Field(default=10, ge=1, le=20)
    """The largest file that `/corpus add` fetches, in millions of bytes."""

    server_readouts: int = Field(default=200, ge=0)
    """Readouts of its own that one server may have; 0 is no limit."""

    server_paragraphs: int = Field(default=20_000, ge=0)
    """Paragraphs of its own that one server may have; 0 is no limit."""

    server_megabytes: int = Field(default=50, ge=0)
    """Text of its own that is kept for one server, earlier revisions included; 0 is no limit."""

    server_ingests_per_day: int = Field(default=50, ge=0)
    """Ingests that one server may start in 24 hours; 0 is no limit."""

    server_watches: int = Field(default=10, ge=0)
    """Pages that one server may have watched; 0 is no limit."""

    purge_after_days: int = Field(default=30, ge=0)
    """How long a server's own readouts are kept after the bot was removed from it."""

    @field_validator("ask_channels", "operators", "shard_ids", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return value.replace(",", " ").split() if isinstance(value, str) else value

    @field_validator("admin_roles", mode="before")
    @classmethod
    def _split_names(cls, value: object) -> object:
        names = value.split(",") if isinstance(value, str) else value
        return [n.strip() for n in names if n.strip()] if isinstance(names, list) else names

    @field_validator("shard_ids")
    @classmethod
    def _of_the_shards(cls, ids: tuple[int, ...], others: ValidationInfo) -> tuple[int, ...]:
        count = others.data.get("shards")
        if not ids or count is None:  # what is wrong with the count is said of the count
            return ids
        if not count or (count == 1 and ids != (0,)):
            raise ValueError("say with DISCORD_SHARDS how many there are, on all hosts together")
        for each in ids:
            if not 0 <= each < count:
                there = f"which are 0 to {count - 1}"
                raise ValueError(f"{each} is none of the {count} of DISCORD_SHARDS, {there}")
        return tuple(sorted(set(ids)))

    @field_validator("token")
    @classmethod
    def _given(cls, token: SecretStr) -> SecretStr:
        stripped = token.get_secret_value().strip()
        if not stripped:
            raise ValueError("is empty")
        return SecretStr(stripped.removeprefix("Bot "))


def content_note(settings: DiscordSettings) -> str:
    """Say what the message-content intent changes, for the start-up line and the doctor."""
    if settings.message_content:
        return "message-content intent on: ask channels and unpinged messages in threads are answered"
    return (
        "message-content intent off: commands, mentions and replies that ping are answered; ask channels "
        "and unpinged messages in threads need it (developer portal, Bot; then DISCORD_MESSAGE_CONTENT=true)"
    )


def load_settings() -> DiscordSettings:
    """Read the settings.

    Raises:
        SettingsError: One is missing or cannot be used; says which. Values are never repeated: one is secret.
    """
    try:
        return DiscordSettings()  # type: ignore[call-arg]  # the token comes from the environment
    except ValidationError as error:
        if [each["loc"] for each in error.errors()] == [("token",)]:
            way_out = "Copy it from the developer portal (Bot, Reset Token) into .env."
            raise SettingsError(f"{NO_TOKEN}. {way_out}") from None
        raise unusable(error, "DISCORD_") from None
