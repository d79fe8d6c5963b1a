"""Values -> the JSON objects of the contract, for every front end; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from bot import contracts
from retrieval.answering.checking import ClaimCheck, Compared
from retrieval.answering.models import Answer, Translations, answer_text, difference_sentence
from retrieval.answering.selectors.trained import Explained
from retrieval.answering.service import Elapsed
from retrieval.comparison.service import Comparison
from retrieval.comparison.tracing import Life, Trace, TracedReadout
from retrieval.ingest.job_board import report_json
from retrieval.ingest.lifecycle import History, Removal
from retrieval.models import Citation, IngestReport, LiveParagraph, ParagraphChange, Statement
from retrieval.search.browsing import ListedInitiative, ReadoutSummary, Table
from retrieval.search.ranking import RankedParagraph
from retrieval.search.scoping import Shelf


def answer_json(answer: Answer, elapsed: Elapsed) -> contracts.AnswerJson:
    """Return what `ask --json` prints."""
    return {
        "question": answer.question,
        "status": answer.status.value,
        "text": answer_text(answer),
        "mode": answer.mode,
        "statements": [statement_json(statement) for statement in answer.statements],
        "nearest": [_nearest(near) for near in answer.nearest],
        "confidence": round(answer.confidence, 4),
        "rejected": [{"text": each.text, "reason": each.reason} for each in answer.rejected],
        "notice": answer.notice,
        "unanswered": answer.unanswered,
        "read_as": answer.read_as,
        "parts": [_part(part) for part in answer.parts],
        "talk": answer.talk,
        "model_failure": answer.model_failure,
        "damaged": list(answer.damaged),
        "translations": _translations(answer.translations),
        "elapsed_ms": {name: round(value, 3) for name, value in asdict(elapsed).items()},
    }


def _translations(found: Translations | None) -> contracts.TranslationsJson | None:
    return None if found is None else {"by": found.by, "texts": list(found.texts)}


def statement_json(statement: Statement) -> contracts.StatementJson:
    """Return one statement with its citation."""
    return {
        "text": statement.text,
        "citations": [_citation(statement.citation)],
        "highlights": [list(span) for span in statement.highlights],
        "also": [{**_place(paragraph), "date": paragraph.date} for paragraph in statement.also],
        "differs": [difference_sentence(difference) for difference in statement.differs],
    }


def _part(answer: Answer) -> contracts.PartJson:
    return {
        "question": answer.question,
        "status": answer.status.value,
        "text": answer_text(answer),
        "read_as": answer.read_as,
        "confidence": round(answer.confidence, 4),
    }


def explanation_json(explained: Sequence[Explained]) -> dict[str, Any]:
    """Return what `ask --explain --json` prints besides: the decision, then the best sentences."""
    return {"explained": [asdict(each) for each in explained]}


def check_json(check: ClaimCheck) -> contracts.CheckJson:
    """Return what `check --json` prints."""
    judged = check.judged
    return {
        "claim": check.claim,
        "verdict": check.verdict.value,
        "statements": [_compared(compared) for compared in check.compared],
        "judged": {"by": judged.by, "verdicts": [o.value for o in judged.opinions]} if judged else None,
    }


def _compared(compared: Compared) -> contracts.ComparedJson:
    differences: list[contracts.DifferenceJson] = [
        {"claim": d.claim, "source": d.source, "marks": sorted(d.marks)} for d in compared.differences
    ]
    return {**statement_json(compared.statement), "differences": differences}


def _nearest(near: Statement) -> contracts.NearestJson:
    differs = [difference_sentence(difference) for difference in near.differs]
    return {**_place(near.paragraph), "quote": near.text, "differs": differs}


def _place(paragraph: LiveParagraph) -> contracts.PlaceJson:
    return {"document": paragraph.document, "paragraph": paragraph.number}


def _citation(citation: Citation) -> contracts.CitationJson:
    return {
        "document": citation.document,
        "revision": citation.revision,
        "paragraph": citation.paragraph,
        "part": citation.part,
        "numbering": citation.numbering.value,
        "quote": citation.evidence.quote,
        "start": citation.evidence.start,
        "end": citation.evidence.end,
        "url": citation.url,
    }


def search_json(query: str, hits: Iterable[RankedParagraph], damaged: Sequence[str]) -> contracts.SearchJson:
    """Return what `search --json` prints."""
    return {
        "query": query,
        "hits": [
            {**_place(p := hit.prepared.paragraph), "score": round(hit.score, 6), "text": p.text}
            for hit in hits
        ],
        "damaged": list(damaged),
    }


def documents_json(summaries: Sequence[ReadoutSummary]) -> contracts.DocumentsJson:
    """Return what `documents --json` prints."""
    shelf = Shelf(tuple(summaries))
    return {"documents": [_document(summary, shelf.series_of(summary)) for summary in summaries]}


def _document(summary: ReadoutSummary, series: str | None) -> contracts.DocumentJson:
    return {
        "id": summary.id,
        "title": summary.title,
        "date": summary.date,
        "issuer": summary.issuer,
        "source_url": summary.source_url,
        "scope": summary.scope,
        "revision": summary.revision,
        "paragraphs": summary.paragraphs,
        "numbering": summary.numbering,
        "series": series,
        "warnings": list(summary.warnings),
        "left_out": [{"reason": o.reason, "text": o.text, "place": o.place} for o in summary.left_out],
    }


def initiatives_json(listed: Sequence[ListedInitiative], damaged: Sequence[str]) -> contracts.InitiativesJson:
    """Return what `initiatives --json` prints."""
    return {
        "total": len(listed),
        "initiatives": [_initiative(each) for each in listed],
        "damaged": list(damaged),
    }


def _initiative(listed: ListedInitiative) -> contracts.InitiativeJson:
    entry = listed.initiative
    return {
        "name": entry.name,
        "kind": entry.kind,
        "actor": entry.actor,
        "when": entry.when,
        "document": listed.readout.id,
        "also_in": [{"document": p.document, "paragraph": p.paragraph} for p in listed.also_in],
        "citations": [
            {
                "paragraph": citation.paragraph,
                "quote": citation.evidence.quote,
                "start": citation.evidence.start,
                "end": citation.evidence.end,
                "url": listed.readout.source_url,
            }
            for citation in entry.citations
        ],
    }


def paragraph_json(paragraph: LiveParagraph, table: Table | None) -> contracts.ParagraphJson:
    """Return what `paragraph --json` prints; with the table that it is a row of."""
    whole: contracts.TableJson | None = None
    if table is not None:
        rows: list[contracts.RowJson] = [
            {"paragraph": number, "cells": list(cells)} for number, cells in table.rows
        ]
        whole = {"heads": list(table.heads), "rows": rows}
    return {
        "document": paragraph.document,
        "revision": paragraph.revision,
        "paragraph": paragraph.number,
        "part": paragraph.part,
        "numbering": paragraph.numbering.value,
        "text": paragraph.text,
        "url": paragraph.source_url,
        "table": whole,
    }


def ingest_json(report: IngestReport, *, diffs: bool = False) -> dict[str, Any]:
    """Return what `ingest --json` prints; with `diffs`, paragraph by paragraph what changes."""
    shown = report_json(report)
    shown["alike"] = [{"source": a.source, "document": a.document, "why": a.why} for a in report.alike]
    if diffs:
        shown["diffs"] = {name: [_change(c) for c in diff.changes] for name, diff in report.diffs.items()}
    return shown


def _change(change: ParagraphChange) -> dict[str, str | None]:
    return {"paragraph": change.number, "was": change.was, "before": change.before, "after": change.after}


def history_json(found: History) -> dict[str, Any]:
    """Return what `history --json` and `rollback --json` print."""
    return {
        "document": found.readout.id,
        "live": found.live.id if found.live else None,
        "pinned": found.readout.pinned,
        "revisions": [
            {
                "revision": v.id,
                "live": v.superseded_at is None and not v.erased,
                "created_at": v.created_at,
                "superseded_at": v.superseded_at,
                "erased": v.erased,
                "title": v.title,
                "date": v.date,
                "paragraphs": v.paragraphs,
            }
            for v in found.revisions
        ],
        "changes": [
            {name: getattr(entry, name) for name in ("at", "actor", "action", "revision", "summary")}
            for entry in found.audit
        ],
    }


def removal_json(removal: Removal) -> dict[str, Any]:
    """Return what `remove --json` prints."""
    return {"removed": [removal.readout], "purged": removal.purged, "everywhere": removal.everywhere}


def comparison_json(found: Comparison) -> contracts.ComparisonJson:
    """Return what `compare --json` prints: `a` and `b` are the readouts, in the order given."""
    a, b = found.before, found.after
    return {
        "a": {**_readout(a.id, a.title, a.date), "revision": a.revision},
        "b": {**_readout(b.id, b.title, b.date), "revision": b.revision},
        "topic": found.topic,
        "counts": dict(Counter(pair.kind for pair in found.pairs)),
        "pairs": [
            {
                "kind": pair.kind,
                "moved": pair.moved,
                "renumbered": pair.renumbered,
                "likeness": round(pair.likeness, 4),
                "a": [_changed(statement) for statement in pair.before],
                "b": [_changed(statement) for statement in pair.after],
            }
            for pair in found.pairs
        ],
    }


def _changed(statement: Statement) -> contracts.ChangedJson:
    return {**_citation(statement.citation), "changed": [list(span) for span in statement.highlights]}


def _readout(document: str, title: str, date: str | None) -> contracts.ReadoutJson:
    return {"document": document, "title": title, "date": date}


def trace_json(trace: Trace) -> contracts.TraceJson:
    """Return what `trace --json` prints, the oldest use first."""
    first, last = trace.ends or (None, None)
    return {
        "phrase": trace.phrase,
        "readouts": len(trace.readouts),
        "first": first.document if first else None,
        "last": last.document if last else None,
        "uses": [_use(trace, readout) for readout in trace.used],
        "damaged": list(trace.damaged),
    }


def _use(trace: Trace, readout: TracedReadout) -> contracts.UseJson:
    return {
        **_readout(readout.document, readout.title, readout.date),
        "series": readout.series,
        "places": [
            {
                **_citation(use.statement.citation),
                "wording": use.wording,
                "exact": use.exact,
                "likeness": round(use.likeness, 4),
                "highlights": [list(span) for span in use.statement.highlights],
            }
            for use in readout.uses
        ],
        "since_before": [{"kind": piece.kind, "text": piece.text} for piece in readout.since_before],
        "absent_after": [_readout(r.document, r.title, r.date) for r in trace.after(readout)],
    }


def lives_json(lives: Sequence[Life], damaged: Sequence[str]) -> dict[str, Any]:
    """Return what `initiatives --series --json` prints."""
    return {
        "total": len(lives),
        "initiatives": [
            {
                "name": life.name,
                "events": [
                    {"stage": event.stage, "title": event.title, "date": event.date}
                    | _citation(event.citation)
                    for event in life.events
                ],
                "silent_since": [_readout(r.document, r.title, r.date) for r in life.silent_since],
            }
            for life in lives
        ],
        "damaged": list(damaged),
    }
