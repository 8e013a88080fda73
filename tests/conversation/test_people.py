"""Answers of people to a question: taken in, told of, voted on, paid for, and taken back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.analysis.rows import row_of
from bot.chat import Channel, Person, Refused, channel_of
from bot.conversation.actions import NOTHING_TO_END
from bot.conversation.app import App
from bot.conversation.beside import beside
from bot.conversation.budget import Rules
from bot.conversation.people import IN, LATE, MAY_REPLACE, NONE_OPEN
from bot.conversation.presses import Form, Press, Told
from bot.conversation.voting import OWN_ANSWER
from bot.council import ANSWER_LIMIT_CHARS, PEOPLE_MAX, PERSON, by_models
from bot.document import Document, Note, Text
from bot.llm import ModelInfo
from bot.pages.exports import as_json, export
from bot.protocol.modes import MODES
from bot.records import Reaction
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    ELSEWHERE,
    Clock,
    Held,
    Room,
    accepted,
    case_of,
    mention,
    pressed,
    refusal,
    served,
    set_here,
    words,
)
from tests.conversation.room import (
    running as a_room,
)
from tests.fakes.provider import FakeProvider, Scripted, labels_shown, sensible, stage_and_seat
from tests.fakes.watched import eventually
from tests.pages.telling import words as all_words

CAL = Person("cal")


@asynccontextmanager
async def running(
    provider: FakeProvider | None = None,
    *,
    rules: Rules | None = None,
    database: str = ":memory:",
    time_scale: float = 0.01,
) -> AsyncIterator[App]:
    """With one clock for everything."""
    async with a_room(provider, rules=rules, database=database, time_scale=time_scale) as app:
        app.caller.now = app.clock
        yield app


TEXT = "It is right for as long as there is one team."


def room_of(app: App) -> Room:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return room


def clock_of(app: App) -> Clock:
    assert isinstance(app.clock, Clock)
    return app.clock


async def written(
    app: App, id: str, person: Person = BOB, text: str = TEXT, *, name: str = "answer:1"
) -> str:
    """What somebody is told who sends the form off."""
    press = Press(person, id, tuple(name.split(":")), sees=lambda case: True)
    match await app.actions.submit(press, text, ""):
        case Told(document) | Refused(document):
            return words(document)


async def until_gathering(app: App, id: str) -> Document:
    await room_of(app).until_shown(id, "headline")
    return room_of(app).documents[id, "headline"]


def buttons(document: Document) -> list[str]:
    return [button.name for button in document.buttons]


async def label_of(app: App, id: str, text: str = TEXT) -> str:
    result = (await case_of(app, id)).result
    assert result is not None
    return next(answer.label for answer in result.answers if answer.text == text)


# --- a question that waits for people


async def test_nobody_is_asked_while_a_question_waits_for_people() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        page = await until_gathering(app, id)

        assert all_words(page).startswith("Waiting for your answers")
        assert buttons(page) == ["answer", "begin", "stop"]
        assert provider.requests == []
        assert room_of(app).keys(id) == ["headline"]
        assert (await case_of(app, id)).question.text == "Is it right?"

        clock_of(app).move(6)
        await app.running.finished(id)
        assert provider.requests


async def test_an_answer_that_comes_meanwhile_is_ranked_with_the_others() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)

        assert await written(app, id) == f"{IN} {MAY_REPLACE}"
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)

        case = await case_of(app, id)
        assert case.result is not None
        own = await label_of(app, id)
        assert [m.model for m in case.result.members if m.label == own] == [PERSON]
        assert provider.asked("review")
        assert all(TEXT in r.messages[-1].content for r in provider.asked("review"))
        assert room_of(app).keys(id) == [
            "headline",
            *(f"answer:{label}" for label in sorted(a.label for a in case.result.answers)),
            "ranking",
        ]
        assert case.result.timings.verdict is not None
        assert case.result.timings.verdict < 60


async def test_the_first_post_says_how_many_answered_and_never_who() -> None:
    async with running() as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        await written(app, id)
        await written(app, id, CAL, "No.")

        async def says() -> str:
            return all_words(room_of(app).documents[id, "headline"])

        async def both_are_told() -> bool:
            return "2 answers of people are in." in await says()

        await eventually(both_are_told)
        assert "Until 12:00 UTC" in await says()
        assert not {"bob", "Bob", "cal"} & set((await says()).split())
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)


async def test_a_second_answer_takes_the_place_of_the_first() -> None:
    async with running() as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        await written(app, id, text="The first.")
        await written(app, id, text="The second.")
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)

        result = (await case_of(app, id)).result
        assert result is not None
        assert [a.text for a in result.answers if a.model == PERSON] == ["The second."]


async def test_other_questions_of_the_thread_go_on_meanwhile() -> None:
    async with running() as app:
        waiting = await accepted(app, mention("/wait 10m Is it right?", thread="t"))
        await until_gathering(app, waiting)

        later = await served(app, mention("And that?", thread="t"))

        assert (await case_of(app, later)).status == "finished"
        assert (await case_of(app, waiting)).status == "running"
        await pressed(app, waiting, ANN, "stop")
        await app.running.finished(waiting)


async def test_a_channel_may_want_every_question_to_wait() -> None:
    async with running() as app:
        await set_here(app, "wait 10m")
        waiting = await accepted(app, mention())
        assert buttons(await until_gathering(app, waiting))[0] == "answer"
        assert (await case_of(app, await served(app, mention("/wait off Now?")))).result
        await pressed(app, waiting, ANN, "stop")
        await app.running.finished(waiting)


@pytest.mark.parametrize("asked", ["/wait 10m /quick Right?", "/quick /wait 10m Right?"])
async def test_a_mode_and_a_wait_are_named_in_either_order(asked: str) -> None:
    async with running() as app:
        id = await accepted(app, mention(asked))
        case = await case_of(app, id)
        assert (case.council.mode, case.council.wait, case.question.text) == (
            "quick",
            600,
            "Right?",
        )
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)


@pytest.mark.parametrize("wait", ["soon", "10", "5s", "25h", "-3m", "1e9m"])
async def test_a_time_that_is_none_is_refused(wait: str) -> None:
    async with running() as app:
        said = await refusal(app, mention(f"/wait {wait} Is it right?"))
        assert said.startswith("Write for how long, from `1m` to `24h`")


async def test_a_stop_while_it_waits_costs_nothing() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        await written(app, id)
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)

        assert (await case_of(app, id)).status == "stopped"
        assert provider.requests == []
        assert await written(app, id) == str(LATE)


async def test_stopped_before_a_member_answered_it_shows_no_persons_answer() -> None:
    """Whose letter stood there alone would be known once the members have answered."""
    held: list[Scripted] = [asyncio.Event()]
    provider = FakeProvider({("answer", seat): [*held] for seat in range(3)})
    async with running(provider) as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        await written(app, id)
        await pressed(app, id, ANN, "begin")

        async def all_are_asked() -> bool:
            return len(await app.store.attempts(id)) == 3

        await eventually(all_are_asked)
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)

        documents = {key: all_words(page) for (_, key), page in room_of(app).documents.items()}
        assert "Stopped by Ann\\_ before any answer" in documents["headline"]
        assert not [key for key, text in documents.items() if TEXT in text]
        assert (
            len({text.replace(key[-1], "") for key, text in documents.items() if ":" in key}) == 1
        )

        await pressed(app, id, ANN, "go_on")
        await app.running.finished(id)
        assert TEXT in all_words(room_of(app).documents[id, f"answer:{await label_of(app, id)}"])


async def test_a_restart_keeps_the_end_of_the_wait_and_what_came(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    async with running(database=database) as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        await written(app, id)
    provider = FakeProvider()
    async with running(provider, database=database) as app:
        await app.running.resume("discord")
        page = await until_gathering(app, id)
        assert "1 answer of a person is in." in all_words(page)
        assert provider.requests == []
        clock_of(app).move(6)
        await app.running.finished(id)
        assert await label_of(app, id)
        keys = [key for run, key in room_of(app).shown if key == "ranking"]
        assert keys == ["ranking"]


# --- a question that does not


async def test_an_answer_that_comes_before_the_reviews_joins() -> None:
    provider = Held("right")
    async with running(provider) as app:
        id = await accepted(app, mention())
        await provider.until_asked("right")
        await room_of(app).until_shown(id, "headline")

        assert await written(app, id) == str(IN)
        said = await written(app, id, text="Another.")
        assert said == "An answer of yours is among the others already, and can change no more."
        provider.release()
        await app.running.finished(id)

        assert await label_of(app, id)


async def test_what_comes_too_late_is_told_so_and_kept_nowhere() -> None:
    async with running() as app:
        id = await served(app)

        assert await written(app, id) == str(LATE)
        assert await app.store.people(id) == {}


async def test_no_answer_is_read_before_all_are_in() -> None:
    """Else the one that is there at once would be the person's."""
    held = asyncio.Event()
    provider = FakeProvider({("answer", 0): [held]})
    async with running(provider) as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        await written(app, id)
        await pressed(app, id, ANN, "begin")
        members = len((await case_of(app, id)).council.members)

        async def all_but_one() -> bool:
            return len(await app.store.calls(id)) == members  # the person's among them

        await eventually(all_but_one)
        for label in "ABCDE"[: members + 1]:
            await room_of(app).until_shown(id, f"answer:{label}")

        shown = [room_of(app).documents[id, f"answer:{x}"] for x in "ABCDE"[: members + 1]]
        assert all("is writing" in all_words(document) for document in shown)
        held.set()
        await app.running.finished(id)
        assert TEXT in all_words(room_of(app).documents[id, f"answer:{await label_of(app, id)}"])


