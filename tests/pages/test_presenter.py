"""What people read of a deliberation, and what nobody may read in public."""

import asyncio
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from adapters.text.markdown import table_lines
from bot.cleaning import harmless
from bot.council import Council, Deliberation, Earlier, Question, Standing
from bot.document import Detail, Document, Heading, Image, Leaf, Note, Table, Text
from bot.errors import Kind, ModelFailed
from bot.llm import Completion, Request
from bot.pages import presenter
from bot.pages.transcript import transcript
from bot.program.ask import notes as cli_notes
from bot.protocol import ranking
from bot.protocol.attempts import Patience
from bot.protocol.calls import Caller
from bot.protocol.events import (
    AnswerGiven,
    Event,
    Progress,
    ReviewGiven,
    ReviewsAsked,
    Started,
    VerdictAsked,
    VerdictText,
    advance,
)
from bot.protocol.modes import deliberate
from bot.records import Case
from bot.store.store import Store
from bot.texts import KINDS, unread_files
from tests.fakes.prices import FreeOfCharge
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat

ASKED_AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
COUNCIL = Council(("acme/zeppelin-7", "globex/quokka-2", "initech/narwhal"), "hooli/ibex-9")
THREE = 3
PROVIDERS_WORDS = "upstream node 17 in Frankfurt is on fire"
ALL_HEARD = next(seed for seed in range(1_000) if ranking.never_stops_early(seed))
MAY_STOP = next(seed for seed in range(1_000) if not ranking.never_stops_early(seed))


def question(seed: int = ALL_HEARD) -> Question:
    return Question("q1", "Is a monolith right?", seed, ASKED_AT)


def failing(kind: Kind = "refused") -> ModelFailed:
    return ModelFailed(kind, PROVIDERS_WORDS)


@dataclass(frozen=True)
class Told:
    """A deliberation as it was told, event by event, and as it ended."""

    question: Question
    council: Council
    events: tuple[Event, ...]
    result: Deliberation

    def progress(self, events: Sequence[Event] | None = None) -> Progress:
        progress = Progress(self.question, self.council)
        for event in self.events if events is None else events:
            progress = advance(progress, event)
        return progress

    def before(self, kind: type[Event]) -> Progress:
        """The progress just before the first event of this kind."""
        kinds = [type(event) for event in self.events]
        return self.progress(self.events[: kinds.index(kind)])


def tell(
    script: Mapping[tuple[str, int], Sequence[Scripted]] | None = None,
    *,
    otherwise: Callable[[Request], Scripted] = sensible,
    council: Council = COUNCIL,
    asked: Question | None = None,
) -> Told:
    return asyncio.run(_tell(script or {}, otherwise, council, asked or question()))


async def _tell(
    script: Mapping[tuple[str, int], Sequence[Scripted]],
    otherwise: Callable[[Request], Scripted],
    council: Council,
    asked: Question,
) -> Told:
    ticks = (ASKED_AT + timedelta(seconds=13.37 * n) for n in range(1, 10_000))

    async def no_history(model: str) -> tuple[float, ...]:
        return ()

    provider = FakeProvider(script, otherwise=otherwise)
    caller = Caller(provider, FreeOfCharge(), Patience(), no_history, now=lambda: next(ticks))
    events: list[Event] = []
    store = await Store.open(":memory:", holder="tests")
    try:
        await store.create(Case(question=asked, council=council, platform="cli"))
        journal = await store.begin(asked.id)
        result = await deliberate(asked, council, caller, journal=journal, emit=events.append)
    finally:
        await store.close()
    return Told(asked, council, tuple(events), result)


def words(document: Document) -> str:
    return "\n".join(_words(document.blocks))


