"""What the words of a sentence put on the list, and what they do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.initiatives import extract_initiatives, verify
from retrieval.initiatives.lexicon import word_set
from retrieval.models import Initiative, Paragraph, Readout

Build = Callable[..., Readout]


def named(entries: tuple[Initiative, ...], part: str) -> Initiative:
    """The one entry whose name contains `part`."""
    found = [e for e in entries if part.lower() in e.name.lower()]
    assert len(found) == 1, [e.name for e in entries]
    return found[0]


@pytest.mark.parametrize(
    ("sentence", "name", "kind"),
    [
        ("The two ministers agreed to establish a joint hydrology centre.", "hydrology centre", "new"),
        ("Norland will hold a seminar on glacier safety.", "seminar on glacier safety", "new"),
        ("We will launch a ferry safety working group.", "Ferry safety working group", "new"),
        ("Both sides decided to convene a fisheries forum next year.", "Fisheries forum", "new"),
        (
            "The President announced the creation of a coastal rescue network.",
            "Coastal rescue network",
            "new",
        ),
        (
            "The parties signed the Norland-Estmark Customs Agreement.",
            "Norland-Estmark Customs Agreement",
            "new",
        ),
        ("The leaders resolved to deepen maritime cooperation.", "Maritime cooperation", "new"),
        ("They intend to exchange information on wildfires.", "Exchange of information on wildfires", "new"),
        (
            "The ministers will continue to cooperate on avalanche warning.",
            "Cooperation on avalanche",
            "continuing",
        ),
        (
            "Norland will maintain its student scholarship programme.",
            "Student scholarship programme",
            "continuing",
        ),
        (
            "Norland reaffirmed its commitment to expand vaccine production.",
            "Vaccine production",
            "continuing",
        ),
        ("Norland will resume defence staff exchanges.", "Defence staff exchanges", "resumed"),
        ("Norland will support the harbour dredging project.", "Harbour dredging project", "support"),
        ("The ministers expressed support for the Lakes Clean-up Plan.", "Lakes Clean-up Plan", "support"),
        ("They tasked officials to prepare a railway roadmap.", "Railway roadmap", "request"),
        (
            "The ministers called for negotiations on a visa agreement.",
            "Negotiations on a visa agreement",
            "request",
        ),
        ("Trade will grow under the Harbour Vision 2.0.", "Harbour Vision 2.0", "framework"),
        ("Norland announced that it will host the 5th Tides Conference.", "5th Tides Conference", "new"),
        ("Norland pledged 10 billion crowns over five years for dykes.", "10 billion crowns", "new"),
        ("The ministers agreed to set up a joint committee.", "Joint committee", "new"),
        ("The two coast guards will conduct joint exercises.", "Joint exercises", "new"),
        ("We announce the establishment of a new joint kelp network.", "New joint kelp network", "new"),
        ("They concurred on accelerating talks on a dairy treaty.", "Talks on a dairy treaty", "new"),
        ("The leaders welcomed the signing of the MoU on Kelp.", "MoU on Kelp", "new"),
        ("STRENGTHEN practical cooperation in flood relief.", "cooperation in flood relief", "new"),
        ("Both countries will maintain their annual strategic dialogue.", "strategic dialogue", "continuing"),
        ("They noted the progress made on the Lakes Plan of Action.", "Lakes Plan of Action", "continuing"),
        ("They endorsed the Roadmap on Clean Seas.", "Roadmap on Clean Seas", "support"),
        ("The chairs instructed their teams to finalise the Kelp Agreement.", "Kelp Agreement", "request"),
    ],
)
def test_the_verb_decides_the_kind(readout: Build, sentence: str, name: str, kind: str) -> None:
    entry = named(extract_initiatives(readout(sentence)), name)

    assert entry.kind == kind


@pytest.mark.parametrize(
    "sentence",
    [
        "The ministers welcomed the growing friendship.",
        "The ministers discussed a joint naval exercise.",
        "The ministers exchanged views on maritime cooperation.",
        "Norland will consider a fisheries programme.",
        "The ministers explored a scholarship fund.",
        "Norland would not join the railway project.",
        "The ministers condemned the missile programme.",
        "Norland urged the rebels to stop the violence.",
        "The ministers called on the junta to release all detainees.",
        "The ministers noted the principles of the Harbour Charter.",
        "The minister delivered a speech on the theme of “Towards a Shared Future”.",
        "The ministers met in Northport.",
        "A meeting was held in Northport.",
        "We will uphold peace and stability.",
        "They committed to strengthen their cooperation on common challenges.",
        "The ministers stressed the importance of the rule of law.",
        "The minister expressed the hope that a ferry agreement would be signed.",
        "The agreement will bring jobs and a new harbour fund.",
        "The ministers agreed to explore a free trade agreement.",
        "The ministers noted the treaty, which will deliver a new harbour fund.",
        "Norland should never build a chemical weapon.",
    ],
)
def test_welcomes_discussions_demands_and_values_are_not_listed(readout: Build, sentence: str) -> None:
    assert extract_initiatives(readout(sentence)) == ()


def test_each_verb_of_a_long_sentence_governs_its_own_object(readout: Build) -> None:
    entries = extract_initiatives(
        readout(
            "She stated that in the field of energy, Norland will hold a seminar on tidal power, whilst "
            "in the area of transport the Ministry will conduct a novel Norland-Estmark Rail Safety Exercise "
            "in addition to the ongoing “Norland-Estmark Signal Training Program.”"
        )
    )

    assert [(e.name, e.kind, e.actor) for e in entries] == [
        ("Seminar on tidal power", "new", "Norland"),
        ("Norland-Estmark Rail Safety Exercise", "new", "the Ministry"),
        ("Norland-Estmark Signal Training Program", "continuing", "the Ministry"),
    ]


def test_a_list_of_gerunds_is_a_list_of_entries(readout: Build) -> None:
    entries = extract_initiatives(
        readout(
            "The two leaders intend to strengthen harbour security, including by upgrading the radar "
            "network, increasing joint patrols, and promoting coastguard training."
        )
    )

    names = [e.name.lower() for e in entries]
    assert any("radar network" in n for n in names)
    assert any("patrols" in n for n in names)
    assert any("coastguard training" in n for n in names)


def test_every_line_of_a_list_of_signed_texts_is_an_entry(readout: Build) -> None:
    entries = extract_initiatives(
        readout(
            "The following memoranda were signed: - Cooperation in Beekeeping - MoU on Lighthouse Keeping"
        )
    )

    assert [(e.name, e.kind) for e in entries] == [
        ("Cooperation in Beekeeping", "new"),
        ("MoU on Lighthouse Keeping", "new"),
    ]


def test_a_first_time_in_years_is_resumed(readout: Build) -> None:
    entry = named(
        extract_initiatives(
            readout(
                "The 5th Norland-Estmark Ferry Forum will be held this year for the first time in four years."
            )
        ),
        "Ferry Forum",
    )

    assert (entry.kind, entry.when) == ("resumed", "this year for the first time in four years")


@pytest.mark.parametrize(
    ("sentence", "when"),
    [
        ("We will hold a fisheries summit by the end of 2031.", "by the end of 2031"),
        ("We will hold a fisheries summit in early 2031.", "in early 2031"),
        ("We will hold a fisheries summit as soon as possible.", "as soon as possible"),
        ("We will hold a fisheries summit at an early date.", "at an early date"),
        ("We will hold a fisheries summit in the coming months.", "in the coming months"),
        ("We will hold a fisheries summit.", None),
    ],
)
def test_when_is_given_as_written_and_kept_out_of_the_name(
    readout: Build, sentence: str, when: str | None
) -> None:
    (entry,) = extract_initiatives(readout(sentence))

    assert (entry.name, entry.when) == ("Fisheries summit", when)


@pytest.mark.parametrize(
    ("texts", "actor"),
    [
        (("Minister Aalto arrived. He agreed to establish a tidal research centre.",), "Minister Aalto"),
        (("The two ministers met. They agreed to establish a tidal research centre.",), "The two ministers"),
        (("We agreed to establish a tidal research centre.",), "We"),
        (("The ministers stated that Norland will establish a tidal research centre.",), "Norland"),
        (("Norland welcomed Estmark’s intention to establish a tidal research centre.",), "Estmark"),
    ],
    ids=["he", "they", "we", "reported", "owner of the intention"],
)
def test_the_actor_is_who_promises(readout: Build, texts: tuple[str, ...], actor: str) -> None:
    assert named(extract_initiatives(readout(*texts)), "tidal research centre").actor == actor


def test_this_area_is_named(readout: Build) -> None:
    entries = extract_initiatives(
        readout(
            "They underlined the value of promoting the use of tidal power and confirmed that the two "
            "countries would continue bilateral cooperation in this area."
        )
    )

    assert [(e.name, e.kind) for e in entries] == [
        ("Bilateral cooperation in the use of tidal power", "continuing")
    ]


def test_invitations_are_visits(readout: Build) -> None:
    entry = named(
        extract_initiatives(
            readout("President Oru accepted an invitation from Queen Ilme for an official visit to Norland.")
        ),
        "official visit to Norland",
    )

    assert (entry.kind, entry.actor) == ("new", "President Oru")


def test_one_initiative_in_several_paragraphs_is_one_entry(readout: Build) -> None:
    entries = extract_initiatives(
        readout(
            "The leaders established the Norland Partnership for Clean Harbours (NPCH).",
            "They discussed the weather.",
            "They thanked the experts who had prepared the Partnership.",
            "Progress under NPCH was reviewed.",
        )
    )

    entry = named(entries, "Clean Harbours")
    assert (entry.kind, [c.paragraph for c in entry.citations]) == ("new", ["1", "3", "4"])


def test_the_shipped_readout_lists_its_initiatives(shipped: Readout) -> None:
    listed = {e.name: (e.kind, [c.paragraph for c in e.citations]) for e in extract_initiatives(shipped)}

    assert listed["Vientiane Vision 2.0"] == ("framework", ["5", "10"])
    assert listed["Japan-ASEAN Cyber International Law Seminar"] == ("new", ["7"])
    assert listed["12th Japan-ASEAN Defense Vice-Ministerial Forum"] == ("resumed", ["6"])
    assert listed["Full-fledged, face-to-face defense exchanges and cooperation"] == ("resumed", ["6"])
    assert listed["Japan-ASEAN Cyber Security Training Program for Defense Authorities"] == (
        "continuing",
        ["7"],
    )
    assert any("Climate Change Task Force" in name for name in listed)
    assert not any(
        word in name for name in listed for word in ("Code of Conduct", "Charter", "UNCLOS", "violence")
    )


def test_an_object_that_is_only_an_open_bracket_is_no_entry(readout: Build) -> None:
    assert extract_initiatives(readout("They announced ( $5")) == ()


def test_a_second_paragraph_of_one_number_does_not_steal_the_first_ones_quotes() -> None:
    twins = (
        Paragraph("1", "Norland will hold a tidal seminar."),
        Paragraph("1", "Estmark and Norland will hold a glacier forum."),
    )
    readout = Readout("twins", "Twins", twins)

    assert all(verify(entry, readout) is None for entry in extract_initiatives(readout))


WORDS = st.sampled_from(
    sorted(
        word_set(
            """will to and , . ; : the The of on by for that which we They Norland’s U.S. agreed
            announced establish holding strengthen support efforts cooperation programme “ ” ( ) - 2.0
            12th Harbour Vision Forum including not be was in this area invitation visit accepted
            steps next ongoing launch SDG (SDG) $5 million as well timely commitment U. no. D.C. TO
            ESTABLISH"""
        )
    )
)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.lists(WORDS, max_size=40).map(" ".join), max_size=4))
def test_any_sequence_of_its_own_words_gives_entries_that_hold(texts: list[str]) -> None:
    readout = Readout("any", "Any", tuple(Paragraph(str(i), text) for i, text in enumerate(texts)))

    entries = extract_initiatives(readout)

    assert all(verify(entry, readout) is None for entry in entries)
    assert extract_initiatives(readout) == entries


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text(max_size=200), max_size=3))
def test_any_text_gives_entries_that_hold(texts: list[str]) -> None:
    readout = Readout("any", "Any", tuple(Paragraph(str(i), text) for i, text in enumerate(texts)))

    assert all(verify(entry, readout) is None for entry in extract_initiatives(readout))
