"""Going on with a stopped run: once, in its own posts, at the price of whoever does, paying nothing
twice."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.allowance import MARGIN, SUCCESSOR
from bot.bills import Bill
from bot.chat import HEADLINE, Person
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.presses import Press, Told
from bot.document import Button, Document, Heading
from bot.llm import ModelInfo
from bot.protocol import ranking
from bot.records import Case, Place, Stop, Untold
from bot.store.encoding import encode
from bot.store.spending import ALL, channel_scope, month_scope, person_scope
from bot.texts import EXPIRED, FORGOTTEN, OUT_OF_DATE
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    NOW,
    Clock,
    Room,
    accepted,
    case_of,
    mention,
    pressed,
    running,
    set_here,
    words,
)
from tests.fakes.council import CHAIRMAN, MEMBERS, running_app
from tests.fakes.provider import FakeProvider
from tests.fakes.watched import eventually

GOES_ON = "It goes on. What is finished is not asked again."
GOES_ON_ALREADY = "It goes on already."
CID = Person("cid")
# Nothing is begun before every review is in.
ALL_HEARD = next(seed for seed in range(1_000) if ranking.never_stops_early(seed))
GUEST = Person("gus", guest=True)


def room_of(app: App) -> Room:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return room


def headline(app: App, id: str) -> Document:
    return room_of(app).documents[id, HEADLINE]


class Priced(FakeProvider):
    """Of which it is known what it costs."""

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(id=id, prompt_usd_per_million=1.0, completion_usd_per_million=5.0)
            for id in (*MEMBERS, CHAIRMAN)
        )


def hanging(stage: str = "answer", seat: int = 2, times: int = 1) -> FakeProvider:
    """That seat hangs so many times, and answers then."""
    return Priced({(stage, seat): [asyncio.Event() for _ in range(times)]})


async def reached(app: App, id: str, calls: int) -> None:
    """Wait until so many calls of the run are finished, and one is under way."""

    async def there() -> bool:
        is_asked = len(await app.store.attempts(id)) > calls
        return is_asked and len(await app.store.calls(id)) >= calls

    await eventually(there)


async def stopped(
    app: App, calls: int = 2, person: Person = ANN, text: str = "Is it right?"
) -> str:
    """A question of Ann's in a thread, stopped once so many calls were finished."""
    app.questions.seed = ALL_HEARD
    app.defaults = replace(app.defaults, audit="off")
    id = await accepted(app, mention(text, key="asked", thread="thread"))
    await reached(app, id, calls)
    await pressed(app, id, person, "stop")
    await app.running.finished(id)
    return id


async def went_on(app: App, id: str, person: Person = BOB) -> Case:
    assert words(await pressed(app, id, person, "go_on")) == GOES_ON
    await app.running.finished(id)
    return await case_of(app, id)


async def asked_more(app: App, id: str, before: int) -> bool:
    return len(await app.store.attempts(id)) > before


async def went_on_and_stopped(app: App, id: str, person: Person) -> None:
    """Gone on with, and stopped while a member was asked once more."""
    before = len(await app.store.attempts(id))
    assert words(await pressed(app, id, person, "go_on")) == GOES_ON
    await eventually(lambda: asked_more(app, id, before))
    await pressed(app, id, person, "stop")
    await app.running.finished(id)


async def spent(app: App, person: str) -> int:
    return await app.store.spent(NOW.date(), person_scope("discord", person))


def seats(provider: FakeProvider) -> list[str]:
    """What was asked, in order: `answer/0`."""
    return ["/".join(request.tag.split("/")[1::2]) for request in provider.requests]


# --- what it does


async def test_a_stopped_run_offers_to_go_on_and_to_be_asked_again() -> None:
    async with running(hanging()) as app:
        id = await stopped(app)

        assert headline(app, id).buttons == (
            Button("go_on", "Go on", primary=True),
            Button("again", "Ask again"),
        )


@pytest.mark.parametrize(
    ("stage", "seat", "calls"), [("answer", 2, 2), ("review", 1, 5), ("verdict", 3, 6)]
)
async def test_what_is_finished_is_not_asked_again(stage: str, seat: int, calls: int) -> None:
    provider = hanging(stage, seat)
    async with running(provider) as app:
        id = await stopped(app, calls)
        finished = {(c.stage, c.seat) for c in await app.store.calls(id)}
        provider.requests.clear()

        case = await went_on(app, id)

        assert case.status == "finished"
        assert finished.isdisjoint(tuple(each.split("/")) for each in seats(provider))
        assert f"{stage}/{seat}" in seats(provider)
        assert len(await app.store.calls(id)) == 7


