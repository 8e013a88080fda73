"""Texts are erased after a time, from every table and from the file; what they amounted to stays."""

import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.bills import Bill
from bot.conversation.statistics import Statistics
from bot.council import Call, Claim, Evidence, Failure, Plurality, Side, Version
from bot.errors import Superseded
from bot.llm import Source
from bot.records import Case
from bot.store.journal import Asked
from bot.store.migrations import SCHEMA
from bot.store.server import Server
from bot.store.store import Store
from tests.fakes.channel import finished_case, rate

WORD = "pineapple"
LATER = finished_case(9).question.asked_at


def spoken(number: int, *, status: str = "finished", word: str = WORD) -> Case:
    """A case in which every text has the word."""
    case = finished_case(number, text=f"About {word}.")
    question = replace(
        case.question,
        text=f"{case.question.text} {word}?",
        quoted=f"He likes {word}.",
        unread=(f"`{word}.pdf` was not read.",),
    )
    council = replace(case.council, criteria=f"Judge by {word}.", instructions=f"Think {word}.")
    result = case.result
    assert result
    verdict = replace(
        result.verdict, dissent=f"But {word}.", chairman_error=Failure("refused", f"no {word}")
    )
    members = (replace(result.members[0], error=f"refused: no {word}"), *result.members[1:])
    reviews = (replace(result.reviews[0], error=f"empty: {word}"), *result.reviews[1:])
    told = replace(
        result,
        question=question.text,
        verdict=verdict,
        members=members,
        reviews=reviews,
        vote=Plurality("text", (Side(word, ("A",)), Side("", ("B",))), word, tie=False),
        rounds=((Version("A", f"First {word}."),),),
        claims=(Claim(f"It is {word}.", ("A",)),),
        left_out=(Claim(f"It was {word}.", ("B",)),),
        unsupported=(f"It will be {word}.",),
        evidence=(
            Evidence("file", f"{word}.pdf", 3, read=False),
            Evidence("search", f"https://{word}.example", 3, read=True),
        ),
    )
    if status == "running":
        return replace(case, question=question, council=council, status="running", result=None)
    return replace(case, question=question, council=council, result=told)


async def journaled(store: Store, case: Case) -> None:
    """With a call, a failed one, and one that is under way."""
    at = case.question.asked_at
    journal = await store.begin(case.id)
    for seat in range(2):
        grant = await journal.attempt_started(
            "answer",
            0,
            seat,
            model="lab/a",
            at=at,
            reserved_micros=0,
            asked=Asked(body=WORD.encode()),
        )
        await journal.attempt_finished(
            *("answer", 0, seat, grant.n),
            at=at,
            failure=Failure("refused", f"no {WORD}"),
            bill=Bill(1, 1, 1, 1),
            generation_id=None,
            first_text_seconds=None,
        )
    answered = Call("answer", 0, 0, "lab/a", at, at, at, f"A {WORD}.", None, "stop", 1, 1, 1)
    found = (Source(f"https://{WORD}.example"),)
    await journal.finish_call(replace(answered, sources=found))
    failure = Failure("refused", f"no {WORD}")
    await journal.finish_call(replace(answered, seat=1, text=None, failure=failure))
    await journal.attempt_started(
        "review", 0, 0, model="lab/a", at=at, reserved_micros=0, asked=Asked(body=WORD.encode())
    )
    await journal.decide("earlier", f'["{WORD}?", "{WORD}."]')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "council.db"


@pytest.fixture
async def store(anywhere: str | Path | Server) -> AsyncIterator[Store]:
    store = await Store.open(anywhere, holder="tests")
    yield store
    await store.close()


def everything(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in path.parent.glob("council.db*"))


async def test_no_text_is_left_in_any_table_or_page(store: Store, path: Path) -> None:
    for number, status in ((1, "finished"), (2, "running")):
        case = spoken(number, status=status)
        await store.create(case)
        await journaled(store, case)
    await Statistics(store).keep_up()
    await store.create(spoken(9, word="olives"))

    assert await store.expire(LATER, LATER) == 2

    assert WORD.encode() not in everything(path)
    assert b"olives" in everything(path)
    assert await store.expire(LATER, LATER) == 0