@pytest.mark.parametrize("mode", MODES)
async def test_no_public_word_tells_whose_letter_it_is(mode: str) -> None:
    async with running() as app:
        id = await accepted(app, mention(f"/{mode} /wait 10m Is it right?"))
        await until_gathering(app, id)
        await written(app, id)
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)

        own = await label_of(app, id)
        result = (await case_of(app, id)).result
        assert result is not None
        texts = {key: all_words(document) for (_, key), document in room_of(app).documents.items()}
        for answer in result.answers:
            other = texts[f"answer:{answer.label}"].replace(answer.text, "")
            assert other == texts[f"answer:{own}"].replace(TEXT, "").replace(own, answer.label)
        for text in texts.values():
            assert not {"bob", "Bob", "person", "human"} & set(text.split())
        assert f"Author of {own}" not in texts.get("ranking", "")
        assert f"author of {own}" not in texts.get("ranking", "").lower()


async def test_no_offer_tells_whose_letter_it_is() -> None:
    """A person cannot be asked alone: where one answered, nobody can."""
    async with running() as app:
        id, own = await one(app)

        posts = {key: f"{id}/{key}" for key in room_of(app).keys(id) if key.startswith("answer:")}
        assert f"answer:{own}" in posts
        for key, post in posts.items():
            assert await app.actions.answer_at("discord", post) is None
            assert (await beside(app, id, key, ANN)).alone is None
        form = await app.actions.press(Press(ANN, id, ("follow",), sees=lambda case: True))
        assert isinstance(form, Form)
        assert [value for _said, value in form.whom] == ["council"]


