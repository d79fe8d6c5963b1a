"""`NAME.meta.toml`: what an admin corrects beside a source, without touching it."""

from __future__ import annotations

import codecs
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from retrieval.errors import SourceError
from retrieval.language.dates import is_iso_date
from retrieval.models import Readout
from retrieval.sources.hygiene import clean_text

_TEXTS = ("title", "issuer", "source_url", "language", "series")
_KNOWN = (*_TEXTS, "date", "encoding", "initiatives")


@dataclass(frozen=True, slots=True)
class Overrides:
    """Corrections to one readout; None leaves what the source says.

    Attributes:
        encoding: Of the source, where its bytes could be of several ("windows-1250").
        initiatives: The table as written; `retrieval.initiatives.parse_corrections` reads it.
    """

    title: str | None = None
    date: str | None = None
    issuer: str | None = None
    source_url: str | None = None
    language: str | None = None
    series: str | None = None
    encoding: str | None = None
    initiatives: Mapping[str, Any] = field(default_factory=dict)

    def apply(self, readout: Readout) -> Readout:
        """Return `readout` with these corrections."""
        fields = (*_TEXTS, "date")
        return replace(
            readout, **{name: value for name in fields if (value := getattr(self, name)) is not None}
        )


def parse_overrides(name: str, data: bytes) -> Overrides:
    """Return the corrections in the bytes of a `.meta.toml`.

    Raises:
        SourceError: Not TOML, an unknown key, or a value of the wrong kind; the line is named.
    """
    try:
        text = data.decode("utf-8-sig")
        table = _cleaned(name, tomllib.loads(text))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SourceError(name, "this line is not valid UTF-8. Save the file as UTF-8.", line) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        found = re.search(r"at line (\d+)", str(error))
        problem = f"this is not valid TOML ({error}). Correct it, or take the file away."
        raise SourceError(name, problem, int(found[1]) if found else None) from error
    return _checked(name, text, table)


def _cleaned(name: str, value: Any) -> Any:
    """Return what TOML holds without characters that nobody sees; escapes can spell them."""
    if isinstance(value, dict):
        return {key: _cleaned(name, inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_cleaned(name, inner) for inner in value]
    return clean_text(name, value) if isinstance(value, str) else value


def _checked(name: str, text: str, table: Mapping[str, Any]) -> Overrides:
    for key in table:
        if key not in _KNOWN:
            problem = f'there is no key "{key}"; the keys are {", ".join(_KNOWN)}. Correct or remove it.'
            raise SourceError(name, problem, _line_of(text, key))
    for key in _TEXTS:
        if key in table and not (isinstance(table[key], str) and table[key].strip()):
            raise SourceError(
                name, f"{key} must be a text in quotes. Correct or remove it.", _line_of(text, key)
            )
    return Overrides(
        **{key: table[key].strip() for key in _TEXTS if key in table},
        date=_date(name, text, table["date"]) if "date" in table else None,
        encoding=_encoding(name, text, table["encoding"]) if "encoding" in table else None,
        initiatives=_initiatives(name, text, table.get("initiatives", {})),
    )


def _date(name: str, text: str, value: object) -> str:
    written = value.isoformat() if isinstance(value, date) and not isinstance(value, datetime) else str(value)
    if not is_iso_date(written):
        problem = f'date must be a calendar date like 2022-06-22, not "{written}". Correct or remove it.'
        raise SourceError(name, problem, _line_of(text, "date"))
    return written


def _encoding(name: str, text: str, value: object) -> str:
    try:
        return codecs.lookup(str(value)).name
    except LookupError as error:
        problem = f'encoding must be one that Python knows, like "windows-1250", not "{value}". Correct or remove it.'
        raise SourceError(name, problem, _line_of(text, "encoding")) from error


def _initiatives(name: str, text: str, value: object) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return value
    problem = "initiatives must be [[initiatives.add]], .remove or .reword tables. Correct or remove it."
    raise SourceError(name, problem, _line_of(text, "initiatives"))


def _line_of(text: str, key: str) -> int | None:
    found = re.search(rf"^[ \t]*(?:\[+[ \t]*)?[\"']?{re.escape(key)}[\"']?[ \t]*[=.\]]", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else None
