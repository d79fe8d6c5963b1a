"""`provider:model`, and what has to be installed for a provider; pure."""

from __future__ import annotations

from dataclasses import dataclass

from retrieval.errors import SettingsError

KEYLESS = frozenset({"ollama", "fastembed"})


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model and who runs it."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


def parse(text: str, setting: str) -> ModelName:
    """Return the parts of `provider:model`; the model's own name may hold colons.

    Raises:
        SettingsError: There are not two parts.
    """
    provider, _, model = (part.strip() for part in text.partition(":"))
    if not provider or not model:
        raise SettingsError(
            f"{setting}: {text!r} is not a model. Write provider:model, for example openai:gpt-4.1-mini."
        )
    return ModelName(provider.lower(), model)


def missing(name: ModelName, setting: str) -> SettingsError:
    """Return the error for a provider whose package is not installed."""
    package = name.provider if name.provider == "fastembed" else f"langchain-{name.provider}"
    return SettingsError(f"{setting}={name}: its package is not installed. Run: pip install {package}")


def unusable(name: ModelName, setting: str, key_setting: str) -> SettingsError:
    """Return the error for a model that cannot be set up; what the library said may hold the key, so it stays out."""
    return SettingsError(
        f"{setting}={name} cannot be set up. Check the provider's name, and that {key_setting} or the provider's "
        "own variable holds a key."
    )
