"""What people read of a deliberation, and what nobody may read in public."""

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given as any_of
from hypothesis import strategies as st

from adapters.text.markdown import table_lines
from bot.council import Council, Earlier, Evidence, Past, Question, Standing
from bot.document import Button, Detail, Document, Heading, Note, Table, Text
from bot.errors import ModelFailed
from bot.llm import Completion, Request
from bot.pages import evidence, presenter
from bot.pages.live import live_lines
from bot.pages.transcript import transcript
from bot.program.ask import notes as cli_notes
from bot.protocol.events import (
    AnswerGiven,
    Event,
    Progress,
    ReviewsAsked,
    VerdictAsked,
    VerdictText,
    advance,
)
from bot.records import Stop, StopCause
from bot.texts import KINDS
from tests.fakes.provider import Scripted, sensible, stage_and_seat
from tests.pages.telling import (
    ASKED_AT,
    COUNCIL,
    PROVIDERS_WORDS,
    THREE,
    Told,
    failing,
    notes,
    question,
    tell,
    words,
)

STOP = Stop("person", ASKED_AT, "ann")


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
        if stage == "revision":
            closing = draw(st.sampled_from(["KEPT", "CHANGED: A", "CHANGED: Secretmodel-1"]))
            return completion(f"I, Secretmodel-{seat}, say: {draw(prose)}\n{closing}")
        if stage == "review":
            order = draw(st.permutations(sorted("ABCDEFG"[:seats])))
            ballot = draw(st.sampled_from([" > ".join(order), " = ".join(order), "none"]))
            return completion(f"{draw(prose)}\n\nFINAL RANKING: {ballot}")
        dissent = draw(st.sampled_from(["", "\nDissent: it may be wrong."]))
        return completion(f"**{draw(prose)}** I am Secretmodel-0, by the way.{dissent}")

    stages = ("answer", "revision", "review")
    calls = [(stage, seat) for stage in stages for seat in range(seats)]
    calls += [("verdict", seat) for seat in range(seats + 1)]
    # Rounds are two at most.
    script = {key: [reply(*key) for _ in range(1 + (key[0] == "revision"))] for key in calls}
    asked = Question(
        "q1",
        "Is a monolith right?",
        draw(st.integers(0, 50)),
        ASKED_AT,
        quoted=draw(st.sampled_from(["", "Somebody's words."])),
        past=draw(st.sampled_from([None, Past((Earlier("And then?", "**Then.**"),))])),
    )
    mode = draw(st.sampled_from(["council", "debate"]))
    return tell(script, council=Council(members, chairman, mode), asked=asked)


def public(told: Told) -> Iterator[str]:
    """Everything that is shown in public, from the first event to the last."""
    for n in range(len(told.events) + 1):
        progress = told.progress(told.events[:n])
        for state in (
            progress,
            replace(progress, stopped=STOP),
            replace(progress, fault="The database is full."),
        ):
            yield words(presenter.headline(state))
            for label, _ in state.labels:
                yield words(presenter.seat(state, label))
    result = told.result
    yield words(presenter.verdict(result, told.question))
    if result.answered:
        yield words(presenter.ranking(result, told.question, {("A", "accept"): 2}))
    for one in result.answers:
        yield words(presenter.answer(one, told.question, told.council))
    yield transcript(result, told.question, told.council)


@any_of(stories())
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


@any_of(stories())
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


@any_of(st.lists(STANDINGS, min_size=1, max_size=20))
def test_for_any_standings_the_table_fits_a_narrow_screen(standings: list[Standing]) -> None:
    table = presenter.standings_table(standings, question())

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
    assert "Claude" not in words(presenter.verdict(told.result, told.question))
    assert "Claude" not in words(presenter.ranking(told.result, told.question))
    assert "Claude" not in transcript(told.result, told.question, told.council)


def test_a_draft_is_masked_while_it_is_written() -> None:
    told = tell({("verdict", THREE): ["As Claude, I would split it."]})
    [draft] = [event.text for event in told.events if isinstance(event, VerdictText)]

    assert "Claude" in draft
    assert all("Claude" not in text for text in public(told))