async def test_what_was_kept_as_the_process_died_is_seated_by_the_next(tmp_path: Path) -> None:
    """Before it had its letter, while members were asked; its author was told nothing."""
    database = str(tmp_path / "council.db")
    dying = Held("right")
    async with running(dying, database=database) as app:
        id = await accepted(app, mention())
        await dying.until_asked("right")
        assert await app.store.keep_answer(id, BOB.id, TEXT, shares={}, limits={}) is None
    async with running(database=database) as app:
        await app.running.resume("discord")
        await app.running.finished(id)
        own = await label_of(app, id)
        assert list((await app.store.people(id)).values()) != [None]
        assert words(await pressed(app, id, BOB, "vote", "answer", own, "best")) == str(OWN_ANSWER)


async def test_what_comes_while_answers_that_are_all_in_wait_is_told_that_it_is_late(
    tmp_path: Path,
) -> None:
    """After a restart in the middle of the reviews, which wait for their turn again."""
    database = str(tmp_path / "council.db")
    reviews = FakeProvider({("review", seat): [asyncio.Event()] for seat in range(3)})
    async with running(reviews, database=database) as app:
        id = await accepted(app, mention())

        async def are_reviewed() -> bool:
            return len(reviews.asked("review")) == 3

        await eventually(are_reviewed)
    async with running(database=database) as app:
        case = await case_of(app, id)
        async with app.running._turn(case):
            await app.running.resume("discord")
            assert await written(app, id) == str(LATE)
            assert await app.store.people(id) == {}
        await app.running.finished(id)
        assert (await case_of(app, id)).result


