"""Reading what may be hostile in a process of its own, with bounded time and memory.

A PDF or a document can make its reader hang, eat memory or crash in C code, none of which Python can catch. The
child gets the bytes on standard input and gives JSON back: not a pickle, which could run code here.
Where the system has no `resource` (Windows) only the time is bounded.

Word documents of before 2007 (.doc) become .docx by LibreOffice, where it is installed: bounded as well, in a folder
that is thrown away, with a new profile that runs no macros, updates no links and loads nothing from elsewhere.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from retrieval.errors import SourceError
from retrieval.models import LeftOut
from retrieval.sources.labels import Label
from retrieval.sources.lines import MAX_BYTES, MAX_UNPACKED_BYTES, Extracted, Line

CHILD_TIMEOUT_S = 60  # processor time
CHILD_WALL_S = 600  # on a busy machine little processor time takes long
CHILD_MEMORY_BYTES = 1_500_000_000  # address space, where the system can bound it
OFFICE_MEMORY_BYTES = 4_000_000_000  # address space of LibreOffice, most of which it never touches
OFFICE_WALL_S = 180  # it may wait for what never comes

_PASSED_ON = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TEMP", "TMP", "LANG", "LC_ALL")
_TOO_SLOW = f"reading it takes longer than {CHILD_TIMEOUT_S} seconds. Save its text in a file of its own."
_TOO_LARGE = "reading it takes more memory than a document should. Save its text in a file of its own."
_DAMAGED = "the file is damaged and cannot be read. Open it, save it anew, and check what it is."
_MISSING = (
    "this is a Word document of before 2007 (.doc), which LibreOffice reads where it is installed. Install it on "
    "this machine, or save the document as .docx, PDF or text, then ingest that."
)
_FAILED = "LibreOffice cannot read it: it is damaged, encrypted or too large. Save it as .docx, PDF or text, then ingest that."
_NOWHERE = "127.0.0.1:9"  # the port that discards
_SETTINGS = (
    ("Office.Common/Security/Scripting", "MacroSecurityLevel", "3"),
    ("Office.Common/Security/Scripting", "DisableMacrosExecution", "true"),
    ("Office.Common/Security/Scripting", "BlockUntrustedRefererLinks", "true"),
    ("Office.Common/Security/Scripting", "DisableActiveContent", "true"),
    ("Office.Writer/Content/Update", "Link", "0"),
    ("Office.Writer/Content/Update", "Field", "false"),
    ("Inet/Settings", "ooInetProxyType", "2"),
    ("Inet/Settings", "ooInetHTTPProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPProxyPort", "9"),
    ("Inet/Settings", "ooInetHTTPSProxyName", "127.0.0.1"),
    ("Inet/Settings", "ooInetHTTPSProxyPort", "9"),
)


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


# --- LibreOffice ---


def program() -> str | None:
    """Return the path of LibreOffice, or None where it is not installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def as_docx(name: str, data: bytes) -> bytes:
    """Return a .doc as .docx.

    Raises:
        SourceError: LibreOffice is not installed, or could not read it within its bounds.
    """
    office = program()
    if office is None:
        raise SourceError(name, _MISSING)
    with TemporaryDirectory(prefix="rapporteur-") as folder:
        source, made = Path(folder, "source.doc"), Path(folder, "out", "source.docx")
        source.write_bytes(data)
        profile = Path(folder, "profile")
        (profile / "user").mkdir(parents=True)
        (profile / "user" / "registrymodifications.xcu").write_text(_profile(), encoding="utf-8")
        options = ["--headless", "--norestore", "--nolockcheck", "--nodefault", "--convert-to", "docx"]
        options += [f"-env:UserInstallation={profile.as_uri()}", "--outdir", str(made.parent), str(source)]
        _run([office, *options], folder)
        if not made.is_file() or made.stat().st_size > MAX_BYTES:
            raise SourceError(name, _FAILED)
        return made.read_bytes()


def _profile() -> str:
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse">'
        f"<value>{value}</value></prop></item>"
        for path, name, value in _SETTINGS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        f'xmlns:xs="http://www.w3.org/2001/XMLSchema">{items}</oor:items>'
    )


def _run(command: list[str], folder: str) -> None:
    """Run LibreOffice under the limits of `confined`, and end all that it started when its time is over."""
    known = environment() | {"HOME": folder, "TMPDIR": folder, "SAL_USE_VCLPLUGIN": "svp"}
    known |= {f"{kind}_proxy": f"http://{_NOWHERE}" for kind in ("http", "https", "ftp")}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "retrieval.sources.confined", "--run", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=folder,
        env=known,
        start_new_session=True,
    )
    try:
        process.wait(OFFICE_WALL_S)
    except subprocess.TimeoutExpired:
        pass
    finally:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (AttributeError, OSError):  # Windows has no groups; or all of it has ended
            process.kill()
        process.wait()


# --- the child ---


def _readers() -> Mapping[str, Callable[[bytes], Extracted]]:
    from retrieval.sources.formats.docx_file import read_docx
    from retrieval.sources.formats.html_file import read_epub
    from retrieval.sources.formats.opendocument import read_odt
    from retrieval.sources.formats.pdf_file import read_pdf
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
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this one if need be
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
