"""The controls under a preview, and the form that corrects what was read. Each names its draft in the ledger."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self

import discord
from discord.ui import ActionRow, Button, DynamicItem, Item, Label, LayoutView, Modal, TextDisplay, TextInput

from bot.discord.corpus.drafts import Draft, Editable
from bot.locales import Phrases

FORM = "corpus-details"
MAX_FIELD = {"title": 1_000, "date": 10, "issuer": 500, "id": 64}
"""The longest text of each field, in characters."""

_FORM_LIFETIME_S = 900.0


class DraftControl(
    DynamicItem[Item[Any]],
    template=r"corpus:(?P<action>turn|yes|edit|no):(?P<draft>[0-9a-f]{12}):(?P<page>\d+):(?P<index>\d+)",
):
    """A button under a preview; the `draft_control` event hands it to whoever listens."""

    def __init__(self, item: Item[Any]) -> None:
        super().__init__(item)
        match = self.template.fullmatch(self.custom_id)
        assert match is not None  # the base class checked it
        self.action = match["action"]
        self.draft = match["draft"]
        self.page = int(match["page"])
        self.index = int(match["index"])

    @classmethod
    async def from_custom_id(
        cls, _interaction: discord.Interaction[Any], item: Item[Any], _match: re.Match[str], /
    ) -> Self:
        """Take a control up again from a message, whichever process sent it."""
        return cls(item)

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """Say that somebody used this control."""
        interaction.client.dispatch("draft_control", interaction, self)


def preview_view(draft: Draft, phrases: Phrases, number: int = 0) -> LayoutView:
    """Return one page of a preview with what can be done about it."""
    number = min(number, len(draft.pages) - 1)
    page = draft.pages[number]
    view = LayoutView(timeout=None).add_item(TextDisplay(page.text))
    view.add_item(ActionRow(*_buttons(draft, phrases, number, page.edits)))
    return view


def _buttons(draft: Draft, phrases: Phrases, number: int, edits: int | None) -> Iterator[DraftControl]:
    def button(action: str, page: int, index: int, **look: Any) -> DraftControl:
        return DraftControl(Button(custom_id=f"corpus:{action}:{draft.id}:{page}:{index}", **look))

    last = len(draft.pages) - 1
    if last:
        yield button("turn", max(number - 1, 0), 0, emoji="◀️", disabled=number == 0)
        yield button("turn", min(number + 1, last), 1, emoji="▶️", disabled=number == last)
    if draft.confirmable:
        danger = draft.kind in ("remove", "purge")
        style = discord.ButtonStyle.danger if danger else discord.ButtonStyle.success
        yield button("yes", number, 0, label=phrases("corpus.control.confirm"), style=style)
    if edits is not None:
        yield button("edit", number, edits, label=phrases("corpus.control.edit"))
    yield button("no", number, 0, label=phrases("corpus.control.cancel"))


def details_form(draft: Draft, index: int, page: int, phrases: Phrases) -> Modal:
    """Return the form for one readout; the `interaction` event brings what was typed, after a restart too."""
    form = Modal(
        title=phrases("corpus.form.title"),
        custom_id=f"{FORM}:{draft.id}:{page}:{index}",
        timeout=_FORM_LIFETIME_S,
    )
    for name, shown in shown_in_form(draft.editable[index]).items():
        field: TextInput[Modal] = TextInput(
            custom_id=name,
            default=shown,
            required=name in ("title", "id"),
            max_length=MAX_FIELD[name],
            placeholder=phrases("corpus.form.date_format") if name == "date" else None,
        )
        form.add_item(Label(text=phrases(f"corpus.form.{name}"), component=field))
    return form


def shown_in_form(editable: Editable) -> dict[str, str]:
    """Return what the form's fields hold before anything is typed."""
    values = {"title": editable.title, "date": editable.date, "issuer": editable.issuer, "id": editable.id}
    return {name: (value or "")[: MAX_FIELD[name]] for name, value in values.items()}


def form_target(interaction: discord.Interaction[Any]) -> tuple[str, int, int] | None:
    """Return draft, page and readout that a submitted form is about; None for another form."""
    data: Any = interaction.data or {}
    name, *rest = str(data.get("custom_id", "")).split(":")
    if name != FORM or len(rest) != 3 or not all(part.isdecimal() for part in rest[1:]):
        return None
    return rest[0], int(rest[1]), int(rest[2])


def typed_into(interaction: discord.Interaction[Any]) -> dict[str, str]:
    """Return what was typed into a form, by field."""
    data: Any = interaction.data or {}
    return {
        item["custom_id"]: str(item["value"])
        for item in _walk(data.get("components", ()))
        if "value" in item and item.get("custom_id") in MAX_FIELD
    }


def _walk(components: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for component in components:
        yield component
        yield from _walk(component.get("components", ()))
        if "component" in component:
            yield from _walk((component["component"],))
