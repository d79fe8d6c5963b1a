"""A seal beside an index: what its files were when they were last known to be whole."""

from __future__ import annotations

import json
import logging
from pathlib import Path

log = logging.getLogger(__name__)


class Seal:
    """The seal of one index folder: `NAME.seal` beside it.

    Args:
        folder: The index's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = self.path(folder)

    @staticmethod
    def path(folder: Path) -> Path:
        """Return where the seal of `folder` is."""
        return folder.with_name(folder.name + ".seal")

    def fits(self) -> bool:
        """Whether the files are what they were when the seal was put on."""
        try:
            sealed = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(sealed == self._fingerprint())

    def put_on(self) -> None:
        """Say that the files are whole as they are now."""
        try:
            self._path.write_text(json.dumps(self._fingerprint()), encoding="utf-8")
        except OSError as error:  # an unsealed index costs a check at the next start, nothing else
            log.debug("cannot seal the vector index: %s", error)

    def take_off(self) -> None:
        """The files are about to change."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            log.debug("cannot unseal the vector index: %s", error)

    def _fingerprint(self) -> dict[str, list[int]]:
        """Name -> size and time of each file; Chroma touches its SQLite file even to read it."""
        found = {}
        for path in sorted(self._folder.rglob("*")):
            if path.is_file() and not path.name.endswith(("-wal", "-shm", "-journal")):
                status = path.stat()
                times = [] if path.suffix == ".sqlite3" else [status.st_mtime_ns]
                found[path.relative_to(self._folder).as_posix()] = [status.st_size, *times]
        return found
