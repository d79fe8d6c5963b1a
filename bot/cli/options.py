"""What every subcommand takes, and what it does with that: open the store, print JSON or text."""

from __future__ import annotations

import json
import logging
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
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

T = TypeVar("T")
Function = TypeVar("Function", bound=Callable[..., Any])

_PATH = click.Path(path_type=Path)
_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=True)
_UNBOUNDED = 100_000
_FORMATS = {"html": "one self-contained page", "docx": "a Word document", "markdown": "Markdown"}


@dataclass(slots=True)
class CommonOptions:
    """What every subcommand was given; click fills it in, and whoever tells of a failure holds it too."""

    corpus: Path | None = None
    store: Path | None = None
    debug: bool = False
    as_json: bool = False

    def load_settings(self) -> RetrievalSettings:
        """Build the settings once: the command line over the environment over `.env`.

        Raises:
            SettingsError: One of them has a value that cannot be used.
        """
        from pydantic import ValidationError

        from retrieval.settings import RetrievalSettings, unusable

        given: dict[str, Path | None] = {"corpus_dir": self.corpus, "store_dir": self.store}
        try:
            named: dict[str, Any] = {name: path.absolute() for name, path in given.items() if path}
            return RetrievalSettings(**named)
        except ValidationError as error:
            raise unusable(error, "RETRIEVAL_") from None

    def services(
        self, purpose: str, *, reindexing: bool = False, reading: bool = False
    ) -> AbstractContextManager[Services]:
        """Open the store for one command."""
        from retrieval.bootstrap import build_services

        name = f"rapporteur {purpose}"
        return build_services(self.load_settings(), purpose=name, reindexing=reindexing, reading=reading)

    @contextmanager
    def ready_services(
        self, purpose: str, *, quiet: bool = False, reading: bool = False
    ) -> Iterator[Services]:
        """Open the store, and bring the corpus into an empty one first; that is not told under `--json`."""
        from bot.cli.terminal import progress_bar

        quiet = quiet or self.as_json
        with self.services(purpose, reading=reading) as built:
            with progress_bar(enabled=not quiet) as progress:
                report = built.ensure_corpus(progress)
            if report is not None and not quiet:
                from retrieval.language.sentences import counted

                held = f"{counted(len(report.added), 'readout')}, {counted(report.paragraphs, 'paragraph')}"
                click.echo(f"First run: ingested {held}.", err=True)
            yield built

    @contextmanager
    def monitored(self, services: Services) -> Iterator[None]:
        """Keep the log, and serve the metrics, of a process that runs until it is stopped."""
        from bot.monitoring import configure_log, monitored

        configure_log(debug=self.debug)
        with monitored(services):
            yield

    def show(
        self, found: T, as_json: Callable[[T], Mapping[str, Any]], as_text: Callable[[Console, T], None]
    ) -> None:
        """Print what was found in the form that was asked for."""
        if self.as_json:
            print_json(as_json(found))
        else:
            as_text(console(), found)

    def tell(self, value: Mapping[str, Any], *lines: str) -> None:
        """Print a JSON object, or the lines that say the same."""
        if self.as_json:
            print_json(value)
        for line in () if self.as_json else lines:
            click.echo(line)


def _keep(ctx: click.Context, option: click.Parameter, value: Any) -> None:
    setattr(ctx.ensure_object(CommonOptions), option.name or "", value)


def _debug(ctx: click.Context, option: click.Parameter, value: bool) -> None:
    _keep(ctx, option, value)
    if value:
        form = "%(levelname)s %(name)s: %(message)s"
        logging.basicConfig(level=logging.DEBUG, format=form, stream=sys.stderr, force=True)