def _words(blocks: Sequence[Leaf | Detail]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Heading(text) | Text(text) | Note(text):
                yield text
            case Table(columns, rows):
                yield from (" ".join(cells) for cells in (columns, *rows))
            case Image(name, _, alt):
                yield from (name, alt)
            case Detail(title, inner):
                yield title
                yield from _words(inner)


def notes(document: Document) -> list[str]:
    return [block.text for block in document.blocks if isinstance(block, Note)]


# --- blind to the end

KIND_NAMES = sorted(KINDS)


@st.composite
def stories(draw: st.DrawFn) -> Told:
    """Any deliberation: members, reviewers and authors that work or fail in any way."""
    seats = draw(st.integers(1, 7))
    members = tuple(f"vendor{n}/secretmodel-{n}" for n in range(seats))
    chairman = draw(st.sampled_from(["hooli/ibex-9", *members]))
    prose = st.text("abc XYZ.\n*#>-|é", min_size=1).filter(str.strip)

    def completion(text: str) -> Completion:
        micros = draw(st.none() | st.integers(3_000_000, 9_000_000))
        return Completion(text, draw(st.sampled_from(["stop", "length"])), 100, 20, micros)

    def fails() -> ModelFailed:
        return failing(draw(st.sampled_from(KIND_NAMES)))

    def reply(stage: str, seat: int) -> Scripted:
        if draw(st.integers(0, 3)) == 0:
            return fails()
        if stage == "answer":
            return completion(f"As Secretmodel-{seat}, I say: {draw(prose)}")
        if stage == "review":
            order = draw(st.permutations(sorted("ABCDEFG"[:seats])))
            ballot = draw(st.sampled_from([" > ".join(order), " = ".join(order), "none"]))
            return completion(f"{draw(prose)}\n\nFINAL RANKING: {ballot}")
        dissent = draw(st.sampled_from(["", "\nDissent: it may be wrong."]))
        return completion(f"**{draw(prose)}** I am Secretmodel-0, by the way.{dissent}")

    calls = [(stage, seat) for stage in ("answer", "review") for seat in range(seats)]
    calls += [("verdict", seat) for seat in range(seats + 1)]
    script = {key: [reply(*key)] for key in calls}
    asked = Question(
        "q1",
        "Is a monolith right?",
        draw(st.integers(0, 50)),
        ASKED_AT,
        quoted=draw(st.sampled_from(["", "Somebody's words."])),
        earlier=draw(st.sampled_from([None, Earlier("And then?", "**Then.**")])),
    )
    return tell(script, council=Council(members, chairman), asked=asked)


def public(told: Told) -> Iterator[str]:
    """Everything that is shown in public, from the first event to the last."""
    for n in range(len(told.events) + 1):
        progress = told.progress(told.events[:n])
        yield words(presenter.headline(progress))
        yield words(presenter.headline(replace(progress, stopped=True)))
        yield words(presenter.headline(replace(progress, fault="The database is full.")))
    result = told.result
    yield words(presenter.verdict(result, told.question))
    if result.answered:
        yield words(presenter.ranking(result, [("A", 1, 2, 3)]))
    for one in result.answers:
        yield words(presenter.answer(one, told.question, told.council))
    yield transcript(result, told.question, told.council)


@given(stories())
def test_for_any_deliberation_nothing_public_identifies_a_member(told: Told) -> None:
    result = told.result
    seconds = [answer.seconds for answer in result.answers]
    seconds += [review.seconds for review in result.reviews if review.text]
    prices = [answer.cost_usd for answer in result.answers if answer.cost_usd]
    secrets = [
        "ecretmodel",
        "vendor",
        PROVIDERS_WORDS,
        *(f"{each:.0f} s" for each in seconds),
        *(f"{each:.1f} s" for each in seconds),
        *(f"${price:.4f}" for price in prices),
        *(f"${price:.2f}" for price in prices),
    ]
    secret = re.compile("|".join(rf"(?<!\d){re.escape(each)}" for each in secrets))

    for text in public(told):
        assert secret.findall(text) == []


@given(stories())
def test_for_any_deliberation_the_chairman_is_named_only_without_a_seat(told: Told) -> None:
    named = any("ibex" in text for text in public(told))

    wrote = told.result.verdict.written_by == "hooli/ibex-9"
    assert named == wrote


BALLOTS = st.integers(0, 20)
STANDINGS = st.builds(
    Standing,
    st.sampled_from("ABT"),
    st.just("lab/a"),
    st.none() | st.floats(0, 1),
    BALLOTS,
    BALLOTS,
)


@given(st.lists(STANDINGS, min_size=1, max_size=20))
def test_for_any_standings_the_table_fits_a_narrow_screen(standings: list[Standing]) -> None:
    table = presenter.standings_table(standings)

    assert max(map(len, table_lines(table.columns, table.rows, 80))) <= 32
    assert len(table.rows) == len(standings)


def test_a_verdict_that_is_an_answer_is_masked_as_the_answer_is() -> None:
    told = tell(
        {
            ("answer", 0): ["As Claude, I would split it."],
            ("answer", 1): [failing()],
            ("answer", 2): [failing()],
        }
    )

    assert told.result.verdict.text == "As Claude, I would split it."
    assert "Claude" not in words(presenter.verdict(told.result))
    assert "Claude" not in words(presenter.ranking(told.result))
    assert "Claude" not in transcript(told.result, told.question, told.council)


def test_a_draft_is_masked_while_it_is_written() -> None:
    told = tell({("verdict", THREE): ["As Claude, I would split it."]})
    [draft] = [event.text for event in told.events if isinstance(event, VerdictText)]

    assert "Claude" in draft
    assert all("Claude" not in text for text in public(told))


def test_of_one_answer_neither_price_nor_time_is_shown() -> None:
    told = tell({("answer", 0): [failing()], ("answer", 1): [failing()]})

    text = words(presenter.ranking(told.result))

    assert "3 calls" in text
    assert "$" not in text


def test_where_one_answer_alone_costs_anything_no_price_is_shown() -> None:
    free = Completion("It is.", "stop", 100, 20, cost_micros=0)
    told = tell({("answer", 0): [free], ("answer", 1): [free]}, asked=question(seed=ALL_HEARD))

    text = words(presenter.ranking(told.result))

    assert "7 calls · " in text
    assert "$" not in text


# --- the headline while it lasts


def test_the_headline_shows_each_seats_state_by_its_label() -> None:
    told = tell({("answer", 1): [failing("rate_limited")]}, asked=question(seed=1))
    # Seed 1 labels the seats 0, 1, 2 as A, C, B.
    answered = told.before(ReviewsAsked)

    headline = presenter.headline(told.progress(told.events[:1]))
    assert headline.blocks == (
        Heading("The council is deliberating"),
        Text("- **A** … answering\n- **B** … answering\n- **C** … answering"),
        Note("Stage 1 of 3: 0 of 3 answers are in"),
    )
    assert headline.live
    assert presenter.headline(answered).blocks == (
        Heading("The council is deliberating"),
        Text("- **A** ✓ answered\n- **B** ✓ answered\n- **C** ✗ rate limited"),
        Note("Stage 1 of 3: 2 of 3 answers are in"),
    )


def test_the_headline_counts_the_reviews() -> None:
    told = tell(asked=question(seed=ALL_HEARD))
    reviews = [i for i, event in enumerate(told.events) if isinstance(event, ReviewGiven)]

    blocks = presenter.headline(told.progress(told.events[: reviews[0] + 1])).blocks

    assert blocks[-1] == Note("Stage 2 of 3: 1 of 3 reviews are in")
    assert isinstance(blocks[1], Text)
    assert sorted(line[10:] for line in blocks[1].text.splitlines()) == [
        "answered, reviewed",
        "answered, reviewing …",
        "answered, reviewing …",
    ]


def test_the_draft_takes_the_place_of_the_seats() -> None:
    progress = Progress(
        question(), COUNCIL, author=THREE, draft=VerdictText(lambda: "**Yes.** Bec")
    )

    assert presenter.headline(progress).blocks == (
        Text("**Yes.** Bec"),
        Note("Stage 3 of 3: The chairman is writing the verdict …"),
    )


def test_a_stand_in_begins_a_draft_of_its_own() -> None:
    progress = Progress(
        question(), COUNCIL, author=THREE, draft=VerdictText(lambda: "**Yes.** Bec")
    )

    progress = advance(progress, VerdictAsked(0))

    assert progress.draft is None


def test_a_stand_in_is_announced_without_its_name() -> None:
    told = tell({("verdict", THREE): [failing()]})
    asked = [i for i, event in enumerate(told.events) if isinstance(event, VerdictAsked)]

    headline = presenter.headline(told.progress(told.events[: asked[1] + 1]))

    first = told.result.standings[0].label
    assert headline.blocks[-1] == Note(
        f"Stage 3 of 3: The chairman could not (refused to answer), so the author of Answer {first} "
        "is writing the verdict …"
    )


def test_the_headline_says_from_the_first_to_the_last_what_could_not_be_read() -> None:
    told = tell(asked=replace(question(), unread=("Two files were not read.",)))
    first = presenter.headline(Progress(told.question, told.council))
    last = presenter.headline(told.progress())
    file = transcript(told.result, told.question, told.council)

    assert "⚠ Two files were not read." in notes(first)
    assert "⚠ Two files were not read." in notes(last)
    assert "⚠ Two files were not read." in file


def test_the_headline_says_what_was_read_along() -> None:
    asked = replace(question(), quoted="Somebody's words.", earlier=Earlier("And?", "**Then.**"))
    told = tell(asked=asked)
    expected = [
        "The council read the message replied to along with the question.",
        "The council knows the earlier question and verdict of this thread.",
    ]

    assert notes(presenter.headline(told.before(AnswerGiven)))[1:] == expected
    assert notes(presenter.headline(told.progress()))[-2:] == expected


def test_a_rehearsal_is_labelled_from_the_first_word_to_the_last() -> None:
    told = tell(council=Council(("rehearsal/a", "rehearsal/b"), "rehearsal/chairman"))
    label = "Rehearsal: simulated models. Set a key to ask real ones."

    assert notes(presenter.headline(told.before(AnswerGiven)))[-1] == label
    assert notes(presenter.headline(told.progress()))[-1] == label
    assert label in transcript(told.result, told.question, told.council)


def test_a_stopped_run_says_what_is_kept() -> None:
    told = tell()
    one = next(i for i, event in enumerate(told.events) if isinstance(event, AnswerGiven))
    progress = told.progress(told.events[: one + 1])

    assert presenter.headline(replace(progress, stopped=True)).blocks == (
        Heading("Stopped"),
        Note("1 finished answer is kept below."),
    )


def test_a_fault_is_told_in_its_own_words() -> None:
    progress = Progress(question(), COUNCIL, fault="The database is full. Make room.")

    document = presenter.headline(progress)

    assert document.blocks == (
        Heading("The council had to stop"),
        Text("The database is full. Make room."),
    )
    assert not document.live


# --- the verdict


def test_the_verdict_names_a_chairman_without_a_seat_and_how_reviewers_stood() -> None:
    document = presenter.verdict(tell(asked=question(seed=ALL_HEARD)).result)

    assert document.blocks == (
        Text("**Yes.** Because the answers say so."),
        Note("Reviewers agreed · verdict by hooli/ibex-9"),
        Note("👍 good verdict · 👎 not"),
    )


def test_a_chairman_with_a_seat_is_not_named() -> None:
    document = presenter.verdict(tell(council=replace(COUNCIL, chairman="initech/narwhal")).result)

    assert notes(document)[0] == "Reviewers agreed · verdict by the chairman"


def test_the_dissent_stands_under_the_verdict() -> None:
    told = tell({("verdict", THREE): ["**Yes.**\n\nDissent: a split later costs more."]})

    document = presenter.verdict(told.result)

    assert document.blocks[:2] == (
        Text("**Yes.**"),
        Note("**Strongest dissent:** a split later costs more."),
    )


def test_a_missing_member_is_named_by_label_and_kind() -> None:
    told = tell({("answer", 1): [failing("no_credit")]}, asked=question(seed=1))

    assert "⚠ Without C (no credit)." in notes(presenter.verdict(told.result))


def test_a_stand_in_is_the_author_of_its_answer() -> None:
    told = tell({("verdict", THREE): [failing("rate_limited")]}, asked=question(seed=1))

    assert notes(presenter.verdict(told.result))[:2] == [
        "Reviewers agreed",
        "⚠ The chairman could not write (rate limited); the author of Answer A did.",
    ]


def test_a_top_ranked_answer_is_labelled_as_such() -> None:
    def nobody_writes(request: Request) -> Scripted:
        return failing() if stage_and_seat(request)[0] == "verdict" else sensible(request)

    told = tell(otherwise=nobody_writes, asked=question(seed=1))

    assert (
        "⚠ No chairman could write (refused to answer): this is the top-ranked answer, Answer A."
    ) in notes(presenter.verdict(told.result))


def test_an_only_answer_is_labelled_as_such() -> None:
    told = tell(
        {("answer", 0): [failing()], ("answer", 2): [failing("empty")]}, asked=question(seed=1)
    )

    assert presenter.verdict(told.result).blocks == (
        Text("The answer from seat 1."),
        Note("⚠ Only one member answered, so there was nothing to rank: this is Answer C."),
        Note("⚠ Without A (refused to answer), B (empty answer)."),
        Note("👍 good verdict · 👎 not"),
    )


def test_an_apology_asks_for_no_vote() -> None:
    told = tell({("answer", seat): [failing("unauthorised")] for seat in range(3)})

    assert presenter.verdict(told.result).blocks == (
        Text(
            "**Sorry, no member of the council could answer.** Cause: key refused (3 members). "
            "Ask the operator to check the API key."
        ),
    )


# --- an answer


def test_an_answer_is_folded_under_its_label_above_the_legend() -> None:
    told = tell(asked=question(seed=1))

    document = presenter.answer(told.result.answers[0], told.question, told.council)

    assert document.blocks == (
        Detail("Answer A · 23 characters", (Text("The answer from seat 0."),)),
        Note("👍 good enough · 👎 not · 🏆 best"),
    )


# --- the ranking


def detail(document: Document) -> list[str]:
    [folded] = [block for block in document.blocks if isinstance(block, Detail)]
    return list(_words(folded.blocks))


def test_the_ranking_begins_with_the_verdicts_first_sentence() -> None:
    document = presenter.ranking(tell().result)

    assert document.blocks[0] == Text("**Yes.**")
    assert isinstance(document.blocks[1], Detail)
    assert document.blocks[1].title == "Ranking and how it came about · 3 of 3 members answered"
    assert document.blocks[2] == Note(
        "Vote on the answers above (👍 good enough · 👎 not · 🏆 best), or here: "
        "🚫 none of these answers"
    )


def test_the_ranking_shows_how_each_reviewer_read_and_ranked() -> None:
    script: dict[tuple[str, int], list[Scripted]] = {
        ("review", 0): ["FINAL RANKING: B > A = C"],
        ("review", 1): ["I like them all."],
        ("review", 2): [failing("empty")],
    }
    told = tell(script, asked=question(seed=ALL_HEARD))
    by_seat = {review.seat: review for review in told.result.reviews}

    lines = detail(presenter.ranking(told.result))

    first, second, third = (by_seat[seat] for seat in range(3))
    assert (
        f"**Author of {first.label}** read {', '.join(first.order)} and ranked B > A = C" in lines
    )
    assert (
        f"**Author of {second.label}** read {', '.join(second.order)}; "
        "the review holds no ranking, so it did not count"
    ) in lines
    assert f"**Author of {third.label}** gave no review: empty answer" in lines


def test_the_agreement_is_a_number_in_the_details() -> None:
    told = tell(asked=question(seed=ALL_HEARD))

    assert "Agreement of the reviewers (Kendall's W): 1.00" in detail(
        presenter.ranking(told.result)
    )
    assert "Kendall" not in words(presenter.verdict(told.result))


def test_an_early_stop_is_told_and_hides_the_number() -> None:
    four = Council((*COUNCIL.members, "umbrella/stoat"), "hooli/ibex-9")
    told = tell({("review", 3): [asyncio.Event()]}, council=four, asked=question(seed=MAY_STOP))

    lines = detail(presenter.ranking(told.result))

    assert told.result.agreement.stopped_early
    [unheard] = [review.label for review in told.result.reviews if review.seat == 3]
    told_of = f"3 of 3 heard agreed, 1 not heard ({unheard})"
    assert f"Stopped early: {told_of}." in lines
    assert "Kendall" not in "\n".join(lines)
    assert sum("was not waited for: the first place was decided" in line for line in lines) == 1
    assert f"{told_of} · verdict by hooli/ibex-9" in notes(presenter.verdict(told.result))
    assert f"{told_of}." in transcript(told.result, told.question, told.council)
    assert "Reviewers agreed" not in words(presenter.verdict(told.result))


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        ("A > B > C", "A > C > B", "2 of 2 heard agreed, 1 not heard (X)"),
        ("A > B > C", "A = B > C", "Reviewers split: 2 heard, 1 not heard (X)"),
        ("A > B > C", None, "1 of 1 heard put A first, 2 not heard (X)"),
        (None, None, ""),
    ],
)
def test_wherever_agreement_is_named_so_is_who_was_not_heard(
    first: str | None, second: str | None, words: str
) -> None:
    def review(ranking: str | None) -> list[Scripted]:
        return [f"FINAL RANKING: {ranking}"] if ranking else [failing("empty")]

    told = tell(
        {
            ("review", 0): review(first),
            ("review", 1): review(second),
            ("review", 2): [failing("timed_out")],
        }
    )
    unheard = ", ".join(r.label for r in told.result.reviews if not r.counted)
    said = words.replace("X", unheard)

    headline = notes(presenter.verdict(told.result))[0]
    assert headline.startswith(said or "verdict by")
    assert f"{said}." in transcript(told.result, told.question, told.council)
    assert told.result.agreement.heard == sum(bool(each) for each in (first, second))


