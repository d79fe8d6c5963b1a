"""A table whose row is looked up is shown whole: rows are texts, and what they were is read back."""

from __future__ import annotations

import pytest

from retrieval.models import LiveParagraph, Numbering
from retrieval.search.browsing import Table, table_around


def live(number: str, text: str, numbering: Numbering = Numbering.COUNTED) -> LiveParagraph:
    return LiveParagraph("aid", "r", 0, number, numbering, text, "Aid")


ROWS = [
    live("2", "They pledged: what follows; and more", Numbering.PRINTED),
    live("after 2", "Donor: Norland; Amount: 12 million; Purpose: Tents; stoves"),
    live("after 2#2", "Donor: Estmark; Purpose: Wheat"),
    live("after 2#3", "Donor: Westland; Amount: 3 million; Purpose: Medicine"),
    live("after 2#4", "Port: Alder; Ships: 12"),
]


@pytest.mark.parametrize("number", ["after 2", "after 2#2", "after 2#3"])
def test_row_is_read_back_with_its_table(number: str) -> None:
    assert table_around(ROWS, number) == Table(
        ("Donor", "Amount", "Purpose"),
        (
            ("after 2", ("Norland", "12 million", "Tents; stoves")),
            ("after 2#2", ("Estmark", "", "Wheat")),
            ("after 2#3", ("Westland", "3 million", "Medicine")),
        ),
    )


@pytest.mark.parametrize("number", ["2", "after 2#4", "9"])
def test_what_stands_alone_is_no_table(number: str) -> None:
    assert table_around(ROWS, number) is None
