"""What every subcommand takes, and the services it asks for."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from rich.console import Console

    from bot.locales import Phrases
    from bot.sheets import CitationStyle, Sheet
    from retrieval.bootstrap import Services
    from retrieval.settings import RetrievalSettings

Command = TypeVar("Command", bound=Callable[..., Any])

_PATH = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_UNBOUNDED = 100_000

as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
one_document = click.option("--document", metavar="ID", help="Ask this readout alone.")


def exporting(command: Command) -> Command:
    """Add the options that write what is found to files; the command gets `exports`."""

    @wraps(command)
    def wrapped(
        *given: Any, markdown: Path, docx: Path, html: Path, citations: CitationStyle, **more: Any
    ) -> Any:
        files = {"md": markdown, "docx": docx, "html": html}
        if more.get("as_json") and any(str(path) == "-" for path in files.values()):
            raise click.UsageError("--json and a file on standard output are two outputs; give one of them.")
        exports = Exports({ending: path for ending, path in files.items() if path is not None}, citations)
        return command(*given, exports=exports, **more)

    for option in (
        click.option(
            "--citations",
            type=click.Choice(["plain", "chicago", "apa", "oscola"]),
            help="How files cite.  [env: RETRIEVAL_CITATION_STYLE; default: plain]",
        ),
        *(
            click.option(f"--{name}", type=_FILE, metavar="FILE", help=f"Write {what}; - is standard output.")
            for name, what in (
                ("html", "one self-contained page"),
                ("docx", "a Word document"),
                ("markdown", "Markdown"),
            )
        ),
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Exports:
    """The files to write, by ending, and how they cite."""

    files: Mapping[str, Path]
    style: CitationStyle | None

    def write(self, sheet: Sheet, default: CitationStyle) -> bool:
        """Write `sheet` to each; whether there was any.

        Raises:
            StoreUnwritableError: A file cannot be written.
        """
        from bot.sheet_formats import FORMATS
        from retrieval.errors import StoreUnwritableError

        for ending, path in self.files.items():
            try:
                with click.open_file(str(path), "wb") as file:
                    file.write(FORMATS[ending](sheet, self.style or default, "en"))
            except OSError as error:
                problem = f"{path}: this file cannot be written ({error.strerror}). Name another one."
                raise StoreUnwritableError(problem) from error
            if str(path) != "-":
                click.echo(f"Written: {path}", err=True)
        return bool(self.files)


def phrases() -> Phrases:
    """Return the fixed sentences of the command line."""
    from bot.locales import DEFAULT, load

    return load().languages[DEFAULT]


def filtered(command: Command) -> Command:
    """Add what narrows the readouts, and hand it over as `filters`."""

    @wraps(command)
    def with_filters(
        *args: Any,
        documents: tuple[str, ...],
        since: str | None,
        until: str | None,
        issuer: str | None,
        title: str | None,
        **rest: Any,
    ) -> Any:
        from retrieval.search.scoping import Filters

        bounds = (_bound("--since", since), _bound("--until", until))
        return command(*args, filters=Filters(documents, *bounds, issuer, title), **rest)

    for option in (
        click.option("--title", metavar="WORDS", help="Only readouts with these words in their title."),
        click.option("--issuer", metavar="NAME", help="Only readouts of this issuer."),
        click.option("--until", metavar="DATE", help="Only readouts up to this day, month or year."),
        click.option("--since", metavar="DATE", help="Only readouts from this day, month or year on."),
        click.option("--document", "documents", metavar="ID", multiple=True, help="Only this readout; may be repeated."),
    ):  # fmt: skip
        with_filters = option(with_filters)
    return with_filters  # type: ignore[return-value]


def _bound(option: str, typed: str | None) -> str | None:
    from retrieval.search.scoping import as_bound

    bound = as_bound(typed) if typed else None
    if typed and bound is None:
        raise click.UsageError(f'{option}: "{typed}" is no date. Write it like 2024, 2024-03 or 2024-03-05.')
    return bound


def common(command: Command) -> Command:
    """Add the options that every subcommand takes."""
    for option in (
        click.option("--debug", is_flag=True, help="Log everything, and show where an error comes from."),
        click.option(
            "--store", type=_PATH, metavar="DIR", help="Where readouts are kept.  [env: RETRIEVAL_STORE_DIR]"
        ),
        click.option(
            "--corpus",
            type=_PATH,
            metavar="DIR",
            help="The readouts to start from.  [env: RETRIEVAL_CORPUS_DIR; default: the shipped corpus]",
        ),
    ):
        command = option(command)
    return command


def load_settings(corpus: Path | None, store: Path | None) -> RetrievalSettings:
    """Build the settings once: the command line over the environment over `.env`.

    Raises:
        SettingsError: One of them has a value that cannot be used.
    """
    from pydantic import ValidationError

    from retrieval.errors import SettingsError
    from retrieval.settings import RetrievalSettings

    given: dict[str, Path | None] = {"corpus_dir": corpus, "store_dir": store}
    try:
        named: dict[str, Any] = {name: path.absolute() for name, path in given.items() if path}
        return RetrievalSettings(**named)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"]).upper()
        prefix = "" if name.startswith("RETRIEVAL_") else "RETRIEVAL_"
        raise SettingsError(
            f"{prefix}{name}: {first['msg']}. Correct it in the environment or in .env; .env.example lists "
            "every setting."
        ) from error


@contextmanager
def services(corpus: Path | None, store: Path | None, *, purpose: str) -> Iterator[Services]:
    """Open the store for one command."""
    from retrieval.bootstrap import build_services

    with build_services(load_settings(corpus, store), purpose=f"rapporteur {purpose}") as built:
        yield built


@contextmanager
def ready_services(
    corpus: Path | None, store: Path | None, *, purpose: str, quiet: bool
) -> Iterator[Services]:
    """Open the store, and bring the corpus into an empty one first."""
    from bot.cli.terminal import progress_bar

    with services(corpus, store, purpose=purpose) as built:
        with progress_bar(enabled=not quiet) as progress:
            report = built.ensure_corpus(progress)
        if report is not None and not quiet:
            click.echo(
                f"First run: ingested {len(report.added)} readout(s), {report.paragraphs} paragraphs.",
                err=True,
            )
        yield built


def console() -> Console:
    """Return the console that answers are printed on."""
    from rich.console import Console

    # piped text is cut nowhere: the width of a terminal means nothing to another program
    return Console(highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED)


def print_json(value: Mapping[str, Any]) -> None:
    """Print exactly one JSON object, in characters that standard output can take."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(value, ensure_ascii=not utf8))