def test_a_tie_at_the_top_is_too_close_to_call() -> None:
    script = {("review", seat): ["FINAL RANKING: A = B > C"] for seat in range(3)}

    tied = detail(presenter.ranking(tell(script).result))
    clear = detail(presenter.ranking(tell().result))

    assert "The first two are too close to call." in tied
    assert "The first two are too close to call." not in clear


def test_an_answer_that_reviewers_read_shortened_is_told() -> None:
    told = tell({("answer", 1): ["word " * 8_000]})
    [long] = [answer.label for answer in told.result.answers if answer.seat == 1]
    line = (
        f"Answer {long} was shortened for reviewers: 3,000 of its 40,000 characters, "
        "from both ends."
    )

    assert line in detail(presenter.ranking(told.result))
    assert line in transcript(told.result, told.question, told.council)
    assert "shortened" not in words(presenter.ranking(tell().result))


def test_what_did_not_fit_a_models_context_is_told() -> None:
    words_of = {"answer": "word " * 800}

    def small(request: Request) -> Scripted:
        stage, seat = stage_and_seat(request)
        size = len(request.messages[-1].content)
        if (stage, seat) in {("review", 1), ("verdict", THREE)} and size > 10_000:
            return ModelFailed("refused", "too long.", context_tokens=3_000)
        return words_of.get(stage) or sensible(request)

    told = tell(otherwise=small, asked=question(seed=ALL_HEARD))
    told_of = [line for line in detail(presenter.ranking(told.result)) if "shortened" in line]
    chars = told.result.verdict.shown_chars

    assert len(told_of) == 3
    assert all("was shortened for 1 of 3 reviewers: " in line for line in told_of)
    assert (
        f"⚠ The verdict's author read at most {chars:,} characters of each answer: "
        "more did not fit its model's context."
    ) in notes(presenter.verdict(told.result))


