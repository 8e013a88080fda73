"""A verdict written anew, and the whole council on a question that it had: in the run's thread, at the
price of whoever says so, nothing paid twice."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.analysis.rows import row_of
from bot.chat import Accepted, Mention, Person, Refused, Repeated
from bot.chat import Held as HeldBack
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.followups import NOT_YET
from bot.council import Attached, Redo
from bot.document import Document, Heading, Note, Text
from bot.errors import ModelFailed
from bot.llm import Request
from bot.pages.transcript import transcript
from bot.records import Case
from bot.store.spending import person_scope
from bot.texts import EXPIRED
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    NOW,
    Clock,
    Held,
    Room,
    accepted,
    case_of,
    mention,
    pressed,
    running,
    served,
    set_here,
    words,
)
from tests.conversation.test_going_on import Priced, Unequal
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat

GUEST = Person("gus", guest=True)
FULL = "All of them are fine."
RULES = Rules(daily_budget_micros=50_000_000, person_budget_micros=40_000_000)


def room_of(app: App) -> Room:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return room


def shown(app: App, id: str, key: str) -> Document:
    return room_of(app).documents[id, key]


def said(text: str, person: Person = BOB, thread: str = "thread", about: str = "") -> Mention:
    made = mention(text, person=person, thread=thread)
    return Mention(**{**{f: getattr(made, f) for f in made.__slots__}, "about": about})


async def taken(app: App, heard: Mention) -> Case:
    """What came of it, once it is over."""
    outcome = await app.sequels.heard(heard)
    assert isinstance(outcome, Accepted), outcome
    await app.running.finished(outcome.id)
    return await case_of(app, outcome.id)


async def refused(app: App, heard: Mention) -> str:
    outcome = await app.sequels.heard(heard)
    assert isinstance(outcome, Refused), outcome
    return words(outcome.document)


async def asked(app: App, text: str = "Is it right?", mode: str = "") -> str:
    """Ann's question, once it is over."""
    app.defaults = replace(app.defaults, audit="off")
    return await served(app, mention(f"/{mode} {text}" if mode else text, thread="thread"))


def stages(provider: FakeProvider) -> list[str]:
    return sorted("/".join(request.tag.split("/")[1::2]) for request in provider.requests)


async def spent(app: App, person: str) -> int:
    return await app.store.spent(NOW.date(), person_scope("discord", person))


# --- redo


async def test_only_a_verdict_is_asked_for_with_all_that_is_paid() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await asked(app)
        provider.requests.clear()

        case = await taken(app, said("redo: shorter, with costs"))

        assert stages(provider) == ["verdict/3"]
        prompt = provider.requests[0].messages[-1].content
        assert prompt.count("The answer from seat") == 3
        assert prompt.count(FULL) >= 1
        assert "The verdict so far:" in prompt
        assert "**Yes.** Because the answers say so." in prompt
        assert "Guidance:\nshorter, with costs\n\nWrite the verdict now." in prompt
        before, result = (await case_of(app, id)).result, case.result
        assert before
        assert result
        assert result.redo == Redo(id, id, "shorter, with costs")
        assert (result.answers, result.reviews) == (before.answers, before.reviews)
        assert (result.standings, result.members) == (before.standings, before.members)
        assert result.agreement == before.agreement
        assert result.calls == 1


async def test_a_verdict_that_is_written_anew_is_not_checked_again() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        await asked(app)
        app.defaults = replace(app.defaults, audit="on", verify=True)
        provider.requests.clear()

        await taken(app, said("redo: shorter"))

        assert stages(provider) == ["verdict/3"]


async def test_it_is_a_run_of_its_own_below_the_verdict_before() -> None:
    async with running() as app:
        id = await asked(app)
        before = shown(app, id, "headline")

        case = await taken(app, said("redo: shorter"))

        assert room_of(app).keys(case.id) == ["question", "headline", "ranking"]
        assert shown(app, case.id, "question") == Document(
            (Text("**Bob wants the verdict written anew:** shorter"),)
        )
        assert shown(app, case.id, "headline").blocks[0] == Heading("Yes.")
        assert shown(app, case.id, "ranking").blocks == (
            Text("**Yes.**"),
            Note("The answers and their ranking stand further up; nobody was asked again."),
        )
        assert shown(app, id, "headline") == before
        assert (case.thread, case.asker) == ("thread", "bob")


