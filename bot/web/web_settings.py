"""WebSettings: what an operator can change about what is served over HTTP."""

from __future__ import annotations

import ipaddress
import os
import socket
from typing import Annotated

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from retrieval.errors import SettingsError

_SHORTEST_TOKEN = 16  # characters


class WebSettings(BaseSettings):
    """Settings of `rapporteur serve` and of `rapporteur mcp --http`, from `SERVE_…` in the environment or `.env`."""

    model_config = SettingsConfigDict(
        env_prefix="SERVE_",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,
        frozen=True,
        extra="forbid",
        dotenv_filtering="match_prefix",
    )

    tokens: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Any of these lets a client in; none: everybody who reaches the address."""

    questions_per_minute: int = Field(default=30, ge=0)
    """Questions, searches and comparisons one client may ask for in a minute; 0 is no limit."""

    max_question: int = Field(default=1_000, ge=20, le=1_000)
    """Longest question, in characters."""

    concurrent_questions: int = Field(default=4, ge=1, le=64)
    """Requests that read the store at the same time."""

    waiting_questions: int = Field(default=100, ge=0)
    """Requests that may wait for their turn; one more hears "busy"."""

    @field_validator("tokens", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return (
            [each.strip() for each in value.split(",") if each.strip()] if isinstance(value, str) else value
        )

    @field_validator("tokens")
    @classmethod
    def _long_enough(cls, tokens: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if any(len(each.get_secret_value()) < _SHORTEST_TOKEN for each in tokens):
            raise ValueError(f"a token has at least {_SHORTEST_TOKEN} characters")
        return tokens


def load_web_settings() -> WebSettings:
    """Build the settings once.

    Raises:
        SettingsError: One of them has a value that cannot be used; it is not repeated.
    """
    try:
        return WebSettings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(["SERVE", *(str(part) for part in first["loc"])]).upper()
        raise SettingsError(
            f"{name}: {first['msg']}. Correct it in the environment or in .env; .env.example lists every setting."
        ) from error


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def listen(address: str, settings: WebSettings) -> socket.socket:
    """Return a socket that listens at "HOST:PORT".

    Raises:
        SettingsError: It is no address, it is taken, or others reach it and no token is asked of them.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not port.isdigit() or int(port) > 65_535:
        raise SettingsError(f'"{address}" is no address. Write it like 127.0.0.1:8080.')
    if not is_loopback(host) and not settings.tokens:
        raise SettingsError(
            f"{host} is reached from other machines, and whoever reaches it could read everything. Set SERVE_TOKENS, "
            "or stay on 127.0.0.1 and put a proxy before it (docs/operating.md)."
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, int(port)), family=family)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        raise SettingsError(f"Nothing can listen at {address} ({reason}). Name another one.") from error