def test_of_one_answer_neither_price_nor_time_is_shown() -> None:
    told = tell({("answer", 0): [failing()], ("answer", 1): [failing()]})

    for document in (
        presenter.verdict(told.result, told.question),
        presenter.ranking(told.result, told.question),
    ):
        assert "$" not in words(document)
        assert not re.search(r"\d (s|min)\b", words(document))


def test_where_one_answer_alone_costs_anything_no_price_is_shown() -> None:
    free = Completion("It is.", "stop", 100, 20, cost_micros=0)
    told = tell({("answer", 0): [free], ("answer", 1): [free]})
    dear = replace(told.result, cost_usd=4.0)

    text = words(presenter.verdict(dear, told.question))

    assert "3 answers · " in text
    assert "$" not in text


# --- the headline while it lasts


@pytest.mark.parametrize(
    ("draft", "blocks"),
    [
        ("**Yes.** Bec", (Heading("Yes."), Text("Bec"))),
        ("**Yes, because it", (Text("**Yes, because it"),)),
        ("Yes", (Text("Yes"),)),
        ("", ()),
    ],
)
def test_the_draft_stands_above_the_line_that_says_how_far_it_is(
    draft: str, blocks: tuple[Heading | Text, ...]
) -> None:
    progress = Progress(question(), COUNCIL, author=THREE, draft=VerdictText(lambda: draft))

    document = presenter.headline(progress)

    *above, line = document.blocks
    assert tuple(above) == blocks
    assert line == Text(live_lines(progress, None))
    assert [button.name for button in document.buttons] == ["stop"]


def test_a_stand_in_begins_a_draft_of_its_own() -> None:
    progress = Progress(
        question(), COUNCIL, author=THREE, draft=VerdictText(lambda: "**Yes.** Bec")
    )

    progress = advance(progress, VerdictAsked(0))

    assert progress.draft is None


def test_the_headline_says_from_the_first_to_the_last_what_could_not_be_read() -> None:
    told = tell(asked=replace(question(), unread=("Two files were not read.",)))
    first = presenter.headline(Progress(told.question, told.council))
    last = presenter.headline(told.progress())
    file = transcript(told.result, told.question, told.council)

    assert "⚠ Two files were not read." in notes(first)
    assert "⚠ Two files were not read." in notes(last)
    assert "⚠ Two files were not read." in file


def test_the_headline_says_what_was_read_along() -> None:
    asked = replace(
        question(), quoted="Somebody's words.", past=Past((Earlier("And?", "**Then.**"),))
    )
    told = tell(asked=asked)
    expected = [
        "The council read the message replied to along with the question.",
        "The council knows the earlier question and verdict of this thread.",
    ]

    assert notes(presenter.headline(told.before(AnswerGiven))) == expected
    assert notes(presenter.headline(told.progress()))[-2:] == expected


def test_a_rehearsal_is_labelled_from_the_first_word_to_the_last() -> None:
    told = tell(council=Council(("rehearsal/a", "rehearsal/b"), "rehearsal/chairman"))
    label = "Rehearsal: simulated models. Set a key to ask real ones."

    assert notes(presenter.headline(told.before(AnswerGiven)))[-1] == label
    assert notes(presenter.headline(told.progress()))[-1] == label
    assert label in transcript(told.result, told.question, told.council)


@pytest.mark.parametrize(
    ("before", "heading", "text"),
    [
        (AnswerGiven, "Stopped before any answer", "Nothing was ranked."),
        (
            ReviewsAsked,
            "Stopped after 3 of 3 answers",
            "The answers below stay; nothing was ranked.",
        ),
        (
            VerdictAsked,
            "Stopped after 3 of 3 answers",
            "The answers below stay; no verdict was written.",
        ),
    ],
)
def test_a_stopped_run_says_what_is_kept(before: type[Event], heading: str, text: str) -> None:
    document = presenter.headline(replace(tell().before(before), stopped=STOP))

    assert document.blocks == (Heading(heading), Text(text))
    assert document.state == "stopped"
    assert document.buttons == (
        Button("go_on", "Go on", primary=True),
        Button("again", "Ask again"),
    )


