from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest

from bot.monitoring import Metrics, served
from retrieval.errors import SettingsError
from retrieval.observing import count, stage, watched_by

HOST = "127.0.0.1"


def _get(port: int, path: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}{path}", timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def _samples(metrics: Metrics) -> dict[str, float]:
    return {
        sample.name + str(dict(sorted(sample.labels.items()))): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name.startswith("rapporteur_") and not sample.name.endswith(("_created", "_bucket", "_sum"))
    }


def _fails() -> None:
    with stage("question"):
        raise LookupError("words of a question")


def test_stages_outcomes_and_counts_are_read_by_their_names() -> None:
    metrics = Metrics()
    with watched_by(metrics):
        with stage("question") as told:
            told["outcome"] = "answered"
            with stage("search"):
                pass
        with pytest.raises(LookupError):
            _fails()
        count("model_tokens", 12, kind="input")
        count("model_cost", 0.25)

    count("model_tokens", 100, kind="input")  # nobody watches any more
    found = _samples(metrics)

    assert {name: value for name, value in found.items() if value} == {
        "rapporteur_stage_seconds_count{'stage': 'question'}": 2,
        "rapporteur_stage_seconds_count{'stage': 'search'}": 1,
        "rapporteur_answers_total{'outcome': 'answered'}": 1,
        "rapporteur_answers_total{'outcome': 'LookupError'}": 1,
        "rapporteur_model_tokens_total{'kind': 'input'}": 12,
        "rapporteur_model_cost_total{}": 0.25,
    }


def test_names_are_as_prometheus_wants_them() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    metrics = Metrics()
    metrics.read("questions_waiting", "Questions that wait", lambda: 3)
    with watched_by(metrics), stage("question"):
        count("model_cost", 1)
    with served(metrics, HOST, 0, alive={}, ready={}) as port:
        text = _get(port, "/metrics")[1]

    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, text=True, capture_output=True, check=False
    )

    ours = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("rapporteur")]
    assert ours == []
    assert "rapporteur_questions_waiting 3.0" in text


@pytest.mark.parametrize(
    ("alive", "ready", "expected"),
    [
        (None, None, {"/healthz": (200, {"loop": "ok"}), "/readyz": (200, {"loop": "ok", "gateway": "ok"})}),
        (None, "away", {"/healthz": (200, {"loop": "ok"}), "/readyz": (503, {"loop": "ok", "gateway": "away"})}),
        ("stuck", None, {"/healthz": (503, {"loop": "stuck"}), "/readyz": (503, {"loop": "stuck", "gateway": "ok"})}),
    ],
    ids=["all is well", "not ready", "not alive"],
)  # fmt: skip
def test_health_is_told_with_what_is_wrong(
    alive: str | None, ready: str | None, expected: dict[str, Any]
) -> None:
    is_: Callable[[str | None], Callable[[], str | None]] = lambda found: lambda: found  # noqa: E731
    with served(Metrics(), HOST, 0, alive={"loop": is_(alive)}, ready={"gateway": is_(ready)}) as port:
        found = {path: _get(port, path) for path in expected}
        other, _ = _get(port, "/")

    assert {path: (status, json.loads(body)) for path, (status, body) in found.items()} == expected
    assert other == 404


def test_a_port_that_is_taken_is_said_so() -> None:
    with served(Metrics(), HOST, 0, alive={}, ready={}) as port:
        second = served(Metrics(), HOST, port, alive={}, ready={})
        with pytest.raises(
            SettingsError, match=f"RETRIEVAL_METRICS_PORT: 127.0.0.1:{port} cannot be listened on"
        ):
            second.__enter__()
