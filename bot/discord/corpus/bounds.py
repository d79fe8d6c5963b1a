"""Pure: how much one server may have, and the sentence for one that would have more."""

from __future__ import annotations

from dataclasses import dataclass

from bot.discord.corpus.drafts import Growth
from bot.discord.errors import RefusedError
from bot.settings import DiscordSettings
from retrieval.ledger.holdings import Usage


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most that one server may have of its own; 0 is no limit."""

    readouts: int = 0
    paragraphs: int = 0
    megabytes: int = 0
    ingests: int = 0

    @classmethod
    def of(cls, settings: DiscordSettings) -> Bounds:
        """Return what the settings say."""
        return cls(
            settings.server_readouts,
            settings.server_paragraphs,
            settings.server_megabytes,
            settings.server_ingests_per_day,
        )

    def check(self, usage: Usage, growth: Growth, ingests_today: int) -> None:
        """Let an ingest pass, or refuse it.

        Args:
            ingests_today: Those asked for in the last 24 hours, this one not counted.

        Raises:
            RefusedError: It would reach beyond a bound; says which.
        """
        if self.ingests and ingests_today >= self.ingests:
            raise RefusedError("corpus.bound.ingests", limit=self.ingests)
        for name, limit, used, more in (
            ("readouts", self.readouts, usage.readouts, growth.readouts),
            ("paragraphs", self.paragraphs, usage.paragraphs, growth.paragraphs),
            ("megabytes", self.megabytes * 1_000_000, usage.bytes, growth.bytes),
        ):
            if limit and more > 0 and used + more > limit:
                scale = 1_000_000 if name == "megabytes" else 1
                shown = {"used": used, "more": more, "limit": limit}
                values = {key: _figure(value, scale) for key, value in shown.items()}
                raise RefusedError(f"corpus.bound.{name}", **values)


def _figure(value: int, scale: int) -> str:
    return f"{value:,}" if scale == 1 else f"{value / scale:.1f}"
