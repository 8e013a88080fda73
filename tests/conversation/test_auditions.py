"""A model on audition in a channel: how it begins, that it ends by itself, and what is told of it."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bot.allowance import needed_of
from bot.chat import HEADLINE, Person
from bot.conversation.app import App
from bot.council import AUDITION_RATINGS, Attached
from bot.document import Document, Entry, Note, Table
from bot.errors import ModelFailed, SettingsChanged
from bot.llm import ModelInfo, Request
from bot.modes import MODES
from bot.records import Case, Reaction, ReactionValue
from tests.conversation.room import (
    ADMIN,
    ANN,
    CHANNEL,
    Clock,
    accepted,
    case_of,
    mention,
    refusal,
    running,
    served,
    set_here,
)
from tests.conversation.shelf import shelf
from tests.fakes.channel import WORDS
from tests.fakes.council import CHAIRMAN, MEMBERS
from tests.fakes.provider import FakeProvider, Scripted, sensible
from tests.pages.telling import words

NEW = "lab/new"
GUEST = Person("gus", guest=True)


class Listed(FakeProvider):
    """A catalogue of models with prices, but for one; these hold no more than so many tokens."""

    def __init__(
        self,
        *,
        otherwise: Callable[[Request], Scripted] = sensible,
        context_tokens: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(otherwise=otherwise)
        self._context_tokens = context_tokens or {}

    async def models(self) -> tuple[ModelInfo, ...]:
        known = tuple(
            ModelInfo(
                id,
                context_tokens=self._context_tokens.get(id, 100_000),
                prompt_usd_per_million=1.0,
                completion_usd_per_million=10.0,
            )
            for id in (*MEMBERS, CHAIRMAN, NEW, f"{NEW}:free", "lab/other")
        )
        return (*known, ModelInfo("lab/unpriced"))


@pytest.fixture
async def app() -> AsyncIterator[App]:
    async with running(Listed()) as app:
        yield app


async def say(app: App, text: str, person: Person = ADMIN) -> str:
    return words(await app.command(CHANNEL, person, text))


async def begin(app: App, model: str = NEW) -> str:
    return await say(app, f"audition {model}")


async def ask(app: App, number: int) -> Case:
    """A question like no other; each a minute later."""
    clock = app.clock
    assert isinstance(clock, Clock)
    clock.move(60)
    id = await served(app, mention(" ".join(WORDS[8 * number : 8 * number + 8])))
    return await case_of(app, id)


async def rate(app: App, case: Case, judge: Callable[[str], ReactionValue | None]) -> None:
    """The asker's word on every answer, by its model."""
    assert case.result is not None
    for answer in case.result.answers:
        if value := judge(answer.model):
            given = Reaction(case.id, answer.label, "ann", value, app.now(), blind=True)
            await app.store.react(given)


async def rated(
    app: App,
    count: int,
    first: int = 0,
    judge: Callable[[str], ReactionValue | None] = lambda model: "accept",
) -> list[Case]:
    cases = [await ask(app, number) for number in range(first, first + count)]
    for case in cases:
        await rate(app, case, judge)
    return cases


def sits(case: Case) -> bool:
    return NEW in case.council.members


def notes(documents: Sequence[Document]) -> str:
    return "\n".join(b.text for d in documents for b in d.blocks if isinstance(b, Note))


def posts(app: App, case: Case) -> list[Document]:
    room = app.platforms["discord"]
    return [document for (id, _), document in room.documents.items() if id == case.id]  # type: ignore[attr-defined]  # a Room


# --- How it begins


