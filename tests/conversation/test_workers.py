"""Questions that a gateway takes in and shows, and workers deliberate: as in one process, whoever dies."""

import asyncio
import re
import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.chat import HEADLINE, RANKING, Person, Refused
from bot.conversation.app import App
from bot.conversation.faults import FAILED_STARTS
from bot.conversation.loops import ended
from bot.conversation.presses import Press, Told
from bot.council import Attached, Deliberation
from bot.document import Document
from bot.llm import Request
from bot.modes import MODES
from bot.store.server import Server
from tests.conversation.machines import (
    TIME_SCALE,
    Answering,
    Line,
    Worker,
    Writing,
    gateway,
    worker,
)
from tests.conversation.room import (
    ADMIN,
    ALL_HEARD,
    ANN,
    BOB,
    CHANNEL,
    Room,
    accepted,
    case_of,
    mention,
    pressed,
    running,
    served,
    words,
)
from tests.conversation.shelf import ask, shelf
from tests.conversation.test_kills import agreeing, differing
from tests.conversation.test_serving import broken_at
from tests.conversation.test_titles import named, titled
from tests.fakes.council import MEMBERS
from tests.fakes.postgres import Postgres
from tests.fakes.provider import FakeProvider, stage_and_seat
from tests.fakes.watched import eventually
from tests.pages.telling import words as all_words

CHAIR = len(MEMBERS)


@pytest.fixture
def server(postgres: Postgres) -> Server:
    return postgres.emptied()


@pytest.fixture
def line() -> Line:
    return Line()


def room_of(app: App) -> Room:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return room


async def until_idle(worker: Worker) -> None:
    async def is_idle() -> bool:
        return not worker.working.under_way

    await eventually(is_idle)


async def until_open(app: App) -> None:
    """Nobody has taken it so far."""
    await eventually(app.store.open_work)


async def until_finished(app: App, id: str, count: int) -> None:
    """So many calls of it are."""

    async def are_finished() -> bool:
        return len(await app.store.calls(id)) >= count

    await eventually(are_finished)


async def until_it_says(app: App, id: str, words: str) -> Document:
    return await until_headline(app, id, lambda document: words in all_words(document))


async def until_headline(app: App, id: str, found: Callable[[Document], bool]) -> Document:
    async def is_found() -> Document | None:
        document = room_of(app).documents.get((id, HEADLINE))
        return document if document and found(document) else None

    document = await eventually(is_found)
    assert document
    return document


async def answers_of(app: App, id: str) -> list[str]:
    result = (await case_of(app, id)).result
    assert result
    return [answer.text for answer in result.answers]


class Recording(Room):
    """That knows how far each state of the headline was: the stage, and how many are in."""

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.steps: list[tuple[int, int]] = []

    async def post(self, id: str, key: str, document: Document) -> None:
        found = re.search(r"\*\*(answers|reviews|verdict) ?(\d*)", all_words(document).lower())
        if key == HEADLINE and document.state == "live" and found:
            stage = ("answers", "reviews", "verdict").index(found[1])
            self.steps.append((stage, int(found[2] or 0)))
        await super().post(id, key, document)


Outcome = tuple[Deliberation, dict[str, Document]]


async def outcome(app: App, id: str) -> Outcome:
    """How it ended, and what its posts show, in their order."""
    result = (await case_of(app, id)).result
    assert result
    room = room_of(app)
    return replace(result, id=""), {key: room.documents[id, key] for key in room.keys(id)}


# --- the same as in one process


@pytest.mark.parametrize("says", [agreeing, differing])
@pytest.mark.parametrize("mode", MODES)
async def test_a_thread_is_the_same_whoever_deliberates(
    mode: str, says: Callable[[Request], str], server: Server, line: Line
) -> None:
    asked = f"/{mode} Is it 10?"
    async with running(FakeProvider(otherwise=says), time_scale=TIME_SCALE) as app:
        app.caller.now, app.questions.seed = app.clock, ALL_HEARD
        alone = await outcome(app, await served(app, mention(asked)))

    provider = FakeProvider(otherwise=says)
    async with gateway(server, line) as app, worker(server, line, provider):
        app.questions.seed = ALL_HEARD
        together = await outcome(app, await served(app, mention(asked)))

    assert together == alone
    assert list(together[1]) == list(alone[1])


