"""Every language says everything, with the same values, and Discord takes its command names."""

from __future__ import annotations

import re
import string

import pytest

from bot.discord.pages import MAX_TEXT
from bot.locales import Phrases, load

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
