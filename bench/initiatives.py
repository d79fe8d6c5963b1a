"""Score the extraction of initiatives against labelled readouts and gold lists.

    python bench/initiatives.py --data DIR [--json] [--misses]
    python bench/initiatives.py --eval DIR [--json] [--misses]

`--data`: a folder with `documents.jsonl` and `initiatives.jsonl` in the form that `training/README.md`
describes: every mention worth listing is a row. An entry matches a row when it cites the row's paragraph and
shares at least half of the content words of the shorter span.

recall      core rows matched by some entry / core rows
precision   entries that match some row, core or not / entries
kind        core rows that some matching entry has the kind of / core rows matched
kind (best) the same for the entry that shares most words with the row, only

`--eval`: a folder with `seed-paragraphs.jsonl`, `readouts-paragraphs.jsonl` (the paragraphs),
`seed-initiatives.jsonl` and `initiatives/*.jsonl` (gold lists: one row an initiative, all its paragraphs).
An entry matches a row when they share a paragraph (the row's `also_in` included) and at least half of the
content words of the shorter name. Matching is many to many in both.

recall      as above
precision   entries that match a core row / entries, leaving out those that match only `core: false` rows
kind        core rows whose best entry (most shared words) has the row's `kind` or one of `kind_also` / core
            rows matched
kind (all)  the same for every right entry, not only the best one of a row

Content words are compared as they stand (lower case, no possessive, no stemming). For both:

inexact     names that are no substring of what they cite first, and citations whose span does not slice its
            paragraph to its quote: must be 0
seconds     processor time of extraction alone, per 1,000 paragraphs, and that of embedding the same
            paragraphs, both on all cores, in the same run
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from retrieval.index.encoder import Encoder, chunk_spans
from retrieval.initiatives import extract_initiatives
from retrieval.models import Initiative, Numbering, Paragraph, Readout
from training.labelled import load_documents, load_initiatives

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a an and as at between by for from in into of on or the their its to up with other own more that
        this these those against under through via per including such""",
    )
)


@dataclass(frozen=True)
class Row:
    """One row of a gold list, or one labelled mention."""

    name: str
    kinds: frozenset[str]
    paragraphs: frozenset[str]
    core: bool


@dataclass(frozen=True)
class Scores:
    """Counts; the figures follow from them, so that totals are sums.

    Attributes:
        right: Entries that match a core row.
        neutral: Those that match only rows that are not core.
        kind_right: Core rows whose best entry has the kind; `kind_any`: some matching entry.
        inexact: Names and citations that are not the words they claim to be.
    """

    document: str
    core: int = 0
    found: int = 0
    entries: int = 0
    right: int = 0
    neutral: int = 0
    kind_right: int = 0
    kind_any: int = 0
    kind_right_entries: int = 0
    inexact: int = 0

    def figures(self, labelled: bool) -> dict[str, float]:
        """The figures of `--data` where `labelled`, otherwise those of `--eval`."""
        found = {"recall": _ratio(self.found, self.core)}
        if labelled:
            return found | {
                "precision": _ratio(self.right + self.neutral, self.entries),
                "kind": _ratio(self.kind_any, self.found),
                "kind_best": _ratio(self.kind_right, self.found),
            }
        return found | {
            "precision": _ratio(self.right, self.entries - self.neutral),
            "kind": _ratio(self.kind_right, self.found),
            "kind_all": _ratio(self.kind_right_entries, self.right),
        }


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def content_words(name: str) -> frozenset[str]:
    """The words of a name that carry meaning: lower case, without marks, possessives and stop words."""
    plain = unicodedata.normalize("NFKD", name).lower().replace("’", "'")
    plain = re.sub(r"'s?\b", "", plain)
    return frozenset(re.findall(r"[^\W_]+", plain)) - STOP_WORDS


def overlap(entry: Initiative, row: Row) -> float:
    """Shared share of the shorter name's words, 0 where they share no paragraph."""
    if not {c.paragraph for c in entry.citations} & row.paragraphs:
        return 0.0
    ours, gold = content_words(entry.name), content_words(row.name)
    shorter = min(len(ours), len(gold))
    return len(ours & gold) / shorter if shorter else 0.0


def matches(entry: Initiative, row: Row) -> bool:
    """Whether an entry of the list is the row."""
    return overlap(entry, row) >= 0.5


