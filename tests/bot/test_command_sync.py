"""Commands are sent once for all hosts, and an older Rapporteur does not undo what a newer one sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from bot.discord.command_sync import Sent, _settled

OLD, NEW, HOUR_S = "0.9.0", "0.10.0", 3_600.0


@dataclass
class Discord:
    """What hosts share: the ledger, and the commands that Discord has."""

    kept: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)

    async def state(self, key: str) -> str | None:
        return self.kept.get(key)

    async def set_state(self, key: str, value: str) -> None:
        self.kept[key] = value

    async def start(self, version: str, at: float = 0.0) -> str:
        async def send() -> None:
            self.commands.append(version)

        return await _settled(Sent(f"commands of {version}", version, at), "commands:1", self, send)


async def test_hosts_of_one_version_send_them_once() -> None:
    discord = Discord()

    assert [await discord.start(OLD), await discord.start(OLD)] == ["sent", "unchanged"]
    assert discord.commands == [OLD]


async def test_versions_that_run_beside_each_other_do_not_take_turns() -> None:
    discord = Discord()
    started = [await discord.start(v, at) for at, v in enumerate((OLD, NEW, OLD, NEW, OLD))]

    assert started == ["sent", "sent", "newer", "unchanged", "newer"]
    assert discord.commands == [OLD, NEW]


async def test_going_back_to_an_older_version_is_taken_at_its_word_in_the_end() -> None:
    discord = Discord()
    await discord.start(NEW)
    await discord.start(NEW, 5 * HOUR_S)

    assert await discord.start(OLD, 6 * HOUR_S) == "newer"
    assert await discord.start(OLD, 7 * HOUR_S) == "sent"
    assert discord.commands == [NEW, OLD]


async def test_what_the_first_version_kept_is_understood() -> None:
    discord = Discord({"commands:1": f"commands of {OLD}"})

    assert await discord.start(OLD) == "unchanged"
    assert await discord.start(NEW) == "sent"
