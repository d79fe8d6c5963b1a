"""A provider's exception -> ours, told apart by HTTP status and by name: no provider's package is imported.

What the provider said stays out of the message: it may repeat the key or the question.
"""

from __future__ import annotations

from collections.abc import Iterator

from retrieval.errors import (
    LanguageModelError,
    ModelRefusedError,
    ModelUnavailableError,
    ModelUnusableError,
    RequestRefusedError,
)

_PASSING = ("timeout", "connect", "ratelimit", "overloaded", "unavailable", "internalserver")
_OF_THE_REQUEST = frozenset({400, 413, 422})


class ReplyTooLargeError(Exception):
    """A reply is larger than any answer; a library may wrap it in an error of its own."""

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"the reply is larger than {max_bytes:,} bytes")


def translated(error: BaseException, name: str) -> LanguageModelError:
    """Return the error of our tree for what a provider's library raised."""
    if large := next((e for e in _causes(error) if isinstance(e, ReplyTooLargeError)), None):
        return ModelUnusableError(f"{name}: {large}.")
    status = _status(error)
    kind = type(error).__name__
    if status in {401, 403} or "authentication" in kind.lower():
        return ModelRefusedError(f"{name}: the key was refused. Check it, and that it may use this model.")
    if status == 404:
        return ModelRefusedError(f"{name}: there is no such model, or no such address.")
    if status is not None and 300 <= status < 400:
        return ModelRefusedError(f"{name}: the address leads elsewhere ({status}), which is not followed.")
    if status in _OF_THE_REQUEST:
        return RequestRefusedError(f"{name}: this request was not taken ({_told(kind, status)}).")
    if status == 429 or (status is not None and status >= 500) or _passing(error):
        return ModelUnavailableError(f"{name}: not available just now ({_told(kind, status)}).")
    return ModelRefusedError(f"{name}: the request failed ({_told(kind, status)}).")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen = 0
    while error is not None and seen < 10:
        yield error
        error, seen = error.__cause__ or error.__context__, seen + 1


def _status(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        found = getattr(holder, "status_code", None)
        if isinstance(found, int):
            return found
    return None


def _passing(error: BaseException) -> bool:
    kinds = [kind.__name__.lower() for kind in type(error).__mro__]
    return any(word in kind for kind in kinds for word in _PASSING)


def _told(kind: str, status: int | None) -> str:
    return kind if status is None else f"{kind}, {status}"
