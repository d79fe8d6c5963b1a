"""What is denied, and what is said of all, some or only one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.levelled import lowered
from retrieval.index.terms import terms

_NEUTRAL = re.compile(
    r"\bnot (?:only|just|merely|solely|simply)\b|\bno (?:less|fewer|later|more|sooner) than\b|\bnot (?:less|fewer|more) than\b|\bnot least\b"
    r"|\bwhether or not\b|\bno doubt\b|\bnon-\w+\b|\bnot yet\b|\bnone other\b|\bwithout (?:further |undue )?(?:delay|hesitation|prejudice|precedent|fail)\b|\bnot limited to\b|\bnot been (?:so|as)\b|\bnothing (?:short of|but)\b|\bnot to mention\b"
)
_STRONG = re.compile(
    r"\b(?:not|never|no|none|nobody|nothing|neither|nor|cannot|without|unable|impossible)\b|n't\b"
    r"|\bfail(?:s|ed)? to\b|\brefus(?:e|es|ed|ing)\b|\brul(?:e|ed) out\b"
)
_WEAK = re.compile(
    r"\b(?:lack(?:s|ed|ing)?|absen(?:t|ce)|stay(?:s|ed|ing)? away|outside|undecided|un\w{4,}able|insufficient|inadequate|yet to|pending|still to|has still"
    r"|remain(?:s|ing|ed)? to|not yet|except|reject\w*|oppos\w+|against|scrap\w*|abolish\w*|abolition|stop\w*|ban|bans|banned|outlaw\w*|prohibit\w*|suspend\w*|discontinu\w+|alone"
    r"|turn(?:s|ed|ing)? down|declin(?:e|ed|es)|far from|rather than|instead of|only|unless|unacceptable|unilateral\w*|un(?:employ|resolv|finish|chang|condition|recogn|avail|likely|able)\w*|exclu\w+|barr?(?:ed|s)|"
    r"deadlock\w*|short of|rid of|fail(?:s|ed|ure)?|lift\w*|eliminat\w+|remaining|less|free of|free from|prevent\w*|halt\w*|avoid\w*|abst(?:ain|ention)\w*|under \d+|below|fewer|refrain\w*|evad\w+|escap\w+|elud\w+|exempt\w*|cancell?\w*|called off|call off|abandon\w*|shelv\w+|withh[eo]ld\w*|reserv(?:ed|es|ing) (?:its|their|his|her)|(?<!a )few|hardly|scarcely|barely|rarely|seldom|waiv\w+|spar(?:ed|es)|skip\w*|miss(?:ed|es|ing)|omit\w*|no longer|ceas\w+|den(?:y|ied|ies)|not)\b|\bin\w+able\b"
)


def denies(text: str) -> bool:
    """Return whether an English text denies something outright; "not only" and "no less than" do not."""
    return _STRONG.search(_NEUTRAL.sub(" ", lowered(text))) is not None


def hints_denial(text: str) -> bool:
    """Return whether a text has any word that a denial can be told with: "lack", "yet to", "except"."""
    return denies(text) or _WEAK.search(lowered(text)) is not None


_CLAUSES = re.compile(
    r"[;:]|, (?:but|while|whereas|and|which|who)\b|\bbut\b|\bwhile\b|\bwhereas\b|(?<=[.!?]) |\band (?=they|he|she|it|the|will|has|have|did|does)\b"
)


def compare(statement: str, evidence: str, sentence: str) -> Iterator[Difference]:
    """Yield a denial on one side only, and what is said of too many or too few."""
    yield from _negation(statement, evidence, sentence)
    yield from _scope(statement, evidence, sentence)


def _negation(statement: str, evidence: str, sentence: str) -> Iterator[Difference]:
    if denies(statement):
        near = _nearest_clause(statement, sentence)
        if _denied_terms(statement) & _denied_terms(sentence):
            return
        if not hints_denial(_nearest_clause(statement, evidence)) and not denies(near):
            yield Difference(
                Kind.NEGATION, "It denies something that the evidence does not deny.", contradicts=True
            )
        return
    if hints_denial(statement) or (
        _UNCHANGED.search(lowered(statement)) and _CHANGE.search(lowered(evidence))
    ):
        return
    left_out = _left_out(statement, evidence)
    if left_out is not None:
        yield Difference(
            Kind.NEGATION, f"It asserts “{left_out}”, which the evidence leaves out.", contradicts=True
        )
    elif denies(_nearest_clause(statement, evidence)):
        yield Difference(
            Kind.NEGATION, "The evidence denies something that it does not deny.", contradicts=True
        )


_UNCHANGED = re.compile(r"\b(?:still|remain(?:s|ed|ing)?|keep(?:s|ing)?|kept|stay(?:s|ed|ing)?|continu\w+)\b")
_CHANGE = re.compile(
    r"\b(?:not|never|no|neither|nor|cannot|without)\b[^;.]{0,40}\b(?:withdr[ae]w\w*|lift\w*|remov\w+|end(?:ed)?|left|leav\w+|stop\w*|abandon\w*|chang\w+|revok\w+"
    r"|repeal\w*|cancel\w*|resign\w*|releas\w+|return\w*|mov(?:e|ed|ing)|ceas\w+|abolish\w*|clos\w+|disband\w*)"
)
"""That nothing changed can be told without a denial: "has not withdrawn", "still has"."""
_OUT = re.compile(
    r"\b(?:but not|and not|not|nor|rather than|instead of|except(?: for)?|other than|excluding|without"
    r"|evad\w+|escap\w+|elud\w+|exempt(?:ed)? from|barred from|excluded from|free (?:of|from))\b (?P<what>[^,;:.]+?)(?=$|[,;:.]| (?:but|and|or|while|because|although|who|which|that|in|on|at|for|by)\b)"
)


def _denied_terms(text: str) -> frozenset[str]:
    """Return the content words that a text leaves out or denies: "covers training but not equipment"."""
    plain = _NEUTRAL.sub(" ", lowered(text))
    return frozenset(t for m in _OUT.finditer(plain) for t in terms(m["what"]))


def _left_out(statement: str, evidence: str) -> str | None:
    """What the evidence leaves out and nowhere else asserts, all of which the statement asserts."""
    plain = _NEUTRAL.sub(" ", lowered(evidence))
    said = set(terms(statement))
    rest = set(terms(_OUT.sub(" ", plain)))
    for match in _OUT.finditer(plain):
        own = {t for t in terms(match["what"]) if len(t) > 2} - rest
        if own and own <= said and len(own) <= 3:
            return match["what"].strip()
    return None


def _nearest_clause(statement: str, evidence: str) -> str:
    """The clause of the evidence that shares most words with the statement; all of it where they tie."""
    said = set(terms(statement))
    clauses = [c for c in _CLAUSES.split(evidence) if c.strip()]
    shared = [len(said & set(terms(c))) for c in clauses]
    best = max(shared, default=0)
    if not best or shared.count(best) > 1:
        return evidence
    return clauses[shared.index(best)]


_TIME = r"(?! (?:year|years|month|months|week|weeks|day|days|time|other|two|three|2|3|october|april)\b)"
_ALL = re.compile(
    rf"\b(?:all(?! (?:the )?(?:same|along))|every{_TIME}|each{_TIME}(?! other)|entire(?:ly)?|whole|unanimous(?:ly)?|everyone|everybody|without exception|in full)\b(?<!at all)(?<!above all)"
)
_MOST = re.compile(
    r"\b(?:most(?= (?:members|of|countries|states|ministers|participants|delegations|recommendations|parties|leaders))|majority|a large part|predominantly|mostly)\b"
)
_SOME = re.compile(
    r"\b(?:some(?! \d)|several|a number of|many|certain|various|a few|one of|two of|three of|four of|five of|half of|part of|partly|partially|except|among the|a range of)\b|\b\d+ (?:per cent|%) of\b|\b\d+ of (?:them|the|these|its)\b"
)
_ONLY = re.compile(
    r"(?<!not )(?<!if )\b(?:only(?! (?:\d|about|some|after|then))|solely|exclusively|the single|a single|sole|alone|on (?:his|her|its) own|single-handed\w*|one way|nothing but|just (?=an? |the |one))\b"
)
_NOT_ONLY = re.compile(r"\bnot (?:only|just|merely|solely)\b|\bas well as\b|\bboth\b|\bbut also\b")
_ONLY_KNOWN = re.compile(
    r"\b(?:only|solely|exclusively|single|sole|alone|except|unique(?:ly)?|on (?:his|her|its) own|just|nothing but|first)\b"
)
_ONE_OF = re.compile(r"\b(?:one of the|among the|some of the|one of its|amongst the)\b")
_TOP = re.compile(r"\b(?:the (?:single )?most|the \w+est|the biggest|the main|the top)\b")


def _scope(statement: str, evidence: str, sentence: str) -> Iterator[Difference]:
    said, known, near = lowered(statement), lowered(evidence), lowered(sentence)
    yield from _shares(said, known)
    said, known = _ALMOST.sub("most", said), _ALMOST.sub("most", known)
    only = _ONLY.search(said)
    if only and (not _ONLY_KNOWN.search(_NOT_ONLY.sub(" ", near))):
        yield _difference(only.group(), "does not limit it so", contradicts=True)
    every = _ALL.search(said)
    part = _SOME.search(known) or _MOST.search(known)
    if every and part and not _ALL.search(known) and _same_thing(said, every, known, part):
        yield _difference(every.group(), f"says “{part.group()}”", contradicts=True)
    some, whole = _SOME.search(said), _ALL.search(known)
    if some and whole and not _SOME.search(known) and not every and _same_thing(said, some, known, whole):
        yield _difference(some.group(), f"says “{whole.group()}”", contradicts=True)
    most = _MOST.search(said)
    if most and not _MOST.search(known) and (_SOME.search(known) or whole):
        yield _difference(most.group(), "does not say most", contradicts=True)
    one_of = _ONE_OF.search(known)
    if one_of and _TOP.search(said) and not _ONE_OF.search(said):
        yield _difference("the most", f"says “{one_of.group()}”", contradicts=True)


_ALMOST = re.compile(
    r"\b(?:(?:nearly|almost|virtually|practically) (?:all|every|each)|all but (?:one|two|three|a few))\b"
)
_FEW = re.compile(
    r"(?<!a )(?<!last )(?<!next )(?<!first )(?<!past )\bfew(?= \w)|\b(?:hardly|scarcely) any\b|\bnot many\b|\ba minority\b"
)
_LOTS = re.compile(r"\b(?:most|many|all|numerous|a majority|the majority)\b")
_ONE_OF_TWO = re.compile(r"\b(?:only )?(?:one|either|neither) of (?:the|its|their) (?:two|pair|\w+)\b")
_LIMITED = re.compile(r"\b(?:only|solely|exclusively|confined to|limited to|restricted to)\b")
_WIDE = re.compile(r"\b(?:all|every|any|each|regardless|irrespective|whatever|throughout)\b")
_CONDITION = re.compile(
    r"\b(?:if|subject to|provided(?: that)?|on condition|conditional|unless|contingent|depend(?:s|ing|ent) on|as long as|permitting)\b"
)
_ANYWAY = re.compile(
    r"\b(?:whatever|regardless|irrespective|unconditional(?:ly)?|in any (?:case|event)|come what may|no matter|without (?:any )?conditions?)\b"
)


def _shares(said: str, known: str) -> Iterator[Difference]:
    """Few against most, one of two against both, limited against all, conditional against in any case."""
    few = _FEW.search(known)
    if few and not _FEW.search(said) and (lots := _LOTS.search(said)) and not denies(said):
        yield _difference(lots.group(), f"says “{few.group()}”", contradicts=True)
    lots = _LOTS.search(known)
    if lots and not few and (few := _FEW.search(said)) and not denies(known):
        yield _difference(few.group(), f"says “{lots.group()}”", contradicts=True)
    one = _ONE_OF_TWO.search(known)
    if one and re.search(r"\bboth\b", said) and not re.search(r"\bboth\b", known) and not denies(said):
        yield _difference("both", f"says “{one.group()}”", contradicts=True)
    limit = _LIMITED.search(_NOT_ONLY.sub(" ", known))
    if (
        limit
        and not _ONLY.search(said)
        and not _LIMITED.search(said)
        and (wide := _WIDE.search(said))
        and not _WIDE.search(known)
    ):
        yield _difference(wide.group(), f"says “{limit.group()}”", contradicts=True)
    condition = _CONDITION.search(known)
    if condition and (anyway := _ANYWAY.search(said)) and not _ANYWAY.search(known):
        yield _difference(anyway.group(), f"says “{condition.group()}”", contradicts=True)


_PARTITIVE = re.compile(r"\bof (?:them|which|whom|these|those|its|the)\b|half of|per cent|%|except|part")


def _same_thing(said: str, one: re.Match[str], known: str, other: re.Match[str]) -> bool:
    """Whether two quantifiers are of one noun, or one of them is of a part: "half of which", "four of them"."""
    if one.group().startswith("unanimous") or _PARTITIVE.search(
        f"{other.group()}{known[other.end() : other.end() + 9]}"
    ):
        return True
    counted = [set(terms(" ".join(t[m.end() :].split()[:4]))) for t, m in ((said, one), (known, other))]
    return bool(counted[0] & counted[1])


def _difference(word: str, instead: str, *, contradicts: bool) -> Difference:
    return Difference(Kind.SCOPE, f"It says “{word}”; the evidence {instead}.", contradicts)
