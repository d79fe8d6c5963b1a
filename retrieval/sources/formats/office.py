"""Word documents of before 2007 (.doc) -> .docx, by LibreOffice where it is installed.

It runs as a process of its own, with bounded time, memory and output, in a folder that is thrown away: with a new
profile that runs no macros, updates no links and loads nothing from elsewhere.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from retrieval.errors import SourceError
from retrieval.sources.confined import environment
from retrieval.sources.limits import MAX_BYTES, OFFICE_WALL_S

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
        options = [
            "--headless",
            "--norestore",
            "--nolockcheck",
            "--nodefault",
            f"-env:UserInstallation={profile.as_uri()}",
        ]
        _run([office, *options, "--convert-to", "docx", "--outdir", str(made.parent), str(source)], folder)
        if not made.is_file() or made.stat().st_size > MAX_BYTES:
            raise SourceError(name, _FAILED)
        return made.read_bytes()


def _profile() -> str:
    items = "".join(
        f'<item oor:path="/org.openoffice.{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
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
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, OSError):  # Windows has no groups; or all of it has ended
        process.kill()
    process.wait()