# --- what people want of one that is under way


async def stopped_headline(app: App, id: str) -> Document:
    await app.running.finished(id)
    case = await case_of(app, id)
    assert case.status == "stopped"
    document = room_of(app).documents[id, HEADLINE]
    assert document.state == "stopped"
    return document


async def until_nothing_is_reserved(app: App) -> None:
    async def is_free() -> bool:
        return not (await app.store.account(app.now().date(), "all")).reserved_micros

    await eventually(is_free)


async def until_nobody_is_at_it(app: App) -> None:
    async def is_so() -> bool:
        return not await app.store.held_work() and not await app.store.open_work()

    await eventually(is_so)


async def test_what_somebody_stops_ends_wherever_it_is(server: Server, line: Line) -> None:
    provider = Answering(("answer", 0))
    async with gateway(server, line) as app, worker(server, line, provider) as one:
        id = await accepted(app, mention())
        await until_finished(app, id, 2)
        assert words(await pressed(app, id, ANN, "stop")).startswith("Stopping")
        await stopped_headline(app, id)
        await until_nothing_is_reserved(app)
        await until_nobody_is_at_it(app)
        assert one.working.under_way == 0
        assert [stage for stage, _ in map(stage_and_seat, provider.requests)] == ["answer"] * 3


async def test_what_nobody_has_taken_yet_is_stopped_from_here(server: Server, line: Line) -> None:
    provider = FakeProvider()
    async with gateway(server, line) as app:
        id = await accepted(app, mention())
        await until_open(app)
        await pressed(app, id, ANN, "stop")
        await stopped_headline(app, id)
        async with worker(server, line, provider):
            assert await served(app)
        assert len(provider.asked("verdict")) == 1


async def test_what_a_dead_worker_had_is_stopped_from_here(server: Server, line: Line) -> None:
    provider = Answering(("answer", 0))
    async with gateway(server, line) as app, worker(server, line, provider) as one:
        id = await accepted(app, mention())
        await until_finished(app, id, 2)
        await one.die()
        assert list(await app.store.held_work()) == [id]
        await pressed(app, id, ANN, "stop")
        await stopped_headline(app, id)
        assert {call.seat for call in await app.store.calls(id)} == {1, 2}
        await until_nobody_is_at_it(app)


async def test_gone_on_with_it_is_dispatched_anew(server: Server, line: Line) -> None:
    provider = Answering(("answer", 0))
    async with gateway(server, line) as app, worker(server, line, provider):
        id = await accepted(app, mention())
        await until_finished(app, id, 2)
        await pressed(app, id, ANN, "stop")
        await stopped_headline(app, id)
        provider.go_on()
        assert words(await pressed(app, id, BOB, "go_on")).startswith("It goes on")
        await app.running.finished(id)
        assert (await case_of(app, id)).status == "finished"
        seats = [
            seat for stage, seat in map(stage_and_seat, provider.requests) if stage == "answer"
        ]
        assert sorted(seats) == [0, 0, 1, 2]


async def test_enough_is_enough_wherever_it_is(server: Server, line: Line) -> None:
    provider = Answering(("answer", 0))
    async with gateway(server, line) as app, worker(server, line, provider):
        id = await accepted(app, mention("/deep Is it right?"))
        await until_headline(app, id, lambda d: "enough" in [b.name for b in d.buttons])
        assert words(await pressed(app, id, ANN, "enough")).startswith("The verdict is written")
        assert words(await pressed(app, id, ANN, "enough")).startswith("There is nothing to end")
        await app.running.finished(id)
        result = (await case_of(app, id)).result
        assert result
        assert (result.ended_early, len(result.answers)) == ("enough", 2)


