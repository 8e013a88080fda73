"""What of its thread goes along with a question: all of it, the oldest in short where it is too long."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from bot.allowance import needed_of
from bot.chat import Said
from bot.conversation.app import App
from bot.conversation.budget import Rules
from bot.conversation.cases import new_case
from bot.document import Document, Note
from bot.errors import ModelFailed
from bot.llm import Completion, ModelInfo, Request
from bot.records import Case
from bot.settings import council_of
from tests.conversation.room import (
    ALL_HEARD,
    ANN,
    BOB,
    CHANNEL,
    Room,
    accepted,
    case_of,
    mention,
    pressed,
    refusal,
    running,
    served,
    set_here,
)
from tests.fakes import databases
from tests.fakes.council import CHAIRMAN, MEMBERS
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat

# A quarter of the smallest of these contexts holds 5,000 bytes of a thread.
CONTEXTS = dict(zip((*MEMBERS, CHAIRMAN), (128_000, 8_000, 32_000, 200_000), strict=True))
# US dollars per million tokens of what is written; `lab/c` sums up for the least.
PRICES = dict(zip((*MEMBERS, CHAIRMAN), (10.0, 5.0, 1.0, 20.0), strict=True))
LONG = " It is a long story." * 60


class Lab(FakeProvider):
    """Models with contexts and prices; one that sums up says `SUMMARY`."""

    def __init__(
        self,
        script: Mapping[tuple[str, int], Sequence[Scripted]] | None = None,
        *,
        contexts: Mapping[str, int] = CONTEXTS,
        otherwise: Callable[[Request], Scripted] | None = None,
    ) -> None:
        super().__init__(script, otherwise=otherwise or summing)
        self._contexts = contexts
        self._asked = asyncio.Condition()

    async def complete(
        self, request: Request, on_text: Callable[[str], None] | None = None
    ) -> Completion:
        async with self._asked:
            self._asked.notify_all()
        return await super().complete(request, on_text)

    async def until(self, claim: Callable[["Lab"], bool]) -> None:
        async with self._asked:
            await self._asked.wait_for(lambda: claim(self))

    async def models(self) -> tuple[ModelInfo, ...]:
        return tuple(
            ModelInfo(
                id=id,
                context_tokens=context,
                prompt_usd_per_million=0.0,
                completion_usd_per_million=PRICES[id],
            )
            for id, context in self._contexts.items()
        )

    def told(self) -> str:
        """What the members were asked last, without what they are told in general."""
        return self.asked("answer")[-1].messages[-1].content


def summing(request: Request) -> Scripted:
    return "SUMMARY" if stage_and_seat(request)[0] == "recap" else sensible(request)


def room_of(app: App) -> Room:
    room = app.platforms["discord"]
    assert isinstance(room, Room)
    return room


def notes(app: App, id: str) -> str:
    document: Document = room_of(app).documents[id, "headline"]
    return " ".join(block.text for block in document.blocks if isinstance(block, Note))


async def asked(app: App, *words: str, text: str = LONG) -> list[str]:
    """Long questions of one thread, one after the other."""
    return [await served(app, mention(f"{word}?{text}", thread="t")) for word in words]


# --- all of it, where it fits


async def test_a_question_knows_all_of_its_thread_in_order() -> None:
    provider = Lab()
    async with running(provider) as app:
        await asked(app, "First", "Second", text="")
        id = await served(app, mention("Third?", thread="t"))
        said = notes(app, id)

    told = provider.told()
    assert told.index("First?") < told.index("Second?") < told.index("Question:\nThird?")
    assert told.count("Its verdict was:") == 2
    assert provider.asked("recap") == []
    assert "The council knows the 2 questions and verdicts of this thread before this one." in said


async def test_of_a_question_that_nobody_answered_nothing_is_told() -> None:
    down = {("answer", seat): [ModelFailed("refused", "No.")] for seat in range(3)}
    provider = Lab(down)
    async with running(provider) as app:
        await asked(app, "First", "Second", text="")

    assert "First?" not in provider.told()


async def test_a_question_that_was_asked_again_is_told_once_with_its_newest_verdict() -> None:
    provider = Lab({("verdict", 3): ["**Old.** So.", "**New.** So."]})
    async with running(provider) as app:
        [first] = await asked(app, "First", text="")
        await pressed(app, first, BOB, "again")
        await app.running.finished(app.running.cases[0].id)
        await asked(app, "Second", text="")

    assert provider.told().count("First?") == 1
    assert "**New.**" in provider.told()
    assert "**Old.**" not in provider.told()


async def test_another_thread_is_none_of_its_business() -> None:
    provider = Lab()
    async with running(provider) as app:
        await served(app, mention("First?", thread="another"))
        await asked(app, "Second", text="")

    assert "First?" not in provider.told()


# --- the oldest in short


async def test_the_cheapest_member_sums_up_what_is_too_long_and_the_newest_goes_whole() -> None:
    provider = Lab()
    async with running(provider) as app:
        *_, id = await asked(app, "One", "Two", "Three", "Four", "Five")
        said = notes(app, id)

    [recap] = provider.asked("recap")
    assert recap.model == MEMBERS[2]
    assert [word in recap.messages[-1].content for word in ("One?", "Three?", "Four?")] == [
        True,
        True,
        False,
    ]
    told = provider.told()
    assert "How this thread began, in short:" in told
    assert "SUMMARY" in told
    assert "Four?" in told
    assert [word in told for word in ("One?", "Two?", "Three?")] == [False] * 3
    assert "It knows 3 older ones in short." in said


async def test_a_recap_is_written_once_and_taken_by_later_follow_ups() -> None:
    provider = Lab()
    async with running(provider) as app:
        await set_here(app, "ask_first off")
        await asked(app, "One", "Two", "Three", "Four", "Five")
        [before] = provider.asked("recap")
        await asked(app, "Six")
        told = provider.told()
        assert provider.asked("recap") == [before]

        await asked(app, "Seven", "Eight")
        _, further = provider.asked("recap")

    assert "SUMMARY" in told
    assert "Five?" in told
    # What was summed up once is not read again.
    assert "SUMMARY" in further.messages[-1].content
    assert "One?" not in further.messages[-1].content


async def test_without_a_recap_the_beginning_is_left_out_and_everybody_sees_it() -> None:
    provider = Lab({("recap", 2): [ModelFailed("refused", "No.")]})
    async with running(provider) as app:
        *_, id = await asked(app, "One", "Two", "Three", "Four", "Five")
        said, case = notes(app, id), await case_of(app, id)

    assert case.result
    assert case.result.answered
    assert "(How this thread began is left out here: it was too long.)" in provider.told()
    assert "3 older ones were too long to go along, and could not be summed up." in said


async def test_one_turn_that_is_too_long_by_itself_is_shortened() -> None:
    provider = Lab()
    async with running(provider) as app:
        await asked(app, "One", text=" It is a long story." * 600)
        [id] = await asked(app, "Two", text="")
        said = notes(app, id)

    assert provider.asked("recap") == []
    assert "characters left out here" in provider.told()
    assert len(provider.told().encode()) < 6_000
    assert "They were shortened for it." in said


async def test_a_recap_that_is_far_too_long_takes_no_more_than_its_part() -> None:
    provider = Lab({("recap", 2): ["SUMMARY " * 5_000]})
    async with running(provider) as app:
        await asked(app, "One", "Two", "Three", "Four", "Five")

    assert "Four?" in provider.told()
    assert len(provider.told().encode()) < 7_000


async def test_models_that_no_list_knows_get_little() -> None:
    provider = Lab(contexts={})
    async with running(provider) as app:
        await asked(app, "One", "Two", "Three", "Four", "Five")

    assert len(provider.asked("recap")) == 1


# --- money


async def test_a_recap_is_paid_by_the_follow_up_that_needs_it() -> None:
    provider = Lab()
    async with running(provider, rules=Rules(daily_budget_micros=100_000_000)) as app:
        app.questions.seed = ALL_HEARD
        await asked(app, "One", "Two", "Three", "Four")
        id = await served(app, mention(f"Five?{LONG}", thread="t", person=BOB))
        case = await case_of(app, id)
        today = app.now().date()
        bobs = await app.store.spent(today, "person:discord:bob")

    assert case.result
    assert len(provider.asked("recap")) == 1
    # 3 answers, 3 reviews, the verdict, its audit and the recap, 7 micro-dollars each.
    assert case.result.calls == 9
    assert bobs == 63


async def test_what_goes_along_is_priced_before_it_is_asked() -> None:
    provider = Lab()
    async with running(provider, rules=Rules(daily_budget_micros=100_000_000)) as app:
        await asked(app, "One", "Two", "Three", "Four")
        shares = {}
        for thread in (None, "t"):
            case = await _case(app, thread)
            carried = await app.questions.threads.carried(case, ())
            shares[thread] = await app.budget.shares(case, carried)

    assert ("recap", 0, 2) in shares["t"]
    assert ("recap", 0, 2) not in shares[None]
    # 3,000 tokens at one dollar per million.
    assert shares["t"]["recap", 0, 2] == 3_000


async def test_a_question_whose_thread_is_too_dear_is_refused_whole(tmp_path: Path) -> None:
    database, provider = str(tmp_path / "council.db"), Lab()
    async with running(provider, database=database) as app:
        await asked(app, "One", "Two", "Three", "Four")
        shares = await app.budget.shares(await _case(app, None))
        budget = needed_of(shares) + await app.store.spent(app.now().date())
    provider.requests.clear()
    async with running(provider, database=database, rules=Rules(daily_budget_micros=budget)) as app:
        told = await refusal(app, mention("Five?", thread="t"))
        assert provider.requests == []
        await served(app, mention("Five?"))

    assert told.startswith("About $")
    assert len(provider.asked("answer")) == 3


async def _case(app: App, thread: str | None) -> Case:
    council = council_of(await app.settings(CHANNEL))
    return new_case("Five?", council, app.now(), mention=mention("Five?", thread=thread))


async def test_a_question_behind_others_of_its_thread_is_priced_with_what_they_may_bring() -> None:
    provider = Lab(contexts=dict.fromkeys(CONTEXTS, 128_000))
    async with running(provider) as app:
        case = await _case(app, "t")
        alone = await app.questions.threads.carried(case, ())
        behind = await app.questions.threads.carried(case, (case, case))

    assert alone.bytes == 0
    assert behind.bytes > 2 * 20_000


# --- whatever goes wrong


async def test_a_recap_that_was_paid_is_not_asked_again_after_a_kill(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    never = asyncio.Event()

    def held(request: Request) -> Scripted:
        is_held = "Question:\nFive?" in request.messages[-1].content
        return never if is_held else summing(request)

    before = Lab(otherwise=held)
    async with running(before, database=database) as app:
        await asked(app, "One", "Two", "Three", "Four")
        id = await accepted(app, mention(f"Five?{LONG}", thread="t"))
        await before.until(lambda lab: "SUMMARY" in lab.told())
    assert len(before.asked("recap")) == 1

    after = Lab()
    async with running(after, database=database) as app:
        await app.running.resume("discord")
        await app.running.finished(id)
        case = await case_of(app, id)

    assert case.result
    assert after.asked("recap") == []
    assert all("SUMMARY" in request.messages[-1].content for request in after.asked("answer"))


async def test_a_run_that_was_interrupted_knows_what_it_knew(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    never = asyncio.Event()

    def held(request: Request) -> Scripted:
        return never if "Question:\nThird?" in request.messages[-1].content else sensible(request)

    before = Lab(otherwise=held)
    async with running(before, database=database) as app:
        await asked(app, "First", "Second", text="")
        id = await accepted(app, mention("Third?", thread="t"))
        await before.until(lambda lab: "Question:\nThird?" in lab.told())
    after = Lab()
    async with running(after, database=database) as app:
        await app.running.resume("discord")
        await app.running.finished(id)

    assert "First?" in after.told()
    assert "Second?" in after.told()


async def test_who_stops_a_question_stops_its_recap() -> None:
    never = asyncio.Event()
    provider = Lab({("recap", 2): [never]})
    async with running(provider) as app:
        await asked(app, "One", "Two", "Three", "Four")
        id = await accepted(app, mention(f"Five?{LONG}", thread="t"))
        await provider.until(lambda lab: bool(lab.asked("recap")))
        await pressed(app, id, ANN, "stop")
        await app.running.finished(id)
        case = await case_of(app, id)

    assert case.status == "stopped"


# --- privacy


@pytest.mark.both_databases
async def test_whoever_knew_a_forgotten_question_is_forgotten_with_it(tmp_path: Path) -> None:
    """Also where others stand between the two that know nothing of it."""
    database = tmp_path / "council.db"
    async with running(Lab(), database=str(database)) as app:
        first, *others = await asked(app, "One", "Two", "Three", "Four", "Five")
        assert databases.holds(database, b"SUMMARY")
        assert await app.store.forget_deliberation(first) == 5
        assert [await app.store.case(id) for id in others] == [None] * 4
    assert not databases.holds(database, b"SUMMARY")
    assert databases.rows(database, "SELECT count(*) FROM decisions") == [(0,)]


async def test_a_recap_goes_with_the_first_text_that_it_sums_up() -> None:
    provider = Lab()
    async with running(provider) as app:
        await set_here(app, "ask_first off")
        app.retention_days = 30
        [first] = await asked(app, "One")
        start = app.clock()
        app.clock = lambda: start + timedelta(days=20)
        others = await asked(app, "Two", "Three", "Four", "Five")
        assert list(await app.store.recaps([first, *others])) == [3]
        app.clock = lambda: start + timedelta(days=31)
        await app.expire()
        left = await app.store.recaps([first, *others])
        provider.requests.clear()
        await asked(app, "Six")

    assert left == {}
    assert "One?" not in provider.asked("recap")[0].messages[-1].content
    assert "SUMMARY" not in provider.asked("recap")[0].messages[-1].content


async def test_what_was_said_before_personal_data_was_hidden_is_hidden_now() -> None:
    secret = "ann@example.org"
    provider = Lab({("recap", 2): [f"SUMMARY for {secret}"]})
    async with running(provider) as app:
        await asked(app, "One", "Two", "Three", "Four", text=f" Write to {secret}.{LONG}")
        provider.requests.clear()
        await set_here(app, "redact on")
        await asked(app, "Five")

    assert "SUMMARY" in provider.told()
    sent = [message.content for each in provider.requests for message in each.messages]
    assert not any(secret in content for content in sent)


async def test_a_recap_that_names_its_author_names_nobody() -> None:
    provider = Lab({("recap", 2): [Completion("SUMMARY. As Claude, I am sure.", "stop", 9, 9, 7)]})
    async with running(provider) as app:
        await asked(app, "One", "Two", "Three", "Four", "Five")

    assert "Claude" not in provider.told()


# --- what people said


async def test_what_people_said_is_priced_where_it_goes_along() -> None:
    async with running(Lab()) as app:
        case = await _case(app, "t")
        without = await app.questions.threads.carried(case, ())
        await set_here(app, "context thread")
        app.platforms["discord"] = Talkative(app)
        case = await _case(app, "t")
        carried = await app.questions.threads.carried(case, ())

    assert without.bytes == 0
    # A quarter of the room for the thread, and what stands around twenty messages.
    assert carried.bytes == 1_250 + 20 * 250


class Talkative(Room):
    """With a thread in which people say much."""

    texts: tuple[str, ...] = ("A word. " * 200, "Another.")
    read = 0

    async def said(self, case: Case, most: int) -> Said:
        self.read += 1
        return Said(self.texts[:most], "One of them is hidden.")


async def test_a_long_message_is_shortened_and_a_short_one_stays() -> None:
    provider = Lab()
    async with running(provider) as app:
        await set_here(app, "context thread")
        room = app.platforms["discord"] = Talkative(app)
        id = await served(app, mention("First?", thread="t"))
        headline = room.documents[id, "headline"]
        case = await case_of(app, id)

    told = provider.told()
    assert "Another." in told
    assert "characters left out here" in told
    assert Note("⚠ One of them is hidden.") in headline.blocks
    assert case.result
    assert [(each.name, each.read) for each in case.result.evidence] == [("messages", True)]


async def test_what_people_said_is_read_once_whatever_happens(tmp_path: Path) -> None:
    database, never = str(tmp_path / "council.db"), asyncio.Event()

    def held(request: Request) -> Scripted:
        return never if stage_and_seat(request) == ("answer", 1) else sensible(request)

    before = Lab(otherwise=held)
    async with running(before, database=database) as app:
        await set_here(app, "context thread")
        app.platforms["discord"] = Talkative(app)
        id = await accepted(app, mention("First?", thread="t"))
        await before.until(lambda lab: len(lab.asked("answer")) == 3)
    after = Lab()
    async with running(after, database=database) as app:
        room = app.platforms["discord"] = Talkative(app)
        await app.running.resume("discord")
        await app.running.finished(id)

    assert room.read == 0
    assert "Another." in after.told()


async def test_in_a_direct_conversation_without_a_thread_nothing_is_read() -> None:
    async with running(Lab()) as app:
        await set_here(app, "context thread")
        room = app.platforms["discord"] = Talkative(app)
        await served(app, mention("First?"))

    assert room.read == 0
