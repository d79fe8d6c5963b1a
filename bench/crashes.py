"""Kill a process that changes a store, again and again, and look at what the next start finds.

    python bench/crashes.py [--kills 200] [--seed 1] [--during changes|backup|restore|migration]

A child goes through ingests, re-ingests, rollbacks, removals and rewrites of the vector index on one store and
is killed (SIGKILL) at a random moment of it. It says before and after each change which revision of each
readout should be live; what the next process finds must be one of the two, whole, for every readout: each of
its paragraphs found by its own vector and its own words (`retrieval.health`). Vectors are seeded unit
vectors; everything else is the real thing. Exit status 1 when a start failed any of it.

`--during backup` kills a process that backs up a store of 400 readouts while it is being changed, `--during restore` one
that makes a store of a backup: what stands under the name that was asked for must be nothing or all of it.

`--during migration` kills one that opens a store of 150 readouts as schema revision 2 had it, and so brings it up to date:
the next start must find today's tables, every value that the old ones held, a seal that fits each paragraph, and all of it
by its vector and its words.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from itertools import count
from pathlib import Path

from sqlalchemy import Connection

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.seeded import readout, seeded_services
from retrieval.bootstrap import LEDGER_FILE, Services
from retrieval.errors import NotFoundError
from retrieval.health import audit
from retrieval.ingest.backup import back_up, restore
from retrieval.ledger import Ledger, migrations, revisions, seals, vectors
from retrieval.sources import to_interchange

NAMES = [f"talks-{n}" for n in range(8)]
OLD = Path(__file__).resolve().parent.parent / "tests/retrieval/ledger/version-2.sqlite3.gz"


def live_revisions(services: Services) -> dict[str, str]:
    return {s.id: s.revision for s in services.browser.documents()}


def write(folder: Path, name: str, version: int) -> Path:
    path = folder / f"{name}.json"
    made = to_interchange(readout(name, 12, seed=NAMES.index(name)))
    for n in range(version % 12 + 1):  # most paragraphs stay, as in a real correction
        made["paragraphs"][n]["text"] += f" Version {version}."
    path.write_text(json.dumps(made), encoding="utf-8")
    return path


def child(store: Path, corpus: Path, seed: int) -> None:
    """Change the store until killed, telling what is about to be done and when it is done."""
    draw = random.Random(seed)
    with seeded_services(store, corpus) as services:
        print("ready", flush=True)
        while True:
            name, what = (
                draw.choice(NAMES),
                draw.choice(("ingest", "ingest", "ingest", "both", "remove", "back", "rewrite")),
            )
            print(json.dumps({"what": what, "names": NAMES if what == "both" else [name]}), flush=True)
            try:
                if what == "ingest":
                    services.ingesting.ingest([write(corpus, name, draw.randrange(1000))])
                elif what == "both":
                    services.ingesting.ingest(
                        [write(corpus, each, draw.randrange(1000)) for each in NAMES[:4]]
                    )
                elif what == "remove":
                    services.lifecycle.remove(name, purge=draw.random() < 0.3)
                elif what == "back":
                    services.lifecycle.roll_back(name)
                    services.lifecycle.unpin(name)
                else:
                    services.index_sync.rewrite(timeout_s=5)
            except NotFoundError:
                pass
            print(json.dumps({"live": live_revisions(services)}), flush=True)


def inspect(store: Path, corpus: Path) -> None:
    """Open the store as the next start does, and tell what is live and what cannot be found."""
    logging.basicConfig(level=logging.WARNING)
    started = time.perf_counter()
    with seeded_services(store, corpus) as services:
        first = live_revisions(services)
        services.answering.search("bake dilo ruma", top_k=5)
        answered = time.perf_counter() - started
        whole = [len(services.browser.readout(name).paragraphs) for name in first]
        found = audit(services.ledger, services.index_sync, lambda *_: None)
        caught_up = services.index_sync.catch_up(timeout_s=5)
    leftovers = len(list(store.glob("chroma*"))) - 2 if first else 0
    print(
        json.dumps(
            {
                "live": first,
                "whole": all(count == 12 for count in whole),
                "unfound": [f"{u.document} {u.paragraph} {u.by}" for u in found.unfound],
                "paragraphs": found.paragraphs,
                "answered_s": answered,
                "caught_up": caught_up,
                "leftovers": max(leftovers, 0),
            }
        )
    )


def copying(mode: str, source: Path, target: Path) -> None:
    """Back up or restore until killed."""
    if mode == "backup":
        with seeded_services(source, source.parent / "corpus") as services:
            print("ready", flush=True)
            for n in count():
                services.ingesting.ingest([write(source.parent / "corpus", NAMES[n % len(NAMES)], n)])
                back_up(source / LEDGER_FILE, target)
    print("ready", flush=True)
    restore(source, target / LEDGER_FILE)
    print("done", flush=True)
    time.sleep(60)


def fill(store: Path, corpus: Path, readouts: int) -> dict[str, str]:
    """Make a store of so many readouts of 12 paragraphs; return which revision of each is live."""
    for n in range(readouts):
        made = json.dumps(to_interchange(readout(f"more-{n}", 12, seed=n)))
        (corpus / f"more-{n}.json").write_text(made, encoding="utf-8")
    with seeded_services(store, corpus) as services:
        services.ingesting.ingest()
        return live_revisions(services)


def during_copies(mode: str, kills: int, draw: random.Random, folder: Path) -> int:
    """Kill a process at a backup or a restore so often, and return how often all or nothing was there."""
    store, copy = folder / "store", folder / "copy"
    fill(store, folder / "corpus", 400)
    started = time.perf_counter()
    back_up(store / LEDGER_FILE, copy)
    took = time.perf_counter() - started
    good, found = 0, Counter[str]()
    for kill in range(kills):
        target = copy if mode == "backup" else folder / f"restored-{kill}"
        if mode == "backup" and kill % 2:
            copy.unlink(missing_ok=True)
        process = run(mode, store if mode == "backup" else copy, target)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(draw.uniform(0.0, 1.5 * took))
        process.kill()
        process.communicate()
        if mode == "backup" and copy.exists():
            target = folder / f"checked-{kill}"
            restore(copy, target / LEDGER_FILE)  # raises where anything of it is not what it was
        left = len([*folder.glob(".copy*"), *target.glob(".ledger*")])
        if not (target / LEDGER_FILE).exists():
            state, whole = "nothing", True
        else:
            with closing(Ledger(target / LEDGER_FILE)) as ledger, ledger.read() as connection:
                sound = soundness(connection)
                held = len(vectors.live_embeddings(connection, "shared"))
            state, whole = "all of it", all(sound) and len(sound) >= 400 and held >= 4800
            if kill + 1 < kills:
                shutil.rmtree(target)
        found[f"{state}, beside an unfinished part" if left else state] += 1
        good += whole
        for part in (*folder.glob(".copy*"), *folder.glob("restored-*/.ledger*")):
            part.unlink()
    print(
        f"{kills} kills during {mode} (which takes {took:.2f} s): nothing or all of it {good}/{kills}; {dict(found)}"
    )
    return good


def soundness(connection: Connection) -> list[bool]:
    """Return for every revision whose text is kept whether all of it is as it was ingested."""
    return [not seals.damage(connection, pk) for pk in revisions.kept_revisions(connection)]


def make_old(today: Path, path: Path) -> dict[str, list[str]]:
    """Write what the ledger at `today` holds in the tables of schema revision 2; return their columns."""
    path.write_bytes(gzip.decompress(OLD.read_bytes()))
    with closing(sqlite3.connect(path)) as old, old:
        old.execute("ATTACH ? AS today", [str(today)])
        listed = "SELECT name FROM {}.sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL %'"
        tables = [name for (name,) in old.execute(listed.format("main")) if not name.startswith("sqlite_")]
        known = {name for (name,) in old.execute(listed.format("today"))}
        columns = {t: [row[1] for row in old.execute(f"PRAGMA main.table_info('{t}')")] for t in tables}
        for table in known & columns.keys():
            if old.execute(
                f'SELECT 1 FROM today."{table}"'
            ).fetchone():  # what a bot left stays as it is there
                listed = ", ".join(f'"{name}"' for name in columns[table])
                old.execute(f'DELETE FROM main."{table}"')
                old.execute(f'INSERT INTO main."{table}" ({listed}) SELECT {listed} FROM today."{table}"')
        old.execute("UPDATE main.meta SET value = '2' WHERE key = 'schema_version'")
    return columns


def contents(path: Path, columns: dict[str, list[str]]) -> dict[str, Counter[tuple[object, ...]]]:
    """Return what stands in these columns, but for the store's facts about itself."""
    with closing(sqlite3.connect(path)) as store:
        return {
            table: Counter(store.execute(f"""SELECT {", ".join(f'"{n}"' for n in names)} FROM "{table}" """))
            for table, names in columns.items()
            if table != "meta"
        }