async def test_a_deleted_question_and_a_place_that_is_gone_end_it(
    server: Server, line: Line
) -> None:
    provider = Answering(("answer", 0))
    async with gateway(server, line) as app, worker(server, line, provider):
        question = await accepted(app, mention(key="deleted"))
        place = await accepted(app, mention(thread="thread"))
        await until_finished(app, question, 2)
        await until_finished(app, place, 2)
        await app.running.question_deleted("deleted")
        app.running.place_deleted("discord", "thread")
        for id, cause in ((question, "question"), (place, "place")):
            await stopped_headline(app, id)
            stop = (await case_of(app, id)).stop
            assert stop
            assert stop.cause == cause


async def test_what_is_forgotten_ends_and_others_of_its_thread_go_on_without_it(
    server: Server, line: Line
) -> None:
    provider = Answering(("verdict", CHAIR))
    async with gateway(server, line) as app, worker(server, line, provider):
        first = await accepted(app, mention("The secret?", thread="thread"))
        second = await accepted(app, mention("And now?", thread="thread", person=BOB))
        await provider.until_asked("verdict", CHAIR)
        forgetting = asyncio.create_task(app.command(CHANNEL, ANN, "forget me"))
        assert all_words(await forgetting).startswith("Forgotten")
        assert await app.store.case(first) is None
        provider.go_on()
        await app.running.finished(second)
        assert (await case_of(app, second)).status == "finished"
    asked = [each for each in provider.requests if each.tag.startswith(second)]
    assert not [each for each in asked if "secret" in each.messages[-1].content]


async def test_a_question_rests_while_another_of_its_thread_is_forgotten(
    server: Server, line: Line
) -> None:
    """What a worker knew of that is not asked on."""
    provider = Answering(("verdict", CHAIR))
    async with gateway(server, line) as app, worker(server, line, provider):
        first = await accepted(app, mention("One?", thread="thread", person=BOB))
        second = await accepted(app, mention("Two?", thread="thread", person=ANN))
        await provider.until_asked("verdict", CHAIR)
        provider.requests.clear()
        await app.command(CHANNEL, ANN, "forget me")
        assert await app.store.case(second) is None
        provider.go_on()
        await app.running.finished(first)
        assert (await case_of(app, first)).status == "finished"
        assert [stage_and_seat(each) for each in provider.requests] == [("verdict", CHAIR)]
        await until_nobody_is_at_it(app)


# --- answers of people


async def submitted(app: App, id: str, person: Person, text: str) -> str:
    press = Press(person, id, ("answer", "1"), sees=lambda case: True)
    match await app.actions.submit(press, text, ""):
        case Told(document) | Refused(document):
            return all_words(document)


async def test_an_answer_given_before_anybody_is_asked_is_ranked(
    server: Server, line: Line
) -> None:
    async with gateway(server, line) as app, worker(server, line, FakeProvider()):
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await room_of(app).until_shown(id, HEADLINE)
        assert (await submitted(app, id, BOB, "Mine.")).startswith("Your answer is in")
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)
        assert "Mine." in await answers_of(app, id)


async def test_an_answer_given_while_members_are_asked_joins_at_once(
    server: Server, line: Line
) -> None:
    provider = Answering(("answer", 0))
    async with gateway(server, line) as app, worker(server, line, provider):
        id = await accepted(app, mention())
        await until_finished(app, id, 2)
        told = await submitted(app, id, BOB, "Mine.")
        assert told.startswith("Your answer is in")
        assert "takes its place" not in told  # it has a seat
        provider.go_on()
        await app.running.finished(id)
        assert "Mine." in await answers_of(app, id)


async def test_an_answer_that_comes_too_late_is_not_kept(server: Server, line: Line) -> None:
    provider = Answering(("review", 0))
    async with gateway(server, line) as app, worker(server, line, provider):
        id = await accepted(app, mention())
        await provider.until_asked("review", 0)
        assert "comes too late" in await submitted(app, id, BOB, "Mine.")
        assert await app.store.people(id) == {}
        provider.go_on()
        await app.running.finished(id)
        assert "Mine." not in await answers_of(app, id)


