"""Every request against Discord's own description of its API, where that file is there."""

from __future__ import annotations

import json
import os
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

VARIABLE = "OPENAPI_JSON"
BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "discord" / "openapi.json"


def find() -> Path | None:
    """Return Discord's API description: where `OPENAPI_JSON` says, or in `../shared/discord/`."""
    named = os.environ.get(VARIABLE)
    path = Path(named) if named else BESIDE
    return path if path.is_file() else None


class ApiDescription:
    """Discord's API description, ready to judge requests."""

    def __init__(self, path: Path) -> None:
        self._document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        self._validators: dict[tuple[str, str], Draft202012Validator | None] = {}

    @cached_property
    def _paths(self) -> list[tuple[re.Pattern[str], str]]:
        # Literal segments before parameters: `…/messages/@original` is not a message id.
        ordered = sorted(self._document["paths"], key=lambda path: path.count("{"))
        return [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path) for path in ordered]

    def problems(self, method: str, path: str, body: Any) -> list[str]:
        """Return what Discord's description has against a request; empty when it is fine."""
        template = next((t for pattern, t in self._paths if pattern.fullmatch(path)), None)
        if template is None or method.lower() not in self._document["paths"][template]:
            return [f"{method} {path}: no such route in Discord's API description"]
        validator = self._validator(template, method.lower())
        if validator is None or body is None:
            return []
        errors = validator.iter_errors(_ids_as_strings(body))
        return [f"{method} {path} {e.json_path}: {e.message[:300]}" for e in errors]

    def _validator(self, template: str, method: str) -> Draft202012Validator | None:
        key = (template, method)
        if key not in self._validators:
            content = self._document["paths"][template][method].get("requestBody", {}).get("content", {})
            schema = content.get("application/json", {}).get("schema")
            self._validators[key] = schema and Draft202012Validator(
                {**schema, "components": self._document["components"]}
            )
        return self._validators[key]


def _ids_as_strings(body: Any) -> Any:
    """Write as strings the ids that discord.py sends as numbers: Discord takes both, its description one."""
    if not isinstance(body, dict):
        return body
    written = dict(body)
    if "recipient_id" in body:
        written["recipient_id"] = str(body["recipient_id"])
    if isinstance(body.get("message_reference"), dict):
        reference = body["message_reference"].items()
        written["message_reference"] = {k: str(v) if k.endswith("_id") else v for k, v in reference}
    if isinstance(body.get("attachments"), list):
        written["attachments"] = [
            {**named, "id": str(named["id"])} if "id" in named else named for named in body["attachments"]
        ]
    if isinstance(body.get("default_values"), list):
        written["default_values"] = [{**chosen, "id": str(chosen["id"])} for chosen in body["default_values"]]
    if isinstance(body.get("components"), list):
        written["components"] = [_ids_as_strings(inside) for inside in body["components"]]
    if "data" in body:
        written["data"] = _ids_as_strings(body["data"])
    return written
