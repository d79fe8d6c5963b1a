"""/forget-me leaves nobody's id anywhere; what was purged is taken out of the bot's own messages."""

from __future__ import annotations

from typing import Any

import pytest
import simcord
from sqlalchemy import BigInteger, Table, insert, select

from bot.discord.answer_store import AnswerStore, ShownAnswer
from bot.discord.cogs.servers import PrivacyCog
from bot.discord.pages import Cited
from retrieval.ledger import Ledger, front_end_schema, schema
from tests.bot.discord.cogs.test_asking import control, text_of

ANN, BOB = 7_001, 7_002
CITED = Cited("talks", "r1", "1", "¶1", ((0, 4),))


@pytest.fixture
def channel(simcord_env: simcord.Env) -> Any:
    return simcord_env.create_guild().create_text_channel("general")


@pytest.fixture
def ann(simcord_env: simcord.Env, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("ann"))


@pytest.fixture
def bob(simcord_env: simcord.Env, channel: Any) -> Any:
    return simcord_env.guild.add_member(simcord_env.create_user("bob"))


@pytest.fixture
def answers(simcord_env: simcord.Env) -> AnswerStore:
    found: AnswerStore = simcord_env.bot.bot_services.questions.answers
    return found


def shown(number: int, user: int, **more: Any) -> ShownAnswer:
    fields = {"question": "q", "mode": "extractive", "at": number, "cited": ((CITED,),), **more}
    return ShownAnswer(id=f"{number:012x}", user=user, **fields)


def _tables_of_people() -> list[Table]:
    """Initiatives have actors as well: states and ministries."""
    people = {"user", "actor"}
    tables = [t for t in schema.metadata.sorted_tables if t is not schema.initiatives]
    return [t for t in tables if people & set(t.columns.keys())]


def _made_up(column: Any, number: int) -> Any:
    if column.foreign_keys or column.name in ("id", "answer", "draft"):
        return f"{number:012x}"
    kinds = {"JSON": {}, "LargeBinary": b"", "Boolean": False, "Float": 0.0}
    kind = type(column.type).__name__
    return kinds.get(
        kind, number if isinstance(column.type, BigInteger) or kind == "Integer" else f"x{number}"
    )


def test_no_table_keeps_the_id_of_somebody_who_was_forgotten(ledger: Ledger) -> None:
    """A table that is added with a `user` or an `actor` fails here until `forget_user` knows it."""
    with ledger.write() as connection:
        connection.execute(insert(front_end_schema.answers).values(vars_of(shown(1, BOB))))
        for table in _tables_of_people():
            for number, person in ((11, ANN), (12, BOB)):
                row = {c.name: _made_up(c, number) for c in table.columns if not c.nullable}
                row |= {"user": person} if "user" in table.columns else {"actor": f"discord:{person} (x)"}
                row |= {"request": {"actor": f"discord:{person} (x)"}} if table is schema.jobs else {}
                row |= {"answer": f"{1:012x}"} if table is front_end_schema.feedback else {}
                connection.execute(insert(table).values(row))

    forgotten = AnswerStore(ledger).forget_user(ANN)

    assert (forgotten.questions, forgotten.votes) == (1, 1)
    assert forgotten.pseudonym is not None
    with ledger.read() as connection:
        kept = {t.name: str(connection.execute(select(t)).all()) for t in _tables_of_people()}
    assert {name for name, rows in kept.items() if str(ANN) in rows} == set()
    assert {name for name, rows in kept.items() if str(BOB) in rows} == set(kept)


def vars_of(answer: ShownAnswer) -> dict[str, Any]:
    values = {name: getattr(answer, name) for name in answer.__slots__}
    return values | {"cited": "[]"}


async def test_forgetting_deletes_questions_votes_and_conversations_and_says_so(
    ann: Any, bob: Any, channel: Any, answers: AnswerStore
) -> None:
    await ann.slash(channel, "ask", question="What about cyber?")
    mine = channel.last_message
    await bob.slash(channel, "ask", question="What about ships?")
    theirs = channel.last_message
    await ann.click(theirs, custom_id=control(theirs, "good"))
    await bob.click(mine, custom_id=control(mine, "good"))

    result = await ann.slash(channel, "forget-me")

    assert result.ephemeral
    told = text_of(result.response)
    assert (
        "Forgotten, in every server and in direct messages: questions with their answers 1, votes 1." in told
    )
    assert answers.of_message(mine.id) is None
    assert answers.of_message(theirs.id) is not None
    gone = await bob.click(mine, custom_id=control(mine, "open"))
    assert text_of(gone.response) == "I no longer have this answer on record. Please ask again."


async def test_a_purge_empties_the_messages_that_quote_it_and_no_others(
    ann: Any, channel: Any, answers: AnswerStore, simcord_env: simcord.Env
) -> None:
    await ann.slash(channel, "ask", question="What about cyber?")
    quoting = channel.last_message
    await ann.slash(channel, "ask", question="What about ships?")
    other = channel.last_message
    kept = answers.get(answers.of_message(other.id) or "")
    assert kept is not None
    answers.link(_of_another_readout(answers), [other.id + 1], channel.id)

    assert answers.forget_readout("asean-2022", ["r1"], None) == 2
    emptied, left = await _cog(simcord_env).empty()

    assert (emptied, left) == (2, [])
    for message in (quoting, other):
        now = simcord_env.backend.get_message(channel.id, message.id)
        assert text_of(now) == "A readout that was quoted here has been erased by those who keep it."
    assert answers.withdrawn() == []
    assert await _cog(simcord_env).empty() == (0, [])


def _of_another_readout(answers: AnswerStore) -> str:
    answer = shown(99, ANN)
    answers.add(answer)
    return answer.id


async def test_what_could_not_be_emptied_is_named_and_tried_again(
    channel: Any, answers: AnswerStore, simcord_env: simcord.Env
) -> None:
    member = simcord_env.guild.add_member(simcord_env.create_user("cid"))
    said = await member.send(channel, "not the bot's to edit")
    answers.add(shown(1, ANN, guild=simcord_env.guild.id))
    answers.link(shown(1, ANN).id, [said.id], channel.id)
    answers.link(shown(1, ANN).id, [said.id + 1], channel.id)
    answers.link(shown(1, ANN).id, [said.id + 2])

    answers.forget_readout("talks", ["r1"], None)
    emptied, left = await _cog(simcord_env).empty()

    assert emptied == 1  # deleted by somebody: it shows nothing
    assert [(each.message, each.channel) for each in left] == [(said.id, channel.id), (said.id + 2, None)]
    assert answers.withdrawn() == left


async def test_an_admin_is_not_told_which_messages_of_other_servers_could_not_be_emptied(
    channel: Any, answers: AnswerStore, simcord_env: simcord.Env
) -> None:
    here, elsewhere = simcord_env.guild.id, simcord_env.guild.id + 1
    for number, guild in ((1, here), (2, elsewhere)):
        answers.add(shown(number, ANN, guild=guild))
        answers.link(shown(number, ANN).id, [number])
    answers.forget_readout("talks", ["r1"], None)

    _, left = await _cog(simcord_env).empty(here)

    assert [each.guild for each in left] == [here]
    assert [each.guild for each in (await _cog(simcord_env).empty())[1]] == [here, elsewhere]


def _cog(env: simcord.Env) -> PrivacyCog:
    cog = env.bot.get_cog(PrivacyCog.__name__)
    assert isinstance(cog, PrivacyCog)
    return cog
