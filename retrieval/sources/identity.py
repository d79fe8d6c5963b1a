"""Names -> ids."""

from __future__ import annotations

import re
import unicodedata
from hashlib import sha256

_ALLOWED = re.compile(r"[^a-z0-9._-]+")
MAX_ID_CHARS = 64
_SAYS_NOTHING = re.compile(
    r"""
    # what scanners, browsers and people in a hurry call files
    (?:[a-z]|\d{1,3}|(?:page|document|doc|file|download|untitled|unnamed|scan|index|default|image|img
    |print|view|copy|new)(?:[\s_.-]*\d{0,4})?)(?:[\s_-]*\(\d{1,3}\))?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ID_WORDS = 7


def make_id(name: str) -> str:
    """Return `name` as a readout's id: lower case, at most 64 of `a-z 0-9 . _ -`.

    Accents are dropped. A name that is too long is cut: two names that become one id are reported as such
    when they are ingested. One with no Latin letter or digit becomes eight digits of its hash.
    """
    plain = unicodedata.normalize("NFKD", name)
    plain = "".join(c for c in plain if not unicodedata.combining(c)).lower()
    made = _ALLOWED.sub("-", plain).strip("-._")
    made = made[:MAX_ID_CHARS].rstrip("-._")
    return made or sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def humanised(name: str) -> str:
    """Return a file's name without its extension as words, for a readout that has no title."""
    words = re.sub(r"[_\-\s]+", " ", name).strip()
    return (words[:1].upper() + words[1:]) if words else "Untitled"


def says_something(stem: str) -> bool:
    """Whether a file's name tells its readout from others, as "c" and "page (2)" do not."""
    return not _SAYS_NOTHING.fullmatch(stem.strip())


def id_of(title: str, date: str | None) -> str:
    """Return an id made of a title and a date."""
    words = re.findall(r"\w+", title)[:_ID_WORDS]
    return make_id("-".join([*words, *([date] if date else [])]))
