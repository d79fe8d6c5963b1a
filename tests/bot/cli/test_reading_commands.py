"""compare, trace and what became of initiatives, as commands; the turns of one `chat` are one conversation."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import docx
import pytest
from click.testing import CliRunner, Result
from lxml import html
from rich.console import Console

from bot.cli.commands import rapporteur
from bot.cli.reading_commands import converse
from retrieval.bootstrap import LEDGER_FILE
from retrieval.errors import QuestionError
from tests.communiques import COMMUNIQUES, write_communiques
from tests.fakes import FakeServices

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    folder = tmp_path_factory.mktemp("dialogue")
    write_communiques(folder / "readouts")
    return ("--corpus", str(folder / "readouts"), "--store", str(folder / "store"))


@pytest.fixture
def run(folders: Sequence[str]) -> Run:
    def ran(*arguments: str) -> Result:
        return CliRunner().invoke(rapporteur, [*arguments, *folders], catch_exceptions=False)

    return ran


def test_compare_tells_what_is_new_gone_moved_and_changed(run: Run) -> None:
    told = run("compare", "dialogue-2023", "dialogue-2024").stdout

    assert told.startswith("A: Joint Communiqué of the 3rd Norland-Estmark Dialogue (14 May 2023)\nB: Joint ")
    assert "¶2  gone\n  ¶2: Both sides reaffirmed" in told
    assert "¶2  new\n  ¶2: The two sides signed" in told
    assert "hold the [-Fourth-]{+Fifth+} Dialogue in [-Sund in 2024-]{+Port Alder in 2025+}." in told


def test_compare_as_json_holds_every_paragraph_once_with_its_words(run: Run) -> None:
    found = json.loads(run("compare", "dialogue-2023", "dialogue-2024", "--json").stdout)

    for side, name in (("a", "dialogue-2023"), ("b", "dialogue-2024")):
        quotes = [each["quote"] for pair in found["pairs"] for each in pair[side]]
        assert sorted(quotes) == sorted(COMMUNIQUES[name][2])
        assert found[side]["document"] == name
    assert sum(found["counts"].values()) == len(found["pairs"])


@pytest.mark.parametrize(
    "command",
    [("search", "Northern Sea"), ("trace", "Northern Sea"), ("initiatives",), ("initiatives", "--series")],
    ids=" ".join,
)
def test_what_was_left_out_as_it_was_altered_is_in_the_json(
    folders: Sequence[str], tmp_path: Path, command: Sequence[str]
) -> None:
    def told(*more: str) -> object:
        asked = [*command, *more, "--json", *folders[:2], "--store", str(tmp_path)]
        return json.loads(CliRunner().invoke(rapporteur, asked, catch_exceptions=False).stdout)["damaged"]

    before = told()
    with closing(sqlite3.connect(tmp_path / LEDGER_FILE)) as ledger, ledger:
        ledger.execute("UPDATE revisions SET title = 'Other talks' WHERE date = '2023-05-14'")

    elsewhere = ("--document", "dialogue-2024")
    assert (before, told(), told(*elsewhere)) == ([], ["dialogue-2023"], [])


@pytest.mark.parametrize("command", [("initiatives",), ("initiatives", "--series")], ids=" ".join)
def test_what_was_left_out_as_it_was_altered_is_in_every_file_of_the_initiatives(
    folders: Sequence[str], tmp_path: Path, command: Sequence[str]
) -> None:
    files = {ending: tmp_path / f"list.{ending}" for ending in ("markdown", "docx", "html")}
    options = [each for ending, path in files.items() for each in (f"--{ending}", str(path))]

    def told(*more: str) -> str:
        asked = [*command, *more, *folders[:2], "--store", str(tmp_path / "store")]
        return CliRunner().invoke(rapporteur, asked, catch_exceptions=False).stdout

    told()
    with closing(sqlite3.connect(tmp_path / "store" / LEDGER_FILE)) as ledger, ledger:
        ledger.execute("UPDATE revisions SET title = 'Other talks' WHERE date = '2023-05-14'")
    told(*options)

    sentence = "Left out, as its text in the store is not what was read from its source: dialogue-2023."
    paragraphs = [p.text for p in docx.Document(str(files["docx"])).paragraphs]
    assert sentence in files["markdown"].read_text(encoding="utf-8").replace("\\", "")
    assert sentence in html.document_fromstring(files["html"].read_bytes()).text_content()
    assert sentence in paragraphs


def test_files_are_written_beside_json(run: Run, tmp_path: Path) -> None:
    page, word = tmp_path / "c.html", tmp_path / "c.docx"
    files = ("--html", str(page), "--docx", str(word))
    found = run("compare", "dialogue-2023", "dialogue-2025", "northern sea", "--json", *files)

    assert json.loads(found.stdout)["topic"] == "northern sea"
    assert [e.get("id") for e in html.document_fromstring(page.read_bytes()).iter("blockquote")] == [
        "a-2",
        "b-2",
    ]
    assert len(docx.Document(str(word)).tables[0].rows) == 2


def test_trace_tells_uses_absences_and_what_changed(run: Run) -> None:
    told = run("trace", "free and open Northern Sea").stdout

    assert "In 2 of 3 readouts." in told
    assert "Not in: Joint Communiqué of the 4th Norland-Estmark Dialogue (3 June 2024)" in told
    assert "free[- and-]{+,+} open {+and inclusive+} Northern Sea" in told


def test_trace_as_json(run: Run) -> None:
    found = json.loads(run("trace", "free and open Northern Sea", "--until", "2024-12-31", "--json").stdout)

    assert (found["first"], found["last"], found["readouts"]) == ("dialogue-2023", "dialogue-2023", 2)
    (use,) = found["uses"]
    assert use["places"][0]["wording"] == "free and open Northern Sea"
    assert [each["document"] for each in use["absent_after"]] == ["dialogue-2024"]


def test_trace_keeps_to_the_readouts_that_pass_its_filters(run: Run) -> None:
    found = json.loads(
        run("trace", "free and open Northern Sea", "--title", "3rd", "--issuer", "norland", "--json").stdout
    )
    none = json.loads(run("trace", "free and open Northern Sea", "--issuer", "Elbonia", "--json").stdout)

    assert (found["first"], found["readouts"], none["first"], none["readouts"]) == (
        "dialogue-2023",
        1,
        None,
        0,
    )


def test_markdown_goes_to_standard_output(run: Run) -> None:
    told = run("trace", "rescue of seafarers", "--markdown", "-", "--citations", "chicago").stdout

    assert told.startswith("# “rescue of seafarers” over time\n")
    assert (
        "Ministry of Norland, “Joint Communiqué of the 4th Norland-Estmark Dialogue,” June 3, 2024, ¶2, <https://"
        in told
    )


def test_the_life_of_initiatives(run: Run) -> None:
    found = json.loads(run("initiatives", "--series", "--json").stdout)
    told = run("initiatives", "--series").stdout

    cable = next(each for each in found["initiatives"] if "Northern Cable Initiative" in each["name"])
    assert [event["stage"] for event in cable["events"]] == ["announced", "continued"]
    assert [each["document"] for each in cable["silent_since"]] == ["dialogue-2025"]
    assert (
        "Not mentioned since, in: Joint Communiqué of the 5th Norland-Estmark Dialogue (2 June 2025)" in told
    )


def test_answers_and_initiatives_are_taken_away_too(run: Run, tmp_path: Path) -> None:
    run("ask", "Where will the Sixth Dialogue be held?", "--docx", str(tmp_path / "answer.docx"))
    run("initiatives", "--markdown", str(tmp_path / "initiatives.md"))

    assert "Sund in 2026" in "\n".join(
        p.text for p in docx.Document(str(tmp_path / "answer.docx")).paragraphs
    )
    assert "¶3" in (tmp_path / "initiatives.md").read_text(encoding="utf-8")


def chat(services: FakeServices, *lines: str) -> str:
    typed = iter([*lines, None])
    shown = io.StringIO()
    converse(services, lambda: next(typed), Console(file=shown))
    return shown.getvalue()


def test_every_question_comes_with_those_before_it() -> None:
    services = FakeServices()
    chat(services, "Myanmar?", "", "and cyber?", "exit", "never asked")

    assert [(asked[0], asked[3]) for asked in services.asked] == [
        ("Myanmar?", ()),
        ("and cyber?", ("Myanmar?",)),
    ]


def test_a_question_that_cannot_be_answered_does_not_end_it(capsys: pytest.CaptureFixture[str]) -> None:
    services = FakeServices(failing=QuestionError("the question is too long"))

    assert chat(services, "a", "b") == ""
    assert capsys.readouterr().err.count("the question is too long") == 2
