"""What a title looks like."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from retrieval.sources.lines import Line

_DOCUMENT = re.compile(
    r"""
    # words for kinds of documents, in many languages
    \b(?:meeting|summit|statements?|communiqu[eé]s?|declaration|conclusions|readout|summary|resolution
    |call|decision|agreement|treaty|convention|protocol|charter|accord|covenant|pact|memorandum|minutes
    |report|regulation|directive|decree|règlement|décret|verordnung|richtlinie|reglamento|decreto|regolamento
    |list\ of|digest|joint|press\ release|speech|remarks|programme|plan\ of\ action|action\ plan
    |guidelines|opinion|judgment|judgement|order|déclaration|communiqué|accord|traité|procès-verbal
    |rapport|compte\ rendu|résolution|décision|projet\ de\ loi|declaración|comunicado|acuerdo|tratado
    |acta|informe|resolución|decisión|convenio|declaração|acordo|relatório|ata|erklärung|abkommen
    |vertrag|protokoll|bericht|beschluss|kommuniqué|perjanjian|pernyataan|komunike|laporan|notulen
    |hiệp\ định|tuyên\ bố|thông\ cáo|nghị\ quyết|biên\ bản|заявление|соглашение|договор|протокол
    |коммюнике|доклад)\b|声明|聲明|公报|公報|协定|協定|条約|条约|條約|公约|公約|議定書|议定书|宣言|会談|会議|会议|決議|决议|报告|報告|仪式|開幕式|开幕式
    |공동성명|선언|협정|แถลงการณ์|ความตกลง|ข้อตกลง|บันทึกความเข้าใจ|อนุสัญญา|ปฏิญญา|بيان|اتفاق|معاهدة
    """,
    re.VERBOSE | re.IGNORECASE,
)
_GENERIC = re.compile(
    r"(?:joint\s+)?(?:press\s+)?(?:statement|communiqu[eé]|release|declaration|readout|summary)",
    re.IGNORECASE,
)
_SYMBOL = re.compile(r"\A(?:\d{1,3}|[A-Z]{1,4})/(?:\w{1,4}\.)?\d{1,4}[.:]?\s+(?=[^\W\d_])")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_CAPITALS = 0.6  # of the letters: a title set in capitals
_FEWEST = 3  # words: "JOINT COMMUNIQUÉ" stays
_SMALL = frozenset("a an and as at by for from in of on or the to with under".split())


def names_document(text: str) -> bool:
    """Whether a line says what kind of document it is the title of."""
    return bool(_DOCUMENT.search(text))


def is_generic(text: str) -> bool:
    """Whether a line says nothing but a kind: "Joint Statement"."""
    return bool(_GENERIC.fullmatch(text))


def without_symbol(title: str) -> str:
    """Return a title without the number of the resolution in front: "77/321. Agreement …"."""
    return _SYMBOL.sub("", title, count=1).rstrip("*")


def as_written(title: str, lines: Sequence[Line]) -> str:
    """Return a title set in capitals as its words are written in the text: NATO stays, COMMITTEE does not."""
    letters = [c for c in title if c.isalpha() and c.upper() != c.lower()]
    if len(title.split()) < _FEWEST or sum(c.isupper() for c in letters) < _CAPITALS * len(letters):
        return title
    spelt: dict[str, Counter[str]] = {}
    for line in lines:
        if not line.text.isupper():
            for word in _WORD.findall(line.text):
                spelt.setdefault(word.casefold(), Counter())[word] += 1
    first = True

    def written(found: re.Match[str]) -> str:
        nonlocal first
        word, plain = found.group(), found.group().casefold()
        if found.start() and title[found.start() - 1].isdigit():  # 25TH
            return plain
        known = spelt.get(plain, Counter())
        acronym = len(word) > 1 and known[word] and known[word] >= known.total() / 2
        is_first, first = first, False
        if not word.isupper() or acronym:
            return word
        return plain if plain in _SMALL and not is_first else word[:1] + word[1:].lower()

    return _WORD.sub(written, title)