# --- who may, and how much


async def test_only_who_may_ask_here_may_answer() -> None:
    async with running(Held("right"), rules=Rules(allowed=frozenset({"ann"}))) as app:
        id = await accepted(app, mention())
        assert (await written(app, id)).startswith("The council is not enabled here.")
        blind = Press(BOB, id, ("answer",), sees=lambda case: False)
        assert words((await app.actions.press(blind)).document).startswith("You cannot see")  # type: ignore[union-attr]  # Told
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)


async def test_the_form_says_what_it_is_for() -> None:
    async with running(Held("right")) as app:
        id = await accepted(app, mention())
        form = await app.actions.press(Press(BOB, id, ("answer",), sees=lambda case: True))
        assert isinstance(form, Form)
        assert (form.title, form.send, form.limit, form.whom) == ("Add my answer", "Add", 3000, ())
        assert len(form.hint) <= 100
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The answer is empty. Write what you would answer."),
        (" \u200b\n", "The answer is empty. Write what you would answer."),
        ("x" * (ANSWER_LIMIT_CHARS + 1), "The answer has 3,001 characters; the limit is 3,000."),
    ],
)
async def test_what_is_no_answer_is_refused(text: str, said: str) -> None:
    async with running(Held("right")) as app:
        id = await accepted(app, mention())
        assert (await written(app, id, text=text)).startswith(said)
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)


async def test_there_is_room_for_so_many_people() -> None:
    async with running() as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        for n in range(PEOPLE_MAX):
            assert (await written(app, id, Person(f"p{n}"))).startswith(str(IN))
        assert await written(app, id) == (
            "5 people have answered already, which is as many as may."
        )
        assert (await written(app, id, Person("p0"), "Another.")).startswith(str(IN))
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)


FULL = "5 people have answered already, which is as many as may."


async def test_who_comes_after_the_last_seat_is_taken_is_told_so(tmp_path: Path) -> None:
    """After a restart, too: it is not too late."""
    database = str(tmp_path / "council.db")
    held = Held("right")
    async with running(held, database=database) as app:
        id = await accepted(app, mention())
        await held.until_asked("right")
        for n in range(PEOPLE_MAX):
            assert await written(app, id, Person(f"p{n}")) == str(IN)
        assert await written(app, id, CAL) == FULL
    held = Held("right")
    async with running(held, database=database) as app:
        await app.running.resume("discord")
        await held.until_asked("right")
        assert await written(app, id, CAL) == FULL


async def test_who_takes_an_answer_back_leaves_no_room_for_more() -> None:
    """Else one person could have letters run out."""
    held = Held("right")
    async with running(held) as app:
        id = await accepted(app, mention())
        await held.until_asked("right")
        for n in range(PEOPLE_MAX):
            assert await written(app, id, Person(f"p{n}")) == str(IN)
        await app.command(CHANNEL, Person("p0"), "forget me")
        assert await written(app, id, CAL) == FULL
        held.release()
        await app.running.finished(id)
        assert (await case_of(app, id)).result


