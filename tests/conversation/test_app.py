"""Questions taken in or refused, deliberations run side by side or in turn, votes and reveals."""

import asyncio
import sqlite3
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bot.bills import Bill
from bot.chat import HEADLINE, Accepted, Channel, Person, Refused, Repeated
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.questions import CHANNEL_LIMIT
from bot.council import Alone, Council, Question
from bot.document import Document, Heading, Table, Text
from bot.errors import ModelFailed
from bot.llm import ModelInfo, Request
from bot.records import Case, Place, PlatformName
from bot.store.spending import ALL, channel_scope, person_scope, server_scope
from bot.texts import FORGOTTEN
from bot.votes import standing_votes
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    ELSEWHERE,
    NOW,
    Clock,
    Held,
    Room,
    RoomReply,
    accepted,
    case_of,
    mention,
    pressed,
    refusal,
    running,
    served,
    set_here,
    words,
)
from tests.fakes import databases
from tests.fakes.council import CHAIRMAN, MEMBERS
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat

# --- taking a question in


async def test_a_mention_becomes_a_finished_deliberation_with_its_posts() -> None:
    async with running() as app:
        id = await served(app, mention("  Is it right?  "))

        case = await case_of(app, id)
        assert (case.status, case.question.text, case.asker) == ("finished", "Is it right?", "ann")
        assert {post.key for post in await app.store.posts(id)} == {
            "headline",
            "answer:A",
            "answer:B",
            "answer:C",
            "ranking",
        }


async def test_the_same_event_starts_one_deliberation_only() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await served(app, mention(key="event"))

        assert await app.questions.accept(mention(key="event")) == Repeated()
        await app.running.finished(id)
        assert len(provider.asked("answer")) == 3


async def test_the_same_event_twice_at_once_starts_one_deliberation_only() -> None:
    async with running() as app:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(app.questions.accept(mention(key="event"))) for _ in range(3)
            ]

        taken = sorted(type(task.result()).__name__ for task in tasks)
        assert taken == ["Accepted", "Repeated", "Repeated"]


async def test_what_could_not_be_read_is_kept_with_the_question() -> None:
    async with running() as app:
        id = await served(app, replace(mention(), unread=("Two files were not read.",)))

        assert (await case_of(app, id)).question.unread == ("Two files were not read.",)


async def test_a_repeat_is_dropped_even_where_a_new_question_would_be_refused() -> None:
    async with running() as app:
        await served(app, mention(key="event"))
        await app.command(CHANNEL, ADMIN, "pause")

        assert await app.questions.accept(mention(key="event")) == Repeated()


async def test_a_paused_channel_refuses_until_it_is_resumed() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        await app.command(CHANNEL, ADMIN, "pause")
        assert await refusal(app, mention()) == (
            "⏸ **The council is paused in this channel.** Somebody paused it today. "
            "Administrators can end that: `/council resume`."
        )
        assert provider.requests == []
        await served(app, mention(channel=ELSEWHERE))

        await app.command(CHANNEL, ADMIN, "resume")
        await served(app)


@pytest.mark.parametrize(
    "text", ["", "  \n ", "\u200b", "\ufeff\u2060 \u00ad", "\u3164", "\u2800", "\u202e", "\ufe0f"]
)
async def test_an_empty_question_is_refused_with_what_to_do(text: str) -> None:
    async with running() as app:
        assert await refusal(app, mention(text)) == (
            "What should the council answer? Write the question behind the mention."
        )


@pytest.mark.parametrize("text", ["/council Why?", "  /Council\nWhy?"])
async def test_a_question_may_name_its_mode(text: str) -> None:
    async with running() as app:
        case = await case_of(app, await served(app, mention(text)))

        assert (case.council.mode, case.question.text) == ("council", "Why?")


async def test_a_mode_alone_is_meant_for_the_message_replied_to() -> None:
    async with running() as app:
        quoting = replace(mention("/council"), quoted="Why?")
        case = await case_of(app, await served(app, quoting))

        assert (case.question.text, case.question.quoted) == ("Why?", "")


async def test_a_mode_that_there_is_not_is_told_with_the_nearest_and_nothing_is_asked() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        assert (await refusal(app, mention("/counsel Why?"))).startswith(
            "There is no mode `/counsel`, so nothing was asked. Did you mean `council`? Modes: "
        )
        assert (await refusal(app, mention("/zzz Why?"))).startswith(
            "There is no mode `/zzz`, so nothing was asked. Modes: `/council`"
        )
        assert provider.requests == []


@pytest.mark.parametrize("text", ["/etc/passwd is world readable?", "/", "/ or //?", "/a.txt ok?"])
async def test_what_only_begins_like_a_mode_is_a_question(text: str) -> None:
    async with running() as app:
        case = await case_of(app, await served(app, mention(text)))

        assert case.question.text == text


async def test_a_question_that_is_too_long_is_refused_with_the_limit() -> None:
    async with running() as app:
        assert await refusal(app, mention("a" * 32_001)) == (
            "The question has 32,001 characters; the limit is 32,000. "
            "Shorten it, or ask about a part."
        )
        await served(app, mention("a" * 32_000))


DIRECT = Channel("discord", "", "dm-with-ann")
SLACK = Channel("slack", "workspace", "C1")
SLACK_DIRECT = Channel("slack", "workspace", "D1")


@pytest.mark.parametrize(
    ("allowed", "channel", "direct", "may"),
    [
        (set(), CHANNEL, False, True),
        ({"server"}, CHANNEL, False, True),
        ({"channel"}, CHANNEL, False, True),
        ({"ann"}, CHANNEL, False, True),
        ({"other"}, CHANNEL, False, False),
        (set(), DIRECT, True, False),
        ({"server"}, DIRECT, True, False),
        ({"ann"}, DIRECT, True, True),
        ({"dm-with-ann"}, DIRECT, True, True),
        ({"workspace"}, SLACK, False, True),
        ({"other"}, SLACK, False, False),
        (set(), SLACK_DIRECT, True, True),
        ({"workspace"}, SLACK_DIRECT, True, True),
        ({"other"}, SLACK_DIRECT, True, False),
        ({"other"}, Channel("terminal", "", "terminal"), False, True),
    ],
)
async def test_who_may_ask_where(
    allowed: set[str], channel: Channel, direct: bool, may: bool
) -> None:
    async with running(rules=Rules(allowed=frozenset(allowed))) as app:
        taken = await app.questions.accept(mention(channel=channel, direct=direct))

        assert isinstance(taken, Accepted) == may


