"""Questions as people type them, read again: what is no word of theirs taken out, misspelt and abbreviated words, talk."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Connection

from retrieval.answering.models import Answer, Talk
from retrieval.answering.question import Kind, Question, without_greeting
from retrieval.errors import QuestionError
from retrieval.index import fulltext
from retrieval.language.terms import STOP_WORDS, capitals, stem, terms, unabridged, words
from retrieval.language.times import WORDS_OF_TIME
from retrieval.ledger import live

MAX_QUESTION_CHARS = 1_000

_MARKUP = (
    (re.compile(r"```(?:\w+\n)?|`"), " "),
    (re.compile(r"<a?:\w+:\d+>|<[@#][!&]?\d+>|</[^:>]*:\d+>|<t:-?\d+(?::\w)?>|<id:\w+>"), " "),  # Discord's own
    (re.compile(r"(?<![\w@])@[\w.-]{2,32}"), " "),  # a mention that was typed, not chosen
    (re.compile(r"\[([^\]\n]+)\]\(<?[^\s)]*>?\)"), r"\1"),
    (re.compile(r"<?\bhttps?://\S+|\bwww\.\S+"), " "),
    (re.compile(r"(?<!\w):[a-z0-9_+-]{2,32}:(?!\w)", re.IGNORECASE), " "),
    (re.compile(r"(?m)^\s*(?:>{1,3}|#{1,3}|-#|[-*•])\s+"), ""),
    (re.compile(r"\*{1,3}|__+|~~|\|\||(?<!\w)_|_(?!\w)"), ""),
    (re.compile("[\u200b-\u200f\u2060\ufe0e\ufe0f]|[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\U000e0020-\U000e007f]"), ""),
    (re.compile("[\"“”„«»「」『』]|(?<!\\w)['‘’]|(?<=\\W)['’](?!\\w)"), ""),
    (re.compile(r"[ \t]+"), " "),
)  # fmt: skip


def checked(question: str, most: int = MAX_QUESTION_CHARS) -> str:
    """Return `question` without surrounding white space.

    Args:
        most: Characters that it may have.

    Raises:
        QuestionError: It is empty, too long, or holds control characters.
    """
    stripped = question.strip()
    if not stripped:
        raise QuestionError("The question is empty. Ask something, for example: What was announced?")
    if len(stripped) > most:
        raise QuestionError(
            f"The question has {len(stripped):,} characters; at most {most:,} are read. Shorten it."
        )
    for character in stripped:
        if unicodedata.category(character) in {"Cc", "Cs"} and character not in "\n\r\t":
            code = f"U+{ord(character):04X}"
            raise QuestionError(
                f"The question holds a control character ({code}). Remove it, then ask again."
            )
    return stripped


def cleaned(text: str) -> str:
    """Return `text` without emoji, mentions, links, markdown and quotation marks; as it is where nothing is left."""
    bare = text
    for pattern, replacement in _MARKUP:
        bare = pattern.sub(replacement, bare)
    bare = unabridged(bare.strip())
    return bare if any(c.isalnum() for c in bare) else text.strip()


_ABOUT_ITSELF = re.compile(
    r"\b(?:are|do|can|could|will|would) you\b|\byou (?:are|do|can|have|know|work)\b|\byour(?:self)?\b|^\W*(?:help|about)\W*$",
    re.IGNORECASE,
)
_MEMBERS = re.compile(
    r"\b(?:i|i['’]?m|i['’]ll|me|my|we|you|your|u|he|she|they|guys|everyone)\b", re.IGNORECASE
)
_FEW_WORDS = 5


def talk_in(asked: Question, frequency: Mapping[str, int]) -> Talk | None:
    """Return what a message is that asks nothing of the readouts; None where in doubt: then it is answered.

    Args:
        frequency: Term of the question -> readouts' paragraphs that hold it.
    """
    known = [term for term in asked.terms if frequency.get(term)]
    words = asked.text.split()
    if not any(c.isalnum() for c in without_greeting(asked.text)):
        return "greeting"
    is_question = "?" in asked.text or asked.kind is not Kind.TOPIC
    if _ABOUT_ITSELF.search(asked.core) and len(asked.terms) <= 1 and len(words) <= 2 * _FEW_WORDS:
        return "about"
    if is_question or (known and not _MEMBERS.search(asked.text)):
        return None
    if not known and len(words) < _FEW_WORDS and len(asked.terms) <= 1:
        return "greeting"
    if _MEMBERS.search(asked.text) and len(known) * 2 < len(asked.terms) and len(words) > 2:
        return "members"
    return None


_ANYONE = r"(?:some|any|every)(?:one|body)"
_AMONG_MEMBERS = re.compile(
    r"\b(?:i|me|my|mine|our|you|your|yours|u|ur|guys|folks|y['’]?all)\b|\b(?:i|you)['’]"
    rf"|(?:^\W*|\b(?:has|have|did|does|do|is|are|was|can|could|would|will|should)\s+){_ANYONE}\b",  # as the subject
    re.IGNORECASE,
)
_EXCLAIMS = re.compile(r"^\W*what\s+an?\b[^?]*$", re.IGNORECASE)
_STATES = re.compile(
    r"""
    # the verb or pronoun of a sentence that states something
    \b(?:is|are|was|were|am|be|been|has|have|had|do|does|did|will|would|can|could|should|may|might|must
    |it|she|he|they|that|this)\b
    |['’](?:s|re|m|ll|ve|d)\b|n['’]t\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_OF_READOUTS = re.compile(
    r"\b(?:readouts?|communiqu[eé]s?|statements?|documents?|texts?|paragraphs?)\b|¶", re.IGNORECASE
)
_ASKING = re.compile(r"\b(?:who|what|when|where|which|why|how)(?:['’]?(?:s|re|d|ll))?\b", re.IGNORECASE)
_PROBABLY = 0.3


