"""The chat in the terminal, driven through a pipe as a script."""

import asyncio
import os
import re
from io import StringIO
from pathlib import Path

import pytest

from adapters.terminal.client import Terminal
from adapters.terminal.threads import CHANNEL
from bot.chat import Accepted, Mention, Person
from bot.conversation.app import App
from bot.llm import Request
from bot.rehearsal import simulated as rehearsal
from bot.rehearsal.simulated import Rehearsal
from bot.votes import standing_votes
from tests.conversation.machines import Answering
from tests.fakes.channel import finished_case
from tests.fakes.council import running_app
from tests.fakes.postgres import Postgres
from tests.fakes.provider import FakeProvider, Scripted, sensible, stage_and_seat
from tests.fakes.watched import eventually


async def chat(app: App, *lines: str, end: str = "\n") -> str:
    """What a chat prints for these lines of input."""
    out = StringIO()
    reading, writing = os.pipe()
    os.write(writing, ("\n".join(lines) + end).encode())
    os.close(writing)
    with os.fdopen(reading) as stdin:
        terminal = Terminal(app, stdin=stdin, stdout=out)
        app.platforms["terminal"] = terminal
        await terminal.run()
    return out.getvalue()


async def said(*lines: str, provider: FakeProvider | None = None) -> str:
    async with running_app(provider or FakeProvider(), time_scale=1) as app:
        return await chat(app, *lines)


def after(text: str, line: str) -> str:
    """What was printed in answer to the last line like this."""
    _, found, rest = text.rpartition(f"> {line}\n")
    assert found
    return re.split(r"\n> (?!\*\*But:)", rest, maxsplit=1)[0]


# --- a newcomer


async def test_a_newcomer_sees_the_whole_flow_without_a_key() -> None:
    provider = Rehearsal(instant=True)
    async with running_app(
        provider, members=rehearsal.MEMBERS, chairman=rehearsal.CHAIRMAN, time_scale=1
    ) as app:
        text = await chat(
            app,
            "opne A",
            "@council Is a monolith right for a team of five?",
            "open A",
            "open ranking",
            "react A 👍",
            "react verdict 👎",
            "reveal",
            "thread 1",
            "@council And for fifty?",
            "/council members remove rehearsal/brisk",
            "/council show",
            "quit",
        )

    assert "Did you mean `open A`?" in after(text, "opne A")
    thread = after(text, "@council Is a monolith right for a team of five?")
    assert thread.startswith("Thread 1\n")
    assert "React 👍" not in thread
    assert "Rehearsal: simulated models. Set a key to ask real ones." in thread
    assert all(f"(open {part})" in thread for part in ("A", "B", "C", "D", "ranking"))
    assert thread.index("(open D)") < thread.index("(open ranking)")
    assert "▾ A · " in after(text, "open A")
    assert "Points: first of 4 counts 1" in after(text, "open ranking")
    assert "Your vote is recorded: 👍 on A." in after(text, "react A 👍")
    assert "storyteller" in after(text, "reveal")
    assert "In thread 1: `@council ...` follows up." in after(text, "thread 1")
    follow_up = after(text, "@council And for fifty?")
    assert follow_up.startswith("Thread 1\n")
    assert "The council knows the earlier question and verdict of this thread." in follow_up
    assert "rehearsal/brisk" not in after(text, "/council show")
    assert "\x1b" not in text


async def test_nothing_names_a_member_before_the_reveal() -> None:
    text = await said("@council Is it right?", "open A", "open ranking", "open verdict")

    assert "lab/" not in text
    assert "written by chair" in text


# --- asking


async def test_a_thread_is_printed_in_order_once_it_is_whole() -> None:
    text = await said("@council Is it right?")

    thread = after(text, "@council Is it right?").splitlines()
    assert thread[:2] == ["Thread 1", "Yes."]
    answers = [line[:28] for line in thread if line.startswith("**") and "seat" in line]
    assert answers == [f"**{label}** · The answer from seat" for label in "ABC"]
    assert [line for line in thread if line.startswith("▸")] == [
        "▸ Ranking: A, then B, C  (open ranking)"
    ]


