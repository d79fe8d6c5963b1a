"""Which language a readout is in: from its script, and among those of Latin script from their commonest words."""

from __future__ import annotations

import re
from collections import Counter

_SCRIPTS = (
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7a3"),
    ("th", "\u0e00", "\u0e7f"),
    ("ar", "\u0600", "\u06ff"),
    ("ru", "\u0400", "\u04ff"),
    ("el", "\u0370", "\u03ff"),
    ("he", "\u0590", "\u05ff"),
    ("hi", "\u0900", "\u097f"),
    ("zh", "\u4e00", "\u9fff"),
)
_SHARE = 0.15
_COMMON = {  # words that hardly any text of the language does without
    "en": "the of and to in that is for on with by are be as this at from will has have was which their",
    "fr": "le la les de des du et à au aux en un une est que qui dans pour sur par avec ce cette sont ont il",
    "es": "el la los las de del y en un una es que por para con se al su sus como más entre lo o este",
    "pt": "o a os as de do da dos das e em um uma é que por para com se ao no na nos nas seu sua mais",
    "de": "der die das und den dem des von zu mit im in ist für auf ein eine sich nicht sie werden wird haben dass",
    "it": "il lo la gli le di del della e in un una è che per con si al dei delle sono nel alla da",
    "nl": "de het een en van in is dat op te voor met zijn aan niet door ook om bij als wordt",
    "id": "yang dan di dari untuk dengan pada ini itu dalam akan oleh kepada tidak adalah para telah sebagai atas bahwa",
    "vi": "và của các trong là cho với được một những này có không về đã từ tại năm bên theo đến sông hợp",
}
_WORD = re.compile(r"[^\W\d_]+")
_TABLES = {code: frozenset(words.split()) for code, words in _COMMON.items()}
_VIETNAMESE = re.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
_CLEAR = 1.2  # times as many words as those of English


def guess_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`; English where nothing tells another."""
    letters = [c for c in text if c.isalpha()]
    for code, first, last in _SCRIPTS:
        if sum(first <= c <= last for c in letters) > _SHARE * len(letters):
            return code
    if len(_VIETNAMESE.findall(text)) > 0.04 * len(letters):
        return "vi"
    words = Counter(word.lower() for word in _WORD.findall(text))
    found = {code: sum(words[word] for word in table) for code, table in _TABLES.items()}
    best = max(found, key=lambda code: found[code])
    return best if found[best] > _CLEAR * found["en"] else "en"


def share_of_common_words(text: str) -> float:
    """Return which share of the words of `text` are common ones of a known language, of at least two letters."""
    words = [word.lower() for word in _WORD.findall(text)]
    known = frozenset().union(*_TABLES.values())
    return sum(word in known for word in words) / len(words) if words else 0.0
