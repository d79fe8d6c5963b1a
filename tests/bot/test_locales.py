"""Every language says everything, with the same values, and Discord takes its command names."""

from __future__ import annotations

import ast
import re
import string
from collections import Counter
from pathlib import Path

import pytest

from bot.discord.pages import MAX_TEXT
from bot.locales import Phrases, load
from retrieval import fetching
from retrieval.fetching.exchange import Answer
from retrieval.fetching.fetcher import _status_problem
from retrieval.models import Numbering, Paragraph
from retrieval.sources import account, parse
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

    def test_has_twelve_months_and_short_sentences(self, language: Phrases) -> None:
        assert len(language.months) == 12
        assert all(len(text) < MAX_TEXT / 4 for text in language.texts.values())


def test_a_language_that_is_not_there_is_english() -> None:
    assert CATALOGUE.of("th") is CATALOGUE.of("en-GB") is ENGLISH
    assert CATALOGUE.named("th") is None


FETCHING = Path(fetching.__file__).parent
RAISED = {"FetchError", "AddressRefusedError", "PassingError"}


def _sentences(node: ast.AST, named: dict[str, list[str]]) -> list[str]:
    """Return a text as it may come out, its values made up; of a name, what it was set to."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            parts = [v.value if isinstance(v, ast.Constant) else "7" for v in values]
            return ["".join(map(str, parts))]
        case ast.Name(id=name):
            return named.get(name, [])
    return []


def fetch_errors() -> set[str]:
    """Return the sentence of every error that fetching raises."""
    found: set[str] = set()
    for path in FETCHING.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(function, ast.FunctionDef):
                continue
            named: dict[str, list[str]] = {}
            for node in ast.walk(function):
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    named.setdefault(node.targets[0].id, []).extend(_sentences(node.value, {}))
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED:
                    found |= set(_sentences(node.args[1], named))
    return found


def test_every_error_of_fetching_has_words_in_every_language() -> None:
    """Written in the code in English; a sentence that is changed there fails here."""
    sentences = fetch_errors() - {"7 7 address. Only pages on the public web are fetched."}
    answers = [
        Answer(status, headers, b"")
        for status in (401, 404, 429, 500)
        for headers in ({}, {"retry-after": "9"})
    ]
    sentences |= {_status_problem(answer) for answer in answers}
    sentences |= {
        f"{host} a private address. Only pages on the public web are fetched."
        for host in ("h is", 'the name "h" leads to')
    }

    assert len(sentences) > 35
    for sentence in sentences:
        assert ENGLISH.of_source(sentence) == sentence
        for language in CATALOGUE.languages.values():
            assert language is ENGLISH or language.of_source(sentence) != sentence


WARNED = (
    *numbering_warnings([Paragraph(n, "x", Numbering.PRINTED) for n in ("1", "3", "3#2", "2", "9")]),
    *numbering_warnings([Paragraph("1", "x", Numbering.PRINTED), *(Paragraph(n, "x", Numbering.COUNTED) for n in "23")]),
    *numbering_warnings([Paragraph("1", "x", Numbering.COUNTED)]),
    *account.warning(Counter({"lost": 2}), Counter()),
    *account.warning(Counter(), Counter("x")),
    *parse("x.txt", "Talks\n\n1. A\u0007 word.\n".encode("utf-16"))[0].warnings,
)  # fmt: skip


@pytest.mark.parametrize("warning", sorted(set(WARNED)))
def test_every_warning_of_reading_has_words_in_every_language(warning: str) -> None:
    assert ENGLISH.of_source(warning) == warning
    for language in CATALOGUE.languages.values():
        assert language is ENGLISH or language.of_source(warning) != warning


def test_what_no_language_knows_stays_as_it_is() -> None:
    unknown = "This has to be read by somebody else: 5 to 7."

    assert {language.of_source(unknown) for language in CATALOGUE.languages.values()} == {unknown}


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
