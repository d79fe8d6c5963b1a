"""Bytes of a source: what kind of file they are, their text or why not, whether that is words, and of which language."""

from __future__ import annotations

import codecs
import re
import zlib
from collections import Counter
from collections.abc import Callable
from enum import Enum
from io import BytesIO
from zipfile import BadZipFile, ZipFile, is_zipfile

from retrieval.errors import SourceError

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


_DAMAGED = {".docx": "Word document", ".odt": "OpenDocument text", ".epub": "e-book"}


def _is_docx(data: bytes) -> bool:
    """Whether `data` looks like a Word document; what is inside is checked when it is read."""
    return data.startswith(_ZIP[0]) and bool(_WORD.search(data)) and b"[Content_Types].xml" in data


def _is_odt(data: bytes) -> bool:
    if not data.startswith(_ZIP[0]) or b"content.xml" not in data:
        return False
    kind = _OPEN_DOCUMENT + b"text"
    return kind in data or _stated_kind(data).startswith(kind)


def _stated_kind(data: bytes) -> bytes:
    """Return what an archive says it is, where that is packed, too."""
    try:
        with ZipFile(BytesIO(data)) as archive, archive.open("mimetype") as opened:
            return opened.read(_KIND_BYTES)
    except (
        BadZipFile,
        KeyError,
        OSError,
        ValueError,
        NotImplementedError,
        RuntimeError,
        EOFError,
        zlib.error,
    ):
        return b""


DOCUMENTS: tuple[tuple[str, tuple[str, ...], Callable[[bytes], bool]], ...] = (
    ("pdf", (".pdf",), lambda data: bool(_PDF.search(data[:1024]))),  # a little may stand before
    ("docx", (".docx",), _is_docx),
    ("odt", (".odt", ".ott"), _is_odt),
    ("epub", (".epub",), lambda data: data.startswith(_ZIP[0]) and b"META-INF/container.xml" in data),
    ("rtf", (".rtf",), lambda data: bool(_RTF.match(data))),
    ("doc", (".doc",), lambda data: data.startswith(_OLE) and _OLD_WORD in data and _PASSWORD not in data),
)
"""Documents that are read in a process of their own: their kind, their extensions, and whether bytes are one."""


def unreadable(data: bytes, suffix: str = "") -> str | None:
    """Return what a file of no use is and what to do, or None for one that may be text.

    Args:
        suffix: Of its name, in lower case: a damaged document shows no more than that it was an archive.
    """
    what: str | None
    if data.startswith(_ZIP) and suffix in _DAMAGED and not is_zipfile(BytesIO(data)):
        what, todo = f"a damaged {_DAMAGED[suffix]}", "Open it, save it anew, and try again."
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


_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAVE_AS = 'Save the file as UTF-8, then run "rapporteur ingest --dry-run".'
_HOLDS_NUL = f"this is not a text file (it holds NUL bytes). {_SAVE_AS}"
_DETECTABLE = 64  # bytes: below, a guess at an encoding is worth nothing
_MAX_CHAOS = 0.05


