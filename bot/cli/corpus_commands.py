"""The subcommands that change a store or copy it: ingest, rollback, remove, reindex, backup, restore, copy-ledger."""

from __future__ import annotations

import dataclasses
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bot.cli.options import Command, CommonOptions, console, interrupts, print_json

if TYPE_CHECKING:
    from retrieval.bootstrap import Services
    from retrieval.ingest import IngestRequest, Progress
    from retrieval.ingest.backup import Backup
    from retrieval.ingest.lifecycle import History
    from retrieval.models import IngestReport


_FILE = click.Path(path_type=Path, dir_okay=False)

_ANY = "*"
"""`--replace` without an id."""


@click.command(cls=Command)
@click.argument("sources", nargs=-1, metavar="[PATH|URL]...")
@click.option("--dry-run", is_flag=True, help="Show what would change, word by word, and change nothing.")
@click.option(
    "--replace",
    is_flag=False,
    flag_value=_ANY,
    metavar="[ID]",
    help="Let a source take over an id that another source holds, or be the readout ID.",
)
@click.option("--separate", is_flag=True, help="Keep a readout beside one that it looks like.")
@click.option("--id", "as_id", metavar="ID", help="What the readout of one source is to be called.")
@click.option("--prune", is_flag=True, help="Remove readouts whose file is gone from the folders named.")
def ingest(
    options: CommonOptions,
    sources: tuple[str, ...],
    dry_run: bool,
    replace: str | None,
    separate: bool,
    as_id: str | None,
    prune: bool,
) -> None:
    """Bring files, folders and public web addresses into the store; without any, the corpus.

    PDF, Word, OpenDocument, RTF, EPUB, HTML, e-mail, text, Markdown and JSON are read; an address that was ingested
    before is asked whether it changed. A source that cannot be read is reported with its line and leaves what was there
    untouched; the exit status is then 1. Beside a running bot, the bot does the work.

    \b
    Examples:
      rapporteur ingest
      rapporteur ingest communique.md notes/ --dry-run
      rapporteur ingest readouts/ --prune
      rapporteur ingest https://example.org/communique.html
    """
    from retrieval.ingest import IngestRequest

    if replace and replace != _ANY and ("://" in replace or Path(replace).exists()):
        sources, replace = (*sources, replace), _ANY  # the option's own value was left out before a source
    urls = tuple(source for source in sources if "://" in source)
    paths = tuple(source for source in sources if "://" not in source)
    name = as_id or (replace if replace != _ANY else None)
    request = IngestRequest(paths, urls, replace=bool(replace), separate=separate, prune=prune)
    if name:
        request = _named(request, name)
    with options.services("ingest") as built:
        from bot.cli.terminal import progress_bar
        from bot.cli.terminal_changes import show_report

        with progress_bar(enabled=not options.as_json) as progress:
            if dry_run:
                report = built.ingesting.run(request, dry_run=True, progress=progress)
            else:
                report = _here_or_there(built, request, progress)
    if options.as_json:
        from bot.json_output import ingest_json

        print_json(ingest_json(report, diffs=dry_run))
    else:
        show_report(console(), report, dry_run=dry_run)
    if report.stopped:
        click.echo("Stopped; what was done before is kept, and said above.", err=True)
        raise click.exceptions.Exit(128 + signal.SIGINT)
    if report.failed:
        raise click.exceptions.Exit(1)


@contextmanager
def _stopping() -> Iterator[Callable[[], int]]:
    """Yield how often Ctrl-C was pressed: the work is left where it can be, and from the third time on at once."""
    pressed: list[bool] = []

    def press() -> None:
        pressed.append(True)
        if len(pressed) > 2:
            raise KeyboardInterrupt
        click.echo("Stopping; what was read is finished first. Ctrl-C again stops sooner.", err=True)

    with interrupts(press):
        yield pressed.__len__


def _named(request: IngestRequest, name: str) -> IngestRequest:
    """Return the request for one source, whose readout is to have the id `name`."""
    from retrieval.ingest.planning import Details, absolute

    sources = [*(str(absolute(Path(path))) for path in request.paths), *request.urls]
    if len(sources) != 1 or Path(sources[0]).is_dir():
        raise click.UsageError("an id is given to one source. Name one file or address.")
    return dataclasses.replace(request, details={sources[0]: Details(id=name)})


def _here_or_there(built: Services, request: IngestRequest, progress: Progress) -> IngestReport:
    """Ingest in this process, or let the bot do it that keeps the store, and follow it."""
    from retrieval.errors import RapporteurError
    from retrieval.ingest.job_board import report_of

    worker = built.jobs.worker()
    if worker is None:
        with _stopping() as stops:
            return built.ingesting.run(request, progress=progress, stops=stops)
    job = built.jobs.submit(built.ingesting.in_full(request))
    click.echo(f"Handed to {worker.purpose}, running since {worker.since}, as job {job}.", err=True)
    ended = built.jobs.follow(job, progress)
    if ended.error is not None:
        raise RapporteurError(ended.error)
    return report_of(ended)


@click.command(cls=Command)
@click.argument("document")
@click.argument("revision", required=False)
@click.option("--unpin", is_flag=True, help="Let the next ingest replace the revision that is live.")
def rollback(options: CommonOptions, document: str, revision: str | None, unpin: bool) -> None:
    """Make REVISION of DOCUMENT live again; without REVISION, the one before.

    The readout is then pinned: an ingest reports that its source differs and leaves it, until --unpin.
    "rapporteur history DOCUMENT" names the revisions. A removed readout comes back the same way.

    \b
    Examples:
      rapporteur rollback asean-japan-2022-06-22
      rapporteur rollback asean-japan-2022-06-22 3f9a
      rapporteur rollback asean-japan-2022-06-22 --unpin
    """
    from bot.json_output import history_json

    if unpin and revision:
        raise click.UsageError("--unpin leaves the live revision as it is; give it without REVISION.")
    with options.services("rollback") as built:
        found = built.lifecycle.unpin(document) if unpin else built.lifecycle.roll_back(document, revision)
    name, live = found.readout.id, found.live.id if found.live else ""
    if unpin:
        told = "no longer pinned. The next ingest may replace what is live."
    else:
        told = f'revision {live} is live again, and pinned until "rapporteur rollback {name} --unpin".'
    options.tell(history_json(found), f"{name}: {told}")