@pytest.mark.parametrize(
    ("allowed", "may"),
    [(set(), False), ({"workspace"}, False), ({"C1"}, True), ({"ann"}, True)],
)
async def test_a_guest_asks_only_where_that_is_listed(allowed: set[str], may: bool) -> None:
    guest = Person("ann", guest=True)
    async with running(rules=Rules(allowed=frozenset(allowed))) as app:
        taken = await app.questions.accept(mention(channel=SLACK, person=guest))

        assert isinstance(taken, Accepted) == may


async def test_a_question_that_was_forgotten_is_not_asked_again() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        await served(app, mention(key="event"))
        await app.command(CHANNEL, ANN, "forget me")

        assert await app.questions.accept(mention(key="event")) == Repeated()
        assert len(provider.asked("answer")) == 3


async def test_a_refused_question_is_known_and_may_be_put_again() -> None:
    async with running() as app:
        await app.command(CHANNEL, ADMIN, "pause")
        await refusal(app, mention(key="event"))
        assert await app.store.handled("event")

        await app.command(CHANNEL, ADMIN, "resume")
        await served(app, mention(key="event"))


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("Is \ud800 right?", "Is \ufffd right?"),
        ("\udc00", "\ufffd"),
        ("Is \ud83d\ude00 right?", "Is \U0001f600 right?"),
        ("Is \0 right?", "Is \0 right?"),
    ],
)
async def test_half_a_character_is_answered_like_any_other(typed: str, asked: str) -> None:
    async with running() as app:
        id = await served(app, replace(mention(typed), quoted=typed, unread=(typed,)))

        case = await case_of(app, id)
        assert (case.status, case.question.text) == ("finished", asked)
        assert case.question.quoted == asked
        said = await app.command(CHANNEL, ADMIN, f"criteria {typed}")
        assert "criteria" in words(said)


async def test_where_nothing_can_be_stored_a_question_is_answered_without_the_path(
    tmp_path: Path,
) -> None:
    async with running(database=str(tmp_path / "council.db")) as app:
        await app.store.close()
        said = await refusal(app, mention())
        assert "database cannot be used" in said
        assert str(tmp_path) not in said
        assert str(tmp_path) not in words(await app.command(CHANNEL, ADMIN, "show"))


async def test_no_more_questions_are_open_than_the_process_can_carry() -> None:
    async with running(Held("it")) as app:
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(app.questions.accept(mention(person=Person(f"p{n}"))))
                for n in range(300)
            ]

        taken = [type(task.result()).__name__ for task in tasks]
        assert (taken.count("Accepted"), taken.count("Refused")) == (200, 100)
        refused = next(task.result() for task in tasks if isinstance(task.result(), Refused))
        assert isinstance(refused, Refused)
        assert words(refused.document).startswith("200 questions are being deliberated already")


async def test_leaving_one_platform_leaves_the_others_at_work() -> None:
    provider = Held("it")
    async with running(provider) as app:
        left = await accepted(app, mention())
        kept = await accepted(app, mention(channel=SLACK))
        await provider.until_asked("it")

        await app.leave("discord")
        provider.release()
        await app.running.finished(left)
        await app.running.finished(kept)

        assert (await case_of(app, left)).status == "running"
        assert (await case_of(app, kept)).status == "finished"
        assert await app.running.resume("slack") == 0


async def test_somebody_who_may_not_ask_learns_who_can_change_that() -> None:
    async with running(rules=Rules(allowed=frozenset({"other"}))) as app:
        assert await refusal(app, mention()) == (
            "The council is not enabled here. An operator can list this server, channel or person "
            "in COUNCIL_ALLOWED, or let everybody here ask: `/council allow`."
        )


async def test_one_person_has_five_questions_under_way_over_all_channels() -> None:
    provider = Held("it")
    async with running(provider) as app:
        ids = [await accepted(app, mention()) for _ in range(4)]
        await accepted(app, mention(channel=ELSEWHERE))

        assert await refusal(app, mention()) == (
            "5 of your questions are being deliberated already. Wait for one, or end one with the "
            "button below it."
        )
        await accepted(app, mention(person=BOB))
        await accepted(app, mention(channel=SLACK))
        provider.release()
        await app.running.finished(ids[0])
        await served(app)


async def test_a_burst_of_questions_keeps_to_the_limit() -> None:
    async with running(Held("it")) as app:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(app.questions.accept(mention())) for _ in range(8)]

        taken = sorted(type(task.result()).__name__ for task in tasks)
        assert taken == ["Accepted"] * 5 + ["Refused"] * 3


async def test_a_channel_has_so_many_questions_under_way() -> None:
    async with running(Held("it")) as app:
        for n in range(CHANNEL_LIMIT):
            await accepted(app, mention(person=Person(f"person-{n}")))

        assert await refusal(app, mention(person=BOB)) == (
            "25 questions of this channel are being deliberated already. Ask again in a few "
            "minutes."
        )
        await accepted(app, mention(person=BOB, channel=ELSEWHERE))


async def test_as_many_are_deliberated_at_once_as_may_be_and_others_see_their_place() -> None:
    provider = Held("First", "Second", "Third")
    async with running(provider, rules=Rules(at_once=1)) as app:
        first = await accepted(app, mention("First?"))
        second = await accepted(app, mention("Second?"))
        third = await accepted(app, mention("Third?", person=BOB))
        await room_of(app).until_shown(third, HEADLINE)
        headlines = [room_of(app).documents[id, HEADLINE] for id in (second, third)]
        shown = [headline.blocks[1] for headline in headlines]
        asked = [provider.was_asked(word) for word in ("First", "Second", "Third")]
        app.running.stop(second, "ann")
        await app.running.finished(second)
        provider.release()
        await app.running.finished(first)
        await app.running.finished(third)

        most = "As many questions are being deliberated as the bot takes at once."
        assert shown == [
            Text(f"{most} This one is next."),
            Text(f"{most} 1 more comes before this one."),
        ]
        assert asked == [True, False, False]
        assert not provider.was_asked("Second")
        assert (await case_of(app, third)).status == "finished"


