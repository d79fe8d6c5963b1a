"""What people read of a job: failures headed so, nothing of the machine it ran on, moments and members as Discord has them."""

from __future__ import annotations

import pytest

from bot.discord.corpus.corpus_rendering import audit_pages, failed_line, report_text
from bot.locales import load
from retrieval.ingest import AuditEntry
from retrieval.models import FailedSource, IngestReport

PHRASES = load().of("en-US")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            "this line is not valid UTF-8 (byte 0x92 at column 17). Save the file as UTF-8, then run "
            '"rapporteur ingest --dry-run".',
            "this line is not valid UTF-8 (byte 0x92 at column 17). Save the file as UTF-8.",
        ),
        (
            'its id "a" is already that of /srv/in/b.txt. Rename the file, or use --replace to let it take over.',
            'its id "a" is already that of b.txt. Rename the file.',
        ),
        ("/srv/rapporteur/in/a.txt: is empty", "a.txt: is empty"),
        ("https://example.org/a/b.txt said 404", r"https\://example.org/a/b.txt said 404"),
    ],
)
def test_a_failure_says_nothing_of_the_machine(error: str, told: str) -> None:
    assert failed_line("upload:1:a.txt", None, error, PHRASES).endswith(f": {told}")


def test_a_job_of_which_nothing_came_is_headed_as_a_failure() -> None:
    report = IngestReport(failed=(FailedSource("/srv/in/a.txt", 3, "is empty"),))

    assert report_text(report, 7, PHRASES).splitlines() == [
        "**Job 7 failed; nothing could be taken in.**",
        "### Failed",
        "- a.txt:3: is empty",
    ]


def test_who_did_what_is_a_mention_at_a_moment() -> None:
    entry = AuditEntry(
        "2026-11-29T20:00:00.000001+00:00", "discord:5 (ann)", "remove", "guild:1", "ferry", None, {}
    )
    (page,) = audit_pages("guild:1", [entry], PHRASES)

    assert page.text.splitlines()[-1] == "- <t:1795982400:f> · <@5> · removed `ferry`"
