"""The controls under an answer. Each names its answer in the ledger, so it works after a restart too."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import discord
from discord.ui import ActionRow, Button, DynamicItem, Item, LayoutView, MediaGallery, Select, TextDisplay

from bot.discord import Interaction
from bot.discord.discord_markdown import shortened
from bot.discord.pages import MAX_CITED, Cited, Page
from bot.locales import Phrases

_MAX_ROW = 5
MAX_LABEL = 80
_MAX_OPTION = 100

_EVENTS = {
    "good": "feedback_control",
    "bad": "feedback_control",
    "turn": "list_control",
    "csv": "list_control",
    "leaf": "sheet_control",
    "files": "sheet_control",
}


class Control(
    DynamicItem[Item[Any]],
    template=(
        r"(?P<of>corpus:)?(?P<action>open|pick|copy|translate|good|bad|turn|csv|leaf|files|yes|edit|no|replace|both)"
        r":(?P<answer>[0-9a-f]{12}):(?P<page>\d+):(?P<index>\d+)"
    ),
):
    """A button or select under an answer, a list or a preview; `answer` is the id of what it is under.

    What to do stands in its custom id; the `control` event hands it to whoever listens, `list_control` where
    it is about a whole list, `sheet_control` where it is about a comparison, a trace or files, `preview_control` where
    it is about a preview.
    """

    def __init__(self, item: Item[Any]) -> None:
        super().__init__(item)
        match = self.template.fullmatch(self.custom_id)
        assert match is not None  # the base class checked it
        self.action = match["action"]
        self._event = "preview_control" if match["of"] else _EVENTS.get(self.action, "control")
        self.answer = match["answer"]
        self.page = int(match["page"])
        self.index = int(match["index"])

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, item: Item[Any], _match: re.Match[str], /
    ) -> Self:
        """Take a control up again from a message, whichever process sent it."""
        return cls(item)

    async def callback(self, interaction: Interaction) -> Any:
        """Say that a reader used this control."""
        if isinstance(self.item, Select):
            self.index = int(self.item.values[0])
        interaction.client.dispatch(self._event, interaction, self)


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
    closing = [_labelled("csv", phrases, place), _labelled("files", phrases, place)]
    if len(pages) > 1:
        closing = [*_turns("turn", listing, number, len(pages)), *closing]
    _add_rows(view, page.cited, phrases, place, closing)
    return view


def sheet_view(
    pages: Sequence[Page], phrases: Phrases, *, sheet: str, number: int = 0, picture: str | None = None
) -> LayoutView:
    """Return one page of a comparison or a trace: its paragraphs, the other pages, the files.

    Args:
        picture: Name of an attachment to show below the text.
    """
    page, place = pages[number], f"{sheet}:{number}"
    view = LayoutView(timeout=None).add_item(TextDisplay(page.text))
    if picture is not None:
        described = discord.MediaGalleryItem(f"attachment://{picture}", description=phrases("trace.plot"))
        view.add_item(MediaGallery(described))
    turns = _turns("leaf", sheet, number, len(pages)) if len(pages) > 1 else []
    _add_rows(view, page.cited, phrases, place, [*turns, _labelled("files", phrases, place)])
    return view


def _labelled(action: str, phrases: Phrases, place: str) -> Control:
    return Control(Button(label=phrases(f"control.{action}"), custom_id=f"{action}:{place}:0"))


def _turns(action: str, listing: str, number: int, pages: int) -> list[Control]:
    """Return the ways to the page before and after; the last part of their ids keeps them apart."""
    before, after = max(number - 1, 0), min(number + 1, pages - 1)
    return [
        Control(Button(emoji="◀️", custom_id=f"{action}:{listing}:{before}:0", disabled=before == number)),
        Control(Button(emoji="▶️", custom_id=f"{action}:{listing}:{after}:1", disabled=after == number)),
    ]


def text_view(text: str) -> LayoutView:
    """Return one sentence as the components of a message."""
    return LayoutView(timeout=None).add_item(TextDisplay(text))


def _closing(page: Page, phrases: Phrases, place: str) -> list[Control]:
    offered = [*(["copy", "files"] if page.cited else []), *(["translate"] if page.can_translate else [])]
    return [
        *(_labelled(each, phrases, place) for each in offered),
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
        Control(Button(label=shortened(c.label, MAX_LABEL), custom_id=f"open:{place}:{index}"))
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