async def test_it_goes_on_in_the_posts_that_there_are() -> None:
    async with running(hanging()) as app:
        id = await stopped(app)
        before = {post.key: post.post_id for post in await app.store.posts(id)}

        await went_on(app, id)

        after = {post.key: post.post_id for post in await app.store.posts(id)}
        assert after == before | {"ranking": f"{id}/ranking"}
        assert headline(app, id).blocks[0] == Heading("Yes.")
        assert [case.id async for case in app.store.cases()] == [id]


async def test_it_is_the_question_of_whoever_goes_on_from_then_on() -> None:
    async with running(hanging(times=2)) as app:
        id = await stopped(app)
        await pressed(app, id, BOB, "go_on")

        case = await case_of(app, id)
        assert (case.asker, case.writer) == ("bob", "ann")
        refused = words(await pressed(app, id, ANN, "stop"))
        assert refused.startswith("Only the person who asked")
        await pressed(app, id, BOB, "stop")
        await app.running.finished(id)
        assert headline(app, id).blocks[0] == Heading("Stopped by Bob after 2 of 3 answers")


async def test_whoever_stopped_it_may_go_on_themselves() -> None:
    async with running(hanging()) as app:
        id = await stopped(app)

        case = await went_on(app, id, ANN)

        assert (case.asker, case.wrote, case.status) == ("ann", None, "finished")


async def test_it_may_be_stopped_and_gone_on_with_again_and_again() -> None:
    provider = hanging(times=4)
    async with running(provider) as app:
        id = await stopped(app)
        for person in (BOB, CID, ANN):
            await went_on_and_stopped(app, id, person)

        case = await went_on(app, id, BOB)

        assert (case.status, case.asker, case.writer) == ("finished", "bob", "ann")
        assert seats(provider).count("answer/0") == 1


async def test_the_time_that_it_rested_is_not_counted() -> None:
    clock = Clock(datetime(2026, 11, 24, 12, tzinfo=UTC))
    async with running_app(hanging(), time_scale=1, clock=clock) as app:
        app.platforms["discord"] = Room(app)
        id = await accepted(app, mention("Is it right?"))
        await reached(app, id, 2)
        clock.move(5)
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)
        clock.move(86_400)

        case = await went_on(app, id)

        assert case.result
        assert case.result.timings.first_answer == 0
        assert case.result.timings.verdict == 5


# --- money


RULES = Rules(daily_budget_micros=50_000_000, person_budget_micros=40_000_000)


async def test_whoever_goes_on_pays_for_what_is_asked_from_then_on() -> None:
    async with running(hanging(), rules=RULES) as app:
        id = await stopped(app)
        anns = await spent(app, "ann")

        case = await went_on(app, id)

        assert case.result
        assert await spent(app, "ann") == anns
        assert await spent(app, "bob") == 7 * 5  # five calls were left
        scopes = (ALL, channel_scope("discord", "channel"), month_scope("discord", "channel"))
        sums = {await app.store.spent(NOW.date(), scope) for scope in scopes}
        assert sums == {anns + 7 * 5}
        left = await app.store.left(NOW.date(), {ALL: 50_000_000})
        assert left.left_micros == 50_000_000 - anns - 7 * 5


async def test_what_is_set_aside_is_the_rest_of_the_run() -> None:
    async with running(hanging("verdict", 3, times=2), rules=RULES) as app:
        id = await stopped(app, calls=6)
        case = await case_of(app, id)
        rest = await app.budget.rest(case, await app.budget.shares(case))
        before = (await app.store.left(NOW.date(), {ALL: 50_000_000})).left_micros
        asked = len(await app.store.attempts(id))

        await pressed(app, id, BOB, "go_on")
        await eventually(lambda: asked_more(app, id, asked))

        after = (await app.store.left(NOW.date(), {ALL: 50_000_000})).left_micros
        assert before is not None
        assert after == before - sum(rest.values())
        assert set(rest) == {("verdict", 0, 3), SUCCESSOR, MARGIN}
        await pressed(app, id, BOB, "stop")
        await app.running.finished(id)


async def test_a_step_that_had_begun_has_its_money_set_aside_again() -> None:
    async with running(hanging("revision", times=2), rules=RULES) as app:
        id = await stopped(app, calls=5, text="/deep Is it right?")
        case = await case_of(app, id)
        rest = await app.budget.rest(case, await app.budget.shares(case))
        step = await app.caller.priced(case.question, case.council, None, "revision", 1)
        before = (await app.store.left(NOW.date(), {ALL: 50_000_000})).left_micros
        asked = len(await app.store.attempts(id))

        await pressed(app, id, BOB, "go_on")
        await eventually(lambda: asked_more(app, id, asked))

        after = (await app.store.left(NOW.date(), {ALL: 50_000_000})).left_micros
        assert before is not None
        assert after == before - sum(rest.values()) - step["revision", 1, 2]
        await pressed(app, id, BOB, "stop")
        await app.running.finished(id)


