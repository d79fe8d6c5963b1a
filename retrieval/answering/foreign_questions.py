"""Is a question written in a language that the encoder reads? When in doubt, yes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from retrieval.index.fulltext import TermStatistics
from retrieval.language.terms import terms

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

NOTICE = (
    "This question seems to be in {language}, which Rapporteur does not read yet. Please ask in English: "
    "the answer will quote the readouts in their own words."
)
_SCRIPTS: Mapping[str, str] = {
    "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh", "HANGUL": "ko", "THAI": "th", "LAO": "lo", "KHMER": "km",
    "MYANMAR": "my", "CYRILLIC": "ru", "ARABIC": "ar", "HEBREW": "he", "DEVANAGARI": "hi", "GREEK": "el",
    "BENGALI": "bn", "TAMIL": "ta", "TELUGU": "te", "GEORGIAN": "ka", "ARMENIAN": "hy",
}  # fmt: skip
LANGUAGES: dict[str, str] = {
    "ja": "Japanese", "zh": "Chinese", "ko": "Korean", "th": "Thai", "lo": "Lao", "km": "Khmer", "my": "Burmese",
    "ru": "Russian", "uk": "Ukrainian", "ar": "Arabic", "he": "Hebrew", "hi": "Hindi", "el": "Greek", "bn": "Bengali",
    "ta": "Tamil", "vi": "Vietnamese", "id": "Indonesian", "ms": "Malay", "tl": "Filipino", "fr": "French",
    "de": "German", "es": "Spanish", "pt": "Portuguese", "it": "Italian", "nl": "Dutch", "pl": "Polish",
    "tr": "Turkish", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "fi": "Finnish", "cs": "Czech",
    "ro": "Romanian", "hu": "Hungarian", "hr": "Croatian", "lt": "Lithuanian", "bg": "Bulgarian",
}  # fmt: skip
"""ISO 639-1 code -> English name, of the languages that are not the readouts'."""

_LATIN = frozenset("vi id ms tl fr de es pt it nl pl tr sv da no fi cs ro hu".split())
_ENGLISH = frozenset(
    """
    the of and to is are was were what which who whom whose when where why how did does do has have had will would
    should can could been being that this these those with from for about by between into than not any give tell me
    list name explain describe show compare many much
    """.split()
)
_VIETNAMESE = re.compile("[\u0110\u0111\u01a0\u01a1\u01af\u01b0\u1ea0-\u1ef9]")
_FOREIGN = frozenset(
    """
    apa apakah di mana siapa berapa kapan bagaimana mengapa kenapa yang dan untuk adalah dalam dengan bawah menurut
    où est les des une que qui quand quel quelle quelles comment pourquoi dans sur avec
    wo wer wann wie warum welche welcher welches das die der und ist sind im mit für von
    dónde donde quién quien cuándo cuando cómo como qué cuál cuáles el los las una por para según del
    onde quem quando quais qual quanto o os da do dos na no em uma foi são
    dove chi quando come perché quale quali il gli della nel che sono
    waar wie wanneer hoe waarom welke het een van
    nerede kim ne zaman nasıl neden hangi ve
    gdzie kto kiedy jak dlaczego który jest są w
    saan sino kailan paano bakit ang mga ng sa
    """.split()
) - {"die", "was", "do", "no", "wie", "o"}
"""Small words of other languages that are no English words."""

_UNSURE_BELOW = 0.9
_NOT_ENGLISH = 0.02
_FEWEST_WORDS = 3
_KNOWN_SHARE = 0.6


def foreign_language(text: str, statistics: TermStatistics | None = None) -> str | None:
    """Return the ISO 639-1 code of the language of `text` when the encoder does not read it, else None.

    Letters of another script decide by themselves. In Latin letters the detector must rule English out for
    at least three words, none of them a small English word, and either be sure of another language or find
    one of its small words there: names and abbreviations alone look like any language. Where most
    terms of the question stand in the texts of the scope, it is read by its words whatever its language.

    Args:
        text: The question.
        statistics: Of the scope that is asked; without it only the question speaks.
    """
    if statistics and _known_share(text, statistics) >= _KNOWN_SHARE:
        return None
    script = language_of_script(text)
    if script:
        return script
    words = re.findall(r"[^\W\d_]+", text.casefold())
    if len(words) < _FEWEST_WORDS or any(w in _ENGLISH for w in words):
        return None
    if len(_VIETNAMESE.findall(text)) >= 2:
        return "vi"
    by_language = dict(_identifier().rank(text))
    language = max(by_language, key=lambda code: by_language[code])
    if by_language["en"] > _NOT_ENGLISH:
        return None
    corroborated = any(w in _FOREIGN for w in words)
    return language if corroborated or by_language[language] >= _UNSURE_BELOW else None


def notice(language: str) -> str:
    """Return the sentence that says so to the reader."""
    return NOTICE.format(language=language_name(language))


def language_name(code: str) -> str:
    """Return what a language is called in English."""
    return LANGUAGES.get(code, "another language")


def _known_share(text: str, statistics: TermStatistics) -> float:
    found = set(terms(text))
    known = sum(1 for term in found if statistics.document_frequency.get(term))
    return known / len(found) if found else 0.0


def language_of_script(text: str) -> str | None:
    """Return the language suggested by non-Latin letters when they are most of the letters."""
    counts: dict[str, int] = {}
    latin = 0
    for letter in filter(str.isalpha, text):
        name = unicodedata.name(letter, "").partition(" ")[0].partition("-")[0]
        if name in _SCRIPTS:
            counts[_SCRIPTS[name]] = counts.get(_SCRIPTS[name], 0) + 1
        elif name == "LATIN":
            latin += 1
    if sum(counts.values()) * 2 <= latin or not counts:
        return None
    return "ja" if counts.get("ja") else max(counts, key=lambda code: counts[code])


@lru_cache(maxsize=1)
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(["en", *sorted(_LATIN)])
    return identifier
