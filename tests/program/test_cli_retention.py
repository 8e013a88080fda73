"""Expired texts as the program's commands meet them, and what it says of how long they are kept."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.store.store import Store
from tests.fakes.channel import finished_case
from tests.fakes.forks import Ended, Program


@pytest.fixture
async def _asked_long_ago() -> None:
    store = await Store.open("council.db", holder="tests")
    case = finished_case(1, text="**Keep it whole.**", platform="cli")
    asked = datetime.now(UTC) - timedelta(days=31)
    await store.create(replace(case, question=replace(case.question, asked_at=asked)))
    await store.close()


async def run(council: Program, *words: str, **environment: str) -> Ended:
    return await council.run(
        *words,
        environment={"COUNCIL_DATABASE": "council.db", "COUNCIL_TIME_SCALE": "0.01"} | environment,
    )


GONE = (
    "The texts of the deliberation run-1 were erased for their age (COUNCIL_RETENTION_DAYS); "
    "numbers and votes are kept.\n"
)


@pytest.mark.usefixtures("_asked_long_ago")
async def test_what_is_expired_is_said_to_be(council: Program) -> None:
    question = finished_case(1).question.text

    asked = await run(council, "ask", "--id", "run-1", question)
    shown = await run(council, "show", "run-1")
    exported = await run(council, "export")

    assert (asked.code, asked.out, asked.err) == (1, "", GONE)
    assert (shown.code, shown.out, shown.err) == (1, "", GONE)
    line = json.loads(exported.out)
    assert (line["question"], line["verdict"]["text"]) == ("", "")
    assert line["expired_at"]
    assert len(line["standings"]) == len(line["answers"]) > 1


@pytest.mark.usefixtures("_asked_long_ago")
async def test_who_says_so_keeps_everything(council: Program) -> None:
    question = finished_case(1).question.text

    asked = await run(council, "ask", "--id", "run-1", question, COUNCIL_RETENTION_DAYS="keep")

    assert (asked.code, asked.out) == (0, "**Keep it whole.**\n")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("", "Texts are erased after 30 days (COUNCIL_RETENTION_DAYS); numbers and votes stay."),
        ("7", "Texts are erased after 7 days (COUNCIL_RETENTION_DAYS); numbers and votes stay."),
        ("keep", "Texts are kept for ever; COUNCIL_RETENTION_DAYS has them erased."),
    ],
)
async def test_the_doctor_says_how_long_texts_are_kept(
    council: Program, said: str, told: str
) -> None:
    assert told in (await run(council, "doctor", COUNCIL_RETENTION_DAYS=said)).out


@pytest.mark.parametrize("said", ["0", "-1", "1.5", "soon", "99999999"])
async def test_any_other_time_is_refused(council: Program, said: str) -> None:
    ended = await run(council, "doctor", COUNCIL_RETENTION_DAYS=said)

    assert ended.code == 2
    assert "COUNCIL_RETENTION_DAYS must be a whole number of days from 1 up" in ended.err


@pytest.mark.usefixtures("_asked_long_ago")
async def test_what_commands_asked_is_forgotten_by_id_or_since_a_time(council: Program) -> None:
    nothing = await run(council, "forget", "--id", "run-2")
    later = await run(council, "forget", "--since", "2999-01-01")
    assert (nothing.code, nothing.out) == (1, "")
    assert nothing.err == "There is no deliberation run-2.\n"
    assert (later.code, later.err) == (1, "Nothing was asked by ask or bench since then.\n")

    found = await run(council, "forget", "--since", "2000-01-01")

    assert (found.code, found.out) == (0, "Forgotten: 1 deliberation.\n")
    assert (await run(council, "forget", "--id", "run-1")).code == 1


@pytest.mark.parametrize(
    "words",
    [("--id", "run-1"), ("--channel", "general"), ("--person", "ann")],
    ids=lambda words: words[0],
)
async def test_who_forgets_by_command_is_told_of_posts_that_nobody_heard_of(
    council: Program, words: tuple[str, str]
) -> None:
    store = await Store.open("council.db", holder="tests")
    await store.create(finished_case(1, asker="ann", channel="general"))
    for key in ("headline", "answer:A"):
        await store.claim_post("run-1", "discord", key, 0)
    await store.confirm_post("run-1", "headline", 0, "general/1", None)
    await store.close()

    ended = await run(council, "forget", *words)

    assert ended.out.splitlines() == [
        "Forgotten: 1 deliberation.",
        "1 post of the bot's is removed once `council serve` runs.",
        "Whether 1 more post arrived was never heard, so it is not removed. If it stands in the "
        "channel, an administrator can delete it by hand.",
    ]


@pytest.mark.usefixtures("_asked_long_ago")
async def test_the_doctor_tells_what_is_stored_where_and_who_receives_it(council: Program) -> None:
    ended = await run(
        council,
        "doctor",
        "--privacy",
        COUNCIL_RETENTION_DAYS="7",
        OPENROUTER_API_KEY="sk-or-v1-canary",
        COUNCIL_ZDR="on",
        DISCORD_TOKEN="canary",
    )

    assert (ended.code, ended.err) == (0, "")
    told = " ".join(ended.out.split())
    for words in (
        "Everything is in `council.db`",
        "erased after 7 days",
        "https://openrouter.ai/api/v1",
        "(zdr: on, data_collection: deny)",
        "Discord | what is posted",
        "/council forget me",
    ):
        assert words in told, words
    assert "canary" not in told
    assert "Slack |" not in told


async def test_before_the_first_question_the_doctor_tells_what_will_hold(council: Program) -> None:
    ended = await run(council, "doctor", "--privacy")

    assert ended.code == 0
    assert "erased after 30 days" in " ".join(ended.out.split())
    assert "models are simulated" in ended.out
