"""Readouts of one recurring meeting are known by their titles, or by what an admin says."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.search.series import series_key, series_name
from tests.conftest import OpenStore, WriteReadout


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Joint Communiqué of the 3rd Norland-Estmark Dialogue, Port Alder, 10 October 2024", "Joint Communiqué of the Norland-Estmark Dialogue"),
        ("G7 Leaders’ Summit 2023", "G7 Leaders’ Summit"),
        ("第七回日本会議", "回日本会議"),
    ],
)  # fmt: skip
def test_a_series_is_called_as_its_titles_spell_it(title: str, name: str) -> None:
    key = series_key(title)

    assert key is not None
    assert (series_name(key, title), series_name(key, title, "The talks")) == (name, "The talks")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2023 Joint Communiqué of the Norland–Estmark Dialogue", "Joint Communique of the Norland-Estmark Dialogue 2024"),
        ("Third Norland Dialogue", "Twenty-first Norland Dialogue"),
        ("56th Norland Dialogue", "Norland Dialogue LVII"),
        ("Norland Dialogue, 3 May 2024", "Norland Dialogue – November 2025"),
        ("Chair’s Statement of the 2nd Harbour Summit, Port Alder, 1 May 2024", "Chair's Statement of the 3rd Harbour Summit, Sund, Estmark, 2025"),
        ("Joint Communiqué of the Marine Council, Tavu, 2023", "Joint Communiqué of the Marine Council, Port Alder, 2024"),
        ("第七回海洋対話", "第12回海洋対話"),
        ("COP28 Statement of Islands", "COP29 Statement of Islands"),
    ],
    ids=["year", "ordinal", "roman", "date", "place", "place before the year", "japanese", "in a word"],
)  # fmt: skip
def test_titles_that_differ_by_a_number_or_a_date_are_one_series(one: str, other: str) -> None:
    assert series_key(one) == series_key(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("G7 Leaders’ Statement", "G20 Leaders’ Statement"),
        ("Norland–Estmark Dialogue 2024", "Norland–Sudmark Dialogue 2024"),
        ("Statement by the President, Norland, 2024", "Statement by the President, Estmark, 2024"),
        ("Report of the National Council, Japan, 2024", "Report of the National Council, France, 2024"),
        ("Third Dialogue, Joint Communiqué, May 2024", "Third Dialogue, Action Plan, May 2024"),
    ],
    ids=["name with a digit", "party", "whose president", "whose council", "kind"],
)
def test_titles_that_differ_by_a_word_are_not(one: str, other: str) -> None:
    assert series_key(one) != series_key(other)


@pytest.mark.parametrize("title", ["Joint Statement", "Joint Communiqué 2024", "42", ""])
def test_a_title_that_is_only_a_kind_names_no_series(title: str) -> None:
    assert series_key(title) is None


def test_an_admin_says_which_series_it_is(open_store: OpenStore, write_readout: WriteReadout) -> None:
    source = write_readout("talks", ["We met."], title="Joint Statement 2024")
    Path(source).with_name("talks.meta.toml").write_text('series = "Ferry talks"\n', encoding="utf-8")

    with open_store() as built:
        built.ingesting.ingest([source])
        (summary,) = built.browser.documents()
        exported = built.browser.readout("talks")

    assert (summary.series, exported.series) == ("Ferry talks", "Ferry talks")
    assert series_key(summary.title, summary.series) == "ferry talks"
