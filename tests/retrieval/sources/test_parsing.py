"""What every format shares: metadata, encodings, errors with their lines, and what must hold for any bytes."""

from __future__ import annotations

import contextlib
import json
import time
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.errors import SourceError
from retrieval.models import Numbering, Paragraph, Readout
from retrieval.sources import parse
from retrieval.sources.interchange import Overrides, from_interchange, parse_overrides, to_interchange

A = "The Ministers of Norland and Estmark met in Port Alder and reviewed their cooperation."
B = "They agreed to hold a “seminar” on flood warning in the coming year, as they’d said."
BODY = f"1. {A}\n\n2. {B}\n"


def read(text: str | bytes, name: str = "joint-statement.txt") -> Readout:
    (readout,) = parse(name, text.encode() if isinstance(text, str) else text)
    return readout


def test_front_matter_gives_the_metadata_and_is_no_paragraph() -> None:
    matter = '---\ntitle: "Joint\\_Statement"\ndate: 2024-05-03\nauthor: Norland\nsource_url: https://example.org/1\n---\n'

    readout = read(matter.replace("\\_", " ") + BODY, "x.md")

    assert (readout.title, readout.date, readout.issuer, readout.source_url) == (
        "Joint Statement",
        "2024-05-03",
        "Norland",
        "https://example.org/1",
    )
    assert [p.number for p in readout.paragraphs] == ["1", "2"]


TOPS = {
    "title, place and date": ("Joint Statement of Norland\n\nPort Alder, 3 May 2024\n\n", "Joint Statement of Norland", "2024-05-03", None),
    "date on the next line": ("Joint Statement of Norland\nPort Alder, 3 May 2024\n\n", "Joint Statement of Norland", "2024-05-03", None),
    "date first": ("3 May 2024\n\nJoint Statement of Norland\n\n", "Joint Statement of Norland", "2024-05-03", None),
    "issuer line": ("Joint Statement\n\nMay 3, 2024\nIssued by: Office of the Prime Minister\n\n", "Joint Statement", "2024-05-03", "Office of the Prime Minister"),
    "span of days": ("Communiqué of the Summit\n\n2-3 May 2024\n\n", "Communiqué of the Summit", "2024-05-03", None),
    "title on two lines": ("JOINT COMMUNIQUÉ\n\nof the Third Meeting of Ministers\n\n", "JOINT COMMUNIQUÉ of the Third Meeting of Ministers", None, None),
    "Markdown heading": ("# Joint Statement of Norland\n\n*3 May 2024*\n\n", "Joint Statement of Norland", "2024-05-03", None),
    "Japanese": ("日・ノルランド防衛相会談\n\n令和６年５月３日\n\n", "日・ノルランド防衛相会談", "2024-05-03", None),
    "French": ("Déclaration commune\n\n3 mai 2024\n\n", "Déclaration commune", "2024-05-03", None),
    "a title with its date": ("Council meeting (3 May 2024) – Conclusions\n\nI. TRADE\n\n", "Council meeting (3 May 2024) – Conclusions", "2024-05-03", None),
    "a date that could be two": ("Joint Statement\n\n03/05/2024\n\n", "Joint Statement", None, None),
}  # fmt: skip


@pytest.mark.parametrize(("top", "title", "date", "issuer"), TOPS.values(), ids=TOPS.keys())
def test_title_block_is_read(top: str, title: str, date: str | None, issuer: str | None) -> None:
    readout = read(top + BODY)

    assert (readout.title, readout.date, readout.issuer) == (title, date, issuer)
    assert [p.number for p in readout.paragraphs if p.number != "header"] == ["1", "2"]


def test_header_is_citable_as_it_stands() -> None:
    readout = read(f"Joint Statement of Norland\n\nPort Alder, 3 May 2024\n\n{BODY}")

    assert readout.paragraphs[0] == Paragraph(
        "header", "Joint Statement of Norland Port Alder, 3 May 2024", Numbering.COUNTED
    )


