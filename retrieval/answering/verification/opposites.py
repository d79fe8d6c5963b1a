"""Words that turn a statement round: what rises and what falls, before and after, all and some.

Data, and the one comparison it serves. Each pair names its two sides as expressions over lower-case text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from retrieval.answering.verification.differences import Difference, Kind
from retrieval.answering.verification.levelled import lowered
from retrieval.answering.verification.polarity import denies
from retrieval.index.terms import terms

_PAIRS = (
    ("rise|rises|rose|risen|rising|increas\\w+|grow|grows|grew|grown|growing|growth|higher|went up|up \\d+|was up|were up|climb\\w*|expan[ds]\\w*|gain(?:ed|s)|soar\\w*",
     "fall|falls|fell|fallen|falling|decreas\\w+|declin(?:e|es|ed|ing)(?! to)|lower(?:ed|s|ing)?|went down|down \\d+|was down|were down|drop|drops|dropped|shr[aiu]nk\\w*|contract(?:ed|ing|ion)|will contract|reduc\\w+|cut|cuts|slump\\w*|lost"),
    ("accept(?:s|ed|ing|able|ance)?|approv(?:e|ed|es|al)|took up|agreed to|found (?:backing|support)|green light",
     "reject\\w*|refus\\w+|turn(?:ed|s|ing)? down|unacceptable|cannot accept|would not accept|not accept|declin(?:ed|es) (?:to|the)|rebuff\\w*|found no (?:backing|support)"),
    ("support(?:s|ed|ing)?|back(?:s|ed|ing)|endors\\w+|favou?r(?:s|ed)?|to back",
     "oppos\\w+|resist\\w*|reject\\w*|against it|was against|were against"),
    ("prais\\w+|commend\\w*|applaud\\w*|welcom\\w+|compliment\\w*|appreciat\\w+|congratulat\\w+",
     "critici[sz]\\w+|condemn\\w*|denounc\\w+|deplor\\w+|censur\\w+|rebuk\\w+"),
    ("pleas(?:ed|ure)|satisf(?:ied|action)|delight\\w*|glad", "worr(?:y|ied|ies)|concern(?:ed)?|disappoint\\w+|regret\\w*|dismay\\w*"),
    ("before|prior to|ahead of|until|preced\\w+|earlier than|pending", "after|following|once(?! (?:more|again|a|every|per|each)\\b)|since|subsequent(?:ly)? to|succeed(?:s|ing)"),
    ("improv\\w+|better|strengthen\\w*|recover(?:ed|s)?", "worsen\\w*|worse|deteriorat\\w+|weaken\\w*"),
    ("open|opens|opened|opening", "clos(?:es|ed|ing|ure)|close (?:its|the|a|an|all|down)|shut"),
    ("start|starts|started|beg[aiu]n|begins|beginning|launch\\w*|commenc\\w+|initiat(?:e|ed|es|ing)|inaugurat\\w+|got under way",
     "finish\\w*|complet(?:e|ed|es|ion|ing)|conclud\\w+|(?<!the )(?<!'s )(?<!late )end|ends|ended|wrapp?(?:ed|ing)? up|terminat\\w+"),
    ("resum\\w+|restart\\w*|reviv\\w+|relaunch\\w*|brought back|bring back|start(?:s|ing)? up again|restor\\w+|reinstat\\w+",
     "suspend\\w*|discontinu\\w+|halt\\w*|abandon\\w*|stop(?:s|ped)?|drop(?:ped)?|abolish\\w*|abolition|did away|do away|scrap(?:s|ped)?"),
    ("abolish\\w*|abolition|scrap\\w*|lift(?:s|ed|ing)?|remov(?:e|ed|es|al)|repeal\\w*|did away|do away|eliminat\\w+|freed from",
     "keep|kept|retain\\w*|impos\\w+|introduc\\w+|maintain(?:s|ed)?|brought back|reintroduc\\w+|remain(?:s|ed)? in place"),
    ("keep|keeps|kept|maintain\\w*|retain\\w*|remain(?:s|ed)? in place", "to end|ends|ended|phas(?:e|ed|ing) out|withdr[ae]w\\w*|terminat\\w*"),
    ("permanent(?:ly)?(?<!non-permanent)", "temporar\\w+|interim|provisional(?:ly)?"),
    ("joint(?:ly)?|together|co-\\w+|collectively", "alone|on (?:his|her|its) own|separately|unilateral\\w*|single-handed\\w*|individually"),
    ("online|virtual(?:ly)?|by video\\w*|video conference|remote(?:ly)?|by telephone", "in[- ]person|face[- ]to[- ]face|physical(?:ly)?"),
    ("north|northern|in the north", "south|southern|in the south"),
    ("east|eastern", "west|western"),
    ("spring", "autumn|fall of|winter"), ("summer", "winter"),
    ("internal\\w*|domestic(?:ally)?", "external\\w*|abroad"),
    ("public(?:ly)?", "private(?:ly)?|confidential\\w*|behind closed doors"),
    ("new|novel|fresh|first-ever", "existing|ongoing|old"),
    ("import(?:s|ed|ing)?", "export(?:s|ed|ing)?"),
    ("includ(?:ing|es|ed)", "exclud(?:ing|es|ed)|except(?:ing)?|excepting"),
    ("legal(?:ly)?|lawful", "illegal(?:ly)?|unlawful"),
    ("extend(?:s|ed|ing)?|extension|renew\\w*|prolong\\w*|lengthen\\w*", "terminat\\w+|expir\\w+|lapse[sd]?|shorten\\w*|curtail\\w*"),
    ("tailored|specific to each|fitted to each|individual needs|case-by-case", "common to all|uniform|one way|one-size-fits-all|the same way"),
    ("voluntar\\w+|free to|optional(?:ly)?|may", "must|mandatory|compulsory|obligatory|obliged|required to|have to|has to"),
    ("majority|most", "minority"), ("maximum|at most", "minimum|at least"),
    ("unconditional(?:ly)?", "conditional(?:ly)?|subject to"),
    ("tighten\\w*", "loosen\\w*|relax\\w*|eas(?:e|ed|ing)"),
    ("win|won|victory|succe(?:ss|eded)", "fail(?:s|ed|ure)|defeat\\w*"),
    ("released?|set free|freed", "arrest\\w*|detain\\w*|imprison(?:ed|s|ing)(?! journalists)"),
    ("host(?:s|ed)?|hosting", "boycott\\w*"), ("attend(?:s|ed|ing)?|took part|participat\\w+", "boycott\\w*|stayed away|absent"),
    ("postpon\\w+|delay\\w*|defer(?:s|red)?", "bring forward|brought forward|accelerat\\w+|speed(?:s|ed)? up|hasten\\w*"),
    ("early|earlier", "late|later(?! this)"), ("first(?! time)", "last(?! (?:year|month|week|decade|quarter|two|three))"),
    ("cheaper|lower prices", "dearer|more expensive|higher prices"),
    ("expan[ds]\\w*|extend\\w*|intensif\\w+|deepen\\w*|continu(?:e|es|ed|ing)|step(?:s|ped|ping)? up|stepping up|scal(?:e|ed|ing) up|reinforc\\w+|resum\\w+|unfroze\\w*",
     "suspend\\w*|fr[eo]ez\\w*|frozen|halt\\w*|discontinu\\w+|scal(?:e|ed|ing) (?:back|down)|cut back|wound down|wind down|curtail\\w*|ceas(?:e|ed|es)|broken off|broke off|severed"),
    ("widen(?:s|ed|ing)?|broaden(?:s|ed|ing)?", "narrow(?:s|ed|ing)?"),
    ("doubl(?:e|ed|es|ing)", "halv(?:e|ed|es|ing)"),
    ("replac(?:e|es|ed|ing)|supersed\\w+|supplant\\w*|take(?:s)? the place of|repeal\\w*",
     "supplement(?:s|ed|ing)?|complement(?:s|ed|ing)?|extend(?:s|ed|ing)?|prolong\\w*|add(?:s|ed)? to|build(?:s|ing)? on|amend(?:s|ed|ing)?|keep(?:s)? in place|confirm(?:s|ed)?"),
    ("reopen(?:s|ed|ing)?", "clos(?:e|es|ed|ing|ure)|shut"),
    ("took place|takes place|taken place|take place|went ahead|goes ahead|was held|were held|proceeded", "cancell?(?:ed|ing)?|called off|abandon(?:ed|s)?|shelved"),
    ("upstream", "downstream"), ("inbound|incoming", "outbound|outgoing"), ("rural", "urban"), ("inland", "coastal"),
    ("onshore|on land", "offshore|at sea"), ("upper", "lower(?= house| chamber| basin| limit| reaches)"),
    ("importers?", "exporters?"), ("buyers?", "sellers?"), ("creditors?|lenders?", "debtors?|borrowers?"), ("employers?", "employees|workers"),
    ("donors?", "recipients?|beneficiar\\w+"), ("landlords?", "tenants?"), ("teachers?", "pupils?|students?"), ("producers?", "consumers?"),
    ("women|girls|female", "men|boys|male"), ("military", "civilian"), ("state-owned|public sector", "private sector|privately owned"),
    ("developed countr\\w+|industriali[sz]ed", "developing countr\\w+|least developed"), ("adults?", "children|minors"),
    ("supply", "demand"), ("surplus(?:es)?", "deficits?|shortfalls?"), ("profits?", "loss(?:es)?"), ("entry", "exit"), ("arriv\\w+", "depart(?:ed|ing|ure|ures|s)"),
    ("formal(?:ly)?", "informal(?:ly)?"), ("official(?:ly)?(?= (?:talk|visit|meeting|position))", "unofficial(?:ly)?"), ("short-term", "long-term"), ("regional(?:ly)?", "global(?:ly)?|worldwide"),
    ("multilateral(?:ly)?", "bilateral(?:ly)?"), ("indirect(?:ly)?", "direct(?:ly)?(?= (?:talks|flights|aid|contact|payment))"), ("legally binding|binding on|is binding|are binding|mandatory|compulsory|bound by", "voluntary|non-binding|optional"),
    ("major(?:ity)?", "minor(?! in)"), ("renewable\\w*", "fossil|non-renewable"), ("inclu(?:de|des|ded|ding)", "exempt(?:s|ed|ing)?|exclu(?:de|des|ded|ding)"),
    ("day|daytime", "night|overnight"), ("active", "inactive|dormant"), ("safe", "unsafe|dangerous"), ("lawful(?:ly)?", "unlawful(?:ly)?"), ("equal(?:ly)?", "unequal(?:ly)?"),
    ("recogni[sz]\\w+", "derecogni[sz]\\w+"), ("arm(?:ed|ing)", "disarm\\w*"), ("encourag\\w+", "discourag\\w+"), ("agree(?:d|s|ing)?|agreement", "disagree\\w*"),
    ("join(?:s|ed|ing)?|acced\\w+|entered", "le(?:ave|aves|aving)|quit|withdr[ae]w\\w*|pulled out"), ("appoint\\w*|hired?|elected|named", "dismiss\\w*|remov(?:ed|al)|sacked|resign\\w*"),
    ("deploy\\w*|dispatch\\w*|sen[dt]", "recall\\w*|withdr[ae]w\\w*|pull(?:ed|s|ing)? (?:out|back)"), ("borrow\\w*", "len[dt](?:s|ing)?"), ("buil[dt]\\w*", "demolish\\w*|dismantl\\w+"),
    ("to renew|renews|to extend|extends|to prolong", "to end|ends|to terminate|to close"), ("optimis\\w+|hopeful", "pessimis\\w+"), ("common|shared", "separate|different|diverg\\w+"),
    ("fewer|fewest", "more(?= \\w+s\\b)"), ("faster|quicker", "slower"), ("longer", "shorter"), ("larger|bigger", "smaller"), ("stronger", "weaker"), ("highest", "lowest"), ("ris(?:e|es|ing)|rose|raised?", "lowered|cut"),
)  # fmt: skip


@lru_cache(maxsize=1)
def _compiled() -> tuple[tuple[re.Pattern[str], re.Pattern[str]], ...]:
    return tuple((_pattern(a), _pattern(b)) for a, b in _PAIRS)


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")


def compare(statement: str, evidence: str) -> Iterator[Difference]:
    """Yield the words of `statement` whose opposite stands in `evidence` where the word itself does not."""
    said, known = lowered(statement), lowered(evidence)
    if denies(statement) != denies(evidence):
        return  # what is denied turns every word round; `polarity` judges that
    yield from _moves(said, known)
    for pair in _compiled():
        for own, other in (pair, pair[::-1]):
            word, opposite = own.search(said), other.search(known)
            if word and word.start() and statement[word.start()].isupper():
                continue  # in a name
            if word and opposite and not own.search(known) and not other.search(said):
                if _denied(said, word.start()) != _denied(known, opposite.start()):
                    continue
                if {word.group(), opposite.group()} <= _ORDER and _same_order(said, word, known, opposite):
                    continue
                reason = f"It says “{word.group()}”; the evidence says “{opposite.group()}”."
                yield Difference(Kind.DIRECTION, reason, contradicts=True)


_ORDER = frozenset({"before", "after", "once", "prior to", "following", "ahead of", "until", "since"})


def _same_order(said: str, one: re.Match[str], known: str, other: re.Match[str]) -> bool:
    """Whether "A before B" and "B after A" tell one order: what follows one word stands before the other."""
    first, then = set(terms(said[: one.start()])), set(terms(said[one.end() :]))
    before, after = set(terms(known[: other.start()])), set(terms(known[other.end() :]))
    return len(first & after) + len(then & before) > len(first & before) + len(then & after)


_UP = re.compile(rf"\b(?:{_PAIRS[0][0]}|more|up)\b")
_DOWN = re.compile(rf"\b(?:{_PAIRS[0][1]}|less|fewer|down)\b")
_FIGURE = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*")


def _moves(statement: str, evidence: str) -> Iterator[Difference]:
    """Yield figures that go up in the one and down in the other: "12 per cent more" is not "down 12%"."""
    known = {m.group(): _move(evidence, m) for m in _FIGURE.finditer(evidence)}
    for figure in _FIGURE.finditer(statement):
        own, other = _move(statement, figure), known.get(figure.group())
        if own and other and own[0] != other[0]:
            reason = f"It says “{own[1]}”; the evidence says “{other[1]}”."
            yield Difference(Kind.DIRECTION, reason, contradicts=True)


def _move(text: str, figure: re.Match[str]) -> tuple[str, str] | None:
    """Which way the word nearest to a figure points, where one stands near enough."""
    near = [
        (min(abs(m.start() - figure.end()), abs(figure.start() - m.end())), side, m.group())
        for side, pattern in (("up", _UP), ("down", _DOWN))
        for m in pattern.finditer(text)
        if not re.match(r" (?:than|to) \d", text[m.end() :])
    ]
    distance, side, word = min(near, default=(99, "", ""))
    return (side, word) if distance <= 30 else None


_DENIAL = re.compile(
    r"\b(?:not|never|no|cannot|without|n't|yet to|nor|neither)\b(?: \w+){0,3} $|n't(?: \w+){0,2} $"
)


def _denied(text: str, place: int) -> bool:
    return _DENIAL.search(text[max(0, place - 40) : place]) is not None