async def test_it_answers_along_from_the_next_question_on(app: App) -> None:
    before = await ask(app, 0)

    said = await begin(app)
    after = await ask(app, 1)

    assert "**lab/new** is on audition here." in said
    assert "A question costs about $0.008 more." in said
    assert (before.council.members, before.council.audition) == (MEMBERS, "")
    assert (after.council.members, after.council.audition) == ((*MEMBERS, NEW), NEW)


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("audition lab/newt", "There is no model `lab/newt`. Did you mean `lab/new`, "),
        (f"audition {MEMBERS[0]}", f"`{MEMBERS[0]}` is a member already."),
        ("audition lab/new lab/other", "Name one model by its id"),
        ("audition stop", "No model is on audition here."),
        ("set audition lab/newt", "There is no model `lab/newt`."),
    ],
)
async def test_what_tells_nothing_is_refused(app: App, typed: str, refusal: str) -> None:
    assert refusal in await say(app, typed)
    assert (await app.settings(CHANNEL)).audition == ""


async def test_there_is_one_at_a_time(app: App) -> None:
    await begin(app)

    for typed in ("audition lab/other", "audition lab/new", "set audition lab/other"):
        assert "`lab/new` is on audition here already" in await say(app, typed)
    assert (await app.settings(CHANNEL)).audition == NEW


async def test_where_everybody_sees_the_names_there_is_none(app: App) -> None:
    await set_here(app, "reveal always")

    assert "An audition is blind" in await begin(app)


async def test_only_who_may_change_the_members_may_have_one(app: App) -> None:
    refused = [await say(app, "audition lab/new", person) for person in (ANN, GUEST)]
    assert "Only administrators can change this channel's council." in refused[0]
    assert "not enabled here for guests" in refused[1]
    assert (await app.settings(CHANNEL)).audition == ""

    await set_here(app, "changers anyone")
    await say(app, "audition lab/new", ANN)
    assert (await app.settings(CHANNEL)).audition == NEW


async def test_a_model_without_a_price_is_told_so(app: App) -> None:
    assert "What a question costs more is not known" in await begin(app, "lab/unpriced")


async def test_the_council_and_its_settings_show_it(app: App) -> None:
    await begin(app)

    assert "**new**, on audition" in await say_shown(app)
    assert "audition lab/new" in await say(app, "show all")
    assert r"audition \= lab\/new" in await say(app, "audit")


async def say_shown(app: App) -> str:
    page = await app.command(CHANNEL, ADMIN, "show")
    return "\n".join(str(block) for block in page.blocks)


async def test_it_comes_back_with_a_version(app: App) -> None:
    await begin(app)
    await say(app, "audition stop")

    await say(app, "audit restore 1")

    assert (await app.settings(CHANNEL)).auditioning == NEW


async def test_as_a_member_it_is_on_audition_no_more(app: App) -> None:
    await begin(app)

    said = await say(app, "members add lab/new")
    case = await ask(app, 0)

    assert "**audition** is now: none" in said
    assert (case.council.members, case.council.audition) == ((*MEMBERS, NEW), "")


async def test_stopped_it_answers_no_more_and_keeps_what_was_rated(app: App) -> None:
    await begin(app)
    await rated(app, 5)
    assert "is stopped" in await say(app, "audition stop")
    between = await ask(app, 5)
    await begin(app)
    await rated(app, AUDITION_RATINGS - 5, first=6)

    assert not sits(between)
    assert not sits(await ask(app, 40))


# --- How it ends


async def test_it_ends_by_itself_with_the_question_after_twenty_ratings(app: App) -> None:
    await begin(app)
    first = await rated(app, AUDITION_RATINGS - 1)
    last = await ask(app, 30)
    unrated = await ask(app, 31)
    await rate(app, last, lambda model: "accept")

    ended, later = await ask(app, 32), await ask(app, 33)

    assert all(map(sits, (*first, last, unrated)))
    assert not sits(ended)
    assert (await app.settings(CHANNEL)).audition == ""
    assert "The audition of new is over: 20 of its answers were rated." in notes(posts(app, ended))
    for case in (*first, last, unrated, later):
        assert "audition" not in notes(posts(app, case))
    audit = await say(app, "audit")
    assert "the council itself" in audit
    assert r"audition \= none" in audit