async def test_votes_stay_with_the_verdict_that_they_were_given_to() -> None:
    async with running() as app:
        id = await asked(app)
        assert await app.voting.react("discord", f"{id}/headline", ANN, "👎")

        case = await taken(app, said("redo: shorter"))
        assert await app.voting.react("discord", f"{case.id}/headline", ANN, "👍")

        assert [r.value for r in await app.store.reactions(id)] == ["reject"]
        assert [(r.target, r.value) for r in await app.store.reactions(case.id)] == [
            ("verdict", "accept")
        ]


async def test_letters_are_those_of_the_answers_that_it_rests_on() -> None:
    async with running() as app:
        await asked(app, "The first?")
        second = await asked(app, "The second?")

        case = await taken(app, said("redo: shorter"))

        assert (await app.store.numbered(await case_of(app, second))).number == 2
        assert (await app.store.numbered(case)).number == 2
        assert [letter.shown for letter in shown(app, case.id, "headline").letters] == [
            "2A",
            "2B",
            "2C",
        ]
        follow = await taken(app, said("And the third?"))
        assert (await app.store.numbered(follow)).number == 4


async def test_another_redo_goes_on_from_the_newest_verdict() -> None:
    provider = FakeProvider({("verdict", 3): ["**One.** First.", "**Two.** Second."]})
    async with running(provider) as app:
        id = await asked(app)
        first = await taken(app, said("redo: shorter"))
        provider.requests.clear()

        second = await taken(app, said("redo: longer"))

        assert second.question.redo == Redo(id, first.id, "longer")
        assert "**Two.** Second." in provider.requests[0].messages[-1].content


async def test_a_reply_means_the_run_of_the_post_replied_to() -> None:
    async with running() as app:
        id = await asked(app, "The first?")
        await asked(app, "The second?")

        case = await taken(app, said("redo: shorter", about=f"{id}/answer:A"))

        assert case.question.redo == Redo(id, id, "shorter")


async def test_a_comparison_gets_its_first_verdict() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        await asked(app, mode="compare")
        provider.requests.clear()

        case = await taken(app, said("redo: be brief"))

        assert stages(provider) == ["verdict/3"]
        assert "The verdict so far" not in provider.requests[0].messages[-1].content
        assert shown(app, case.id, "ranking").blocks[1] == Note(
            "The answers stand further up; nobody was asked again."
        )
        assert case.result
        assert case.result.verdict.text == "**Yes.** Because the answers say so."


async def test_what_was_stopped_after_answers_gets_a_verdict_of_them() -> None:
    provider = FakeProvider({("answer", 2): [asyncio.Event()]})
    async with running(provider) as app:
        id = await accepted(app, mention("Is it right?", thread="thread"))
        await room_of(app).until_shown(id, "answer:A")
        while len(await app.store.calls(id)) < 2:  # noqa: ASYNC110 - a row sets no event
            await asyncio.sleep(0)
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)
        provider.requests.clear()

        case = await taken(app, said("redo: anything"))

        assert stages(provider) == ["verdict/3"]
        assert case.result
        assert len(case.result.answers) == 2
        assert case.result.degraded
        assert (await case_of(app, id)).status == "stopped"


async def test_where_nobody_answered_there_is_nothing_to_write_from() -> None:
    failed = ModelFailed("refused", "No.")
    provider = FakeProvider({("answer", seat): [failed] for seat in range(3)})
    async with running(provider) as app:
        await asked(app)

        assert (await refused(app, said("redo: anything"))).startswith("There is no answer")


@pytest.mark.parametrize("text", ["redo: anything", "again, all of you"])
async def test_what_is_erased_or_under_way_is_not_taken_up(text: str) -> None:
    provider = Held("pineapple")
    async with running(provider) as app:
        await asked(app)
        now = datetime.now(UTC)
        await app.store.expire(now + timedelta(days=31), now)
        assert await refused(app, said(text)) == str(EXPIRED)

        running_one = await accepted(app, mention("pineapple?", thread="thread"))
        assert await refused(app, said(text)) == str(NOT_YET)
        provider.release()
        await app.running.finished(running_one)


@pytest.mark.parametrize("nothing", ["redo:", "redo: \u200b"])
async def test_without_guidance_nothing_is_written(nothing: str) -> None:
    async with running() as app:
        await asked(app)

        assert (await refused(app, said(nothing))).startswith("Say what is to be otherwise")


