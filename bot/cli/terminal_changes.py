"""What changes, for a terminal, struck out and bold, by plain signs when piped: sheets, an ingest, a readout's history."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console
from rich.text import Text

from bot.cli.terminal import print_indented, print_line, reasons
from bot.sheet_formats import headed, web_address
from bot.sheets import Entry, Mark, Passage, Run, Sheet, runs_of
from retrieval.comparison.differences import word_diff
from retrieval.ingest import AuditEntry
from retrieval.ingest.lifecycle import History
from retrieval.language.sentences import counted
from retrieval.models import IngestReport, ParagraphDiff

_STYLES: dict[Mark, str] = {"same": "", "removed": "strike red", "added": "bold green", "found": "bold"}
_SIGNS: dict[Mark, str] = {"removed": "[-%s-]", "added": "{+%s+}"}


def show_sheet(console: Console, sheet: Sheet) -> None:
    """Print `sheet`; paragraphs that are word for word the same are named and not repeated."""
    if sheet.columns:
        for letter, name in zip("AB", sheet.columns, strict=True):
            console.print(Text(f"{letter}: {name}", style="bold"))
    else:
        console.print(Text(sheet.title, style="bold"))
    for line in sheet.lead:
        console.print(Text(line, style="dim"))
    for heading, entry in headed(sheet.entries):
        if heading:
            console.print(Text(f"\n{heading}", style="dim"))
        if entry.label:
            console.print(Text(entry.label, style="cyan"))
        for text in _texts(console, entry, two=sheet.columns is not None):
            print_indented(console, text)
        if entry.note:
            print_indented(console, Text(entry.note, style="yellow"))


def show_report(console: Console, report: IngestReport, *, dry_run: bool) -> None:
    """Print what an ingest changed, a line a readout."""
    for name in report.added:
        print_line(console, Text(f"+ {name}", style="green"))
    for change in report.changed:
        counts = f"{change.paragraphs_added} added, {change.paragraphs_changed} changed, "
        counts += f"{change.paragraphs_removed} removed"
        counts += f", {change.paragraphs_renumbered} renumbered" if change.paragraphs_renumbered else ""
        print_line(console, Text(f"~ {change.id}  ({counts})", style="yellow"))
        if dry_run and change.id in report.diffs:
            _show_diff(console, report.diffs[change.id])
    for held in report.held:
        text = (
            f"= {held.id}  (its source differs, but revision {held.revision} is pinned: "
            f'"rapporteur rollback {held.id} --unpin" lets it in)'
        )
        print_line(console, Text(text, style="yellow"))
    for name in report.removed:
        print_line(console, Text(f"- {name}", style="red"))
    for failed in report.failed:
        place = failed.source if failed.line is None else f"{failed.source}:{failed.line}"
        print_line(Console(stderr=True, highlight=False), Text(f"! {place}: {failed.error}", style="red"))
    for alike in report.alike:
        text = (
            f'? {alike.source}: it looks like "{alike.document}" ({alike.why}), and was not taken. Use '
            f'"--replace {alike.document}" if it is the same readout, or "--separate" to keep both.'
        )
        print_line(console, Text(text, style="yellow"))
    for warning in report.warnings:
        print_line(console, Text(f"? {warning}", style="yellow"))
    for name in dict.fromkeys(each.document for each in report.left_out):
        left = [each for each in report.left_out if each.document == name]
        print_line(console, Text(f"  {name}: left out: {reasons(left)} (--json lists them)", style="dim"))
    print_line(console, Text(_summary(report, dry_run=dry_run), style="dim"))


def show_history(console: Console, found: History) -> None:
    """Print the revisions of a readout, the newest first, and what was done to it."""
    for revision in found.revisions:
        is_live = found.live is revision
        state = "live" if is_live else f"until {revision.superseded_at}"
        state += ", pinned" if is_live and found.readout.pinned else ""
        state += ", text erased" if revision.erased else ""
        size = "" if revision.erased else f"  {counted(revision.paragraphs, 'paragraph')}"
        name = revision.id, "bold cyan" if is_live else "cyan"
        console.print(Text.assemble(name, f"  {revision.created_at}  {state}", (size, "dim cyan")))
    for entry in found.audit:
        console.print(Text(f"{entry.at}  {entry.action} by {entry.actor}{_details(entry)}", style="dim"))


def _texts(console: Console, entry: Entry, *, two: bool) -> Iterable[Text]:
    if entry.unchanged:
        return
    if entry.inline:
        yield _words(console, entry.inline)
    if not two:
        yield from (_passage(console, passage) for passage in entry.after)
    elif not entry.inline:
        yield from (_passage(console, passage) for passage in (*entry.before, *entry.after))


def _passage(console: Console, passage: Passage) -> Text:
    url = web_address(passage.citation.url)
    place = Text(f"{passage.place}: ", style="dim" + (f" link {url}" if url else ""))
    return Text.assemble(place, _words(console, passage.runs))


def _words(console: Console, runs: Iterable[Run]) -> Text:
    sign = {} if console.is_terminal else _SIGNS
    return Text.assemble(*((sign.get(run.mark, "%s") % run.text, _STYLES[run.mark]) for run in runs))


def _show_diff(console: Console, diff: ParagraphDiff) -> None:
    for change in diff.changes:
        line = Text.assemble((f"¶{change.number}  ", "cyan"))
        if change.was:
            line.append(f"(was ¶{change.was})  ", style="dim cyan")
        if change.kind != "renumbered":
            pieces = word_diff(change.before or "", change.after or "")
            line.append_text(_words(console, runs_of(pieces)))
        print_indented(console, line, 4)


def _details(entry: AuditEntry) -> str:
    names = {"paragraphs_added": "added", "paragraphs_changed": "changed", "paragraphs_removed": "removed"}
    parts = [f"{entry.summary[key]} {word}" for key, word in names.items() if entry.summary.get(key)]
    return f" ({', '.join(parts)})" if parts else ""


def _summary(report: IngestReport, *, dry_run: bool) -> str:
    told = {
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "pinned": report.held,
        "unchanged": report.unchanged,
        "to be asked about": report.alike,
        "failed": report.failed,
    }
    parts = ", ".join(f"{len(each)} {what}" for what, each in told.items() if each) or "nothing found"
    if dry_run:
        return f"Would be: {parts}. Nothing was changed."
    return f"{parts}; {counted(report.embedded, 'text')} embedded in {report.elapsed_ms / 1000:.1f} s."
