"""Every language says everything, with the same values, and Discord takes its command names."""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bot.discord.pages import MAX_TEXT
from bot.locales import Phrases, load
from retrieval import fetching, sources, watching
from retrieval.fetching.exchange import Answer
from retrieval.fetching.fetcher import _status_problem
from retrieval.ingest import planning
from retrieval.initiatives import parse_corrections
from retrieval.models import Numbering, Paragraph
from retrieval.sources import account, parse
from retrieval.sources.decoding import unreadable
from retrieval.sources.formats.docx_file import _WHAT as WORD
from retrieval.sources.formats.html_file import _WHAT as E_BOOK
from retrieval.sources.formats.opendocument import _WHAT as OPENDOCUMENT
from retrieval.sources.numbering import numbering_warnings

CATALOGUE = load()
ENGLISH = CATALOGUE.languages["en"]
COMMAND_NAME = re.compile(r"[-_'\w]{1,32}")


def values(text: str) -> set[str | None]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


@pytest.mark.parametrize("language", CATALOGUE.languages.values(), ids=lambda p: p.language)
class TestEveryLanguage:
    def test_says_everything_that_english_says(self, language: Phrases) -> None:
        assert set(language.texts) == set(ENGLISH.texts)

    def test_names_the_same_values(self, language: Phrases) -> None:
        assert {key: values(text) for key, text in language.texts.items()} == {
            key: values(text) for key, text in ENGLISH.texts.items()
        }

    def test_has_names_and_descriptions_that_discord_takes(self, language: Phrases) -> None:
        for key, text in language.texts.items():
            if key.startswith("command."):
                assert len(text) <= (100 if key.endswith("description") else 32)
            if key.startswith("command.") and not key.endswith("description") and "check" not in key:
                assert COMMAND_NAME.fullmatch(text)
                assert text == text.lower()

    def test_has_no_command_left_in_english(self, language: Phrases) -> None:
        names = {key for key in language.texts if key.startswith("command.")}
        same = {key for key in names if language.texts[key] == ENGLISH.texts[key]}

        assert language is ENGLISH or same <= {"command.corpus.status.name"}  # Indonesian has the same word

    def test_has_twelve_months_and_short_sentences(self, language: Phrases) -> None:
        assert len(language.months) == 12
        assert all(len(text) < MAX_TEXT / 4 for text in language.texts.values())


def test_a_language_that_is_not_there_is_english() -> None:
    assert CATALOGUE.of("th") is CATALOGUE.of("en-GB") is ENGLISH
    assert CATALOGUE.named("th") is None


FETCHING, SOURCES, WATCHING = (Path(room.__file__).parent for room in (fetching, sources, watching))
PLANNING = Path(planning.__file__)

PROBLEM = re.compile(r"(?![A-Z])[^\n]{15,}\. [A-Z][^\n]*\.")
"""What is wrong, then what to do."""