@pytest.mark.parametrize("seat", range(3))
async def test_an_answer_just_at_the_moment_is_ranked_or_not_kept(
    seat: int, server: Server, line: Line
) -> None:
    provider = Answering(("answer", seat))
    async with gateway(server, line) as app, worker(server, line, provider):
        id = await accepted(app, mention())
        await until_finished(app, id, 2)
        submitting = asyncio.create_task(submitted(app, id, BOB, "Mine."))
        for _ in range(5 * seat):
            await asyncio.sleep(0)
        provider.go_on()
        is_in = (await submitting).startswith("Your answer is in")
        await app.running.finished(id)
        assert ("Mine." in await answers_of(app, id)) == is_in
        assert (BOB.id in await app.store.people(id)) == is_in


async def test_what_nobody_has_taken_yet_keeps_answers_for_whoever_does(
    server: Server, line: Line
) -> None:
    async with gateway(server, line) as app:
        id = await accepted(app, mention())
        await until_open(app)
        assert (await submitted(app, id, BOB, "Mine.")).startswith("Your answer is in")
        async with worker(server, line, FakeProvider()):
            await app.running.finished(id)
        assert "Mine." in await answers_of(app, id)


# --- whoever dies


async def test_another_worker_goes_on_and_asks_nothing_again_that_was_finished(
    server: Server, line: Line
) -> None:
    first, second = Answering(("review", 0)), FakeProvider()
    async with gateway(server, line) as app, worker(server, line, first) as one:
        app.questions.seed = ALL_HEARD
        room = app.platforms["discord"] = Recording(app)
        id = await accepted(app, mention())
        await until_finished(app, id, 5)
        async with worker(server, line, second):
            await one.die()
            await app.running.finished(id)
        assert [stage_and_seat(each) for each in second.requests] == [
            ("review", 0),
            ("verdict", CHAIR),
        ]
        assert (await case_of(app, id)).status == "finished"
        assert room.steps == sorted(room.steps)
        assert len(set(room.steps)) > 1
        await until_nothing_is_reserved(app)


async def test_another_gateway_follows_what_is_under_way_and_takes_it_from_nobody(
    server: Server, line: Line
) -> None:
    provider = Answering(("verdict", CHAIR))
    async with worker(server, line, provider) as one:
        async with gateway(server, line) as app:
            id = await accepted(app, mention())
            await provider.until_asked("verdict", CHAIR)
            await app.store.close()
        assert one.working.under_way == 1
        async with gateway(server, line) as app:
            assert await app.running.resume("discord") == 1
            await room_of(app).until_shown(id, "answer:A")
            provider.go_on()
            await app.running.finished(id)
            assert room_of(app).documents[id, HEADLINE].state == "done"
            assert room_of(app).keys(id)[-1] == RANKING
    assert len(provider.asked("verdict")) == 1


async def test_where_both_die_others_go_on(server: Server, line: Line) -> None:
    first, second = Answering(("verdict", CHAIR)), FakeProvider()
    async with worker(server, line, first) as one:
        async with gateway(server, line) as app:
            id = await accepted(app, mention())
            await first.until_asked("verdict", CHAIR)
            await app.store.close()
        await one.die()
    async with gateway(server, line) as app, worker(server, line, second):
        await app.running.resume("discord")
        await app.running.finished(id)
        assert list(room_of(app).keys(id)) == [
            HEADLINE,
            "answer:A",
            "answer:B",
            "answer:C",
            RANKING,
        ]
    assert [stage_and_seat(each) for each in second.requests] == [("verdict", CHAIR)]


async def test_a_worker_that_comes_back_from_the_dead_writes_nothing(
    server: Server, line: Line
) -> None:
    first, second = Answering(("answer", 0)), FakeProvider()
    async with gateway(server, line) as app, worker(server, line, first, at_once=1) as one:
        id = await accepted(app, mention())
        await until_finished(app, id, 2)
        async with worker(server, line, second):
            held = await app.store.held_work()
            await app.store.break_lease(id, held[id])
            await line.defer(id)
            await app.running.finished(id)
            over = await app.store.calls(id)
            first.go_on()
            await until_idle(one)
        assert [stage_and_seat(each) for each in second.requests[:1]] == [("answer", 0)]
        assert len(first.requests) == 3
        assert await app.store.calls(id) == over
        await until_nobody_is_at_it(app)


