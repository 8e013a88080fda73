"""One question served: what is posted, in which order, and what survives a fault."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.conversation.along import Along
from bot.conversation.deliberating import Deliberating
from bot.conversation.exhibits import Exhibits
from bot.conversation.serving import Serving
from bot.conversation.threads import Threads
from bot.conversation.titles import Titles
from bot.council import Council, Question
from bot.document import Document, Heading, Note, Text
from bot.errors import ModelFailed, StoreFailed, Superseded, Undeliverable
from bot.llm import Request
from bot.models.catalogue import Catalogue
from bot.protocol import ranking
from bot.protocol.calls import Caller
from bot.protocol.patience import Patience
from bot.records import Case, Stop
from bot.store.store import Store
from tests.fakes.prices import FreeOfCharge
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.pages.telling import words

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COUNCIL = Council(("lab/a", "lab/b", "lab/c"), "lab/chair")
ALL_HEARD = next(seed for seed in range(1_000) if ranking.never_stops_early(seed))
KEYS = {"headline", "answer:A", "answer:B", "answer:C", "ranking"}


@dataclass
class Shown:
    key: str
    document: Document
    ping: bool


class Thread:
    """A reply that keeps what it is told to show; `slow` makes every post wait for it to be set,
    `hangs` those of one key for ever. `failures` are raised for a key, or for "every" key."""

    interval_seconds = 0.0

    def __init__(self, refuses: Sequence[str] = ()) -> None:
        self.shown: list[Shown] = []
        self.slow: asyncio.Event | None = None
        self.hangs = ""
        self.refuses = refuses
        self.failures: dict[str, BaseException] = {}
        self.tries: list[str] = []
        self._waiters: list[tuple[Callable[[Thread], bool], asyncio.Event]] = []

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        self.tries.append(key)
        if key in self.refuses:
            raise Undeliverable("The bot may not write here. Give it the permission.")
        if failure := self.failures.get(key) or self.failures.get("every"):
            raise failure
        if key == self.hangs:
            await asyncio.Event().wait()
        if self.slow:
            await self.slow.wait()
        self.shown.append(Shown(key, document, ping))
        for claim, event in self._waiters:
            if claim(self):
                event.set()

    async def until(self, claim: Callable[["Thread"], bool]) -> None:
        event = asyncio.Event()
        self._waiters.append((claim, event))
        if not claim(self):
            await event.wait()

    @property
    def keys(self) -> list[str]:
        return [each.key for each in self.shown]

    def newest(self, key: str) -> Document:
        return [each.document for each in self.shown if each.key == key][-1]


async def nobody(person: str | None) -> str:
    return ""


async def no_history(model: str) -> tuple[float, ...]:
    return ()


def a_case(id: str = "q1", *, thread: str | None = None, text: str = "Is it right?") -> Case:
    return Case(
        question=Question(id, text, ALL_HEARD, ASKED_AT),
        council=COUNCIL,
        platform="terminal",
        channel="channel",
        thread=thread,
    )


@dataclass
class Stage:
    store: Store
    thread: Thread = field(default_factory=Thread)

    async def serving(
        self,
        provider: FakeProvider,
        case: Case | None = None,
        thread: Thread | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> Serving:
        case = case or a_case()
        await self.store.create(case)
        caller = Caller(provider, FreeOfCharge(), Patience(), no_history, now=now)
        catalogue = Catalogue(provider, self.store)
        deliberator = Deliberating(
            case.id,
            caller=caller,
            store=self.store,
            along=Along(
                Threads(self.store, catalogue, caller, {}),
                Exhibits(self.store, catalogue, {}, asyncio.Semaphore()),
                now,
            ),
            entitle=Titles(self.store, catalogue, caller, {}).give,
            time_scale=0.01,
        )
        return Serving(
            case,
            name=nobody,
            deliberator=deliberator,
            store=self.store,
            reply=thread or self.thread,
            now=now,
            time_scale=0.01,
        )

    async def status(self, id: str = "q1") -> str:
        case = await self.store.case(id)
        assert case is not None
        return case.status

    async def unfinished(self) -> list[str]:
        return [case.id for case in await self.store.unfinished("terminal")]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    store = await Store.open(":memory:", holder="tests")
    yield Stage(store)
    await store.close()


def hanging(*calls: tuple[str, int], until: asyncio.Event | None = None) -> FakeProvider:
    """A sensible provider, but for these calls, which hang."""
    event = until or asyncio.Event()

    def reply(request: Request) -> Scripted:
        hangs = stage_and_seat(request) in calls and not event.is_set()
        return event if hangs else sensible(request)

    return FakeProvider(otherwise=reply)


def failing_at(stage: str, error: ModelFailed) -> FakeProvider:
    def reply(request: Request) -> Scripted:
        return error if stage_and_seat(request)[0] == stage else sensible(request)

    return FakeProvider(otherwise=reply)


def broken_at(stage: str, error: Exception) -> FakeProvider:
    """The fault is not the model's: what a model's own side raises is a failed call."""

    class Broken(FakeProvider):
        def stored_body(self, request: Request) -> bytes | None:
            if stage_and_seat(request)[0] == stage:
                raise error
            return None

    return Broken()


CHAIR = ("verdict", COUNCIL.chairman_seat)


# --- the order of posts


async def test_the_headline_is_first_and_the_ranking_last(stage: Stage) -> None:
    serving = await stage.serving(FakeProvider())

    result = await serving.run({})

    assert result is not None
    assert stage.thread.keys[0] == "headline"
    assert stage.thread.keys[-1] == "ranking"
    assert set(stage.thread.keys) == KEYS
    first = list(dict.fromkeys(stage.thread.keys))
    assert first == ["headline", "answer:A", "answer:B", "answer:C", "ranking"]
    assert stage.thread.newest("headline").blocks[0] == Heading("Yes.")


async def test_only_the_ranking_pings(stage: Stage) -> None:
    serving = await stage.serving(FakeProvider())

    await serving.run({})

    assert {shown.key for shown in stage.thread.shown if shown.ping} == {"ranking"}


async def test_an_answer_is_posted_while_others_are_still_being_written(stage: Stage) -> None:
    go_on = asyncio.Event()
    serving = await stage.serving(hanging(("answer", 0), ("answer", 2), until=go_on))
    running = asyncio.create_task(serving.run({}))

    def answered(thread: Thread) -> list[str]:
        return [
            shown.key for shown in thread.shown if "answer" in shown.key and shown.document.votable
        ]

    await stage.thread.until(lambda thread: bool(answered(thread)) and len(set(thread.keys)) == 4)
    [key] = answered(stage.thread)
    assert stage.thread.newest(key).blocks == (Text(f"**{key[-1]}** · The answer from seat 1."),)
    for other in KEYS - {"headline", "ranking", key}:
        assert stage.thread.newest(other).blocks == (Note(f"○ **{other[-1]}** is writing …"),)
    go_on.set()
    assert await running is not None


async def test_each_answer_is_posted_once_and_edited_once(stage: Stage) -> None:
    serving = await stage.serving(FakeProvider())

    await serving.run({})

    for key in KEYS - {"headline", "ranking"}:
        shown = [each.document.votable for each in stage.thread.shown if each.key == key]
        assert shown in ([False, True], [True])


async def test_a_failure_stands_in_its_place(stage: Stage) -> None:
    provider = FakeProvider({("answer", 1): [ModelFailed("no_credit", "gone.")]})
    serving = await stage.serving(provider)

    result = await serving.run({})

    assert result is not None
    [label] = [member.label for member in result.members if member.seat == 1]
    assert stage.thread.newest(f"answer:{label}").blocks == (Note(f"✕ **{label}** gave no answer"),)
    assert f"{label}: no credit." in words(stage.thread.newest("headline"))
    assert [key for key in sorted(KEYS) if not stage.thread.newest(key).votable] == [
        f"answer:{label}"
    ]


async def test_without_an_answer_the_cause_is_there_and_no_ranking(stage: Stage) -> None:
    serving = await stage.serving(failing_at("answer", ModelFailed("unauthorised", "no key.")))

    result = await serving.run({})

    assert result is not None
    assert not result.answered
    assert set(stage.thread.keys) == KEYS - {"ranking"}
    assert stage.thread.newest("headline").state == "failed"
    assert not [shown for shown in stage.thread.shown if shown.ping or shown.document.votable]


async def test_the_newest_state_wins_where_the_platform_is_slow(stage: Stage) -> None:
    stage.thread.slow = asyncio.Event()
    provider = FakeProvider()
    serving = await stage.serving(provider)
    running = asyncio.create_task(serving.run({}))
    while await stage.status() != "finished":
        pass

    stage.thread.slow.set()
    await running

    # The first state was under way already; everything between it and the last is left out.
    assert stage.thread.keys.count("headline") == 2
    assert stage.thread.shown[0].document.live
    assert not stage.thread.newest("headline").live


async def test_no_older_state_lands_after_the_last(stage: Stage) -> None:
    serving = await stage.serving(FakeProvider())

    await serving.run({})

    live = [shown.document.live for shown in stage.thread.shown if shown.key == "headline"]
    assert live == sorted(live, reverse=True)
    assert not live[-1]


@pytest.mark.parametrize("refused", sorted(KEYS))
async def test_a_post_that_is_refused_stops_nothing(stage: Stage, refused: str) -> None:
    stage.thread.refuses = [refused]
    serving = await stage.serving(FakeProvider())

    result = await serving.run({})

    assert result is not None
    assert set(stage.thread.keys) == KEYS - {refused}
    assert await stage.status() == "finished"


# --- posts that are owed

FAILURES = [
    RuntimeError("nobody thought of this"),
    asyncio.CancelledError(),
    TimeoutError(),
    StoreFailed("The disk is full."),
    Undeliverable("The bot cannot see this channel. Give it View Channel."),
]


@pytest.mark.parametrize("failure", FAILURES, ids=lambda failure: type(failure).__name__)
@pytest.mark.parametrize("key", sorted(KEYS))
async def test_a_post_that_fails_stops_no_other_and_comes_later(
    stage: Stage, key: str, failure: BaseException
) -> None:
    stage.thread.failures[key] = failure
    serving = await stage.serving(FakeProvider())

    assert await serving.run({}) is not None
    assert set(stage.thread.keys) == KEYS - {key}
    assert await stage.unfinished() == ["q1"]

    del stage.thread.failures[key]
    await serving.deliver()

    assert set(stage.thread.keys) == KEYS
    assert not stage.thread.newest("headline").live
    assert await stage.unfinished() == []


async def test_every_post_may_fail_for_a_while_after_the_first(stage: Stage) -> None:
    go_on = asyncio.Event()
    serving = await stage.serving(hanging(("review", 0), until=go_on))
    running = asyncio.create_task(serving.run({}))
    await stage.thread.until(lambda thread: len(set(thread.keys)) == 4)
    stage.thread.failures["every"] = Undeliverable("The token was revoked.")
    go_on.set()
    assert await running is not None
    assert stage.thread.newest("headline").live

    stage.thread.failures.clear()
    await serving.deliver()

    assert not stage.thread.newest("headline").live
    assert set(stage.thread.keys) == KEYS


async def test_a_thread_that_stays_closed_is_asked_after_by_one_post(stage: Stage) -> None:
    stage.thread.failures["every"] = refusal = Undeliverable("The bot cannot see this channel.")
    await stage.store.create(a_case())
    await stage.store.claim_post("q1", "terminal", "headline", 0)
    await stage.store.confirm_post("q1", "headline", 0, "post", None)
    serving = await stage.serving(FakeProvider())
    await serving.run({})
    tried = len(stage.thread.tries)
    owing = asyncio.create_task(serving.deliver())
    while len(stage.thread.tries) < tried + 4:
        await asyncio.wait({owing}, timeout=0.01)
    assert set(stage.thread.tries[tried:]) == {"headline"}

    stage.thread.failures = {"answer:B": refusal}
    while set(stage.thread.keys) != KEYS - {"answer:B"}:
        await asyncio.wait({owing}, timeout=0.01)
    stage.thread.failures.clear()
    await owing
    assert set(stage.thread.keys) == KEYS


async def test_an_owed_post_outlives_the_process(stage: Stage) -> None:
    stage.thread.failures = {"headline": ValueError("no"), "ranking": OSError("no")}
    await (await stage.serving(FakeProvider())).run({})

    silent, again = FakeProvider(), Thread()
    await (await stage.serving(silent, thread=again)).run({})

    assert silent.requests == []
    assert set(again.keys) == KEYS
    assert await stage.unfinished() == []


@pytest.mark.parametrize("key", sorted(KEYS))
async def test_a_post_that_hangs_holds_up_no_other(stage: Stage, key: str) -> None:
    stage.thread.hangs = key

    assert await (await stage.serving(FakeProvider())).run({}) is not None

    assert set(stage.thread.keys) == KEYS - {key}
    assert await stage.unfinished() == ["q1"]


async def test_a_post_whose_place_is_gone_is_not_owed(stage: Stage) -> None:
    stage.thread.failures["answer:A"] = Undeliverable("The thread was deleted.", gone=True)

    await (await stage.serving(FakeProvider())).run({})

    assert set(stage.thread.keys) == KEYS - {"answer:A"}
    assert await stage.unfinished() == []


async def test_an_unexpected_failure_is_logged_once_with_where_it_happened(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.thread.failures["answer:B"] = RuntimeError("nobody thought of this")
    serving = await stage.serving(FakeProvider())
    await serving.run({})
    owing = asyncio.create_task(serving.deliver())
    await asyncio.wait({owing}, timeout=0.1)
    owing.cancel()

    [record] = [each for each in caplog.records if each.name == "bot.conversation.showing"]
    assert "answer:B was not posted; it is tried again" in record.getMessage()
    assert record.exc_info


class Picky(Thread):
    """Refuses whatever holds these words, as a server's filter does."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.words = words

    async def show(self, key: str, document: Document, *, ping: bool = False) -> None:
        if self.words in repr(document):
            raise Undeliverable("The server's filter refuses this text.", wording=True)
        await super().show(key, document, ping=ping)