def score(readout: Readout, entries: Sequence[Initiative], rows: Sequence[Row]) -> Scores:
    """Count one readout."""
    core = [row for row in rows if row.core]
    matching = [[e for e in entries if matches(e, row)] for row in core]
    best = [
        max(found, key=lambda e: _rank(e, row), default=None)
        for row, found in zip(core, matching, strict=True)
    ]
    right = [e for e in entries if any(matches(e, row) for row in core)]
    neutral = [e for e in entries if e not in right and any(matches(e, row) for row in rows)]
    return Scores(
        document=readout.id,
        core=len(core),
        found=sum(e is not None for e in best),
        entries=len(entries),
        right=len(right),
        neutral=len(neutral),
        kind_right=sum(e is not None and e.kind in row.kinds for e, row in zip(best, core, strict=True)),
        kind_any=sum(
            any(e.kind in row.kinds for e in found) for row, found in zip(core, matching, strict=True)
        ),
        kind_right_entries=sum(any(matches(e, r) and e.kind in r.kinds for r in core) for e in right),
        inexact=sum(_inexact(e, {p.number: p.text for p in reversed(readout.paragraphs)}) for e in entries),
    )


def _rank(entry: Initiative, row: Row) -> tuple[float, int, int]:
    ours, gold = content_words(entry.name), content_words(row.name)
    return overlap(entry, row), len(ours & gold), -len(ours ^ gold)


def _inexact(entry: Initiative, texts: dict[str, str]) -> int:
    spans = [
        texts[c.paragraph][c.evidence.start : c.evidence.end] != c.evidence.quote for c in entry.citations
    ]
    return sum(spans) + (entry.name not in texts[entry.citations[0].paragraph])


def total(scores: Iterable[Scores]) -> Scores:
    """The sums over every readout."""
    listed = [asdict(s) for s in scores]
    counts = {key: sum(s[key] for s in listed) for key in asdict(Scores("")) if key != "document"}
    return Scores("total", **counts)


def load_labelled(folder: Path) -> tuple[dict[str, Readout], dict[str, list[Row]]]:
    """Readouts and rows of a folder of labelled readouts."""
    readouts = {document.id: document.readout for document in load_documents(folder)}
    rows: dict[str, list[Row]] = {document: [] for document in readouts}
    for label in load_initiatives(folder):
        place = frozenset({label.paragraph})
        rows[label.document].append(Row(label.span, frozenset({label.kind}), place, label.core))
    return readouts, rows


def load_gold(folder: Path) -> tuple[dict[str, Readout], dict[str, list[Row]]]:
    """Every readout of the folder of gold lists, and the lists of those that have one."""
    names = ("seed-paragraphs.jsonl", "readouts-paragraphs.jsonl")
    readouts = {line["doc_id"]: _readout(line) for name in names for line in _lines(folder / name)}
    rows: dict[str, list[Row]] = {}
    for path in [folder / "seed-initiatives.jsonl", *sorted((folder / "initiatives").glob("*.jsonl"))]:
        for line in _lines(path):
            kinds = frozenset({line["kind"], *line.get("kind_also", [])})
            places = frozenset({*line["paragraphs"], *line.get("also_in", [])})
            rows.setdefault(line["document"], []).append(Row(line["name"], kinds, places, line["core"]))
    return readouts, rows


def _readout(line: dict[str, Any]) -> Readout:
    paragraphs = tuple(
        Paragraph(
            number=p["number"],
            text=p["text"],
            numbering=Numbering.PRINTED if p["published_number"] else Numbering.COUNTED,
            heading=p.get("heading"),
        )
        for p in line["paragraphs"]
    )
    return Readout(
        line["doc_id"], line["title"], paragraphs, date=line.get("date"), issuer=line.get("issuer")
    )


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def extraction_seconds(readouts: Sequence[Readout]) -> float:
    """Processor time of extraction per 1,000 paragraphs, after one warm-up."""
    extract_initiatives(readouts[0])
    start = time.process_time()
    for readout in readouts:
        extract_initiatives(readout)
    return (time.process_time() - start) * 1000 / sum(len(r.paragraphs) for r in readouts)


