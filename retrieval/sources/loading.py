"""The edge: files, folders and addresses -> readouts, one bad source never stopping the others."""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path

from retrieval.errors import FetchError, MissingFileError, SourceError
from retrieval.fetching import Fetched, Fetcher, NotModified, Validators, name_of
from retrieval.fetching.bodies import charset, is_text, suffix_of
from retrieval.models import Readout
from retrieval.sources.interchange import Overrides, parse_overrides
from retrieval.sources.lines import MAX_BYTES, printable
from retrieval.sources.parsing import check_size, is_readable, parse

META = ".meta.toml"
"""How the name of a file of corrections ends."""

_NOT_READOUTS = ("readme", "license", "licence", "copying", "notice", "changelog", "provenance")
_NO_FILE = "it is a pipe, a socket or a device, and no file. Save the readout's text in one."
_LEADS_OUT = "it is a link that leads out of the folder. Copy the file, or name it itself."


@dataclass(frozen=True, slots=True)
class LoadedSource:
    """One source: its readouts, or why there are none.

    Attributes:
        source: The file or address as the caller named it, or as found in a folder they named.
        readouts: Empty when `error` or `as_before` is set.
        overrides: What the `.meta.toml` beside it says; already applied to `readouts`.
        content_hash: SHA-256 of the file and of its `.meta.toml`; "" when it could not be read.
        as_before: It was not parsed: the caller knows what this content holds.
        validators: What an address can be asked with whether it changed.
    """

    source: str
    readouts: tuple[Readout, ...] = ()
    error: SourceError | None = None
    overrides: Overrides | None = None
    content_hash: str = ""
    as_before: bool = False
    validators: Validators = field(default_factory=Validators)


IsKnown = Callable[[str, str], bool]
"""Whether a source (its name, its content hash) holds what it held when it was last read."""


def load(paths: Iterable[Path], is_known: IsKnown | None = None) -> Iterator[LoadedSource]:
    """Yield every source under `paths`, files and folders, in a fixed order and each file once.

    In folders, hidden files, files like README and LICENSE, and unknown extensions are passed over; a file
    named by the caller never is.

    Raises:
        MissingFileError: A path is neither a file nor a folder; nothing was read.
    """
    named = [Path(path) for path in paths]
    for path in named:
        if not path.exists():
            raise MissingFileError(f"{path}: there is no such file or folder. Check the path.")
    seen: set[Path] = set()
    for path in named:
        for file in _files(path):
            if path.is_dir() and not file.resolve().is_relative_to(path.resolve()):
                yield LoadedSource(printable(str(file)), error=SourceError(str(file), _LEADS_OUT))
            elif file.is_dir():  # a link to a folder that is read where it stands
                continue
            elif file.resolve() not in seen:
                seen.add(file.resolve())
                yield load_file(file, is_known)


def load_file(path: Path, is_known: IsKnown | None = None) -> LoadedSource:
    """Return one file as readouts, with the `.meta.toml` beside it applied."""
    source = printable(str(path))
    try:
        data, meta = _read(path), _meta_beside(path)
        overrides_data = None if meta is None else _read(meta)
        key = content_hash(data, overrides_data)
        if is_known is not None and is_known(source, key):
            return LoadedSource(source, content_hash=key, as_before=True)
        overrides = None if overrides_data is None else parse_overrides(str(meta), overrides_data)
        return load_bytes(source, data, overrides, key)
    except SourceError as error:
        return LoadedSource(source, error=error)


def load_bytes(
    source: str,
    data: bytes,
    overrides: Overrides | None = None,
    key: str | None = None,
    *,
    name: str | None = None,
    is_address: bool = False,
) -> LoadedSource:
    """Return the readouts in `data`, or why there are none.

    Args:
        name: The file's own name, where `source` says more than that.
        is_address: As `parse` has it.
    """
    try:
        readouts = tuple(parse(name or source, data, overrides, is_address=is_address))
    except SourceError as error:
        return LoadedSource(source, error=error)
    return LoadedSource(source, readouts, None, overrides, key or content_hash(data))


