"""What a file is, from its first bytes, and what to do with one that cannot be read."""

from __future__ import annotations

import re
from io import BytesIO
from zipfile import is_zipfile

_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
_PDF = re.compile(rb"(?:\A|[\r\n])\s*%PDF-")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PASSWORD = "EncryptedPackage".encode("utf-16-le")

_AS_DOCX = "Save it as .docx, PDF or text, then ingest that."
_INSIDE_ZIP = (  # the first that stands in the archive says what it is
    (b"xl/workbook.", "an Excel workbook", "Save the readout's text in a document of its own."),
    (b"ppt/presentation.xml", "a PowerPoint presentation", "Save its text in a document of its own."),
    (_OPEN_DOCUMENT + b"spreadsheet", "an OpenDocument spreadsheet", "Save the readout's text."),
    (_OPEN_DOCUMENT, "an OpenDocument file (.odt)", _AS_DOCX),
    (b"application/epub+zip", "an e-book (EPUB)", "Save its text in a file of its own."),
)
_STARTS = (
    (rb"{\rtf", "an RTF document", _AS_DOCX),
    (b"\x89PNG", "a picture (PNG)", "Run text recognition (OCR) over it, and ingest its text."),
    (b"GIF8", "a picture (GIF)", "Run text recognition (OCR) over it, and ingest its text."),
    (b"\xff\xd8\xff", "a picture (JPEG)", "Run text recognition (OCR) over it, and ingest its text."),
    (b"II*\x00", "a picture (TIFF)", "Run text recognition (OCR) over it, and ingest its text."),
    (b"MM\x00*", "a picture (TIFF)", "Run text recognition (OCR) over it, and ingest its text."),
    (b"%!PS", "a PostScript file", "Save it as PDF or text, then ingest that."),
    (b"\x1f\x8b", "a gzip archive", "Unpack it, then ingest what is in it."),
    (b"BZh", "a bzip2 archive", "Unpack it, then ingest what is in it."),
    (b"\xfd7zXZ\x00", "an xz archive", "Unpack it, then ingest what is in it."),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive", "Unpack it, then ingest what is in it."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "Unpack it, then ingest what is in it."),
    (b"Rar!\x1a\x07", "a RAR archive", "Unpack it, then ingest what is in it."),
    (b"\x7fELF", "a program", "Save the readout's text instead."),
    (b"SQLite format 3\x00", "a database (SQLite)", "Save the readout's text instead."),
)  # fmt: skip


def is_pdf(data: bytes) -> bool:
    """Whether `data` is a PDF; a little that is not part of it may stand before."""
    return bool(_PDF.search(data[:1024]))


def is_docx(data: bytes) -> bool:
    """Whether `data` looks like a Word document; what is inside is checked when it is read."""
    return data.startswith(_ZIP[0]) and b"word/document.xml" in data and b"[Content_Types].xml" in data


def unreadable(data: bytes, suffix: str = "") -> str | None:
    """Return what a file of no use is and what to do, or None for one that may be text.

    Args:
        suffix: Of its name, in lower case: a damaged .docx shows no more than that it was an archive.
    """
    what: str | None
    if data.startswith(_ZIP) and suffix == ".docx" and not is_zipfile(BytesIO(data)):
        what, todo = "a damaged Word document", "Open it in Word, save it anew, and try again."
    elif data.startswith(_ZIP):
        found = ((what, todo) for mark, what, todo in _INSIDE_ZIP if mark in data)
        what, todo = next(found, ("a ZIP archive", "Unpack it, then ingest what is in it."))
    elif data.startswith(_OLE) and _PASSWORD in data:
        what, todo = "an encrypted Office document", "Save a copy without a password, then ingest that."
    elif data.startswith(_OLE):
        what, todo = "an Office document of before 2007 (.doc, .xls, .ppt)", _AS_DOCX
    else:
        starts = ((what, todo) for mark, what, todo in _STARTS if data.startswith(mark))
        what, todo = next(starts, (None, ""))
    return None if what is None else f"this is {what}. {todo}"


def head(data: bytes, size: int = 4000) -> bytes:
    """Return the first bytes of `data` as UTF-8, to tell by, when a mark says that it is UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and not data.startswith(b"\xff\xfe\x00\x00"):
        return data[:size].decode("utf-16", "ignore").encode("utf-8", "ignore")
    return data[:size]
