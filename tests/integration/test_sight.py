"""What whoever hosts the bot sees of it, and what nobody may see."""

from __future__ import annotations

import asyncio
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.integration.conftest import QUESTION, Scene, text_of
from tests.servers import free_port
from tests.standin.process import ROOT, BotProcess
from tests.standin.server import TOKEN


async def _get(port: int, path: str) -> tuple[int, str]:
    def get() -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    return await asyncio.to_thread(get)


def _named_in(*files: str) -> set[str]:
    """Return the metrics that alerts and guide speak of."""
    found = re.findall(
        r"\brapporteur_\w+", "".join((ROOT / file).read_text(encoding="utf-8") for file in files)
    )
    return {name.removesuffix("_bucket") for name in found}


@pytest.mark.slow
async def test_log_and_metrics_tell_of_a_question_and_hold_no_word_of_it(scene: Scene, folder: Path) -> None:
    port = free_port()
    async with BotProcess(scene.standin, folder, RETRIEVAL_METRICS_PORT=str(port)) as bot:
        await scene.standin.connected()
        asked = await scene.ask()
        await scene.standin.gateway.drop()
        await scene.standin.resumed(1)
        await scene.ask()
        async with asyncio.timeout(60):
            while (ready := await _get(port, "/readyz"))[
                0
            ] != 200:  # discord.py waits for the servers' events
                await asyncio.sleep(0.1)
        alive = await _get(port, "/healthz")
        _, metrics = await _get(port, "/metrics")
        assert await bot.stop() == 0
    log = bot.logged()
    lines = [json.loads(line) for line in log.splitlines()]

    answers = [line for line in lines if line["event"] == "question" and "request" in line]
    assert [line["outcome"] for line in answers] == ["answered", "answered"]
    assert len({line["request"] for line in answers}) == 2
    assert (ready[0], json.loads(ready[1])) == (200, {"event loop": "ok", "gateway": "ok", "ledger": "ok"})
    assert (alive[0], json.loads(alive[1])) == (200, {"event loop": "ok"})
    for sample in (
        'rapporteur_gateway_reconnects_total{how="resumed"} 1.0',
        "rapporteur_gateway_connected 1.0",
        "rapporteur_questions_waiting 0.0",
        "rapporteur_jobs_waiting 0.0",
    ):
        assert sample in metrics
    assert 'rapporteur_answers_total{outcome="answered"}' in metrics
    assert _named_in("deploy/alerts.yml", "docs/operating.md") <= set(
        re.findall(r"^# HELP (\w+)", metrics, re.M)
    )
    quote = max(text_of(asked.shown[0]).splitlines(), key=len)
    for secret in (QUESTION, "cybersecurity", quote, TOKEN, asked.token):
        assert secret not in log
        assert secret not in metrics
