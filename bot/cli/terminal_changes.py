"""What was changed in a store, for a terminal: the report of an ingest, the history of a readout."""

from __future__ import annotations

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from bot.cli.terminal import print_line, reasons
from retrieval.comparison.differences import word_diff
from retrieval.ingest import AuditEntry
from retrieval.ingest.lifecycle import History
from retrieval.language.sentences import counted
from retrieval.models import IngestReport, ParagraphDiff


def show_report(console: Console, report: IngestReport, *, dry_run: bool) -> None:
    """Print what an ingest changed, a line a readout."""
    for name in report.added:
        print_line(console, Text(f"+ {name}", style="green"))
    for change in report.changed:
        counts = (
            f"{change.paragraphs_added} added, {change.paragraphs_changed} changed, "
            f"{change.paragraphs_removed} removed"
            + (f", {change.paragraphs_renumbered} renumbered" if change.paragraphs_renumbered else "")
        )
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


_MARKS = {"same": "", "added": "bold green", "removed": "strike red"}


def _show_diff(console: Console, diff: ParagraphDiff) -> None:
    """Print every paragraph that differs, its words marked: struck out what goes, bold what comes."""
    for change in diff.changes:
        pieces = word_diff(change.before or "", change.after or "")
        marks = {"added": "{+%s+}", "removed": "[-%s-]", "same": "%s"}
        line = Text(f"¶{change.number}  ", style="cyan")
        if change.was:
            line.append(f"(was ¶{change.was})  ", style="not bold dim")
        if change.kind == "renumbered":
            console.print(Padding(line, (0, 0, 0, 4), expand=False))
            continue
        for piece in pieces:
            shown = piece.text if console.is_terminal else marks[piece.kind] % piece.text
            line.append(shown, style=_MARKS[piece.kind] or "not bold default")
        console.print(Padding(line, (0, 0, 0, 4), expand=False))


def show_history(console: Console, found: History) -> None:
    """Print the revisions of a readout, the newest first, and what was done to it."""
    for revision in found.revisions:
        state = "live" if found.live is revision else f"until {revision.superseded_at}"
        state += ", pinned" if found.live is revision and found.readout.pinned else ""
        state += ", text erased" if revision.erased else ""
        line = Text(revision.id, style="bold cyan" if found.live is revision else "cyan")
        line.append(f"  {revision.created_at}  {state}", style="not bold default")
        if not revision.erased:
            line.append(f"  {counted(revision.paragraphs, 'paragraph')}", style="not bold dim")
        console.print(line)
    for entry in found.audit:
        console.print(Text(f"{entry.at}  {entry.action} by {entry.actor}{_details(entry)}", style="dim"))


def _details(entry: AuditEntry) -> str:
    """Return what changed, in words."""
    names = {"paragraphs_added": "added", "paragraphs_changed": "changed", "paragraphs_removed": "removed"}
    parts = [f"{entry.summary[key]} {word}" for key, word in names.items() if entry.summary.get(key)]
    return f" ({', '.join(parts)})" if parts else ""


def _summary(report: IngestReport, *, dry_run: bool) -> str:
    counts = [
        (len(report.added), "added"),
        (len(report.changed), "changed"),
        (len(report.removed), "removed"),
        (len(report.held), "pinned"),
        (len(report.unchanged), "unchanged"),
        (len(report.alike), "to be asked about"),
        (len(report.failed), "failed"),
    ]
    parts = ", ".join(f"{count} {what}" for count, what in counts if count) or "nothing found"
    if dry_run:
        return f"Would be: {parts}. Nothing was changed."
    return f"{parts}; {counted(report.embedded, 'text')} embedded in {report.elapsed_ms / 1000:.1f} s."
