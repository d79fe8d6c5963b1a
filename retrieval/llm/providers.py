"""What providers have in common: how a model is named and reached, when it is tried again, and what its errors mean.

Errors are told apart by HTTP status and by name, so that no provider's package is imported. What the provider said stays
out of the message: it may repeat the key or the question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from pydantic import SecretStr
from tenacity import Retrying, nap, retry_if_exception, wait_random_exponential
from tenacity.stop import StopBaseT

from retrieval.errors import (
    LanguageModelError,
    ModelRefusedError,
    ModelUnavailableError,
    ModelUnusableError,
    RequestRefusedError,
    SettingsError,
)

T = TypeVar("T")

KEYLESS = frozenset({"ollama", "fastembed"})
_PASSING = ("timeout", "connect", "ratelimit", "overloaded", "unavailable", "internalserver")
_OF_THE_REQUEST = frozenset({400, 413, 422})


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model and who runs it."""

    provider: str
    model: str

    @classmethod
    def parse(cls, text: str, setting: str) -> Self:
        """Return the parts of `provider:model`; the model's own name may hold colons.

        Raises:
            SettingsError: There are not two parts.
        """
        provider, _, model = (part.strip() for part in text.partition(":"))
        if not provider or not model:
            raise SettingsError(
                f"{setting}: {text!r} is not a model. Write provider:model, for example openai:gpt-4.1-mini."
            )
        return cls(provider.lower(), model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


def access(name: ModelName, api_key: SecretStr | None, base_url: str | None) -> dict[str, Any]:
    """Return LangChain's options for a key and an address, where they are given."""
    options: dict[str, Any] = {}
    if api_key is not None and name.provider not in KEYLESS:
        options["api_key"] = api_key
    if base_url is not None:
        options["base_url"] = base_url
        if name.provider == "openai":
            # a local server needs no key; the client insists on one
            options.setdefault("api_key", SecretStr("none"))
    return options


def opened(name: ModelName, setting: str, build: Callable[[], T]) -> T:
    """Return what `build` returns.

    Raises:
        SettingsError: The provider's package is missing, or it cannot be set up.
    """
    try:
        return build()
    except ImportError:
        package = name.provider if name.provider == "fastembed" else f"langchain-{name.provider}"
        raise SettingsError(
            f"{setting}={name}: its package is not installed. Run: pip install {package}"
        ) from None
    except Exception:  # what the library said may hold the key, so it stays out
        raise SettingsError(
            f"{setting}={name} cannot be set up. Check the provider's name, and that {setting}_API_KEY or the "
            "provider's own variable holds a key."
        ) from None


def retrying(stop: StopBaseT, sleep: Callable[[float], None] = nap.sleep) -> Retrying:
    """Return what tries a call again where that may help, waiting longer each time."""
    return Retrying(
        stop=stop,
        wait=wait_random_exponential(multiplier=0.5, max=8.0),
        retry=retry_if_exception(lambda e: isinstance(e, LanguageModelError) and e.retry),
        sleep=sleep,
        reraise=True,
    )


class ReplyTooLargeError(Exception):
    """A reply is larger than any answer; a library may wrap it in an error of its own."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the reply is larger than {max_bytes:,} bytes")


def translated(error: BaseException, name: str) -> LanguageModelError:
    """Return the error of our tree for what a provider's library raised."""
    if large := next((e for e in _causes(error) if isinstance(e, ReplyTooLargeError)), None):
        return ModelUnusableError(f"{name}: {large}.")
    status = _status(error)
    kind = type(error).__name__
    if status in {401, 403} or "authentication" in kind.lower():
        return ModelRefusedError(f"{name}: the key was refused. Check it, and that it may use this model.")
    if status == 404:
        return ModelRefusedError(f"{name}: there is no such model, or no such address.")
    if status is not None and 300 <= status < 400:
        return ModelRefusedError(f"{name}: the address leads elsewhere ({status}), which is not followed.")
    if status in _OF_THE_REQUEST:
        return RequestRefusedError(f"{name}: this request was not taken ({_told(kind, status)}).")
    if status == 429 or (status is not None and status >= 500) or _passing(error):
        return ModelUnavailableError(f"{name}: not available just now ({_told(kind, status)}).")
    return ModelRefusedError(f"{name}: the request failed ({_told(kind, status)}).")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < 10:
        yield error
        error, seen = error.__cause__ or error.__context__, seen + 1


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        found = getattr(holder, "status_code", None)
        if isinstance(found, int):
            return found
    return None


def _passing(error: BaseException) -> bool:
    kinds = [kind.__name__.lower() for kind in type(error).__mro__]
    return any(word in kind for kind in kinds for word in _PASSING)


def _told(kind: str, status: int | None) -> str:
    return kind if status is None else f"{kind}, {status}"
