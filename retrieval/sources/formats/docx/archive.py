"""What is inside a .docx, before anything is made of it: how much, and whether its XML declares entities."""

from __future__ import annotations

import zipfile
import zlib
from io import BytesIO

from retrieval.errors import SourceError
from retrieval.sources.limits import MAX_ARCHIVE_MEMBERS, MAX_UNPACKED_BYTES, MAX_XML_BYTES

_PIECE = 1 << 16
_DOCUMENT = "word/document.xml"
_DAMAGED = "the file begins as a Word document but is damaged. Open it in Word, save it anew, and try again."
_DECLARES = (
    "the Word document declares XML entities, which Word never does and attacks do. Don't trust this file; ask "
    "who made it for another."
)
_ENCRYPTED = "the document is encrypted. Save a copy without a password, then ingest that."
_TOO_MANY = f"the document holds more than {MAX_ARCHIVE_MEMBERS:,} files. Save its text in a new document."
_TOO_LARGE = f"the document unpacks to more than {MAX_UNPACKED_BYTES // 1_000_000} MB. Save its text in a new document."
_LARGE_PART = f"the document's %s unpacks to more than {MAX_XML_BYTES // 1_000_000} MB. Split the document, or save its text."
_NOT_WORD = "this is a ZIP archive. Unpack it, then ingest what is in it."
_MACROS = "this is a Word document with macros (.docm). Save it as .docx, then ingest that."


def check_archive(data: bytes) -> None:
    """Unpack `data` piece by piece, counting, and keep nothing.

    What a member says of its own size is not believed.

    Raises:
        SourceError: Damaged, encrypted, with macros or declared entities, or larger than the limits.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError, OSError) as error:
        raise SourceError("", _DAMAGED) from error


def _check(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MAX_ARCHIVE_MEMBERS:
        raise SourceError("", _TOO_MANY)
    names = {member.filename for member in members}
    if _DOCUMENT not in names:
        raise SourceError("", _NOT_WORD)
    if any(name.endswith("vbaProject.bin") for name in names):
        raise SourceError("", _MACROS)
    total = 0
    for member in members:
        if member.flag_bits & 1:
            raise SourceError("", _ENCRYPTED)
        total += _unpacked(archive, member, MAX_UNPACKED_BYTES - total)


def _unpacked(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> int:
    """Return how many bytes `member` really holds."""
    is_xml = member.filename.lower().endswith((".xml", ".rels"))
    size, tail = 0, b""
    with archive.open(member) as opened:
        while piece := opened.read(_PIECE):
            size += len(piece)
            if size > most:
                raise SourceError("", _TOO_LARGE)
            if is_xml:
                if size > MAX_XML_BYTES:
                    raise SourceError("", _LARGE_PART % member.filename)
                _check_declarations(tail + piece)
                tail = piece[-40:]
    return size


def _check_declarations(piece: bytes) -> None:
    plain = piece.replace(b"\x00", b"")  # UTF-16 too
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise SourceError("", _DECLARES)