@pytest.mark.parametrize(
    ("finish_reason", "why"),
    [
        ("length", "it reached the length limit"),
        ("content_filter", "a content filter cut it off"),
        ("insufficient_system_resource", "the model's server broke it off"),
        ("something new", "the model's server broke it off"),
    ],
)
def test_what_was_broken_off_is_marked_wherever_it_is_shown(finish_reason: str, why: str) -> None:
    script = {
        ("answer", 1): [Completion("**No.** Half a", finish_reason)],
        ("verdict", THREE): [Completion("**Yes.** Half a", finish_reason)],
    }
    told = tell(script, asked=question(seed=ALL_HEARD))
    result = told.result
    [cut] = [answer for answer in result.answers if answer.seat == 1]
    line, answer_line = f"⚠ The verdict ends here: {why}.", f"The answer ends here: {why}."

    assert presenter.verdict(result).blocks[1] == Note(line)
    assert presenter.ranking(result).blocks[1] == Note(line)
    assert line in cli_notes(result)
    for answer in result.answers:
        shown = words(presenter.answer(answer, told.question, told.council))
        assert (answer_line in shown) == (answer is cut)
        assert ("characters · broken off" in shown) == (answer is cut)
    file = transcript(result, told.question, told.council)
    assert f"> **Yes.** Half a\n\n{line}\n" in file
    assert f"> **No.** Half a\n\n{answer_line}\n" in file
    asked = words(presenter.headline(told.before(VerdictAsked)))
    assert asked.count("(broken off)") == 1
    assert f"**{cut.label}** ✓ answered (broken off)" in asked


