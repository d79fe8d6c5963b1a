"""`rapporteur`, also `python -m bot`: runs a command and turns every error into one sentence."""

from __future__ import annotations

import errno
import logging
import os
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper

import click

from retrieval.errors import RapporteurError


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 failed, 2 used wrongly."""
    from bot.cli.commands import rapporteur
    from bot.cli.options import CommonOptions

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # what a terminal cannot show is spelled out, and stops nothing
            stream.reconfigure(errors="backslashreplace")
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    options = CommonOptions()
    try:
        with _interrupts_kept():
            status = rapporteur.main(arguments, "rapporteur", standalone_mode=False, obj=options)
            sys.exit(status or 0)
    except click.UsageError as error:
        if not options.as_json:
            error.show()
            sys.exit(error.exit_code)
        _fail(error.format_message(), error.exit_code, as_json=True)
    except RapporteurError as error:
        if options.debug:
            raise
        _fail(str(error), error.exit_status, as_json=options.as_json)
    except (KeyboardInterrupt, click.Abort):
        print("Stopped; what was committed before is kept.", file=sys.stderr)
        sys.exit(128 + signal.SIGINT)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:
        if options.debug:
            raise
        _fail(_sentence(error), 1, as_json=options.as_json)


_NO_MEMORY = re.compile(
    "can't start new thread|bad.?alloc|allocate memory|failed to map segment", re.IGNORECASE
)
"""As threads, native libraries and the loader of these put it."""


def _sentence(error: Exception) -> str:
    """Return what happened and what to do, for what no part of the program foresaw."""
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError) or number == errno.ENOMEM or _NO_MEMORY.search(str(error)):
        return "There is not enough memory for this. Close other programs, or allow this one more, and try again."
    place = f"{error.filename}: " if isinstance(error, OSError) and error.filename else ""
    if number in (errno.ENOSPC, errno.EDQUOT):
        return f"{place}the disk is full. Free some space, then try again."
    if isinstance(error, OSError):
        return f"{place}{error.strerror or error}. Check the disk and the permissions."
    reason = f"{type(error).__name__}: {error}"
    return f"Something unforeseen went wrong ({reason}). Run it again with --debug."


@contextmanager
def _interrupts_kept() -> Iterator[None]:
    """Ctrl-C stays Ctrl-C where a library that it reached turns it into an error of its own."""
    from bot.cli.options import interrupts

    interrupted: list[bool] = []

    def interrupt() -> None:
        interrupted.append(True)
        raise KeyboardInterrupt

    with interrupts(interrupt):
        try:
            yield
        except Exception as error:
            if interrupted:
                raise KeyboardInterrupt from error
            raise


def _fail(message: str, status: int, *, as_json: bool) -> None:
    if as_json:
        from bot.cli.options import print_json

        print_json({"error": message})
    else:
        print(f"rapporteur: {message}", file=sys.stderr)
    sys.exit(status)


if __name__ == "__main__":
    main()
