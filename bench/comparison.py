"""Paragraphs of yearly communiqués paired, phrases traced, and how long both take.

    python -m bench.comparison [--half development|held|fresh|last] [--errors] [--times]

The texts are in bench/comparison.toml. A paragraph is right when those it is paired with, none included, are exactly
those that it should be; a pair is right when it is found. Thresholds were chosen on
all parts of the set but "last", which was written after that and has changed nothing.
`--times`: two readouts of 60 paragraphs compared, and a phrase traced through 1,000 readouts, the store warm.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from retrieval.bootstrap import build_services
from retrieval.comparison.pairing import pair_paragraphs
from retrieval.comparison.tracing import Phrase
from retrieval.index.encoder import Encoder, embedding_text
from retrieval.models import LiveParagraph, Numbering
from retrieval.settings import RetrievalSettings, shipped_corpus_dir

PARTS = ("development", "held", "fresh", "last")
SET = Path(__file__).with_suffix(".toml")
Link = tuple[int, int]


def readout(title: str, side: str, lines: str) -> tuple[list[str], list[LiveParagraph]]:
    """Return the keys of the paragraphs of one side, and the paragraphs."""
    rows = [line.split("|", 2) for line in lines.strip().splitlines()]
    paragraphs = [
        LiveParagraph(side, "r", place, number, Numbering.PRINTED, text, title)
        for place, (_, number, text) in enumerate(rows)
    ]
    return [key for key, _, _ in rows], paragraphs


def links(
    table: Mapping[str, Any], encoder: Encoder
) -> tuple[set[Link], set[Link], list[list[LiveParagraph]]]:
    """Return the links that there are, those that were found, and the paragraphs of both sides."""
    (old_keys, old), (new_keys, new) = (readout(table["title"], s, table[s]) for s in ("before", "after"))
    gold = {(i, k) for i, a in enumerate(old_keys) for k, b in enumerate(new_keys) if a in b.split("+")}
    vectors = dict(enumerate(encoder.embed(embedding_text(p.title, p.text)) for p in (*old, *new)))
    found = {
        (a.paragraph.ordinal, b.paragraph.ordinal)
        for pair in pair_paragraphs(old, new, vectors)
        for a in pair.before
        for b in pair.after
    }
    return gold, found, [old, new]


def pairing(tables: list[dict[str, Any]], encoder: Encoder, *, errors: bool) -> None:
    gold_total = right = found_total = paragraphs = paragraphs_right = 0
    for table in tables:
        gold, found, sides = links(table, encoder)
        gold_total, found_total, right = (
            gold_total + len(gold),
            found_total + len(found),
            right + len(gold & found),
        )
        for side, of in enumerate(sides):
            for place in range(len(of)):
                mine = [{x for x in some if x[side] == place} for some in (gold, found)]
                paragraphs += 1
                paragraphs_right += mine[0] == mine[1]
        for i, k in sorted(gold ^ found) if errors else ():
            what = "missed" if (i, k) in gold else "wrong"
            print(f"{what}: {sides[0][i].text}\n     -> {sides[1][k].text}")
    print(f"pairs of readouts {len(tables)}, pairs of paragraphs {gold_total}: found {right / gold_total:.3f}, "
          f"of those found right {right / found_total:.3f}; paragraphs right {paragraphs_right / paragraphs:.3f} "
          f"of {paragraphs}")  # fmt: skip


def phrases(tables: list[dict[str, Any]], *, errors: bool) -> None:
    counts = {"same": [0, 0], "other": [0, 0]}
    for table in tables:
        for kind, count in counts.items():
            for text in table[kind]:
                found = bool(list(Phrase(table["phrase"]).find(text)))
                count[0] += found == (kind == "same")
                count[1] += 1
                if errors and found != (kind == "same"):
                    print(f"{table['phrase']}: {'wrong' if found else 'missed'}: {text}")
    same, other = counts["same"], counts["other"]
    print(f"variants found {same[0]} of {same[1]}; other passages left alone {other[0]} of {other[1]}")


_WORDS = """harbour fisheries quota border railway energy grid students exchange security radar pilots climate methane
    forest rangers finance budget ministers dialogue framework cooperation regional joint sustainable development
    navigation ships seafarers treatment education teachers diplomas health vaccine research water allocation""".split()


def texts(generator: random.Random, number: int) -> Iterator[str]:
    for _ in range(number):
        yield " ".join(generator.choices(_WORDS, k=60)).capitalize() + "."


def times(folder: Path, readouts: int = 1_000) -> None:
    import json

    generator = random.Random(7)
    lines = []
    for n in range(readouts):
        size = 60 if n < 2 else 12
        paragraphs = [{"number": str(i), "text": text} for i, text in enumerate(texts(generator, size), 1)]
        if n < 2:
            paragraphs = [
                {"number": p["number"], "text": _WORDS[i % len(_WORDS)] + " " + p["text"]}
                for i, p in enumerate(paragraphs)
            ]
        if n % 3 == 0:
            middle = "free, open and inclusive" if n % 2 else "free and open"
            paragraphs[3]["text"] += f" Both sides are committed to a {middle} Northern Sea."
        date = f"{1990 + n % 35}-{1 + n % 12:02}-15"
        lines.append(
            json.dumps({"id": f"r{n}", "title": f"Communiqué {n}", "date": date, "paragraphs": paragraphs})
        )
    source = folder / "readouts.jsonl"
    source.write_text("\n".join(lines), encoding="utf-8")
    settings = RetrievalSettings(store_dir=folder / "store", corpus_dir=shipped_corpus_dir())
    with build_services(settings, purpose="bench") as built:
        built.ingesting.ingest([source])
        for name, work in (
            ("compare two readouts of 60 paragraphs", lambda: built.comparing.compare("r0", "r1")),
            ("compare them on a topic", lambda: built.comparing.compare("r0", "r1", "fisheries quota")),
            (
                f"trace a phrase through {readouts} readouts",
                lambda: built.comparing.trace("free and open Northern Sea"),
            ),
            (
                "trace one that every readout holds",
                lambda: built.comparing.trace("regional joint development"),
            ),
        ):
            work()
            taken = []
            for _ in range(5):
                start = time.perf_counter()
                work()
                taken.append(time.perf_counter() - start)
            print(f"{name}: {sorted(taken)[2]:.3f} s (median of 5, warm)")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--half", choices=PARTS)
    parser.add_argument("--errors", action="store_true")
    parser.add_argument("--times", action="store_true")
    given = parser.parse_args()
    content = tomllib.loads(SET.read_text(encoding="utf-8"))
    encoder = Encoder()
    for half in [given.half] if given.half else PARTS:
        print(half)
        pairing([t for t in content["pairs"] if t["half"] == half], encoder, errors=given.errors)
        if traced := [t for t in content["phrases"] if t["half"] == half]:
            phrases(traced, errors=given.errors)
    if given.times:
        with tempfile.TemporaryDirectory() as folder:
            times(Path(folder))


if __name__ == "__main__":
    main()