def test_an_answer_that_stands_for_the_verdict_is_marked_like_one() -> None:
    cut = Completion("Half an", "length")
    only = tell({("answer", 0): [failing()], ("answer", 1): [cut], ("answer", 2): [failing()]})

    def nobody_writes(request: Request) -> Scripted:
        stage, _ = stage_and_seat(request)
        if stage == "review":
            return sensible(request)
        return cut if stage == "answer" else failing()

    for told in (only, tell(otherwise=nobody_writes)):
        line = "⚠ The verdict ends here: it reached the length limit."
        assert line in notes(presenter.verdict(told.result))


@pytest.mark.parametrize(
    "finish_reason", ["stop", "", "end_turn", "eos_token", "STOP", "completed"]
)
def test_what_came_to_its_end_is_not_marked(finish_reason: str) -> None:
    told = tell(
        {
            ("answer", 1): [Completion("No.", finish_reason)],
            ("verdict", THREE): [Completion("**Yes.**", finish_reason)],
        }
    )

    file = transcript(told.result, told.question, told.council)
    assert "ends here" not in file
    assert "ends here" not in words(presenter.verdict(told.result))


def test_the_account_is_of_the_whole() -> None:
    told = tell(asked=question(seed=ALL_HEARD))
    result = replace(told.result, cost_usd=0.01234, timings=replace(told.result.timings, verdict=9))

    assert "7 calls · $0.0123 · 9 s" in detail(presenter.ranking(result))
    assert "7 calls · $0.0123 (some prices are unknown, counted as zero) · 9 s" in detail(
        presenter.ranking(replace(result, cost_known=False))
    )