def opening(store: Path, corpus: Path) -> None:
    """Open a store until killed."""
    print("ready", flush=True)
    with seeded_services(store, corpus):
        print("done", flush=True)
        time.sleep(60)


def during_migration(kills: int, draw: random.Random, folder: Path) -> int:
    """Kill a process that brings an old store up to date so often, and return how often nothing was lost."""
    live = fill(folder / "store", folder / "corpus", 150)
    columns = make_old(folder / "store" / LEDGER_FILE, folder / "old")
    before, took, good, found = contents(folder / "old", columns), 0.0, 0, Counter[str]()
    for kill in range(kills + 1):
        store = folder / f"opened-{kill}"
        store.mkdir()
        file = store / LEDGER_FILE
        shutil.copy(folder / "old", file)
        process = run("opening", store, folder / "corpus")
        assert process.stdout is not None
        process.stdout.readline()
        started = time.perf_counter()
        if not kill:  # how long it takes where nobody kills it
            process.stdout.readline()
            took = time.perf_counter() - started
        time.sleep(draw.uniform(0.0, 1.2 * took) if kill else 0)
        process.kill()
        process.communicate()
        if not kill:
            continue
        with closing(sqlite3.connect(file)) as left:
            (revision,) = left.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchone()
        with closing(Ledger(file)) as ledger, ledger.read() as connection:
            sound = soundness(connection)
            is_todays = migrations.revision_of(connection) == migrations.head()
        is_kept = contents(file, columns) == before
        seen = json.loads(run("inspect", store, folder / "corpus").communicate(timeout=300)[0])
        is_found = seen["live"] == live and seen["whole"] and not seen["unfound"]
        is_good = is_todays and is_kept and is_found and all(sound) and len(sound) == len(live)
        if not is_good:
            print(
                f"kill {kill}: {is_todays=} {is_kept=} {is_found=} {sound.count(False)} altered", flush=True
            )
        found["the old tables" if revision == "2" else "today's"] += 1
        good += is_good
        shutil.rmtree(store)
    print(
        f"{kills} kills during migration (opening takes {took:.2f} s): nothing lost {good}/{kills}; left {dict(found)}"
    )
    return good


