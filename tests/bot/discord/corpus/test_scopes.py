"""No read or write across scopes, whoever does what in which order."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.bot.discord.corpus.scopes import Scopes


def _settings(steps: int, seeded: bool = True) -> settings:
    return settings(
        max_examples=1,
        stateful_step_count=steps,
        deadline=None,
        derandomize=seeded,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )


def test_nothing_is_read_or_written_across_scopes() -> None:
    run_state_machine_as_test(Scopes, settings=_settings(30))


@pytest.mark.slow
def test_nothing_is_read_or_written_across_scopes_in_300_operations() -> None:
    run_state_machine_as_test(Scopes, settings=_settings(300))
