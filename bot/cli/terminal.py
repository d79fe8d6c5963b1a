"""The same answers for a terminal; plain text when piped."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from retrieval.answering.checking import ClaimCheck, Compared, Mark, Verdict
from retrieval.answering.models import (
    CLOSEST,
    NEAREST,
    NOT_FOUND,
    TALK,
    Answer,
    Status,
    also_places,
    difference_sentence,
    mark,
    partial_sentence,
    translation_note,
)
from retrieval.answering.selectors.trained import Explained
from retrieval.ingest import Progress as ReportProgress
from retrieval.language.sentences import counted
from retrieval.models import LeftOut, LeftOutOf, LiveParagraph, Numbering, Statement
from retrieval.search.browsing import ListedInitiative, ReadoutSummary
from retrieval.search.browsing import Table as TableOf
from retrieval.search.ranking import RankedParagraph
from retrieval.search.scoping import Shelf

_BESIDE_AN_ID = 50
"""Columns that date, title, numbers and series take at least."""

STAGES = {
    "reading": "Reading sources",
    "embedding": "Embedding paragraphs",
    "indexing": "Updating the index",
    "auditing": "Looking up paragraphs",
}


def show_answer(console: Console, answer: Answer) -> None:
    """Print statements under the readout they come from, or what is nearest."""
    if answer.parts:
        for part in answer.parts:
            console.print(Text(part.question, style="bold"))
            show_answer(console, part)
        return
    if answer.talk:
        console.print(Text(TALK[answer.talk]))
        return
    if answer.read_as:
        console.print(Text(f"Read as: {answer.read_as}", style="dim"))
    if answer.notice:
        console.print(Text(answer.notice))
    if answer.statements:
        _show_statements(console, answer)
    elif not answer.notice:
        console.print(Text(CLOSEST if answer.status is Status.CLOSEST else NOT_FOUND))
    if answer.partial:
        console.print(Text(partial_sentence(answer.unanswered), style="italic"))
    if answer.nearest and answer.status is not Status.CLOSEST:
        console.print(Text(NEAREST, style="dim"))
    _show_quotes(console, answer.nearest)
    if answer.model_failure:
        console.print(Text(answer.model_failure, style="dim"))
    elif answer.mode != "extractive":
        model = answer.mode.removeprefix("llm:")
        console.print(Text(f"Chosen by {model}; the words are the sources’ own.", style="dim"))


def show_explanation(console: Console, explained: Sequence[Explained]) -> None:
    """Print the decision and the best sentences, each with its probability and the figures that are not 0."""
    if not explained:
        console.print(
            Text(
                "Nothing was decided: this was looked up by number or name, or is of a meeting itself.",
                style="dim",
            )
        )
    for place, each in enumerate(explained):
        what = "that the sources answer" if place == 0 else f"of: {each.text}"
        console.print(Text(f"probability {each.probability:.3f} {what}", style="bold"))
        figures = "  ".join(f"{name} {value:.3g}" for name, value in each.figures.items() if value)
        print_indented(console, Text(figures, style="dim"))


VERDICTS = {
    Verdict.VERBATIM: ("Verbatim: this stands there, word for word.", "green"),
    Verdict.CLOSE: ("Not verbatim. Closest sentences, with what differs:", "yellow"),
    Verdict.NOT_FOUND: ("Not found. Nearest sentences, which may not be about it:", "yellow"),
}


def show_check(console: Console, check: ClaimCheck) -> None:
    """Print the sentences nearest to a claim, in what they differ from it, and a model's opinion, if any."""
    sentence, style = VERDICTS[check.verdict]
    if not check.compared:
        sentence = "Not found: there is nothing to compare it with."
    console.print(Text(sentence, style=style))
    for place, compared in enumerate(check.compared):
        _show_quotes(console, [compared.statement])
        if check.verdict is Verdict.CLOSE:
            for line in _difference_lines(compared):
                print_indented(console, line, 4)
        if check.judged is not None:
            opinion = f"{check.judged.opinions[place].value}, in the opinion of {check.judged.by}"
            print_indented(console, Text(opinion, style="italic dim"), 4)