class Command(click.Command):
    """A subcommand: a function that takes `CommonOptions` before its own arguments.

    Args:
        reports: Whether it tells something that `--json` prints.
    """

    def __init__(
        self, name: str | None, *, params: list[click.Parameter], reports: bool = True, **more: Any
    ) -> None:
        corpus = "The readouts to start from.  [env: RETRIEVAL_CORPUS_DIR; default: the shipped corpus]"
        store = "Where readouts are kept.  [env: RETRIEVAL_STORE_DIR]"
        debug = "Log everything, and show where an error comes from."
        kept: dict[str, Any] = {"type": _PATH, "metavar": "DIR", "expose_value": False, "callback": _keep}
        flag: dict[str, Any] = {"is_flag": True, "expose_value": False}
        common = (
            click.Option(["--corpus"], help=corpus, **kept),
            click.Option(["--store"], help=store, **kept),
            click.Option(["--debug"], help=debug, is_eager=True, callback=_debug, **flag),
        )
        if reports:
            json_ = "Print one JSON object on standard output."
            params = [*params, click.Option(["--json", "as_json"], help=json_, callback=_keep, **flag)]
        super().__init__(name, params=[*params, *common], **more)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the function."""
        assert self.callback is not None
        return ctx.invoke(self.callback, ctx.obj, **ctx.params)


class Group(click.Group):
    """All subcommands; knows how a failure is to be told before click looks at what was given, which may be wrong."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the arguments."""
        ctx.ensure_object(CommonOptions).as_json = "--json" in args
        return super().parse_args(ctx, args)


def exporting(command: Function) -> Function:
    """Add the options that write what is found to files; the command gets `exports`."""

    @wraps(command)
    def wrapped(
        *given: Any, markdown: Path, docx: Path, html: Path, citations: CitationStyle, **more: Any
    ) -> Any:
        files = {"md": markdown, "docx": docx, "html": html}
        if given[0].as_json and any(str(path) == "-" for path in files.values()):
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
            for name, what in _FORMATS.items()
        ),
    ):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]


@dataclass(frozen=True, slots=True)
class Exports:
    """The files to write, by ending, and how they cite."""

    files: Mapping[str, Path]
    style: CitationStyle | None

    def write(self, sheet: Sheet, default: CitationStyle) -> None:
        """Write `sheet` to each.

        Raises:
            StoreUnwritableError: A file cannot be written.
        """
        from bot.sheet_formats import FORMATS

        for ending, path in self.files.items():
            write_file(path, FORMATS[ending](sheet, self.style or default, "en"))
            if str(path) != "-":
                click.echo(f"Written: {path}", err=True)


def write_file(path: Path, content: bytes) -> None:
    """Write a file that a command was given; "-" is standard output.

    Raises:
        StoreUnwritableError: It cannot be written.
    """
    with writing(path), click.open_file(str(path), "wb") as file:
        file.write(content)


@contextmanager
def writing(path: Path, what: str = "file") -> Iterator[None]:
    """Say of what a command was told to write that it cannot be.

    Raises:
        StoreUnwritableError: That.
    """
    from retrieval.errors import StoreUnwritableError

    try:
        yield
    except OSError as error:
        problem = f"{path}: this {what} cannot be written ({error.strerror}). Name another one."
        raise StoreUnwritableError(problem) from error


def phrases() -> Phrases:
    """Return the fixed sentences of the command line."""
    from bot.locales import DEFAULT, load

    return load().languages[DEFAULT]


def filtered(command: Function) -> Function:
    """Add what narrows the readouts, and hand it over as `filters`."""

    @wraps(command)
    def with_filters(*given: Any, **more: Any) -> Any:
        from retrieval.search.scoping import Filters

        documents, issuer, title = (more.pop(name) for name in ("documents", "issuer", "title"))
        since, until = (_bound(f"--{name}", more.pop(name)) for name in ("since", "until"))
        return command(*given, filters=Filters(documents, since, until, issuer, title), **more)

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


@contextmanager
def interrupts(handle: Callable[[], None]) -> Iterator[None]:
    """Have Ctrl-C call `handle` while the block lasts, in the thread that signals reach; elsewhere change nothing."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda _number, _frame: handle())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def console() -> Console:
    """Return the console that answers are printed on."""
    from rich.console import Console

    # piped text is cut nowhere: the width of a terminal means nothing to another program
    return Console(highlight=False, width=None if sys.stdout.isatty() else _UNBOUNDED)


def print_json(value: Mapping[str, Any]) -> None:
    """Print exactly one JSON object, in characters that standard output can take."""
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    click.echo(json.dumps(value, ensure_ascii=not utf8))