def test_section_heading_before_the_first_number_is_not_the_title() -> None:
    readout = read(f"Trade\n\n1. {A}\n\nSecurity\n\n2. {B}\n", "joint_statement-2024.txt")

    assert (readout.id, readout.title) == ("joint_statement-2024", "Joint statement 2024")
    assert readout.warnings == ("No title was found; the file's name stands for it.",)


IDS = {
    "lower case": ("A/B/Joint Statement.TXT", "joint-statement"),
    "accents": ("Communiqué.txt", "communique"),
    "dots stay": ("v2.1_final.txt", "v2.1_final"),
}


@pytest.mark.parametrize(("name", "expected"), IDS.values(), ids=IDS.keys())
def test_id_is_made_from_the_name(name: str, expected: str) -> None:
    assert read(BODY, name).id == expected


def test_ids_of_foreign_names_stay_different() -> None:
    ids = {read(BODY, name).id for name in ["共同声明.txt", "共同宣言.txt"]}

    assert len(ids) == 2


def test_ids_of_long_names_are_cut_at_64_characters() -> None:
    assert read(BODY, "a" * 70 + ".txt").id == "a" * 64


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-32", "windows-1252"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_text_is_the_same_in_every_encoding(encoding: str) -> None:
    readout = read((BODY * 1).encode(encoding))

    assert [p.text for p in readout.paragraphs] == [A, B]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "windows-1252"])
def test_other_encodings_are_read_with_a_warning(encoding: str) -> None:
    assert any("not UTF-8" in warning for warning in read(BODY.encode(encoding)).warnings)


ERRORS: dict[str, tuple[str, bytes, int | None, str]] = {
    "empty": ("x.txt", b"", None, "the file is empty"),
    "white space": ("x.txt", b" \n\n", None, "the file is empty"),
    "only a title": ("x.txt", b"Joint Statement\n", None, "no paragraph was found"),
    "NUL bytes": ("x.txt", b"1. One.\n2. T\x00wo.\n", 2, "NUL bytes"),
    "damaged PDF": ("x.pdf", b"%PDF-1.7\n...", None, "begins as a PDF but is damaged"),
    "picture named text": ("x.txt", b"\x89PNG\r\n\x1a\n\x00", None, "this is a picture (PNG)"),
    "one bad byte": ("x.txt", "1. Zwölf Fähren.\n2. Größe".encode() + b"\x92 und mehr.\n", 2, "byte 0x92 at column 9"),
    "JSON": ("x.json", b'{"id": "a",\n "title": }', 2, "not valid JSON"),
    "JSON without title": ("x.json", b'{"id": "a", "paragraphs": [{"number": "1", "text": "T."}]}', None, '"title" is missing'),
    "JSON without paragraphs": ("x.json", b'{"id": "a", "title": "T",\n "paragraphs": []}', 2, "at least one paragraph"),
    "JSON date": ("x.json", b'{"id": "a", "title": "T",\n "date": "2022-02-30",\n "paragraphs": [{"number": "1", "text": "T."}]}', 2, "calendar date"),
    "JSON number twice": ("x.json", b'{"id": "a", "title": "T", "paragraphs": [\n{"number": "1", "text": "T."},\n{"number": "1", "text": "U."}]}', 3, 'the number "1" stands twice'),
    "JSON numbering": ("x.json", b'{"id": "a", "title": "T", "paragraphs": [{"number": "1", "text": "T.", "numbering": "guessed"}]}', None, '"printed" or "counted"'),
    "JSON paragraph without text": ("x.json", b'{"id": "a", "title": "T", "paragraphs": [{"number": "1"}]}', None, 'has no "text"'),
    "JSON that is no readout": ("x.json", b"[1]", None, "must be a JSON object"),
    "JSON lines": ("x.jsonl", b'{"id": "a", "title": "T", "paragraphs": [{"number": "1", "text": "T."}]}\n{"id": "b"\n', 2, "not valid JSON"),
    "JSON lines with one id twice": ("x.jsonl", b'{"id": "a", "title": "T", "paragraphs": [{"number": "1", "text": "T."}]}\n' * 2, 2, 'the id "a" stands twice'),
    "front matter": ("x.md", b"---\ntitle: [\n---\n1. One.\n", 3, "front matter is not valid YAML"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "data", "line", "problem"), ERRORS.values(), ids=ERRORS.keys())