async def test_a_member_that_is_asked_alone_gets_no_company() -> None:
    async with running() as app:
        id = await served(app)
        first = (await case_of(app, id)).result
        assert first is not None
        follow = Press(ANN, id, ("follow", "1"), sees=lambda case: True)
        await app.actions.submit(follow, "Why?", first.answers[0].label)
        [case] = [case for case in app.running.cases if case.question.alone]
        assert (await written(app, case.id)).startswith("Nobody can add an answer")
        await app.running.finished(case.id)


async def test_the_command_adds_to_the_newest_question_of_the_channel() -> None:
    async with running() as app:
        refused = await app.command(CHANNEL, BOB, "answer Yes.\nBecause.")
        assert refused.blocks == (
            Text(str(NONE_OPEN)),
            Note("You wrote:"),
            Text("> Yes.\n> Because."),
        )
        older = await accepted(app, mention("/wait 10m The older?"))
        newer = await accepted(app, mention("/wait 10m The newer?", person=CAL))
        away = await accepted(app, mention("/wait 10m Away?", channel=ELSEWHERE))
        said = words(await app.command(CHANNEL, BOB, f"answer {TEXT}"))
        assert said == f"{IN} {MAY_REPLACE}"
        assert await app.store.people(newer) == {"bob": None}
        assert words(await app.command(CHANNEL, BOB, "answer")).startswith("Write `/council")
        for id, person in ((older, ANN), (newer, CAL), (away, ANN)):
            await pressed(app, id, person, "stop")
            await app.running.finished(id)


# --- votes, statistics, exports


async def one(app: App, mode: str = "council") -> tuple[str, str]:
    """A question that Bob answered, too, and the label of his answer."""
    id = await accepted(app, mention(f"/{mode} /wait 10m Is it right?"))
    await until_gathering(app, id)
    await written(app, id)
    await pressed(app, id, ANN, "begin")
    await app.running.finished(id)
    return id, await label_of(app, id)


async def test_its_author_votes_on_everything_else() -> None:
    async with running() as app:
        id, own = await one(app)
        other = next(label for label in "ABC" if label != own)

        assert words(await pressed(app, id, BOB, "vote", "answer", own, "best")) == str(OWN_ANSWER)
        assert not await app.voting.react("discord", f"{id}/answer:{own}", BOB, "👍")
        await app.voting.reconcile("discord", f"{id}/answer:{own}", {("bob", "🏆"), ("ann", "👎")})
        assert await app.voting.react("discord", f"{id}/answer:{other}", BOB, "👍")

        given = {(r.person, r.target, r.value) for r in await app.store.reactions(id)}
        assert given == {("ann", own, "reject"), ("bob", other, "accept")}


async def test_it_enters_no_statistics() -> None:
    async with running() as app:
        id, own = await one(app)
        case = await case_of(app, id)
        other = next(label for label in "ABC" if label != own)
        votes = [
            Reaction(id, target, "ann", value, case.question.asked_at, True, place=2)  # type: ignore[arg-type]
            for target, value in ((own, "best"), (other, "reject"))
        ]

        row = row_of(case, votes)

        assert row is not None
        assert set(row.models) == set(case.council.members)
        assert (row.best, row.picks, row.verdict_written) == (None, (), False)
        for ballot in row.ballots:
            assert PERSON not in {model for tied in ballot.ranking for model in tied}
            assert PERSON not in ballot.order
        assert row.all_rejected is None


async def test_exports_say_a_person_and_whose_it_is_beside() -> None:
    async with running() as app:
        id, own = await one(app)
        case = await case_of(app, id)
        assert case.result is not None
        dumped = await export(app.store, case)

        assert dumped["people"] == [{"label": own, "person": "bob"}]
        assert "bob" not in json.dumps(as_json(case.result))
        assert [m["model"] for m in dumped["members"] if m["label"] == own] == ["person"]


