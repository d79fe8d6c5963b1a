"""Dangerous input: one clear sentence, in bounded time and memory, and never a crash."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrieval.errors import SourceError
from retrieval.fetching import Fetched, Validators
from retrieval.models import Readout
from retrieval.sources import confined, load_file, parse
from retrieval.sources.lines import (
    MAX_ARCHIVE_MEMBERS,
    MAX_BYTES,
    MAX_LINES,
    MAX_PARAGRAPH_CHARS,
    MAX_TAGS,
    MAX_UNPACKED_BYTES,
)
from retrieval.sources.loading import load_fetched
from tests.retrieval.sources.documents import A, B, Word, drawn, epub, odt, pdf, repacked, rtf

BODY = f"1. {A}\n\n2. {B}\n"


def docx() -> bytes:
    word = Word()
    word.add(f"1. {A}")
    word.add(f"2. {B}")
    return word.bytes()


def document() -> bytes:
    return odt(f"<text:p>1. {A}</text:p><text:p>2. {B}</text:p>")


def book() -> bytes:
    return epub({"a.xhtml": f"<p>1. {A}</p><p>2. {B}</p>"})


def with_part(name: str, content: bytes) -> bytes:
    return repacked(docx(), {name: content})


def with_entities(declaration: str, reference: str) -> bytes:
    text = f'<?xml version="1.0"?><!DOCTYPE x [{declaration}]>'
    text += '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r>'
    return with_part(
        "word/document.xml", f"{text}<w:t>{reference}</w:t></w:r></w:p></w:body></w:document>".encode()
    )


def laughs() -> bytes:
    names = "abcdefghij"
    inner = [f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in pairwise(names)]
    return with_entities('<!ENTITY a "ha">' + "".join(inner), "&j;")


def lying_sizes() -> bytes:
    """A member that says it unpacks to ten bytes and unpacks to more than is allowed."""
    data = with_part("word/media/image.bin", b"\x00" * (MAX_UNPACKED_BYTES + 1_000_000))
    size = struct.pack("<I", MAX_UNPACKED_BYTES + 1_000_000)
    return data.replace(size, struct.pack("<I", 10))


def many_members() -> bytes:
    out = io.BytesIO(docx())
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(MAX_ARCHIVE_MEMBERS + 1):
            archive.writestr(f"word/media/{number}", b"")
    return out.getvalue()


def hand_made(*objects: bytes) -> bytes:
    """Return a PDF of the given objects, numbered from 1; the first is the catalog."""
    out, offsets = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    return out + b"trailer\n<< /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"
PAGES = b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> /XObject << /X 5 0 R >> >> >>"


def stream(content: bytes, more: bytes = b"") -> bytes:
    packed = zlib.compress(content, 9)
    return b"<< /Length %d /Filter /FlateDecode %s >>\nstream\n%s\nendstream" % (len(packed), more, packed)


def recursive_pages() -> bytes:
    return hand_made(CATALOG, b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 100 >>")


def recursive_drawing() -> bytes:
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 5 0 R >> >>"
    return hand_made(CATALOG, PAGES, PAGE, stream(b"/X Do"), stream(b"/X Do", form))


def deflated_nothing() -> bytes:
    """A stream of 0.1 MB that unpacks to 100 MB of spaces."""
    return hand_made(CATALOG, PAGES, PAGE, stream(b" " * 100_000_000), stream(b""))


def crowded_page() -> bytes:
    text = b"BT /F 1 Tf 10 10 Td " + b"(aaaaaaaaaaaaaaaaaaaa bbbbbbbbbbbbbbbbbbbb) Tj " * 20_000 + b"ET"
    return hand_made(CATALOG, PAGES, PAGE, stream(text), stream(b""))


REFUSED: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "a file of 200 MB": ("x.txt", lambda: bytes(200_000_000), "larger than 20 MB"),
    "zip bomb": ("x.docx", lambda: with_part("word/media/a.bin", bytes(MAX_UNPACKED_BYTES + 1)), "unpacks to more than 100 MB"),
    "zip bomb in XML": ("x.docx", lambda: with_part("word/styles.xml", b" " * 40_000_000), "unpacks to more than 30 MB"),
    "zip bomb that lies": ("x.docx", lying_sizes, "damaged"),
    "thousands of members": ("x.docx", many_members, "more than 2,000 files"),
    "billion laughs": ("x.docx", laughs, "declares XML entities"),
    "external entity": ("x.docx", lambda: with_entities('<!ENTITY x SYSTEM "file:///etc/passwd">', "&x;"), "declares XML entities"),
    "entities in UTF-16": ("x.docx", lambda: with_part("word/styles.xml", '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'.encode("utf-16")), "declares XML entities"),
    "XML nested deep": ("x.docx", lambda: with_part("word/document.xml", b"<a>" * 100_000 + b"</a>" * 100_000), "damaged"),
    "no XML": ("x.docx", lambda: with_part("word/document.xml", b"no"), "damaged"),
    "macros": ("x.docm", lambda: with_part("word/vbaProject.bin", b"x"), "with macros (.docm)"),
    "cut short": ("x.docx", lambda: docx()[:-200], "damaged"),
    "recursive pages": ("x.pdf", recursive_pages, ""),
    "recursive drawing": ("x.pdf", recursive_drawing, ""),
    "deflated nothing": ("x.pdf", deflated_nothing, ""),
    "crowded page": ("x.pdf", crowded_page, "page 1 of the PDF holds more than"),
    "million tags": ("x.html", lambda: b"<html>" + b"<p>" * (MAX_TAGS + 1), "more than 300,000 tags"),
    "tags nested deep": ("x.html", lambda: b"<html>" + b"<div>" * 100_000 + b"1. We met.", "nested too deep"),
    "million lines": ("x.txt", lambda: b"1. We met.\n" * (MAX_LINES + 1), "more than 100,000 lines"),
    "one endless line": ("x.txt", lambda: b"1. " + b"We met. " * 600_000, "characters"),
    "one endless paragraph": ("x.txt", lambda: b"1. " + b"We met in Port Alder, and\n" * 5_000, "more than 100,000 characters"),
    "one endless paragraph in JSON": ("x.json", lambda: json.dumps({"id": "a", "title": "T", "paragraphs": [{"number": "1", "text": "We met. " * 13_000}]}).encode(), "more than 100,000 characters"),
    "override": ("x.txt", lambda: "1. They paid 12\u202e34 crowns.\n2. We met.\n".encode(), "direction override (U+202E)"),
    "override in an entity": ("x.html", lambda: b"<html><p>1. They paid 12&#x202E;34.</p><p>2. We met.</p>", "direction override"),
    "override in JSON": ("x.json", lambda: json.dumps({"id": "a", "title": "T\u202e", "paragraphs": [{"number": "1", "text": "We met."}]}).encode(), "direction override"),
    "NUL": ("x.txt", lambda: b"1. We\x00met.", "NUL bytes"),
    "Excel": ("x.txt", lambda: b"PK\x03\x04..xl/workbook.xml", "an Excel workbook"),
    "PowerPoint": ("x", lambda: b"PK\x03\x04..ppt/presentation.xml", "a PowerPoint presentation"),
    "OpenDocument spreadsheet": ("x", lambda: b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.spreadsheet", "an OpenDocument spreadsheet"),
    "OpenDocument drawing": ("x", lambda: b"PK\x03\x04mimetypeapplication/vnd.oasis.opendocument.graphics", "holds no text"),
    "OpenDocument cut short": ("x.odt", lambda: document()[:-60], "damaged"),
    "OpenDocument encrypted": ("x.odt", lambda: odt("", more={"META-INF/manifest.xml": "<encryption-data/>"}), "encrypted"),
    "OpenDocument with laughs": ("x.odt", lambda: odt("", more={"styles.xml": '<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>'}), "declares XML entities"),
    "OpenDocument bomb": ("x.odt", lambda: repacked(document(), {"styles.xml": b" " * 40_000_000}), "unpacks to more than 30 MB"),
    "OpenDocument without XML": ("x.odt", lambda: odt("<"), "damaged"),
    "OpenDocument nested deep": ("x.odt", lambda: odt("<text:section>" * 100_000 + "</text:section>" * 100_000), "damaged"),
    "OpenDocument lists nested deep": ("x.odt", lambda: odt("<text:list><text:list-item>" * 120 + "</text:list-item></text:list>" * 120), "no paragraph"),
    "OpenDocument of endless rows": ("x.odt", lambda: odt('<table:table><table:table-row table:number-rows-repeated="999999999"><table:table-cell table:number-columns-repeated="999999999"/></table:table-row></table:table>'), "no paragraph"),
    "e-book cut short": ("x.epub", lambda: book()[:-60], "damaged"),
    "e-book without pages": ("x.epub", lambda: epub({}), "damaged"),
    "e-book with entities": ("x.epub", lambda: epub({"a.xhtml": BODY}, more={"OEBPS/a.xhtml": '<!DOCTYPE html [<!ENTITY a SYSTEM "file:///etc/passwd">]><html><p>&a;</p></html>'}), "declares XML entities"),
    "e-book that leads out": ("x.epub", lambda: epub({"../../../etc/passwd": BODY}), "damaged"),
    "e-book of a million tags": ("x.epub", lambda: epub({"a.xhtml": "<p>" * (MAX_TAGS + 1)}), "more than 300,000 tags"),
    "e-book with locked pages": ("x.epub", lambda: epub({"a.xhtml": BODY}, more={"META-INF/encryption.xml": '<EncryptedData><CipherReference URI="OEBPS/a.xhtml"/></EncryptedData>'}), "encrypted"),
    "RTF nested deep": ("x.rtf", lambda: b"{\\rtf1" + b"{" * 100_000, "nested too deep"),
    "RTF without text": ("x.rtf", lambda: rb"{\rtf1 {\*\unheard We met.}}", "no paragraph"),
    "Word XML": ("x.xml", lambda: b'<?xml version="1.0"?><w:wordDocument><w:t>We met.</w:t></w:wordDocument>', "an XML file"),
    "any archive": ("x.docx", lambda: zip_of("a.txt"), "ZIP archive"),
    "old Word": ("x.doc", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "before 2007 (.xls, .ppt)"),
    "encrypted Word": ("x.docx", lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
    "picture": ("x.pdf", lambda: b"\xff\xd8\xff\xe0" + bytes(50), "picture (JPEG)"),
    "gzip": ("x.html", lambda: b"\x1f\x8b\x08" + bytes(50), "gzip archive"),
}  # fmt: skip


def zip_of(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            archive.writestr(name, b"1. We met.")
    return out.getvalue()


@pytest.mark.parametrize(("name", "make", "problem"), REFUSED.values(), ids=REFUSED.keys())
def test_dangerous_document_is_refused_with_one_sentence(
    name: str, make: Callable[[], bytes], problem: str
) -> None:
    with pytest.raises(SourceError) as caught:
        parse(name, make())

    assert problem in caught.value.problem
    assert caught.value.source == name
    assert str(caught.value).isprintable()


def test_file_of_200_mb_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    with path.open("wb") as file:
        file.truncate(10 * MAX_BYTES)

    error = load_file(path).error

    assert error is not None
    assert "larger than 20 MB" in error.problem


def test_paragraph_at_the_limit_is_read() -> None:
    text = ("We met. " * (MAX_PARAGRAPH_CHARS // 8)).strip()
    (readout,) = parse("x.txt", f"1. {text}\n\n2. They left.\n".encode())

    assert readout.paragraphs[0].text == text


NAMES = {
    "../../etc/passwd.pdf": "passwd",
    "C:\\x\\statement.txt": "statement",
    "a\x00b\x1b[31m.txt": "a-b-31m",
    "gnp\u202etxt.exe": "gnp-txt",
    "https://example.org/statements/12.txt": "12",
    "..": "",
    "con\nnect.txt": "con-nect",
}


@pytest.mark.parametrize(("name", "identity"), NAMES.items(), ids=map(ascii, NAMES))
def test_name_is_a_hint_and_never_a_path_nor_a_command(name: str, identity: str) -> None:
    (readout,) = parse(name, BODY.encode())

    assert readout.id == identity or (identity == "" and len(readout.id) == 8)
    assert [p.text for p in readout.paragraphs] == [A, B]
    with pytest.raises(SourceError) as caught:
        parse(name, b"")
    assert str(caught.value).isprintable()


UNSEEN = {
    "escape": "\x1b",
    "backspace": "\x08",
    "C1": "\x9b",
    "embedding": "\u202b",
    "isolate": "\u2067",
    "tag": "\U000e0041",
    "noncharacter": "\uffff",
}


@pytest.mark.parametrize("letter", UNSEEN.values(), ids=UNSEEN.keys())
def test_unseen_characters_are_left_out_with_a_warning(letter: str) -> None:
    (readout,) = parse("x.txt", f"1. We{letter} met.\n\n2. They left.\n".encode())

    assert [p.text for p in readout.paragraphs] == ["We met.", "They left."]
    assert "Control characters that no reader sees were left out." in readout.warnings


def test_marks_of_direction_and_joiners_belong_to_the_text() -> None:
    text = "\u0648\u200c\u0627\u0644\u200f (2030) \u0646\u0635 1."
    (readout,) = parse("x.txt", f"1. {text}\n\n2. They left.\n".encode())

    assert readout.paragraphs[0].text == text
    assert not any("Control" in warning for warning in readout.warnings)


RECOGNISED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "PDF named text": ("x.txt", lambda: pdf([f"1. {A}", f"2. {B}"])),
    "PDF without a name": ("download", lambda: pdf([f"1. {A}", f"2. {B}"])),
    "PDF behind a blank line": ("x.pdf", lambda: b"\r\n" + pdf([f"1. {A}", f"2. {B}"])),
    "Word named PDF": ("x.pdf", docx),
    "HTML named PDF": ("x.pdf", lambda: f"<html><p>1. {A}</p><p>2. {B}</p></html>".encode()),
    "HTML in UTF-16": ("x", lambda: f"<html><p>1. {A}</p><p>2. {B}</p></html>".encode("utf-16")),
    "OpenDocument named text": ("x.txt", lambda: document()),
    "e-book named Word": ("x.docx", lambda: book()),
    "RTF named Word": ("x.doc", lambda: rtf(f"1. {A}\\par 2. {B}\\par")),
    "XHTML": (
        "x",
        lambda: (
            f'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><head><title/></head><p>1. {A}</p><p>2. {B}</p></html>'.encode()
        ),
    ),
    "text named Word": ("x.docx", BODY.encode),
    "text named PDF": ("x.pdf", BODY.encode),
    "text in UTF-16": ("x.txt", lambda: BODY.encode("utf-16")),
}


@pytest.mark.parametrize(("name", "make"), RECOGNISED.values(), ids=RECOGNISED.keys())
def test_file_is_recognised_by_its_content(name: str, make: Callable[[], bytes]) -> None:
    (readout,) = parse(name, make())

    assert {p.number: p.text for p in readout.paragraphs} == {"1": A, "2": B}


def test_reader_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(confined, "CHILD_WALL_S", 0.01)

    with pytest.raises(SourceError, match="takes longer than"):
        parse("x.pdf", pdf([A, B]))


def test_reader_is_ended_by_the_time_it_computes() -> None:
    code = "import retrieval.sources.confined as c\nc.CHILD_TIMEOUT_S = 1\nc._confine()\nwhile True: pass"

    ended = subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(__file__).parents[3])

    assert confined._is_out_of_time(ended.returncode)


def test_child_gets_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")

    assert "secret" not in confined.environment().values()


VALID = {
    "pdf": drawn(lambda canvas: canvas.drawString(72, 700, "1. The Ministers met in Port Alder.")),
    "docx": docx(),
    "odt": document(),
    "epub": book(),
    "rtf": rtf(f"1. {A}{{\\footnote x}}\\par \\trowd\\intbl a\\cell\\row\\pard 2. {B}\\par"),
    "html": (Path(__file__).parent / "pages" / "drupal.html").read_bytes(),
}


@pytest.mark.parametrize("kind", VALID)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damaged_document_is_read_or_refused_and_nothing_else(kind: str, data: st.DataObject) -> None:
    mutated = bytearray(VALID[kind])
    for _ in range(data.draw(st.integers(1, 12))):
        at = data.draw(st.integers(0, len(mutated) - 1))
        mutated[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))

    readouts = read_or_refused(f"x.{kind}", bytes(mutated))

    assert all(p.text == " ".join(p.text.split()) for readout in readouts for p in readout.paragraphs)


def read_or_refused(name: str, data: bytes) -> list[Readout]:
    try:
        return parse(name, data)
    except SourceError:
        return []


def test_escapes_in_corrections_spell_nothing_unseen(tmp_path: Path) -> None:
    (tmp_path / "x.txt").write_text(BODY, encoding="utf-8")
    (tmp_path / "x.meta.toml").write_text('title = "T\\u001b[2J"\n', encoding="utf-8")
    (tmp_path / "y.txt").write_text(BODY, encoding="utf-8")
    (tmp_path / "y.meta.toml").write_text('"\\u202e" = 1\n', encoding="utf-8")

    assert load_file(tmp_path / "x.txt").readouts[0].title == "T[2J"
    error = load_file(tmp_path / "y.txt").error
    assert error is not None
    assert str(error).isprintable()


def fetched(data: bytes, content_type: str) -> Fetched:
    url = "https://example.org/download"
    return Fetched(url, url, data, content_type, Validators())


def test_what_a_server_states_is_believed_where_the_bytes_do_not_say() -> None:
    text = "<b>日本</b>とノルランドは、洪水対策に関する協力を進めることで一致しました。"
    (readout,) = load_fetched(fetched(text.encode("euc-jp"), "text/html; charset=euc-jp")).readouts

    assert [p.text for p in readout.paragraphs] == [text.replace("<b>", "").replace("</b>", "")]


def test_what_a_server_states_does_not_make_a_pdf_a_page() -> None:
    (readout,) = load_fetched(fetched(pdf([f"1. {A}", f"2. {B}"]), "text/html; charset=utf-8")).readouts

    assert [p.text for p in readout.paragraphs] == [A, B]
