"""What `check` calls verbatim: of copies it has to be all, of altered claims none.

    python -m bench.claims --data DIR [--data DIR ...]

DIR holds documents.jsonl and claims.jsonl (pairs: `true` reworded, `false` with one thing changed, and the `sentences` they
are of). Every pair is checked against its own readout through the real store, and so are the sentences themselves: as they
are, and with other case, quotation marks, dashes and white space. `close` is reported for the threshold that calls a sentence
near: reworded claims of the readout should pass it, claims about another readout should not.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

from bench.labelled import rows_of
from bench.stores import store_of

COPIES = {
    "as it is": lambda text: text,
    "upper case": str.upper,
    "lower case": str.lower,
    "straight quotes": lambda text: text.translate(str.maketrans("“”‘’", "\"\"''")),
    "curly quotes": lambda text: text.replace("'", "’").replace('"', "”"),
    "no quotation marks": lambda text: text.translate(dict.fromkeys(map(ord, '“”"'))),
    "hyphens for dashes": lambda text: text.translate(str.maketrans("–—‑", "---")),
    "dashes for hyphens": lambda text: text.replace("-", "–"),
    "white space": lambda text: "  " + text.replace(" ", " \u00a0\n") + "\t",
    "in quotation marks": lambda text: f"“{text}”",
}


def measure(folder: Path) -> int:
    """Print the figures of `folder`; return how many verdicts may not be."""
    texts = {
        (document["id"], s["id"]): paragraphs[s["paragraph"]][s["start"] : s["end"]]
        for document in rows_of(folder / "documents.jsonl")
        for paragraphs in ({p["number"]: p["text"] for p in document["paragraphs"]},)
        for s in document["sentences"]
    }
    claims = rows_of(folder / "claims.jsonl")
    copied = dict.fromkeys((row["document"], s) for row in claims for s in row["sentences"])
    documents = list(dict.fromkeys(row["document"] for row in claims))
    other = dict(zip(documents, documents[1:] + documents[:1], strict=True))
    verdicts, wrong = Counter[tuple[str, str]](), 0
    with store_of([folder / "documents.jsonl"]) as services:

        def verdict(claim: str, document: str) -> str:
            return services.checking.check(claim, document=document).verdict.value

        for row in claims:
            for which in ("true", "false"):
                verdicts[which, verdict(row[which], row["document"])] += 1
            verdicts["of another readout", verdict(row["true"], other[row["document"]])] += 1
        for document, sentence in copied:
            for name, changed in COPIES.items():
                found = verdict(changed(texts[document, sentence]), document)
                verdicts[f"copy, {name}", found] += 1
                if found != "verbatim":
                    wrong += 1
                    print(f"    not verbatim ({name}): {texts[document, sentence]}")
    wrong += verdicts["false", "verbatim"]
    print(f"{folder.name}: {len(claims)} pairs, {len(copied)} sentences copied in {len(COPIES)} ways")
    for name in dict.fromkeys(name for name, _ in verdicts):
        counts = {found: n for (of, found), n in sorted(verdicts.items()) if of == name}
        print(f"    {name}: {counts}")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, action="append", required=True, metavar="DIR")
    sys.exit(1 if sum(map(measure, parser.parse_args().data)) else 0)


if __name__ == "__main__":
    main()