@pytest.mark.parametrize(
    ("words", "key", "what"),
    [("Because the answers", "headline", "verdict"), ("from seat 1", "answer:", "answer")],
)
async def test_where_words_are_refused_the_post_says_so_and_names_the_transcript(
    stage: Stage, words: str, key: str, what: str
) -> None:
    picky = Picky(words)
    serving = await stage.serving(FakeProvider(), thread=picky)

    await serving.run({})
    await serving.deliver()

    assert set(picky.keys) == KEYS
    said = [each.document for each in picky.shown if each.key.startswith(key)]
    excuse = (
        Heading(f"The {what} cannot be shown here"),
        Text("The server's filter refuses this text. The transcript has the whole text."),
    )
    assert excuse in [document.blocks for document in said if document.votable]
    assert await stage.unfinished() == []


# --- a thread that nobody can see


class Private(Thread):
    def __init__(self) -> None:
        super().__init__()
        self.told: list[Document] = []

    async def tell_asker(self, document: Document) -> None:
        self.told.append(document)


async def test_a_run_that_nobody_can_see_buys_no_reviews_and_its_asker_is_told(
    stage: Stage,
) -> None:
    thread, provider = Private(), FakeProvider()
    thread.failures["every"] = Undeliverable("Posting is restricted here.")

    assert await (await stage.serving(provider, thread=thread)).run({}) is None

    assert {stage_and_seat(request)[0] for request in provider.requests} == {"answer"}
    assert await stage.status() == "stopped"
    [told] = thread.told
    assert told == Document(
        (
            Heading("The council could not post its reply"),
            Text(
                "Posting is restricted here. Nothing more was asked of the models; ask again then."
            ),
        )
    )
    assert await stage.unfinished() == []