async def test_another_council_may_take_the_channels_place() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        taken = await app.questions.accept(mention(), council=Council(("lab/b",), "lab/b"))
        assert isinstance(taken, Accepted)
        await app.running.finished(taken.id)

        assert [request.model for request in provider.requests] == ["lab/b"]


async def test_a_running_deliberation_keeps_the_council_it_began_with() -> None:
    provider = Held("it")
    async with running(provider) as app:
        id = await accepted(app, mention())
        await provider.until_asked("it")
        await set_here(app, "chairman lab/other")
        provider.release()
        await app.running.finished(id)

        assert provider.asked("verdict")[0].model == CHAIRMAN


# --- money


async def spend(app: App, micros: int, channel: Channel = CHANNEL) -> None:
    """Spend money in a channel, through the journal."""
    id = await served(app, mention("Something else.", channel=channel))
    server = server_scope(channel.platform, channel.workspace)
    journal = await app.store.begin(id, {server: 10**12})
    grant = await journal.attempt_started(
        "grade", 0, 0, model="lab/a", at=app.now(), reserved_micros=0
    )
    await journal.attempt_finished(
        *("grade", 0, 0, grant.n),
        at=app.now(),
        failure=None,
        bill=Bill(0, 0, micros, micros),
        generation_id=None,
        first_text_seconds=None,
    )


async def test_a_spent_budget_refuses_before_anything_is_sent() -> None:
    provider = FakeProvider()
    async with running(provider, rules=Rules(daily_budget_micros=2_500_000)) as app:
        app.caller.now = app.now
        await spend(app, 2_500_000)
        sent = len(provider.requests)

        assert await refusal(app, mention()) == (
            "About $0.0001 is needed; $0.00 of today's $2.50 is left. "
            "It is free again at midnight UTC, in about 12 hours. "
            "Whoever runs the bot can raise it."
        )
        assert len(provider.requests) == sent


async def test_a_new_day_brings_a_new_budget() -> None:
    async with running(rules=Rules(daily_budget_micros=2_500_000)) as app:
        clock = Clock()
        app.clock = app.caller.now = clock
        await spend(app, 2_500_000)

        clock.move(24 * 3600)

        await served(app)


async def test_a_channels_budget_is_its_own() -> None:
    async with running() as app:
        app.caller.now = app.now
        await set_here(app, "budget 0.5")
        await spend(app, 500_000)

        assert await refusal(app, mention()) == (
            "About $0.0001 is needed; $0.00 of this channel's $0.50 a day is left. "
            "It is free again at midnight UTC, in about 12 hours. "
            "Administrators can raise it: `/council budget USD`."
        )
        await served(app, mention(channel=ELSEWHERE))


async def test_a_persons_budget_holds_over_all_channels_and_for_nobody_else() -> None:
    async with running(rules=Rules(person_budget_micros=500_000)) as app:
        app.caller.now = app.now
        await spend(app, 500_000)

        for channel in (CHANNEL, ELSEWHERE):
            assert await refusal(app, mention(channel=channel)) == (
                "About $0.0001 is needed; $0.00 of your $0.50 a day is left. "
                "It is free again at midnight UTC, in about 12 hours. "
                "Whoever runs the bot can raise it."
            )
        await served(app, mention(person=BOB))


async def test_a_channels_month_is_free_again_with_the_next_one() -> None:
    async with running(rules=Rules(channel_budget_micros=3_000_000)) as app:
        clock = Clock()
        app.clock = app.caller.now = clock
        await spend(app, 3_000_000)
        clock.move(24 * 3600)

        assert await refusal(app, mention()) == (
            "About $0.0001 is needed; $0.00 of this channel's $3.00 a month is left. "
            "It is free again on 1 Dec 2026 (UTC). Whoever runs the bot can raise it."
        )
        await served(app, mention(channel=ELSEWHERE))
        clock.move(6 * 24 * 3600)
        await served(app, mention())


async def test_a_persons_sums_are_dropped_once_no_budget_needs_them() -> None:
    async with running() as app:
        clock = Clock()
        app.clock = app.caller.now = clock
        await served(app)
        day, person = clock.at.date(), person_scope("discord", ANN.id)
        kept = []
        for _ in range(3):
            await app.tidy()
            kept.append(await app.store.spent(day, person))
            clock.move(24 * 3600)

        assert kept == [7 * 7, 7 * 7, 0]
        assert await app.store.spent(day) == 7 * 7


async def test_a_server_of_strangers_takes_a_share_of_the_day_only() -> None:
    third = Channel("discord", "third", "c")
    operator = Person("root")
    rules = Rules(admins=frozenset({"root"}), daily_budget_micros=4_000_000)
    async with running(rules=rules) as app:
        app.caller.now = app.now
        app.admission.public.add("discord")
        app.admission.allowed = frozenset({"third"})
        await app.command(CHANNEL, operator, "allow")
        await spend(app, 1_000_000)

        for channel in (CHANNEL, ELSEWHERE):
            assert await refusal(app, mention(channel=channel)) == (
                "About $0.0001 is needed; $0.00 of this server's $1.00 a day is left. "
                "It is free again at midnight UTC, in about 12 hours. "
                "Whoever runs the bot can raise it."
            )
        await spend(app, 1_500_000, third)
        await served(app, mention(channel=third))


async def test_what_questions_cost_counts_for_all_and_for_the_channel() -> None:
    async with running() as app:
        app.caller.now = app.now
        await served(app)
        await served(app, mention(channel=ELSEWHERE))

        day = NOW.date()
        assert await app.store.spent(day, ALL) == 2 * 7 * 7
        assert await app.store.spent(day, channel_scope("discord", "channel")) == 7 * 7


# --- in turn and side by side


