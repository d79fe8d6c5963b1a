"""Reading what may be hostile in a child process, with bounded time and memory.

A PDF or a document can make its reader hang, eat memory or crash in C code, none of which Python can catch. The
child gets the bytes on standard input and gives JSON back: not a pickle, which could run code here.
Where the system has no `resource` (Windows) only the time is bounded.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.labels import Label
from retrieval.sources.limits import (
    CHILD_MEMORY_BYTES,
    CHILD_TIMEOUT_S,
    CHILD_WALL_S,
    MAX_UNPACKED_BYTES,
    OFFICE_MEMORY_BYTES,
)
from retrieval.sources.lines import Extracted, Line

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG", "LC_ALL")
_TOO_SLOW = f"reading it takes longer than {CHILD_TIMEOUT_S} seconds. Save its text in a file of its own."
_TOO_LARGE = "reading it takes more memory than a document should. Save its text in a file of its own."
_DAMAGED = "the file is damaged and cannot be read. Open it, save it anew, and check what it is."


def read_confined(kind: str, name: str, data: bytes) -> Extracted:
    """Return what the reader of `kind` ("pdf", "docx", …) finds in `data`, read in a child process.

    Raises:
        SourceError: The reader refused it, ran out of time or memory, or crashed.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "retrieval.sources.confined", kind],
            input=data,
            capture_output=True,
            timeout=CHILD_WALL_S,
            check=False,
            env=environment(),
        )
    except subprocess.TimeoutExpired as error:
        raise SourceError(name, _TOO_SLOW) from error
    try:
        return _received(name, json.loads(done.stdout))
    except (ValueError, KeyError, TypeError) as error:  # it crashed, or says nothing that makes sense
        raise SourceError(name, _TOO_SLOW if _is_out_of_time(done.returncode) else _DAMAGED) from error


def environment() -> dict[str, str]:
    """Return what Python needs to find this very package, and none of the keys in the environment."""
    home = str(Path(__file__).parents[2])
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"PYTHONPATH": os.pathsep.join([home, os.environ.get("PYTHONPATH", "")])}


def _is_out_of_time(status: int) -> bool:
    return status == -getattr(signal, "SIGXCPU", 0) != 0


def _received(name: str, answer: Mapping[str, Any]) -> Extracted:
    if "problem" in answer:
        raise SourceError(name, str(answer["problem"]), answer.get("line"))
    left_out = tuple(LeftOut(**left) for left in answer["left_out"])
    fields = {**answer, "lines": [_line(line) for line in answer["lines"]], "left_out": left_out}
    return Extracted(**{**fields, "warnings": tuple(answer["warnings"])})


def _line(fields: Mapping[str, Any]) -> Line:
    label = fields["label"]
    made = Label(**{**label, "value": tuple(label["value"])}) if label else None
    return Line(**{**fields, "label": made})


# --- the child ---


def _readers() -> Mapping[str, Callable[[bytes], Extracted]]:
    from retrieval.sources.formats.docx import read_docx
    from retrieval.sources.formats.epub import read_epub
    from retrieval.sources.formats.opendocument import read_odt
    from retrieval.sources.formats.pdf import read_pdf
    from retrieval.sources.formats.rtf import read_rtf

    return {"pdf": read_pdf, "docx": read_docx, "epub": read_epub, "odt": read_odt, "rtf": read_rtf}


def _confine(memory: int = CHILD_MEMORY_BYTES, written: int = 0) -> None:
    """Bound this process: memory, processor time, and how large a file it may write."""
    try:
        import resource
    except ImportError:
        return
    wanted = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_CPU: CHILD_TIMEOUT_S + 1,
        resource.RLIMIT_FSIZE: written,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in wanted.items():
        _, hard = resource.getrlimit(limit)
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            # SIGXCPU comes at the lower limit and says why; at the upper one it would be SIGKILL
            resource.setrlimit(limit, (ceiling - (limit == resource.RLIMIT_CPU and ceiling > 1), ceiling))
        except (ValueError, OSError):  # macOS does not bound address space
            continue


def _answer(kind: str, data: bytes) -> dict[str, Any]:
    try:
        return asdict(_readers()[kind](data))
    except SourceError as error:
        return {"problem": error.problem, "line": error.line}
    except MemoryError:
        return {"problem": _TOO_LARGE}
    except Exception:  # whatever a library trips over: the parent needs a sentence, not its traceback
        return {"problem": _DAMAGED}


def main() -> None:
    """Read standard input as the kind of document the command line names, or run a program under the limits."""
    if sys.argv[1] == "--run":
        _confine(OFFICE_MEMORY_BYTES, MAX_UNPACKED_BYTES)
        os.execv(sys.argv[2], sys.argv[2:])
    signal.signal(
        signal.SIGINT, signal.SIG_IGN
    )  # Ctrl-C is for the parent, which ends this one where it must
    data = sys.stdin.buffer.read()
    _confine()
    answer = _answer(sys.argv[1], data)
    try:
        encoded = json.dumps(answer)
    except MemoryError:
        encoded = json.dumps({"problem": _TOO_LARGE})
    sys.stdout.write(encoded)


if __name__ == "__main__":
    main()