async def test_a_button_stops_no_audition_but_its_own(app: App) -> None:
    await begin(app, "lab/new:free")
    [old] = (await app.command(CHANNEL, ADMIN, "audition")).buttons
    page = await app.command(CHANNEL, ADMIN, "show")
    entries = [block for block in page.blocks if isinstance(block, Entry)]
    assert old.name in [entry.button.name for entry in entries if entry.button]
    await say(app, "audition stop")
    await begin(app, "lab/other")

    said = words(await app.pressed(CHANNEL, ADMIN, old.name))

    assert said.startswith("Another model is on audition here by now: `lab/other`.")
    assert (await app.settings(CHANNEL)).audition == "lab/other"
    [own] = (await app.command(CHANNEL, ADMIN, "audition")).buttons
    assert "is stopped" in words(await app.pressed(CHANNEL, ADMIN, own.name))
    await begin(app, "lab/new:free")
    assert "is stopped" in words(await app.pressed(CHANNEL, ADMIN, old.name))


async def test_the_thread_that_says_so_has_a_button_to_what_came_of_it(app: App) -> None:
    await begin(app)
    await rated(app, AUDITION_RATINGS)
    ended = await ask(app, 32)

    room = app.platforms["discord"]
    page = room.documents[ended.id, HEADLINE]  # type: ignore[attr-defined]  # a Room
    assert "audition" in [button.name for button in page.buttons]
    told = await app.pressed(CHANNEL, ANN, "audition")
    assert "new: 20 of 20 answers were accepted" in words(told)


async def test_only_ratings_of_its_own_answers_count(app: App) -> None:
    await begin(app)
    await rated(app, AUDITION_RATINGS, judge=lambda model: None if model == NEW else "accept")

    assert sits(await ask(app, 30))


async def test_a_vote_taken_back_in_time_counts_no_more(app: App) -> None:
    await begin(app)
    *_, last = await rated(app, AUDITION_RATINGS)
    assert last.result is not None
    label = next(a.label for a in last.result.answers if a.model == NEW)
    await app.store.unreact(last.id, label, "ann", "accept")

    assert sits(await ask(app, 30))


async def test_of_two_questions_at_once_one_says_that_it_is_over(app: App) -> None:
    await begin(app)
    await rated(app, AUDITION_RATINGS)
    both = [
        await accepted(app, mention(text, person=person))
        for text, person in (("One thing?", ANN), ("Another thing?", ADMIN))
    ]
    cases = []
    for id in both:
        await app.running.finished(id)
        cases.append(await case_of(app, id))

    assert [case.question.ended_audition for case in cases] == [NEW, ""]
    assert not any(map(sits, cases))


async def test_settings_that_change_meanwhile_are_not_lost(app: App) -> None:
    await begin(app)
    await rated(app, AUDITION_RATINGS)
    ending = await app.questions.auditions.due(CHANNEL)
    assert ending is not None
    await set_here(app, "language German")
    case = await ask(app, 30)

    assert (await app.settings(CHANNEL)).language == "German"
    assert case.question.ended_audition == NEW
    with pytest.raises(SettingsChanged):
        await app.store.create(unlike(case), ending=ending)
    assert await app.store.case("another") is None


def unlike(case: Case) -> Case:
    question = replace(case.question, id="another")
    return replace(case, question=question, mention="other", status="running", result=None)


