"""A blind trial in a channel: who may choose between which texts, and that it ends by itself, once."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from bot.chat import RANKING, TRIAL, Person
from bot.conversation.app import App
from bot.conversation.presses import Press, Told
from bot.document import Document
from bot.llm import Request
from bot.pages import presenter
from bot.pages.comparison import first_text
from bot.pages.exports import export
from bot.pages.transcript import transcript
from bot.records import Case, Reaction
from tests.conversation.room import (
    ADMIN,
    ANN,
    BOB,
    CHANNEL,
    Clock,
    case_of,
    mention,
    pressed,
    running,
    served,
    set_here,
)
from tests.fakes.channel import WORDS
from tests.fakes.council import MEMBERS
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.pages.telling import words

BEST = MEMBERS[1]
RANKED = 20
GUEST = Person("gus", guest=True)
VERDICT = "**Yes.** It was right all along."


def plain(request: Request) -> Scripted:
    """A chairman that speaks of nobody."""
    return VERDICT if stage_and_seat(request)[0] == "verdict" else sensible(request)


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running(FakeProvider(otherwise=plain)) as app:
        yield app


async def ask(app: App, number: int, text: str = "") -> Case:
    """A question like no other; each a minute later."""
    assert isinstance(app.clock, Clock)
    app.clock.move(60)
    written = text or " ".join(WORDS[8 * number : 8 * number + 8])
    return await case_of(app, await served(app, mention(written)))


async def vote(app: App, case: Case, person: Person) -> None:
    """For the answer of the best model."""
    assert case.result is not None
    [label] = [each.label for each in case.result.answers if each.model == BEST]
    await app.store.react(Reaction(case.id, label, person.id, "best", app.now(), blind=True))


async def ranked(app: App) -> None:
    """A channel whose people prefer one model, and a trial in it."""
    for number in range(RANKED):
        await vote(app, await ask(app, number), ANN)
    await app.command(CHANNEL, ADMIN, "trial on")


async def chooses(app: App, case: Case, person: Person, place: str = "") -> Document:
    """Votes, compares, and chooses this, or else the verdict."""
    await vote(app, case, person)
    await pressed(app, case.id, person, "compare")
    verdict = "first" if first_text(case.question, person.id) == "verdict" else "second"
    return await pressed(app, case.id, person, "compare", place or verdict)


def buttons(document: Document) -> list[str]:
    return [button.name for button in document.buttons]


def ranking(app: App, case: Case) -> Document:
    room = app.platforms["discord"]
    return room.documents[case.id, RANKING]  # type: ignore[attr-defined,no-any-return]  # a Room


async def test_without_a_trial_or_a_best_model_nothing_is_compared(app: App) -> None:
    await set_here(app, "trial on")
    case = await ask(app, 0)
    assert buttons(ranking(app, case)) == []
    assert "Nothing can be compared here" in words(await pressed(app, case.id, BOB, "compare"))
    await set_here(app, "trial off")
    for number in range(1, RANKED):
        await vote(app, await ask(app, number), ANN)
    assert buttons(ranking(app, await ask(app, RANKED))) == []


async def test_a_trial_adds_a_button_and_no_word(app: App) -> None:
    await ranked(app)
    before = ranking(app, await ask(app, RANKED))
    assert buttons(before) == ["compare"]
    await set_here(app, "trial off")
    after = ranking(app, await ask(app, RANKED + 1))
    assert buttons(after) == []
    assert [type(block) for block in before.blocks] == [type(block) for block in after.blocks]


async def test_somebody_who_has_voted_chooses_once_and_learns_which_was_which(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    assert case.result is not None
    assert "Vote here first" in words(await pressed(app, case.id, BOB, "compare"))
    await vote(app, case, BOB)
    shown = await pressed(app, case.id, BOB, "compare")
    assert buttons(shown) == ["compare:first", "compare:second", "compare:same"]
    answer = next(each.text for each in case.result.answers if each.model == BEST)
    text = words(shown)
    verdict_first = text.index("right all along") < text.index(answer)
    assert verdict_first == (first_text(case.question, "bob") == "verdict")
    assert not any(model in text for model in MEMBERS)
    told = words(await pressed(app, case.id, BOB, "compare", "first"))
    first = "the verdict" if verdict_first else "Answer"
    assert f"The first was {first}" in told
    again = words(await pressed(app, case.id, BOB, "compare", "second"))
    assert "the first choice stands" in again
    [said] = await app.store.comparisons(case.id)
    assert (said.person, said.chose, said.blind, said.trial) == ("bob", "first", True, 1)


async def test_names_seen_before_the_choice_leave_nothing_to_choose(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    await vote(app, case, BOB)
    await pressed(app, case.id, BOB, "compare")
    await pressed(app, case.id, BOB, "reveal")
    assert "seen the names" in words(await pressed(app, case.id, BOB, "compare", "first"))
    assert await app.store.choices("discord", CHANNEL.id, 1) == ()
    assert "for guests" in words(await pressed(app, case.id, GUEST, "compare"))


async def test_a_choice_without_having_read_is_none(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    await vote(app, case, BOB)
    told = words(await pressed(app, case.id, BOB, "compare", "first"))
    assert told == "Read both texts first: *Compare* shows them."
    assert await app.store.comparisons(case.id) == ()


async def test_another_word_is_answered_with_those_there_are(app: App) -> None:
    told = words(await app.command(CHANNEL, ADMIN, "trial maybe"))
    assert told == "Write `/council trial`, `/council trial on` or `/council trial off`."


@pytest.mark.parametrize(
    "what",
    [
        ("compare", ""),
        ("compare", "verdict"),
        ("compare", "FIRST"),
        ("compare", "first "),
        ("compare", "first", "second"),
        ("compare", "'; DROP TABLE comparisons; --"),
        ("compare", "<@everyone>"),
        ("compare", "first" * 10_000),
    ],
)
async def test_what_no_button_says_chooses_nothing(app: App, what: tuple[str, ...]) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    await vote(app, case, BOB)
    await pressed(app, case.id, BOB, "compare")
    told = words(await pressed(app, case.id, BOB, *what))
    assert "another version" in told
    assert await app.store.comparisons(case.id) == ()


async def test_nobody_chooses_about_what_they_do_not_see(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    await vote(app, case, BOB)
    for what in (("compare",), ("compare", "first")):
        told = await app.actions.press(Press(BOB, case.id, what, sees=lambda case: False))
        assert isinstance(told, Told)
        assert case.result
        assert not any(each.text in words(told.document) for each in case.result.answers)
    assert await app.store.comparison(case.id, "bob") is None
    assert "no longer stored" in words(await pressed(app, "none", BOB, "compare", "first"))


async def test_who_is_compared_with_stands_in_no_export_and_no_transcript(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    assert case.result
    result = case.result
    case = replace(case, question=replace(case.question, rivals=("lab/unseen", BEST)))
    told = [
        json.dumps(await export(app.store, case)),
        transcript(result, case.question, case.council),
        repr(presenter.verdict(result, case.question)),
        repr(presenter.ranking(result, case.question, None)),
    ]
    assert "compare" in told[-1]
    assert not any("unseen" in each for each in told)


async def test_a_vote_after_comparing_is_not_blind(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    await vote(app, case, BOB)
    await pressed(app, case.id, BOB, "compare")
    await app.voting.react("discord", f"{case.id}/headline", BOB, "👍")
    given = {each.target: each.blind for each in await app.store.reactions(case.id)}
    assert given.pop("verdict") is False
    assert set(given.values()) == {True}


async def test_a_verdict_that_gives_itself_away_is_not_compared() -> None:
    async with running(FakeProvider(otherwise=sensible)) as app:
        await ranked(app)
        assert buttons(ranking(app, await ask(app, RANKED))) == []


async def test_it_ends_by_itself_and_is_told_once(app: App) -> None:
    await ranked(app)
    case, people = await ask(app, RANKED), [Person(f"p{n}") for n in range(40)]
    for person in people:
        await chooses(app, case, person)
    over = await app.store.trial_over("discord", CHANNEL.id)
    assert over is not None
    assert 8 <= len(await app.store.choices("discord", CHANNEL.id, 1)) < 40
    assert not (await app.settings(CHANNEL)).trial
    [newest, *_] = await app.store.audit("discord", "server", "channel")
    assert (newest.what, newest.person) == ("trial = off", "council")
    room = app.platforms["discord"]
    await app.trials.turn()
    await app.trials.turn()
    assert room.shown.count((case.id, TRIAL)) == 1  # type: ignore[attr-defined]  # a Room
    assert "People prefer the verdict" in words(room.documents[case.id, TRIAL])  # type: ignore[attr-defined]  # a Room
    page = words(await app.command(CHANNEL, ADMIN, "trial"))
    assert "is over" in page
    assert "This is trial" not in page
    await app.command(CHANNEL, ADMIN, "trial on")
    page = words(await app.command(CHANNEL, ADMIN, "trial"))
    assert "Nobody has chosen" in page
    assert "This is trial 2 of the channel" in page


async def page_of(app: App) -> list[str]:
    return words(await app.command(CHANNEL, ADMIN, "trial")).splitlines()


async def test_no_look_before_and_after_a_choice_tells_what_was_chosen(app: App) -> None:
    await ranked(app)
    one, other = await ask(app, RANKED), await ask(app, RANKED + 1)
    assert not any("chosen in" in line for line in await page_of(app))
    for number in range(10):
        await chooses(app, one, Person(f"p{number}"), "first")
    told = [line for line in await page_of(app) if "chosen in" in line]
    for number in range(9):
        place = ("first", "second", "same")[number % 3]
        await chooses(app, other, Person(f"p{number}"), place)
        [now] = [line for line in await page_of(app) if "chosen in" in line]
        [before] = told
        assert now.partition(". ")[2] == before.partition(". ")[2]
    assert f"{19} choices of 10 people" in " ".join(await page_of(app))


async def shares_told(app: App) -> list[str]:
    return [line.partition(". ")[2] for line in await page_of(app) if "chosen in" in line]


async def test_whoever_is_forgotten_changes_nothing_that_is_told(app: App) -> None:
    await ranked(app)
    cases = [await ask(app, RANKED + number) for number in range(3)]
    for number in range(10):
        await chooses(app, cases[0], Person(f"p{number}"), "first")
    before = await shares_told(app)
    assert before
    await app.store.forget_person("p0")
    assert await shares_told(app) == before
    for number in range(1, 10):
        await chooses(app, cases[1], Person(f"p{number}"), "second")
        assert await shares_told(app) == before
    await chooses(app, cases[2], Person("p1"), "second")
    assert await shares_told(app) != before


async def test_a_clock_that_goes_back_changes_nothing_that_is_told(app: App) -> None:
    await ranked(app)
    one, other = await ask(app, RANKED), await ask(app, RANKED + 1)
    for number in range(10):
        await chooses(app, one, Person(f"p{number}"), "first")
    before = await shares_told(app)
    assert before
    assert isinstance(app.clock, Clock)
    app.clock.move(-7 * 24 * 3600)
    for number in range(5):
        await chooses(app, other, Person(f"p{number}"), "second")
    assert await shares_told(app) == before


async def test_two_who_look_at_once_are_told_the_same(app: App) -> None:
    await ranked(app)
    one = await ask(app, RANKED)
    for number in range(10):
        await chooses(app, one, Person(f"p{number}"), "first")
    first, second = await asyncio.gather(shares_told(app), shares_told(app))
    assert first == second == await shares_told(app)


async def test_seven_people_are_told_no_share(app: App) -> None:
    await ranked(app)
    one, other = await ask(app, RANKED), await ask(app, RANKED + 1)
    for case in (one, other):
        for number in range(7):
            await chooses(app, case, Person(f"p{number}"))
    page = " ".join(await page_of(app))
    assert "14 choices of 7 people" in page
    assert "1 more person" in page
    assert "chosen in" not in page


async def test_the_best_is_the_one_that_the_statistics_told_last(app: App) -> None:
    """What one vote changed would tell, by the text beside the verdict, whose answer it was about."""
    await ranked(app)
    before = (await ask(app, RANKED)).question.rivals
    assert before[0] == BEST
    cases = [await ask(app, RANKED + n) for n in range(1, 4)]
    for case in cases:
        assert case.result
        [label] = [each.label for each in case.result.answers if each.model == MEMBERS[0]]
        for person in "pqrstuvw":
            at = app.now()
            await app.store.react(Reaction(case.id, label, person, "best", at, blind=True))
    assert (await ask(app, RANKED + 4)).question.rivals == before


async def test_it_needs_votes_before_names(app: App) -> None:
    await set_here(app, "reveal always")
    assert "reveal" in words(await app.command(CHANNEL, ADMIN, "trial on"))
    assert not (await app.settings(CHANNEL)).trial


async def test_names_for_all_or_nobody_meanwhile_are_said_to_be_in_its_way(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    await vote(app, case, BOB)
    for reveal in ("always", "never"):
        said = words(await app.command(CHANNEL, ADMIN, f"set reveal {reveal}"))
        page = words(await app.command(CHANNEL, ADMIN, "trial"))
        told = words(await pressed(app, case.id, BOB, "compare"))
        for each in (said, page, told):
            assert f"here `reveal` is `{reveal}`" in each
    await app.command(CHANNEL, ADMIN, "set reveal after_vote")
    assert "here `reveal`" not in words(await app.command(CHANNEL, ADMIN, "trial"))
    assert buttons(await pressed(app, case.id, BOB, "compare"))


async def test_of_two_choices_at_once_the_first_stands(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    await vote(app, case, BOB)
    await pressed(app, case.id, BOB, "compare")
    pages = await asyncio.gather(
        *(pressed(app, case.id, BOB, "compare", place) for place in ("first", "second"))
    )
    one, other = sorted(map(words, pages), key=lambda said: "the first choice stands" in said)
    [said] = await app.store.comparisons(case.id)
    assert said.chose
    assert f"Your choice: The {said.chose}." in one
    assert f"the first choice stands. Your choice: The {said.chose}." in other


async def test_an_end_stays_as_it_was_told_whoever_is_forgotten(app: App) -> None:
    await ranked(app)
    case, number = await ask(app, RANKED), 0
    while (await app.settings(CHANNEL)).trial:
        await chooses(app, case, Person(f"p{number}"))
        number += 1
    told, page = await app.store.trial_over("discord", CHANNEL.id), await page_of(app)
    for forgotten in range(number - 1):
        await app.store.forget_person(f"p{forgotten}")
    assert await app.store.trial_over("discord", CHANNEL.id) == told
    await app.store.forget_deliberation(case.id)
    await app.trials.turn()
    assert await page_of(app) == page
    assert "is over" in page[0]


async def test_what_is_too_old_to_be_shown_is_not_compared(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    await vote(app, case, BOB)
    await pressed(app, case.id, BOB, "compare")
    assert isinstance(app.clock, Clock)
    app.clock.move(40 * 24 * 3600)
    await app.store.expire(app.now(), app.now())
    for what in (("compare",), ("compare", "first")):
        assert "erased for its age" in words(await pressed(app, case.id, BOB, *what))
    assert await app.store.comparisons(case.id) == ()


async def test_whoever_is_forgotten_has_chosen_nothing(app: App) -> None:
    await ranked(app)
    case = await ask(app, RANKED)
    await vote(app, case, BOB)
    await pressed(app, case.id, BOB, "compare")
    await pressed(app, case.id, BOB, "compare", "same")
    assert len(await app.store.choices("discord", CHANNEL.id, 1)) == 1
    await app.store.forget_person("bob")
    assert await app.store.choices("discord", CHANNEL.id, 1) == ()