async def test_where_the_asker_cannot_be_told_the_headline_stays_owed(stage: Stage) -> None:
    stage.thread.failures["every"] = Undeliverable("Posting is restricted here.")
    await (await stage.serving(FakeProvider())).run({})
    assert await stage.unfinished() == ["q1"]

    [case], again, silent = await stage.store.unfinished("terminal"), Thread(), FakeProvider()
    await (await stage.serving(silent, case, again)).run({})

    assert silent.requests == []
    assert again.newest("headline").blocks[0] == Heading("Stopped after 3 of 3 answers")
    assert set(again.keys) == KEYS - {"ranking"}
    assert await stage.unfinished() == []


async def test_a_platform_that_is_away_is_no_refusal(stage: Stage) -> None:
    stage.thread.failures["every"] = OSError("unreachable")

    assert await (await stage.serving(FakeProvider())).run({}) is not None

    assert await stage.status() == "finished"


async def test_a_verdict_that_is_there_stays_owed_where_nobody_can_see_it_yet(
    stage: Stage,
) -> None:
    stage.thread.failures["every"] = OSError("unreachable")
    await (await stage.serving(FakeProvider())).run({})

    [case], again = await stage.store.unfinished("terminal"), Thread()
    again.failures["every"] = Undeliverable("Posting is restricted here.")
    serving = await stage.serving(FakeProvider(), case, again)
    assert await serving.run({}) is not None
    again.failures.clear()
    await serving.deliver()

    assert set(again.keys) == KEYS
    assert again.newest("headline").blocks[0] == Heading("Yes.")