def decode(name: str, data: bytes, declared: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Return the text of `data`, line ends made "\\n", and warnings.

    Args:
        declared: The encoding that a page says it has; believed where the bytes are not UTF-8.

    Raises:
        SourceError: The bytes are empty, binary or in no encoding that can be told with confidence.
    """
    if not data.strip():
        raise SourceError(name, "the file is empty. Save the readout's text in it, or take the file away.")
    text, warnings = _decoded(name, data, declared)
    if "\x00" in text:
        raise SourceError(name, _HOLDS_NUL, text.partition("\x00")[0].count("\n") + 1)
    return text.replace("\r\n", "\n").replace("\r", "\n"), warnings


def _decoded(name: str, data: bytes, declared: str | None) -> tuple[str, tuple[str, ...]]:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _marked(name, data, encoding)
    try:
        return data.decode("utf-8"), ()
    except UnicodeDecodeError as error:
        if declared and (text := _as_declared(data, declared)) is not None:
            return text, ()
        return _guessed(name, data, error)


def _as_declared(data: bytes, declared: str) -> str | None:
    try:
        return str(data, declared)
    except (LookupError, UnicodeError):
        return None


def _marked(name: str, data: bytes, encoding: str) -> tuple[str, tuple[str, ...]]:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding == "utf-8-sig":
            raise _not_utf8(name, data, error.start + len(codecs.BOM_UTF8)) from error
        problem = f"the file begins as {encoding.upper()} but is cut short. {_SAVE_AS}"
        raise SourceError(name, problem) from error
    warning = f"The file is {encoding.upper()}, not UTF-8; it was read as such."
    return text.removeprefix("\ufeff"), () if encoding == "utf-8-sig" else (warning,)


def _guessed(name: str, data: bytes, error: UnicodeDecodeError) -> tuple[str, tuple[str, ...]]:
    """Read a legacy encoding when it is clear which; a few bad bytes in UTF-8 are not one."""
    if b"\x00" in data:
        line = data.partition(b"\x00")[0].count(b"\n") + 1
        raise SourceError(name, _HOLDS_NUL, line) from error
    if len(data) < _DETECTABLE or _is_mostly_utf8(data):
        raise _not_utf8(name, data, error.start) from error
    from charset_normalizer import from_bytes

    best = from_bytes(data[:200_000], preemptive_behaviour=True).best()
    text = None if best is None or best.chaos > _MAX_CHAOS else _as_declared(data, best.encoding)
    if best is None or text is None:
        raise _not_utf8(name, data, error.start) from error
    warning = f"The file is not UTF-8; it was read as {best.encoding}. Check its quotation marks and accents."
    return text, (warning,)


def _is_mostly_utf8(data: bytes) -> bool:
    """Whether `data` has characters that only UTF-8 would spell so, beside the bytes that break it."""
    text = data.decode("utf-8", errors="replace")
    return sum(c > "\x7f" and c != "\ufffd" for c in text) > text.count("\ufffd")


def _not_utf8(name: str, data: bytes, at: int) -> SourceError:
    byte = data[at : at + 1]
    start = data.rfind(b"\n", 0, at) + 1
    column = len(data[start:at].decode("utf-8", errors="replace")) + 1
    line = data.count(b"\n", 0, at) + 1
    problem = f"this line is not valid UTF-8 (byte 0x{byte.hex()} at column {column}). {_SAVE_AS}"
    return SourceError(name, problem, line)


_RARE = re.compile(
    r"[\u0180-\u019f\u01a2-\u01ae\u01b1-\u01cc\u01dd-\u0217\u021c-\u0258\u025a-\u02af\u1d00-\u1dbf\ua720-\ua7ff]"
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u0250-\u02af\u1e00-\u1eff]")
_VOWEL = re.compile(
    r"[aeiouyàâäáãåæéèêëíìîïóòôöõøœúùûüýÿăâêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE
)
_NOISE = re.compile(
    r"(?=\S*[^\W\d_])\S*(?:[^\W\d_]\d[^\W\d_]|[|\\\\~^_{}<>=#@]|[a-z][A-Z][a-z]*[A-Z]|[^\w\s]{3,})\S*"
)
_FEWEST = 40  # words: below, nothing can be said
_MOST_RARE = 0.05  # of the letters
_KNOWN = 0.01  # of the words: fewer common ones has no language that is known
_VOWELS = (0.22, 0.62)  # of the letters of any language in Latin script
_DOUBTFUL, _NOISY = 0.12, 0.35  # of the words


class Legibility(Enum):
    """What a text reads like: nobody notices gibberish at ingest, and who reads a quote gets it under a true number."""

    FINE = "fine"
    DOUBTFUL = "doubtful"
    GIBBERISH = "gibberish"


def legibility(text: str) -> Legibility:
    """Return what `text` reads like; only text that is mostly of Latin script can be told."""
    text = text[:200_000]
    words, letters = text.split(), [c for c in text if c.isalpha()]
    if len(words) < _FEWEST or not letters:
        return Legibility.FINE
    latin = [c for c in letters if _LATIN.match(c)]
    if len(latin) < 0.5 * len(letters):
        return Legibility.FINE
    rare = len(_RARE.findall(text))
    if rare > _MOST_RARE * len(letters):
        return Legibility.GIBBERISH
    noise = sum(bool(_NOISE.fullmatch(word)) for word in words) / len(words)
    known = _share_of_common_words(text)
    vowels = sum(bool(_VOWEL.match(c)) for c in latin) / len(latin)
    odd = not _VOWELS[0] <= vowels <= _VOWELS[1] or _repeats_letters(latin)
    if known < _KNOWN and (odd or noise > _NOISY):
        return Legibility.GIBBERISH
    return Legibility.DOUBTFUL if noise > _DOUBTFUL else Legibility.FINE


def _repeats_letters(letters: list[str]) -> bool:
    """Whether one letter stands for more of the text than in any language."""
    return Counter(letter.lower() for letter in letters).most_common(1)[0][1] > 0.3 * len(letters)


_SCRIPTS = (
    ("ja", "\u3040", "\u30ff"),
    ("ko", "\uac00", "\ud7a3"),
    ("th", "\u0e00", "\u0e7f"),
    ("ar", "\u0600", "\u06ff"),
    ("ru", "\u0400", "\u04ff"),
    ("el", "\u0370", "\u03ff"),
    ("he", "\u0590", "\u05ff"),
    ("hi", "\u0900", "\u097f"),
    ("zh", "\u4e00", "\u9fff"),
)
_OF_ITS_SCRIPT = 0.15
_COMMON = {  # words that hardly any text of the language does without
    "en": "the of and to in that is for on with by are be as this at from will has have was which their",
    "fr": "le la les de des du et à au aux en un une est que qui dans pour sur par avec ce cette sont ont il",
    "es": "el la los las de del y en un una es que por para con se al su sus como más entre lo o este",
    "pt": "o a os as de do da dos das e em um uma é que por para com se ao no na nos nas seu sua mais",
    "de": "der die das und den dem des von zu mit im in ist für auf ein eine sich nicht sie werden wird haben dass",
    "it": "il lo la gli le di del della e in un una è che per con si al dei delle sono nel alla da",
    "nl": "de het een en van in is dat op te voor met zijn aan niet door ook om bij als wordt",
    "id": "yang dan di dari untuk dengan pada ini itu dalam akan oleh kepada tidak adalah para telah sebagai atas bahwa",
    "vi": "và của các trong là cho với được một những này có không về đã từ tại năm bên theo đến sông hợp",
}
_LETTERS = re.compile(r"[^\W\d_]+")
_TABLES = {code: frozenset(words.split()) for code, words in _COMMON.items()}
_VIETNAMESE = re.compile("[ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
_CLEAR = 1.2  # times as many words as those of English


def guess_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`; English where nothing tells another."""
    letters = [c for c in text if c.isalpha()]
    for code, first, last in _SCRIPTS:
        if sum(first <= c <= last for c in letters) > _OF_ITS_SCRIPT * len(letters):
            return code
    if len(_VIETNAMESE.findall(text)) > 0.04 * len(letters):
        return "vi"
    words = Counter(word.lower() for word in _LETTERS.findall(text))
    found = {code: sum(words[word] for word in table) for code, table in _TABLES.items()}
    best = max(found, key=lambda code: found[code])
    return best if found[best] > _CLEAR * found["en"] else "en"


def _share_of_common_words(text: str) -> float:
    """Return which share of the words of `text` are common ones of a known language, of at least two letters."""
    words = [word.lower() for word in _LETTERS.findall(text)]
    known = frozenset().union(*_TABLES.values())
    return sum(word in known for word in words) / len(words) if words else 0.0
