"""A PDF file -> lines, or the reason why not."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.decoding import Legibility, legibility
from retrieval.sources.formats.pdf.columns import beside_marks, read_pages
from retrieval.sources.formats.pdf.glyphs import Run, read_runs, turning
from retrieval.sources.formats.pdf.joined_lines import join_rows, read_setting
from retrieval.sources.formats.pdf.margins import Page, body_size, without_footnotes, without_running_heads
from retrieval.sources.formats.pdf.rules import Rule, read_rules
from retrieval.sources.formats.pdf.table_rows import with_tables
from retrieval.sources.limits import MAX_PAGE_CHARS, MAX_PAGES, MAX_TEXT_CHARS
from retrieval.sources.lines import Extracted, Line, collapse

_SCANNED_BELOW = 12  # letters a page, on average
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff]")
_MOST_UNREADABLE = 0.05
_PASSWORD = 4  # FPDF_ERR_PASSWORD
_SECURITY = 5  # FPDF_ERR_SECURITY
_ENCRYPTED = "the PDF is encrypted and opens only with a password. Save a copy without one, then ingest that."
_SCANNED = (
    "the PDF has no text: its pages are pictures, as a scanner makes them. Run text recognition (OCR) over it, "
    "or ingest the text itself."
)
_GARBLED = "the PDF does not say which letters its fonts stand for, so its text cannot be read. Save the text itself."
_TOO_MANY_PAGES = f"the PDF has %s pages; at most {MAX_PAGES:,} are read. Split it."
_TOO_LONG = f"the PDF holds more than {MAX_TEXT_CHARS:,} characters of text. Split it."
_CROWDED = f"page %d of the PDF holds more than {MAX_PAGE_CHARS:,} characters. Save its text instead."


def read_pdf(data: bytes) -> Extracted:
    """Return the lines of a PDF; `Line.number` is the page.

    Raises:
        SourceError: Encrypted, scanned, damaged or too long.
    """
    document = _opened(data)
    count = len(document)
    if count > MAX_PAGES:
        raise SourceError("", _TOO_MANY_PAGES % f"{count:,}")
    pages, drawn = _pages(document, count)
    runs = [run for page_runs, _ in pages for run in page_runs]
    _check_text(runs, count)
    tabled, marks = with_tables([beside_marks(found) for found, _ in pages], drawn)
    rows = read_pages(tabled)
    read = [Page(found, height) for found, (_, height) in zip(rows, pages, strict=True)]
    lines, left = _lines(read)
    left += marks
    empty = [number for number, (found, _) in enumerate(pages, 1) if not found]
    warnings: tuple[str, ...] = ()
    if empty:
        listed = ", ".join(map(str, empty[:10])) + (" and others" if len(empty) > 10 else "")
        warnings = (f"No text was found on page {listed}: blank, or a picture.",)
    stated = _properties(document)
    return Extracted(
        lines,
        title=_title(stated, lines),
        warnings=warnings,
        left_out=tuple(left),
        source=" ".join(run.text for run in runs),
        paged=True,
    )


def _opened(data: bytes) -> Any:
    import pypdfium2 as pdfium

    try:
        return pdfium.PdfDocument(data)
    except pdfium.PdfiumError as error:
        if getattr(error, "err_code", None) in (_PASSWORD, _SECURITY) or "password" in str(error).lower():
            raise SourceError("", _ENCRYPTED) from error
        raise SourceError(
            "", "the file begins as a PDF but is damaged. Open it, save it anew, and try again."
        ) from error


def _pages(document: Any, count: int) -> tuple[list[tuple[list[Run], float]], list[list[Rule]]]:
    """Return the runs and the height of each page, and the lines that are drawn on it."""
    import pypdfium2 as pdfium

    out: list[tuple[list[Run], float]] = []
    rules: list[list[Rule]] = []
    total = 0
    for number in range(count):
        try:
            page = document[number]
        except pdfium.PdfiumError as error:
            raise SourceError(
                "", f"page {number + 1} of the PDF is damaged. Open it, save it anew, and try again."
            ) from error
        textpage = page.get_textpage()
        size = textpage.count_chars()
        if size > MAX_PAGE_CHARS:
            raise SourceError("", _CROWDED % (number + 1))
        total += size
        if total > MAX_TEXT_CHARS:
            raise SourceError("", _TOO_LONG)
        rules.append(read_rules(page, turning(page)))
        out.append((read_runs(page, textpage, MAX_PAGE_CHARS, rules[-1]), page.get_size()[1]))
        textpage.close()
        page.close()
    return out, rules


def _check_text(runs: Sequence[Run], pages: int) -> None:
    letters = sum(len(run.text) for run in runs)
    if letters < _SCANNED_BELOW * pages:
        raise SourceError("", _SCANNED)
    unreadable = sum(len(_UNREADABLE.findall(run.text)) for run in runs)
    text = " ".join(run.text for run in runs)
    if unreadable > _MOST_UNREADABLE * letters or legibility(text) is Legibility.GIBBERISH:
        raise SourceError("", _GARBLED)


def _lines(pages: Sequence[Page]) -> tuple[list[Line], list[LeftOut]]:
    size = body_size(pages)
    pages, left = without_running_heads(pages, size)
    pages, notes, marks = without_footnotes(pages, size)
    rows = [row for page in pages for row in page.rows]
    return [*join_rows(rows, read_setting(rows, size)), *notes], [*left, *marks]


def _properties(document: Any) -> str:
    return collapse(document.get_metadata_value("Title") or "")


def _title(stated: str, lines: Sequence[Line]) -> str | None:
    """Return the title that the file's properties give, where it stands at the top; often it is a file name."""
    top = " ".join(line.text for line in lines[:6]).casefold()
    return stated if len(stated) > 10 and stated.casefold() in top else None