async def test_where_there_is_no_room_it_is_refused_with_the_numbers() -> None:
    async with running(hanging()) as app:
        id = await stopped(app)
        await set_here(app, "budget 0.10")

        said = words(await pressed(app, id, BOB, "go_on"))

        assert "is needed" in said
        assert "of this channel's $0.10 a day is left" in said
        case = await case_of(app, id)
        assert (case.status, case.asker) == ("stopped", "ann")
        await set_here(app, "budget 40")
        assert (await went_on(app, id)).status == "finished"


class Unequal(Priced):
    """Whose members differ in their prices, which everybody may know."""

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(id=id, prompt_usd_per_million=n, completion_usd_per_million=5.0 * n)
            for n, id in enumerate((*MEMBERS, CHAIRMAN), 1)
        )


@pytest.mark.parametrize("stage", ["answer", "review"])
async def test_what_is_needed_does_not_say_who_answered(stage: str) -> None:
    """Nor does what is set aside: whoever knows the price of all subtracts."""
    told = set()
    for seat in range(3):
        provider = Unequal({(stage, seat): [asyncio.Event() for _ in range(2)]})
        async with running(provider) as app:
            id = await stopped(app, calls=2 if stage == "answer" else 5)
            await set_here(app, "budget 0.01")
            told.add(words(await pressed(app, id, BOB, "go_on")))
            case = await case_of(app, id)
            rest = await app.budget.rest(case, await app.budget.shares(case))
            told.add(str(sum(rest.values())))
    assert len(told) == 2


async def test_what_is_learnt_later_of_an_earlier_request_is_not_the_next_ones() -> None:
    async with running(hanging(times=2), rules=RULES) as app:
        id = await stopped(app)
        [late] = [each for each in await app.store.attempts(id) if each.seat == 2]
        assert late.counted_micros > 7
        anns = await spent(app, "ann")
        await went_on_and_stopped(app, id, BOB)
        bobs = await spent(app, "bob")

        request = Untold(id, "answer", 0, 2, late.n, late.model, "generation")
        await app.store.book_again(request, Bill(100, 20, 7, 7, 7))

        assert await spent(app, "ann") == anns - late.counted_micros + 7
        assert await spent(app, "bob") == bobs


# --- races and ends


async def test_of_two_who_press_at_once_one_goes_on() -> None:
    provider = hanging()
    async with running(provider, rules=RULES) as app:
        id = await stopped(app)

        said = await asyncio.gather(*(pressed(app, id, each, "go_on") for each in (BOB, CID)))
        await app.running.finished(id)

        assert sorted(map(words, said)) == sorted([GOES_ON, GOES_ON_ALREADY])
        assert sorted(seats(provider)).count("answer/2") == 2  # the one that was stopped, and this
        case = await case_of(app, id)
        other = {"bob": "cid", "cid": "bob"}[str(case.asker)]
        assert await spent(app, other) == 0


async def test_a_stop_whose_posts_are_owed_can_be_gone_on_with() -> None:
    class Away(Room):
        """Takes nothing that is stopped."""

        async def post(self, id: str, key: str, document: Document) -> None:
            if document.state == "stopped":
                raise OSError("unreachable")
            await super().post(id, key, document)

    async with running(hanging()) as app:
        app.platforms["discord"] = room = Away(app)
        id = await stopped(app)
        assert room.documents[id, HEADLINE].live

        case = await went_on(app, id)

        assert case.status == "finished"
        assert headline(app, id).blocks[0] == Heading("Yes.")


