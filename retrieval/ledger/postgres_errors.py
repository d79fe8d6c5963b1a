"""What PostgreSQL and its driver say -> the house's errors; pure.

The server says it in its own language, so what matters is told by the code (PostgreSQL, appendix A). Without
a connection there is no code yet: then its words are looked at, and quoted in any case.
"""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError

from retrieval.errors import StoreError, StoreHeldError, StoreUnwritableError
from retrieval.ledger import engine

_LOCKED = "55P03"
_STALLED = "25P03"
_TOO_MANY = "53300"
_UNWRITABLE = {
    "53100": "the server's disk is full, so nothing was changed. Free some space there, then try again.",
    "25006": "the database can only be read: it is a standby, or set so. Name the server that takes writes.",
    "42501": "the user of LEDGER_URL may not write there ({reason}). Let it own the database or the schema.",
}


def held(place: str) -> StoreHeldError:
    """Return the error for a ledger that another process keeps writing to."""
    return StoreHeldError(
        f"{place}: another process has been writing to the store for "
        f"{engine.BUSY_TIMEOUT_MS // 1000} s. Wait for it to finish, then try again.",
        holder="another process",
    )


def translate(place: str, error: DBAPIError) -> StoreError:
    """Return what an error of the driver means, and what to do."""
    code = getattr(error.orig, "sqlstate", None)
    reason = _first_line(error)
    if code == _LOCKED:
        return held(place)
    if code in _UNWRITABLE:
        return StoreUnwritableError(f"{place}: {_UNWRITABLE[code].format(reason=reason)}")
    if code == _STALLED:
        return StoreError(
            f"{place}: this process stood still for so long that the database ended its transaction; nothing "
            "of it was kept. Run it again."
        )
    if code == _TOO_MANY:
        return StoreError(f"{place}: the database takes no more connections ({reason}). Raise its limit.")
    if error.connection_invalidated:
        return StoreError(
            f"{place}: the connection to the database was lost ({reason}). What was not committed is not "
            "there; try again."
        )
    return _unreached(place, reason) if code is None else _refused(place, reason)


def _unreached(place: str, reason: str) -> StoreError:
    if "password" in reason:
        return StoreError(
            f"{place}: the database refused user or password ({reason}). Correct them in LEDGER_URL."
        )
    if "database" in reason and "not exist" in reason:
        return StoreError(
            f"{place}: there is no such database ({reason}). Make it with createdb, or correct LEDGER_URL."
        )
    return StoreError(f"{place}: the database cannot be reached ({reason}). Start it, or correct LEDGER_URL.")


def _refused(place: str, reason: str) -> StoreError:
    return StoreError(
        f"{place}: the database did not do what was asked of it ({reason}). If its tables were changed by "
        "hand, restore them from a backup."
    )


def _first_line(error: DBAPIError) -> str:
    """Return what the server or the driver said, without its hints and without the connection's history."""
    lines = str(error.orig).strip().splitlines() or [type(error.orig).__name__]
    said = lines[0].strip().rpartition("FATAL:")[2].strip()
    return said.removeprefix("connection failed: ").rstrip(".")
