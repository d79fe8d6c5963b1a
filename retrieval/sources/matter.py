"""YAML front matter, as site generators put it above a text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from retrieval.errors import SourceError
from retrieval.language.dates import find_date
from retrieval.sources.lines import Extracted, collapse

_FENCED = re.compile(r"\s{0,3}---[ \t]*\n(.*?\n)?(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = re.compile(r"^[A-Za-z_][\w -]*:", re.MULTILINE)


def split_front_matter(name: str, text: str) -> tuple[Extracted | None, str, int]:
    """Return what the front matter says (None without one), the text after it, and that text's first line.

    Raises:
        SourceError: It looks like front matter and is not YAML.
    """
    found = _FENCED.match(text)
    if found is None or not _KEY.search(found[1] or ""):
        return None, text, 1
    first_line = text.count("\n", 0, found.end()) + 1
    return _read(name, found.group()), text[found.end() :], first_line


def _read(name: str, block: str) -> Extracted:
    import frontmatter
    import yaml

    try:
        table = frontmatter.loads(block).metadata
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        problem = (
            f"the front matter is not valid YAML ({getattr(error, 'problem', None) or error}). Correct it."
        )
        raise SourceError(name, problem, line) from error
    return Extracted(
        lines=(),
        title=_text(table, "title"),
        date=_date(table),
        issuer=_text(table, "issuer", "author", "publisher", "source", "organization", "creators", "creator"),
        source_url=_address(table),
        language=_language(table),
    )


def _text(table: Mapping[str, Any], *keys: str) -> str | None:
    values = (value[0] if isinstance(value := table.get(key), list) and value else value for key in keys)
    return next((collapse(value) for value in values if isinstance(value, str) and value.strip()), None)


def _date(table: Mapping[str, Any]) -> str | None:
    for key in ("date", "published", "published_time"):
        if found := find_date(str(table.get(key, ""))):
            return found
    return None


def _address(table: Mapping[str, Any]) -> str | None:
    address = _text(table, "source_url", "url", "permalink", "canonical_url") or ""
    return address if address.startswith(("https://", "http://")) else None


def _language(table: Mapping[str, Any]) -> str | None:
    found = re.match(r"[a-z]{2}(?=$|[-_])", (_text(table, "language", "lang") or "").lower())
    return found.group() if found else None