async def test_numbers_and_votes_and_statistics_stay(store: Store) -> None:
    cases = [spoken(number) for number in range(1, 7)]
    for case in cases:
        await store.create(case)
        await rate(store, case, best="lab/b")
    before = await Statistics(store).report()

    await store.expire(LATER, LATER)

    # Computed anew, since each lost its summary with its texts.
    assert await Statistics(store).report() == before
    left = await store.case("run-1")
    assert left
    assert left.result
    assert cases[0].result
    assert left.expired_at == LATER
    assert left.result.standings == cases[0].result.standings
    assert left.result.cost_usd == cases[0].result.cost_usd
    assert left.result.members[0].error == "refused: "
    assert left.result.vote
    assert [option.labels for option in left.result.vote.options] == [("A",), ("B",)]


async def test_a_question_that_is_asked_again_is_recognised_after_its_words_are_gone(
    store: Store,
) -> None:
    first = spoken(1)
    await store.create(first)
    await store.expire(LATER, LATER)
    again = spoken(9)
    await store.create(replace(again, question=replace(again.question, text=first.question.text)))

    (row,) = await Statistics(store).rows()

    assert row.id == "run-1"


async def test_what_is_still_unfinished_ends_with_its_texts(store: Store) -> None:
    case = spoken(1, status="running")
    await store.create(case)
    journal = await store.begin(case.id)

    await store.expire(LATER, LATER)

    left = await store.case(case.id)
    assert left
    assert left.status == "stopped"
    assert await store.unfinished("discord") == ()
    with pytest.raises(Superseded):
        await journal.decide("number", "2")


async def test_what_is_younger_keeps_its_texts(store: Store) -> None:
    old, young = spoken(1), spoken(2)
    await store.create(old)
    await store.create(young)

    assert await store.expire(young.question.asked_at, LATER) == 1

    assert await store.case(young.id) == young


async def test_a_thread_whose_texts_are_gone_has_nothing_to_build_on(store: Store) -> None:
    case = replace(spoken(1), thread="t")
    await store.create(case)
    assert [turn.id for turn in await store.turns("discord", "general", "t")] == [case.id]

    await store.expire(LATER, LATER)

    assert await store.turns("discord", "general", "t") == ()
    assert await store.turns_of([case.id]) == ()


async def test_votes_that_come_later_are_kept_and_edit_nothing(store: Store) -> None:
    case = spoken(1)
    await store.create(case)
    await store.delivered(case.id)
    await store.expire(LATER, LATER)

    await rate(store, case, best="lab/b")

    assert await store.reactions(case.id)
    assert await store.recounts("discord", 5) == ()


def older(path: Path, *, version: int = 7) -> sqlite3.Connection:
    """A database as an earlier version left it."""
    connection = sqlite3.connect(path)
    for step in sorted(SCHEMA.glob("*.sql"))[:version]:
        connection.executescript(step.read_text())
    connection.execute(f"PRAGMA user_version = {version}")
    connection.commit()
    return connection


async def test_a_new_database_erases_and_an_older_one_keeps(path: Path, tmp_path: Path) -> None:
    connection = older(path)
    connection.execute("INSERT INTO notes VALUES ('admission:slack:T', 'allow')")
    connection.commit()
    connection.close()

    for file, keeps in ((path, True), (tmp_path / "new.db", False)):
        for _ in range(2):
            store = await Store.open(file, holder="tests")
            assert await store.keeps_by_default() is keeps
            await store.close()


async def test_summaries_of_before_are_made_again_with_how_the_verdict_looked(path: Path) -> None:
    connection = older(path, version=25)
    connection.execute(
        "INSERT INTO deliberations (id, platform, address, asked_at, question, council, status, result)"
        " VALUES ('one', 'discord', '', '2026-11-20T12:00:00.123456+00:00', '{}', '{}', 'finished', '{}')"
    )
    connection.execute(
        "INSERT OR REPLACE INTO summaries (deliberation, value) VALUES ('one', '{}')"
    )
    connection.commit()
    connection.close()

    store = await Store.open(path, holder="tests")
    assert [id for id, _ in await store.missing_summaries(9)] == ["one"]
    await store.close()


async def test_many_are_erased_at_once(store: Store) -> None:
    for number in range(120):
        case = spoken(number)
        at: datetime = LATER - timedelta(days=2)
        await store.create(replace(case, question=replace(case.question, asked_at=at)))

    assert await store.expire(LATER, LATER) == 120
