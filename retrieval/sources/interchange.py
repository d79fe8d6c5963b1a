"""What is written in forms of our own: a readout as JSON, and the corrections beside a source.

`documents --export` writes that JSON and `ingest` takes it back. `NAME.meta.toml` holds what an admin corrects without
touching the source.
"""

from __future__ import annotations

import codecs
import io
import json
import re
import tomllib
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from retrieval.errors import SourceError
from retrieval.language.dates import is_iso_date
from retrieval.models import Numbering, Paragraph, Readout, is_note
from retrieval.sources.identity import make_id
from retrieval.sources.lines import clean_text, collapse, web_address

_ARCHIVED_AT = (1980, 1, 1, 0, 0, 0)
"""The same readouts give the same file; ZIP knows no earlier date."""


def to_interchange(readout: Readout) -> dict[str, Any]:
    """Return `readout` as JSON values; `from_interchange` gives it back unchanged but for what was left out.

    Footnotes and endnotes stand beside the paragraphs, in `notes`.
    """
    notes = [_paragraph_out(p) for p in readout.paragraphs if is_note(p.number)]
    facts = ("id", "title", "date", "issuer", "source_url", "language")
    return (
        {name: getattr(readout, name) for name in facts}
        | {"paragraphs": [_paragraph_out(p) for p in readout.paragraphs if not is_note(p.number)]}
        | {"warnings": list(readout.warnings)}
        | ({"notes": notes} if notes else {})
        | ({"series": readout.series} if readout.series else {})
    )


def _paragraph_out(paragraph: Paragraph) -> dict[str, Any]:
    out = {"number": paragraph.number, "numbering": paragraph.numbering.value, "text": paragraph.text}
    beside = {"heading": paragraph.heading, "part": paragraph.part}
    return out | {name: value for name, value in beside.items() if value is not None}