def test_wrong_input_is_an_error_that_names_the_place(
    name: str, data: bytes, line: int | None, problem: str
) -> None:
    with pytest.raises(SourceError) as caught:
        parse(name, data)

    assert (caught.value.source, caught.value.line) == (name, line)
    assert problem in caught.value.problem


def test_json_lines_become_several_readouts() -> None:
    rows = [{"id": i, "title": "T", "paragraphs": [{"number": "1", "text": "T."}]} for i in "ab"]

    assert [r.id for r in parse("x.jsonl", "\n".join(map(json.dumps, rows)).encode())] == ["a", "b"]


def test_overrides_correct_what_the_source_says() -> None:
    overrides = parse_overrides(
        "x.meta.toml", b'title = "Corrected"\ndate = 2024-05-04\n[[initiatives.add]]\nname = "Seminar"\n'
    )

    (readout,) = parse("x.txt", BODY.encode(), overrides)

    assert (readout.title, readout.date) == ("Corrected", "2024-05-04")
    assert overrides.initiatives == {"add": [{"name": "Seminar"}]}


META_ERRORS = {
    "unknown key": (b'title = "T"\nissued_by = "N"\n', 2, 'there is no key "issued_by"'),
    "not TOML": (b'title = "T"\ndate = \n', 2, "not valid TOML"),
    "bad date": (b'title = "T"\ndate = "4 May"\n', 2, "calendar date"),
    "title is no text": (b"title = 3\n", 1, "title must be a text"),
    "address is a script": (
        b'title = "T"\nsource_url = "javascript:alert(1)"\n',
        2,
        "source_url must be an address that begins with https://",
    ),
    "initiatives are no tables": (b'initiatives = ["a"]\n', 1, "initiatives must be"),
}


@pytest.mark.parametrize(("data", "line", "problem"), META_ERRORS.values(), ids=META_ERRORS.keys())
def test_wrong_overrides_are_an_error_that_names_the_line(data: bytes, line: int, problem: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_overrides("x.meta.toml", data)

    assert caught.value.line == line
    assert problem in caught.value.problem


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "file:///etc/passwd", "talks.html", "http://[", "https:"]
)
def test_what_is_no_address_of_the_web_is_left_out_of_a_json_readout_with_a_warning(address: str) -> None:
    row = {"id": "a", "title": "T", "source_url": address, "paragraphs": [{"number": "1", "text": "T."}]}

    [readout] = parse("x.json", json.dumps(row).encode())

    told = f"What stands there as the address of the source, “{address}”, is no address of the web; it was left out."
    assert (readout.source_url, readout.warnings) == (None, (told,))
    assert parse("x.json", json.dumps(to_interchange(readout)).encode()) == [readout]


def test_overrides_cannot_correct_several_readouts() -> None:
    rows = [{"id": i, "title": "T", "paragraphs": [{"number": "1", "text": "T."}]} for i in "ab"]

    with pytest.raises(SourceError, match="holds several"):
        parse("x.json", json.dumps(rows).encode(), Overrides(title="T"))


SEEN = st.characters(exclude_categories=("Cs", "Cc", "Cf", "Cn")) | st.sampled_from("\u200d\u200e")
TEXTS = st.text(SEEN, min_size=1).map(str.strip).filter(bool)
COLLAPSED = TEXTS.map(lambda text: " ".join(text.split())).filter(bool)
READOUTS = st.builds(
    Readout,
    id=st.from_regex(r"[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?", fullmatch=True),
    title=COLLAPSED,
    paragraphs=st.lists(
        st.builds(Paragraph, number=COLLAPSED, text=COLLAPSED, numbering=st.sampled_from(Numbering), heading=st.none() | COLLAPSED),
        min_size=1,
        max_size=6,
        unique_by=lambda p: p.number,
    ).map(tuple),
    date=st.none() | st.dates(min_value=date(1000, 1, 1)).map(str),
    issuer=st.none() | COLLAPSED,
    source_url=st.none() | COLLAPSED.map("https://example.org/{}".format),
    language=st.sampled_from(["en", "ja"]),
    warnings=st.lists(COLLAPSED, max_size=2).map(tuple),
)  # fmt: skip


