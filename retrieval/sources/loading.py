"""The disk edge: files and folders -> readouts, one bad file never stopping the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from retrieval.errors import CorpusError, SourceError
from retrieval.models import Readout
from retrieval.sources.hygiene import printable
from retrieval.sources.limits import MAX_BYTES
from retrieval.sources.overrides import Overrides, parse_overrides
from retrieval.sources.parsing import check_size, is_known, parse

_NOT_READOUTS = ("readme", "license", "licence", "copying", "notice", "changelog", "provenance")
_META = ".meta.toml"


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """One source: its readouts, or why there are none.

    Attributes:
        source: The file as the caller named it, or as found in a folder they named.
        readouts: Empty exactly when `error` is set.
        overrides: What the `.meta.toml` beside it says; already applied to `readouts`.
        content_hash: SHA-256 of the file and of its `.meta.toml`; "" when it could not be read.
    """

    source: str
    readouts: tuple[Readout, ...] = ()
    error: SourceError | None = None
    overrides: Overrides | None = None
    content_hash: str = ""


def load(paths: Iterable[Path]) -> Iterator[LoadedSource]:
    """Yield every source under `paths`, files and folders, in a fixed order and each file once.

    In folders, hidden files, files like README and LICENSE, and unknown extensions are passed over; a file
    named by the caller never is.

    Raises:
        CorpusError: A path is neither a file nor a folder; nothing was read.
    """
    named = [Path(path) for path in paths]
    for path in named:
        if not path.exists():
            raise CorpusError(f"{path}: there is no such file or folder. Check the path.")
    seen: set[Path] = set()
    for path in named:
        for file in _files(path):
            if file.resolve() not in seen:
                seen.add(file.resolve())
                yield load_file(file)


def load_file(path: Path) -> LoadedSource:
    """Return one file as readouts, with the `.meta.toml` beside it applied."""
    source = printable(str(path))
    try:
        data, meta = _read(path), _meta_beside(path)
        overrides = None if meta is None else parse_overrides(str(meta), _read(meta))
        readouts = tuple(parse(source, data, overrides))
    except SourceError as error:
        return LoadedSource(source, error=error)
    digest = sha256(data)
    if meta is not None:
        digest.update(b"\x00" + _read(meta))
    return LoadedSource(source, readouts, None, overrides, digest.hexdigest())


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        if file.is_file() and _is_readout_name(file.relative_to(path)):
            yield file


def _is_readout_name(path: Path) -> bool:
    if any(part.startswith((".", "_", "~")) for part in path.parts):
        return False
    name = path.name.lower()
    return is_known(name) and not name.startswith(_NOT_READOUTS)


def _meta_beside(path: Path) -> Path | None:
    """Return `NAME.txt.meta.toml` or `NAME.meta.toml`, the exacter first."""
    for name in (path.name, path.stem):
        beside = path.with_name(name + _META)
        if beside.is_file():
            return beside
    return None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            check_size(str(path), path.stat().st_size)
            return file.read(MAX_BYTES + 1)  # a pipe, or a file that grows, says no size
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror or error}). Check that it is there and allowed."
        raise SourceError(str(path), problem) from error