async def test_slash_council_ask_asks_as_a_mention_does() -> None:
    provider = FakeProvider()

    text = await said("/council ask Is it right?", provider=provider)

    assert "Yes.\n\nBecause the answers say so." in text
    assert provider.asked("answer")[0].messages[-1].content == "Question:\nIs it right?"


async def test_an_empty_question_is_refused_with_what_to_do() -> None:
    assert "Write the question behind the mention." in await said("@council")


async def test_questions_in_the_channel_are_threads_of_their_own() -> None:
    provider = FakeProvider()

    text = await said("@council First?", "@council Second?", provider=provider)

    assert after(text, "@council First?").startswith("Thread 1\n")
    assert after(text, "@council Second?").startswith("Thread 2\n")
    assert not [
        request
        for request in provider.asked("answer")
        if "First?" in request.messages[-1].content and "Second?" in request.messages[-1].content
    ]


async def test_a_question_in_a_thread_follows_up_until_the_thread_is_left() -> None:
    provider = FakeProvider()

    await said(
        *("@council First?", "thread 1", "@council Second?", "thread", "@council Third?"),
        provider=provider,
    )

    prompts = [request.messages[-1].content for request in provider.asked("answer")]
    assert [prompt for prompt in prompts if "Second?" in prompt and "First?" not in prompt] == []
    assert prompts[-1] == "Question:\nThird?"


@pytest.mark.parametrize("line", ["thread 2", "thread 0", "thread one"])
async def test_a_thread_that_is_not_there_is_not_entered(line: str) -> None:
    provider = FakeProvider()

    text = await said("@council First?", line, "@council Second?", provider=provider)

    assert "There is no thread" in after(text, line)
    assert provider.asked("answer")[-1].messages[-1].content == "Question:\nSecond?"


async def test_a_bare_line_is_a_question_as_a_mention_is() -> None:
    provider = FakeProvider()

    text = await said("Is it right?", "open source or not, for four?", provider=provider)

    assert after(text, "Is it right?").startswith("Thread 1\n")
    assert after(text, "open source or not, for four?").startswith("Thread 2\n")


@pytest.mark.parametrize("line", ["opne A", "raect A +1", "/show", "/council/", "hello", "A"])
async def test_what_looks_like_a_command_costs_nothing(line: str) -> None:
    provider = FakeProvider()

    text = await said(line, provider=provider)

    assert f"`{line}` is not known here" in after(text, line)
    assert f"write `@council {line}`" in after(text, line)
    assert provider.requests == []


async def test_what_cannot_be_compared_is_said_in_words_of_the_chat() -> None:
    lines = ("/council trial on", "Is it right?", "compare", "compare third", "compare first")

    text = await said(*lines)

    assert "Nothing can be compared here" in after(text, "compare")
    assert "`compare first`, `compare second` or `compare same`" in after(text, "compare third")
    assert "Nothing can be compared here" in after(text, "compare first")
    assert "button" not in text


async def test_a_part_alone_is_answered_with_how_to_open_it() -> None:
    assert "Did you mean `open b`?" in after(await said("Is it right?", "b"), "b")


# --- threads of earlier chats


async def test_a_thread_of_an_earlier_chat_is_read_voted_on_and_followed_up(
    tmp_path: Path,
) -> None:
    database, provider = str(tmp_path / "council.db"), FakeProvider()
    async with running_app(FakeProvider(), database=database, time_scale=1) as app:
        await chat(app, "@council First?", "@council Second?")
    async with running_app(provider, database=database, time_scale=1) as app:
        text = await chat(
            app, "threads", "thread 2", "open A", "react A +1", "open critiques", "And then?"
        )
        cases = [case async for case in app.store.cases()]
        votes = [await app.store.reactions(case.id) for case in cases]

    first, second = after(text, "threads").strip().splitlines()
    assert first.startswith("1. ")
    assert first.endswith("  First?")
    assert second.endswith("  Second?")
    assert "The answer from seat" in after(text, "open A")
    assert [len(each) for each in votes] == [0, 1, 0]
    assert "All of them are fine." in after(text, "open critiques")
    assert after(text, "And then?").startswith("Thread 2\n")
    assert "Second?" in provider.asked("answer")[0].messages[-1].content


