"""`rapporteur ask` in a new process, index built, against `python -c "import chromadb"`.

    python bench/startup.py [--rounds N]

The two take turns after one warm-up each; the ratio is of the medians.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from statistics import median

QUESTION = "Which vision will Japan promote initiatives under?"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="rapporteur-bench-") as store:
        ask = [sys.executable, "-m", "bot", "ask", QUESTION, "--store", store]
        imported = [sys.executable, "-c", "import chromadb"]
        _seconds(ask), _seconds(imported)
        pairs = [(_seconds(ask), _seconds(imported)) for _ in range(rounds)]
    a, b = median(p[0] for p in pairs), median(p[1] for p in pairs)
    print(f"rapporteur ask        {a:.2f} s   (median of {rounds})")
    print(f"import chromadb       {b:.2f} s   (median of {rounds})")
    print(f"ask / import          {a / b:.2f}")


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
