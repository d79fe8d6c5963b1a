"""What goes to a language model and what comes back; no library's types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class Prompt:
    """One request: what the model is told to do, and the data it is to do it with.

    Attributes:
        max_tokens: What the reply may have, where that is less than what is set for all.
    """

    system: str
    user: str
    max_tokens: int | None = None

    @property
    def estimated_tokens(self) -> int:
        """A generous guess, before anything is sent: three characters a token."""
        return (len(self.system) + len(self.user)) // 3 + 16


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model returned.

    Attributes:
        text: Its words; of a structured reply that could not be read, what there was of it.
        fields: The structured reply, where one was asked for and came.
        usage: None where the provider does not say.
    """

    text: str
    fields: Mapping[str, Any] | None = None
    usage: Usage | None = None


class Model(Protocol):
    """A model behind its guards: what everything that needs one is given."""

    @property
    def name(self) -> str:
        """`provider:model`."""

    def ask(self, prompt: Prompt, *, payer: str, schema: type[BaseModel] | None = None) -> Reply:
        """Return its reply.

        Args:
            payer: Whose allowance pays, for example "guild:1".

        Raises:
            LanguageModelError: It gave none.
            StoreError: What is spent cannot be kept.
        """


def payer(scopes: Sequence[str]) -> str:
    """Return whose allowance pays: the server that asks, or everybody's where none does."""
    return next((scope for scope in reversed(scopes) if scope.startswith("guild:")), "shared")


class ChatModel(Protocol):
    """A model that is asked once and answers once; synchronous."""

    @property
    def name(self) -> str:
        """`provider:model`."""

    def complete(self, prompt: Prompt, schema: type[BaseModel] | None = None) -> Reply:
        """Return the model's reply; in the form of `schema` where the model can.

        Raises:
            LanguageModelError: It gave none.
        """