async def test_guidance_is_no_longer_than_a_question_may_be() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        await asked(app)
        provider.requests.clear()

        told = await refused(app, said("redo: " + "x" * 32_001))

        assert "32,001 characters; the limit is 32,000" in told
        assert provider.requests == []


@pytest.mark.parametrize("text", ["redo: shorter", "again, all of you"])
async def test_where_there_was_no_question_nothing_is_paid(text: str) -> None:
    async with running() as app:
        outcome = await refused(app, said(text, thread="another"))

        assert outcome.startswith("There is no question here that this could be about")


async def test_about_a_message_that_somebody_wrote_it_is_a_question() -> None:
    async with running() as app:
        heard = replace(said("again", thread="another"), quoted="Shall we paint the kitchen?")

        assert (await taken(app, heard)).question.redo is None


@pytest.mark.parametrize(
    ("script", "fallback"),
    [({3: 1}, "next_member"), ({0: 1, 1: 1, 2: 1, 3: 1}, "top_answer")],
)
async def test_who_cannot_write_it_is_stood_in_for(script: dict[int, int], fallback: str) -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        await asked(app)
        failed: dict[tuple[str, int], list[Scripted]] = {
            ("verdict", seat): [ModelFailed("refused", "No.")] for seat in script
        }
        provider._script |= failed

        case = await taken(app, said("redo: shorter"))

        assert case.result
        assert case.result.verdict.fallback == fallback


async def test_an_end_of_the_process_in_the_middle_is_resumed(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    hanging = FakeProvider({("verdict", 3): ["**Yes.** So.", asyncio.Event()]})
    async with running(hanging, database=database) as app:
        await asked(app)
        outcome = await app.sequels.heard(said("redo: shorter"))
        assert isinstance(outcome, Accepted)
        while len(await app.store.attempts(outcome.id)) < 1:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)
    provider = FakeProvider()
    async with running(provider, database=database) as app:
        await app.running.resume("discord")
        await app.running.finished(outcome.id)

        assert stages(provider) == ["verdict/3"]
        assert (await case_of(app, outcome.id)).status == "finished"
        keys = [post.key for post in await app.store.posts(outcome.id)]
        assert sorted(keys) == ["headline", "question", "ranking"]


async def test_whoever_says_so_pays_for_one_verdict() -> None:
    async with running(Priced(), rules=RULES) as app:
        await asked(app)
        anns = await spent(app, "ann")

        await taken(app, said("redo: shorter"))

        assert (await spent(app, "ann"), await spent(app, "bob")) == (anns, 7)


async def test_where_there_is_no_room_it_is_refused_with_the_numbers() -> None:
    provider = Priced()
    async with running(provider) as app:
        await asked(app)
        await set_here(app, "budget 0.01")
        provider.requests.clear()

        numbers = await refused(app, said("redo: shorter"))
        assert numbers.startswith("About $0.07 is needed; $0.009 of this channel's $0.010 a day")
        assert provider.requests == []


@pytest.mark.parametrize("text", ["redo: anything", "again"])
async def test_who_may_not_ask_may_not_say_so(text: str) -> None:
    async with running() as app:
        await asked(app)

        assert "not enabled here for guests" in await refused(app, said(text, GUEST))


async def test_the_same_event_is_heard_once() -> None:
    async with running() as app:
        await asked(app)
        heard = said("redo: shorter")
        await taken(app, heard)

        assert not isinstance(await app.sequels.heard(heard), Accepted | Refused)


async def test_nothing_public_tells_what_the_one_who_wrote_it_cost() -> None:
    async with running(Priced()) as app:
        await asked(app)
        case = await taken(app, said("redo: shorter"))

        assert case.result
        public = repr([shown(app, case.id, key) for key in room_of(app).keys(case.id)])
        public += transcript(case.result, await app.store.numbered(case), case.council)
        assert "$" not in public
        assert "lab/a" not in public


async def test_it_is_forgotten_with_the_question_and_with_whoever_wanted_it() -> None:
    async with running() as app:
        await asked(app)
        first = await taken(app, said("redo: shorter"))
        await app.command(CHANNEL, BOB, "forget me")
        assert await app.store.case(first.id) is None
        second = await taken(app, said("redo: shorter", ADMIN))

        await app.command(CHANNEL, ANN, "forget me")

        assert await app.store.case(second.id) is None