def load_url(
    url: str, fetcher: Fetcher, validators: Validators | None = None, is_known: IsKnown | None = None
) -> LoadedSource:
    """Return what stands at an address as readouts.

    A readout that names no address of its own gets the one where it was found.

    Args:
        validators: Of what the caller knows; a server that says it is still so is believed.
    """
    source = printable(url.strip())
    try:
        found = fetcher.fetch(url, validators=validators)
    except FetchError as error:
        return LoadedSource(error.source, error=error)  # as it may be shown: without a password
    if isinstance(found, NotModified):
        return LoadedSource(source, as_before=True, validators=validators or Validators())
    return load_fetched(found, is_known)


def load_fetched(found: Fetched, is_known: IsKnown | None = None) -> LoadedSource:
    """Return what came from an address as readouts, as `load_url` does."""
    source, data = printable(found.url.strip()), in_utf8(found)
    key = content_hash(data)
    if is_known is not None and is_known(source, key):
        return LoadedSource(source, content_hash=key, as_before=True, validators=found.validators)
    loaded = load_bytes(source, data, key=key, name=_file_name(found), is_address=True)
    readouts = tuple(replace(r, source_url=r.source_url or found.final_url) for r in loaded.readouts)
    return replace(loaded, readouts=readouts, validators=found.validators)


def _file_name(found: Fetched) -> str:
    """Return the address as a file would be called; pages often come without an extension, or with `.php`."""
    name = name_of(found.url)
    return name if is_readable(name) else name + (suffix_of(found.content_type) or "")


def in_utf8(found: Fetched) -> bytes:
    """Return a text in UTF-8 where it is in the encoding that only the header of the answer names."""
    encoding = charset(found.content_type)
    if encoding is None or not is_text(found.content_type):
        return found.data
    for each in ("utf-8", encoding):
        try:
            return found.data.decode(each).encode()
        except (LookupError, UnicodeError):
            continue
    return found.data


def content_hash(data: bytes, overrides: bytes | None = None) -> str:
    """Return what two reads of the same bytes share, as 64 hexadecimal digits."""
    digest = sha256(data)
    if overrides is not None:
        digest.update(b"\x00" + overrides)
    return digest.hexdigest()


def _files(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path)
        is_wanted = file.is_symlink() if file.is_dir() else _is_readout_name(name.name)
        if is_wanted and not _is_hidden(name):
            yield file


def passed_over(paths: Iterable[Path]) -> list[str]:
    """Return the files in folders among `paths` that are of no format that is read, in words of their names."""
    found = []
    for folder in (path for path in paths if path.is_dir()):
        for file in sorted(folder.rglob("*")):
            name = file.relative_to(folder)
            known = is_readable(file.name) or file.name.lower().startswith(_NOT_READOUTS)
            if not (_is_hidden(name) or known or file.is_dir() or file.name.endswith(META)):
                found.append(printable(str(name)))
    return found


def _is_hidden(path: Path) -> bool:
    return any(part.startswith((".", "_", "~")) for part in path.parts)


def _is_readout_name(name: str) -> bool:
    return is_readable(name) and not name.lower().startswith(_NOT_READOUTS)


def _meta_beside(path: Path) -> Path | None:
    """Return `NAME.txt.meta.toml` or `NAME.meta.toml`, the exacter first."""
    beside = (path.with_name(name + META) for name in (path.name, path.stem))
    return next((each for each in beside if each.is_file()), None)


def _read(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise SourceError(str(path), _NO_FILE)
        with path.open("rb") as file:
            check_size(str(path), path.stat().st_size)
            return file.read(MAX_BYTES + 1)  # a pipe, or a file that grows, says no size
    except OSError as error:
        problem = f"the file cannot be read ({error.strerror or error}). Check that it is there and allowed."
        raise SourceError(str(path), problem) from error
