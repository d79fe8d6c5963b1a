"""Fixed sentences and command names, one TOML file per language: a new language is a new file here."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from types import MappingProxyType

DEFAULT = "en"


@dataclass(frozen=True, slots=True)
class Phrases:
    """The fixed sentences of one language.

    Attributes:
        language: ISO 639-1 code, the file's name.
        locales: Discord's names of this language ("en-US", "en-GB").
        texts: Sentences by key ("answer.quoted"); `{name}` stands for a value.
        months: The twelve months as dates name them.
        room: The address of the reading room, where every ¶ leads that has no place at its source, or None.
    """

    language: str
    locales: tuple[str, ...]
    texts: Mapping[str, str]
    months: tuple[str, ...]
    room: str | None = None

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the sentence called `key` with its values filled in."""
        return self.texts[key].format(**values)

    def date(self, iso: str | None) -> str | None:
        """Return an ISO date as this language writes it; anything else as it is."""
        if iso is None:
            return None
        year, _, rest = iso.partition("-")
        month, _, day = rest.partition("-")
        if not (year.isdigit() and month.isdigit() and day.isdigit() and 1 <= int(month) <= 12):
            return iso
        return self("date", year=year, month=self.months[int(month) - 1], day=int(day))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every language there is a file for."""

    languages: Mapping[str, Phrases]

    def named(self, locale: object) -> Phrases | None:
        """Return the language of Discord's `locale` ("en-GB"), or None."""
        name = str(locale)
        return next((p for p in self.languages.values() if name in p.locales), None)

    def of(self, locale: object) -> Phrases:
        """Return the language of Discord's `locale`, or English."""
        return self.named(locale) or self.languages[DEFAULT]


def load(room: str | None = None) -> Catalogue:
    """Read every language file beside this module.

    Args:
        room: The address of the reading room.
    """
    files = (f for f in resources.files(__package__).iterdir() if f.name.endswith(".toml"))
    languages = {f.name.removesuffix(".toml"): f.read_text(encoding="utf-8") for f in files}
    return Catalogue(MappingProxyType({code: _parse(code, text, room) for code, text in languages.items()}))


def _parse(language: str, text: str, room: str | None) -> Phrases:
    content = tomllib.loads(text)
    locales, months = tuple(content.pop("locales")), tuple(content.pop("months"))
    return Phrases(language, locales, MappingProxyType(_flat(content)), months, room)


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = str(value)
    return flat