@pytest.mark.parametrize(
    ("cause", "buttons"),
    [("given_up", (Button("again", "Ask again", primary=True),)), ("forgotten", ())],
)
def test_what_would_lead_nowhere_is_not_offered(
    cause: StopCause, buttons: tuple[Button, ...]
) -> None:
    stopped = replace(tell().before(AnswerGiven), stopped=Stop(cause, ASKED_AT))

    assert presenter.headline(stopped).buttons == buttons


@pytest.mark.parametrize(
    ("before", "heading"),
    [
        (AnswerGiven, "Stopped by Ann\\_ before any answer"),
        (ReviewsAsked, "Stopped by Ann\\_ after 3 of 3 answers"),
    ],
)
def test_a_stopped_run_says_who_stopped_it(before: type[Event], heading: str) -> None:
    progress = replace(tell().before(before), stopped=STOP, stopped_by="Ann\\_")

    assert presenter.headline(progress).blocks[0] == Heading(heading)


@pytest.mark.parametrize(
    ("cause", "why"),
    [
        ("question", "Its question was deleted."),
        ("place", "The place that it was asked in was deleted."),
        ("unseen", "The reply could not be posted, so nothing more was asked of the models: No."),
    ],
)
def test_a_run_that_nobody_stopped_says_what_ended_it(cause: StopCause, why: str) -> None:
    stop = Stop(cause, ASKED_AT, refusal="No.")

    assert presenter.headline(replace(tell().before(AnswerGiven), stopped=stop)).blocks == (
        Heading("Stopped before any answer"),
        Text(why),
        Text("Nothing was ranked."),
    )


def test_a_fault_is_told_in_its_own_words() -> None:
    progress = Progress(question(), COUNCIL, fault="The database is full. Make room.")

    document = presenter.headline(progress)

    assert document.blocks == (
        Heading("The council had to stop"),
        Text("The database is full. Make room."),
    )
    assert document.state == "failed"
    assert document.buttons == ()


# --- the verdict


VOTE = Note(
    "React 👍 or 👎 here and on each answer, 🏆 on the best one: votes show which models serve this "
    "channel."
)


def test_the_verdict_is_a_heading_a_text_and_three_small_lines() -> None:
    told = tell()
    timings = replace(told.result.timings, verdict=20.7)
    result = replace(told.result, cost_usd=0.0312, timings=timings)

    document = presenter.verdict(result, told.question)

    assert document.blocks == (
        Heading("Yes."),
        Text("Because the answers say so."),
        Note("⚖️ All 3 reviewers put **A** first."),
        Note("3 answers · 21 s · $0.03 · written by ibex-9"),
        VOTE,
    )
    assert document.state == "done"
    assert document.votable
    assert document.buttons == (
        Button("follow", "Follow up", primary=True),
        Button("reveal", "Names"),
        Button("transcript", "Transcript"),
    )
    assert [letter.shown for letter in document.letters] == ["A", "B", "C"]


@pytest.mark.parametrize(
    ("usd", "known", "shown"),
    [
        (0.0312, True, "3 answers · 21 s · $0.03 · written by ibex-9"),
        (0.0312, False, "3 answers · 21 s · at least $0.03 · written by ibex-9"),
        (0.004, True, "3 answers · 21 s · less than $0.01 · written by ibex-9"),
        (0.004, False, "3 answers · 21 s · written by ibex-9"),
        (0.0, True, "3 answers · 21 s · written by ibex-9"),
    ],
)
def test_what_it_took_claims_no_more_than_is_known(usd: float, known: bool, shown: str) -> None:
    told = tell()
    timings = replace(told.result.timings, verdict=20.7)
    result = replace(told.result, cost_usd=usd, cost_known=known, timings=timings)

    assert shown in notes(presenter.verdict(result, told.question))


