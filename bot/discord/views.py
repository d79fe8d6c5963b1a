"""Messages as components: pages, their controls, and the card by which the bot introduces itself.

Each control names in its id all that it is about, so it works after a restart too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import discord
from discord import app_commands, ui

from bot.discord import Interaction
from bot.discord.discord_markdown import shortened
from bot.discord.pages import MAX_CITED, RULE, Cited, Page, Tone
from bot.locales import Phrases

_MAX_ROW = 5
MAX_LABEL = 80
_MAX_OPTION = 100
_MAX_COMPONENTS = 40

_MAX_LABELS = 100
"""Of the buttons of one row together: more are a wall on a phone."""

DELETING = frozenset({"🗑️", "🗑", "❌"})
"""Reactions by which whoever asked takes a reply away."""

_EVENTS = {
    "good": "feedback_control",
    "bad": "feedback_control",
    "turn": "list_control",
    "csv": "list_control",
    "leaf": "sheet_control",
    "files": "sheet_control",
    **dict.fromkeys(("open", "pick", "card", "step", "cite", "share", "past"), "paragraph_control"),
}


class LastingItem(ui.DynamicItem[ui.Item[Any]], template=r"(?!)"):
    """A button or select whose custom id says all that it is about.

    So it works on messages of any age, whichever process sent them; what is done with it, whoever listens to its event does.

    Attributes:
        event: What is dispatched when it is used, with the interaction and the item.
        match: The parts of its custom id.
    """

    event: str

    def __init__(self, item: ui.Item[Any]) -> None:
        super().__init__(item)
        match = self.template.fullmatch(self.custom_id)
        assert match is not None  # the base class checked it
        self.match = match

    @classmethod
    async def from_custom_id(
        cls, _interaction: Interaction, item: ui.Item[Any], _match: re.Match[str], /
    ) -> Self:
        """Take it up again from a message."""
        return cls(item)

    async def callback(self, interaction: Interaction) -> Any:
        """Say that somebody used it."""
        interaction.client.dispatch(self.event, interaction, self)


class Control(
    LastingItem,
    template=(
        r"(?P<of>corpus:)?"
        r"(?P<action>open|pick|card|step|cite|share|past|copy|closest|translate|good|bad|turn|csv|leaf|files"
        r"|yes|edit|no|replace|both)"
        r":(?P<answer>[0-9a-f]{12}):(?P<page>\d+):(?P<index>\d+)(?::(?P<step>-?\d+))?"
    ),
):
    """A button or select under an answer, a list or a preview; `answer` is the id of what it is under.

    What to do stands in its custom id; the `control` event hands it to whoever listens, `list_control` where
    it is about a whole list, `sheet_control` where it is about a comparison, a trace or files, `paragraph_control` where
    it is about one paragraph, `preview_control` where it is about a preview.

    Attributes:
        step: How many paragraphs after the cited one; negative before it.
    """

    def __init__(self, item: ui.Item[Any]) -> None:
        super().__init__(item)
        match = self.match
        self.action = match["action"]
        self.event = "preview_control" if match["of"] else _EVENTS.get(self.action, "control")
        self.answer = match["answer"]
        self.page = int(match["page"])
        self.index = int(match["index"])
        self.step = int(match["step"] or 0)

    async def callback(self, interaction: Interaction) -> Any:
        """Say that a reader used this control, and which of its choices."""
        if isinstance(self.item, ui.Select):
            self.index = int(self.item.values[0])
        await super().callback(interaction)


def box(text: str, tone: Tone = Tone.PLAIN) -> ui.Container[ui.LayoutView]:
    """Return the container of a message: its texts, and a line where `RULE` stands."""
    container: ui.Container[ui.LayoutView] = ui.Container(accent_colour=tone.value or None)
    for number, part in enumerate(text.split(RULE)):
        if number:
            container.add_item(ui.Separator(spacing=discord.SeparatorSpacing.small))
        container.add_item(ui.TextDisplay(part))
    return container


def message_view(container: ui.Container[ui.LayoutView]) -> ui.LayoutView:
    """Return a container as a message whose controls work for as long as it stands."""
    return ui.LayoutView(timeout=None).add_item(container)


def page_view(page: Page, phrases: Phrases, *, answer: str | None = None, number: int = 0) -> ui.LayoutView:
    """Return a page as the components of one message, with its controls where it shows an answer."""
    container = box(page.text, page.tone)
    if answer is not None:
        place = f"{answer}:{number}"
        closing = _closing(page, phrases, place)
        hidden = page.tone is Tone.NOT_FOUND
        _add_rows(container, () if hidden else page.cited, phrases, place, closing)
    return message_view(container)


def opening_view(page: Page, phrases: Phrases, place: str) -> ui.LayoutView:
    """Return a page as one message from which its paragraphs can be opened: those that `place` cites first."""
    container = box(page.text, page.tone)
    _add_rows(container, page.cited, phrases, place, [])
    return message_view(container)


def list_view(pages: Sequence[Page], phrases: Phrases, *, listing: str, number: int = 0) -> ui.LayoutView:
    """Return one page of a list as the components of a message: its paragraphs, the other pages, the CSV."""
    page, place = pages[number], f"{listing}:{number}"
    container = box(page.text, page.tone)
    if page.cited:  # else a sentence says why there is no list
        closing = [_labelled("csv", phrases, place), _labelled("files", phrases, place)]
        if len(pages) > 1:
            closing = [*_turns("turn", listing, number, len(pages)), *closing]
        _add_rows(container, page.cited, phrases, place, closing)
    return message_view(container)


def sheet_view(
    pages: Sequence[Page], phrases: Phrases, *, sheet: str, number: int = 0, picture: str | None = None
) -> ui.LayoutView:
    """Return one page of a comparison or a trace: its paragraphs, the other pages, the files.

    Args:
        picture: Name of an attachment to show below the text.
    """
    page, place = pages[number], f"{sheet}:{number}"
    container = box(page.text, page.tone)
    if picture is not None:
        described = discord.MediaGalleryItem(f"attachment://{picture}", description=phrases("trace.plot"))
        container.add_item(ui.MediaGallery(described))
    turns = _turns("leaf", sheet, number, len(pages)) if len(pages) > 1 else []
    _add_rows(container, page.cited, phrases, place, [*turns, _labelled("files", phrases, place)])
    return message_view(container)


@dataclass(frozen=True, slots=True)
class Around:
    """Where a paragraph stands.

    Attributes:
        step: How many paragraphs after the one that was cited.
        before, after: Whether there is one.
        earlier: The date of the readout before in its series, where there is one.
        shareable: Whether there is a channel to show it to.
    """

    step: int = 0
    before: bool = False
    after: bool = False
    earlier: str | None = None
    shareable: bool = True


def card_view(page: Page, phrases: Phrases, place: str, around: Around) -> ui.LayoutView:
    """Return a paragraph as one message, with the ways to its neighbours and what can be done with it.

    Args:
        place: The answer, page and index that cite it.
    """
    container, step = box(page.text, page.tone), around.step

    def button(action: str, to: int, label: str, **look: Any) -> Control:
        return Control(ui.Button(label=label, custom_id=f"{action}:{place}:{to}", **look))

    row = [
        button("step", step - 1, phrases("control.previous"), emoji="◀️", disabled=not around.before),
        button("step", step + 1, phrases("control.next"), emoji="▶️", disabled=not around.after),
        button("cite", step, phrases("control.cite")),
    ]
    if around.shareable:
        row.append(button("share", step, phrases("control.share")))
    if around.earlier:
        named = phrases("control.past", readout=around.earlier)
        row.append(button("past", step, shortened(named, MAX_LABEL)))
    return message_view(container.add_item(ui.ActionRow(*row)))


def shared_view(page: Page, phrases: Phrases, place: str, step: int) -> ui.LayoutView:
    """Return a paragraph as it is shown to a channel: each reader can open it for themselves."""
    opening = Control(ui.Button(label=phrases("control.card"), custom_id=f"card:{place}:{step}"))
    return message_view(box(page.text, page.tone).add_item(ui.ActionRow(opening)))


def _labelled(action: str, phrases: Phrases, place: str) -> Control:
    return Control(ui.Button(label=phrases(f"control.{action}"), custom_id=f"{action}:{place}:0"))


def _turns(action: str, listing: str, number: int, pages: int) -> list[Control]:
    """Return the ways to the page before and after; the last part of their ids keeps them apart."""
    before, after = max(number - 1, 0), min(number + 1, pages - 1)
    return [
        Control(ui.Button(emoji="◀️", custom_id=f"{action}:{listing}:{before}:0", disabled=before == number)),
        Control(ui.Button(emoji="▶️", custom_id=f"{action}:{listing}:{after}:1", disabled=after == number)),
    ]


def text_view(text: str, tone: Tone = Tone.PLAIN) -> ui.LayoutView:
    """Return one sentence as the components of a message."""
    return message_view(box(text, tone))


def _closing(page: Page, phrases: Phrases, place: str) -> list[Control]:
    offered = ["copy", "files"] if page.cited else []
    if page.tone is Tone.NOT_FOUND:
        offered = ["closest"] if page.cited else []
    if page.can_translate:
        offered.append("translate")
    return [
        *(_labelled(each, phrases, place) for each in offered),
        Control(ui.Button(emoji="👍", custom_id=f"good:{place}:0")),
        Control(ui.Button(emoji="👎", custom_id=f"bad:{place}:0")),
    ]


def _add_rows(
    container: ui.Container[ui.LayoutView],
    cited: Sequence[Cited],
    phrases: Phrases,
    place: str,
    closing: list[Control],
) -> None:
    rows = [closing[start : start + _MAX_ROW] for start in range(0, len(closing), _MAX_ROW)]
    if len(cited) > _MAX_ROW or sum(len(c.label) for c in cited) > _MAX_LABELS:
        starts = range(0, len(cited), MAX_CITED)
        rows = [*([_select(cited, start, phrases, place)] for start in starts), *rows]
    elif cited:
        buttons = [
            Control(ui.Button(label=shortened(c.label, MAX_LABEL), custom_id=f"open:{place}:{index}"))
            for index, c in enumerate(cited)
        ]
        is_one = len(buttons) + len(closing) <= _MAX_ROW
        rows = [buttons + closing] if is_one else [buttons, *rows]
    for row in rows:
        container.add_item(ui.ActionRow(*row))


def _select(cited: Sequence[Cited], start: int, phrases: Phrases, place: str) -> Control:
    options = [
        discord.SelectOption(label=shortened(each.label, _MAX_OPTION), value=str(index))
        for index, each in enumerate(cited[start : start + MAX_CITED], start)
    ]
    opened = phrases("control.open")
    return Control(ui.Select(custom_id=f"pick:{place}:{start}", placeholder=opened, options=options))


class ExampleQuestion(LastingItem, template=r"example:\d"):
    """A question as a button: its label is asked."""

    event = "example"

    @property
    def question(self) -> str:
        """What is asked."""
        assert isinstance(self.item, ui.Button)
        return self.item.label or ""


class DeleteReply(LastingItem, template=r"delete:(?P<answer>[0-9a-f]{12})"):
    """Takes a reply away, for whoever asked."""

    event = "delete_reply"


def with_delete(view: ui.LayoutView, answer: str) -> None:
    """Add the button that takes the reply away: to the last row with room, else in one of its own."""
    button = DeleteReply(ui.Button(emoji="🗑️", custom_id=f"delete:{answer}"))
    rows = [item for item in view.walk_children() if isinstance(item, ui.ActionRow)]
    if rows and sum(item.width for item in rows[-1].children) < _MAX_ROW:
        rows[-1].add_item(button)
    elif view.total_children_count + 2 <= _MAX_COMPONENTS:
        inside = next((item for item in view.children if isinstance(item, ui.Container)), view)
        inside.add_item(ui.ActionRow(button))


def welcome_view(phrases: Phrases, examples: Sequence[str], commands: Sequence[str] = ()) -> ui.LayoutView:
    """Return the card: what the bot does, the commands where they are wanted, the examples as buttons."""
    text = [phrases("answer.talk.about")]
    if commands:
        text.append("\n".join(commands))
    if examples:
        text.append(phrases("card.try"))
    container = box(RULE.join(text), Tone.LISTED)
    for number, question in enumerate(examples):  # one a row: on a telephone a row is as wide as a button
        container.add_item(
            ui.ActionRow(ExampleQuestion(ui.Button(label=question, custom_id=f"example:{number}")))
        )
    return message_view(container)


def command_lines(tree: app_commands.CommandTree[Any], phrases: Phrases, *, manages: bool) -> list[str]:
    """Return every command that there is, each in a line with what it does.

    Args:
        manages: Whether the reader manages readouts; to others the commands that Discord hides from them are but named.
    """
    named = [c for c in tree.walk_commands() if isinstance(c, app_commands.Command)]
    lines, hidden = [], []
    for command in sorted(named, key=lambda c: c.qualified_name):
        if not manages and (command.root_parent or command).default_permissions is not None:
            hidden.append(f"`/{command.qualified_name}`")
            continue
        key = f"command.{command.qualified_name.replace(' ', '.')}.description"
        lines.append(f"`/{command.qualified_name}` {phrases.texts.get(key, command.description)}")
    menus = tree.get_commands(type=discord.AppCommandType.message)
    lines += [phrases("card.menu", name=menu.name) for menu in menus]
    return [*lines, f"-# {phrases('card.admins', commands=' '.join(hidden))}"] if hidden else lines