async def test_a_script_counts_its_own_threads_first(tmp_path: Path) -> None:
    database, provider = str(tmp_path / "council.db"), FakeProvider()
    async with running_app(FakeProvider(), database=database, time_scale=1) as app:
        await chat(app, "@council Older?", "@council Old?")
    async with running_app(provider, database=database, time_scale=1) as app:
        text = await chat(
            app, "@council New?", "thread 1", "@council Next?", "thread 2", "@council Then?"
        )

    assert after(text, "@council New?").startswith("Thread 1\n")
    next_prompt, then_prompt = (
        next(
            request.messages[-1].content
            for request in provider.asked("answer")
            if request.messages[-1].content.endswith(question)
        )
        for question in ("Next?", "Then?")
    )
    assert "New?" in next_prompt
    assert "Older?" not in next_prompt
    assert "Old?" in then_prompt


async def test_without_any_thread_the_list_says_so() -> None:
    assert "There is no thread yet." in after(await said("threads"), "threads")


async def test_parts_of_an_earlier_question_of_the_thread_go_by_its_number() -> None:
    provider = FakeProvider({("verdict", 3): ["**First verdict.**", "**Second verdict.**"]})

    text = await said(
        *("One?", "thread 1", "Two?", "open verdict", "open 1 verdict", "open 2 verdict"),
        *("react 2A +1", "react 3A +1"),
        provider=provider,
    )

    assert "Second verdict." in after(text, "open verdict")
    assert "First verdict." in after(text, "open 1 verdict")
    assert "Second verdict." in after(text, "open 2 verdict")
    assert "Your vote is recorded: 👍 on 2A." in after(text, "react 2A +1")
    assert "There is no `3A` in this thread." in after(text, "react 3A +1")


# --- reading and voting


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("open A", "**A** · The answer"),
        ("open a", "**A** · The answer"),
        ("open answer b", "**B** · The answer"),
        ("open verdict", "Yes."),
        ("OPEN verdict", "Yes."),
        ("open ranking", "▾ Ranking: A, then B, C\n"),
    ],
)
async def test_a_part_is_opened_by_its_name(line: str, first: str) -> None:
    text = await said("@council Is it right?", line)

    assert after(text, line).startswith(first)


async def test_letters_under_a_verdict_written_anew_are_those_of_its_answers() -> None:
    lines = ["@council Is it right?", "thread 1", "redo: shorter", "open B", "ask only B Why?"]
    text = await said(*lines)

    assert after(text, "open B").startswith("**B** · The answer")
    assert "Only B was asked" in after(text, "ask only B Why?")


@pytest.mark.parametrize("line", ["open D", "react D 👍", "unreact D 👍"])
async def test_a_part_that_is_not_there_is_answered_with_those_that_are(line: str) -> None:
    answer = after(await said("@council Is it right?", line), line)

    assert answer.startswith("There is no `D` in this thread. There are: verdict, ")
    assert all(name in answer for name in ("A", "B", "C", "ranking"))


@pytest.mark.parametrize("line", ["open A", "react A 👍", "reveal"])
async def test_before_the_first_question_there_is_no_thread(line: str) -> None:
    assert "There is no thread yet." in after(await said(line), line)


@pytest.mark.parametrize("line", ["open A", "react A 👍", "reveal"])
async def test_after_a_restart_the_way_into_an_earlier_thread_is_told(
    tmp_path: Path, line: str
) -> None:
    database = str(tmp_path / "council.db")
    async with running_app(FakeProvider(), database=database, time_scale=1) as app:
        await chat(app, "@council Is it right?")
    async with running_app(FakeProvider(), database=database, time_scale=1) as app:
        later = await chat(app, line)

    assert after(later, line).strip() == (
        "This is no thread. Ask a question, or go into an earlier one: see `threads`."
    )


