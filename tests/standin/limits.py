"""Discord's limits on what a bot sends; lengths are counted in UTF-16 units, the strictest reading."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.standin.errors import EMPTY_MESSAGE, TOO_LARGE, TOO_MANY_ATTACHMENTS, ApiError, invalid

COMPONENTS_V2 = 1 << 15
EPHEMERAL = 1 << 6
LOADING = 1 << 7

FILE_BYTES = 10 * 1024 * 1024
REQUEST_BYTES = 25 * 1024 * 1024

_EMBED_TEXTS = {"title": 256, "description": 4096}


def length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def check_message(body: dict[str, Any], *, editing: bool = False) -> None:
    """Raise what Discord answers to a message that it would not take."""
    components = list(body.get("components") or [])
    if (body.get("flags") or 0) & COMPONENTS_V2:
        _check_v2(body, components)
    else:
        _check_classic(body, components, editing)
    _check_custom_ids(components)
    if len(str(body.get("nonce") or "")) > 25:
        raise invalid("nonce", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")


def _check_classic(body: dict[str, Any], components: list[Any], editing: bool) -> None:
    content, embeds = body.get("content") or "", body.get("embeds") or []
    if length(content) > 2000:
        raise invalid("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer in length.")
    if len(embeds) > 10:
        raise invalid("embeds", "BASE_TYPE_MAX_LENGTH", "Must be 10 or fewer in length.")
    if sum(map(_embed_length, embeds)) > 6000:
        raise invalid("embeds", "MAX_EMBED_SIZE_EXCEEDED", "Embed size exceeds maximum size of 6000")
    if len(components) > 5 or any(c.get("type") != 1 for c in components):
        raise invalid("components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    _check_rows(components)
    if not editing and not (content or embeds or components or body.get("attachments") or body.get("poll")):
        raise ApiError(*EMPTY_MESSAGE)


def _embed_length(embed: dict[str, Any]) -> int:
    for name, limit in _EMBED_TEXTS.items():
        if length(embed.get(name) or "") > limit:
            raise invalid(f"embeds.0.{name}", "BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length.")
    fields = embed.get("fields") or []
    if len(fields) > 25:
        raise invalid("embeds.0.fields", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    texts = [embed.get("title"), embed.get("description"), (embed.get("footer") or {}).get("text")]
    texts += [(embed.get("author") or {}).get("name")]
    for field in fields:
        if not 0 < length(field.get("name", "")) <= 256 or not 0 < length(field.get("value", "")) <= 1024:
            raise invalid("embeds.0.fields.0", "BASE_TYPE_BAD_LENGTH", "A field's name or value is too long.")
        texts += [field["name"], field["value"]]
    return sum(length(text or "") for text in texts)


def _check_v2(body: dict[str, Any], components: list[Any]) -> None:
    if body.get("content") or body.get("embeds") or body.get("poll"):
        message = "The 'content' and 'embeds' fields cannot be used with MessageFlags.IS_COMPONENTS_V2"
        raise invalid("content", "MESSAGE_CANNOT_USE_LEGACY_FIELDS_WITH_COMPONENTS_V2", message)
    nested = list(walk(components))
    if not 1 <= len(nested) <= 40:
        raise invalid("components", "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED", "Max 40 components.")
    texts = [component["content"] for component in nested if component.get("type") == 10]
    if any(not text.strip() for text in texts):
        raise invalid("components.0.content", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 4000 in length.")
    if sum(map(length, texts)) > 4000:
        message = "Displayable text size exceeds maximum size of 4000"
        raise invalid("components", "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED", message)
    _check_rows([component for component in nested if component.get("type") == 1])


def _check_rows(rows: list[Any]) -> None:
    for row in rows:
        inside = row.get("components") or []
        buttons = [c for c in inside if c.get("type") == 2]
        if not 1 <= len(inside) <= 5 or (len(buttons) != len(inside) and len(inside) != 1):
            raise invalid("components.0", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
        for item in inside:
            _check_item(item)


def _check_item(item: dict[str, Any]) -> None:
    if item["type"] == 2 and not (item.get("label") or item.get("emoji")):
        raise invalid("components.0.components.0", "BUTTON_COMPONENT_LABEL_REQUIRED", "A label is required.")
    if length(item.get("label") or "") > 80:
        raise invalid("components.0.components.0.label", "BASE_TYPE_MAX_LENGTH", "Must be 80 or fewer.")
    options = item.get("options") or []
    if item["type"] == 3 and not 1 <= len(options) <= 25:
        raise invalid("components.0.components.0.options", "BASE_TYPE_BAD_LENGTH", "1 to 25 options.")
    if any(length(o.get(k) or "") > 100 for o in options for k in ("label", "value", "description")):
        raise invalid("components.0.components.0.options.0", "BASE_TYPE_MAX_LENGTH", "Must be 100 or fewer.")
    if len({option["value"] for option in options}) != len(options):
        raise invalid(
            "components.0.components.0.options", "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED", "Twice."
        )


def _check_custom_ids(components: list[Any]) -> None:
    ids = [c["custom_id"] for c in walk(components) if "custom_id" in c]
    if any(not 1 <= length(custom_id) <= 100 for custom_id in ids):
        raise invalid(
            "components.0.custom_id", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length."
        )
    if len(set(ids)) != len(ids):
        raise invalid(
            "components", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated"
        )


def check_choices(choices: list[dict[str, Any]]) -> None:
    """Raise what Discord answers to an autocomplete answer that it would not take."""
    if len(choices) > 25:
        raise invalid("data.choices", "BASE_TYPE_MAX_LENGTH", "Must be 25 or fewer in length.")
    for choice in choices:
        if not 1 <= length(choice["name"]) <= 100 or length(str(choice["value"])) > 100:
            raise invalid("data.choices.0", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")


def check_modal(modal: dict[str, Any]) -> None:
    """Raise what Discord answers to a modal that it would not show."""
    components = modal.get("components") or []
    for name, limit in (("title", 45), ("custom_id", 100)):
        if not 1 <= length(modal.get(name) or "") <= limit:
            raise invalid(f"data.{name}", "BASE_TYPE_BAD_LENGTH", f"Must be between 1 and {limit} in length.")
    if not 1 <= len(components) <= 5:
        raise invalid("data.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    for item in walk(components):
        for name, limit in (("label", 45), ("description", 100), ("placeholder", 100), ("value", 4000)):
            if length(item.get(name) or "") > limit:
                message = f"Must be {limit} or fewer in length."
                raise invalid(f"data.components.0.{name}", "BASE_TYPE_MAX_LENGTH", message)
    _check_custom_ids(components)


def check_uploads(sizes: list[int], whole: int) -> None:
    """Raise what Discord answers to files that it would not take."""
    if len(sizes) > 10:
        raise ApiError(*TOO_MANY_ATTACHMENTS)
    if max(sizes, default=0) > FILE_BYTES or max(whole, sum(sizes)) > REQUEST_BYTES:
        raise ApiError(*TOO_LARGE)


def walk(components: list[Any]) -> Iterator[dict[str, Any]]:
    """Every component, nested ones too."""
    for component in components:
        yield component
        yield from walk(component.get("components") or [])
        if component.get("accessory"):
            yield component["accessory"]
        if component.get("component"):
            yield component["component"]