async def test_a_worker_that_is_told_to_end_leaves_what_it_has_to_others(
    server: Server, line: Line
) -> None:
    first, second = Answering(("answer", 0)), FakeProvider()
    async with gateway(server, line) as app:
        async with worker(server, line, first):
            id = await accepted(app, mention())
            await until_finished(app, id, 2)
        assert await app.store.open_work() == (id,)
        assert list(line.waiting) == [id]
        async with worker(server, line, second):
            await app.running.finished(id)
        assert [stage_and_seat(each) for each in second.requests[:1]] == [("answer", 0)]


@pytest.mark.parametrize("steps", range(0, 24, 3))
async def test_a_worker_that_is_hurried_while_it_ends_tells_others_all_the_same(
    steps: int, server: Server, line: Line
) -> None:
    """As the queue does, which ends its jobs, too."""
    first, second = Answering(("answer", 0)), FakeProvider()
    async with gateway(server, line) as app:
        async with worker(server, line, first, at_once=0) as one:
            id = await accepted(app, mention())
            await until_open(app)
            line.waiting.clear()
            job = asyncio.create_task(one.working.deliberate(id))
            await until_finished(app, id, 2)
            ending = asyncio.create_task(one.working.let_go())
            for _ in range(steps):
                await asyncio.sleep(0)
            await ended({job})
            await ending
            assert one.working.under_way == 0
        assert list(line.waiting) == [id]
        assert await app.store.open_work() == (id,)
        async with worker(server, line, second):
            await app.running.finished(id)
        assert [stage_and_seat(each) for each in second.requests[:1]] == [("answer", 0)]


async def test_what_a_living_process_has_forgotten_goes_on(server: Server, line: Line) -> None:
    """It could not be let go of, and whoever lives is robbed by nobody else."""
    line.is_deaf = True
    async with gateway(server, line) as app, worker(server, line, FakeProvider()) as one:
        id = await accepted(app, mention())
        await until_open(app)
        assert await one.app.store.take(id)
        line.is_deaf = False
        await app.running.finished(id)
        assert (await case_of(app, id)).status == "finished"
        await until_nobody_is_at_it(app)