def reads_as_question(asked: Question) -> bool:
    """Whether a message has the form of a question."""
    if _EXCLAIMS.match(asked.core):
        return False
    is_asked = "?" in asked.text or asked.kind is not Kind.TOPIC or bool(_ASKING.match(asked.core))
    return is_asked or asked.core != without_greeting(asked.text)  # "tell me about …"


def is_meant(asked: Question, found: Answer) -> bool:
    """Whether a message that nobody addressed to the bot is a question to the readouts; in doubt a question is one.

    A question about the members themselves ("did anyone see…", "are you…") is one where the readouts answer it all the
    same; "do we know who…" is not about them. What is no question is one only as a bare topic that the readouts treat.

    Args:
        found: What the readouts say to it.
    """
    clauses = [at.start() for at in _ASKING.finditer(asked.core)]
    clause = asked.core[clauses[-1] :] if clauses else asked.core
    among_members = bool(_AMONG_MEMBERS.search(clause))
    if not reads_as_question(asked):
        return bool(found.statements) and not among_members and not _STATES.search(asked.core)
    is_answered = bool(found.statements) and found.confidence >= _PROBABLY
    return is_answered or not among_members or bool(_OF_READOUTS.search(asked.core))


SHORTEST, LONG = 5, 8
"""Letters of a word that may be misspelt, and of a term in which two letters may be other ones."""

_CONTRACTED = re.compile(r"(?:s|ll|re|ve|d|nt)$")  # "whats", "theyll"

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_EXPLAINED = re.compile(r"\((?:the\s+|hereinafter\s+|or\s+)?[“\"']?([A-Z][\w&-]{1,11})[”\"']?\)")


def corrected(
    connection: Connection,
    scopes: Sequence[str],
    asked: Question,
    frequency: Mapping[str, int],
    is_word: Callable[[str], bool],
) -> str | None:
    """Return the question with every word that no readout holds as the nearest that one does; None: as it is.

    The other spelling of British or American English comes first. A word of the language, or a place, that the
    readouts just don't mention is left alone, since nothing is misspelt; so is a question that stays mostly unknown.

    Args:
        frequency: Term of the question -> paragraphs that hold it.
        is_word: Whether a word is common English.
    """
    known_as = {term for term, other in asked.other_names if other}
    unknown = [
        t for t in asked.terms if t.isascii() and t.isalpha() and not frequency.get(t) and t not in known_as
    ]
    left = set(unknown)
    read: dict[str, str] = {}
    for found in _WORD.finditer(asked.core):
        word = found.group()
        plain = next(iter(words(word)), "")
        if stem(plain) in unknown and len(plain) >= SHORTEST and _CONTRACTED.sub("", plain) not in STOP_WORDS:
            nearest = _spelt_otherwise(connection, scopes, plain)
            if (
                nearest is None
                and not (is_word(plain) or is_word(stem(plain)))
                and plain not in capitals()
                and plain not in capitals().values()
            ):
                nearest = _nearest(connection, scopes, plain) or _word_of_time(plain)
            if nearest:
                read[word] = nearest
            if nearest or is_word(plain):
                left.discard(stem(plain))
    if not read or len(left) * 2 > len(asked.terms):
        return None
    return _WORD.sub(lambda found: read.get(found.group(), found.group()), asked.core)


def _spelt_otherwise(connection: Connection, scopes: Sequence[str], word: str) -> str | None:
    from breame.spelling import get_american_spelling, get_british_spelling

    others = [other for other in (get_american_spelling(word), get_british_spelling(word)) if other != word]
    held = fulltext.statistics(connection, scopes, map(stem, others)).document_frequency
    return next((other for other in others if held.get(stem(other))), None)