async def test_a_file_goes_along_with_the_next_question_alone(tmp_path: Path) -> None:
    (tmp_path / "my notes.md").write_text("Grass is green.", encoding="utf-8")
    (tmp_path / "b.md").write_text("Sky is blue.", encoding="utf-8")
    text = await said(
        "attach gone.md",
        "attach",
        "attach b.md",
        "attach none",
        "attach my notes.md",
        "attach b.md",
        "@council Is it right?",
        "@council And this?",
        provider=(provider := FakeProvider()),
    )
    assert after(text, "attach gone.md").startswith("There is no file ")
    assert after(text, "attach none").startswith("No file goes along with the next question.")
    assert "The next question takes along: `my notes.md`, `b.md`." in text
    for request in provider.requests:
        prompt = request.messages[-1].content
        assert ("Grass is green." in prompt) is ("Is it right?" in prompt)
        assert ("Sky is blue." in prompt) is ("Is it right?" in prompt)


async def test_votes_are_recorded_and_taken_back() -> None:
    async with running_app(FakeProvider(), time_scale=1) as app:
        text = await chat(
            app,
            "@council Is it right?",
            "react A 👍",
            "react B 🏆",
            "react verdict 👎",
            "unreact A 👍",
            "unreact B 👎",
        )
        [case] = [case async for case in app.store.cases()]
        votes = standing_votes(await app.store.reactions(case.id))

    assert "Your vote is recorded: 🏆 on B." in after(text, "react B 🏆")
    assert "Your vote is taken back: 👍 on A." in after(text, "unreact A 👍")
    assert after(text, "unreact B 👎") == "There is no 👎 of yours.\n"
    assert [(vote.target, vote.value, vote.blind) for vote in votes] == [
        ("B", "best", True),
        ("verdict", "reject", True),
    ]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("react A 🎉", "`🎉` is no vote on A. There: 👍 👎 🏆"),
        ("react ranking 👍", "`👍` is no vote on ranking. There: 🚫"),
        (
            "react critiques 👍",
            "Nobody votes on critiques. An answer takes votes: `react A 👍`.",
        ),
        ("react A", "Name a part and an emoji, for example `react A 👍` or `react A +1`."),
    ],
)
async def test_what_is_no_vote_is_answered_with_those_there_are(line: str, answer: str) -> None:
    assert after(await said("@council Is it right?", line), line).strip() == answer


@pytest.mark.parametrize("emoji", ["+1", ":+1:", ":thumbsup:", "thumbsup", "👍", "👍🏽"])
async def test_an_emoji_goes_by_its_name_too(emoji: str) -> None:
    text = await said("@council Is it right?", f"react c {emoji}")

    assert "Your vote is recorded: 👍" in after(text, f"react c {emoji}")