async def test_its_texts_are_erased_with_those_it_repeats() -> None:
    async with running() as app:
        id = await asked(app)
        case = await taken(app, said("redo: shorter"))
        asked_at = (await case_of(app, id)).question.asked_at
        later = f"UPDATE deliberations SET asked_at = '2030-01-01' WHERE id = '{case.id}'"
        await app.store._change(later, ())

        assert await app.store.expire(asked_at + timedelta(seconds=1), datetime.now(UTC)) == 2

        erased = await case_of(app, case.id)
        assert erased.expired_at
        assert erased.question.redo == Redo(id, id, "")
        assert erased.result
        assert erased.result.redo == Redo(id, id, "")
        assert {answer.text for answer in erased.result.answers} == {""}


async def test_personal_data_in_guidance_is_hidden_from_models() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        await set_here(app, "redact on")
        await asked(app)
        provider.requests.clear()

        case = await taken(app, said("redo: address it to ann@example.org"))

        assert "ann@example.org" not in provider.requests[0].messages[-1].content
        assert "ann@example.org" in repr(shown(app, case.id, "question"))


async def test_statistics_count_nothing_twice() -> None:
    async with running() as app:
        await asked(app)
        case = await taken(app, said("redo: shorter"))

        assert row_of(case, await app.store.reactions(case.id)) is None


@pytest.mark.parametrize("text", ["redo: shorter", "again, all of you"])
async def test_what_came_along_with_the_question_comes_along_again(text: str) -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        files = (Attached("plan.txt", "", why="Nobody may read it."),)
        await served(app, replace(mention(thread="thread"), quoted="This plan.", files=files))

        case = await taken(app, said(text))

        assert (case.question.quoted, case.question.files) == ("This plan.", files)


# --- names


@pytest.mark.parametrize("text", ["redo: shorter", "again"])
async def test_names_wait_for_a_vote_on_the_answers_that_were_there(text: str) -> None:
    async with running() as app:
        id = await asked(app, mode="compare")
        case = await taken(app, said(text))
        assert await app.voting.react("discord", f"{case.id}/headline", ANN, "👍")
        assert words(await pressed(app, case.id, ANN, "reveal")).startswith("You have not voted")
        assert await app.voting.react("discord", f"{id}/answer:A", ANN, "👍")

        await pressed(app, case.id, ANN, "reveal")

        assert await app.store.revealed(id, "ann")


async def test_whoever_saw_the_names_votes_on_nothing_written_anew_blind() -> None:
    async with running() as app:
        id = await asked(app)
        case = await taken(app, said("redo: shorter"))
        await pressed(app, id, ANN, "names")

        assert await app.voting.react("discord", f"{case.id}/headline", ANN, "👍")

        assert [each.blind for each in await app.store.reactions(case.id)] == [False]


# --- again, all of you


async def test_a_comparison_grows_into_the_whole_council_from_its_answers() -> None:
    provider = Priced()
    async with running(provider, rules=RULES) as app:
        id = await asked(app, mode="compare")
        anns = await spent(app, "ann")
        before = (await case_of(app, id)).result
        provider.requests.clear()

        case = await taken(app, said("again, all of you"))

        assert stages(provider) == ["review/0", "review/1", "review/2", "verdict/3"]
        assert case.result
        assert before
        texts = [answer.text for answer in before.answers]
        assert [answer.text for answer in case.result.answers] == texts
        assert (case.result.mode, case.result.escalated) == ("council", True)
        assert not before.escalated
        assert (await spent(app, "ann"), await spent(app, "bob")) == (anns, 4 * 7)
        assert case.result.cost_usd == 4 * 7 / 1e6
        times = case.result.timings
        assert None not in (times.first_answer, times.verdict)
        assert min(times.first_answer or 0, times.verdict or 0) >= 0
        assert shown(app, case.id, "question") == Document(
            (Text("**Bob asks all of the council:** Is it right?"),)
        )
        assert Note("Answers that there were already were not asked for again.") in (
            shown(app, case.id, "headline").blocks
        )
        assert "ranking" in room_of(app).keys(case.id)