async def test_after_a_restart_the_first_headline_counts_what_is_in(stage: Stage) -> None:
    first = await stage.serving(hanging(CHAIR))
    running = asyncio.create_task(first.run({}))
    await stage.thread.until(lambda thread: "**verdict**" in str(thread.shown))
    running.cancel()
    await asyncio.wait({running})

    again = Thread()
    await (await stage.serving(FakeProvider(), thread=again)).run({})

    assert "Answers 0 of 3" not in str(again.shown)
    assert again.newest("headline").blocks[0] == Heading("Yes.")


async def test_what_was_seen_before_a_restart_counts(stage: Stage) -> None:
    await stage.store.create(a_case())
    await stage.store.claim_post("q1", "terminal", "headline", 0)
    await stage.store.confirm_post("q1", "headline", 0, "post", None)
    stage.thread.failures["every"] = Undeliverable("Posting is restricted here.")

    assert await (await stage.serving(FakeProvider())).run({}) is not None


# --- stopping


async def test_a_stop_keeps_what_is_finished_and_says_so(stage: Stage) -> None:
    serving = await stage.serving(hanging(("answer", 2)))
    running = asyncio.create_task(serving.run({}))
    await stage.thread.until(
        lambda thread: sum(shown.document.votable for shown in thread.shown) == 2
    )

    serving.stop("person", "ann")

    assert await running is None
    assert stage.thread.newest("headline").blocks == (
        Heading("Stopped after 2 of 3 answers"),
        Text("The answers below stay; nothing was ranked."),
    )
    [unheard] = [
        key for key in KEYS - {"ranking"} if "stopped" in str(stage.thread.newest(key).blocks)
    ]
    assert stage.thread.newest(unheard).blocks == (
        Note(f"✕ **{unheard[-1]}** gave no answer: stopped"),
    )
    assert len(await stage.store.calls("q1")) == 2
    assert await stage.status() == "stopped"
    assert await stage.unfinished() == []


