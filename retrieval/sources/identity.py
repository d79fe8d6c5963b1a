"""What documents are called: their titles, the bodies that issue them, and ids made of names."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from hashlib import sha256

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


_STATED = re.compile(
    r"(?:author|issued\s+by|issuer|source|published\s+by|by|发布机构|發布機關|発表者|発出)\s*[:：]\s*(?P<name>[^•·|]{2,120}?)\s*(?:[•·|]|$)",
    re.IGNORECASE,
)
_BODY_WORD = (
    r"ministr(?:y|ies)|ministère|ministerio|kementerian|department|secretariat|white house|cabinet|embassy|commission|council"
    r"|committee|assembly|assemblée|senate|parliament|bank|banco|banque|bundesbank|court|tribunal|office|agency|authority"
    r"|conference of the parties|conseil|consejo|comité|comisión|bundesministerium|bộ|press service|information service"
)
_BODY = re.compile(
    rf"(?<!\w)(?:{_BODY_WORD})(?!\w)|外務省|防衛省|内閣|官邸|外交部|国务院|國務院|商务部|律政部|银行|銀行|위원회|외교부|กระทรวง",
    re.I,
)
_HEAD = re.compile(r"(?P<name>[^\d:|•]{4,80}?)\s*(?:[A-Z]{1,8}(?:/[\w.()*-]+)+\*?|Distr\..*)?$")
_MINUTES = re.compile(
    r"""
    # "Minutes of the Monetary Policy Committee", "minutes of the Board meeting"
    \b(?:minutes|proceedings)\b.*?\b(?:of\ the|by\ the)\s+
    (?P<name>(?:[A-Z][\w’'.-]*\s+){0,4}(?:Committee|Board|Council|Commission|Court))\b
    |\bminutes\ of\ (?:the\ )?(?P<other>(?:[A-Z][\w’'.-]*\s+){1,4}(?:Committee|Board|Council
    |Commission))\ meeting
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BY = re.compile(
    r"^(?P<name>[A-Z][\w’' -]{3,60}?)\s+(?:resolution|decision|recommendation)\s+\S*\d", re.IGNORECASE
)
_VERBS = re.compile(
    r"\b(?:is|are|was|were|has|have|will|shall|adopted|reference|welcomed?|agreed)\b", re.IGNORECASE
)
_GOES_ON = re.compile(  # what may stand behind the word for a body in its name: "Ministry of Defence", not "Council votes"
    r"$|s?\s*(?:$|[,(–—:;-]|(?:of|for|on|and|in|to|de|du|des|del|da|do|van|für|der|des|luar|dan|nationale?|nacional|general"
    r"|headquarters|office|service|secretariat|centre|center)\b|(?:" + _BODY_WORD + r")\b)",
    re.IGNORECASE,
)
_LONGEST = 80


def find_issuer(text: str) -> str | None:
    """Return whom a line names as the issuer ("Issued by: …"), or None."""
    found = _STATED.match(text) or (_STATED.search(text) if len(text) < 2 * _LONGEST else None)
    return found["name"].strip() if found else None


def is_body(text: str) -> bool:
    """Whether a short line is the name of a body that issues documents, and nothing else."""
    return body_in(text) is not None


def body_in(text: str) -> str | None:
    """Return the body that a line of a letterhead names ("General Assembly Distr.: General"), or None."""
    found = _HEAD.match(text) if len(text) <= _LONGEST + 40 else None
    name = found["name"].strip(" ,;–—-") if found else ""
    if not name or len(name.split()) > 10 or len(name) > _LONGEST or text.endswith((".", ",", ";")):
        return None
    if _VERBS.search(name) or names_document(name):
        return None
    named = _BODY.search(name)
    return name if named and (not named.group().isascii() or _GOES_ON.match(name[named.end() :])) else None


def starts_with_body(text: str) -> bool:
    """Whether a line begins with the name of a body: "Conference of the Parties to the Pact"."""
    return bool(_BODY.match(text))


def issuer_of_title(title: str) -> str | None:
    """Return the body whose minutes or resolution a title names, or None."""
    if found := _BY.match(title):
        return found["name"] if _BODY.search(found["name"]) else None
    if found := _MINUTES.search(title):
        return (found["name"] or found["other"] or "").strip() or None
    return None


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
