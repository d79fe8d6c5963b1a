"""What an ingest is asked to do, as values that a row of the ledger can hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

from retrieval.models import SHARED, Readout
from retrieval.sources.identity import make_id


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came without a folder: an attachment."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Details:
    """What an admin corrects before a readout goes live; None leaves what the source says."""

    id: str | None = None
    title: str | None = None
    date: str | None = None
    issuer: str | None = None

    def apply(self, readout: Readout) -> Readout:
        """Return `readout` with these corrections."""
        given = {name: value for name, value in asdict(self).items() if value is not None}
        if "id" in given:
            given["id"] = make_id(given["id"])
        return replace(readout, **given)


@dataclass(frozen=True, slots=True)
class IngestRequest:
    """Sources, and what may be done with them.

    Attributes:
        paths: Files and folders, absolute; with no source at all, the corpus.
        urls: Addresses of pages and files.
        uploads: Files as bytes.
        replace: Let a source take over an id that another source holds.
        separate: Keep a source beside a readout that it looks like.
        taken_as: Id that a source brings -> that of the readout it looks like and replaces, or its own again, to be
            kept beside it: what somebody said who was asked.
        prune: Withdraw readouts whose source is gone from the folders named.
        details: Source name -> corrections of its readout.
        seen: Readout id -> the live revision that a preview compared with ("" for none): another one by then
            is not replaced. None: nobody looked.
        expected: Readout id -> the revision that a preview showed: another one is not made live.
    """

    paths: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    uploads: tuple[Upload, ...] = ()
    scope: str = SHARED
    actor: str = "command line"
    replace: bool = False
    separate: bool = False
    taken_as: Mapping[str, str] = field(default_factory=dict)
    prune: bool = False
    details: Mapping[str, Details] = field(default_factory=dict)
    seen: Mapping[str, str] | None = None
    expected: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return what a row keeps; uploads are kept apart."""
        kept = asdict(replace(self, uploads=()))
        del kept["uploads"]
        return kept

    @classmethod
    def from_json(cls, kept: Mapping[str, Any], uploads: tuple[Upload, ...] = ()) -> Self:
        """Return the request that a row kept.

        Raises:
            KeyError, TypeError, AttributeError: Another version wrote it.
        """
        details = {name: Details(**each) for name, each in kept["details"].items()}
        lists = {name: tuple(kept[name]) for name in ("paths", "urls")}
        return cls(**{**kept, **lists, "details": details, "uploads": uploads})
