"""Fixed sentences and command names, one TOML file per language: a new language is a new file here."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from string import Formatter
from types import MappingProxyType

DEFAULT = "en"

_SAID = "source"
"""Where the sentences stand that reading sources says, in English."""

_WRITTEN = "written"
"""Where English has those of them that the code, which speaks to a terminal as well, words otherwise."""

_PARTS = {
    "problem": _SAID,
    **dict.fromkeys(("numbers", "character", "holder", "name"), f"{_SAID}.part"),
    **{name: f"{_SAID}.{name}" for name in ("fault", "format", "kind", "what", "todo")},
}
"""Those of their values that are such again, and where they stand."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """The fixed sentences of one language.

    Attributes:
        language: ISO 639-1 code, the file's name.
        locales: Discord's names of this language ("en-US", "en-GB").
        texts: Sentences by key ("answer.quoted"); `{name}` stands for a value.
        months: The twelve months as dates name them.
        said: How the English sentences about sources read, by key.
        room: The address of the reading room, where every ¶ leads that has no place at its source, or None.
    """

    language: str
    locales: tuple[str, ...]
    texts: Mapping[str, str]
    months: tuple[str, ...]
    said: Mapping[str, re.Pattern[str]] = field(default_factory=dict, repr=False)
    room: str | None = None

    def __call__(self, key: str, /, **values: object) -> str:
        """Return the sentence called `key` with its values filled in."""
        return self.texts[key].format(**values)

    def of_source(self, sentence: str, table: str = _SAID) -> str:
        """Return what was said of a source in this language; as it is, where the language files do not know it.

        Readouts keep what was odd about them as English sentences, those that earlier versions wrote as well.

        Args:
            table: Where in the language files it is looked for.
        """
        for key, pattern in self.said.items():
            if key.rpartition(".")[0] == table and (found := pattern.fullmatch(sentence)):
                values = found.groupdict().items()
                return self(key, **{n: self.of_source(v, _PARTS[n]) if n in _PARTS else v for n, v in values})
        return sentence

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
    files = [f for f in resources.files(__package__).iterdir() if f.name.endswith(".toml")]
    contents = {f.name.removesuffix(".toml"): tomllib.loads(f.read_text(encoding="utf-8")) for f in files}
    written = _flat(contents[DEFAULT].pop(_WRITTEN))
    english = _flat(contents[DEFAULT]) | written
    said = MappingProxyType({k: _pattern(t) for k, t in english.items() if k.startswith(f"{_SAID}.")})
    phrases: dict[str, Phrases] = {}
    for code, each in contents.items():
        locales, months = tuple(each.pop("locales")), tuple(each.pop("months"))
        phrases[code] = Phrases(code, locales, MappingProxyType(_flat(each)), months, said, room)
    return Catalogue(MappingProxyType(phrases))


def _pattern(text: str) -> re.Pattern[str]:
    parts = (
        re.escape(literal) + (f"(?P<{name}>.+?)" if name else "")
        for literal, name, _, _ in Formatter().parse(text)
    )
    return re.compile("".join(parts), re.DOTALL)


def _flat(table: Mapping[str, object], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in table.items():
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = str(value)
    return flat