async def test_after_a_restart_it_goes_on_where_it_was(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    async with running(Listed(), database=database) as app:
        await begin(app)
        await rated(app, AUDITION_RATINGS - 1)
    async with running(Listed(), database=database) as app:
        [last] = await rated(app, 1, first=30)
        ended = await ask(app, 31)

    assert sits(last)
    assert not sits(ended)


async def test_once_over_it_may_begin_anew_from_nothing(app: App) -> None:
    await begin(app)
    await rated(app, AUDITION_RATINGS)
    await ask(app, 30)

    await begin(app)

    assert sits(await ask(app, 31))
    assert "0 of its answers were rated" in await say(app, "audition")


# --- What is told of it


async def test_while_it_goes_on_its_ratings_are_told_in_steps(app: App) -> None:
    """What moved with one vote would tell whose answer that was on."""
    await begin(app)
    await rated(app, 9)
    before = await say(app, "audition")
    await rated(app, 1, first=9)
    after = await say(app, "audition")
    await rated(app, 3, first=10)

    assert "0 of its answers were rated" in before
    assert "it answered 10 questions, and 10 of its answers were rated." in after
    assert "it answered 10 questions, and 10 of its answers were rated." in await say(
        app, "audition"
    )
    assert "accepted" not in after


async def test_what_came_of_it_is_told_with_intervals(app: App) -> None:
    await begin(app)

    def only_it(model: str) -> ReactionValue:
        return "accept" if model == NEW else "reject"

    def only_members(model: str) -> ReactionValue:
        return "reject" if model == NEW else "accept"

    await rated(app, 3, judge=only_it)
    await rated(app, 5, first=3, judge=only_members)
    await rated(app, 12, first=8)
    await ask(app, 30)

    page = await app.command(CHANNEL, ADMIN, "audition")

    text = words(page)
    assert "new: 15 of 20 answers were accepted" in text
    assert "75\u00a0% (50-92\u00a0%)" in text
    assert "in 3 of 20 questions (3-38\u00a0%) only its answer was accepted" in text
    assert "in 5 of 20 questions (8-50\u00a0%) only its answer was rejected" in text
    assert "an answer. As a member it reviews, too" in text
    [table] = [block for block in page.blocks if isinstance(block, Table)]
    assert table.rows[0] == ("new (on audition)", "15 of 20", "75\u00a0% (50-92\u00a0%)")
    assert [row[1] for row in table.rows[1:]] == ["17 of 20"] * len(MEMBERS)
    assert [b.name for b in page.buttons] == ["members:add:lab/new", "audition:leave"]


async def test_votes_that_come_later_move_nothing(app: App) -> None:
    await begin(app)
    cases = await rated(app, AUDITION_RATINGS)
    await ask(app, 30)
    before = await say(app, "audition")
    for case in cases:
        await rate(app, case, lambda model: "reject")

    assert await say(app, "audition") == before


async def test_a_button_seats_it_for_those_who_may(app: App) -> None:
    await begin(app)
    await rated(app, AUDITION_RATINGS)
    await ask(app, 30)

    offered = await app.command(CHANNEL, ANN, "audition")
    refused = await app.pressed(CHANNEL, ANN, "members:add:lab/new")
    assert offered.buttons == ()
    assert "Only administrators" in words(refused)
    await app.pressed(CHANNEL, ADMIN, "audition:leave")
    assert (await app.settings(CHANNEL)).members == MEMBERS

    await app.pressed(CHANNEL, ADMIN, "members:add:lab/new")

    assert (await app.settings(CHANNEL)).members == (*MEMBERS, NEW)
    page = await app.command(CHANNEL, ADMIN, "audition")
    assert "It is a member by now." in words(page)
    assert page.buttons == ()


async def test_a_channel_that_is_forgotten_had_none(app: App) -> None:
    await begin(app)
    await rated(app, AUDITION_RATINGS)
    await ask(app, 30)

    await say(app, "forget channel")

    assert "No model is on audition here." in await say(app, "audition")


async def test_no_post_says_that_anybody_is_on_audition(app: App) -> None:
    await begin(app)
    case = await ask(app, 0)

    assert sits(case)
    shown = "\n".join(map(words, posts(app, case)))
    assert "audition" not in shown.lower()
    assert NEW.partition("/")[2] not in shown.split()


async def test_without_room_for_it_too_no_question_is_taken_in() -> None:
    """As much as a question takes of members alone, and not enough for one model more."""
    async with running(Listed()) as app:
        shares = await app.questions.budget.shares(await case_of(app, await served(app)))
        await set_here(app, f"budget {needed_of(shares) / 1e6 + 0.01}")
        await begin(app)

        refused = await refusal(app, mention("And this?"))

    assert "of this channel's" in refused


@pytest.mark.parametrize("mode", MODES)
async def test_a_question_takes_exactly_what_is_set_aside_for_it_too(mode: str) -> None:
    async with running(Listed()) as app:
        await begin(app)
        await set_here(app, f"mode {mode}")
        case = await case_of(app, await served(app))
        account = await app.store.account(app.now().date(), "channel:discord:channel")
        needed = needed_of(await app.questions.shares(case)) + account.told_micros

        await set_here(app, f"budget {(needed - 1) / 1e6:.6f}")
        refused = await refusal(app, mention())
        await set_here(app, f"budget {needed / 1e6:.6f}")
        taken = await case_of(app, await served(app, mention()))

    assert "of this channel's" in refused
    assert sits(taken)
    assert taken.result is not None
    assert len(taken.result.members) == len(taken.council.members)


# --- What is no model


@pytest.mark.parametrize("typed", ["none", "NONE", "default"])
async def test_a_word_for_none_begins_none(app: App, typed: str) -> None:
    assert await begin(app, typed) == "No model is on audition here."


@pytest.mark.parametrize("typed", ["none", "default"])
async def test_a_word_for_none_ends_the_one_that_there_is(app: App, typed: str) -> None:
    await begin(app)

    said = await begin(app, typed)

    assert f"The audition of **{NEW}** is stopped." in said
    assert not sits(await ask(app, 0))


async def test_a_model_that_a_reset_seats_is_on_audition_no_more(app: App) -> None:
    first, *others = MEMBERS
    await say(app, f"members set {' '.join(others)}")
    await begin(app, first)

    await say(app, "reset members")
    await say(app, f"members remove {first}")

    assert "No model is on audition here." in await say(app, "audition")


async def test_a_model_that_left_the_catalogue_is_told_so(app: App) -> None:
    await app.store.save_settings(
        CHANNEL.platform,
        CHANNEL.workspace,
        CHANNEL.id,
        seen_version=0,
        values={"audition": "lab/gone"},
        person="eve",
        at=app.now(),
        what="audition = lab/gone",
    )

    said = await say(app, "audition")

    assert "⚠ The model lab/gone is not in the catalogue." in said
    assert "`/council audition stop` ends it" in said


async def test_ratings_outlive_the_texts_that_they_are_about(app: App) -> None:
    await begin(app)
    await rated(app, AUDITION_RATINGS)
    await app.store.expire(app.now().replace(year=2100), app.now())

    assert not sits(await ask(app, AUDITION_RATINGS))


@pytest.mark.parametrize("mode", MODES)
async def test_a_model_that_is_gone_costs_no_verdict(mode: str) -> None:
    gone = ModelFailed("unknown_model", "There is no such model.")

    def reply(request: Request) -> Scripted:
        return gone if request.model == NEW else sensible(request)

    async with running(Listed(otherwise=reply)) as app:
        await begin(app)
        await set_here(app, f"mode {mode}")
        case = await ask(app, 0)

    assert case.result is not None
    assert not case.result.degraded
    assert case.result.verdict.text


async def test_members_read_whole_what_it_has_no_room_for() -> None:
    provider = Listed(context_tokens={NEW: 2_000})
    async with running(provider) as app:
        shelf(app, long=b"x" * 20_000)
        await begin(app)
        asked = replace(mention("Right?"), files=(Attached("long.txt", "there/long", 20_000),))
        case = await case_of(app, await served(app, asked))

    assert case.result is not None
    assert sits(case)
    assert [each.why for each in case.result.evidence] == [None]
