"""What the bot says of itself: what it does, questions that this server's readouts answer, every command in a line."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import discord
from discord import app_commands
from discord.ui import ActionRow, Button, Container, LayoutView

from bot.discord.pages import RULE, Tone
from bot.discord.views import LastingItem, box, message_view
from bot.locales import Phrases

if TYPE_CHECKING:
    from retrieval.answering.models import Answer
    from retrieval.search.browsing import Browser, ListedInitiative

_MOST_TRIED = 9
_MAX_LABEL = 80
_MAX_COMPONENTS = 40
_ROW = 5

DELETING = frozenset({"🗑️", "🗑", "❌"})
"""Reactions by which whoever asked takes a reply away."""


class ExampleQuestion(LastingItem, template=r"example:\d"):
    """A question as a button: its label is asked."""

    event = "example"

    @property
    def question(self) -> str:
        """What is asked."""
        assert isinstance(self.item, Button)
        return self.item.label or ""


class DeleteReply(LastingItem, template=r"delete:(?P<answer>[0-9a-f]{12})"):
    """Takes a reply away, for whoever asked."""

    event = "delete_reply"


def with_delete(view: LayoutView, answer: str) -> None:
    """Add the button that takes the reply away: to the last row with room, else in one of its own."""
    button = DeleteReply(Button(emoji="🗑️", custom_id=f"delete:{answer}"))
    rows = [item for item in view.walk_children() if isinstance(item, ActionRow)]
    if rows and sum(item.width for item in rows[-1].children) < _ROW:
        rows[-1].add_item(button)
    elif view.total_children_count + 2 <= _MAX_COMPONENTS:
        inside = next((item for item in view.children if isinstance(item, Container)), view)
        inside.add_item(ActionRow(button))


def card_view(phrases: Phrases, examples: Sequence[str], commands: Sequence[str] = ()) -> LayoutView:
    """Return the card: what the bot does, the commands where they are wanted, the examples as buttons."""
    text = [phrases("answer.talk.about")]
    if commands:
        text.append("\n".join(commands))
    if examples:
        text.append(phrases("card.try"))
    container = box(RULE.join(text), Tone.LISTED)
    for number, question in enumerate(examples):  # one a row: on a telephone a row is as wide as a button
        container.add_item(ActionRow(ExampleQuestion(Button(label=question, custom_id=f"example:{number}"))))
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


def example_questions(
    browser: Browser, scopes: Sequence[str], quote: Callable[[str], Answer], phrases: Phrases
) -> list[str]:
    """Return questions that the readouts of `scopes` answer, one of each kind: each was asked, and its readout answers."""
    initiatives, readouts = browser.initiatives(scopes), browser.documents(scopes)
    named = ((phrases("card.readout", title=re.sub(r"^The ", "", r.title)), r.id) for r in readouts)
    announced = (
        (phrases("card.initiative", name=each.initiative.name), each.readout.id)
        for each in initiatives
        if _is_name(each.initiative.name)
    )
    kinds = announced, _of_actors(initiatives, phrases), named
    found = [next(_answered(kind, quote), None) for kind in kinds]
    return list(dict.fromkeys(question for question in found if question is not None))


_Candidate = tuple[str, str]
"""A question, and the readout that has to answer it."""


def _answered(candidates: Iterable[_Candidate], quote: Callable[[str], Answer]) -> Iterator[str]:
    for question, readout in islice(candidates, _MOST_TRIED):
        if len(question) <= _MAX_LABEL and any(
            statement.paragraph.document == readout for statement in quote(question).statements
        ):
            yield question


def _of_actors(initiatives: Sequence[ListedInitiative], phrases: Phrases) -> Iterator[_Candidate]:
    seen = set[str]()
    for entry in initiatives:
        actor = entry.initiative.actor
        if actor and actor not in seen and _is_name(actor, fewest=1):
            seen.add(actor)
            yield phrases("card.actor", actor=actor), entry.readout.id


def _is_name(text: str, fewest: int = 2) -> bool:
    """Whether something is called by a proper name rather than described: it begins and goes on in capitals."""
    words = text.split()
    capital = sum(word[:1].isupper() for word in words)
    return bool(words) and text[:1].isupper() and capital >= fewest and 2 * capital >= len(words)
