"""The settings of everything that does not know Discord."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


def shipped_corpus_dir() -> Path:
    """Return the folder of the readouts that ship with the project."""
    return Path(__file__).resolve().parent.parent / "corpus"


def default_store_dir() -> Path:
    """Return `rapporteur` in the user's data directory."""
    return user_data_path("rapporteur", appauthor=False)


class RetrievalSettings(BaseSettings):
    """`RETRIEVAL_…` from the environment and `.env`; built once, at the entry point."""

    model_config = SettingsConfigDict(
        env_prefix="RETRIEVAL_",
        env_file=".env",
        env_file_encoding="utf-8",
        env_ignore_empty=True,  # a line of .env.example without its "#" is no wish for the folder ""
        frozen=True,
        extra="forbid",
        dotenv_filtering="match_prefix",
    )

    corpus_dir: Path = Field(default_factory=shipped_corpus_dir)
    store_dir: Path = Field(default_factory=default_store_dir)
    retention_days: int = Field(default=90, ge=0)
    fetch_timeout_s: float = Field(default=30.0, gt=0, le=600)