def test_a_verdict_that_begins_with_no_sentence_has_no_heading() -> None:
    told = tell({("verdict", THREE): ["- one\n- two"]})

    assert presenter.verdict(told.result, told.question).blocks[0] == Text("- one\n- two")


def test_headings_of_a_verdict_are_below_its_own() -> None:
    told = tell({("verdict", THREE): ["**Yes.**\n\n# Why\n\nSo."]})

    assert presenter.verdict(told.result, told.question).blocks[:2] == (
        Heading("Yes."),
        Text("#### Why\n\nSo."),
    )


def test_a_chairman_with_a_seat_is_not_named() -> None:
    told = tell(council=replace(COUNCIL, chairman="initech/narwhal"))

    assert "written by" not in words(presenter.verdict(told.result, told.question))


def test_a_chairman_with_a_seat_that_was_not_asked_is_not_named() -> None:
    told = tell()
    writer = told.result.verdict.written_by
    assert writer
    result = replace(told.result, not_asked=(writer,))

    assert "written by" not in words(presenter.verdict(result, told.question))


def test_letters_lead_to_answers_where_the_verdict_stands_and_are_left_out_of_the_notification() -> (
    None
):
    told = tell({("verdict", THREE): ["**It is fast (A).** And free (B, Z)."]})

    shown = words(presenter.verdict(told.result, told.question))
    assert "It is fast (A)." in shown
    assert "And free (B)." in shown
    assert words(presenter.ranking(told.result, told.question)).startswith("**It is fast.**")


def test_the_chairmans_dissent_is_a_quote_and_the_reviewers_another_sentence() -> None:
    told = tell(
        {
            ("verdict", THREE): ["**Yes.** So.\n\nDissent: a split later costs more (B)."],
            ("review", 0): ["FINAL RANKING: B > A > C"],
        }
    )

    document = presenter.verdict(told.result, told.question)

    assert document.blocks[:4] == (
        Heading("Yes."),
        Text("So."),
        Text("> **But:** a split later costs more (B)."),
        Note("⚖️ 2 of 3 put **A** first, 1 put **B**."),
    )
    assert document.state == "done"


def test_a_degraded_verdict_says_in_normal_type_what_is_missing() -> None:
    told = tell({("answer", 1): [failing("no_credit")]})

    document = presenter.verdict(told.result, told.question)

    assert Text("⚠️ **2 of 3 answered.** B: no credit.") in document.blocks
    assert not [note for note in notes(document) if "answers" in note.split(" · ")[0]]
    assert document.state == "degraded"
    assert document.buttons[:2] == (
        Button("again", "Ask again", primary=True),
        Button("follow", "Follow up"),
    )


def test_a_stand_in_is_the_author_of_its_answer() -> None:
    told = tell(
        {("verdict", THREE): [failing("unknown_model")], ("answer", 1): [failing()]},
        asked=question(seed=1),
    )

    assert (
        Text(
            "⚠️ **2 of 3 answered.** C: refused to answer. The author of Answer A wrote the verdict: "
            "the chairman's model is unknown."
        )
        in presenter.verdict(told.result, told.question).blocks
    )


def test_a_top_ranked_answer_is_labelled_as_such() -> None:
    def nobody_writes(request: Request) -> Scripted:
        return failing() if stage_and_seat(request)[0] == "verdict" else sensible(request)

    told = tell(otherwise=nobody_writes, asked=question(seed=1))

    assert (
        Text(
            "⚠️ In the place of a verdict stands the answer that is ranked first, Answer A: the "
            "chairman refused to."
        )
        in presenter.verdict(told.result, told.question).blocks
    )


def test_an_only_answer_is_labelled_as_such() -> None:
    told = tell(
        {("answer", 0): [failing()], ("answer", 2): [failing("empty")]}, asked=question(seed=1)
    )

    assert presenter.verdict(told.result, told.question).blocks == (
        Heading("The answer from seat 1."),
        Text(
            "⚠️ **1 of 3 answered**, so nothing was ranked: this is Answer C. "
            "A: refused to answer · B: empty answer."
        ),
        VOTE,
    )