def embedding_seconds(readouts: Sequence[Readout]) -> float:
    """Processor time of embedding the same paragraphs as ingest cuts them, per 1,000, after one warm-up.

    The titles that ingest puts before each are left out: the same text, not more.
    """
    encoder = Encoder()
    encoder.embed("warm")
    paragraphs = [paragraph.text for readout in readouts for paragraph in readout.paragraphs]
    cut = {"count_tokens": encoder.count_tokens, "max_tokens": encoder.max_text_tokens}
    texts = [text[a:b] for text in paragraphs for a, b in chunk_spans("", text, **cut)]
    start = time.process_time()
    for _ in encoder.embed_each(texts):
        pass
    return (time.process_time() - start) * 1000 / len(paragraphs)


def table(scores: Sequence[Scores], labelled: bool) -> str:
    """Plain text, one line a readout."""
    named = "".join(f"{name:>10}" for name in scores[-1].figures(labelled))
    lines = [f"{'readout':<32} {'core':>5} {'found':>5} {'list':>5} {'wrong':>5}{named} {'inexact':>8}"]
    for s in scores:
        wrong = s.entries - s.neutral - s.right
        figures = "".join(f"{value:>10.3f}" for value in s.figures(labelled).values())
        lines.append(
            f"{s.document:<32} {s.core:>5} {s.found:>5} {s.entries:>5} {wrong:>5}{figures} {s.inexact:>8}"
        )
    return "\n".join(lines)


def details(readout: Readout, entries: Sequence[Initiative], rows: Sequence[Row]) -> str:
    """The rows that nothing matches, wrong kinds and the entries that match no row, to read."""
    out = [f"## {readout.id}"]
    for row in rows:
        found = [e for e in entries if matches(e, row)]
        if row.core and not found:
            out.append(f"  missed     ¶{','.join(sorted(row.paragraphs))} {row.name}")
        elif row.core:
            entry = max(found, key=lambda e: _rank(e, row))
            if entry.kind not in row.kinds:
                out.append(
                    f"  kind       ¶{','.join(sorted(row.paragraphs))} {row.name}: "
                    f"{entry.kind}, not {'/'.join(sorted(row.kinds))}"
                )
    for entry in entries:
        if not any(matches(entry, row) for row in rows):
            places = ",".join(c.paragraph for c in entry.citations)
            out.append(f"  unexpected ¶{places} {entry.name} [{entry.kind}, {entry.actor}]")
    return "\n".join(out)


def labelled_scores(folder: Path) -> list[Scores]:
    """Return the scores of every labelled readout of `folder`, and the total at the end."""
    readouts, rows = load_labelled(folder)
    scores = [score(readouts[name], extract_initiatives(readouts[name]), rows[name]) for name in rows]
    return [*scores, total(scores)]


def main() -> int:
    parser = argparse.ArgumentParser(description="Score the extraction of initiatives.")
    folder = parser.add_mutually_exclusive_group(required=True)
    folder.add_argument("--data", type=Path, metavar="DIR", help="folder of labelled readouts")
    folder.add_argument("--eval", type=Path, metavar="DIR", help="folder of the gold lists")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--misses", action="store_true", help="list what differs from the rows")
    arguments = parser.parse_args()

    labelled = arguments.data is not None
    readouts, rows = load_labelled(arguments.data) if labelled else load_gold(arguments.eval)
    extracted = {name: extract_initiatives(readouts[name]) for name in rows}
    scores = [score(readouts[name], extracted[name], rows[name]) for name in rows]
    scores.append(total(scores))
    tagging, embedding = (
        measure(list(readouts.values())) for measure in (extraction_seconds, embedding_seconds)
    )
    if arguments.json:
        by_readout = {s.document: {**asdict(s), **s.figures(labelled)} for s in scores}
        seconds = {"extraction": tagging, "embedding": embedding}
        json.dump({"readouts": by_readout, "seconds_per_1000_paragraphs": seconds}, sys.stdout, indent=2)
        print()
        return 0
    if arguments.misses:
        print("\n".join(details(readouts[name], extracted[name], rows[name]) for name in rows))
    print(table(scores, labelled))
    print(
        f"extraction: {tagging:.2f} processor s per 1,000 paragraphs; embedding the same: {embedding:.2f} s; "
        f"{tagging / embedding:.2f} of it"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
