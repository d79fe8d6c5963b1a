"""The controls under an answer. Each names its answer in the ledger, so it works after a restart too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord.ui import ActionRow, Button, DynamicItem, Item, LayoutView, Select, TextDisplay

from bot.discord.markdown import shortened
from bot.discord.rendering import MAX_CITED, Cited, Page
from bot.locales import Phrases

_MAX_ROW = 5
_MAX_LABEL = 80
_MAX_OPTION = 100

_OF_LISTS = frozenset({"turn", "csv"})


class Control(
    DynamicItem[Item[Any]],
    template=r"(?P<action>open|pick|copy|translate|good|bad|turn|csv):(?P<answer>[0-9a-f]{12}):(?P<page>\d+):(?P<index>\d+)",
):
    """A button or select under an answer.

    What to do stands in its custom id; the `control` event hands it to whoever listens, `list_control` where
    it is about a whole list.
    """

    def __init__(self, item: Item[Any]) -> None:
        super().__init__(item)
        match = self.template.fullmatch(self.custom_id)
        assert match is not None  # the base class checked it
        self.action = match["action"]
        self.answer = match["answer"]
        self.page = int(match["page"])
        self.index = int(match["index"])

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: Item[Any], _match: re.Match[str], /
    ) -> Self:
        """Take a control up again from a message, whichever process sent it."""
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Say that a reader used this control."""
        if isinstance(self.item, Select):
            self.index = int(self.item.values[0])
        event = "list_control" if self.action in _OF_LISTS else "control"
        interaction.client.dispatch(event, interaction, self)


def page_view(page: Page, phrases: Phrases, *, answer: str | None = None, number: int = 0) -> LayoutView:
    """Return a page as the components of one message, with its controls where it shows an answer."""
    view = LayoutView(timeout=None)
    view.add_item(TextDisplay(page.text))
    if answer is not None:
        place = f"{answer}:{number}"
        _add_rows(view, page.cited, phrases, place, _closing(page, phrases, place))
    return view


def list_view(pages: Sequence[Page], phrases: Phrases, *, listing: str, number: int = 0) -> LayoutView:
    """Return one page of a list as the components of a message: its paragraphs, the other pages, the CSV."""
    page, place = pages[number], f"{listing}:{number}"
    view = LayoutView(timeout=None)
    view.add_item(TextDisplay(page.text))
    if not page.cited:  # a sentence says why there is no list
        return view
    closing = [Control(Button(label=phrases("control.csv"), custom_id=f"csv:{place}:0"))]
    if len(pages) > 1:
        closing = [*_turns(listing, number, len(pages)), *closing]
    _add_rows(view, page.cited, phrases, place, closing)
    return view


def _turns(listing: str, number: int, pages: int) -> list[Control]:
    """Return the ways to the page before and after; the last part of their ids keeps them apart."""
    before, after = max(number - 1, 0), min(number + 1, pages - 1)
    return [
        Control(Button(emoji="◀️", custom_id=f"turn:{listing}:{before}:0", disabled=before == number)),
        Control(Button(emoji="▶️", custom_id=f"turn:{listing}:{after}:1", disabled=after == number)),
    ]


def text_view(text: str) -> LayoutView:
    """Return one sentence as the components of a message."""
    return LayoutView(timeout=None).add_item(TextDisplay(text))


def _closing(page: Page, phrases: Phrases, place: str) -> list[Control]:
    offered = [*(["copy"] if page.cited else []), *(["translate"] if page.can_translate else [])]
    return [
        *(
            Control(Button(label=phrases(f"control.{each}"), custom_id=f"{each}:{place}:0"))
            for each in offered
        ),
        Control(Button(emoji="👍", custom_id=f"good:{place}:0")),
        Control(Button(emoji="👎", custom_id=f"bad:{place}:0")),
    ]


def _add_rows(
    view: LayoutView, cited: Sequence[Cited], phrases: Phrases, place: str, closing: list[Control]
) -> None:
    for row in _rows(cited, phrases, place, closing):
        view.add_item(ActionRow(*row))


def _rows(
    cited: Sequence[Cited], phrases: Phrases, place: str, closing: list[Control]
) -> list[list[Control]]:
    if not cited:
        return [closing]
    if len(cited) > _MAX_ROW:
        starts = range(0, len(cited), MAX_CITED)
        return [*([_select(cited, start, phrases, place)] for start in starts), closing]
    buttons = [
        Control(Button(label=shortened(c.label, _MAX_LABEL), custom_id=f"open:{place}:{index}"))
        for index, c in enumerate(cited)
    ]
    return [buttons + closing] if len(buttons) + len(closing) <= _MAX_ROW else [buttons, closing]


def _select(cited: Sequence[Cited], start: int, phrases: Phrases, place: str) -> Control:
    options = [
        discord.SelectOption(
            label=shortened(c.label, _MAX_OPTION),
            value=str(index),
            description=shortened(c.document, _MAX_OPTION),
        )
        for index, c in enumerate(cited[start : start + MAX_CITED], start)
    ]
    return Control(
        Select(custom_id=f"pick:{place}:{start}", placeholder=phrases("control.open"), options=options)
    )
