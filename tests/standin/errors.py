"""Discord's refusals."""

from __future__ import annotations

from typing import Any


class ApiError(Exception):
    """An error answer: HTTP status, Discord's code, message, and errors by field."""

    def __init__(
        self, status: int, code: int, message: str, errors: dict[str, Any] | None = None, **more: Any
    ) -> None:
        super().__init__(f"{status}/{code} {message}")
        self.status = status
        self.body: dict[str, Any] = {"code": code, "message": message, **more}
        if errors:
            self.body["errors"] = errors


def invalid(field: str, code: str, message: str) -> ApiError:
    """50035, what Discord says to a body that breaks a limit."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(field.split(".")):
        errors = {part: errors}
    return ApiError(400, 50035, "Invalid Form Body", errors)


UNAUTHORIZED = (401, 0, "401: Unauthorized")
UNKNOWN_CHANNEL = (404, 10003, "Unknown Channel")
UNKNOWN_MESSAGE = (404, 10008, "Unknown Message")
UNKNOWN_WEBHOOK = (404, 10015, "Unknown Webhook")
UNKNOWN_INTERACTION = (404, 10062, "Unknown interaction")
ALREADY_ACKNOWLEDGED = (400, 40060, "Interaction has already been acknowledged.")
MISSING_ACCESS = (403, 50001, "Missing Access")
TOO_MANY_ATTACHMENTS = (400, 30015, "Maximum number of attachments in a message reached (10)")
TOO_LARGE = (413, 40005, "Request entity too large")
EMPTY_MESSAGE = (400, 50006, "Cannot send an empty message")
MISSING_PERMISSIONS = (403, 50013, "Missing Permissions")
INVALID_TOKEN = (401, 50027, "Invalid Webhook Token")
HAS_THREAD = (400, 160004, "A thread has already been created for this message")