async def test_two_questions_of_one_thread_run_one_after_the_other() -> None:
    provider = Held("First")
    async with running(provider) as app:
        first = await accepted(app, mention("First?", thread="t"))
        second = await accepted(app, mention("Second?", thread="t"))
        await provider.until_asked("First")
        assert not provider.was_asked("Second")

        provider.release()
        await app.running.finished(second)

        assert (await case_of(app, first)).status == "finished"
        follow_up = next(r for r in provider.requests if "Second?" in r.messages[-1].content)
        assert "First?" in follow_up.messages[-1].content
        assert "**Yes.** Because the answers say so." in follow_up.messages[-1].content


def room_of(app: App) -> Room:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return room


def headline_of(app: App, id: str) -> Document | None:
    return room_of(app).documents.get((id, "headline"))


async def test_a_question_that_waits_for_its_thread_says_so() -> None:
    provider = Held("First")
    async with running(provider) as app:
        await accepted(app, mention("First?", thread="t"))
        second = await accepted(app, mention("Second?", thread="t", person=BOB))
        while not headline_of(app, second):
            await case_of(app, second)

        waiting = headline_of(app, second)
        assert waiting
        assert waiting.live
        assert waiting.blocks[0] == Heading("Waiting for its turn")
        provider.release()
        await app.running.finished(second)

        verdict = headline_of(app, second)
        assert verdict
        assert verdict.blocks[0] == Heading("Yes.")


async def test_a_question_that_waits_can_be_stopped_at_once() -> None:
    provider = Held("First")
    async with running(provider) as app:
        first = await accepted(app, mention("First?", thread="t"))
        second = await accepted(app, mention("Second?", thread="t", person=BOB))
        third = await accepted(app, mention("Third?", thread="t", person=BOB))
        await provider.until_asked("First")

        await pressed(app, second, BOB, "stop")
        await app.running.finished(second)

        stopped = headline_of(app, second)
        assert stopped
        assert stopped.blocks[0] == Heading("Stopped by Bob before any answer")
        assert (await case_of(app, second)).status == "stopped"
        assert (await case_of(app, first)).status == "running"
        provider.release()
        await app.running.finished(third)
        assert not provider.was_asked("Second")
        assert (await case_of(app, third)).status == "finished"


@pytest.mark.parametrize("threads", [("t1", "t2"), (None, None)])
async def test_questions_of_different_threads_run_side_by_side(
    threads: tuple[str | None, str | None],
) -> None:
    provider = Held("First")
    async with running(provider) as app:
        first = await accepted(app, mention("First?", thread=threads[0]))
        await provider.until_asked("First")

        second = await served(app, mention("Second?", thread=threads[1]))

        assert (await case_of(app, first)).status == "running"
        assert (await case_of(app, second)).status == "finished"


# --- stopping


@pytest.mark.parametrize(
    "person", [ANN, ADMIN, Person("root")], ids=["asker", "moderator", "admin"]
)
async def test_a_run_can_be_stopped_by_the_asker_and_by_administrators(person: Person) -> None:
    provider = Held("it")
    async with running(provider, rules=Rules(admins=frozenset({"root"}))) as app:
        id = await accepted(app, mention())
        await provider.until_asked("it")

        assert words(await pressed(app, id, person, "stop")) == "Stopping. What is finished stays."

        await app.running.finished(id)
        assert (await case_of(app, id)).status == "stopped"


async def test_nobody_else_can_stop_a_run() -> None:
    provider = Held("it")
    async with running(provider) as app:
        id = await accepted(app, mention())

        assert words(await pressed(app, id, BOB, "stop")) == (
            "Only the person who asked, or an administrator, can stop it."
        )
        provider.release()
        await app.running.finished(id)
        assert (await case_of(app, id)).status == "finished"


async def test_what_is_over_cannot_be_stopped() -> None:
    async with running() as app:
        id = await served(app)

        assert words(await pressed(app, id, ANN, "stop")) == "This deliberation is over already."


async def test_a_question_that_waits_for_its_turn_can_be_stopped() -> None:
    provider = Held("First")
    async with running(provider) as app:
        await accepted(app, mention("First?", thread="t"))
        second = await accepted(app, mention("Second?", thread="t"))
        await provider.until_asked("First")

        await pressed(app, second, ANN, "stop")
        provider.release()
        await app.running.finished(second)

        assert (await case_of(app, second)).status == "stopped"
        assert not provider.was_asked("Second")


async def test_deleting_the_question_stops_its_run() -> None:
    provider = Held("it")
    async with running(provider) as app:
        id = await accepted(app, mention(key="event"))
        await provider.until_asked("it")

        await app.running.question_deleted("event")
        await app.running.question_deleted("unknown")

        await app.running.finished(id)
        assert (await case_of(app, id)).status == "stopped"


# --- restarts


