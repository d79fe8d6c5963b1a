"""What every call to a provider has in common: how it is reached, and when it is tried again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from pydantic import SecretStr
from tenacity import Retrying, nap, retry_if_exception, wait_random_exponential
from tenacity.stop import StopBaseT

from retrieval.errors import LanguageModelError
from retrieval.llm.naming import KEYLESS, ModelName, missing, unusable

T = TypeVar("T")


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
        raise missing(name, setting) from None
    except Exception:
        raise unusable(name, setting, f"{setting}_API_KEY") from None


def retrying(stop: StopBaseT, sleep: Callable[[float], None] = nap.sleep) -> Retrying:
    """Return what tries a call again where that may help, waiting longer each time."""
    return Retrying(
        stop=stop,
        wait=wait_random_exponential(multiplier=0.5, max=8.0),
        retry=retry_if_exception(lambda e: isinstance(e, LanguageModelError) and e.retry),
        sleep=sleep,
        reraise=True,
    )