def _forget_in_answers(built: Services, past: History) -> None:
    """Have a bot empty the messages that quote what was erased; it looks for them every hour."""
    from bot.discord.answer_store import AnswerStore

    AnswerStore(built.ledger).forget_readout(past.readout.id, [v.id for v in past.revisions], None)


@click.command(cls=Command)
@click.argument("document")
@click.option("--purge", is_flag=True, help="Erase every revision of it for good.")
def remove(options: CommonOptions, document: str, purge: bool) -> None:
    """Take DOCUMENT out of every answer.

    Its revisions are kept for a time, so that "rapporteur rollback" can bring it back; with --purge they are
    erased at once, with their vectors.

    \b
    Examples:
      rapporteur remove joint-statement-2021
      rapporteur remove joint-statement-2021 --purge
    """
    from bot.json_output import removal_json

    with options.services("remove") as built:
        past = built.lifecycle.history(document) if purge else None
        removal = built.lifecycle.remove(document, purge=purge)
        if past is not None:
            _forget_in_answers(built, past)
        still_there = (built.settings.corpus_dir / removal.source).exists()
    name = removal.readout
    brings_back = f'removed. "rapporteur rollback {name}" brings it back; --purge erases it.'
    told = "every revision of it is erased." if purge else brings_back
    options.tell(removal_json(removal), f"{name}: {told}")
    if options.as_json:
        return
    if not removal.everywhere:
        kept = "its files keep what was erased until that process has ended, or let go of them."
        click.echo(f"Another process is using the store: {kept} No answer shows it.", err=True)
    if still_there:
        back = "the next ingest of it brings the readout back."
        click.echo(f"{removal.source} is still there: {back}", err=True)


@click.command(cls=Command)
def reindex(options: CommonOptions) -> None:
    """Make every vector and every index anew, from the texts in the store.

    Needed after a change of the encoder; never harmful. No source file is read.
    """
    from bot.cli.terminal import progress_bar
    from retrieval.language.sentences import counted

    with (
        options.services("reindex", reindexing=True) as built,
        progress_bar(enabled=not options.as_json) as progress,
    ):
        done = built.reindexer.run(progress=progress)
    later = "" if done.is_whole else " The vector index follows when the process that uses it has ended."
    options.tell(
        dataclasses.asdict(done),
        f"{counted(done.revisions, 'revision')}, {counted(done.paragraphs, 'paragraph')}; "
        f"{counted(done.embedded, 'text')} embedded.{later}",
    )


@click.command("copy-ledger", cls=Command)
def copy_ledger(options: CommonOptions) -> None:
    """Copy the ledger from the store's folder into the empty PostgreSQL database that LEDGER_URL names.

    History, retained text and what the bot remembers included. Stop the bot first; the file stays as it is.

    \b
    Example:
      LEDGER_URL=postgresql://me:secret@db/rapporteur rapporteur copy-ledger
    """
    from bot.cli.terminal import progress_bar
    from retrieval.bootstrap import open_both_ledgers
    from retrieval.ingest.backup import copy_ledger as copy
    from retrieval.language.sentences import counted

    with (
        open_both_ledgers(options.load_settings()) as (source, target),
        progress_bar(enabled=not options.as_json) as progress,
    ):
        rows = copy(source, target, progress)
        place = target.place
    anew = "The vector index is written anew when RETRIEVAL_STORE is first used."
    options.tell({"rows": rows, "ledger": place}, f"{counted(rows, 'row')} copied to {place}. {anew}")


@click.command(cls=Command)
@click.argument("file", type=_FILE)
def backup(options: CommonOptions, file: Path) -> None:
    """Write all that the store holds to FILE, while others use it.

    The copy is verified before it is called FILE; an earlier backup of that name is replaced. The vector index is not in
    it: "rapporteur restore" makes a store that writes its own.

    \b
    Example:
      rapporteur backup /var/backups/rapporteur.backup
    """
    from retrieval.bootstrap import ledger_address
    from retrieval.ingest.backup import back_up

    _tell(options, back_up(ledger_address(options.load_settings()), file), "backed up to")


@click.command(cls=Command)
@click.argument("file", type=_FILE)
def restore(options: CommonOptions, file: Path) -> None:
    """Make a store of the backup FILE, in a folder where none is.

    \b
    Example:
      rapporteur restore /var/backups/rapporteur.backup --store /var/lib/rapporteur
    """
    from retrieval.bootstrap import ledger_address
    from retrieval.ingest.backup import restore as make_store

    _tell(options, make_store(file, ledger_address(options.load_settings())), "restored to")


def _tell(options: CommonOptions, done: Backup, what: str) -> None:
    from retrieval.language.sentences import counted

    held = f"{counted(done.readouts, 'readout')}, {counted(done.paragraphs, 'paragraph')}"
    options.tell(
        dataclasses.asdict(done) | {"path": str(done.path)},
        f"{held}, {done.bytes / 1e6:.1f} MB {what} {done.path}, SHA-256 {done.sha256[:12]}….",
    )
    for sentence in done.damaged:
        click.echo(sentence, err=True)


COMMANDS = (backup, restore, ingest, rollback, remove, reindex, copy_ledger)