async def test_a_new_process_goes_on_where_the_old_one_ended(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")

    def chairman_hangs(request: Request) -> Scripted:
        return never if stage_and_seat(request)[0] == "verdict" else sensible(request)

    never = asyncio.Event()
    async with running(FakeProvider(otherwise=chairman_hangs), database=database) as app:
        id = await accepted(app, mention())
        while not await has_reviews(app, id):
            pass
    second = FakeProvider()
    async with running(second, database=database) as app:
        assert await app.running.resume("slack") == 0
        assert await app.running.resume("discord") == 1
        await app.running.finished(id)

        assert (await case_of(app, id)).status == "finished"
        assert [stage_and_seat(request)[0] for request in second.requests] == ["verdict"]
        assert await app.running.resume("discord") == 0


async def has_reviews(app: App, id: str) -> bool:
    return sum(call.stage == "review" for call in await app.store.calls(id)) == 3


async def test_a_case_whose_reply_cannot_be_made_holds_no_other_up(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = str(tmp_path / "council.db")
    async with running(Held("it"), database=database) as app:
        broken, sound = [await accepted(app, mention()) for _ in range(2)]
    async with running(database=database) as app:
        room = Room(app)
        app.platforms["discord"] = ReadsNo(room, broken)
        assert await app.running.resume("discord") == 1
        await app.running.finished(sound)
        await app.running.sweep()
        await app.running.sweep()

        assert (await case_of(app, sound)).status == "finished"
        assert (await case_of(app, broken)).status == "running"
    told = [record for record in caplog.records if broken in record.getMessage()]
    assert [bool(record.exc_info) for record in told] == [True]


async def test_trouble_on_one_platform_keeps_no_other_from_being_swept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    database = str(tmp_path / "council.db")
    async with running(Held("it"), database=database) as app:
        id = await accepted(app, mention(channel=SLACK))
    async with running(database=database) as app:
        unfinished = app.store.unfinished

        async def failing(platform: PlatformName) -> tuple[Case, ...]:
            if platform == "discord":
                raise ValueError("an unreadable row")
            return await unfinished(platform)

        app.store.unfinished = failing  # type: ignore[method-assign]
        await app.running.sweep()
        await app.running.finished(id)
        assert (await case_of(app, id)).status == "finished"
    assert [r.getMessage() for r in caplog.records if r.exc_info] == [
        "unfinished questions on discord are not looked for"
    ]


@dataclass
class ReadsNo:
    """A platform that cannot read where one case's reply is to go."""

    room: Room
    broken: str

    def reply(self, case: Case) -> "RoomReply":
        if case.id == self.broken:
            raise ValueError("no address")
        return self.room.reply(case)


async def test_what_runs_already_is_not_started_again() -> None:
    provider = Held("it")
    async with running(provider) as app:
        id = await accepted(app, mention())
        await provider.until_asked("it")

        assert await app.running.resume("discord") == 0
        provider.release()
        await app.running.finished(id)
        assert len(provider.asked("answer")) == 3


async def test_a_closing_app_takes_nothing_in() -> None:
    async with running() as app:
        await app.close()

        assert await refusal(app, mention()) == "The bot is restarting. Ask again in a minute."


async def test_a_question_taken_in_while_the_app_closes_is_left_for_the_next_start() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        create = app.store.create

        async def then_closed(case: Case, *originals: Any, **money: Any) -> bool:
            created = await create(case, *originals, **money)
            await app.close()
            return created

        app.store.create = then_closed  # type: ignore[method-assign]
        id = await served(app)

        assert [case.id for case in await app.store.unfinished("discord")] == [id]
        assert provider.requests == []


# --- being forgotten during a run


async def test_forgetting_stops_ones_runs_which_say_so() -> None:
    provider = Held("pineapple")
    async with running(provider) as app:
        id = await accepted(app, mention("pineapple?"))
        others = await accepted(app, mention("pineapple, too?", person=BOB))
        await provider.until_asked("too?")

        said = await app.command(CHANNEL, ANN, "forget me")

        assert (
            repr(said).count(
                "Forgotten: your votes, the answers that you added, and 1 deliberation that"
            )
            == 1
        )
        stopped = headline_of(app, id)
        assert stopped is not None
        assert stopped.blocks == (
            Heading("Stopped before any answer"),
            Text("Somebody who may had this question forgotten."),
            Text("Nothing was ranked."),
        )
        assert stopped.buttons == ()
        assert await app.store.case(id) is None
        provider.release()
        await app.running.finished(others)
        assert (await case_of(app, others)).status == "finished"


async def test_what_is_asked_while_others_are_put_aside_is_put_aside_too() -> None:
    provider = Held("pineapple")
    async with running(provider) as app:
        await accepted(app, mention("pineapple?"))
        late: list[str] = []

        async def find() -> tuple[Place, ...]:
            found = await app.store.asked_by(ANN.id)
            if not late:
                late.append(await accepted(app, mention("and another pineapple?")))
                await provider.until_asked("another")
            return found

        async with app.running.aside(find):
            assert app.running.cases == []
            await app.store.forget_person(ANN.id)
        assert await app.store.case(late[0]) is None


@pytest.mark.both_databases
async def test_a_question_that_quotes_goes_on_without_what_is_forgotten(tmp_path: Path) -> None:
    provider = Held("And why")
    async with running(provider, database=str(tmp_path / "council.db")) as app:
        await served(app, mention("Is pineapple good?", thread="t"))
        following = mention("And why?", thread="t2", person=BOB)
        quoting = await accepted(app, replace(following, quoted="> Is pineapple good?"))
        await provider.until_asked("And why")
        assert provider.was_asked("pineapple")
        assert holds(tmp_path, b"pineapple")

        await app.command(CHANNEL, ANN, "forget me")
        assert not holds(tmp_path, b"pineapple")
        asked = len(provider.requests)
        provider.release()
        await app.running.finished(quoting)

        assert (await case_of(app, quoting)).status == "finished"
        later = provider.requests[asked:]
        assert not any("pineapple" in request.messages[-1].content for request in later)
        assert not holds(tmp_path, b"pineapple")


@pytest.mark.both_databases
async def test_a_follow_up_under_way_is_forgotten_with_what_it_builds_on(tmp_path: Path) -> None:
    provider = Held("And why")
    async with running(provider, database=str(tmp_path / "council.db")) as app:
        await served(app, mention("Is pineapple good?", thread="t"))
        follow_up = await accepted(app, mention("And why?", thread="t", person=BOB))
        await provider.until_asked("And why")

        said = await app.command(CHANNEL, ANN, "forget me")

        assert "2 deliberations that you asked for" in repr(said)
        assert "posts of the bot's are being removed." in repr(said)
        assert (
            Text("Somebody who may had this question forgotten.")
            in (headline_of(app, follow_up) or Document()).blocks
        )
        assert await app.store.case(follow_up) is None
        assert not holds(tmp_path, b"pineapple")
        provider.release()


def holds(folder: Path, word: bytes) -> bool:
    return databases.holds(folder / "council.db", word)


@pytest.mark.sqlite_only("a server empties its log when it wants to, whoever reads")
async def test_beside_a_reader_nothing_is_called_forgotten_before_it_is(tmp_path: Path) -> None:
    database = tmp_path / "council.db"
    async with running(database=str(database)) as app:
        await served(app, mention("pineapple?"))
        reader = sqlite3.connect(database, isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM deliberations").fetchall()

        said = await app.command(CHANNEL, ANN, "forget me")

        assert holds(tmp_path, b"pineapple")
        assert "Forgotten" not in repr(said)
        assert "Traces are left" in repr(said)
        reader.close()
        await app.running.sweep()
        assert not holds(tmp_path, b"pineapple")


# --- posts that are owed


class BrokenRoom(Room):
    """Shows nothing of one key until `mend`."""

    def __init__(self, app: App, key: str) -> None:
        super().__init__(app)
        self.key = key

    def reply(self, case: Case) -> RoomReply:
        return BrokenReply(self, case)

    def mend(self) -> None:
        self.key = ""


class BrokenReply(RoomReply):
    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        assert isinstance(self.room, BrokenRoom)
        if key == self.room.key:
            raise RuntimeError("broken")
        await super().show(key, document, ping=ping)


async def test_a_run_that_owes_a_post_is_over_and_holds_nobody_up() -> None:
    async with running(time_scale=0.01) as app:
        room = BrokenRoom(app, "answer:A")
        app.platforms["discord"] = room
        first = await served(app, mention("First?", thread="t"))
        second = await served(app, mention("Second?", thread="t"))

        assert (await case_of(app, second)).status == "finished"
        assert words(await pressed(app, first, ANN, "stop")) == "This deliberation is over already."
        assert "under way here: 0." in repr(await app.health(CHANNEL))
        assert [case.id for case in await app.store.unfinished("discord")] == [first, second]

        room.mend()
        while await app.store.unfinished("discord"):
            pass
        assert (first, "answer:A") in room.shown


async def test_a_sweep_goes_on_with_what_was_left_and_with_nothing_else() -> None:
    provider = Held("it")
    async with running(provider) as app:
        left = Case(Question("left", "Why?", 1, NOW), Council(MEMBERS, CHAIRMAN), "discord")
        running_already = await accepted(app, mention())
        await provider.until_asked("it")
        await app.store.create(left)

        await app.running.sweep()
        await app.running.finished("left")

        assert (await case_of(app, "left")).status == "finished"
        provider.release()
        await app.running.finished(running_already)
        assert len(provider.asked("answer")) == 6


# --- votes


async def votes(app: App, id: str) -> list[tuple[str, str, str, bool]]:
    return [
        (vote.target, vote.person, vote.value, vote.blind)
        for vote in standing_votes(await app.store.reactions(id))
    ]


async def react(app: App, id: str, key: str, emoji: str, person: Person = ANN) -> bool:
    return await app.voting.react("discord", f"{id}/{key}", person, emoji)


async def test_a_reaction_is_a_vote_on_what_its_post_shows() -> None:
    async with running() as app:
        id = await served(app)

        assert await react(app, id, "answer:A", "👍🏽")
        assert await react(app, id, "headline", "👎", BOB)
        assert await react(app, id, "ranking", "🚫", Person("cat"))

        assert sorted(await votes(app, id)) == [
            ("A", "ann", "accept", True),
            ("none", "cat", "none", True),
            ("verdict", "bob", "reject", True),
        ]


async def test_a_vote_knows_its_answers_place_and_whether_the_ranking_was_there() -> None:
    async with running() as app:
        id = await served(app)
        posts = [post.key for post in await app.store.posts(id)]
        await react(app, id, posts[2], "👍")

        [reaction] = await app.store.reactions(id)
        assert (reaction.place, reaction.ranking_shown) == (2, True)


async def test_a_vote_before_the_ranking_knows_that_it_was_not_there() -> None:
    never = asyncio.Event()

    def reviewers_hang(request: Request) -> Scripted:
        return never if stage_and_seat(request)[0] == "review" else sensible(request)

    async with running(FakeProvider(otherwise=reviewers_hang)) as app:
        id = await accepted(app, mention())
        while not await react(app, id, "answer:A", "👍"):
            pass

        [reaction] = await app.store.reactions(id)
        assert not reaction.ranking_shown


@pytest.mark.parametrize(
    ("post", "emoji"), [("answer:A", "🎉"), ("headline", "🏆"), ("answer:Z", "👍")]
)
async def test_another_emoji_or_post_is_no_vote(post: str, emoji: str) -> None:
    async with running() as app:
        id = await served(app)

        assert not await react(app, id, post, emoji)
        assert not await app.voting.unreact("discord", f"{id}/{post}", ANN, emoji)
        assert await votes(app, id) == []


async def test_nobody_votes_on_a_verdict_that_there_is_not() -> None:
    async with running() as app:
        id = await served(app, mention("/compare Why?"))

        assert not await app.voting.react("discord", f"{id}/headline", ANN, "👍")
        assert await app.voting.react("discord", f"{id}/answer:A", ANN, "👍")
        assert await app.voting.react("discord", f"{id}/ranking", ANN, "🚫")
        assert {each.target for each in await app.store.reactions(id)} == {"A", "none"}


async def test_a_reaction_on_another_platform_is_no_vote_here() -> None:
    async with running() as app:
        id = await served(app)

        assert not await app.voting.react("slack", f"{id}/answer:A", ANN, "👍")


async def test_a_thumb_under_an_answer_that_is_being_written_is_no_vote() -> None:
    provider = Held("pineapple")
    async with running(provider) as app:
        id = await accepted(app, mention("pineapple?"))
        room = app.platforms["discord"]
        assert isinstance(room, Room)
        await room.until_shown(id, "answer:A")

        assert not await react(app, id, "answer:A", "👍")

        provider.release()
        await app.running.finished(id)
        assert await react(app, id, "answer:A", "👍")


async def test_taking_a_reaction_away_revives_the_one_before() -> None:
    async with running() as app:
        clock = Clock()
        app.clock = clock
        id = await served(app)
        await react(app, id, "answer:A", "👍")
        clock.move(1)
        await react(app, id, "answer:A", "👎")

        assert await app.voting.unreact("discord", f"{id}/answer:A", ANN, "👎")

        assert await votes(app, id) == [("A", "ann", "accept", True)]


async def test_a_newer_trophy_makes_the_older_an_acceptance() -> None:
    async with running() as app:
        clock = Clock()
        app.clock = clock
        id = await served(app)
        await react(app, id, "answer:A", "🏆")
        clock.move(1)
        await react(app, id, "answer:B", "🏆")

        assert await votes(app, id) == [
            ("A", "ann", "accept", True),
            ("B", "ann", "best", True),
        ]


async def test_reconciling_makes_what_stands_on_the_platform_the_votes() -> None:
    async with running() as app:
        id = await served(app)
        await react(app, id, "answer:A", "👍")
        await react(app, id, "answer:B", "👍")
        posts = [post.key for post in await app.store.posts(id)]

        await app.voting.reconcile(
            "discord",
            f"{id}/answer:A",
            {("bob", "👎"), ("bob", "👍"), ("cat", "🎉"), ("dan", "🏆")},
        )

        assert sorted(await votes(app, id)) == [
            ("A", "bob", "reject", True),
            ("A", "dan", "best", True),
            ("B", "ann", "accept", True),
        ]
        found = [each for each in await app.store.reactions(id) if each.person == "dan"]
        assert [(each.place, each.ranking_shown) for each in found] == [
            (posts.index("answer:A"), True)
        ]


async def test_reconciling_an_unknown_post_changes_nothing() -> None:
    async with running() as app:
        id = await served(app)

        await app.voting.reconcile("discord", "nowhere", {("bob", "👎")})

        assert await votes(app, id) == []


async def test_where_names_are_always_shown_no_vote_is_blind() -> None:
    async with running() as app:
        await set_here(app, "reveal always")
        id = await served(app)
        await react(app, id, "answer:A", "👍")
        await app.voting.reconcile("discord", f"{id}/answer:B", {("bob", "👎")})

        assert sorted(await votes(app, id)) == [
            ("A", "ann", "accept", False),
            ("B", "bob", "reject", False),
        ]


# --- names

ASK_FIRST = (
    "You have not voted here yet. Vote first, or show the names now: "
    "your votes on this question then stop counting."
)


def named(document: Document) -> bool:
    [table, _] = document.blocks
    assert isinstance(table, Table)
    return sorted(row[1] for row in table.rows) == ["a", "b", "c"]


async def test_somebody_who_has_voted_sees_the_names() -> None:
    async with running() as app:
        id = await served(app)
        await react(app, id, "answer:A", "👍")

        assert named(await pressed(app, id, ANN, "reveal"))


async def test_somebody_who_has_not_voted_is_asked_first() -> None:
    async with running() as app:
        id = await served(app)
        await react(app, id, "answer:A", "👍", BOB)

        assert words(await pressed(app, id, ANN, "reveal")) == ASK_FIRST
        assert not await app.store.revealed(id, "ann")


async def test_a_thumb_under_a_member_that_gave_no_answer_is_no_vote() -> None:
    provider = FakeProvider({("answer", 0): [ModelFailed("refused", "")]})
    async with running(provider) as app:
        id = await served(app)
        result = (await case_of(app, id)).result
        assert result
        [failed] = [m.label for m in result.members if m.status == "failed"]
        await react(app, id, f"answer:{failed}", "👍")

        assert words(await pressed(app, id, ANN, "reveal")) == ASK_FIRST


async def test_after_a_reveal_nobody_is_asked_again() -> None:
    async with running() as app:
        id = await served(app)

        assert named(await pressed(app, id, ANN, "names"))
        assert named(await pressed(app, id, ANN, "reveal"))


async def test_votes_after_ones_own_reveal_are_not_blind_and_those_before_stay() -> None:
    async with running() as app:
        clock = Clock()
        app.clock = clock
        id = await served(app)
        await react(app, id, "answer:A", "👍")
        await pressed(app, id, ANN, "reveal")
        clock.move(1)
        await react(app, id, "answer:A", "👎")
        await react(app, id, "answer:A", "👎", BOB)

        assert sorted(await votes(app, id)) == [
            ("A", "ann", "accept", True),
            ("A", "ann", "reject", False),
            ("A", "bob", "reject", True),
        ]


async def test_somebody_who_saw_the_names_first_never_votes_blind() -> None:
    async with running() as app:
        id = await served(app)
        await pressed(app, id, ANN, "names")
        await react(app, id, "answer:A", "👍")

        assert await votes(app, id) == [("A", "ann", "accept", False)]


@pytest.mark.parametrize("button", ["reveal", "names"])
async def test_a_channel_can_keep_the_names_to_itself(button: str) -> None:
    async with running() as app:
        await set_here(app, "reveal never")
        id = await served(app)
        await react(app, id, "answer:A", "👍")

        assert words(await pressed(app, id, ANN, button)) == (
            "Names stay hidden in this channel (`reveal` is `never`)."
        )


async def test_a_channel_can_show_names_to_everybody() -> None:
    async with running() as app:
        await set_here(app, "reveal always")
        id = await served(app)

        assert named(await pressed(app, id, ANN, "reveal"))


async def test_names_wait_for_the_verdict() -> None:
    async with running(Held("it")) as app:
        id = await accepted(app, mention())

        assert words(await pressed(app, id, ANN, "names")) == (
            "Names are shown once the verdict is there."
        )
        assert not await app.store.revealed(id, "ann")


async def test_a_forgotten_deliberation_has_no_names() -> None:
    async with running() as app:
        assert words(await pressed(app, "unknown", ANN, "reveal")) == str(FORGOTTEN)


# --- offers


class Priced(FakeProvider):
    """A catalogue of the council's models, at these US dollars per million tokens."""

    def __init__(self, prompt_usd: float | None, completion_usd: float | None) -> None:
        super().__init__()
        self._prices = prompt_usd, completion_usd

    async def models(self) -> tuple[ModelInfo, ...]:
        prompt, completion = self._prices
        return tuple(
            ModelInfo(id=id, prompt_usd_per_million=prompt, completion_usd_per_million=completion)
            for id in (*MEMBERS, CHAIRMAN)
        )


@pytest.mark.parametrize(
    ("prices", "council", "alone"),
    [
        # A call of 1,500 tokens in and 600 out; a council of three makes seven of them, and an audit.
        ((2.0, 10.0), "about $0.07", "about $0.009"),
        ((0.02, 0.02), "about $0.0003", "less than $0.0001"),
        ((0.0, 0.0), "free", "free"),
        ((None, None), "price unknown", "price unknown"),
    ],
)
async def test_an_offer_names_what_the_council_and_one_member_cost(
    prices: tuple[float | None, float | None], council: str, alone: str
) -> None:
    async with running(Priced(*prices)) as app:
        id = await served(app)

        offer = await app.actions.offered(CHANNEL, id, "A")

        assert (offer.price, offer.alone_price) == (council, alone)


async def test_the_price_of_a_member_alone_does_not_say_which_it_is() -> None:
    class OnePrice(FakeProvider):
        async def models(self) -> tuple[ModelInfo, ...]:
            return tuple(
                ModelInfo(id=id, prompt_usd_per_million=0.0, completion_usd_per_million=usd)
                for id, usd in zip((*MEMBERS, CHAIRMAN), (1.0, 10.0, 5.0, 0.0), strict=True)
            )

    async with running(OnePrice()) as app:
        id = await served(app)

        prices = {(await app.actions.offered(CHANNEL, id, label)).alone_price for label in "ABC"}

        assert prices == {"about $0.006"}


async def test_a_member_alone_is_asked_with_all_that_the_channel_set() -> None:
    async with running() as app:
        await set_here(app, "instructions Be formal.")
        await set_here(app, "language German")
        await set_here(app, "effort low")
        id = await served(app)
        [model] = [m.model for m in (await case_of(app, id)).result.members if m.label == "A"]  # type: ignore[union-attr]  # it is finished

        alone = await served(app, replace(mention("Why?"), alone=Alone(id, "A")))

        assert (await case_of(app, alone)).council == Council(
            (model,),
            model,
            instructions="Be formal.",
            language="German",
            effort="low",
            audit="auto",
        )


@pytest.mark.parametrize("label", [None, "Z"])
async def test_without_an_answer_only_the_council_is_offered(label: str | None) -> None:
    async with running() as app:
        id = await served(app)

        offer = await app.actions.offered(CHANNEL, id, label)

        assert offer.alone_price == ""


# --- what was posted


async def test_a_post_can_be_shown_again_as_it_is_now() -> None:
    async with running() as app:
        id = await served(app)

        for key, first in (
            ("headline", Heading("Yes.")),
            ("ranking", Text("**Yes.**")),
        ):
            document = await app.archive.document(id, key)
            assert document is not None
            assert document.blocks[0] == first
        answer = await app.archive.document(id, "answer:A")
        assert answer is not None
        assert "**A** · The answer from seat" in str(answer.blocks)
        assert await app.archive.document(id, "answer:Z") is None
        assert await app.archive.document("unknown", "headline") is None


async def test_an_answer_can_be_shown_while_the_verdict_is_written() -> None:
    never = asyncio.Event()

    def reviewers_hang(request: Request) -> Scripted:
        return never if stage_and_seat(request)[0] == "review" else sensible(request)

    async with running(FakeProvider(otherwise=reviewers_hang)) as app:
        id = await accepted(app, mention())
        while await app.archive.document(id, "answer:A") is None:
            pass

        assert await app.archive.document(id, "headline") is None
        assert await app.archive.document(id, "ranking") is None
        assert await app.archive.transcript(id) is None


async def test_the_transcript_is_of_the_whole() -> None:
    async with running() as app:
        id = await served(app)

        text = await app.archive.transcript(id)

        assert text is not None
        assert all(f"The answer from seat {seat}." in text for seat in range(3))


# --- health


async def test_health_names_what_is_wrong_here() -> None:
    async with running(Priced(2, 10), rules=Rules(daily_budget_micros=5_000_000)) as app:
        await app.catalogue.load()
        app.defaults = replace(app.defaults, members=("lab/a", "lab/gone"))
        await app.command(CHANNEL, ADMIN, "pause")
        await app.command(CHANNEL, ADMIN, "budget 2.5")

        [_, text] = (await app.command(CHANNEL, BOB, "health")).blocks

        assert text == Text(
            "- Deliberations under way here: 0.\n"
            "- ⚠ The model lab/gone is not in the catalogue.\n"
            "- Spent in this channel today: $0.0000 (of $2.50).\n"
            "- ⚠ The council is paused here."
        )


async def test_health_tells_nobody_what_is_asked_and_spent_elsewhere() -> None:
    async with running(Held("it"), rules=Rules(daily_budget_micros=5_000_000)) as app:
        await spend(app, 1_234_567, ELSEWHERE)
        await accepted(app, mention(channel=ELSEWHERE))

        [_, text] = (await app.command(CHANNEL, BOB, "health")).blocks

        assert isinstance(text, Text)
        assert "under way here: 0." in text.text
        assert "in this channel today: $0.0000 " in text.text
        assert "5.00" not in text.text


@pytest.mark.parametrize(
    ("spent_in", "budget"), [(ELSEWHERE, "default"), (CHANNEL, "default"), (CHANNEL, "1")]
)
async def test_health_says_what_an_asker_is_told_once_a_budget_is_spent(
    spent_in: Channel, budget: str
) -> None:
    async with running(rules=Rules(daily_budget_micros=5_000_000)) as app:
        await app.command(CHANNEL, ADMIN, f"budget {budget}")
        await spend(app, 5_000_000, spent_in)

        refused = await app.questions.accept(mention())
        [_, text] = (await app.command(CHANNEL, BOB, "health")).blocks

        assert isinstance(refused, Refused)
        assert isinstance(text, Text)
        assert f"- ⚠ {words(refused.document)}" in text.text.splitlines()
        assert "About $0.0001 is needed; $0.00 of " in text.text


async def test_health_says_where_ids_cannot_be_checked() -> None:
    async with running() as app:
        [_, text] = (await app.command(CHANNEL, BOB, "health")).blocks

        assert isinstance(text, Text)
        assert "⚠ The list of models could not be loaded; ids are not checked." in text.text
        assert "Spent in this channel today: $0.0000 (no limit of its own)." in text.text


async def test_a_command_that_is_refused_is_answered_like_any_other() -> None:
    async with running() as app:
        assert "Only administrators can change" in words(
            await app.command(CHANNEL, BOB, "chairman lab/a")
        )
