"""Readouts written for these tests, and the shipped one."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from retrieval.models import Paragraph, Readout

SHIPPED = Path(__file__).parents[3] / "corpus" / "asean-japan-2022-06-22.txt"


@pytest.fixture
def readout() -> Callable[..., Readout]:
    """Build a readout from paragraph texts, numbered from 1."""

    def build(*texts: str, document: str = "northport-2030") -> Readout:
        paragraphs = tuple(Paragraph(str(number), text) for number, text in enumerate(texts, start=1))
        return Readout(document, "Northport Talks", paragraphs)

    return build


@pytest.fixture
def shipped() -> Readout:
    """The shipped readout, split at its printed numbers."""
    text = " ".join(SHIPPED.read_text(encoding="utf-8").split())
    pieces = re.split(r"(?:^| )(\d{1,2})\. ", text)
    paragraphs = tuple(
        Paragraph(number, body) for number, body in zip(pieces[1::2], pieces[2::2], strict=True)
    )
    return Readout(
        "asean-japan-2022-06-22", "The 7th ASEAN-Japan Defense Ministers’ Informal Meeting", paragraphs
    )