async def test_a_stop_before_the_run_begins_is_kept_in_mind(stage: Stage) -> None:
    provider = FakeProvider()
    serving = await stage.serving(provider)

    serving.stop("person", "ann")

    assert await serving.run({}) is None
    assert provider.requests == []
    assert stage.thread.newest("headline").blocks[0] == Heading("Stopped before any answer")
    assert await stage.status() == "stopped"


# --- the clock


async def test_time_goes_on_where_nothing_else_happens(stage: Stage) -> None:
    go_on = asyncio.Event()
    seconds = itertools.count()
    serving = await stage.serving(
        hanging(("answer", 0), until=go_on),
        now=lambda: ASKED_AT + timedelta(seconds=next(seconds)),
    )
    running = asyncio.create_task(serving.run({}))

    def line(thread: Thread) -> str:
        return str(thread.newest("headline").blocks[0]) if thread.shown else ""

    await stage.thread.until(lambda thread: "Answers 2 of 3" in line(thread))
    before = line(stage.thread)
    await stage.thread.until(lambda thread: line(thread) != before)

    assert "Answers 2 of 3" in line(stage.thread)
    go_on.set()
    assert await running is not None


async def test_how_long_it_takes_is_told_from_three_questions_of_the_channel_on(
    stage: Stage,
) -> None:
    for n in range(3):
        assert await stage.store.usual_seconds(a_case("next")) is None
        serving = await stage.serving(FakeProvider(), a_case(f"q{n}"))
        await serving.run({})

    usual = await stage.store.usual_seconds(a_case("next"))

    results = [await stage.store.case(f"q{n}") for n in range(3)]
    seconds = [case.result.timings.verdict for case in results if case and case.result]
    assert usual == sorted(each for each in seconds if each)[1]
    elsewhere = replace(a_case("next"), channel="another")
    assert await stage.store.usual_seconds(elsewhere) is None
    deep = replace(COUNCIL, mode="deep")
    assert await stage.store.usual_seconds(replace(a_case("next"), council=deep)) is None
    alone = replace(COUNCIL, members=COUNCIL.members[:1])
    assert await stage.store.usual_seconds(replace(a_case("next"), council=alone)) is None


