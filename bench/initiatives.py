"""Score the extraction of initiatives against gold lists.

    python bench/initiatives.py --eval DIR [--json] [--misses]

`DIR` holds `seed-paragraphs.jsonl`, `readouts-paragraphs.jsonl` (the paragraphs), `seed-initiatives.jsonl`
and
`initiatives/*.jsonl` (the gold lists).

An entry matches a row when they share a paragraph (the row's `also_in` included) and at least half of the
content words of the shorter name. Content words are compared as they stand (lower case, no possessive, no
stemming), which is the stricter reading. Matching is many to many: one entry may cover two rows, and two
entries may detail one row.

recall      core rows matched by some entry / core rows
precision   entries that match a core row / entries, leaving out those that match only `core: false` rows
kind        core rows whose best entry (most shared words) has the row's `kind` or one of `kind_also` / core
rows matched
kind (all)  the same for every right entry, not only the best one of a row
spans       citations whose span slices its paragraph to its quote / citations
seconds     wall time of extraction alone, per 1,000 paragraphs, over every readout of the folder, and that
            of embedding the same paragraphs on one core, in the same run
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

from retrieval.index.encoder import Encoder
from retrieval.initiatives import extract_initiatives
from retrieval.models import Initiative, Numbering, Paragraph, Readout

STOP_WORDS = frozenset(
    re.findall(
        r"\w+",
        """a an and as at between by for from in into of on or the their its to up with other own more that
        this these those against under through via per including such""",
    )
)


@dataclass(frozen=True)
class Row:
    """One line of a gold list."""

    name: str
    kinds: frozenset[str]
    paragraphs: frozenset[str]
    core: bool


@dataclass(frozen=True)
class Scores:
    """Counts; the figures follow from them, so that totals are sums."""

    document: str
    core: int = 0
    found: int = 0
    entries: int = 0
    right: int = 0
    neutral: int = 0
    kind_right: int = 0
    kind_right_entries: int = 0
    citations: int = 0
    spans_exact: int = 0

    def figures(self) -> dict[str, float]:
        counted = self.entries - self.neutral
        return {
            "recall": _ratio(self.found, self.core),
            "precision": _ratio(self.right, counted),
            "kind": _ratio(self.kind_right, self.found),
            "kind_all": _ratio(self.kind_right_entries, self.right),
            "spans": _ratio(self.spans_exact, self.citations),
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
    return overlap(entry, row) >= 0.5


def score(readout: Readout, entries: Sequence[Initiative], rows: Sequence[Row]) -> Scores:
    """Count one readout."""
    core = [row for row in rows if row.core]
    best = [
        max((e for e in entries if matches(e, row)), key=lambda e: _rank(e, row), default=None)
        for row in core
    ]
    right = [e for e in entries if any(matches(e, row) for row in core)]
    neutral = [e for e in entries if e not in right and any(matches(e, row) for row in rows)]
    texts = {p.number: p.text for p in readout.paragraphs}
    citations = [c for e in entries for c in e.citations]
    return Scores(
        document=readout.id,
        core=len(core),
        found=sum(e is not None for e in best),
        entries=len(entries),
        right=len(right),
        neutral=len(neutral),
        kind_right=sum(e is not None and e.kind in row.kinds for e, row in zip(best, core, strict=True)),
        kind_right_entries=sum(any(matches(e, r) and e.kind in r.kinds for r in core) for e in right),
        citations=len(citations),
        spans_exact=sum(
            texts[c.paragraph][c.evidence.start : c.evidence.end] == c.evidence.quote for c in citations
        ),
    )


def _rank(entry: Initiative, row: Row) -> tuple[float, int, int]:
    ours, gold = content_words(entry.name), content_words(row.name)
    return overlap(entry, row), len(ours & gold), -len(ours ^ gold)


def total(scores: Iterable[Scores]) -> Scores:
    """The sums over every readout."""
    listed = [asdict(s) for s in scores]
    counts = {key: sum(s[key] for s in listed) for key in asdict(Scores("")) if key != "document"}
    return Scores("total", **counts)


def load_readouts(folder: Path) -> dict[str, Readout]:
    """Every readout of the folder, from its gold paragraphs."""
    lines = [
        line
        for name in ("seed-paragraphs.jsonl", "readouts-paragraphs.jsonl")
        for line in _lines(folder / name)
    ]
    return {line["doc_id"]: _readout(line) for line in lines}


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


def load_rows(folder: Path) -> dict[str, list[Row]]:
    """The gold lists by readout."""
    rows: dict[str, list[Row]] = {}
    for path in [folder / "seed-initiatives.jsonl", *sorted((folder / "initiatives").glob("*.jsonl"))]:
        for line in _lines(path):
            rows.setdefault(line["document"], []).append(
                Row(
                    name=line["name"],
                    kinds=frozenset({line["kind"], *line.get("kind_also", [])}),
                    paragraphs=frozenset({*line["paragraphs"], *line.get("also_in", [])}),
                    core=line["core"],
                )
            )
    return rows


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def seconds_per_1000_paragraphs(readouts: Sequence[Readout]) -> float:
    """Wall time of extraction, after one warm-up, scaled to 1,000 paragraphs."""
    extract_initiatives(readouts[0])
    start = time.perf_counter()
    for readout in readouts:
        extract_initiatives(readout)
    return (time.perf_counter() - start) * 1000 / sum(len(r.paragraphs) for r in readouts)


def embedding_seconds_per_1000_paragraphs(readouts: Sequence[Readout]) -> float:
    """Wall time of embedding the same paragraphs, one after another, scaled to 1,000 paragraphs."""
    encoder = Encoder()
    encoder.embed("warm")
    texts = [paragraph.text for readout in readouts for paragraph in readout.paragraphs]
    start = time.perf_counter()
    for text in texts:
        encoder.embed(text)
    return (time.perf_counter() - start) * 1000 / len(texts)


def table(scores: Sequence[Scores]) -> str:
    """Plain text, one line a readout."""
    lines = [
        f"{'readout':<32} {'core':>5} {'found':>5} {'list':>5} {'wrong':>5}"
        "  recall   prec   kind  kind*  spans"
    ]
    for s in scores:
        wrong = s.entries - s.neutral - s.right
        figures = "  ".join(f"{value:5.3f}" for value in s.figures().values())
        lines.append(f"{s.document:<32} {s.core:>5} {s.found:>5} {s.entries:>5} {wrong:>5}   {figures}")
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


def main() -> int:
    parser = argparse.ArgumentParser(description="Score the extraction of initiatives.")
    parser.add_argument("--eval", type=Path, required=True, metavar="DIR", help="folder of the gold lists")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--misses", action="store_true", help="list what differs from the gold lists")
    arguments = parser.parse_args()

    readouts, rows = load_readouts(arguments.eval), load_rows(arguments.eval)
    extracted = {name: extract_initiatives(readouts[name]) for name in rows}
    scores = [score(readouts[name], extracted[name], rows[name]) for name in rows]
    scores.append(total(scores))
    seconds = seconds_per_1000_paragraphs(list(readouts.values()))

    if arguments.json:
        by_readout = {s.document: {**asdict(s), **s.figures()} for s in scores}
        json.dump({"readouts": by_readout, "seconds_per_1000_paragraphs": seconds}, sys.stdout, indent=2)
        print()
        return 0
    if arguments.misses:
        print("\n".join(details(readouts[name], extracted[name], rows[name]) for name in rows))
    print(table(scores))
    embedding = embedding_seconds_per_1000_paragraphs(list(readouts.values()))
    print(f"extraction: {seconds:.2f} s per 1,000 paragraphs; embedding the same: {embedding:.2f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
