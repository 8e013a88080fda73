"""No input costs more than a second of computing per 100 kB, wherever it passes.

Every place is given half of that in a second, since computers differ: what is no longer linear in
its text takes many times as much.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from io import StringIO
from random import Random

import pytest
from rich.console import Console

from adapters.discord import pages as discord_pages
from adapters.discord import render as discord
from adapters.discord.reading import mentions_typed
from adapters.discord.text import escaped
from adapters.slack import content, questions
from adapters.slack import render as slack
from adapters.slack.form import plain
from adapters.slack.web import Me
from adapters.terminal import words
from adapters.terminal.layout import thread_page
from adapters.terminal.threads import Run
from bot.chat import HEADLINE, RANKING
from bot.cleaning import json_escaped, one_line
from bot.council import Deliberation, Earlier, Past
from bot.document import Bar, Bars, Detail, Document, Heading, Note, Table, Text, literal
from bot.errors import InvalidInput
from bot.llm import Request
from bot.models.gate import mended
from bot.models.thoughts import shown_so_far, without_thoughts
from bot.pages import presenter
from bot.pages.asked import first_asked
from bot.pages.transcript import transcript
from bot.protocol import fences, prompts
from bot.protocol.events import Progress
from bot.recognition import signs
from bot.redaction import Redaction, masked
from bot.seats import parse_members, parse_model
from bot.settings import change
from bot.votes import tally
from tests.abuse.corpus import BOMBS, STRUCTURES
from tests.adapters.text.test_hostile_texts import READERS, seconds
from tests.fakes.provider import sensible, stage_and_seat
from tests.pages.telling import COUNCIL, question, tell

SIZE, SECONDS = 50_000, 1.0
FENCE = fences.fence(1, "review", 0, 0)
ME = Me("U1", "B1", "T1", "", frozenset({"T1"}))

TEXTS: dict[str, str] = {
    **{repr(piece): piece * (SIZE // len(piece)) for piece in BOMBS},
    **{name: build(SIZE) for name, build in STRUCTURES.items()},
}


def tried(read: Callable[[str], object]) -> Callable[[str], object]:
    """The same, where to be refused is an answer."""

    def trying(text: str) -> object:
        try:
            return read(text)
        except InvalidInput as error:
            return error

    return trying


def open_texts(text: str) -> Document:
    return Document((Text(text), Note(text)))


def folded(text: str) -> Document:
    """Headings and titles are a sentence long."""
    title = text[:1_000]
    return Document((Heading(title), Detail(title, (Text(text),), title)))


def in_cells(text: str) -> Document:
    """A third of it in each cell, and shares that are called so."""
    cell = text[: len(text) // 3]
    bar = Bar(cell[:200], 0.5, cell[:200], cell[:200])
    return Document((Table((cell, "b"), ((cell, cell),)), Bars((bar, bar), ("", "", cell[:200]))))


def live(text: str) -> Document:
    return Document((Text(text),), state="live")


def on_screen(text: str) -> None:
    """What is finished, in a terminal of 24 rows."""
    posts = {HEADLINE: open_texts(text), "answer:A": folded(text), RANKING: open_texts(text)}
    page = thread_page(Run("q", "t", 1, text, posts), rows=24)
    Console(file=StringIO(), width=80, force_terminal=True).print(page)


def deliberation(text: str) -> Deliberation:
    """A quarter of the text quoted, and as answer, review and verdict."""
    part = text[: len(text) // 4]

    def reply(request: Request) -> str:
        stage, seat = stage_and_seat(request)
        if stage == "review" and seat == 0:
            return f"{part}\n\n{sensible(request)}"
        return part if stage == "verdict" or seat == 0 else sensible(request)

    return tell(otherwise=reply, asked=replace(question(), quoted=part)).result


TOLD = deliberation("A plain text.")


def pages_of(text: str) -> None:
    """Of a deliberation in which a third is an answer, a review and the verdict each."""
    part = text[: len(text) // 3]
    first, *others = TOLD.answers
    told = replace(
        TOLD,
        answers=(replace(first, text=part), *others),
        reviews=tuple(replace(each, text=part) for each in TOLD.reviews[:1]),
        verdict=replace(TOLD.verdict, text=part, dissent=part),
    )
    presenter.verdict(told, question())
    presenter.ranking(told, question(), tally(()))
    presenter.answer(told.answers[0], question(), COUNCIL)
    presenter.headline(Progress(replace(question(), text=part), COUNCIL))
    transcript(told, question(), COUNCIL)


PLACES: Mapping[str, Callable[[str], object]] = {
    **{name: read for name, read in READERS.items() if not name.startswith("grading")},
    # As it comes in
    "the gate": mended,
    "thoughts": without_thoughts,
    "a draft": shown_so_far,
    "mentions on Discord": mentions_typed,
    "tokens of Slack's": lambda text: questions.plain_text(text, {"U1": text[:100]}),
    "whom it speaks to on Slack": lambda text: questions.addressed(
        {"channel": "C1", "user": "U2", "text": text}, ME
    ),
    "an app's message on Slack": lambda text: content.attached_words(
        {"attachments": [{"text": text, "title": text[:100]}]}
    ),
    "a line in the terminal": words.read,
    "a line": one_line,
    "a repeated question": lambda text: signs(text, "key"),
    "personal data": masked,
    "placeholders": lambda text: Redaction().hide(text),
    "criteria": tried(lambda text: change({}, "criteria", text)),
    "members": tried(parse_members),
    "a model": tried(parse_model),
    # As models read it
    "a quoted message": lambda text: prompts.answer_prompt(
        replace(question(), quoted=text), COUNCIL, fence=FENCE
    ),
    "an earlier verdict": lambda text: prompts.answer_prompt(
        replace(question(), past=Past((Earlier("a", text),))), COUNCIL, fence=FENCE
    ),
    "an answer that is reviewed": lambda text: prompts.review_prompt(
        question(), COUNCIL, [("A", text)], fence=FENCE, limit=SIZE // 2
    ),
    "a deliberation": deliberation,
    # As people read it
    "pages of a deliberation": pages_of,
    "who asked, and what": lambda text: first_asked(literal(text), text, "A"),
    "plain text on Discord": escaped,
    "a headline on Discord": lambda text: discord.post(open_texts(text), run="r", key=HEADLINE),
    "a draft on Discord": lambda text: discord.post(live(text), run="r", key=HEADLINE),
    "a ranking on Discord": lambda text: discord.post(open_texts(text), run="r", key=RANKING),
    "a fold on Discord": lambda text: discord.post(folded(text), run="r", key=HEADLINE),
    "a document on Discord": lambda text: discord_pages.document_pages(Document((Text(text),))),
    "a table on Discord": lambda text: discord_pages.document_pages(in_cells(text)),
    "a label on Slack": plain,
    "a draft on Slack": lambda text: slack.post(live(text), run="r", key=HEADLINE),
    "a fold on Slack": lambda text: slack.post(folded(text), run="r", key="answer:A"),
    "a fold on Slack without files": lambda text: slack.post(
        Document((Detail("Answer A", (Text(text),)),)), run="r", key="answer:A", files=False
    ),
    "a document on Slack": lambda text: slack.document_messages(Document((Text(text),))),
    "a table on Slack": lambda text: slack.document_messages(in_cells(text)),
    "a thread in the terminal": on_screen,
    "JSON": json_escaped,
}


@pytest.mark.parametrize("name", PLACES)
def test_no_text_costs_more_than_a_second_per_100_kb(name: str, full: bool) -> None:
    names = list(TEXTS) if full else Random(name).sample(list(TEXTS), 4)
    costs = {each: seconds(PLACES[name], mended(TEXTS[each])) for each in names}
    assert {each: cost for each, cost in costs.items() if cost > SECONDS} == {}
