"""What a file is, from its first bytes, and what to do with one that cannot be read."""

from __future__ import annotations

import re
from io import BytesIO
from zipfile import BadZipFile, ZipFile, is_zipfile
from zlib import error

_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument."
_WORD = re.compile(rb"word/document\d{0,3}\.xml")
_RTF = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,20}\{\\rtf")
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,20}<\?xml\b")
_PAGE = re.compile(rb"<(?:!doctype\s+)?(?:html|body|p|div)\b", re.IGNORECASE)
_AN_XML = ("an XML file", "Save the readout's text, or a document made of it.")
_KIND_BYTES = 100
_OLD_WORD = "WordDocument".encode("utf-16-le")
_PDF = re.compile(rb"(?:\A|[\r\n])\s*%PDF-")
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PASSWORD = "EncryptedPackage".encode("utf-16-le")

_AS_DOCX = "Save it as .docx, PDF or text, then ingest that."
_INSIDE_ZIP = (  # the first that stands in the archive says what it is
    (b"xl/workbook.", "an Excel workbook", "Save the readout's text in a document of its own."),
    (b"ppt/presentation.xml", "a PowerPoint presentation", "Save its text in a document of its own."),
    (_OPEN_DOCUMENT + b"spreadsheet", "an OpenDocument spreadsheet", "Save the readout's text."),
    (
        _OPEN_DOCUMENT,
        "an OpenDocument file that holds no text",
        "Save the readout's text in a document of its own.",
    ),
)
_STARTS = (
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


_DOCUMENTS = {".docx": "Word document", ".odt": "OpenDocument text", ".epub": "e-book"}


def is_pdf(data: bytes) -> bool:
    """Whether `data` is a PDF; a little that is not part of it may stand before."""
    return bool(_PDF.search(data[:1024]))


def is_docx(data: bytes) -> bool:
    """Whether `data` looks like a Word document; what is inside is checked when it is read."""
    return data.startswith(_ZIP[0]) and bool(_WORD.search(data)) and b"[Content_Types].xml" in data


def is_odt(data: bytes) -> bool:
    """Whether `data` looks like an OpenDocument text."""
    if not data.startswith(_ZIP[0]) or b"content.xml" not in data:
        return False
    kind = _OPEN_DOCUMENT + b"text"
    return kind in data or _stated_kind(data).startswith(kind)


def _stated_kind(data: bytes) -> bytes:
    """Return what an archive says it is, where that is packed, too."""
    try:
        with ZipFile(BytesIO(data)) as archive, archive.open("mimetype") as opened:
            return opened.read(_KIND_BYTES)
    except (BadZipFile, KeyError, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, error):
        return b""


def is_epub(data: bytes) -> bool:
    """Whether `data` looks like an e-book."""
    return data.startswith(_ZIP[0]) and b"META-INF/container.xml" in data


def is_rtf(data: bytes) -> bool:
    """Whether `data` begins as RTF."""
    return bool(_RTF.match(data))


def is_doc(data: bytes) -> bool:
    """Whether `data` is a Word document of before 2007."""
    return data.startswith(_OLE) and _OLD_WORD in data and _PASSWORD not in data


def unreadable(data: bytes, suffix: str = "") -> str | None:
    """Return what a file of no use is and what to do, or None for one that may be text.

    Args:
        suffix: Of its name, in lower case: a damaged document shows no more than that it was an archive.
    """
    what: str | None
    if data.startswith(_ZIP) and suffix in _DOCUMENTS and not is_zipfile(BytesIO(data)):
        what, todo = f"a damaged {_DOCUMENTS[suffix]}", "Open it, save it anew, and try again."
    elif data.startswith(_ZIP):
        found = ((what, todo) for mark, what, todo in _INSIDE_ZIP if mark in data)
        what, todo = next(found, ("a ZIP archive", "Unpack it, then ingest what is in it."))
    elif data.startswith(_OLE) and _PASSWORD in data:
        what, todo = "an encrypted Office document", "Save a copy without a password, then ingest that."
    elif data.startswith(_OLE):
        what, todo = "an Office document of before 2007 (.xls, .ppt)", _AS_DOCX
    else:
        is_xml = _XML.match(data) and not _PAGE.search(data[:4000])
        starts = ((what, todo) for mark, what, todo in _STARTS if data.startswith(mark))
        what, todo = next(starts, (_AN_XML if is_xml else (None, "")))
    return None if what is None else f"this is {what}. {todo}"


def head(data: bytes, size: int = 4000) -> bytes:
    """Return the first bytes of `data` as UTF-8, to tell by, when a mark says that it is UTF-16."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) and not data.startswith(b"\xff\xfe\x00\x00"):
        return data[:size].decode("utf-16", "ignore").encode("utf-8", "ignore")
    return data[:size]
