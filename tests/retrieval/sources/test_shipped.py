"""The shipped readout, paragraph by paragraph."""

from pathlib import Path

import pytest

from retrieval.models import Numbering, Readout
from retrieval.sources import load_file

SHIPPED = Path(__file__).parents[3] / "corpus" / "asean-japan-2022-06-22.txt"


@pytest.fixture(scope="module")
def readout() -> Readout:
    (found,) = load_file(SHIPPED).readouts
    return found


def test_shipped_readout_says_what_it_is(readout: Readout) -> None:
    assert (
        readout.id,
        readout.title,
        readout.date,
        readout.issuer,
        readout.source_url,
        readout.language,
    ) == (
        "asean-japan-2022-06-22",
        "The 7th ASEAN-Japan Defense Ministers’ Informal Meeting",
        "2022-06-22",
        "Japan (Ministry of Defense)",
        None,
        "en",
    )


def test_shipped_readout_has_header_intro_and_ten_printed_paragraphs(readout: Readout) -> None:
    assert [p.number for p in readout.paragraphs] == ["header", "intro", *map(str, range(1, 11))]
    assert {p.numbering for p in readout.paragraphs[2:]} == {Numbering.PRINTED}
    assert readout.numbering == "printed"
    assert readout.warnings == ()


def test_header_stops_before_the_reading_time(readout: Readout) -> None:
    assert readout.paragraphs[0].text == (
        "The 7th ASEAN-Japan Defense Ministers’ Informal Meeting "
        "June 22nd, 2022 • Author: Japan (Ministry of Defense)"
    )


def test_typing_error_of_the_original_is_kept(readout: Readout) -> None:
    assert readout.paragraphs[3].text.startswith("he Cambodian Minister of National Defence")


def test_inline_items_stay_and_furniture_goes(readout: Readout) -> None:
    assert "(1) immediately stop the violence, (2) release" in readout.paragraphs[10].text
    assert readout.paragraphs[11].text.endswith("under the Vientiane Vision 2.0.")