# --- later questions of a thread


async def test_answers_of_a_later_question_carry_its_number_for_good(stage: Stage) -> None:
    for n in range(2):
        serving = await stage.serving(FakeProvider(), a_case(f"q{n}", thread="t"))
        await serving.run({})
    case = await stage.store.case("q1")
    assert case is not None

    assert stage.thread.newest("answer:A").blocks[0] != stage.thread.shown[1].document.blocks[0]
    assert "**2A** · " in str(stage.thread.newest("answer:A").blocks)
    assert "Ranking: 2A, then 2B, 2C" in str(stage.thread.newest("ranking").blocks)
    assert (await stage.store.numbered(case)).number == 2
    await stage.store.create(later := a_case("q2", thread="t"))
    assert (await stage.store.numbered(later)).number == 3


async def test_a_number_stays_where_an_earlier_question_is_forgotten(stage: Stage) -> None:
    await stage.store.create(a_case("q0", thread="t"))
    await (await stage.store.begin("q0", {})).stop(
        Stop("person", ASKED_AT)
    )  # without a verdict to build on
    serving = await stage.serving(FakeProvider(), later := a_case("q1", thread="t"))
    await serving.run({})
    assert (await stage.store.numbered(later)).number == 2
    await stage.store.forget_deliberation("q0")
    assert (await stage.store.numbered(later)).number == 2


async def test_questions_of_other_threads_do_not_count(stage: Stage) -> None:
    await stage.store.create(a_case("q1", thread="t"))
    await stage.store.create(a_case("q2", thread="t2"))
    await stage.store.create(a_case("q3"))

    for case in (a_case("q1", thread="t"), a_case("q2", thread="t2"), a_case("q3")):
        assert (await stage.store.numbered(case)).number == 1


# --- going on after an end


async def test_a_cancelled_run_is_resumed_with_the_same_keys_and_nothing_is_asked_twice(
    stage: Stage,
) -> None:
    first = hanging(CHAIR)
    running = asyncio.create_task((await stage.serving(first)).run({}))
    await stage.thread.until(lambda thread: len(set(thread.keys)) == 4)
    while len(first.requests) < 7:
        await asyncio.wait({running}, timeout=0.001)
    running.cancel()
    await asyncio.wait({running})
    assert await stage.unfinished() == ["q1"]

    second, again = FakeProvider(), Thread()
    result = await (await stage.serving(second, thread=again)).run({})

    assert result is not None
    assert [stage_and_seat(request) for request in second.requests] == [CHAIR]
    assert set(stage.thread.keys) == KEYS - {"ranking"}
    assert again.keys[-1] == "ranking"
    assert set(again.keys) == KEYS
    assert [again.newest(key) for key in sorted(KEYS) if "answer" in key] == [
        stage.thread.newest(key) for key in sorted(KEYS) if "answer" in key
    ]
    assert await stage.unfinished() == []


async def test_a_run_that_ended_before_its_last_post_is_delivered_later(stage: Stage) -> None:
    stage.thread.slow = asyncio.Event()
    running = asyncio.create_task((await stage.serving(FakeProvider())).run({}))
    while await stage.status() != "finished":
        pass
    running.cancel()
    await asyncio.wait({running})
    assert await stage.unfinished() == ["q1"]

    silent, again = FakeProvider(), Thread()
    await (await stage.serving(silent, thread=again)).run({})

    assert silent.requests == []
    assert set(again.keys) == KEYS
    assert await stage.unfinished() == []


# --- faults


async def test_a_fault_of_the_store_is_told_in_its_own_words(stage: Stage) -> None:
    full = StoreFailed("The disk is full. Make room, then ask again.")
    serving = await stage.serving(broken_at("review", full))

    with pytest.raises(StoreFailed, match="The disk is full"):
        await serving.run({})

    assert stage.thread.newest("headline").blocks == (
        Heading("The council had to stop"),
        Text("The disk is full. Make room, then ask again."),
    )
    assert await stage.unfinished() == ["q1"]