async def test_who_had_failed_is_asked_once_more() -> None:
    provider = FakeProvider({("answer", 1): [ModelFailed("refused", "No.")]})
    async with running(provider) as app:
        await asked(app, mode="compare")
        provider.requests.clear()

        case = await taken(app, said("again"))

        assert stages(provider)[0] == "answer/1"
        assert case.result
        assert len(case.result.answers) == 3


async def test_the_whole_council_answers_afresh() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        id = await asked(app)
        provider.requests.clear()

        first = await taken(app, said("again, all of you"))
        second = await taken(app, said("all of you"))

        assert len(provider.asked("answer")) == 6
        for case in (first, second):
            assert case.result
            assert not case.result.escalated
            assert case.question.text == "Is it right?"
            assert case.question.origin
            assert case.question.origin.repeats == id
            assert "Earlier in this thread" not in provider.requests[0].messages[-1].content


async def test_what_grew_is_forgotten_and_erased_with_what_it_grew_from() -> None:
    async with running() as app:
        await asked(app, mode="compare")
        case = await taken(app, said("again"))

        await app.command(CHANNEL, ANN, "forget me")

        assert await app.store.case(case.id) is None


# --- a sign under a quick verdict


def alike(request: Request) -> Scripted:
    """Everybody answers the same."""
    stage, _ = stage_and_seat(request)
    return "The answer is 18." if stage == "answer" else sensible(request)


async def quickly(app: App, provider: FakeProvider) -> str:
    """A quick verdict, for which two were asked."""
    id = await asked(app, "What is 6 + 12?", mode="quick")
    result = (await case_of(app, id)).result
    assert result
    assert (len(result.answers), result.escalated) == (2, False)
    provider.requests.clear()
    return id


async def looked(app: App, id: str, person: Person = BOB, key: str = "headline") -> object:
    taken = await app.sequels.look_closer("discord", f"{id}/{key}", person)
    if isinstance(taken, Accepted):
        await app.running.finished(taken.id)
    return taken


HINT = Note("React 🔍 to have the whole council asked, at the price of whoever does.")


async def test_a_quick_verdict_grows_from_both_its_answers_as_whose_sign_it_was() -> None:
    provider = Priced(otherwise=alike)
    async with running(provider, rules=RULES) as app:
        id = await quickly(app, provider)
        assert HINT in shown(app, id, "headline").blocks
        anns = await spent(app, "ann")

        taken = await looked(app, id)

        assert isinstance(taken, Accepted)
        assert len(provider.asked("answer")) == 1
        assert stages(provider)[1:] == ["review/0", "review/1", "review/2", "verdict/3"]
        case = await case_of(app, taken.id)
        assert case.result
        assert (case.asker, case.result.mode, case.result.escalated) == ("bob", "council", True)
        assert case.result.not_asked == ()
        assert HINT not in shown(app, case.id, "headline").blocks
        assert (await spent(app, "ann"), await spent(app, "bob")) == (anns, 5 * 7)


async def test_it_grows_once_whoever_gives_the_sign() -> None:
    provider = FakeProvider(otherwise=alike)
    async with running(provider) as app:
        id = await quickly(app, provider)

        taken = await asyncio.gather(looked(app, id, BOB), looked(app, id, ADMIN))

        assert sorted(type(each).__name__ for each in taken) == ["Accepted", "Repeated"]
        assert await looked(app, id, ANN) == Repeated()
        assert len(provider.asked("verdict")) == 1


async def test_who_was_refused_keeps_nobody_from_it() -> None:
    provider = FakeProvider(otherwise=alike)
    async with running(provider) as app:
        id = await quickly(app, provider)
        assert isinstance(await looked(app, id, GUEST), Refused)
        await app.command(CHANNEL, ADMIN, "pause")
        assert isinstance(await looked(app, id, BOB), Refused)
        await app.command(CHANNEL, ADMIN, "resume")

        assert isinstance(await looked(app, id, BOB), Accepted)


@pytest.mark.parametrize("key", ["answer:A", "answer:B", "ranking", "nothing"])
async def test_elsewhere_it_is_no_sign(key: str) -> None:
    provider = FakeProvider(otherwise=alike)
    async with running(provider) as app:
        id = await quickly(app, provider)

        assert await looked(app, id, key=key) is None