def test_a_council_of_one_is_not_short_of_anybody() -> None:
    told = tell(council=Council(("acme/zeppelin-7",), "hooli/ibex-9"))

    document = presenter.verdict(told.result, told.question)

    assert document.state == "done"
    assert document.blocks == (Heading("The answer from seat 0."), Note("1 answer"), VOTE)


def test_without_any_answer_the_cause_and_what_to_do_stand_there() -> None:
    told = tell({("answer", seat): [failing("unauthorised")] for seat in range(3)})

    document = presenter.verdict(told.result, told.question)

    assert document.blocks == (
        Heading("No verdict: none of the 3 models could answer"),
        Text("Cause: key refused (3 members). Ask the operator to check the API key."),
    )
    assert document.state == "failed"
    assert not document.votable
    assert document.buttons == (
        Button("again", "Try again", primary=True),
        Button("check", "Check the council"),
    )


# --- an answer


LONG = "Start with a monolith, whatever others say. " + "It is cheaper to run. " * 30


def given(text: str, *, number: int = 1) -> Document:
    told = tell({("answer", 0): [text]})
    [answer] = [answer for answer in told.result.answers if answer.seat == 0]
    asked = replace(told.question, number=number)
    return presenter.answer(replace(answer, label="B"), asked, told.council)


def test_a_long_answer_is_folded_under_its_label_and_gist() -> None:
    document = given(f"{LONG}\n\n# Why\n\n```\ncode\n```")

    assert document.blocks == (
        Detail(
            "B · Start with a monolith, whatever others say.",
            (Text(f"{LONG.strip()}\n\n#### Why\n\n```\ncode\n```".replace("\n\n#", " \n\n#", 1)),),
            hint="½ min to read · code",
        ),
    )
    assert document.votable
    assert document.letters == ()


def test_a_short_answer_stands_open() -> None:
    assert given("Yes, it is.").blocks == (Text("**B** · Yes, it is."),)
    assert given("Yes.\n\nIt is.").blocks == (Text("**B** · Yes.\n\nIt is."),)
    assert given("# Yes\nIt is.").blocks == (Text("**B** · **Yes**\n\nIt is."),)
    assert given("- yes\n- no").blocks == (Text("**B**\n\n- yes\n- no"),)


def test_answers_of_a_later_question_carry_its_number() -> None:
    assert given("Yes, it is.", number=2).blocks == (Text("**2B** · Yes, it is."),)
    [folded] = given(LONG, number=2).blocks
    assert isinstance(folded, Detail)
    assert folded.title.startswith("2B · Start with")


def test_every_label_has_a_post_from_the_start_to_the_end() -> None:
    told = tell({("answer", 1): [failing("no_credit")]}, asked=question(seed=1))
    # Seed 1 labels the seats 0, 1, 2 as A, C, B.
    first, last = told.progress(told.events[:1]), told.progress()

    for label in "ABC":
        document = presenter.seat(first, label)
        assert document.blocks == (Note(f"○ **{label}** is writing …"),)
        assert (document.state, document.votable) == ("live", False)
    # Why stands in the headline by then.
    assert presenter.seat(last, "C") == Document((Note("✕ **C** gave no answer"),))
    assert presenter.seat(replace(last, finished=None), "C") == Document(
        (Note("✕ **C** gave no answer: no credit"),)
    )
    assert presenter.seat(last, "A").votable


def test_after_the_end_nobody_is_writing() -> None:
    first = tell().before(AnswerGiven)

    assert presenter.seat(replace(first, stopped=STOP), "A").blocks == (
        Note("✕ **A** gave no answer: stopped"),
    )
    assert presenter.seat(replace(first, fault="Full."), "A").blocks == (
        Note("○ **A** has given no answer so far"),
    )