def _text(node: ast.AST | None, named: dict[str, str]) -> str | None:
    """Return a text as it may come out, its values made up."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.Name(id=name):
            return named.get(name)
        case ast.JoinedStr(values=values):
            parts = (v.value if isinstance(v, ast.Constant) else _text(v.value, named) for v in values)
            return "".join("7" if part is None else str(part) for part in parts)
    return None


def problems(room: Path) -> set[str]:
    """Return the sentences in a package's or module's code that say what is wrong with something and what to do."""
    found: set[str] = set()
    for path in room.rglob("*.py") if room.is_dir() else [room]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        named: dict[str, str] = {}
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                named |= {node.targets[0].id: text} if (text := _text(node.value, named)) else {}
        aside = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
        aside |= {id(v) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for v in node.values}
        texts = (
            _text(node, named)
            for node in ast.walk(tree)
            if not isinstance(node, ast.Name) and id(node) not in aside
        )
        found |= {re.sub(r"%0?\d?[sdX]", "7", text) for text in texts if text and PROBLEM.fullmatch(text)}
    return found


TOLD_OTHERWISE = {
    "7 7 address. Only pages on the public web are fetched.",
}
"""In two ways, see below."""


@pytest.mark.parametrize(
    ("room", "fewest"),
    [(FETCHING, 25), (SOURCES, 60), (WATCHING, 5), (PLANNING, 4)],
    ids=["fetching", "reading", "watching", "planning"],
)
def test_every_refusal_of_a_source_has_words_in_every_language(room: Path, fewest: int) -> None:
    """Written in the code in English; a sentence that is changed there fails here."""
    sentences = problems(room) - TOLD_OTHERWISE

    assert len(sentences) > fewest
    assert [each for each in sentences if not _is_known(each)] == []


def _is_known(sentence: str) -> bool:
    others = [language for language in CATALOGUE.languages.values() if language is not ENGLISH]
    return all(other.of_source(sentence) != sentence for other in others)


NOT_FOR_MEMBERS = re.compile(r"\brapporteur [a-z]|(?<!\S)--?[a-z]|\b[A-Z]+_[A-Z_]+\b|(?<!\S)/\w+/|\.sqlite")
"""A command line, an option, a variable of the environment, a path of the host."""


@pytest.mark.parametrize("language", CATALOGUE.languages.values(), ids=lambda p: p.language)
def test_no_sentence_sends_a_member_to_the_command_line(language: Phrases) -> None:
    assert [key for key, text in language.texts.items() if NOT_FOR_MEMBERS.search(text)] == []


def test_what_the_code_says_for_a_terminal_is_said_otherwise_in_discord() -> None:
    written = 'this is not a text file (it holds NUL bytes). Save the file as UTF-8, then run "rapporteur ingest --dry-run".'

    assert (
        ENGLISH.of_source(written) == "this is not a text file (it holds NUL bytes). Save the text as UTF-8."
    )
    assert [
        key
        for key, pattern in ENGLISH.said.items()
        if not values(ENGLISH.texts[key]) <= set(pattern.groupindex)
    ] == []


@pytest.mark.parametrize("table", [
    {"add": [7], "remove": [{"quote": 7}, {"x": "y"}], "reword": [{"paragraph": "1", "quote": "a"}], "more": []},
    {"add": [{"paragraph": "1", "quote": "a", "name": "b", "kind": "c"}], "remove": "x", "reword": [{"quote": "a"}]},
])  # fmt: skip
def test_what_cannot_be_used_of_a_meta_toml_has_words_in_every_language(table: dict[str, Any]) -> None:
    _, faults = parse_corrections(table)

    assert len(faults) >= 3
    assert [each for each in faults if not _is_known(f"/srv/in/talks.txt: {each}")] == []
    assert not any("has " in CATALOGUE.languages["ja"].of_source(each) for each in faults)


def test_refusals_that_are_put_together_have_words_as_well() -> None:
    answers = [
        Answer(status, headers) for status in (401, 404, 429, 500) for headers in ({}, {"retry-after": "9"})
    ]
    address = "a private address. Only pages on the public web are fetched."

    assert all(_is_known(_status_problem(answer)) for answer in answers)
    assert all(_is_known(f"its host's robots.txt cannot be had: {_status_problem(each)}") for each in answers)
    assert _is_known("a readout must be a JSON object with id, title and paragraphs. Correct it.")
    assert _is_known(
        "source_url must be an address that begins with https:// or http://. Correct or remove it."
    )
    assert _is_known(f"h is {address}")
    assert _is_known(f'the name "h" leads to {address}')


@pytest.mark.parametrize("data", [b"GIF89a", b"7z\xbc\xaf\x27\x1c", b"\x7fELF", b"%!PS"])
def test_what_a_file_is_instead_of_a_readout_is_said_in_the_language_of_the_rest(data: bytes) -> None:
    told = unreadable(data)

    assert told is not None
    assert _is_known(told)
    assert "this is" not in CATALOGUE.languages["id"].of_source(told)
    assert not re.search("ingest|Save|Run|Unpack|archive", CATALOGUE.languages["id"].of_source(told))


WARNED = (
    *numbering_warnings([Paragraph(n, "x", Numbering.PRINTED) for n in ("1", "3", "3#2", "2", "9")]),
    *numbering_warnings([Paragraph("1", "x", Numbering.PRINTED), *(Paragraph(n, "x", Numbering.COUNTED) for n in "23")]),
    *numbering_warnings([Paragraph("1", "x", Numbering.COUNTED)]),
    *account.warning(Counter({"lost": 2}), Counter()),
    *account.warning(Counter(), Counter("x")),
    *parse("x.json", b'{"id": "a", "title": "T", "source_url": "b:c", "paragraphs": [{"number": "1", "text": "T"}]}')[0].warnings,
    *parse("x.txt", "Talks\n\n1. A\u0007 word.\n".encode("utf-16"))[0].warnings,
)  # fmt: skip


@pytest.mark.parametrize("warning", sorted(set(WARNED)))
def test_every_warning_of_reading_has_words_in_every_language(warning: str) -> None:
    for language in CATALOGUE.languages.values():
        assert language is ENGLISH or language.of_source(warning) != warning


def test_what_no_language_knows_stays_as_it_is() -> None:
    unknown = "This has to be read by somebody else: 5 to 7."

    assert {language.of_source(unknown) for language in CATALOGUE.languages.values()} == {unknown}


@pytest.mark.parametrize("what", ["a PDF", WORD, OPENDOCUMENT, E_BOOK])
def test_what_a_damaged_document_begins_as_is_named_in_the_same_language(what: str) -> None:
    told = CATALOGUE.languages["id"].of_source(
        f"the file begins as {what} but is damaged. Open it, save it anew, and try again."
    )

    assert what not in told


@pytest.mark.parametrize("suffix", [".docx", ".odt", ".epub"])
def test_a_damaged_document_is_named_in_the_same_language(suffix: str) -> None:
    told = unreadable(b"PK\x03\x04 cut short", suffix)

    assert told is not None
    assert not re.search(
        "damaged|document|text|book", CATALOGUE.languages["id"].of_source(told).replace("OpenDocument", "")
    )


def test_parts_of_a_sentence_are_in_the_same_language_as_the_rest() -> None:
    said = CATALOGUE.languages["id"].of_source

    assert said("After 4 the source goes on with 8: 5 to 7 left out.") == (
        "Setelah 4 sumber berlanjut dengan 8: 5 sampai 7 tidak ada."
    )
    assert said(
        'it redirects elsewhere: "nas.local" is a name of a private network. Only public pages are fetched.'
    ) == (
        'dialihkan ke tempat lain: "nas.local" adalah nama jaringan privat. Hanya halaman publik yang diambil.'
    )