async def test_an_unexpected_fault_is_told_without_its_words(stage: Stage) -> None:
    serving = await stage.serving(broken_at("review", RuntimeError("row 7 of lab/a")))

    with pytest.raises(RuntimeError):
        await serving.run({})

    heading, said = stage.thread.newest("headline").blocks
    assert heading == Heading("The council had to stop")
    assert isinstance(said, Text)
    assert "lab/a" not in said.text
    assert "the log says what" in said.text
    assert await stage.unfinished() == ["q1"]


async def test_what_fails_at_three_starts_is_given_up_with_a_sentence(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    fault = RuntimeError("row 7")
    for _ in range(2):
        with pytest.raises(RuntimeError):
            await (await stage.serving(broken_at("review", fault))).run({})
        assert await stage.unfinished() == ["q1"]

    assert await (await stage.serving(broken_at("review", fault))).run({}) is None

    assert stage.thread.newest("headline").blocks == (
        Heading("Stopped after 3 of 3 answers"),
        Text(
            "This question failed several times at a fault of the bot's own and is given up; the "
            "log says what happened. Put it in other words, or tell whoever runs the bot."
        ),
        Text("The answers below stay; no verdict was written."),
    )
    assert "RuntimeError: row 7" in caplog.text
    assert (await stage.status(), await stage.unfinished()) == ("stopped", [])


async def test_faults_of_the_store_never_give_a_question_up(stage: Stage) -> None:
    full = StoreFailed("The disk is full. Make room, then ask again.")
    for _ in range(4):
        with pytest.raises(StoreFailed):
            await (await stage.serving(broken_at("review", full))).run({})

    result = await (await stage.serving(FakeProvider())).run({})

    assert result is not None
    assert result.answered


async def test_a_run_taken_over_by_another_shows_nothing_more(stage: Stage) -> None:
    go_on = asyncio.Event()
    serving = await stage.serving(hanging(("answer", 0), ("answer", 2), until=go_on))
    running = asyncio.create_task(serving.run({}))
    await stage.thread.until(lambda thread: len(set(thread.keys)) == 2)
    await stage.store.begin("q1")
    shown = len(stage.thread.shown)

    go_on.set()
    with pytest.raises(Superseded):
        await running

    assert len(stage.thread.shown) == shown


# --- follow-ups


async def test_a_follow_up_knows_the_threads_earlier_question_and_verdict(stage: Stage) -> None:
    await (await stage.serving(FakeProvider(), a_case("q1", thread="t"))).run({})
    provider = FakeProvider()

    await (await stage.serving(provider, a_case("q2", thread="t", text="And why?"))).run({})

    for request in provider.asked("answer"):
        assert "Is it right?" in request.messages[-1].content
        assert "**Yes.** Because the answers say so." in request.messages[-1].content
    assert Note("The council knows the earlier question and verdict of this thread.") in (
        stage.thread.newest("headline").blocks
    )


@pytest.mark.parametrize("thread", ["other", None])
async def test_a_question_elsewhere_knows_nothing_of_it(stage: Stage, thread: str | None) -> None:
    first = a_case("q1", thread="t") if thread else a_case("q1")
    await (await stage.serving(FakeProvider(), first)).run({})
    provider = FakeProvider()

    await (await stage.serving(provider, a_case("q2", thread=thread, text="And why?"))).run({})

    assert provider.asked("answer")[0].messages[-1].content == "Question:\nAnd why?"


async def test_a_resumed_follow_up_is_told_the_same_as_at_first(stage: Stage) -> None:
    """Even if the thread has gone on meanwhile."""
    provider = hanging(("answer", 0), ("answer", 1), ("answer", 2))
    running = asyncio.create_task(
        (await stage.serving(provider, a_case("q1", thread="t", text="First?"))).run({})
    )
    await stage.thread.until(lambda thread: len(thread.shown) > 0)
    while len(provider.requests) < 3:
        await asyncio.wait({running}, timeout=0.001)
    running.cancel()
    await asyncio.wait({running})
    await (await stage.serving(FakeProvider(), a_case("q2", thread="t", text="Second?"))).run({})

    resumed = FakeProvider()
    await (await stage.serving(resumed, a_case("q1", thread="t", text="First?"))).run({})

    assert resumed.asked("answer")[0].messages[-1].content == "Question:\nFirst?"


async def test_a_quoted_message_reaches_the_members(stage: Stage) -> None:
    case = a_case()
    case = replace(case, question=replace(case.question, quoted="Somebody's words."))
    provider = FakeProvider()

    await (await stage.serving(provider, case)).run({})

    assert "Somebody's words." in provider.asked("answer")[0].messages[-1].content


# --- what is checked once the verdict stands

AUDITED = replace(COUNCIL, audit="on")
AUDIT = ("audit", 0)


def telling(request: Request) -> Scripted:
    match stage_and_seat(request)[0]:
        case "answer":
            return "The migration of stored procedures takes a week."
        case "audit":
            return "LEFT OUT:\n- The migration of stored procedures takes a week (A)"
    return sensible(request)


async def audited(stage: Stage, provider: FakeProvider) -> Serving:
    return await stage.serving(provider, replace(a_case(), council=AUDITED))


async def test_verdict_and_ranking_wait_for_no_check_and_show_what_it_finds(stage: Stage) -> None:
    go_on = asyncio.Event()
    serving = await audited(stage, FakeProvider({AUDIT: [go_on]}, otherwise=telling))
    running = asyncio.create_task(serving.run({}))

    await stage.thread.until(lambda thread: thread.keys.count("ranking") == 1)
    assert stage.thread.newest("headline").blocks[0] == Heading("Yes.")
    assert len(stage.thread.newest("ranking").details) == 1
    assert await stage.status() == "finished"
    headlines = stage.thread.keys.count("headline")

    go_on.set()
    await running
    _ranking, details = stage.thread.newest("ranking").details
    assert details.title == "Details: the verdict checked"
    assert details.hint == "1 point left out"
    assert "- The migration of stored procedures takes a week (A)" in words(Document((details,)))
    assert stage.thread.keys.count("ranking") == 2
    assert stage.thread.keys.count("headline") == headlines
    assert await stage.unfinished() == []


async def test_the_ranking_says_whether_the_verdict_beat_the_best_answer(stage: Stage) -> None:
    council = replace(COUNCIL, verify=True)
    serving = await stage.serving(FakeProvider(), replace(a_case(), council=council))

    result = await serving.run({})

    assert result is not None
    [ranking] = stage.thread.newest("ranking").details
    assert "In a second blind review" in words(Document((ranking,)))


async def test_a_check_that_finds_nothing_edits_nothing(stage: Stage) -> None:
    serving = await audited(stage, FakeProvider())

    await serving.run({})

    assert len(stage.thread.newest("ranking").details) == 1


async def test_a_question_stopped_at_a_check_keeps_its_verdict(stage: Stage) -> None:
    provider = FakeProvider({AUDIT: [asyncio.Event()]}, otherwise=telling)
    serving = await audited(stage, provider)
    running = asyncio.create_task(serving.run({}))
    await stage.thread.until(lambda thread: "ranking" in thread.keys)

    serving.stop("question")
    await running

    assert stage.thread.newest("headline").blocks[0] == Heading("Yes.")
    assert stage.thread.newest("headline").state == "done"
    assert (await stage.status(), await stage.unfinished()) == ("finished", [])


async def test_a_restart_at_a_check_shows_what_it_finds_and_nothing_twice(stage: Stage) -> None:
    provider = FakeProvider({AUDIT: [asyncio.Event()]}, otherwise=telling)
    serving = await audited(stage, provider)
    running = asyncio.create_task(serving.run({}))
    await stage.thread.until(lambda thread: "ranking" in thread.keys)
    running.cancel()
    await asyncio.wait({running})
    assert await stage.unfinished() == ["q1"]

    again = FakeProvider(otherwise=telling)
    [case] = await stage.store.unfinished("terminal")
    serving = await stage.serving(again, case)
    await serving.run({})

    assert [stage_and_seat(request) for request in again.requests] == [AUDIT]
    assert len(stage.thread.newest("ranking").details) == 2
    assert await stage.unfinished() == []