def test_the_ranking_of_an_only_answer_has_no_table() -> None:
    told = tell({("answer", 0): [failing()], ("answer", 1): [failing()]})

    [_, folded, _] = presenter.ranking(told.result).blocks

    assert isinstance(folded, Detail)
    assert not [block for block in folded.blocks if isinstance(block, Table)]


def test_votes_are_shown_as_totals() -> None:
    [_, folded, _] = presenter.ranking(tell().result, [("A", 3, 1, 2)]).blocks

    assert isinstance(folded, Detail)
    assert folded.blocks[-1] == Table(("Answer", "👍", "👎", "🏆"), (("A", "3", "1", "2"),))


@pytest.mark.parametrize(
    ("verdict", "first"),
    [
        ("**Yes, split it.** Because.", "**Yes, split it.**"),
        ("\n\n## Yes.\nBecause.", "Yes."),
        ("**Yes", "**Yes"),
        ("a" * 301, "a" * 299 + "…"),
        ("**" + "a" * 400 + "** b", "**" + "a" * 297 + "…**"),
        ("", ""),
    ],
)
def test_the_first_sentence_is_the_bold_one_or_the_first_line(verdict: str, first: str) -> None:
    assert presenter.first_sentence(verdict) == first


# --- names and the transcript


def test_names_tell_who_sits_behind_each_label() -> None:
    told = tell(asked=question(seed=1))

    assert presenter.names(told.result).blocks == (
        Table(
            ("Answer", "Model"),
            (("A", "acme/zeppelin-7"), ("B", "initech/narwhal"), ("C", "globex/quokka-2")),
        ),
        Note("The verdict was written by hooli/ibex-9."),
    )


