"""Which readouts a question is asked of."""

from __future__ import annotations

import gc
import weakref
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.language.times import times_in
from retrieval.ledger import Ledger, vectors
from retrieval.ledger.live import ReadoutSummary
from retrieval.search.scoping import Filters, Shelf, Shelves, as_bound

TODAY = date(2026, 5, 1)


def summary(pk: int, title: str, day: str | None = None, issuer: str | None = None) -> ReadoutSummary:
    return ReadoutSummary(
        pk, f"r{pk}", "shared", f"r{pk}.txt", "a" * 12, pk, title, day, issuer, None, "en", "printed", (), False, 5
    )  # fmt: skip


years = st.lists(st.integers(1990, 2025), min_size=1, max_size=8, unique=True)


@given(st.dictionaries(st.sampled_from(["Harbour Summit", "Reed Dialogue", "Lake Forum"]), years, min_size=1))
def test_the_latest_of_every_series_is_always_asked_and_no_older_one(series: dict[str, list[int]]) -> None:
    of = [(name, year) for name, held in series.items() for year in held]
    shelf = Shelf(tuple(summary(pk, f"{n} {year}", f"{year}-06-01") for pk, (n, year) in enumerate(of)))

    chosen = shelf.chosen(times_in("What is the latest?", TODAY))

    asked = shelf.readouts if chosen is None else chosen
    assert {r.title for r in asked} == {f"{name} {max(held)}" for name, held in series.items()}


@given(years, st.integers(1990, 2025))
def test_a_year_leaves_out_nothing_of_that_year(held: list[int], year: int) -> None:
    shelf = Shelf(tuple(summary(pk, f"Reed Dialogue {y}", f"{y}-06-01") for pk, y in enumerate(held)))

    chosen = shelf.chosen(times_in(f"What was agreed in {year}?", TODAY))

    asked = [r.title for r in (shelf.readouts if chosen is None else chosen)]
    assert asked == [f"Reed Dialogue {year}"] if year in held else len(asked) == len(held)


def test_the_number_of_a_meeting_chooses_it() -> None:
    shelf = Shelf(
        (summary(1, "Fifth Reed Dialogue", "2023-06-01"), summary(2, "Sixth Reed Dialogue", "2024-06-01"))
    )

    chosen = shelf.chosen(times_in("Who chaired the 5th Dialogue?", TODAY))

    assert chosen == [shelf.readouts[0]]


def test_a_series_is_named_by_what_it_alone_is_called() -> None:
    titles = (
        "Third Reed–Marn Ministers’ Dialogue",
        "Fifth Gulf Defence Meeting (GDM)",
        "Sixth Gulf Defence Meeting (GDM)",
    )
    is_common = frozenset(
        {"gulf", "defence", "meeting", "ministers", "third", "fifth", "sixth", "dialogue"}
    ).__contains__
    shelf = Shelf(
        tuple(summary(pk, title, f"202{pk}-06-01") for pk, title in enumerate(titles)),
        is_common=lambda word: is_common(word.lower()),
    )
    dialogue, fifth, sixth = shelf.readouts

    assert shelf.named("Where was the 3rd GDM held?") == [fifth, sixth]
    assert shelf.named("What did the ministers of Reed and Marn sign?") == [dialogue]
    assert shelf.named("What did the ministers say on defence?") == []
    # it has no third meeting, and that of another series is none of its
    assert shelf.chosen(times_in("the 3rd GDM", TODAY), [fifth, sixth]) == [fifth, sixth]
    assert shelf.chosen(times_in("the 5th GDM", TODAY), [fifth, sixth]) == [fifth]


@pytest.mark.parametrize(
    ("filters", "kept"),
    [
        (Filters(since="2024"), {1}),
        (Filters(until="2023-06"), {2}),
        (Filters(issuer="norland"), {1, 3}),
        (Filters(title="reed 2023"), {2}),
        (Filters(since="2023-06-01", issuer="ESTMARK"), {2}),
    ],
)
def test_what_passes_passes_every_filter(filters: Filters, kept: set[int]) -> None:
    readouts = [
        summary(1, "Reed Dialogue 2024", "2024-06-01", "Norland"),
        summary(2, "Reed Dialogue 2023", "2023-06-01", "Estmark"),
        summary(3, "Speech", None, "Norland"),
    ]

    assert {r.pk for r in readouts if filters.keep(r)} == kept
    assert Filters.load(filters.dump()) == filters


@pytest.mark.parametrize(
    ("typed", "bound"),
    [
        ("2024", "2024"),
        ("2024-3", "2024-03"),
        ("5 March 2024", "2024-03-05"),
        ("March 2024", "2024-03"),
        ("2024-13", None),
        ("soon", None),
    ],
)
def test_a_bound_is_a_date_or_nothing(typed: str, bound: str | None) -> None:
    assert as_bound(typed) == bound


def test_what_was_live_before_is_not_kept(ledger: Ledger) -> None:
    """A process that runs for months would otherwise keep a list of all readouts for each of its ingests."""
    shelves = Shelves(lambda _: False)

    def shelf() -> Shelf:
        with ledger.read() as connection:
            return shelves.shelf(connection, ["shared"])

    first = shelf()
    same, former = shelf() is first, weakref.ref(first)
    with ledger.write() as connection:
        vectors.scope_changed(connection, "shared")
    del first
    shelf()
    gc.collect()

    assert (same, former()) == (True, None)