async def test_names_stand_beside_answers_once_they_were_revealed(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    async with running_app(FakeProvider(), database=database, time_scale=1) as app:
        before = await chat(app, "@council Is it right?", "open A", "reveal anyway", "open B")
    async with running_app(FakeProvider(), database=database, time_scale=1) as app:
        later = await chat(app, "thread 1", "open A")

    assert "lab/" not in after(before, "open A")
    assert "lab/" in after(before, "open B")
    assert "lab/" in after(later, "open A")


async def test_a_vote_in_a_thread_is_on_its_newest_question() -> None:
    async with running_app(FakeProvider(), time_scale=1) as app:
        await chat(app, "@council First?", "@council Second?", "thread 1", "react A 👍")
        cases = [case async for case in app.store.cases()]
        votes = [await app.store.reactions(case.id) for case in cases]

    assert [len(each) for each in votes] == [1, 0]


async def test_names_are_shown_after_a_vote_or_on_demand() -> None:
    text = await said("@council Is it right?", "reveal", "react A 👍", "reveal", "reveal anyway")

    first, second = text.split("> reveal\n")[1:]
    assert "You have not voted here yet." in first.partition("\n> ")[0]
    assert "`reveal anyway` shows them now." in first.partition("\n> ")[0]
    assert "was written by" in second.partition("\n> ")[0]
    assert "reveal anyway" not in second.partition("\n> ")[0]
    assert "was written by" in after(text, "reveal anyway")


# --- beginning and end


async def test_quit_ends_the_chat_and_what_follows_is_not_read() -> None:
    provider = FakeProvider()

    text = await said("", "quit", "@council Is it right?", provider=provider)

    assert provider.requests == []
    assert text.endswith("> quit\n")


async def test_the_end_of_the_input_ends_the_chat_with_or_without_a_line_feed() -> None:
    async with running_app(FakeProvider(), time_scale=1) as app:
        text = await chat(app, "@council Is it right?", end="")

    assert "Yes.\n\nBecause the answers say so." in text


async def test_what_another_chat_is_at_is_left_to_it(postgres: Postgres) -> None:
    server = postgres.emptied()
    there, here = Answering(("answer", 0)), FakeProvider()
    async with running_app(there, database=server) as other:
        reading, writing = os.pipe()
        os.close(writing)
        with os.fdopen(reading) as stdin:
            other.platforms["terminal"] = Terminal(other, stdin=stdin, stdout=StringIO())
        asked = Mention("m", CHANNEL, Person("ann"), "Is it right?", "", thread="t")
        taken = await other.questions.accept(asked)
        assert isinstance(taken, Accepted)
        await there.until_asked("answer", 0)
        async with running_app(here, database=server) as app:
            text = await chat(app, "quit")
        there.go_on()
        await other.running.finished(taken.id)
        case = await other.store.case(taken.id)
        assert case
        assert case.status == "finished"
    assert "unfinished" not in text
    assert not here.requests


async def test_what_an_earlier_chat_left_unfinished_is_finished_first(tmp_path: Path) -> None:
    database = str(tmp_path / "council.db")
    never = asyncio.Event()

    def chairman_hangs(request: Request) -> Scripted:
        return never if stage_and_seat(request)[0] == "verdict" else sensible(request)

    first = FakeProvider(otherwise=chairman_hangs)
    async with running_app(first, database=database, time_scale=1) as app:
        reading, writing = os.pipe()
        with os.fdopen(reading) as stdin:
            app.platforms["terminal"] = Terminal(app, stdin=stdin, stdout=StringIO())
            asked = Mention("m", CHANNEL, Person("ann"), "Is it right?", "", thread="t")
            await app.questions.accept(asked)
            while not first.asked("verdict"):
                await app.store.unfinished("terminal")
            os.close(writing)
    second = FakeProvider()
    async with running_app(second, database=database, time_scale=1) as app:
        text = await chat(app, "react A 👍")

    assert text.startswith("An earlier chat left this unfinished: Is it right?\nThread 1\n")
    assert "Yes.\n\nBecause the answers say so." in text
    assert "Your vote is recorded: 👍 on A." in text
    assert len(second.requests) == 1


async def test_each_post_is_in_the_outbox_once() -> None:
    async with running_app(FakeProvider(), time_scale=1) as app:
        await chat(app, "@council Is it right?")
        [case] = [case async for case in app.store.cases()]
        posts = await app.store.posts(case.id)

    assert sorted((post.key, post.post_id) for post in posts) == [
        (key, f"{case.id}/{key}")
        for key in ("answer:A", "answer:B", "answer:C", "headline", "ranking")
    ]


async def test_neither_people_nor_models_steer_the_terminal() -> None:
    evil = "\x1b]0;owned\x07Yes\x1b[2J.\u202e"
    provider = FakeProvider(otherwise=lambda request: f"{sensible(request)} {evil}")

    text = await said(f"@council Is it {evil}right?", "open A", "open verdict", provider=provider)

    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "owned" not in text


async def test_markup_of_the_terminals_library_is_plain_text() -> None:
    provider = FakeProvider({("verdict", 3): ["**[bold]Yes[/bold] :smile:**"]})

    assert "**[bold]Yes[/bold] :smile:**" in await said("@council Is it?", provider=provider)


# --- one member alone


async def test_the_author_of_an_answer_is_asked_alone_under_its_letter() -> None:
    provider = FakeProvider()
    async with running_app(provider, time_scale=1) as app:
        text = await chat(app, "@council Is it right?", "ask only b, why?", "open 2B")
        [first] = [place.id for place in await app.store.asked_in("terminal", "terminal")][:1]
        case = await app.store.case(first)

    assert case
    assert case.result
    [(model, answer)] = [(a.model, a.text) for a in case.result.answers if a.label == "B"]
    [request] = provider.asked("answer")[3:]
    assert request.model == model
    assert f"The question is about what you answered before:\n{_fence(request)}\n{answer}" in (
        request.messages[-1].content
    )
    assert "Question:\nwhy?" in request.messages[-1].content
    assert "Only B was asked, with its earlier answer." in text
    assert "The answer from seat 0." in after(text, "open 2B")


def _fence(request: Request) -> str:
    [fence] = re.findall(r"two lines of (.+) is material", request.messages[0].content)
    return str(fence)


async def test_whoever_cannot_be_asked_alone_is_not() -> None:
    provider = FakeProvider()
    text = await said(
        "ask only A why?",
        "@council Is it right?",
        "ask only Z why?",
        "ask only",
        "ask only verdict",
        provider=provider,
    )

    assert len(provider.asked("answer")) == 3
    assert "There is no thread yet." in after(text, "ask only A why?")
    assert "There is no `Z` in this thread." in after(text, "ask only Z why?")
    assert "Did you mean `ask only B QUESTION`?" in after(text, "ask only")


async def test_a_line_that_asks_something_else_is_a_question() -> None:
    provider = FakeProvider()
    await said("ask yourself: only A or also B, and why?", provider=provider)

    assert len(provider.asked("answer")) == 3


# --- names of threads


async def test_threads_go_by_the_title_of_a_question_that_begins_with_none() -> None:
    def titled(request: Request) -> Scripted:
        return "A queue for four" if stage_and_seat(request)[0] == "title" else sensible(request)

    long = "We are four people with a shop and need a queue for jobs, " * 3
    text = await said(
        f"@council {long}",
        "@council Is it right?",
        "threads",
        provider=FakeProvider(otherwise=titled),
    )

    listed = after(text, "threads")
    assert "A queue for four" in listed
    assert "Is it right?" in listed
    assert "We are four people" not in listed


async def test_a_script_adds_an_answer_while_its_question_waits_for_one() -> None:
    asked = "@council /wait 10m Is a monolith right for a team of five?"
    text = await said(asked, "answer: It depends.", "enough", "open ranking", "quit")

    assert "Your answer is in." in after(text, "answer: It depends.")
    assert after(text, "enough").startswith("The models are asked now.\nThread 1\n")
    assert "1 of them a person's" in after(text, "enough")
    assert "Points: first of 4 counts 1" in after(text, "open ranking")


async def test_a_script_that_ends_waits_for_the_question_under_way() -> None:
    text = await said("@council Is a monolith right for a team of five?")

    assert "React" not in after(text, "@council Is a monolith right for a team of five?")
    assert "Ranking: " in text


async def test_a_chat_that_weighs_reviews_looks_what_votes_teach_as_it_begins() -> None:
    async with running_app(FakeProvider(), time_scale=1) as app:
        for number in range(10):
            await app.store.create(finished_case(number, platform="terminal", channel=CHANNEL.id))
        await app.command(CHANNEL, Person("ann", admin=True), "set weights on")
        await chat(app, "quit")

        async def known() -> bool:
            return (await app.store.publication("terminal", CHANNEL.id))[1] is not None

        await eventually(known)
