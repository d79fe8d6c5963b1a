"""What an ingest is asked to do, and what it is going to do: loaded sources compared with what is live."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, astuple, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection

from retrieval.comparison.differences import diff_paragraphs
from retrieval.fetching import Validators
from retrieval.initiatives import (
    EXTRACTION_VERSION,
    Paced,
    apply_corrections,
    extract_initiatives,
    parse_corrections,
)
from retrieval.ledger import live, revisions, seals
from retrieval.ledger.live import ReadoutSummary, likest
from retrieval.ledger.revisions import SeenSource
from retrieval.models import (
    SHARED,
    Alike,
    FailedSource,
    Initiative,
    LeftOutOf,
    LiveParagraph,
    Paragraph,
    ParagraphDiff,
    Readout,
)
from retrieval.sources import PARSER_VERSION, LoadedSource, to_interchange
from retrieval.sources.identity import make_id
from retrieval.sources.loading import META


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


REVISION_DIGITS = 12


def revision_id(readout: Readout, corrections: Mapping[str, Any] | None = None) -> str:
    """Return the first 12 hexadecimal digits of a SHA-256 over all that a revision is made from.

    That is the canonical JSON, the corrections to its initiatives, and the versions of what reads the two.
    """
    content = {
        "parser": PARSER_VERSION,
        "extraction": EXTRACTION_VERSION,
        "readout": to_interchange(readout),
        "corrections": corrections or {},
    }
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(canonical.encode()).hexdigest()[:REVISION_DIGITS]


@dataclass(frozen=True, slots=True)
class Change:
    """A readout that differs from what is live.

    Attributes:
        live: What is live now, or None: it is new.
        diff: Against what is live; None for a new one.
        corrections: To its initiatives, as written in its `.meta.toml`.
    """

    source: str
    readout: Readout
    revision: str
    live: ReadoutSummary | None = None
    diff: ParagraphDiff | None = None
    corrections: Mapping[str, Any] = field(default_factory=dict)

    def initiatives(self, paced: Paced = iter) -> tuple[tuple[Initiative, ...], tuple[str, ...]]:
        """Return its corrected list, and what in the corrections cannot be used any more."""
        corrections, unusable = parse_corrections(self.corrections)
        found = extract_initiatives(self.readout, paced)
        corrected, gone = apply_corrections(found, corrections, self.readout)
        return corrected, tuple(f"{self.source}: {problem}" for problem in (*unusable, *gone))


@dataclass(slots=True)
class Plan:
    """What an ingest is going to do.

    Attributes:
        held: Differ from a live revision that somebody rolled back to: reported, and left.
        removals: Live, and their source is gone.
        done: Those of `changes` that were made.
        seen: What each source held, to know it again.
        paragraphs: Read, in the sources that did not fail.
        alike: Look like readouts that are there, under another name; left, for somebody to say what they are.
        left_out: What of the sources stands in no paragraph, and why.
    """

    changes: list[Change] = field(default_factory=list)
    done: list[Change] = field(default_factory=list)
    held: list[Change] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    failed: list[FailedSource] = field(default_factory=list)
    removals: list[ReadoutSummary] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    seen: list[SeenSource] = field(default_factory=list)
    paragraphs: int = 0
    alike: list[Alike] = field(default_factory=list)
    left_out: list[LeftOutOf] = field(default_factory=list)

    @property
    def changes_anything(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.changes or self.removals)

    @property
    def is_cut_short(self) -> bool:
        """Whether it was stopped before all its changes were made."""
        return len(self.done) < len(self.changes)


class Planner:
    """Compares what sources hold with what is live; changes nothing.

    Args:
        corpus_dir: Sources are named relative to it, so that moving it does not make them other sources.
    """

    def __init__(self, connection: Connection, request: IngestRequest, corpus_dir: Path) -> None:
        self._connection = connection
        self._request = request
        self._corpus_dir = absolute(corpus_dir)
        self._plan = Plan()
        self._failed: set[str] = set()
        self._brought: dict[str, str] = {}  # id -> the source that brings it in this run

    def plan(self, loaded: Sequence[LoadedSource]) -> Plan:
        """Return what is to be done with `loaded`."""
        before = self._known({readout.id for each in loaded for readout in self._readouts(each)})
        for each in loaded:
            self._look_at(each, before)
        if self._request.prune:
            there = live.readouts(self._connection, [self._request.scope])
            self._plan.removals = [summary for summary in there if self._is_gone(summary)]
        return self._plan

    def _readouts(self, loaded: LoadedSource) -> tuple[Readout, ...]:
        details = self._request.details.get(loaded.source)
        readouts = tuple(details.apply(r) for r in loaded.readouts) if details else loaded.readouts
        taken_as = self._request.taken_as
        return tuple(replace(r, id=taken_as[r.id]) if r.id in taken_as else r for r in readouts)

    def _known(self, ids: set[str]) -> dict[str, ReadoutSummary]:
        return live.readouts_by_id(self._connection, self._request.scope, ids)

    def _look_at(self, loaded: LoadedSource, before: Mapping[str, ReadoutSummary]) -> None:
        source, error = source_name(loaded.source, self._corpus_dir), loaded.error
        if error is not None:
            at_fault = source_name(error.source, self._corpus_dir) if error.source.endswith(META) else source
            self._plan.failed.append(FailedSource(at_fault, error.line, error.problem))
            self._failed.add(source)
            return
        if loaded.as_before:
            self._take_as_before(source, loaded.validators)
            return
        corrections = loaded.overrides.initiatives if loaded.overrides else {}
        brought = {}
        for readout in self._readouts(loaded):
            problem = _unstorable(readout)
            if problem is None:
                revision, there = revision_id(readout, corrections), before.get(readout.id)
                change = Change(source, readout, revision, there, None, corrections)
                problem = self._claim(change)
            if problem is not None:
                self._plan.failed.append(FailedSource(source, None, problem))
                self._failed.add(source)
                continue
            if (twin := self._twin(change)) is not None:
                self._plan.alike.append(twin)
                continue
            brought[readout.id] = change.revision
            self._plan.left_out += [LeftOutOf(readout.id, *astuple(left)) for left in readout.left_out]
            self._compare(change)
        if loaded.content_hash and brought:
            etag, modified = loaded.validators.etag, loaded.validators.last_modified
            key = versioned(loaded.content_hash)
            self._plan.seen.append(SeenSource(source, key, brought, etag, modified))

    def _take_as_before(self, source: str, validators: Validators) -> None:
        known = revisions.seen_source(self._connection, self._request.scope, source)
        if known and (known.etag, known.last_modified) != (validators.etag, validators.last_modified):
            renewed = replace(known, etag=validators.etag, last_modified=validators.last_modified)
            self._plan.seen.append(renewed)
        for document in known.revisions if known else {}:
            self._brought[document] = source
            self._plan.unchanged.append(document)
            self._plan.paragraphs += self._known({document})[document].paragraphs

    def _claim(self, change: Change) -> str | None:
        """Let the source bring the readout's id, or say why it may not."""
        document, before = change.readout.id, change.live
        holder = self._brought.get(document)
        if holder is not None:
            return f'its id "{document}" is also that of {holder}. Rename one of the two files.'
        taken = before is not None and before.source != change.source and before.revision != change.revision
        may_take = self._request.replace or document in self._request.taken_as.values()
        if taken and not may_take and before is not None:
            return (
                f'its id "{document}" is already that of {before.source}. Rename the file, or use --replace to '
                "let it take over."
            )
        seen, now = self._request.seen, before.revision if before else ""
        # what was confirmed may be live already: its job was cut short after the commit, and runs again
        if seen is not None and now not in (seen.get(document, ""), change.revision):
            return f'"{document}" was changed by somebody else since you looked. Look again, then confirm.'
        expected = self._request.expected
        if expected is not None and expected.get(document) != change.revision:
            return f'what "{document}" says changed since you looked. Look again, then confirm.'
        self._brought[document] = change.source
        return None

    def _twin(self, change: Change) -> Alike | None:
        """Return the live readout that a new one looks like, unless somebody said that it is another."""
        said = self._request.separate or change.readout.id in self._request.taken_as.values()
        if change.live is not None or said or self._request.seen is not None:
            return None
        found = likest(self._connection, self._request.scope, change.readout)
        if found is None or found[0] in self._brought:
            return None
        del self._brought[change.readout.id]
        return Alike(change.source, *found, change.readout.id)

    def _compare(self, change: Change) -> None:
        self._plan.paragraphs += len(change.readout.paragraphs)
        before = change.live
        if before is None:
            self._plan.changes.append(change)
            return
        damage = seals.damage(self._connection, before.revision_pk)
        if damage is not None:
            self._plan.warnings.append(f'"{before.id}": {damage.what} was altered in the store.')
        is_same = before.revision == change.revision
        if is_same and damage is None:
            self._plan.unchanged.append(before.id)
            return
        old: Sequence[Paragraph | LiveParagraph] = ()
        if is_same:
            old = change.readout.paragraphs
        elif damage is None:
            old = list(live.paragraphs_of(self._connection, before).values())
        differs = replace(change, diff=diff_paragraphs(old, change.readout.paragraphs))
        (self._plan.held if before.pinned and not is_same else self._plan.changes).append(differs)

    def _is_gone(self, summary: ReadoutSummary) -> bool:
        """Whether a live readout came from one of the folders and its source no longer brings it."""
        if not _is_file(summary.source):
            return False
        asked_about = {each.document for each in self._plan.alike}
        if summary.source in self._failed or summary.id in self._brought or summary.id in asked_about:
            return False
        came_from = self._corpus_dir / summary.source
        return any(
            path.is_dir() and came_from.is_relative_to(path) for path in map(Path, self._request.paths)
        )


def absolute(path: Path) -> Path:
    """Return one name for a path however it was typed: `../notes` and `/home/me/notes` are one folder."""
    return Path(os.path.abspath(path))  # noqa: PTH100  # Path.absolute keeps the ".."


def source_name(source: str, corpus_dir: Path) -> str:
    """Return what the ledger calls a source: a file of the corpus relative to it, an address as it is."""
    if not _is_file(source):
        return source
    path = absolute(Path(source))
    return path.relative_to(corpus_dir).as_posix() if path.is_relative_to(corpus_dir) else str(path)


def _is_file(source: str) -> bool:
    return "://" not in source and not source.startswith("upload:")


def versioned(content_hash: str) -> str:
    """Return a content hash that is another one when the same bytes are read another way."""
    return f"{PARSER_VERSION}.{EXTRACTION_VERSION}:{content_hash}"


def _unstorable(readout: Readout) -> str | None:
    """Say which character of the readout no database keeps: JSON can spell halves of characters."""
    try:
        json.dumps(asdict(readout), ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        character = f"U+{ord(error.object[error.start]):04X}"
        return f"its text holds half of a character ({character}). Save it again as UTF-8."
    return None
