"""The words by which official English says how firm a thing is, and the classes they fall into.

Data only. A class is what a reader must not confuse with another: to welcome is not to agree, to consider
is not to decide. The expressions match lower-case text as `levelled.lowered` returns it.
"""

from __future__ import annotations

import re
from enum import StrEnum


class Cue(StrEnum):
    """What a text says about an act, by the word it uses."""

    DONE = "done"
    FUTURE = "future"
    AGREED = "agreed"
    PROMISED = "promised"
    INTENDED = "intended"
    OFFERED = "offered"
    EXPECTED = "expected"
    CONSIDERED = "considered"
    POSSIBLE = "possible"
    PROPOSED = "proposed"
    REQUESTED = "requested"
    OBLIGED = "obliged"
    PERMITTED = "permitted"
    SUPPORTED = "supported"
    WELCOMED = "welcomed"
    NOTED = "noted"
    OPPOSED = "opposed"
    CONDEMNED = "condemned"
    CONCERNED = "concerned"
    CHAIRED = "chaired"
    WANTED = "wanted"
    ANNOUNCED = "announced"
    SIGNED = "signed"


_WORDS: dict[Cue, str] = {
    Cue.AGREED: r"""agree(?:d|s|ing)?(?! with)|agreement (?:was |is )?(?:reached|struck)|reach(?:ed|ing)? (?:an? )?agreement|decid(?:e|ed|es|ing)
        |decision|resolv(?:ed|es|ing)|approv(?:e|ed|es|ing|al)(?!ingly)|adopt(?:s|ed|ing|ion)?|green[- ]?light(?:ed)?|green light|settled on|struck a deal
        |deal (?:was |is )?struck|concluded an? (?:deal|accord|agreement|pact)|consensus on|determined to|finali[sz]ed|endors(?:e|ed|es|ing|ement)""",
    Cue.PROMISED: r"""promis(?:e|ed|es|ing)|pledg(?:e|ed|es|ing)|commit(?:s|ted|ting|ment|ments)?|undert(?:ake|akes|aken|aking|ook)|vow(?:s|ed|ing)?
        |guarant(?:ee|eed|ees|eeing)|assur(?:e|ed|es|ing|ance|ances)|gave (?:his|her|its|their) word""",
    Cue.INTENDED: r"""plan(?:s|ned|ning)? (?:to|on|for|an?)|plan(?:s|ned)?(?= (?:a|an|the|its|two|three))|is planned|are planned|it is planned|intend(?:s|ed|ing)?|intent(?:ion|ions)?
        |aim(?:s|ed|ing)? (?:to|at)|mean(?:s|t)? to|seek(?:s|ing)? to|sought to|want(?:s|ed)? to|wish(?:es|ed)? to|would like to|looking to|hop(?:e|es|ed|ing) to|plans?(?= (?:is|was|are|were)\b)|(?:aim|goal|intention|objective) (?:is|was) to|plans|determin(?:ed|ation) to""",
    Cue.OFFERED: r"""offer(?:s|ed|ing)?|read(?:y|iness) to|willing(?:ness)?|prepared to|stands? (?:ready|prepared)|readiness|volunteer(?:s|ed)? to""",
    Cue.EXPECTED: r"""expect(?:s|ed|ing|ation)?|anticipat\w+|look(?:s|ed|ing)? forward|forecast(?:s|ed)?|project(?:s|ed) (?:that|to)|predict(?:s|ed)?|hop(?:e|es|ed|ing)(?! to)|due (?:to|in|for|by|at)""",
    Cue.CONSIDERED: r"""consider(?:s|ed|ing|ation)?(?! that)|discuss(?:es|ed|ing|ion|ions)?|explor(?:e|ed|es|ing)|weigh(?:s|ed|ing)?|debat(?:e|ed|es|ing)|mull(?:s|ed|ing)?
        |talk(?:s|ed|ing)? (?:about|over|of)|talk(?:s|ed)? through|think(?:s|ing)? (?:about|of)|thought about|look(?:s|ed|ing)? (?:at|into)|contemplat\w+
        |examin(?:e|ed|es|ing)|stud(?:y|ied|ies|ying)|review(?:s|ed|ing)?|deliberat\w+|exchang(?:e|ed|ing) views|brainstorm\w*|reflect(?:ed|s)? on|went over""",
    Cue.POSSIBLE: r"""may(?! \d)|might|possib(?:le|ly|ility|ilities)|perhaps|potential(?:ly)?|opportunit(?:y|ies)|whether|could|cannot rule out|not rule out|subject to|eventual(?:ly)?""",
    Cue.PROPOSED: r"""propos(?:e|ed|es|ing|al|als)|suggest(?:s|ed|ing|ion|ions)?|recommend(?:s|ed|ing|ation|ations)?|put(?:s|ting)? forward|idea(?:s)?|thinking|advocat\w+|advice|advis(?:e|ed|es|ing)|float(?:s|ed|ing)|draft""",
    Cue.REQUESTED: r"""urg(?:e|ed|es|ing)(?!nt)|call(?:s|ed|ing)? (?:up)?on|call(?:s|ed|ing)? for|ask(?:s|ed|ing)?|request(?:s|ed|ing)?|press(?:es|ed|ing) (?:\S+ ){0,4}?(?:to|for)|press(?:ed|es) (?:for|on)|demand(?:s|ed|ing)?
        |appeal(?:s|ed|ing)? (?:to|for)|encourag(?:e|ed|es|ing|ement)|invit(?:e|ed|es|ing|ation|ations)|insist(?:s|ed|ing)?|plea(?:ded)?
        |instruct(?:s|ed|ing)?|task(?:s|ed|ing)|direct(?:s|ed|ing)(?! talks)|mandat(?:e|ed|es|ing)|exhort\w*|implor\w+""",
    Cue.OBLIGED: r"""must|ha(?:s|ve|d) to|oblig(?:ed|ation|ations|atory|es)|required to|mandatory|compulsory|shall|need(?:s|ed)? to|compel\w*|bound to|binding|instruct(?:s|ed)?|direct(?:s|ed)""",
    Cue.PERMITTED: r"""free to|allow(?:s|ed|ing)?|permit(?:s|ted|ting)?|let in|voluntar(?:y|ily)|optional(?:ly)?|at liberty to""",
    Cue.SUPPORTED: r"""support(?:s|ed|ing|ive)?|back(?:s|ed|ing)(?! (?:to|in|into|from))|(?:to|not|would|will|could|once more|again) back(?! (?:to|in|into))|endors(?:e|ed|es|ing|ement)|favou?r(?:s|ed|ing)?|behind (?:it|the|this|that)|champion(?:s|ed)?|in favou?r""",
    Cue.WELCOMED: r"""welcom(?:e|ed|es|ing)|appreciat(?:e|ed|es|ion|ing)|prais(?:e|ed|es|ing)|commend(?:s|ed|ing|ation)?|applaud(?:s|ed|ing)?|hail(?:s|ed|ing)|thank(?:s|ed|ing)?|congratulat\w+|gratitude|grateful(?:ly)?
        |pleas(?:ed|ure)|satisf(?:ied|action)|approving(?:ly)?|greet(?:s|ed|ing)|compliment(?:s|ed)|glad|express(?:ed|es)? (?:his|her|its|their) (?:appreciation|gratitude)|celebrat(?:e|ed|es)""",
    Cue.NOTED: r"""not(?:ed|es|ing)(?! only)|took note|take note|taken note|recogni[sz](?:e|ed|es|ing)|acknowledg(?:e|ed|es|ing)|heard|recall(?:s|ed|ing)?|took stock""",
    Cue.OPPOSED: r"""oppos(?:e|ed|es|ing|ition)|reject(?:s|ed|ing|ion)?|refus(?:e|ed|es|ing|al)|turn(?:s|ed|ing)? down|declin(?:ed|es|ing) to|(?:is|are|was|were|be) against|(?:came|come|spoke|argued|voted) (?:out )?against|abstain(?:s|ed|ing)?|reserv(?:e|ed|es|ing) (?:its|their|his|her) (?:position|right)|dissent(?:s|ed|ing)?|distanc(?:e|ed|es|ing) (?:itself|themselves)|opt(?:s|ed|ing)? out|objected|object(?:s|ed) to|unacceptable|veto(?:ed|es)?|dismiss(?:es|ed|ing)?|rebuff(?:s|ed)?|disagree[sd]?|resist(?:s|ed|ing)?""",
    Cue.CONDEMNED: r"""condemn(?:s|ed|ing|ation)?|deplor(?:e|ed|es|ing)|denounc(?:e|ed|es|ing)|critici[sz](?:e|ed|es|ing)|criticism|protest(?:s|ed)?(?! movement)|regret(?:s|ted|ting)?|censur(?:e|ed|es)""",
    Cue.CONCERNED: r"""concern(?:ed|s)?(?:(?= about| over| at| that)|(?<=deep concern)|(?<=serious concern)|(?<=grave concern))|worr(?:y|ied|ies)|alarm(?:ed)?|anxious|unease|deplor(?:e|ed)|regret(?:s|ted)?""",
    Cue.CHAIRED: r"""(?:co-)?chair(?:s|ed|ing|manship|person|man|woman)?|presid(?:e|ed|es|ing)|presidency|(?:led|headed|convened) by|leadership of|(?:was|were) led|auspices|took over the chair""",
    Cue.ANNOUNCED: r"""announc(?:e|ed|es|ing|ement)|unveil(?:s|ed|ing)?|declar(?:e|ed|es|ing)|launch(?:es|ed|ing)?""",
    Cue.WANTED: r"""would (?:have )?(?:liked?|prefer(?:red)?)|should|ought to|want(?:s|ed)?(?! to)|need(?:s|ed)?(?: for| to)|stress(?:es|ed|ing)?|importance of|emphasi[sz]e[sd]?|underlin(?:e|ed|es)|underscor(?:e|ed|es)""",
    Cue.SIGNED: r"""(?<!to )(?<!to be )sign(?:s|ed|ing)(?! on)|put (?:its|their|his|her) names?|initialled|(?<!to )ratif(?:y|ied|ies|ication)|conclud(?:ed|es|ing) (?:an?|the) (?:\w+ ){0,3}(?:agreement|accord|treaty|pact|memorandum|mou)|(?:mou|memorandum|agreement|accord|pact|treaty)(?: \S+){0,6} (?:was|were) (?:concluded|signed)|signature|acced(?:e|ed|es|ing)""",
}  # fmt: skip