async def test_what_models_are_at_is_not_asked_again_where_the_database_was_away(
    postgres: Postgres,
    server: Server,
    line: Line,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The clock of these tests runs faster than a server comes back.
    monkeypatch.setattr("bot.conversation.working.GONE_SECONDS", 1e6)
    provider = Answering(("verdict", CHAIR))
    async with gateway(server, line) as app, worker(server, line, provider) as one:
        for each in (app, one.app):
            each.store._database.pauses = (0.01,) * 6  # type: ignore[attr-defined] # of this driver
        id = await accepted(app, mention())
        await provider.until_asked("verdict", CHAIR)
        await room_of(app).until_shown(id, "answer:C")
        postgres.end(signal.SIGINT)

        async def was_missed() -> bool:
            return f"what is wanted of deliberation {id} is not heard yet" in caplog.text

        try:
            await eventually(was_missed)
        finally:
            postgres.start()
        provider.go_on()
        await app.running.finished(id)
        assert (await case_of(app, id)).status == "finished"
        assert len(provider.asked("verdict")) == 1


async def test_what_nobody_was_told_of_is_told_again(server: Server, line: Line) -> None:
    async with gateway(server, line) as app, worker(server, line, FakeProvider()):
        line.is_deaf = True
        id = await accepted(app, mention())
        await until_open(app)
        line.is_deaf = False
        await app.running.finished(id)
        assert (await case_of(app, id)).status == "finished"


async def test_a_fault_of_a_worker_s_own_that_comes_again_and_again_is_given_up(
    server: Server, line: Line, caplog: pytest.LogCaptureFixture
) -> None:
    provider = broken_at("review", RuntimeError("a fault"))
    async with gateway(server, line) as app, worker(server, line, provider):
        id = await accepted(app, mention())
        await stopped_headline(app, id)
        stop = (await case_of(app, id)).stop
        assert stop
        assert stop.cause == "given_up"
        assert len(provider.asked("answer")) == 3
    faults = [each for each in caplog.records if each.exc_info]
    assert len(faults) == FAILED_STARTS


# --- what is seen of it


async def test_as_many_are_deliberated_as_the_workers_take_and_the_others_say_how_many_come_first(
    server: Server, line: Line
) -> None:
    provider = Answering(("answer", 0))
    async with gateway(server, line) as app, worker(server, line, provider, at_once=1):
        first = await accepted(app, mention(person=ANN))
        await provider.until_asked("answer", 0)
        second = await accepted(app, mention(person=BOB))
        third = await accepted(app, mention(person=ADMIN))
        await until_it_says(app, second, "This one is next")
        await until_it_says(app, third, "1 more comes")
        provider.go_on()
        for id in (first, second, third):
            await app.running.finished(id)
            assert (await case_of(app, id)).status == "finished"


async def test_what_is_over_before_it_is_followed_shows_its_end(server: Server, line: Line) -> None:
    async with gateway(server, line) as app:
        id = await accepted(app, mention())
        await until_open(app)
    async with worker(server, line, FakeProvider()) as one:

        async def is_over() -> bool:
            return (await case_of(one.app, id)).status == "finished"

        await eventually(is_over)
    async with gateway(server, line) as app:
        await app.running.resume("discord")
        await app.running.finished(id)
        assert list(room_of(app).keys(id)) == [
            HEADLINE,
            "answer:A",
            "answer:B",
            "answer:C",
            RANKING,
        ]

        async def is_delivered() -> bool:
            return await app.store.is_delivered(id)

        await eventually(is_delivered)


async def test_the_verdict_is_seen_while_it_is_written(server: Server, line: Line) -> None:
    provider = Writing("The verdict ", "grows.")
    async with gateway(server, line) as app, worker(server, line, provider):
        id = await accepted(app, mention())
        await until_it_says(app, id, "The verdict")
        assert "grows" not in all_words(room_of(app).documents[id, HEADLINE])
        provider.write()
        await until_it_says(app, id, "grows")
        assert room_of(app).documents[id, HEADLINE].state == "live"
        provider.write()
        await app.running.finished(id)
        assert room_of(app).documents[id, HEADLINE].state == "done"


async def test_a_thread_gets_the_name_that_a_worker_had_written(server: Server, line: Line) -> None:
    provider = Answering(("verdict", CHAIR), says=titled)
    async with gateway(server, line) as app, worker(server, line, provider):
        room = named(app)
        id = await accepted(app, mention("Is it?\nOr not: " + "why " * 40))
        await room.was_named.wait()
        provider.go_on()
        await app.running.finished(id)
        assert room.names == [(id, "A queue for four")]
        assert len(provider.asked("title")) == 1


async def test_questions_of_a_thread_are_deliberated_one_after_the_other(
    server: Server, line: Line
) -> None:
    provider = Answering(("answer", 0))
    async with gateway(server, line) as app, worker(server, line, provider):
        first = await accepted(app, mention("One?", thread="thread"))
        second = await accepted(app, mention("Two?", thread="thread"))
        await provider.until_asked("answer", 0)
        await until_it_says(app, second, "This one begins after it")
        assert set(await app.store.held_work()) == {first}
        provider.go_on()
        await app.running.finished(second)
        asked = [request.tag.split("/")[0] for request in provider.requests]
        assert asked == sorted(asked, key=[first, second].index)
        assert "One?" in provider.requests[-1].messages[-1].content


async def test_files_are_fetched_by_the_gateway_alone(server: Server, line: Line) -> None:
    provider = FakeProvider()
    async with gateway(server, line) as app, worker(server, line, provider):
        there = shelf(app, **{"numbers.txt": b"Seventeen of them."})
        case = await ask(app, Attached("numbers.txt", "there/numbers.txt"))
        assert case.status == "finished"
        assert there.fetched == ["numbers.txt"]
        assert all("Seventeen" in each.messages[-1].content for each in provider.asked("answer"))