async def test_what_grew_by_itself_or_was_whole_is_not_looked_at_closer() -> None:
    provider = FakeProvider()
    async with running(provider) as app:
        for mode in ("quick", "council", "compare"):
            id = await asked(app, mode=mode)
            assert await looked(app, id) is None
            assert HINT not in shown(app, id, "headline").blocks


@pytest.mark.parametrize(("minutes", "grows"), [(14, True), (16, False)])
async def test_a_sign_that_went_by_unheard_counts_for_a_quarter_of_an_hour(
    minutes: int, grows: bool
) -> None:
    provider = FakeProvider(otherwise=alike)
    async with running(provider) as app:
        clock = Clock()
        app.clock = app.caller.now = clock
        id = await quickly(app, provider)
        clock.move(minutes * 60)

        await app.sequels.missed("discord", f"{id}/headline", BOB)

        grown = await app.store.grown_from(id)
        assert (grown is not None) == grows
        if grown:
            await app.running.finished(grown.id)


async def test_said_of_a_quick_verdict_it_takes_both_answers_over_too() -> None:
    provider = FakeProvider(otherwise=alike)
    async with running(provider) as app:
        await quickly(app, provider)

        case = await taken(app, said("again, all of you"))
        assert len(provider.asked("answer")) == 1
        assert case.result
        assert case.result.escalated
        afresh = await taken(app, said("again, all of you"))

        assert len(provider.asked("answer")) == 4
        assert afresh.council.mode == "council"


async def test_where_it_is_far_dearer_than_usual_whoever_gave_the_sign_agrees_first() -> None:
    provider = Priced(otherwise=alike)
    async with running(provider) as app:
        id = [await quickly(app, provider) for _ in range(5)][-1]

        held = await looked(app, id)

        assert isinstance(held, HeldBack)
        assert provider.requests == []
        assert await app.store.grown_from(id) is None
        outcome = await app.questions.go(held.id, "discord", BOB)
        assert isinstance(outcome, Accepted)
        await app.running.finished(outcome.id)
        assert len(provider.asked("answer")) == 1
        assert (await case_of(app, outcome.id)).question.grows == id


async def test_a_price_that_only_the_whole_question_had_keeps_nobody_from_the_rest() -> None:
    provider = Priced(otherwise=alike)
    async with running(provider) as app:
        id = [await quickly(app, provider) for _ in range(5)][-1]
        held = await looked(app, id)
        assert isinstance(held, HeldBack)
        # $0.23 for what is left of it, and $0.29 where nothing was asked.
        await set_here(app, "budget 0.25")

        assert isinstance(await looked(app, id), HeldBack)
        outcome = await app.questions.go(held.id, "discord", BOB)

        assert isinstance(outcome, Accepted)
        await app.running.finished(outcome.id)


async def test_the_price_of_the_rest_does_not_say_who_answered() -> None:
    prices = set()
    for seed in range(12):
        provider = Unequal(otherwise=alike)
        async with running(provider) as app:
            app.questions.seed = 0
            for _ in range(5):
                await quickly(app, provider)
            app.questions.seed = seed
            id = await quickly(app, provider)
            held = await looked(app, id)
            assert isinstance(held, HeldBack)
            prices.add(held.price.partition(" Here ")[0])
    assert len(prices) == 1


async def test_it_grows_once_however_many_agree_to_the_price() -> None:
    provider = Priced(otherwise=alike)
    async with running(provider) as app:
        id = [await quickly(app, provider) for _ in range(5)][-1]
        held = [await looked(app, id, person) for person in (BOB, ADMIN, BOB)]

        for each, person in zip(held, (BOB, ADMIN, BOB), strict=True):
            assert isinstance(each, HeldBack)
            outcome = await app.questions.go(each.id, "discord", person)
            assert isinstance(outcome, Accepted if each is held[0] else Repeated)
            if isinstance(outcome, Accepted):
                await app.running.finished(outcome.id)
        assert len(provider.asked("verdict")) == 1


async def test_what_grew_is_asked_afresh_whichever_of_its_posts_is_replied_to() -> None:
    provider = FakeProvider(otherwise=alike)
    async with running(provider) as app:
        id = await quickly(app, provider)
        await taken(app, said("again"))
        assert len(provider.asked("answer")) == 1

        afresh = await taken(app, said("again", about=f"{id}/headline"))

        assert len(provider.asked("answer")) == 1 + 3
        assert (afresh.question.grows, afresh.council.mode) == ("", "council")
