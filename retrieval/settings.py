"""How settings are read, and those of everything that knows no front end."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import AliasChoices, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from retrieval.errors import SettingsError

EMBEDDED = "embedded"
CLOUD = "cloud"


def shipped_corpus_dir() -> Path:
    """Return the folder of the readouts that ship with the project."""
    return Path(__file__).resolve().parent.parent / "corpus"


def default_store_dir() -> Path:
    """Return `rapporteur` in the user's data directory."""
    return user_data_path("rapporteur", appauthor=False)


def unusable(error: ValidationError, prefix: str) -> SettingsError:
    """Return the sentence on settings that cannot be used; no value is repeated: one may be secret."""
    told = []
    for each in error.errors(include_input=False, include_url=False):
        name = str(each["loc"][0]).upper()  # what follows is a place in its value
        reason = each["msg"].removeprefix("Value error, ")
        told.append(f"{name if name.startswith(prefix) else prefix + name}: {reason}")
    problems = "; ".join(dict.fromkeys(told))
    return SettingsError(
        f"{problems}. Correct it in the environment or in .env; .env.example lists every setting."
    )


class Settings(BaseSettings):
    """What is set by names with one prefix, in the environment or in `.env`; built once, at the entry point."""

    model_config = SettingsConfigDict(
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # a line of .env.example without its "#" is no wish for the folder ""
        frozen=True,
        extra="forbid",
        dotenv_filtering="match_prefix",
    )


class RetrievalSettings(Settings):
    """`RETRIEVAL_…`."""

    model_config = SettingsConfigDict(env_prefix="RETRIEVAL_")

    corpus_dir: Path = Field(default_factory=shipped_corpus_dir)
    store_dir: Path = Field(default_factory=default_store_dir)
    store: str = EMBEDDED
    """Where the vector index stands: "embedded" in `store_dir`, http://host:port, or "cloud"."""

    store_token: SecretStr | None = None
    """Sent to the Chroma server as `Authorization: Bearer …`."""

    cloud_tenant: str | None = None
    cloud_database: str | None = None
    cloud_api_key: SecretStr | None = None
    cloud_host: str = "api.trychroma.com"
    """Without `http://` or `https://` it is reached by https."""

    ledger_url: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("ledger_url", "retrieval_ledger_url")
    )
    """A database of PostgreSQL that several hosts share; None: a file in `store_dir`."""

    citation_style: Literal["plain", "chicago", "apa", "oscola"] = "plain"
    """How exported answers, comparisons and traces cite."""

    reading_room_url: str | None = Field(default=None, pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$")
    """Where readers reach `rapporteur serve`: every ¶ that a source has no anchor for leads there."""

    metrics_port: int = Field(default=0, ge=0, le=65_535)
    """Where `/metrics`, `/healthz` and `/readyz` are served; 0: nowhere."""

    metrics_host: str = "127.0.0.1"

    retention_days: int = Field(default=90, ge=0)
    fetch_timeout_s: float = Field(default=30.0, gt=0, le=600)

    embeddings: str = "builtin"
    """"builtin", or provider:model."""

    embeddings_base_url: str | None = None
    embeddings_api_key: SecretStr | None = None

    llm: str | None = None
    """provider:model; None: the shipped selector alone chooses."""

    llm_base_url: str | None = None
    llm_api_key: SecretStr | None = None
    llm_format: Literal["auto", "structured", "plain"] = "auto"
    llm_paragraphs: int = Field(default=6, ge=1, le=20)
    """Whose sentences the model is shown; their tokens are bounded too."""

    llm_translate: bool = False
    llm_timeout_s: float = Field(default=30.0, gt=0, le=600)
    llm_attempts: int = Field(default=3, ge=1, le=10)
    llm_concurrency: int = Field(default=4, ge=1, le=64)
    llm_max_output_tokens: int = Field(default=800, ge=16)
    llm_daily_tokens: int = Field(default=2_000_000, ge=0)
    llm_server_daily_tokens: int = Field(default=400_000, ge=0)
    llm_daily_cost: float = Field(default=0.0, ge=0)
    llm_server_daily_cost: float = Field(default=0.0, ge=0)
    llm_input_price: float = Field(default=0.0, ge=0)
    llm_output_price: float = Field(default=0.0, ge=0)