_MARK_NAMES = {
    Mark.NUMBER: "number", Mark.NAME: "name", Mark.NEGATION: "negation", Mark.MODAL: "will, may, should",
}  # fmt: skip


def _difference_lines(compared: Compared) -> Iterator[Text]:
    """A line a difference: the claim's words struck out, the source's in bold; what matters most is named."""
    for difference in compared.differences:
        claim = difference.claim or "—", "strike" if difference.claim else "dim"
        source = difference.source or "—", "bold" if difference.source else "dim"
        line = Text.assemble("claim: ", claim, "  source: ", source)
        kinds = [name for each, name in _MARK_NAMES.items() if each in difference.marks]
        if kinds:
            line.append(f"  ({'; '.join(kinds)})", style="red")
        yield line


def _show_quotes(console: Console, statements: Sequence[Statement]) -> None:
    for statement in statements:
        place = f"{_named(statement.paragraph)} {statement.paragraph.place}: "
        print_indented(console, Text.assemble((place, "dim"), statement.text))
        for difference in statement.differs:
            said = Text(difference_sentence(difference), style="yellow")
            print_indented(console, said, 4)


def _named(paragraph: LiveParagraph) -> str:
    return f"{paragraph.title} ({paragraph.date})" if paragraph.date else paragraph.title


def _show_statements(console: Console, answer: Answer) -> None:
    shown = None
    for place, statement in enumerate(answer.statements):
        paragraph = statement.paragraph
        if (paragraph.document, paragraph.revision) != shown:
            shown = paragraph.document, paragraph.revision
            heading = Text(_named(paragraph), style="dim")
            if paragraph.source_url:
                heading.stylize(f"link {paragraph.source_url}")
            console.print(heading)
        text = Text(statement.text)
        for start, end in statement.highlights:
            text.stylize("bold", start, end)
        text.append(f" {mark(statement)}", style="cyan")
        if paragraph.numbering is Numbering.COUNTED and paragraph.number[:1].isdigit():
            text.append(" (counted)", style="dim")
        if statement.also:
            text.append(f" (also {', '.join(also_places(statement))})", style="dim")
        print_indented(console, text)
        if answer.translations:
            note = f" ({translation_note(answer.translations.by)})"
            translated = Text.assemble(answer.translations.texts[place], (note, "dim"), style="italic")
            print_indented(console, translated, 4)


def show_documents(console: Console, summaries: Sequence[ReadoutSummary]) -> None:
    """Print one line a readout, newest first; several where a terminal is too narrow for its id beside the rest."""
    longest = max((len(s.id) for s in summaries), default=0)
    shown = _show_apart if longest + _BESIDE_AN_ID > console.width else _show_in_a_table
    shown(console, summaries)
    for s in summaries:
        for warning in s.warnings:
            print_line(console, Text(f"{s.id}: {warning}", style="yellow"))
        if s.left_out:
            print_line(console, Text(f"{s.id}: left out: {reasons(s.left_out)}.", style="dim"))


def print_indented(console: Console, text: Text, by: int = 2) -> None:
    """Print what belongs to the line before, `by` columns in."""
    console.print(Padding(text, (0, 0, 0, by), expand=False))


def print_line(console: Console, text: Text) -> None:
    """Print a line that is wrapped by the terminal, if at all: what is copied from it stays whole."""
    console.print(text, soft_wrap=True)


def _show_apart(console: Console, summaries: Sequence[ReadoutSummary]) -> None:
    shelf = Shelf(tuple(summaries))
    for s in summaries:
        print_line(console, Text(s.id, style="cyan"))
        about = [s.date, s.title, counted(s.paragraphs, "paragraph"), s.numbering, shelf.series_of(s)]
        print_indented(console, Text(", ".join(filter(None, about))))


def _show_in_a_table(console: Console, summaries: Sequence[ReadoutSummary]) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("id", style="cyan", no_wrap=True)
    table.add_column("date", no_wrap=True)
    table.add_column("title", overflow="fold")
    table.add_column("¶", justify="right", no_wrap=True)
    table.add_column("numbering")
    shelf = Shelf(tuple(summaries))
    series = [shelf.series_of(s) or "" for s in summaries]
    if any(series):
        table.add_column("series", overflow="fold")
    for s, name in zip(summaries, series, strict=True):
        cells = (s.id, s.date or "", Text(s.title), str(s.paragraphs), s.numbering)
        table.add_row(*cells, *([Text(name)] if any(series) else []))
    console.print(table)