async def test_after_a_reveal_it_is_a_persons_and_nobodys_name() -> None:
    async with running() as app:
        id, own = await one(app)
        told = all_words(await pressed(app, id, ANN, "names"))
        assert f"{own} a person" in told
        assert "ob" not in told.replace("robo", "")


# --- money


class Priced(FakeProvider):
    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(id=f"lab/{id}", prompt_usd_per_million=1.0, completion_usd_per_million=5.0)
            for id in ("a", "b", "c", "chair")
        )


async def left(app: App, id: str) -> int:
    case = await case_of(app, id)
    limits = await app.budget.limits(channel_of(case), case.asker)
    found = (await app.store.left(app.now().date(), limits)).left_micros
    assert found is not None
    return found


async def test_its_reading_is_set_aside_before_it_is_taken_in() -> None:
    async with running(Priced(), rules=Rules(daily_budget_micros=10**9)) as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        before = await left(app, id)
        await written(app, id)
        with_one = await left(app, id)
        await written(app, id, CAL)
        assert before > with_one > await left(app, id)
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)
        assert (await case_of(app, id)).result
        assert await left(app, id) > before


async def test_without_money_to_have_it_read_it_is_not_taken_in() -> None:
    async with running(Priced(), rules=Rules(daily_budget_micros=10**9)) as app:
        first = await accepted(app, mention("/wait 10m Is it right?"))
        needed = 10**9 - await left(app, first)
        await pressed(app, first, ANN, "stop")
        await app.running.finished(first)
    async with running(Priced(), rules=Rules(daily_budget_micros=needed)) as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        assert (await written(app, id)).startswith("Your answer was not kept: no budget here")
        assert await app.store.people(id) == {}
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)
        assert (await case_of(app, id)).result


# --- taken back


async def test_who_is_forgotten_takes_the_answer_back_and_nothing_runs_again() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id, own = await one(app)
        asked = len(provider.requests)

        await app.command(CHANNEL, BOB, "forget me")

        case = await case_of(app, id)
        assert case.status == "finished"
        assert case.result is not None
        assert [a.text for a in case.result.answers if a.label == own] == [""]
        assert await app.store.people(id) == {}
        assert all(call.text != TEXT for call in await app.store.calls(id))
        assert await app.store.removals("discord", app.now().replace(year=2099), 9) == (
            f"{id}/answer:{own}",
        )
        transcript = await app.archive.transcript(id)
        assert transcript is not None
        assert TEXT not in transcript
        assert "Whoever wrote this answer has taken it back." in transcript
        assert len(provider.requests) == asked
        assert TEXT not in json.dumps(await export(app.store, case))


@pytest.mark.parametrize("second", ["Rome", "Oslo"])
async def test_a_value_that_was_theirs_alone_is_counted_no_more(second: str) -> None:
    cities = {0: "Rome", 1: second, 2: "Oslo", 3: "Oslo"}
    provider = FakeProvider(
        otherwise=lambda request: f"Final answer: {cities[stage_and_seat(request)[1]]}"
    )
    async with running(provider) as app:
        id = await accepted(app, mention("/vote /wait 10m Which city is it?"))
        await until_gathering(app, id)
        await written(app, id, text="Final answer: Quito")
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)
        await app.command(CHANNEL, BOB, "forget me")

        result = (await case_of(app, id)).result
        assert result is not None
        assert result.vote is not None
        assert {side.value for side in result.vote.options} == {"Oslo", "Rome"}
        assert result.vote.winner == second
        for key in ("headline", "ranking"):
            document = await app.archive.document(id, key)
            assert document is not None
            assert "Quito" not in all_words(document)


