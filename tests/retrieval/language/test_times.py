"""The times that a question names, in the languages that dateparser knows."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.language.times import BEFORE, NEWEST, times_in

TODAY = date(2026, 11, 29)
LANGUAGES = ("en", "ja", "de")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("What was agreed in 2024?", "2024-01-01", "2024-12-31"),
        ("What did they say last year?", "2025-01-01", "2025-12-31"),
        ("two years ago", "2024-01-01", "2024-12-31"),
        ("since March 2023", "2023-03-01", "9999-12-31"),
        ("statements from 2024", "2024-01-01", "2024-12-31"),
        ("from 2024 onwards", "2024-01-01", "9999-12-31"),
        ("from 2022 to 2024", "2022-01-01", "2024-12-31"),
        ("before 2024", "0001-01-01", "2023-12-31"),
        ("between March 2022 and 5 June 2024", "2022-03-01", "2024-06-05"),
        ("昨年の対話では何が決まりましたか", "2025-01-01", "2025-12-31"),
        ("2024年3月以降", "2024-03-01", "9999-12-31"),
        ("2023年から2025年まで", "2023-01-01", "2025-12-31"),
        ("letztes Jahr", "2025-01-01", "2025-12-31"),
    ],
)
def test_a_time_is_a_span_of_days(text: str, first: str, last: str) -> None:
    assert times_in(text, TODAY, LANGUAGES).spans == ((date.fromisoformat(first), date.fromisoformat(last)),)


@pytest.mark.parametrize(
    "text", ["Did all 2000 soldiers come?", "What does Order 1920 make them do?", "2,024 ships"]
)
def test_a_number_that_counts_or_names_is_no_year(text: str) -> None:
    assert times_in(text, TODAY, LANGUAGES).spans == ()


def test_what_is_asked_stays_without_its_time() -> None:
    assert (
        times_in("What was agreed on fisheries in March 2024?", TODAY).rest == "What was agreed on fisheries?"
    )


@pytest.mark.parametrize(
    ("text", "place", "numbers"),
    [
        ("Where is the next Dialogue?", NEWEST, []),
        ("最新の立場", NEWEST, []),
        ("What did the previous communiqué say?", BEFORE, []),
        ("Who chaired the 6th meeting?", None, [6]),
        ("the Twenty-first Dialogue", None, [21]),
        ("第6回会合", None, [6]),
    ],
)
def test_a_place_in_a_series_is_told(text: str, place: int | None, numbers: list[int]) -> None:
    found = times_in(text, TODAY, LANGUAGES)

    assert (found.place, [number for number, _ in found.ordinals]) == (place, numbers)


@given(st.text(max_size=200))
def test_no_text_fails(text: str) -> None:
    times_in(text, TODAY, LANGUAGES)