@given(READOUTS)
def test_interchange_gives_the_same_readout_back(readout: Readout) -> None:
    table = to_interchange(readout)

    assert from_interchange(table, source="x") == readout
    assert parse("x.json", json.dumps(table).encode()) == [readout]


PIECES = st.sampled_from(
    ["1.", "2.", "3)", "(1)", "(a)", "1.1", "IV.", "OP4", "Article 2", "-", "•", "\n", "\n\n", "\n  ", " ", "The", "and",
     "Ministers met.", "agreed:", "Trade", "ANNEX", "2022.", "22 June 2022", "“quoted”", "第１項", "１．", "日本", "12", ",", "#"]
)  # fmt: skip
WORDS = st.lists(PIECES, max_size=60).map(" ".join)


@settings(max_examples=400, deadline=None)
@given(WORDS | st.text(max_size=300))
def test_every_paragraph_of_a_text_is_made_of_its_words_in_their_order(text: str) -> None:
    try:
        readout = read(text)
    except SourceError:
        return
    for paragraph in readout.paragraphs:
        letters = iter("".join(text.split()))
        assert all(c in letters for c in "".join(paragraph.text.split()))
    assert len({p.number for p in readout.paragraphs}) == len(readout.paragraphs)


NAMES = st.sampled_from(["x.txt", "x.md", "x.html", "x.json", "x.jsonl", "x", "x.pdf"])


@settings(max_examples=400, deadline=None)
@given(
    NAMES,
    st.binary(max_size=300)
    | WORDS.map(str.encode)
    | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace")),
)
def test_any_bytes_become_readouts_or_a_source_error(name: str, data: bytes) -> None:
    readouts: list[Readout] = []
    with contextlib.suppress(SourceError):
        readouts = parse(name, data)

    assert all(readout.paragraphs for readout in readouts)


RUNS = {
    "digits": b"1" * 300_000,
    "dots": b"1." * 150_000,
    "spaces": b"1. " + b" " * 300_000 + b"x",
    "newlines": b"1. One.\n" + b"\n" * 300_000 + b"2. Two.",
    "labels": b"1. Text.\n" * 30_000,
    "labels in one line": b"1. Text. " * 30_000,
    "counting up": b"\n".join(b"%d. The Ministers met again." % n for n in range(20_000)),
    "bullets": b"- a\n" * 50_000,
    "dashes": b"-" * 300_000,
    "stars": b"**a** *" * 40_000,
    "brackets": b"[" * 100_000,
    "opened bold": b"**a\n" * 40_000,
    "short paragraphs": b"The Ministers met\n\n" * 20_000,
    "lower case": b"and so on\n\n" * 20_000,
    "annexes": b"1. A sentence.\n\n2. B.\n\n" + b"ANNEX\n\nText here.\n\n" * 5_000,
    "tags": b"<p>" * 100_000,
    "list items": b"<ol>" + b"<li>One." * 20_000,
    "letters": b"x" * 300_000,
    "comments": b"<!-- " * 50_000,
}


@pytest.mark.parametrize(
    "name", ["x.txt", *(pytest.param(name, marks=pytest.mark.slow) for name in ("x.md", "x.html"))]
)
@pytest.mark.parametrize("data", RUNS.values(), ids=RUNS.keys())
def test_long_runs_take_no_more_than_seconds(name: str, data: bytes) -> None:
    started = time.process_time()  # of this process alone: a busy machine changes nothing
    with contextlib.suppress(SourceError):
        parse(name, data)

    assert time.process_time() - started < 20
