"""The words the grammar knows, as data, and why each list is there.

Nothing here names a document, a country or a programme: the lists are the closed classes of English, the
verbs
official readouts commit themselves with, and the common nouns that initiatives are called by.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from functools import cache
from typing import NamedTuple


def word_set(listed: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(listed.split())


class Verb(StrEnum):
    """What a verb says about what follows it."""

    COMMIT = "commit"  # "agreed to", "intend to": what follows is promised
    LIGHT = "light"  # "seek to", "join forces to": carries the promise on to the next verb
    ANNOUNCE = "announce"  # "announced": the object is the news
    CREATE = "create"  # "establish", "hold": the object comes to be
    FOSTER = "foster"  # "strengthen", "expand": the object grows; a value or an initiative
    CONTINUE = "continue"
    RESUME = "resume"
    COOPERATE = "cooperate"  # the verb itself is the initiative
    SUPPORT = "support"  # "support", "assist": the initiative is another's, or the help itself
    GIVE = "give"  # "provide", "contribute": the object is the help
    REQUEST = "request"  # "asked", "called for"
    EXPECT = "expect"  # "looked forward to"
    ACT = "act"  # any other concrete doing
    VALUE = "value"  # "uphold", "ensure": positions, not measures
    WELCOME = "welcome"  # appreciation: nothing is agreed by it
    REPORT = "report"  # "stated", "emphasised": transparent to what is reported
    TENTATIVE = "tentative"  # "discussed", "consider", "explore": nothing is promised
    AGAINST = "against"  # "condemn", "oppose"
    BE = "be"


class Form(NamedTuple):
    """One inflected form of a verb."""

    lemma: str
    verb: Verb
    base: bool
    third: bool
    past: bool
    gerund: bool


_VERBS: dict[Verb, str] = {
    Verb.COMMIT: """agree decide resolve commit recommit pledge undertake:undertook:undertaken intend plan
    determine promise vow concur""",
    Verb.LIGHT: """seek:sought strive:strove:striven work aim join endeavour endeavor try begin:began:begun
    start proceed move help act endeavor redouble""",
    Verb.ANNOUNCE: """announce unveil declare""",
    Verb.CREATE: """hold:held conduct establish re-establish reestablish create launch convene host
    set:set:set organise organize initiate sign conclude adopt open introduce issue form
    inaugurate finalise finalize found negotiate stage ratify elevate co-host complete
    appoint designate formalise formalize operationalise operationalize commence""",
    Verb.FOSTER: """strengthen deepen enhance expand intensify promote advance develop build:built upgrade
    accelerate increase broaden widen improve boost foster facilitate bolster reinforce
    further extend scale step elevate encourage raise grow revitalise revitalize
    reinvigorate consolidate modernise modernize diversify augment streamline maximise
    maximize""",
    Verb.CONTINUE: """continue maintain sustain keep:kept renew preserve reaffirm""",
    Verb.RESUME: """resume restart reopen relaunch re-launch revive restore reinstate""",
    Verb.COOPERATE: """cooperate co-operate collaborate coordinate co-ordinate consult meet:met partner
    exchange share engage converse confer train visit liaise interact dialogue""",
    Verb.SUPPORT: """support assist back fund finance endorse sponsor""",
    Verb.GIVE: """provide contribute donate deliver offer extend invest supply allocate dispatch
    give:gave:given mobilise mobilize""",
    Verb.REQUEST: """ask instruct task direct call urge request mandate""",
    Verb.EXPECT: """look anticipate expect await""",
    Verb.ACT: """implement realise realize achieve pursue take:took:taken make:made bring:brought
    identify review examine apply join deal carry put:put:put produce monitor transfer
    deploy prepare publish follow reform integrate align link connect protect undertake vet
    return construct lead:led participate prevent reduce mitigate adapt restrict eliminate
    remove phase detect stop cut invite accept welcome replace restructure study assess
    research test track evolve operate manage regulate lower double triple raise
    translate accede admit enter add build raise chair disclose harmonise harmonize
    standardise standardize simplify liberalise liberalize ease repatriate resettle relocate
    evacuate rebuild recruit employ purchase procure acquire sell:sold buy:bought export
    import eradicate decarbonise decarbonize disarm dismantle refrain lift halt reverse
    attend drive:drove transition tackle revise update accompany serve collect
    raise designate rotate station position preposition refurbish renovate cover grant award
    exempt waive abolish institute drill patrol""",
    Verb.VALUE: """address combat tackle counter fight:fought end respond leverage utilise utilize use
    unleash combine harness play acquire obtain understand:understood face include benefit
    allow enable succeed prosper ensure uphold champion defend respect stand:stood
    remain prioritise prioritize comply adhere believe recognise recognize affirm honour
    honor strive safeguard guarantee secure abide fulfil fulfill resist deter ascertain hope
    wish desire remember value attach""",
    Verb.WELCOME: """welcome applaud commend appreciate praise congratulate thank hail note acknowledge
    recall value celebrate appreciate mark""",
    Verb.REPORT: """state say:said express emphasise emphasize stress underline underscore highlight
    indicate point mention affirm reaffirm reiterate confirm explain inform report brief
    describe renew assert observe add tell :told recognise recognize note clarify assure
    refer feature reemphasize re-emphasize""",
    Verb.TENTATIVE: """discuss consider explore debate deliberate contemplate propose suggest
      reflect envisage touch""",
    Verb.AGAINST: """condemn oppose deplore reject regret denounce criticise criticize""",
    Verb.BE: """be""",
}
"""Base forms, with irregular past and participle after colons; a trailing "_" only documents a reading not
taken.
A verb listed twice takes its first class in the order of the enumeration above, except in `_PREFERRED`."""

_PREFERRED: dict[str, Verb] = {
    "reaffirm": Verb.REPORT,
    "affirm": Verb.REPORT,
    "note": Verb.WELCOME,
    "renew": Verb.CONTINUE,
    "recognise": Verb.REPORT,
    "recognize": Verb.REPORT,
    "extend": Verb.FOSTER,
    "welcome": Verb.WELCOME,
    "join": Verb.ACT,
    "raise": Verb.FOSTER,
    "value": Verb.WELCOME,
    "restore": Verb.VALUE,
    "elevate": Verb.FOSTER,
    "designate": Verb.ACT,
}

_IRREGULAR_DOUBLING = word_set(
    """commit recommit plan step set cut put begin vet stop refer transfer prefer confer concur admit submit
    permit deter occur"""
)

MODALS = word_set("will shall would should could can may might must")
PROMISING_MODALS = frozenset({"will", "shall", "would"})
BE_FORMS = word_set("is are was were be been being am")
HAVE_FORMS = frozenset({"has", "have", "had", "having"})
COPULAS = BE_FORMS | {"remain", "remains", "remained", "stand", "stands", "stood"}
COMMITTED_ADJECTIVES = word_set("committed determined resolved ready willing dedicated prepared poised")
COMMITTED_NOUNS = word_set(
    """commitment commitments intent intention intentions determination willingness readiness decision
    resolve plans pledge pledges decisions undertaking"""
)
"""Nouns that promise what their "to …" says: "expressed their willingness to bring … into force"."""

DETERMINERS = word_set(
    """a an the this that these those its their our his her my your any all each both some every another
    such no"""
)
POSSESSIVES = word_set("its their our his her my your")
PRONOUNS = frozenset({"he", "she", "they", "we", "it", "i"})
PREPOSITIONS = word_set(
    """of in on for to with at by from under through between among within into over against during since
    towards toward via across upon regarding concerning about after before without throughout around
    including alongside amid beyond despite per behind following pursuant"""
)
CONJUNCTIONS = frozenset({"and", "or", "but", "nor", "&"})
SUBORDINATORS = word_set(
    """while whilst whereas because although though if when where unless until how whether what why so"""
)
RELATIVES = frozenset({"which", "who", "whom", "whose", "that", "where"})
ADVERBS = word_set(
    """also not further together therefore thus often soon well again both already still now more most
    rather very always never once then too even only just hereby today forward jointly either here ahead
    there yesterday yet instead moreover furthermore once"""
)

HEADS_BODY = """working_group steering_group task_force taskforce expert_group contact_group committee
    council forum fora secretariat centre center network mechanism commission platform hub
    office track consortium coalition hotline institute academy panel subcommittee team"""
HEADS_EVENT = """seminar dialogue exercise summit meeting conference mission workshop symposium
    consultation talk training visit negotiation round course drill patrol festival session
    discussion roundtable expo demonstration consultation_period reunion tour ceremony
    congress"""
HEADS_INSTRUMENT = """agreement memorandum memoranda mou treaty pact compact arrangement declaration protocol
    accord fta epa cepa mous acquisition_and_cross-servicing_agreement statement_of_intent
    letter_of_intent convention"""
HEADS_FRAMEWORK = """vision framework partnership initiative strategy roadmap plan action_plan plan_of_action
    alliance outlook guideline consensus agenda blueprint work_plan programme_of_work
    program_of_work masterplan dialogue_relation"""
HEADS_RESOURCE = """fund grant loan package facility scholarship fellowship programme program project
    campaign assistance aid donation contribution scheme portfolio trust_fund endowment
    course pilot corridor award prize credit_line line_of_credit funding pipeline satellite"""
HEADS_COOPERATION = """cooperation co-operation collaboration coordination exchange training partnership
    linkage interoperability co-production co-development information-sharing activity
    effort engagement reform capability skill capacity implementation support
    capacity-building capacity_building access supply link production investment export
    import deployment construction presence capability realignment repatriation procurement
    sharing negotiation consultation education research trade mobility evacuation rotation
    measure"""

EVENT_NOUNS = word_set(
    """establishment launch signing commencement conclusion extension renewal creation inauguration
    announcement adoption finalisation finalization expansion entry start opening elevation introduction
    ratification upgrade convening hosting formation completion"""
)
"""Nouns that name the coming to be of what their "of …" says; even merely welcomed, such a thing exists."""

UNDERWAY_NOUNS = word_set(
    """implementation construction deployment realisation realization continuation rollout"""
)
"""Nouns that say that what their "of …" names is being done."""

TALLIED = frozenset({"new", "further", "additional", "more"})
"""What makes "initiatives in …" news."""

TRANSPARENT_NOUNS = word_set("development promotion strengthening convening advancement")
"""Nouns that look through to what their "of …" names: "the development of an agenda" is about the agenda."""

LOOSE_ACTS = word_set(
    """achieve realise realize pursue take make bring put do follow manage lead enter add carry protect
    monitor participate keep maximise maximize build reduce"""
)
"""Doings that promise a measure only where their object is one: "achieve reform", not "achieve peace"."""

PROGRESS_NOUNS = word_set(
    """progress implementation work success preparations advances outcome outcomes contribution"""
)

GENERIC = word_set(
    """abduction abductions ability across action actions active actor actors additional agenda all
    ambition ambitions ambitious annual approach approaches appropriate area areas asia-pacific
    aspiration aspirations attention available balanced based basis bedrock beneficial benefit benefits
    best beyond bilateral billion bond bonds both broad capacities capacity centrality challenge
    challenges close closely closely-coordinated closer coercion collaboration collective commitment
    commitments common communities community comprehensive concept concrete conditions conflict
    constructive context continued contribution contributions cooperate cooperation coordination
    countries country cultural defining democracy democratic denuclearisation denuclearization
    development developments dignity diplomacy dispute disputes do dollars domain domains early
    effective effort efforts enduring engagement equal equality euros existing fair favorable favourable
    field fields first focus following forward four free freedom freedoms friendship full fully further
    future global goal goals government governments great greater growth high high-level human
    importance important inaugural inclusion inclusive indo-pacific institutional institutions integrity
    intensified interest interests international ironclad issue issues joint key lasting law laws
    leaders leading level levels life-saving light link links local long-standing longstanding many
    matter matters means measure measures member members million ministers momentum more multilateral
    multilateralism mutual mutually nation national nations necessary new next objective objectives
    obligations ongoing open opportunities opportunity order other others outcome outcomes overall own
    parties partner partners partnership partnerships party path peace peaceful people peoples personal
    political positive possible potential practical pressing principle principles priorities priority
    problem problems progress prosperity prosperous purpose purposes range region regional regions
    regular related relation relations relationship relationships relevant renewed resilience resilient
    resolution respect respective response responses responsibilities responsibility result results
    rights robust role rooted rule rules rules-based sanctions secure security shared side side's sides
    significant so social sovereignty spirit stability stable stakeholder stakeholders state states
    steadfast step steps strategic strength strong stronger strongest substantial success successful
    such support sustainable territorial thousand three ties time times together transparent trilateral
    trust two underpinned understanding unity unwavering urgent value values various view views violence
    vision vital voice war way ways well wide wide-ranging work works world yen"""
)
"""Words that make no initiative recognisable: "strengthen our cooperation on common challenges" is a
position,
"strengthen maritime cooperation" a measure. An entry needs at least one word outside this list."""

NOT_INITIATIVE = word_set(
    """charter convention resolution resolutions law laws act constitution republic ministry government
    united nations president minister secretary department parliament embassy speech theme theatre
    theater"""
)
"""A capitalised name that ends in one of these is a legal text, an office or a speech."""


def _inflect(base: str, past: str | None, participle: str | None) -> Iterator[tuple[str, str]]:
    doubled = base + base[-1] if base in _IRREGULAR_DOUBLING else base
    stem = base[:-1] if base.endswith("e") and base not in {"be", "agree", "see"} else doubled
    yield base, "base"
    if base.endswith("y") and base[-2] not in "aeiou":
        yield base[:-1] + "ies", "third"
        yield base[:-1] + "ied", "past"
    else:
        yield base + ("es" if base.endswith(("s", "sh", "ch", "x", "z")) else "s"), "third"
        yield past or (base + "d" if base.endswith("e") else doubled + "ed"), "past"
    if participle:
        yield participle, "past"
    yield (base + "ing" if base in {"agree", "see", "be"} else stem + "ing"), "gerund"


@cache
def verb_forms() -> dict[str, Form]:
    """Every inflected form the grammar knows, by its lower-case spelling."""
    lemmas: dict[str, tuple[Verb, str | None, str | None]] = {}
    for verb, words in _VERBS.items():
        for entry in words.split():
            base, _, rest = entry.partition(":")
            irregular, _, perfect = rest.partition(":")
            lemmas.setdefault(base, (_PREFERRED.get(base, verb), irregular or None, perfect or None))
    forms: dict[str, Form] = {}
    for base, (verb, past, participle) in lemmas.items():
        for spelling, form in _inflect(base, past, participle):
            known = forms.get(spelling)
            flags = {
                name: form == name or (known is not None and getattr(known, name))
                for name in ("base", "third", "past", "gerund")
            }
            forms[spelling] = Form(base, verb, **flags)
    return forms


NOUN_GERUNDS = word_set(
    """training meeting funding financing manufacturing planning understanding banking fishing trafficking
    smuggling computing mining engineering briefing hearing offering setting standing processing housing
    opening signing gathering finding teaching hosting bullying lending warning pricing laundering
    peacekeeping peacebuilding policing farming ongoing upcoming forthcoming outstanding following
    including regarding concerning demining screening crossing sourcing information-sharing
    burden-sharing beginning"""
)
"""Words in -ing that are nouns, adjectives or prepositions unless an object with a determiner follows."""

ADJECTIVE_GERUNDS = word_set(
    """building growing developing emerging leading increasing evolving enduring functioning cutting
    sharing monitoring learning existing pressing"""
)
"""Words in -ing that are verbs only in a list of gerunds or after "by", "through", "including", "to"."""

AMBIGUOUS_BASES = word_set(
    """support work exchange plan visit  focus share report fund finance aim  start move act back
    task call request mandate look value mark note praise state stress point brief use lead return study
    track counter end cut halt drive cover grant award increase upgrade advance promise pledge resolve
    partner meet train benefit  transfer review reform research test export import link double
    contract debate dialogue step scale access  double further open supply form set issue position
    sign patrol drill process"""
)
"""Base forms that are nouns or adjectives as often as verbs: verbs only where the words around agree."""


@cache
def form_nouns() -> frozenset[str]:
    """Heads that say what form an initiative takes, nothing of what it is about ("seminar")."""
    families = (HEADS_BODY, HEADS_EVENT, HEADS_INSTRUMENT, HEADS_FRAMEWORK, HEADS_RESOURCE)
    topical = word_set(
        "education training research pipeline satellite fellowship scholarship hotline patrol drill"
    )
    return frozenset(part for f in families for head in f.split() for part in head.split("_")) - topical


@cache
def head_kinds() -> dict[str, str]:
    """Head noun (singular, words joined by "_") -> the family it belongs to."""
    families = {
        "cooperation": HEADS_COOPERATION,
        "resource": HEADS_RESOURCE,
        "framework": HEADS_FRAMEWORK,
        "instrument": HEADS_INSTRUMENT,
        "event": HEADS_EVENT,
        "body": HEADS_BODY,
    }
    return {head: family for family, heads in families.items() for head in heads.split()}


_PLURAL = re.compile(r"(ies|(?<=ch)es|(?<=sh)es|(?<=x)es|s)$")


@cache
def singular(word: str) -> str:
    """A light singular: enough to look a noun up in the lists above."""
    if len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    if word.endswith("ies"):
        return word[:-3] + "y"
    if word.endswith(("ches", "shes", "xes")):
        return word[:-2]
    return word[:-1] if word.endswith("s") else word


def head_family(words: tuple[str, ...]) -> str | None:
    """The family of the noun phrase that ends in `words`, or None."""
    kinds = head_kinds()
    for size in (3, 2, 1):
        if len(words) >= size:
            key = "_".join([*words[-size:-1], singular(words[-1])])
            if key in kinds:
                return kinds[key]
    return None