def export_readouts(readouts: Iterable[Readout], folder: Path) -> None:
    """Write each readout as `ID.json` under `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for readout in readouts:
        (folder / f"{readout.id}.json").write_bytes(_json_file(readout))


def archive(readouts: Sequence[Readout], *, single: bool) -> tuple[str, bytes]:
    """Return name and bytes: of one readout its JSON, else a ZIP with a JSON file for each."""
    files = {f"{readout.id}.json": _json_file(readout) for readout in readouts}
    if single:
        return next(iter(files.items()))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in files.items():
            target.writestr(zipfile.ZipInfo(name, _ARCHIVED_AT), data, zipfile.ZIP_DEFLATED)
    return "readouts.zip", stream.getvalue()


def _json_file(readout: Readout) -> bytes:
    return (json.dumps(to_interchange(readout), ensure_ascii=False, indent=2) + "\n").encode()


def from_interchange(
    value: object, *, source: str, line: int | None = None, otherwise_id: str | None = None, text: str = ""
) -> Readout:
    """Return the readout that `value`, a JSON object, holds.

    Args:
        source: Named in errors.
        line: Where the object stands, when a line holds the whole of it.
        otherwise_id: The id of a readout that brings none.
        text: The JSON text, to name the line of a fault in it.

    Raises:
        SourceError: A field is missing or wrong, or a number stands twice.
    """
    reader = _Reader(source, line, text)
    table = reader.mapping(value, "a readout")
    paragraphs = tuple(reader.paragraphs(table))
    return Readout(
        id=reader.identity(table, otherwise_id),
        title=reader.required(table, "title"),
        paragraphs=paragraphs,
        date=reader.date(table),
        issuer=reader.optional(table, "issuer"),
        source_url=reader.optional(table, "source_url"),
        language=reader.optional(table, "language") or "en",
        warnings=reader.warnings(table),
        series=reader.optional(table, "series"),
    )


def read_json(name: str, text: str, stem: str) -> list[Readout]:
    """Return the readouts of a JSON file: one object, or a list of them."""
    try:
        value = json.loads(text)
    except (RecursionError, ValueError) as error:
        raise _invalid(name, error, getattr(error, "lineno", None)) from error
    if isinstance(value, list):
        if not value:
            raise SourceError(name, "the list holds no readout. Put readouts in it, or take the file away.")
        return _distinct(name, [(from_interchange(item, source=name, text=text), None) for item in value])
    return [from_interchange(value, source=name, otherwise_id=stem, text=text)]


def read_jsonl(name: str, text: str) -> list[Readout]:
    """Return the readouts of a JSONL file, one a line."""
    found: list[tuple[Readout, int | None]] = []
    for number, row in enumerate(text.split("\n"), start=1):
        if not row.strip():
            continue
        try:
            value = json.loads(row)
        except (RecursionError, ValueError) as error:
            raise _invalid(name, error, number) from error
        found.append((from_interchange(value, source=name, line=number), number))
    if not found:
        raise SourceError(name, "the file holds no readout. Put one JSON object on each line.")
    return _distinct(name, found)


def _distinct(name: str, found: list[tuple[Readout, int | None]]) -> list[Readout]:
    seen: set[str] = set()
    for readout, line in found:
        if readout.id in seen:
            raise SourceError(name, f'the id "{readout.id}" stands twice. Give each readout its own.', line)
        seen.add(readout.id)
    return [readout for readout, _ in found]


def _invalid(name: str, error: Exception, line: int | None) -> SourceError:
    what = getattr(error, "msg", None) or str(error)
    return SourceError(name, f"this is not valid JSON ({what}). Correct it, then ingest again.", line)


class _Reader:
    """Reads fields of one JSON readout; every complaint names what to correct."""

    def __init__(self, source: str, line: int | None, text: str) -> None:
        self._source, self._line, self._text = source, line, text

    def fault(self, problem: str, at: str | None = None, occurrence: int = 1) -> SourceError:
        """Return the error for `problem`, at the line of the given JSON fragment where it can be found."""
        return SourceError(self._source, problem, self._line or self._find(at, occurrence))

    def _find(self, pattern: str | None, occurrence: int) -> int | None:
        if pattern is None:
            return None
        found = list(re.finditer(pattern, self._text))
        if len(found) < occurrence:
            return None
        return self._text.count("\n", 0, found[occurrence - 1].start()) + 1

    def mapping(self, value: object, what: str) -> Mapping[str, Any]:
        if isinstance(value, dict):
            return value
        raise self.fault(f"{what} must be a JSON object with id, title and paragraphs. Correct it.")

    def identity(self, table: Mapping[str, Any], otherwise: str | None) -> str:
        if "id" not in table and otherwise is not None:
            return make_id(otherwise)
        return make_id(self.required(table, "id"))

    def required(self, table: Mapping[str, Any], key: str) -> str:
        value = table.get(key)
        if isinstance(value, str) and value.strip():
            return value
        if key in table:
            raise self.fault(f'"{key}" must be a text that is not empty. Correct it.', rf'"{key}"\s*:')
        raise self.fault(f'"{key}" is missing. Add it to the readout.')

    def optional(self, table: Mapping[str, Any], key: str) -> str | None:
        value = table.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        raise self.fault(f'"{key}" must be a text or null. Correct it.', rf'"{key}"\s*:')

    def date(self, table: Mapping[str, Any]) -> str | None:
        value = self.optional(table, "date")
        if value is None or is_iso_date(value):
            return value
        problem = f'"date" must be a calendar date like 2022-06-22, not "{value}". Correct it.'
        raise self.fault(problem, r'"date"\s*:')

    def warnings(self, table: Mapping[str, Any]) -> tuple[str, ...]:
        value = table.get("warnings", [])
        return tuple(str(item) for item in value) if isinstance(value, list) else ()

    def paragraphs(self, table: Mapping[str, Any]) -> list[Paragraph]:
        rows = table.get("paragraphs")
        if not isinstance(rows, list) or not rows:
            problem = '"paragraphs" must be a list with at least one paragraph. Add them.'
            raise self.fault(problem, r'"paragraphs"\s*:')
        notes = table.get("notes", [])
        if not isinstance(notes, list):
            raise self.fault('"notes" must be a list of paragraphs. Correct it.', r'"notes"\s*:')
        out = [self._paragraph(row, index) for index, row in enumerate([*rows, *notes], start=1)]
        seen: set[str] = set()
        for paragraph in out:
            if paragraph.number in seen:
                where = rf'"number"\s*:\s*{re.escape(json.dumps(paragraph.number, ensure_ascii=False))}'
                number = paragraph.number
                problem = f'the number "{number}" stands twice. Number the second "{number}#2".'
                raise self.fault(problem, where, 2)
            seen.add(paragraph.number)
        return out

    def _paragraph(self, row: object, index: int) -> Paragraph:
        table = self.mapping(row, f"paragraph {index}")
        number, text = table.get("number"), table.get("text")
        if not isinstance(number, str) or not number.strip():
            raise self.fault(f'paragraph {index} has no "number" (a text like "7"). Add it.')
        if not isinstance(text, str) or not text.strip():
            raise self.fault(f'paragraph {number} has no "text". Add it, or take the paragraph away.')
        try:
            numbering = Numbering(table.get("numbering", Numbering.PRINTED))
        except ValueError as error:
            problem = f'paragraph {number}: "numbering" must be "printed" or "counted". Correct it.'
            raise self.fault(problem) from error
        beside = (value if isinstance(value := table.get(key), str) else None for key in ("heading", "part"))
        return Paragraph(number.strip(), collapse(text), numbering, *beside)


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
        given = {name: value for name in (*_TEXTS, "date") if (value := getattr(self, name)) is not None}
        return replace(readout, **given)


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
    def fault(key: str, problem: str) -> SourceError:
        return SourceError(name, problem, _line_of(text, key))

    for key in table:
        if key not in _KNOWN:
            known = ", ".join(_KNOWN)
            raise fault(key, f'there is no key "{key}"; the keys are {known}. Correct or remove it.')
    for key in _TEXTS:
        if key in table and not (isinstance(table[key], str) and table[key].strip()):
            raise fault(key, f"{key} must be a text in quotes. Correct or remove it.")
    if "source_url" in table and web_address(table["source_url"].strip()) is None:
        problem = "source_url must be an address that begins with https:// or http://. Correct or remove it."
        raise fault("source_url", problem)
    when, encoding, initiatives = table.get("date"), table.get("encoding"), table.get("initiatives", {})
    if when is not None:
        is_day = isinstance(when, date) and not isinstance(when, datetime)
        when = when.isoformat() if is_day else str(when)
        if not is_iso_date(when):
            problem = f'date must be a calendar date like 2022-06-22, not "{when}". Correct or remove it.'
            raise fault("date", problem)
    if encoding is not None:
        try:
            encoding = codecs.lookup(str(encoding)).name
        except LookupError as error:
            problem = f'encoding must be one that Python knows, like "windows-1250", not "{encoding}". Correct or remove it.'
            raise fault("encoding", problem) from error
    if not isinstance(initiatives, dict):
        problem = "initiatives must be [[initiatives.add]], .remove or .reword tables. Correct or remove it."
        raise fault("initiatives", problem)
    texts = {key: table[key].strip() for key in _TEXTS if key in table}
    return Overrides(**texts, date=when, encoding=encoding, initiatives=initiatives)


def _line_of(text: str, key: str) -> int | None:
    found = re.search(rf"^[ \t]*(?:\[+[ \t]*)?[\"']?{re.escape(key)}[\"']?[ \t]*[=.\]]", text, re.MULTILINE)
    return text.count("\n", 0, found.start()) + 1 if found else None