def run(mode: str, store: Path, corpus: Path, seed: int = 0) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, mode, str(store), str(corpus), str(seed)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def one_kill(
    store: Path, corpus: Path, draw: random.Random, before: dict[str, str]
) -> tuple[dict[str, object], str, str]:
    process = run("child", store, corpus, draw.randrange(10**9))
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(draw.uniform(0.0, 1.2))
    process.send_signal(signal.SIGKILL)
    lines = [json.loads(line) for line in process.stdout.read().splitlines() if line.endswith("}")]
    process.wait()
    process.stderr and process.stderr.close()
    doing: dict[str, object] = {"what": "nothing", "names": []}
    for line in lines:
        if "live" in line:
            before, doing = line["live"], {"what": "nothing", "names": []}
        else:
            doing = line
    after = run("inspect", store, corpus)
    out, err = after.communicate(timeout=300)
    if after.returncode:
        return {"died": after.returncode}, str(doing["what"]), err
    found = json.loads(out)
    touched = doing["names"]
    assert isinstance(touched, list)
    found["stable"] = all(
        before.get(name) == found["live"].get(name)
        for name in {*before, *found["live"]}
        if name not in touched
    )
    return found, str(doing["what"]), err


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--during", choices=["changes", "backup", "restore", "migration"], default="changes")
    options = parser.parse_args()
    draw, counts, during = random.Random(options.seed), Counter[str](), Counter[str]()
    folder = Path(tempfile.mkdtemp(prefix="rapporteur-crashes-"))
    (folder / "corpus").mkdir()
    if options.during != "changes":
        if options.during == "migration":
            good = during_migration(options.kills, draw, folder)
        else:
            good = during_copies(options.during, options.kills, draw, folder)
        shutil.rmtree(folder)
        return 0 if good == options.kills else 1
    answered: list[float] = []
    live: dict[str, str] = {}
    for kill in range(options.kills):
        found, what, err = one_kill(folder / "store", folder / "corpus", draw, live)
        live = dict(found.get("live", {}))  # type: ignore[call-overload]
        during[what] += 1
        counts["mended"] += "whole again" in err
        counts["checked"] += "failed its check" in err
        problems = [
            name
            for name, wrong in (
                ("did not start", "died" in found),
                ("another state", not found.get("stable", True)),
                ("half a readout", not found.get("whole", True)),
                ("not found", bool(found.get("unfound"))),
                ("left over", bool(found.get("leftovers"))),
            )
            if wrong
        ]
        counts["good"] += not problems
        counts.update(problems)
        if "answered_s" in found:
            answered.append(float(str(found["answered_s"])))
        if problems:
            print(f"kill {kill} during {what}: {problems} {found}\n{err[-2000:]}", flush=True)
    answered.sort()
    print(f"{options.kills} kills during {dict(during)}")
    print(f"starts that served the last committed state, all of it found: {counts['good']}/{options.kills}")
    print(f"index damaged and written anew: {counts['mended']}; {dict(counts)}")
    print(f"first answer after: median {answered[len(answered) // 2]:.2f} s, slowest {answered[-1]:.2f} s")
    shutil.rmtree(folder)
    return 0 if counts["good"] == options.kills else 1


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in ("backup", "restore"):
        copying(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
    elif len(sys.argv) > 1 and sys.argv[1] == "opening":
        opening(Path(sys.argv[2]), Path(sys.argv[3]))
    elif len(sys.argv) > 1 and sys.argv[1] in ("child", "inspect"):
        mode, where, source, given = sys.argv[1:]
        child(Path(where), Path(source), int(given)) if mode == "child" else inspect(
            Path(where), Path(source)
        )
    else:
        sys.exit(main())