async def test_what_stands_in_the_thread_says_no_more_what_was_taken_back() -> None:
    async with running(FakeProvider(otherwise=lambda request: "Final answer: Oslo")) as app:
        id = await accepted(app, mention("/vote /wait 10m Which city is it?"))
        await until_gathering(app, id)
        await written(app, id, text="Final answer: Quito")
        await pressed(app, id, ANN, "begin")
        await app.running.finished(id)
        await app.store.delivered(id)
        assert "Quito" in all_words(room_of(app).documents[id, "headline"])

        await app.command(CHANNEL, BOB, "forget me")
        await app.recounts.turn()

        for key in ("headline", "ranking"):
            assert "Quito" not in all_words(room_of(app).documents[id, key])
            assert "Oslo" in all_words(room_of(app).documents[id, key])


async def test_who_is_forgotten_while_it_is_under_way_takes_it_back_and_it_goes_on() -> None:
    held = asyncio.Event()
    provider = FakeProvider({("answer", 0): [held]}, otherwise=sensible)
    async with running(provider) as app:
        id = await accepted(app, mention("/wait 10m Is it right?"))
        await until_gathering(app, id)
        await written(app, id)
        await pressed(app, id, ANN, "begin")

        async def is_asked() -> bool:
            return bool(provider.requests)

        await eventually(is_asked)
        await app.command(CHANNEL, BOB, "forget me")
        held.set()
        await app.running.finished(id)

        case = await case_of(app, id)
        assert case.result is not None
        assert TEXT not in [answer.text for answer in case.result.answers]
        assert provider.asked("review")
        for request in provider.asked("review"):
            assert TEXT not in request.messages[-1].content
            assert len(labels_shown(request)) == len(case.council.members)


async def test_old_texts_of_people_are_erased_with_the_others() -> None:
    async with running() as app:
        id, _own = await one(app)
        later = app.now().replace(year=2027)
        await app.store.expire(later, later)
        case = await case_of(app, id)
        assert case.result is not None
        assert {answer.text for answer in case.result.answers} == {""}
        assert {call.text for call in await app.store.calls(id)} == {""}


async def test_another_channel_is_no_way_in() -> None:
    async with running(Held("right")) as app:
        id = await accepted(app, mention())
        here = Channel("discord", "server", "channel")
        press = Press(BOB, id, ("answer", "1"), sees=lambda case: channel_of(case) != here)
        told = await app.actions.submit(press, TEXT, "")
        assert isinstance(told, Refused)
        assert await app.store.people(id) == {}
        await pressed(app, id, ADMIN, "stop")
        await app.running.finished(id)


# --- enough of it


async def deep_with(app: App, *people: Person) -> str:
    """A deep question whose members are asked, with answers of these people."""
    id = await accepted(app, mention("/deep /wait 10m Is it right?"))
    await until_gathering(app, id)
    for person in people:
        await written(app, id, person)
    await pressed(app, id, ANN, "begin")
    return id


async def test_answers_of_people_alone_are_nothing_to_rule_on() -> None:
    provider = Held("right")
    async with running(provider) as app:
        id = await deep_with(app, BOB, CAL)
        await provider.until_asked("right")

        await room_of(app).until_shown(id, "answer:C")
        assert "enough" not in buttons(room_of(app).documents[id, "headline"])
        assert words(await pressed(app, id, ANN, "enough")) == str(NOTHING_TO_END)
        provider.release()
        await app.running.finished(id)

        result = (await case_of(app, id)).result
        assert result is not None
        assert len(by_models(result.answers)) == 3
        assert result.ended_early is None


async def test_a_second_press_on_start_now_ends_nothing_else() -> None:
    """The button may stand a while longer where the platform is slow."""
    held = asyncio.Event()
    provider = FakeProvider({("answer", 0): [held]}, otherwise=sensible)
    async with running(provider) as app:
        id = await deep_with(app, BOB)

        async def all_but_one() -> bool:
            return len(await app.store.calls(id)) == 3  # two members' and the person's

        await eventually(all_but_one)
        assert words(await pressed(app, id, ANN, "begin")) == "The models are asked now."
        held.set()
        await app.running.finished(id)

        result = (await case_of(app, id)).result
        assert result is not None
        assert len(by_models(result.answers)) == 3
        assert result.ended_early is None