def reasons(left_out: Sequence[LeftOut | LeftOutOf]) -> str:
    """Return what was left out by its reasons: "3 running heads, 1 menu"."""
    counts = Counter(left.reason for left in left_out)
    return ", ".join(f"{count} × {reason}" for reason, count in counts.most_common())


def show_initiatives(console: Console, listed: Sequence[ListedInitiative]) -> None:
    """Print every initiative under its readout, newest first, and how many there are."""
    shown = None
    for each in listed:
        if each.readout.id != shown:
            shown = each.readout.id
            date = f" ({each.readout.date})" if each.readout.date else ""
            console.print(Text(f"{each.readout.title}{date}", style="dim"))
        print_indented(console, _initiative_line(each))
    console.print(Text(counted(len(listed), "initiative"), style="dim"))


def _initiative_line(listed: ListedInitiative) -> Text:
    entry = listed.initiative
    about = ", ".join(filter(None, (entry.kind, entry.actor, entry.when)))
    numbers = ", ".join(dict.fromkeys(f"¶{citation.paragraph}" for citation in entry.citations))
    line = Text.assemble((entry.name, "bold"), f" — {about}", (f" — {numbers}", "cyan"))
    if listed.also_in:
        places = ", ".join(f"{place.document} ¶{place.paragraph}" for place in listed.also_in)
        line.append(f"  (also in {places})", style="dim")
    return line


def show_paragraph(console: Console, paragraph: LiveParagraph, table: TableOf | None) -> None:
    """Print one paragraph with where it stands; a row of a table in the whole of it."""
    note = " (counted)" if paragraph.numbering is Numbering.COUNTED else ""
    link = f" link {paragraph.source_url}" if paragraph.source_url else ""
    console.print(Text(f"{paragraph.title} {paragraph.place}{note}", style=f"dim{link}"))
    print_indented(console, Text(paragraph.text))
    if table is not None:
        shown = Table("¶", *map(escape, table.heads))
        for number, cells in table.rows:
            shown.add_row(*map(Text, (number, *cells)), style="bold" if number == paragraph.number else None)
        console.print(shown)


def show_hits(console: Console, hits: Iterable[RankedParagraph]) -> None:
    """Print paragraphs, best first, with their scores."""
    for hit in hits:
        p = hit.prepared.paragraph
        print_line(console, Text.assemble((f"{p.document} {p.place}", "cyan"), (f"  {hit.score:.3f}", "dim")))
        print_indented(console, Text(p.text))


@contextmanager
def choosing(mode: str, *, enabled: bool) -> Iterator[Callable[[Answer], None]]:
    """Yield what to tell of an answer from which a language model is about to choose: it says so, on a terminal."""
    status = Console(stderr=True).status("")
    shown = enabled and sys.stderr.isatty()

    def found(answer: Answer) -> None:
        if shown:
            numbers = " ".join(dict.fromkeys(mark(s) for s in [*answer.statements, *answer.nearest]))
            model = escape(mode.removeprefix("llm:"))
            status.update(f"Found {escape(numbers)}; asking {model} which sentences answer …")
            status.start()

    try:
        yield found
    finally:
        status.stop()


@contextmanager
def progress_bar(*, enabled: bool) -> Iterator[ReportProgress]:
    """Show the stages of an ingest on standard error; silent where that is not a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(
        *columns, console=console, transient=True, disable=not (enabled and console.is_terminal)
    ) as bar:
        tasks = {stage: bar.add_task(text, total=None, visible=False) for stage, text in STAGES.items()}

        def report(stage: str, done: int, total: int) -> None:
            bar.update(tasks[stage], completed=done, total=total or None, visible=True)

        yield report


def show_figures(console: Console, figures: Mapping[str, Any]) -> None:
    """Print the figures of an evaluation, one a line."""
    for name, value in figures.items():
        for part, figure in value.items() if isinstance(value, Mapping) else ((None, value),):
            label = name if part is None else f"{name} {part}"
            console.print(f"{label:<42} {'-' if figure is None else figure}")