PATTERNS = {
    cue: re.compile(rf"\b(?:{'|'.join(part.strip() for part in words.split('|'))})\b".replace("\n", ""))
    for cue, words in _WORDS.items()
}

LICENCES: dict[Cue, frozenset[Cue]] = {
    Cue.AGREED: frozenset({Cue.AGREED, Cue.SIGNED}),
    Cue.SIGNED: frozenset({Cue.SIGNED}),
    Cue.PROMISED: frozenset({Cue.PROMISED, Cue.AGREED, Cue.FUTURE, Cue.INTENDED, Cue.ANNOUNCED}),
    Cue.INTENDED: frozenset({Cue.INTENDED, Cue.PROMISED, Cue.AGREED, Cue.FUTURE, Cue.EXPECTED, Cue.SIGNED, Cue.REQUESTED, Cue.OFFERED, Cue.PROPOSED, Cue.ANNOUNCED}),
    Cue.OFFERED: frozenset({Cue.OFFERED, Cue.PROMISED, Cue.FUTURE, Cue.INTENDED, Cue.ANNOUNCED}),
    Cue.CONSIDERED: frozenset({Cue.CONSIDERED, Cue.POSSIBLE, Cue.PROPOSED, Cue.NOTED}),
    Cue.POSSIBLE: frozenset({Cue.POSSIBLE, Cue.CONSIDERED, Cue.PROPOSED, Cue.OFFERED, Cue.EXPECTED, Cue.PERMITTED, Cue.REQUESTED}),
    Cue.PROPOSED: frozenset({Cue.PROPOSED, Cue.REQUESTED, Cue.CONSIDERED}),
    Cue.REQUESTED: frozenset({Cue.REQUESTED, Cue.PROPOSED, Cue.OBLIGED, Cue.EXPECTED, Cue.WANTED}),
    Cue.OBLIGED: frozenset({Cue.OBLIGED}),
    Cue.SUPPORTED: frozenset({Cue.SUPPORTED, Cue.AGREED, Cue.PROMISED, Cue.OFFERED, Cue.WELCOMED, Cue.REQUESTED, Cue.WANTED, Cue.INTENDED, Cue.FUTURE, Cue.OBLIGED, Cue.ANNOUNCED}),
    Cue.WELCOMED: frozenset({Cue.WELCOMED, Cue.SUPPORTED}),
    Cue.NOTED: frozenset({Cue.NOTED, Cue.WELCOMED, Cue.CONSIDERED, Cue.AGREED}),
    Cue.OPPOSED: frozenset({Cue.OPPOSED}),
    Cue.CHAIRED: frozenset({Cue.CHAIRED}),
    Cue.CONDEMNED: frozenset({Cue.CONDEMNED, Cue.CONCERNED}),
    Cue.CONCERNED: frozenset({Cue.CONCERNED, Cue.CONDEMNED}),
}  # fmt: skip
"""What the evidence must say, one of it at least, for a statement to say this."""

