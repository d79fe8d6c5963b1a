"""How much of the gold paragraphs the parser finds: `python -m bench.parsing --eval DIR`.

A gold paragraph is matched when the parser has its number with the same text, white space collapsed. `extra`
counts body paragraphs of the parser that no gold row asks for: `intro`, `header`, and text after the numbers.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

from retrieval.errors import SourceError
from retrieval.sources import parse

SHIPPED = Path(__file__).parent.parent / "corpus" / "asean-japan-2022-06-22.txt"


def gold_documents(folder: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """Yield every source with its gold paragraphs by number."""
    files = {SHIPPED.stem: SHIPPED}
    for row in _rows(folder / "readouts-index.jsonl"):
        files[row["id"]] = folder / "readouts" / row["file"]
    gold = [*_rows(folder / "seed-paragraphs.jsonl"), *_rows(folder / "readouts-paragraphs.jsonl")]
    for document in gold:
        texts = {row["number"]: " ".join(row["text"].split()) for row in document["paragraphs"]}
        yield files[document["doc_id"]], texts
        for name, file in files.items():  # the same document in another format
            if name.startswith(document["doc_id"] + "_"):
                yield file, texts


def _rows(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def parsed_paragraphs(path: Path) -> dict[str, str]:
    """Return the parser's paragraphs by number; a source that fails has none."""
    try:
        readouts = parse(path.name, path.read_bytes())
    except SourceError as error:
        print(error)
        return {}
    return {p.number: " ".join(p.text.split()) for readout in readouts for p in readout.paragraphs}


def main() -> int:
    """Print the figures; fail under the share asked for."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--eval", type=Path, required=True, help="folder with the gold paragraphs")
    arguments.add_argument("--at-least", type=float, default=0.95)
    arguments.add_argument("--show", action="store_true", help="print what differs")
    options = arguments.parse_args()
    total = matched = 0
    print(f"{'document':34} {'gold':>5} {'match':>5} {'miss':>5} {'extra':>5}")
    for path, gold in gold_documents(options.eval):
        found = parsed_paragraphs(path)
        right = [number for number, text in gold.items() if found.get(number) == text]
        total, matched = total + len(gold), matched + len(right)
        extra = len(found.keys() - gold.keys())
        print(f"{path.name[:34]:34} {len(gold):5} {len(right):5} {len(gold) - len(right):5} {extra:5}")
        if options.show:
            _show(gold, found)
    print(f"{'total':34} {total:5} {matched:5} {total - matched:5}        share {matched / total:.4f}")
    return 0 if matched >= options.at_least * total else 1


def _show(gold: dict[str, str], found: dict[str, str]) -> None:
    for number, text in gold.items():
        if found.get(number) != text:
            other = found.get(number, "")
            print(f"  - {number}: {text[:70]!r} … {text[-60:]!r}\n  + {other[:70]!r} … {other[-60:]!r}")
    for number in found.keys() - gold.keys():
        print(f"  extra {number}: {found[number][:100]!r}")


if __name__ == "__main__":
    raise SystemExit(main())
