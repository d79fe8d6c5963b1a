"""Whether letters make words: a PDF may map every letter to another one, and text recognition may return noise.

Nobody notices when such a text is ingested, and whoever reads a quote of it gets gibberish under a true number.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum

from retrieval.language.detection import share_of_common_words

_RARE = re.compile(
    r"[\u0180-\u019f\u01a2-\u01ae\u01b1-\u01cc\u01dd-\u0217\u021c-\u0258\u025a-\u02af\u1d00-\u1dbf\ua720-\ua7ff]"
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u0250-\u02af\u1e00-\u1eff]")
_VOWEL = re.compile(
    r"[aeiouyàâäáãåæéèêëíìîïóòôöõøœúùûüýÿăâêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE
)
_TOKEN = re.compile(r"\S+")
_NOISE = re.compile(
    r"(?=\S*[^\W\d_])\S*(?:[^\W\d_]\d[^\W\d_]|[|\\\\~^_{}<>=#@]|[a-z][A-Z][a-z]*[A-Z]|[^\w\s]{3,})\S*"
)
_FEWEST = 40  # words: below, nothing can be said
_MOST_RARE = 0.05  # of the letters
_KNOWN = 0.01  # of the words: fewer common ones has no language that is known
_VOWELS = (0.22, 0.62)  # of the letters of any language in Latin script
_DOUBTFUL, _NOISY = 0.12, 0.35  # of the words


class Legibility(Enum):
    """What a text reads like."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    GIBBERISH = "gibberish"


def legibility(text: str) -> Legibility:
    """Return what `text` reads like; only text that is mostly of Latin script can be told."""
    words = _TOKEN.findall(text[:200_000])
    letters = [c for c in text[:200_000] if c.isalpha()]
    if len(words) < _FEWEST or not letters:
        return Legibility.FINE
    latin = [c for c in letters if _LATIN.match(c)]
    if len(latin) < 0.5 * len(letters):
        return Legibility.FINE
    rare = len(_RARE.findall(text[:200_000]))
    if rare > _MOST_RARE * len(letters):
        return Legibility.GIBBERISH
    noise = sum(bool(_NOISE.fullmatch(word)) for word in words) / len(words)
    known = share_of_common_words(text[:200_000])
    vowels = sum(bool(_VOWEL.match(c)) for c in latin) / len(latin)
    odd = not _VOWELS[0] <= vowels <= _VOWELS[1] or _repeats_letters(latin)
    if known < _KNOWN and (odd or noise > _NOISY):
        return Legibility.GIBBERISH
    return Legibility.DOUBTFUL if noise > _DOUBTFUL else Legibility.FINE


def _repeats_letters(letters: list[str]) -> bool:
    """Whether one letter stands for more of the text than in any language."""
    return Counter(letter.lower() for letter in letters).most_common(1)[0][1] > 0.3 * len(letters)