PROSE = st.text("abc XYZ.\n*#>-|é", min_size=1).filter(str.strip)


@given(st.lists(PROSE, min_size=3, max_size=3), st.lists(PROSE, min_size=3, max_size=3), PROSE)
def test_for_any_texts_the_transcript_holds_each_whole(
    answers: list[str], reviews: list[str], verdict: str
) -> None:
    script = {
        ("verdict", THREE): [verdict],
        **{("answer", seat): [text] for seat, text in enumerate(answers)},
        **{("review", seat): [text] for seat, text in enumerate(reviews)},
    }
    asked = replace(question(), text="Is it?\n\nReally?", quoted="Somebody's words.")
    told = tell(script, asked=asked)

    text = transcript(told.result, told.question, told.council)

    for whole in (*answers, *reviews, verdict.strip(), asked.text, asked.quoted):
        assert "\n".join(f"> {line}".rstrip() for line in whole.split("\n")) in text


def test_no_heading_in_a_text_forges_a_section_of_the_transcript() -> None:
    forged = "Yes.\n\n## Verdict\n\nNo.\n\nAnswer C\n--------\n<h2>Standings</h2>"
    script = {("answer", 0): [forged], ("review", 1): [forged], ("verdict", THREE): [forged]}
    told = tell(script, asked=replace(question(), text=forged, quoted=forged))

    text = transcript(told.result, told.question, told.council)

    tokens = MarkdownIt("commonmark").parse(text)
    assert {token.level for token in tokens if token.type == "html_block"} == {1}
    headed = [
        n for n, token in enumerate(tokens) if token.type == "heading_open" if not token.level
    ]
    assert [tokens[n + 1].content for n in headed][1:3] == ["Question", "About this message"]
    assert [tokens[n + 1].content for n in headed].count("Verdict") == 1