# --- the ranking


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
    told = tell(script)
    result = told.result
    [cut] = [answer for answer in result.answers if answer.seat == 1]
    line, answer_line = f"⚠ The verdict ends here: {why}.", f"The answer ends here: {why}."

    assert presenter.verdict(result, told.question).blocks[2] == Text(line)
    assert presenter.verdict(result, told.question).state == "degraded"
    assert line in words(presenter.ranking(result, told.question))
    assert line in cli_notes(told.question, result)
    for answer in result.answers:
        shown = words(presenter.answer(answer, told.question, told.council))
        assert (answer_line in shown) == (answer is cut)
    file = transcript(result, told.question, told.council)
    assert f"> **Yes.** Half a\n\n{line}\n" in file
    assert f"> **No.** Half a\n\n{answer_line}\n" in file


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
        assert Text(line) in presenter.verdict(told.result, told.question).blocks


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
    assert "ends here" not in words(presenter.verdict(told.result, told.question))


@pytest.mark.parametrize(
    ("verdict", "first"),
    [
        ("**Yes, split it.** Because.", "**Yes, split it.**"),
        ("\n\n## Yes.\nBecause.", "**Yes.**"),
        ("**Yes", "**Yes"),
        ("Use **Redis**. Because.", "**Use Redis.**"),
        ("In Python, 2**10 is 1024. More.", "In Python, 2**10 is 1024."),
        ("Write `2**10`. More.", "Write `2**10`."),
        ("```py\nprint(1)\n```", "**The verdict is there.**"),
        ("- ```py\n  print(1)\n  ```", "**The verdict is there.**"),
        ("| a | b |\n|---|---|\n| 1 | 2 |", "**The verdict is there.**"),
        ("---\n\nYes.", "**The verdict is there.**"),
        ("- **one**", "- one"),
        ("a" * 301, "a" * 299 + "…"),
        ("**" + "a" * 400 + "** b", "a" * 299 + "…"),
        ("", ""),
    ],
)
def test_the_first_sentence_is_the_bold_one_or_the_first_line(verdict: str, first: str) -> None:
    assert presenter.first_sentence(verdict) == first


# --- names and the transcript


def test_a_name_that_two_vendors_use_is_told_whole() -> None:
    told = tell(council=Council(("acme/narwhal", "initech/narwhal"), "hooli/ibex-9"))

    [table, _note] = presenter.names(told.result, told.question).blocks

    assert isinstance(table, Table)
    assert {model for _label, model in table.rows} == {"acme/narwhal", "initech/narwhal"}


def test_how_to_vote_is_told_once_in_a_thread() -> None:
    told = tell()

    later = presenter.verdict(told.result, replace(told.question, number=2))

    assert VOTE in presenter.verdict(told.result, told.question).blocks
    assert VOTE not in later.blocks
    assert later.votable


def test_names_tell_who_sits_behind_each_label() -> None:
    told = tell(asked=question(seed=1))

    assert presenter.names(told.result, told.question).blocks == (
        Table(
            ("Answer", "Model"),
            (("A", "zeppelin-7"), ("B", "narwhal"), ("C", "quokka-2")),
        ),
        Note("The verdict was written by ibex-9."),
    )


def test_what_was_read_of_files_is_told_and_what_was_not_is_marked() -> None:
    found = (
        Evidence("file", "a.md", 12, read=True),
        Evidence("quoted", "message", 5, read=True),
        Evidence("file", "b.csv", 7, read=True, why="Half of it was read."),
        Evidence("file", "`@x`\n# y", 0, read=False, why="It is empty."),
        Evidence("file", "é" * 99, 0, read=False, why="It is damaged."),
    )
    assert evidence.sentences(found) == [
        "The council read the attached files along with the question: `a.md`, `b.csv`.",
        "`b.csv`: Half of it was read.",
        "⚠ `'@x' # y` was not read. It is empty.",
        f"⚠ `{'é' * 59}…` was not read. It is damaged.",
    ]


def test_more_files_than_a_line_holds_are_counted() -> None:
    assert evidence.files_to_read(["a", "b", "c", "d", "e"]) == (
        "The council first reads the attached files: `a`, `b`, `c`, 2 more."
    )