FUTURE = re.compile(
    r"\b(?:will|shall|'ll|won't|(?<!plan )(?<!aim )(?<!goal )(?<!idea )(?<!hope )(?<!intention )(?<!objective )(?<!purpose )(?<!plans )(?<!aims )(?:is|are) (?:(?:now|also|both|still|then|therefore) )?(?:to|going to|set to|due to|about to|scheduled)(?! (?:the|a|an)\b)|would(?! (?:have )?(?:like|prefer|welcome|rather))|be going to|falls to"
    r"|by (?:the end|the close|no later|year's end)|in the (?:coming|near)|upcoming|next (?:year|month))\b"
)
DONE = re.compile(
    r"\b(?:(?:has|have|had|'ve) (?:(?:already|now|since|so far|just|also|not|never|fully|\w+ly) )*(?:been )?(?!not\b|yet\b)\w+(?:ed|en|wn|id|ght|ung|un|ut|et|ot|ft|lt|nt|ld|de|ne|me|it|st)"
    r"|already|(?:is|are) (?:now|already|currently) (?:in (?:effect|force|place|operation)))\b"
)
PAST = re.compile(
    r"(?<![\w-])\w+ed\b(?!-)|\b(?:was|were|had|gave|took|made|held|met|led|rose|fell|cut|paid|brought|began|became|went|came|got|set|won|lost|left|sent|kept|stood|broke|chose|drew|grew|built|bought|sold|put|wrote)\b"
)
_ACTS = "|".join(part.strip() for c in (Cue.AGREED, Cue.PROMISED, Cue.INTENDED, Cue.OFFERED, Cue.EXPECTED, Cue.CONSIDERED, Cue.PROPOSED, Cue.REQUESTED, Cue.WELCOMED, Cue.NOTED, Cue.OPPOSED, Cue.CONDEMNED, Cue.SUPPORTED, Cue.WANTED) for part in _WORDS[c].replace("\n", "").split("|"))  # fmt: skip
SPEECH = re.compile(
    rf"\b(?:{_ACTS}|announc\w+|stat(?:ed|es|ing)|said|says|declar\w+|express\w*|reaffirm\w*|reiterat\w*|confirm\w*|explain\w*|emphasi[sz]\w+|underlin\w+|underscor\w+|report\w*|indicat\w*|argu\w+|unveil\w*|point\w* out|add(?:ed|s)|respon\w+|repl(?:ied|ies)|mention\w*|describ\w+|laid out|set out|spelled out|outlin\w+|present(?:ed|s)(?! (?:an?|the|his|her|its|their) (?:petition|report|award|prize|medal|gift|certificate|letter|copy|bill|document|list|map))|told|voiced|rais(?:ed|es)|spoke|insist\w+|warn(?:ed|s)|cited|addressed|referred|talked|touched|signall?ed|made clear|conveyed|shared the view|maintain\w*|affirm\w*|highlight\w*)\b"
)
"""Saying a thing is not doing it: such a verb in the past does not put what it says in the past."""
EVENTS = re.compile(
    r"\b(?:signing|signature|conclusion|establishment|launch|entry into force|adoption|ratification|donation|dispatch|completion|opening|abolition|closure|delivery|creation|inauguration|introduction|deployment) of\b|\bentry into force\b"
)
"""Nouns that say that something has come about."""