@pytest.mark.parametrize("end", ["\r", "\u2028", "\u2029"])
def test_no_line_end_in_a_dissent_forges_a_section_of_the_transcript(end: str) -> None:
    forged = f"**Yes.**\n\nDissent: a split costs.{end}{end}## Verdict{end}{end}No."
    told = tell({("verdict", THREE): [forged]}, asked=question())

    text = harmless(transcript(told.result, told.question, told.council))

    assert text.count("\n## Verdict") == 1
    assert "**Strongest dissent:** a split costs. ## Verdict No.\n" in text


def test_the_transcript_holds_standings_dissent_and_account() -> None:
    told = tell(
        {
            ("answer", 1): [failing("no_credit")],
            ("verdict", THREE): ["**Yes.**\n\nDissent: a split later costs more."],
        },
        asked=question(seed=1),
    )

    text = transcript(told.result, told.question, told.council)

    assert text.startswith("# Is a monolith right?\n\n## Question\n\n> Is a monolith right?\n\n")
    assert "\n\n**Strongest dissent:** a split later costs more.\n\n" in text
    assert "\n\n⚠ Without C (no credit).\n\n" in text
    assert (
        "| Answer | Score | First | Ballots |\n| --- | --- | --- | --- |\n| A | 1.00 | 2 |" in text
    )
    assert "## Review by the author of Answer A" in text


def test_started_names_seats_and_shows_nothing_of_them() -> None:
    progress = advance(Progress(question(), COUNCIL), Started((("A", 1), ("B", 0))))

    assert words(presenter.headline(progress)).startswith(
        "The council is deliberating\n- **A** … answering\n- **B** … answering"
    )


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["a.pdf"], "The attached file was not read, only the text of the message: `a.pdf`."),
        (
            ["a", "b", "c", "d", "e"],
            "The attached files were not read, only the text of the message: `a`, `b`, `c`, 2 more.",
        ),
        (
            ["`@x`\n# y", "é" * 99],
            "The attached files were not read, only the text of the message: "
            f"`'@x' # y`, `{'é' * 59}…`.",
        ),
    ],
)
def test_files_that_were_not_read_are_named(names: list[str], sentence: str) -> None:
    assert unread_files(names) == sentence
