"""The command line: the JSON of the contract, exit statuses, one sentence for every failure."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bot.__main__ import main
from bot.cli.terminal import show_documents
from retrieval.bootstrap import Services
from retrieval.index import encoder
from retrieval.index.index_folder import StoreLock
from retrieval.ingest.committing import Committer
from retrieval.language.sentences import counted
from retrieval.ledger import Ledger, live, migrations
from retrieval.ledger.leases import my_turn
from retrieval.sources import LoadedSource, loading
from tests.conftest import WriteReadout

ROOT = Path(__file__).parents[3]
SHIPPED = "asean-japan-2022-06-22"
WHERE = "Where was the meeting held?"


@pytest.fixture
def store(shipped: Services) -> str:
    """A store that is filled already; these tests change nothing in it."""
    return str(shipped.settings.store_dir)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run a command in this process: exit status, standard output, standard error."""

    def command(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            main([str(argument) for argument in arguments])
        shown = capsys.readouterr()
        return int(stopped.value.code or 0), shown.out, shown.err

    return command


Run = Callable[..., tuple[int, str, str]]


def _process(*arguments: str | Path, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run `python -m bot` as somebody would from another folder."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)} | more.pop("env", {})
    command = [sys.executable, "-m", "bot", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, **more)


def _keys(found: dict[str, Any], *wanted: str) -> bool:
    return set(wanted) <= set(found)


def test_first_ask_ingests_by_itself_and_prints_one_object(tmp_path: Path) -> None:
    done = _process("ask", WHERE, "--json", "--store", "relative/store", cwd=tmp_path)

    found = json.loads(done.stdout)
    assert (done.returncode, done.stderr, done.stdout.count("\n")) == (0, "", 1)
    assert _keys(found, "question", "status", "text", "mode", "statements", "nearest", "confidence")
    assert _keys(found, "rejected", "elapsed_ms")
    assert (found["question"], found["status"], found["mode"]) == (WHERE, "answered", "extractive")
    assert "[¶1]" in found["text"]
    assert set(found["elapsed_ms"]) == {"retrieve", "answer", "total"}
    statement = found["statements"][0]
    citation = statement["citations"][0]
    assert _keys(citation, "document", "revision", "paragraph", "numbering", "quote", "start", "end", "url")
    assert (citation["document"], citation["paragraph"], citation["numbering"]) == (SHIPPED, "1", "printed")
    assert (tmp_path / "relative/store/ledger.sqlite3").is_file()


def test_what_is_not_in_the_sources_is_no_failure(run: Run, store: str) -> None:
    status, out, _ = run("ask", "Who won the 1998 football world cup in France?", "--json", "--store", store)

    found = json.loads(out)
    assert (status, found["status"], found["statements"]) == (0, "not_found", [])
    assert all(_keys(near, "document", "paragraph", "quote") for near in found["nearest"])


def test_what_an_answer_was_decided_by_can_be_seen(run: Run, store: str) -> None:
    status, out, _ = run(
        "ask", "What will Japan hold on cybersecurity?", "--explain", "--json", "--store", store
    )

    found = json.loads(out)
    decision, best = found["explained"][:2]
    assert status == 0
    assert decision["probability"] == pytest.approx(found["confidence"], abs=1e-4)
    assert best["text"] in found["statements"][0]["text"]
    assert all(isinstance(value, float) for value in best["figures"].values())


def test_search_json(run: Run, store: str) -> None:
    status, out, _ = run("search", "Myanmar", "-k", "3", "--json", "--store", store)

    found = json.loads(out)
    assert (status, found["query"], len(found["hits"])) == (0, "Myanmar", 3)
    assert all(_keys(hit, "document", "paragraph", "score", "text") for hit in found["hits"])
    assert [h["score"] for h in found["hits"]] == sorted((h["score"] for h in found["hits"]), reverse=True)


def test_documents_json_and_export(run: Run, store: str, tmp_path: Path) -> None:
    status, out, _ = run("documents", "--json", "--store", store, "--export", tmp_path / "out")

    (found,) = json.loads(out)["documents"]
    assert status == 0
    assert found | {"revision": "-"} == {
        "id": SHIPPED,
        "title": "The 7th ASEAN-Japan Defense Ministers’ Informal Meeting",
        "date": "2022-06-22",
        "issuer": "Japan (Ministry of Defense)",
        "source_url": None,
        "scope": "shared",
        "revision": "-",
        "paragraphs": 12,
        "numbering": "printed",
        "warnings": [],
    } | {key: value for key, value in found.items() if key not in _DOCUMENT_KEYS}
    exported = json.loads((tmp_path / "out" / f"{SHIPPED}.json").read_text(encoding="utf-8"))
    assert _keys(exported, "id", "title", "date", "issuer", "source_url", "language", "paragraphs")


_KEYS_OF_A_DOCUMENT = "id title date issuer source_url scope revision paragraphs numbering warnings"
_DOCUMENT_KEYS = frozenset(_KEYS_OF_A_DOCUMENT.split())


def test_paragraph_json(run: Run, store: str) -> None:
    status, out, _ = run("paragraph", SHIPPED, "¶3", "--json", "--store", store)

    found = json.loads(out)
    assert (status, found["document"], found["paragraph"], found["numbering"], found["url"]) == (
        0,
        SHIPPED,
        "3",
        "printed",
        None,
    )
    assert _keys(found, "revision", "text")


def test_ingest_json_is_printed_even_when_a_source_fails(
    run: Run, write_readout: WriteReadout, tmp_path: Path
) -> None:
    good = write_readout("good", ["A ferry line will open in May."])
    (good.parent / "bad.json").write_text('{"id": "bad",\n "title": }', encoding="utf-8")

    status, out, _ = run("ingest", good.parent, "--json", "--store", tmp_path / "new")

    found = json.loads(out)
    assert status == 1
    assert found["added"] == ["good"]
    assert _keys(found, "changed", "unchanged", "removed", "paragraphs", "embedded", "elapsed_ms")
    assert [(set(f), Path(f["source"]).name, f["line"]) for f in found["failed"]] == [
        ({"source", "line", "error"}, "bad.json", 2)
    ]


def test_eval_json(run: Run, store: str, tmp_path: Path) -> None:
    row = {"id": "a", "question": WHERE, "gold_paragraphs": [{"document": SHIPPED, "paragraph": "1"}]}
    file, answers = tmp_path / "questions.jsonl", tmp_path / "answers.jsonl"
    file.write_text(json.dumps(row | {"gold_answers": ["Phnom Penh"]}) + "\n", encoding="utf-8")

    status, out, _ = run("eval", file, "--json", "--answers", answers, "--store", store)

    found = json.loads(out)
    assert (status, found["questions"], found["retrieval"]["hit@1"]) == (0, 1, 1.0)
    assert set(found["retrieval"]) == {"hit@1", "hit@3", "hit@5", "mrr"}
    assert set(found["abstention"]) >= {"answered_when_answerable", "abstained_when_unanswerable", "auroc"}
    assert _keys(found["answer"], "contains_gold", "f1")
    assert (set(found["citation"]), set(found["latency_ms"])) == ({"precision", "recall"}, {"p50", "p95"})
    assert json.loads(answers.read_text(encoding="utf-8"))["id"] == "a"


def test_eval_goes_on_after_a_bad_row_and_tells_of_it_at_the_end(
    run: Run, store: str, tmp_path: Path
) -> None:
    file = tmp_path / "questions.jsonl"
    rows = [
        '{"id": "a"',
        '{"id": "b", "question": "x", "document": "nope"}',
        json.dumps({"id": "c", "question": WHERE}),
    ]
    file.write_text("\n".join(rows), encoding="utf-8")

    status, out, err = run("eval", file, "--store", store)
    found = json.loads(run("eval", file, "--json", "--store", store)[1])

    assert (status, "questions" in out, err.count("\n")) == (1, True, 2)
    assert err.startswith(f"{file}:1: this is not a question (")
    assert f'{file}:2: There is no readout "nope".' in err
    assert (found["questions"], [each["line"] for each in found["failed"]]) == (1, [1, 2])


def test_sources_that_fail_are_told_on_standard_error(
    run: Run, write_readout: WriteReadout, tmp_path: Path
) -> None:
    good = write_readout("good", ["A ferry line will open in May."])
    (good.parent / "bad.json").write_text("{", encoding="utf-8")

    status, out, err = run("ingest", good.parent, "--store", tmp_path / "new")

    assert (status, out.splitlines()[0], "bad.json" in out, "bad.json:1: " in err) == (
        1,
        "+ good",
        False,
        True,
    )
    assert "1 text embedded" in out


@pytest.mark.parametrize(("pressed", "kept"), [(1, ["a", "b"]), (2, [])], ids=["once", "twice"])
def test_ctrl_c_keeps_the_files_that_were_done_and_says_which(
    run: Run,
    write_readout: WriteReadout,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    pressed: int,
    kept: list[str],
) -> None:
    for name in "abcd":
        write_readout(name, [f"Ship {name} sails to Estmark."], title=f"Talks of {name}")
    read = loading.load_file

    def reading(path: Path, *more: Any) -> LoadedSource:
        if path.stem == "b":
            signal.raise_signal(signal.SIGINT)
        return read(path, *more)

    monkeypatch.setattr(loading, "load_file", reading)
    if pressed == 2:  # the second time after the reading
        monkeypatch.setattr(Committer, "carry_out", _pressing(Committer.carry_out))
    status, out, err = run("ingest", tmp_path / "readouts", "--prune", "--store", tmp_path / "s")

    assert (status, [line[2:] for line in out.splitlines() if line.startswith("+ ")]) == (130, kept)
    assert err.splitlines()[0] == "Stopping; what was read is finished first. Ctrl-C again stops sooner."
    assert err.splitlines()[-1] == "Stopped; what was done before is kept, and said above."
    with closing(Ledger(tmp_path / "s" / "ledger.sqlite3")) as ledger, ledger.read() as connection:
        assert sorted(summary.id for summary in live.readouts(connection, ["shared"])) == kept


def _pressing(done: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*given: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return done(*given)

    return wrapped


def test_chat_takes_the_filters_of_ask_and_has_help(
    run: Run, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"help\n{WHERE}\n\x00\nexit\n"))
    status, out, err = run(
        "chat", "--store", store, "--document", SHIPPED, "--since", "2022", "--title", "ASEAN"
    )
    asked = run("chat", "--store", store, "--document", "nope")

    assert (status, "looks one up" in out, "was held in Phnom Penh" in out) == (0, True, True)
    assert err == "The question holds a control character (U+0000). Remove it, then ask again.\n"
    assert (asked[0], 'There is no readout "nope"' in asked[2]) == (2, True)


def test_a_chat_answers_as_ask_does_and_keeps_nobody_from_the_index(
    run: Run, write_readout: WriteReadout, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for whoever types, for hours; a bot whose index it shared could write nothing there meanwhile."""
    corpus = write_readout("talks", ["Norland will open a ferry line.", "Estmark lent a radar."]).parent
    folders = ("--store", tmp_path / "store", "--corpus", corpus)
    _, asked, _ = run("ask", "Who lent a radar?", *folders)
    lines = iter(["Who lent a radar?", "exit"])

    def typed(_prompt: str) -> str:
        lock = StoreLock(tmp_path / "store", "a bot")
        lock.own(timeout_s=0)
        lock.release()
        return next(lines)

    monkeypatch.setattr("builtins.input", typed)

    assert run("chat", *folders) == (0, asked, "")
    assert "Estmark lent a radar." in asked


@pytest.mark.parametrize("width", [20, 40, 60, 100])
def test_an_id_is_never_broken_however_narrow_the_terminal(shipped: Services, width: int) -> None:
    summary = replace(shipped.browser.documents()[0], id="a" * 64, warnings=("¶3 is missing.",))
    shown = Console(width=width, file=io.StringIO(), record=True, force_terminal=True)

    show_documents(shown, [summary])

    assert shown.export_text().count("a" * 64) == 3


def test_there_is_one_text_and_there_are_two_texts() -> None:
    assert [counted(n, "text") for n in (0, 1, 2, 1000)] == ["0 texts", "1 text", "2 texts", "1,000 texts"]


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (MemoryError(), "There is not enough memory for this."),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "There is not enough memory for this."),
        (RuntimeError("can't start new thread"), "There is not enough memory for this."),
        (OSError(errno.ENOSPC, "No space left on device", "/x"), "/x: the disk is full."),
    ],
    ids=["memory", "system", "threads", "disk"],
)
def test_out_of_memory_and_disk_say_so(
    run: Run, store: str, monkeypatch: pytest.MonkeyPatch, error: Exception, message: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("retrieval.answering.service.AnsweringService.timed_ask", fail)
    status, out, err = run("ask", WHERE, "--store", store)

    assert (status, out, err.startswith(f"rapporteur: {message}"), err.count("\n")) == (1, "", True, 1)


def test_doctor_passes_and_says_what_it_looked_at(run: Run, store: str) -> None:
    status, out, _ = run("doctor", "--json", "--store", store)

    checks = json.loads(out)["checks"]
    assert (status, {check["passed"] for check in checks}) == (0, {True})
    found = {check["name"]: check["found"] for check in checks}
    assert {"settings", "model", "corpus", "ledger", "vector index"} <= found.keys()
    assert found["ledger"].endswith(f", schema revision {migrations.head()}")


WRONG = {
    "empty question": (["ask", " "], 2, "The question is empty"),
    "long question": (["ask", "x" * 1_001], 2, "The question has 1,001 characters"),
    "control character": (["ask", "a\x1bb"], 2, "control character (U+001B)"),
    "unknown readout": (["ask", WHERE, "--document", "nope"], 2, 'There is no readout "nope"'),
    "half a character": (["ask", WHERE, "--document", "\udcff"], 2, "There is no readout"),
    "unknown paragraph": (["paragraph", SHIPPED, "99"], 2, 'has no paragraph "99"'),
    "no question": (["ask"], 2, "Missing argument"),
    "unknown option": (["ask", WHERE, "--nope"], 2, "No such option"),
    "too many hits": (["search", "x", "-k", "99"], 2, "99 is not in the range"),
    "missing source": (["ingest", "/nowhere"], 2, "/nowhere: there is no such file or folder"),
    "missing questions": (["eval", "/nowhere.jsonl"], 2, "/nowhere.jsonl: the questions cannot be read"),
    "missing backup": (["restore", "/nowhere.backup"], 2, "/nowhere.backup: there is no such file"),
}


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize(("arguments", "status", "message"), WRONG.values(), ids=WRONG)
def test_wrong_use_is_one_sentence(
    run: Run, store: str, arguments: list[str], status: int, message: str, as_json: bool
) -> None:
    found, out, err = run(*arguments, "--store", store, *(["--json"] if as_json else []))

    assert found == status
    if as_json:
        assert (list(json.loads(out)), err) == (["error"], "")
        assert message in json.loads(out)["error"]
    else:
        assert message in err
        assert (out, "Traceback" in err) == ("", False)


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["eval", "{questions}", "--answers", "{place}/a.jsonl"], "{place}/a.jsonl: this file"),
        (["documents", "--export", "{place}/a"], "{place}/a: this folder"),
        (["trace", "ASEAN", "--html", "{place}/a.html"], "{place}/a.html: this file"),
        (["feedback", "export", "{place}/a.jsonl"], "{place}/a.jsonl: this file"),
        (["backup", "{place}/a.backup"], "{place}/a.backup: this file"),
    ],
    ids=lambda given: given[0] if isinstance(given, list) else "",
)
def test_whatever_cannot_be_written_is_named_in_the_same_sentence(
    run: Run, store: str, tmp_path: Path, arguments: list[str], what: str
) -> None:
    places = {"questions": tmp_path / "questions.jsonl", "place": tmp_path / "a file"}
    places["questions"].write_text(json.dumps({"id": "c", "question": WHERE}), encoding="utf-8")
    places["place"].write_text("-", encoding="utf-8")

    status, out, err = run(*(each.format(**places) for each in arguments), "--store", store)

    sentence = f"{what.format(**places)} cannot be written (Not a directory). Name another one."
    assert (status, out, err) == (1, "", f"rapporteur: {sentence}\n")


@pytest.mark.parametrize(
    ("command", "name", "value", "reason"),
    [
        (["documents"], "RETRIEVAL_RETENTION_DAYS", "soon", "Input should be a valid integer"),
        (["documents"], "RETRIEVAL_READING_ROOM_URL", "nowhere", "String should match pattern"),
        (["serve"], "SERVE_TOKENS", "short,shorter", "a token has at least 16 characters"),
        (["run"], "DISCORD_ASK_CHANNELS", "here,there", "Input should be a valid integer"),
    ],
)
def test_a_setting_that_cannot_be_used_is_said_in_the_same_sentence_everywhere(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: list[str], name: str, value: str, reason: str
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "very-secret")
    monkeypatch.setenv(name, value)

    status, out, err = run(*command)

    way_out = "Correct it in the environment or in .env; .env.example lists every setting."
    said = re.escape(f"rapporteur: {name}: {reason}") + r"[^;]*\. " + re.escape(way_out) + "\n"
    assert (status, out, bool(re.fullmatch(said, err)), value in err) == (2, "", True, False)


def test_a_missing_corpus_is_one_sentence(run: Run, tmp_path: Path) -> None:
    status, out, err = run("ask", WHERE, "--store", tmp_path / "s", "--corpus", tmp_path / "none")

    assert (status, out) == (2, "")
    assert err == f"rapporteur: {tmp_path}/none: there is no such file or folder. Check the path.\n"


def test_a_store_that_cannot_be_made_is_one_sentence(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("-", encoding="utf-8")

    status, out, err = run("ask", WHERE, "--store", tmp_path / "file" / "store")

    assert (status, out) == (1, "")
    assert re.fullmatch(r"rapporteur: \S+: the store's folder cannot be made \(Not a directory\)\. .*\n", err)


def test_an_address_that_is_not_public_is_a_source_that_failed(run: Run, tmp_path: Path) -> None:
    url = "http://169.254.169.254/latest/meta-data/"

    status, out, _ = run("ingest", url, "--json", "--store", tmp_path / "new")

    problem = "169.254.169.254 is a cloud metadata address. Only pages on the public web are fetched."
    assert status == 1
    assert json.loads(out)["failed"] == [{"source": url, "line": None, "error": problem}]


def test_an_ingest_beside_another_says_who_started_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("retrieval.ingest.service._PATIENCE_S", 0.1)
    (tmp_path / "s").mkdir()
    ledger = Ledger(tmp_path / "s" / "ledger.sqlite3")

    with my_turn(ledger, "ingest by Ana", timeout_s=0):
        status, out, _ = run("ingest", "--json", "--store", tmp_path / "s")
    ledger.close()

    assert status == 1
    assert json.loads(out)["error"].startswith("Another ingest is running: ingest by Ana, since 20")


def test_a_truncated_model_is_one_sentence(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "minilm"
    broken.mkdir()
    for path in encoder.MODEL_DIR.iterdir():
        (broken / path.name).write_bytes(path.read_bytes()[:10_000])
    monkeypatch.setattr(encoder.Encoder.__init__, "__defaults__", (broken,))

    status, out, err = run("ask", WHERE, "--store", tmp_path / "s")

    assert (status, out) == (1, "")
    assert re.search(r"the model's file is damaged \(SHA-256 \w{12}…, 10,000 bytes\)\. Reinstall", err)


def test_an_empty_working_folder_stays_empty(run: Run, store: str) -> None:
    run("ask", WHERE, "--store", store)

    assert list(Path.cwd().iterdir()) == []


def test_a_closed_pipe_is_no_error(store: str) -> None:
    command = f"{sys.executable} -m bot documents --json --store {store} | true; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )

    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_ctrl_c_stops_without_a_traceback(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "bot", "ask", WHERE, "--store", str(tmp_path / "s")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not (tmp_path / "s").exists():
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert (out, err.strip()) == ("", "Stopped; what was committed before is kept.")
    assert process.returncode == 128 + signal.SIGINT


@pytest.mark.parametrize("env", [{"PYTHONIOENCODING": "ascii"}, {"COLUMNS": "20", "NO_COLOR": "1"}])
def test_piped_text_is_whole_in_any_encoding_and_width(store: str, env: dict[str, str]) -> None:
    done = _process("ask", WHERE, "--store", store, env=env)

    assert (done.returncode, "\x1b" in done.stdout, "Traceback" in done.stderr) == (0, False, False)
    assert "was held in Phnom Penh, Cambodia, at which the Ministers exchanged views" in done.stdout


def test_json_is_json_in_any_encoding(store: str) -> None:
    done = _process("paragraph", SHIPPED, "2", "--json", "--store", store, env={"PYTHONIOENCODING": "ascii"})

    assert json.loads(done.stdout)["text"].startswith("he Cambodian Minister of National Defence")
