"""The form of a structured reply. Lenient on purpose: what it lets through is verified, what it keeps out is lost."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class WrittenCitation(BaseModel):
    """Where a statement comes from."""

    model_config = ConfigDict(extra="ignore")

    key: str = Field(description='The key of the paragraph, for example "P3".')
    quote: str = Field(description="Words copied exactly from that paragraph.")


class WrittenStatement(BaseModel):
    """One sentence of the answer."""

    model_config = ConfigDict(extra="ignore")

    text: str = Field(description="One plain sentence.")
    citations: list[WrittenCitation] = Field(default_factory=list)
    english: str | None = Field(
        default=None, description="The sentence in English, where it is in another language."
    )


class WrittenAnswer(BaseModel):
    """The answer to the question; no statements where the paragraphs do not answer it."""

    model_config = ConfigDict(extra="ignore")

    statements: list[WrittenStatement] = Field(default_factory=list)
