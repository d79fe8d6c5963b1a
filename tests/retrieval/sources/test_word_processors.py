"""OpenDocument, RTF, e-books and .doc: the words and numbers that are seen, and nothing around them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from retrieval.errors import SourceError
from retrieval.models import Readout
from retrieval.sources import confined, parse
from tests.retrieval.sources.documents import A, B, C, Word, epub, level, odt, rtf

pytestmark = pytest.mark.usefixtures("in_process")


def read(data: bytes) -> Readout:
    (readout,) = parse("statement", data)
    assert not [w for w in readout.warnings if "no place" in w]
    return readout


def paragraphs(data: bytes) -> dict[str, str]:
    return {p.number: p.text for p in read(data).paragraphs}


def left_out(data: bytes) -> list[tuple[str, str]]:
    return [(left.reason, left.text) for left in read(data).left_out]


# --- OpenDocument ---


def p(text: str, style: str = "") -> str:
    return f'<text:p text:style-name="{style}">{text}</text:p>'


def shape(number: int, form: str, more: str = "", suffix: str = ".") -> str:
    return f'<text:list-level-style-number text:level="{number}" style:num-format="{form}" style:num-suffix="{suffix}" {more}/>'


def listed(*items: str, more: str = 'text:style-name="L"') -> str:
    return f"<text:list {more}>{''.join(f'<text:list-item>{item}</text:list-item>' for item in items)}</text:list>"


NESTED = shape(2, "1", 'text:display-levels="2"', "")
IN_BRACKETS = shape(2, "a", 'style:num-prefix="("', ")")
NUMBERED = f'<text:list-style style:name="L">{shape(1, "1")}{NESTED}</text:list-style>'
LETTERED = f'<text:list-style style:name="L">{shape(1, "1")}{IN_BRACKETS}</text:list-style>'
GOES_ON = 'text:style-name="L" text:continue-numbering="true"'


def test_list_is_numbered_as_its_style_says() -> None:
    data = odt(listed(p("Trade") + listed(p(A), p(B), more=""), p("Aid") + listed(p(C), more="")), NUMBERED)

    assert paragraphs(data) == {"1.1": A, "1.2": B, "2.1": C}


def test_list_goes_on_only_where_it_says_so() -> None:
    on = odt(listed(p(A)) + p("Security") + listed(p(B), more=GOES_ON), NUMBERED)
    anew = odt(listed(p(A)) + p("Security") + listed(p(B)), NUMBERED)

    assert list(paragraphs(on)) == ["1", "2"]
    assert list(paragraphs(anew)) == ["1", "1#2"]


def test_list_goes_on_from_the_list_that_it_names() -> None:
    first = 'xml:id="x" text:style-name="L"'
    third = 'text:continue-list="x" text:style-name="L"'
    data = odt(
        listed(p(A), more=first)
        + listed(p("They will meet again in the spring."))
        + listed(p(C), more=third),
        NUMBERED,
    )

    assert paragraphs(data)["2"] == C


def test_item_says_where_it_starts() -> None:
    again = f'<text:list text:style-name="L"><text:list-item text:start-value="7">{p(A)}</text:list-item><text:list-item>{p(B)}</text:list-item></text:list>'

    assert paragraphs(odt(again, NUMBERED)) == {"7": A, "8": B}


def test_items_under_a_sentence_stay_in_it() -> None:
    data = odt(listed(p("The Parties shall:") + listed(p("meet;"), p("share."), more=""), p(B)), LETTERED)

    assert paragraphs(data) == {"1": "The Parties shall: (a) meet; (b) share.", "2": B}


def test_headings_have_the_numbers_of_the_outline() -> None:
    outline = f"<text:outline-style>{shape(1, 'I').replace('list-level-style-number', 'outline-level-style')}</text:outline-style>"
    data = odt(f'<text:h text:outline-level="1">Trade</text:h>{p(f"1. {A}")}{p(f"2. {B}")}', outline)

    assert [(q.number, q.heading) for q in read(data).paragraphs] == [("1", "I. Trade"), ("2", "I. Trade")]


def test_opendocument_table_is_read_with_its_heads() -> None:
    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(f'<table:table-cell>{p(c)}</table:table-cell>' for c in cells)}</table:table-row>"

    table = f"<table:table><table:table-header-rows>{row('Donor', 'Aid')}</table:table-header-rows>{row('Norland', 'Tents')}{row('Estmark', 'Wheat')}</table:table>"
    data = odt(p(f"1. {A}") + table + p(f"2. {B}"))

    assert paragraphs(data) == {
        "1": A,
        "after 1": "Donor: Norland; Aid: Tents",
        "after 1#2": "Donor: Estmark; Aid: Wheat",
        "2": B,
    }


def test_opendocument_notes_are_citable_and_their_marks_no_words() -> None:
    note = f"<text:note><text:note-citation>3</text:note-citation><text:note-body>{p('See the report.')}</text:note-body></text:note>"
    data = odt(p(f"1. {A}{note}") + p(f"2. {B}"))

    assert paragraphs(data) == {"1": A, "2": B, "note 3": "See the report."}


HIDDEN = '<style:style style:name="H" style:family="text"><style:text-properties text:display="none"/></style:style>'
UNSEEN = {
    "tracked deletion": ("", "<text:tracked-changes><text:changed-region><text:deletion>" + p("gone") + "</text:deletion></text:changed-region></text:tracked-changes>", []),
    "hidden text": (HIDDEN, p(f'{C}<text:span text:style-name="H">secret</text:span>'), [("hidden", "secret")]),
    "comment": ("", p(f"{C}<office:annotation>{p('Really?')}</office:annotation>"), [("comment", "Really?")]),
    "text box": ("", p(f"{C}<draw:frame><draw:text-box>{p('Aside')}</draw:text-box></draw:frame>"), [("text box", "Aside")]),
    "contents": ("", f"<text:table-of-content><text:index-body>{p('Trade 3')}</text:index-body></text:table-of-content>", [("table of contents", "Trade 3")]),
}  # fmt: skip


@pytest.mark.parametrize(("styles", "body", "told"), UNSEEN.values(), ids=UNSEEN.keys())
def test_what_no_reader_of_an_opendocument_sees_is_told(
    styles: str, body: str, told: list[tuple[str, str]]
) -> None:
    data = odt(p(f"1. {A}") + body + p(f"2. {B}"), styles)

    assert left_out(data) == told
    assert [t.split(C)[-1] for t in paragraphs(data).values()][-1] == B


# --- RTF ---


def test_rtf_has_the_numbers_that_its_writer_printed() -> None:
    body = rf"{{\listtext\pard 1.\tab}}{A}\par{{\listtext 2.\tab}}The Parties shall:\par\ilvl1{{\listtext (a)\tab}}meet;\par\ilvl1{{\listtext (b)\tab}}share.\par"

    assert paragraphs(rtf(body)) == {"1": A, "2": "The Parties shall: (a) meet; (b) share."}


LETTERS = {
    "code page": (r"caf\'e9 \'80", "café €"),
    "Unicode with what older programs show": (r"\uc1\u8220?caf\u233\'e9\u8221?", "“café”"),
    "Unicode with two such letters": (r"{\uc2\u26085\'93\'fa}\u26412?", "日本"),
    "beyond the first plane": (r"\u-10179?\u-8704?", "😀"),
    "Cyrillic font": (r"{\f1 \'cc\'e8\'ed\'e8\'f1\'f2\'f0}", "Министр"),
    "Japanese font": (r"{\f2 \'93\'fa\'96\{}", "日本"),
    "signs": (r"a\~b\emdash c\_d\rquote s", "a b—c-d’s"),
    "bytes as they are": ("caf\xe9", "café"),
    "binary data": ("a{\\pict\\bin5 }{}}\\}b", "ab"),
}


@pytest.mark.parametrize(("written", "shown"), LETTERS.values(), ids=LETTERS.keys())
def test_letters_of_rtf_are_those_that_are_seen(written: str, shown: str) -> None:
    fonts = r"{\fonttbl{\f0\fcharset0 Times;}{\f1\fcharset204 Times Cyr;}{\f2\fcharset128 Mincho;}}"

    assert (
        paragraphs(rtf(rf"1. The Ministers met {written} there.\par 2. {B}\par", fonts))["1"]
        == f"The Ministers met {shown} there."
    )


def test_rtf_table_is_read_with_its_heads() -> None:
    rows = r"\trowd\trhdr\intbl Donor\cell Aid\cell\row\trowd\intbl Norland\cell Tents\cell\row\trowd\intbl Estmark\cell Wheat\cell\row\pard"
    data = rtf(rf"1. {A}\par{rows} 2. {B}\par")

    assert paragraphs(data) == {
        "1": A,
        "after 1": "Donor: Norland; Aid: Tents",
        "after 1#2": "Donor: Estmark; Aid: Wheat",
        "2": B,
    }


def test_rtf_notes_are_citable_and_their_marks_no_words() -> None:
    body = rf"1. {A}{{\super\chftn{{\*\footnote\pard\chftn  See the report.}}}}\par 2. {B}{{\super *}}{{\footnote{{\super *}} Estmark abstained.}}\par"

    assert paragraphs(rtf(body)) == {
        "1": A,
        "2": B,
        "note 1": "See the report.",
        "note *": "Estmark abstained.",
    }


def test_rtf_headings_are_known_by_their_styles() -> None:
    styles = r"{\stylesheet{\s0 Normal;}{\s7\b heading 1;}{\s9 toc 1;}}"
    data = rtf(
        rf"{{\header Gazette}}Joint Statement of Norland\par\pard\s9 Trade 3\par\pard\s7 Trade\par\pard 1. {A}\par 2. {B}\par",
        styles,
    )

    assert [(q.number, q.heading) for q in read(data).paragraphs] == [("1", "Trade"), ("2", "Trade")]
    assert left_out(data) == [("table of contents", "Trade 3")]


def test_rtf_leaves_out_what_is_not_seen() -> None:
    data = rtf(
        rf"1. {A}{{\v secret}}\par 2. {B}{{\deleted not}}{{\*\unheard of}}{{\shp{{\*\shpinst{{\sp{{\sn x}}{{\sv 1}}}}{{\shptxt Aside\par}}}}}}\par"
    )

    assert paragraphs(data) == {"1": A, "2": B}
    assert left_out(data) == [("hidden", "secret"), ("text box", "Aside")]


# --- e-books ---


def test_pages_of_an_ebook_are_read_in_the_order_of_its_spine() -> None:
    pages = {
        "nav.xhtml": "<nav><ol><li><a href='b.xhtml'>Trade</a></li></ol></nav>",
        "b.xhtml": f"<h1>Trade</h1><ol><li>{A}</li></ol>",
        "a.xhtml": f"<a id='x'/><h1>Aid</h1><ol start='2'><li>{B}</li></ol>",
    }

    assert [(q.number, q.text, q.heading) for q in read(epub(pages)).paragraphs] == [
        ("1", A, "Trade"),
        ("2", B, "Aid"),
    ]


def test_notes_on_a_page_of_their_own_are_found() -> None:
    pages = {
        "a.xhtml": f"<p>1. {A}<sup><a epub:type='noteref' href='notes.xhtml#n1'>1</a></sup></p><p>2. {B}</p>",
        "notes.xhtml": "<aside epub:type='footnote' id='n1'><p>1. See the report.</p></aside>",
    }

    assert paragraphs(epub(pages)) == {"1": A, "2": B, "note 1": "See the report."}


def test_page_numbers_and_contents_of_an_ebook_are_told() -> None:
    pages = {
        "a.xhtml": f"<nav><a href='#t'>Trade</a></nav><p>1. {A}</p><span epub:type='pagebreak'>12</span><p>2. {B}</p>"
    }

    assert left_out(epub(pages)) == [("table of contents", "Trade"), ("page number", "12")]


def test_language_and_title_of_an_ebook_are_what_it_says() -> None:
    metadata = "<dc:title>Joint Statement of Norland</dc:title><dc:language>fr-FR</dc:language>"
    readout = read(
        epub({"a.xhtml": f"<p>Joint Statement of Norland</p><p>1. {A}</p><p>2. {B}</p>"}, metadata)
    )

    assert (readout.title, readout.language) == ("Joint Statement of Norland", "fr")


# --- .doc ---


def old_word(folder: Path) -> bytes:
    word = Word(level(0, "decimal", "%1."))
    word.add(A, 101)
    word.add(B, 101)
    (folder / "made.docx").write_bytes(word.bytes())
    program = confined.program()
    assert program is not None
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    subprocess.run([program, "--headless", profile, "--convert-to", "doc", "--outdir", folder, folder / "made.docx"], check=True, capture_output=True)  # fmt: skip
    return (folder / "made.doc").read_bytes()


@pytest.mark.slow
@pytest.mark.skipif(confined.program() is None, reason="LibreOffice is not installed")
def test_old_word_document_is_read_by_libreoffice(tmp_path: Path) -> None:
    assert paragraphs(old_word(tmp_path)) == {"1": A, "2": B}


OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500) + "WordDocument".encode("utf-16-le")


@pytest.mark.skipif(confined.program() is None, reason="LibreOffice is not installed")
def test_what_libreoffice_cannot_read_is_refused() -> None:
    with pytest.raises(SourceError, match="LibreOffice cannot read it"):
        parse("x.doc", OLD)


def test_old_word_document_is_refused_with_what_to_do_without_libreoffice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)

    with pytest.raises(SourceError, match=r"Install it on this machine, or save the document as \.docx"):
        parse("x.doc", OLD)