async def test_an_end_of_the_process_in_the_middle_is_resumed(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    async with running(hanging(), database=database) as app:
        id = await stopped(app)
    async with running(hanging("review", 1), database=database, rules=RULES) as app:
        assert words(await pressed(app, id, BOB, "go_on")) == GOES_ON
        await reached(app, id, 5)
    provider = FakeProvider()
    async with running(provider, database=database, rules=RULES) as app:
        assert words(await pressed(app, id, CID, "go_on")) == GOES_ON_ALREADY
        await app.running.resume("discord")
        assert words(await pressed(app, id, CID, "go_on")) == GOES_ON_ALREADY
        await app.running.finished(id)

        case = await case_of(app, id)
        assert (case.status, case.asker) == ("finished", "bob")
        assert sorted(seats(provider)) == ["review/1", "verdict/3"]
        assert await app.store.unfinished("discord") == ()
        assert [post.key for post in await app.store.posts(id)].count("ranking") == 1


@pytest.mark.parametrize("status", ["finished", "running"])
async def test_what_is_not_stopped_is_not_gone_on_with(status: str) -> None:
    async with running(hanging() if status == "running" else FakeProvider()) as app:
        id = await accepted(app, mention("Is it right?"))
        await (reached(app, id, 2) if status == "running" else app.running.finished(id))

        said = words(await pressed(app, id, BOB, "go_on"))

        over = "This deliberation is over already."
        assert said == (over if status == "finished" else GOES_ON_ALREADY)
        assert (await case_of(app, id)).asker == "ann"


# --- rights, and what is forgotten


async def test_who_may_not_ask_may_not_go_on() -> None:
    async with running(hanging()) as app:
        id = await stopped(app)

        said = words(await pressed(app, id, GUEST, "go_on"))

        assert said.startswith("The council is not enabled here for guests")
        assert (await case_of(app, id)).status == "stopped"


async def test_where_the_council_is_paused_nothing_goes_on() -> None:
    async with running(hanging()) as app:
        id = await stopped(app)
        await app.command(CHANNEL, ADMIN, "pause")

        said = await app.actions.press(Press(BOB, id, ("go_on",), sees=lambda case: True))

        assert isinstance(said, Told)
        assert "The council is paused in this channel." in repr(said.document)
        assert (await case_of(app, id)).status == "stopped"


async def test_a_run_whose_texts_are_erased_is_over() -> None:
    async with running(hanging()) as app:
        id = await stopped(app)
        await app.store.expire(datetime.now(UTC) + timedelta(days=31), datetime.now(UTC))

        assert words(await pressed(app, id, BOB, "go_on")) == str(EXPIRED)


async def test_a_run_that_was_given_up_is_not_gone_on_with() -> None:
    async with running(hanging()) as app:
        id = await stopped(app)
        given_up = encode(Stop, Stop("given_up", NOW))
        await app.store._change("UPDATE deliberations SET stop = ?", (given_up,))

        assert words(await pressed(app, id, BOB, "go_on")) == str(OUT_OF_DATE)
        assert (await case_of(app, id)).status == "stopped"


@pytest.mark.parametrize("person", [ANN, BOB])
async def test_it_is_forgotten_with_whoever_asked_and_with_whoever_went_on(person: Person) -> None:
    async with running(hanging()) as app:
        id = await stopped(app)
        await went_on(app, id)

        await app.command(CHANNEL, person, "forget me")

        assert await app.store.case(id) is None
        assert words(await pressed(app, id, CID, "go_on")) == str(FORGOTTEN)


async def test_who_went_on_with_it_in_between_leaves_no_trace_of_theirs() -> None:
    async with running(hanging(times=2), rules=RULES) as app:
        id = await stopped(app)
        await went_on_and_stopped(app, id, BOB)
        await went_on(app, id, CID)

        await app.command(CHANNEL, BOB, "forget me")

        rows = await app.store._database.read("SELECT scope FROM accounts WHERE scope LIKE '%bob'")
        assert rows == []
        assert (await case_of(app, id)).asker == "cid"


async def test_what_was_gone_on_with_just_before_is_put_aside_again() -> None:
    async with running(hanging(times=3)) as app:
        id = await stopped(app)
        looked = asyncio.Event()

        async def find() -> tuple[Place, ...]:
            looked.set()
            return await app.store.asked_by("ann")

        async def aside() -> bool:
            async with app.running.aside(find):
                return any(case.id == id for case in app.running.cases)

        async with app.running._lock("resume"):
            forgetting = asyncio.create_task(aside())
            await looked.wait()
            for _ in range(5):  # until it waits for its turn
                await asyncio.sleep(0)
            case = await app.store.go_on(id, "bob", NOW)
            assert case
            app.running.start(case)

        assert not await forgetting


async def test_what_is_gone_on_with_while_it_is_forgotten_is_stopped_for_good() -> None:
    async with running(hanging(times=3)) as app:
        id = await stopped(app)

        async with asyncio.TaskGroup() as group:
            forgetting = group.create_task(app.command(CHANNEL, ANN, "forget me"))
            while not forgetting.done():
                await pressed(app, id, BOB, "go_on")

        assert await app.store.case(id) is None
        assert app.running.cases == []