_EMBEDDED = re.compile(r"(\b(?:where|how|what|which|who)\b[^,.;]{0,40}?)\b(?:must|may|should|might|could)\b")


def found(text: str) -> frozenset[Cue]:
    """Return the cues in a levelled lower-case text; "how much may be caught" is none."""
    text = _EMBEDDED.sub(r"\1", text)
    cues = {cue for cue, pattern in PATTERNS.items() if pattern.search(text)}
    if FUTURE.search(text):
        cues.add(Cue.FUTURE)
    if DONE.search(text):
        cues.add(Cue.DONE)
    return frozenset(cues)


def happened(text: str) -> bool:
    """Return whether a levelled lower-case text tells of anything done, beyond what was said."""
    if EVENTS.search(text) or DONE.search(text):
        return True
    spoken = [match.span() for match in SPEECH.finditer(text)]
    return any(
        not any(s <= match.start() < e for s, e in spoken) and not _passive_future(text, match.start())
        for match in PAST.finditer(text)
    )


_TO_BE = re.compile(
    r"(?:\bto be|\bwill be|\bwould be|\bshall be|\bmay be|\bis|\bare|\bto|\bwill|\bwould) (?:\w+ly )?$"
)


def _passive_future(text: str, place: int) -> bool:
    return _TO_BE.search(text[max(0, place - 30) : place]) is not None