def _word_of_time(word: str) -> str | None:
    """Return the month or ordinal that is one letter away: readouts are chosen by it, whether they hold it or not."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    found = process.extractOne(word, WORDS_OF_TIME, scorer=OSA.distance, score_cutoff=1)
    return found[0].title() if found else None


def _nearest(connection: Connection, scopes: Sequence[str], word: str) -> str | None:
    """Return the word of the readouts that is one letter away, of a long one two; the commonest of those."""
    from rapidfuzz import process
    from rapidfuzz.distance import OSA

    wanted = re.sub("y$", "i", stem(word))  # as the stems of words spelt right end
    most = 1 if len(wanted) < LONG else 2
    held = fulltext.vocabulary(connection, scopes, wanted[0], len(wanted) - most, len(wanted) + most)
    near = process.extract(wanted, list(held), scorer=OSA.distance, score_cutoff=most, limit=None)
    ordered = sorted(near, key=lambda found: (found[1], -held[found[0]], found[0]))
    return next((w for term, *_ in ordered if (w := _as_written(connection, scopes, term))), None)


def _as_written(connection: Connection, scopes: Sequence[str], term: str) -> str | None:
    """Return a word of the readouts whose term this is."""
    for scope in scopes:
        pks = fulltext.search(connection, scope, [term], limit=1)
        for paragraph in live.live_paragraphs(connection, pks).values():
            for text in (paragraph.text, paragraph.heading or "", paragraph.title):
                for found in _WORD.finditer(text):
                    if terms(found.group()) == [term]:
                        return found.group() if found.group()[1:].islower() else found.group().lower()
    return None


def other_forms(asked: Question, texts: Iterable[str]) -> Iterator[str]:
    """Yield the question with an abbreviation for its long form, and the other way, as `texts` explain them."""
    pairs = {short: long for text in texts for short, long in explained(text)}
    for short, long in pairs.items():
        said = re.compile(rf"\b{re.escape(short)}(?:s\b|\b)", 0 if len(asked.terms) > 1 else re.IGNORECASE)
        if said.search(asked.core):
            yield said.sub(lambda _, long=long: long, asked.core)  # type: ignore[misc]
            continue
        written = r"[\s-]+".join(rf"{re.escape(word)}s?" for word in long.split())
        spelt = re.compile(rf"\b{written}\b", re.IGNORECASE)
        if spelt.search(asked.core):
            yield spelt.sub(lambda _, short=short: short, asked.core)  # type: ignore[misc]


def explained(text: str) -> Iterator[tuple[str, str]]:
    """Yield (abbreviation, long form) where `text` gives both: "Code of Conduct (COC)".

    The fewest words before the bracket that begin with its letters; else the shortest run whose letters hold those of
    the abbreviation in order, the first at the beginning of a word (Schwartz & Hearst 2003, A simple algorithm for identifying abbreviation definitions).
    """
    for found in _EXPLAINED.finditer(text):
        short, before = found[1], text[: found.start()].rstrip()
        most = min(len(short) + 7, 2 * len(short) + 1)
        candidate = " ".join(before.split()[-most:])
        if long := _by_initials(short, candidate.split()) or _long_form(short, candidate):
            yield short, long


def _by_initials(short: str, before: Sequence[str]) -> str | None:
    """Return the fewest words that begin with its letters, small words between them aside."""
    wanted = short.lower()
    for count in range(2, len(before) + 1):
        run = before[-count:]
        letters = ("".join(w[0] for w in run), "".join(w[0] for w in run if w.lower() not in STOP_WORDS))
        if wanted in (each.lower() for each in letters) and run[0].lower() not in STOP_WORDS:
            return " ".join(run)
    return None


def _long_form(short: str, candidate: str) -> str | None:
    place = len(candidate) - 1
    for index in range(len(short) - 1, -1, -1):
        letter = short[index].lower()
        if not letter.isalnum():
            continue
        while place >= 0 and (
            candidate[place].lower() != letter
            or (index == 0 and place > 0 and candidate[place - 1].isalnum())
        ):
            place -= 1
        if place < 0:
            return None
        place -= 1
    long = candidate[candidate.rfind(" ", 0, place + 1) + 1 :]
    return long if " " in long and short not in long.split() else None


def is_bare(asked: Question) -> bool:
    """Whether a question is nothing but a term: it is shown where that stands."""
    spoken = asked.core.split()
    return (
        len(spoken) <= 3 and 1 <= len(asked.terms) <= 2 and not any(w.lower() in STOP_WORDS for w in spoken)
    )
