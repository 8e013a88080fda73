"""Whatever is written anywhere: where it is shown nothing pings, hides, disguises itself or runs.

The same hostile text comes in by every way there is at once: as question, quoted message, answer,
review, verdict, criteria, model id, names of people and files; it leaves on every page of both
platforms, in the terminal, in forms and in files.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from io import StringIO
from typing import Any, cast

import pytest
from discord.ui import Modal
from rich.console import Console

from adapters.discord import pages as discord_pages
from adapters.discord import render as discord
from adapters.discord.forms import QuestionForm, SettingForm
from adapters.discord.page import Notice
from adapters.slack import asking, form
from adapters.slack import render as slack
from adapters.terminal import render as terminal
from bot.analysis.reflection import compared
from bot.analysis.report import ceiling, peers_of, report
from bot.analysis.rows import PeerBallot, rated
from bot.analysis.selection import suggest
from bot.cleaning import one_line
from bot.conversation.app import App
from bot.conversation.presses import Form, Press
from bot.council import Claim, Cost, Council, Evidence, Exhibit, Origin, Question
from bot.document import Bar, Bars, Document, Image, Note, Table, Text, literal
from bot.llm import Request
from bot.models.gate import mended
from bot.models.searching import sources_in
from bot.pages import audit, presenter
from bot.pages import settings as settings_pages
from bot.pages.asked import asked, first_asked
from bot.pages.ceiling import audit_page as rows_page
from bot.pages.ceiling import ceiling_page
from bot.pages.costs import costs_page
from bot.pages.reflection import Reflected, reflected_page
from bot.pages.settings import Change, Prices
from bot.pages.statistics import standings_alt, standings_bars, stats_page
from bot.pages.statistics_details import details_page
from bot.pages.suggestion import suggestion_page
from bot.pages.transcript import transcript
from bot.records import Account, SettingsChange, StoredSettings
from bot.seats import MODEL_LIMIT_CHARS
from bot.settings import FORM, PROSE_LIMIT_CHARS, Settings
from bot.votes import tally
from tests.abuse.corpus import KINDS
from tests.fakes.provider import sensible, stage_and_seat
from tests.fakes.rows import make_row
from tests.pages.telling import ASKED_AT, question, tell

Json = Any

TEXTS = [
    pytest.param(mended(text), id=f"{kind}-{n}")
    for kind, texts in KINDS.items()
    for n, text in enumerate(texts)
]

# What turns, hides or steers, but the marks and joiners that scripts and emoji need.
STEERS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u180e\u2028-\u202e\u2062-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f]"
)
PINGS_ON_DISCORD = re.compile(r"@(everyone|here)\b|<@[!&]?\d+>|<#\d+>|</[^>\n]+:\d+>|<id:\w+>")
PINGS_ON_SLACK = re.compile(r"<(!|@[UW]|#C)[^>\n]*>")
DISGUISED_ON_DISCORD = re.compile(r"\[[^\[\]\n]*\]\(\s*<?(https?://evil|javascript:|data:)")
# Its mrkdwn knows no other label.
DISGUISED_ON_SLACK = re.compile(r"<https?://evil[^|>]*\|(?!https?://evil)[^>]+>")
# As Discord reads it: in there a token is what it looks like, and a stray backtick is escaped.
CODE = re.compile(r"(?<!\\)(`{1,3})(?!`).*?(?<!`)\1(?!`)", re.DOTALL)

# Nobody reads these.
_UNSEEN = frozenset(
    {"custom_id", "value", "action_id", "block_id", "private_metadata", "type", "id"}
)
# Discord reads Markdown and mentions in these alone; labels, names and descriptions show as they are.
_TEXT_DISPLAY = "10"
# Slack makes no mention of what stands in these.
_LITERAL = frozenset({"plain_text", "plain_text_input", "raw_text"})


def model_of(text: str) -> str:
    """The text as a model id, as settings or a model server may hold it."""
    return "lab/" + ("".join(text.split()).replace(",", "").replace("`", "'")[:150] or "x")


@cache
def documents(text: str) -> dict[str, Document]:
    """Every page that people see, by its post's key or a name."""
    models = (model_of(text), "globex/quokka-2", "initech/narwhal")
    assert all(len(model) <= MODEL_LIMIT_CHARS for model in models)
    council = Council(models, model_of(text), criteria=text, instructions=text)

    def reply(request: Request) -> str:
        stage, seat = stage_and_seat(request)
        if stage == "review":
            return f"{text}\n\n{sensible(request)}"
        return text if seat == 0 or stage == "verdict" else sensible(request)

    exhibits = (
        Exhibit(text, text, why=text),
        Exhibit(text, why=text),
        Exhibit(text, text, kind="link", why=text),
        Exhibit(text, text, earlier=True),
    )
    put = replace(question(), text=text, quoted=text, exhibits=exhibits, origin=Origin(label="A"))
    story = tell(otherwise=reply, council=council, asked=put)
    shown: dict[str, Document] = {
        f"live {n}": presenter.headline(story.progress(story.events[:n]))
        for n in range(0, len(story.events), 4)
    }
    shown |= {
        f"seat {n}": presenter.seat(story.progress(story.events[:n]), "A")
        for n in range(0, len(story.events), 4)
    }
    searched = replace(story.result, evidence=(*story.result.evidence, *_sources(text)))
    shown["headline"] = presenter.verdict(searched, put)
    found = replace(searched, left_out=(Claim(text, ("A",)),), unsupported=(text,))
    shown["ranking"] = presenter.ranking(found, put, tally(()))
    shown |= {
        f"answer:{given.label}": presenter.answer(given, put, council)
        for given in story.result.answers
    }
    shown["names"] = presenter.names(story.result, put)
    shown["waiting"] = presenter.waiting(put)
    shown["standings"] = Document((presenter.standings_table(story.result.standings, put),))
    shown["transcript"] = Document((Text(transcript(found, put, council)),))
    shown |= _about_the_channel(text, put, Settings(models, models[0]))
    return shown | _statistics(models)


def _sources(text: str) -> Iterator[Evidence]:
    """What a search found, as a server tells it, with the text in every part of its address."""
    for address in (f"https://evil.example/{text}", f"https://{text}.example", text):
        annotation = {"type": "url_citation", "url": address, "title": text, "content": text}
        for source in sources_in([annotation]):
            yield Evidence("search", source.url, source.chars, read=True)


def _about_the_channel(text: str, put: Question, settings: Settings) -> dict[str, Document]:
    prose = text[:PROSE_LIMIT_CHARS]
    settings = replace(settings, criteria=prose, instructions=prose, language=one_line(text)[:60])
    prices = Prices(0.05, lambda model: 0.01)
    seats, models = settings.members, ["lab/a", *settings.members]
    change = SettingsChange(2, {"criteria": prose}, one_line(text), ASKED_AT, f"criteria = {text}")
    reflected = Reflected(prose, prose, text, 9, compared((), 1), Cost(0.1, 0, 0))
    bar = Bar(one_line(text), 0.5, one_line(text), one_line(text))
    return {
        "asked": first_asked(literal(text), text, "A"),
        "asked again": asked(put, Origin(repeats="q0"), literal(text)),
        "council": settings_pages.council_page(
            settings, {"criteria", "instructions", "language"}, prices, Change(models)
        ),
        "settings": settings_pages.settings_page(settings, {"criteria"}),
        "criteria": settings_pages.setting_page(settings, settings, "criteria"),
        "members": settings_pages.members_page(settings, lambda model: "$1"),
        "models": settings_pages.models_page(seats, lambda model: "$1"),
        "audit": audit.audit_page([change], {change.person: literal(text)}, older=True),
        "reflection": reflected_page(reflected),
        "version": audit.version_page(change, literal(text), settings),
        "bars": Document((Bars((bar, bar), ("", one_line(text), "")), Note(text.split("\n")[0]))),
        "table": Document((Table((text, text), ((text, text), (text, text))),)),
        "picture": Document((Image("picture", b"", one_line(text), Bars((bar,))),)),
    }


def _statistics(models: tuple[str, ...]) -> dict[str, Document]:
    """Of forty questions, all of which the first model answered best."""
    first, second, third = models
    peers = (PeerBallot(second, ((first,), (third,), (second,)), models),)
    rows = [
        make_row(
            str(number),
            models,
            asker=f"person-{number % 5}",
            accepted=[True, number % 3 == 0, number % 2 == 0],
            best=first,
            verdict=True,
            scores=(0.9, 0.2, 0.4),
            ballots=peers,
        )
        for number in range(40)
    ]
    found = report(rows, peers_of(rows))
    bars = standings_bars(found.people, found.peers.board)
    alt = standings_alt(found.people, found.peers.board)
    picked = suggest(rows, seats=2, refused=set())
    accounts = [Account(model, 1, 2, 3) for model in models]
    return {
        "statistics": stats_page(found, Image("standings.png", b"", alt, bars)),
        "how sure": details_page(found),
        "suggestion": suggestion_page(picked, models[1:], rated(rows)),
        "ceiling": ceiling_page(*ceiling(rows)),
        "rows that all got wrong": rows_page(
            replace(ceiling(rows)[0], audit=("0", "1")), {"0": first, "1": first}
        ),
        "costs": costs_page(accounts, "model"),
    }


POSTS = re.compile(r"headline|ranking|answer:\w|live|seat|waiting")


def strings(body: Json, kind: str = "") -> Iterator[tuple[str, str]]:
    """Whatever a payload shows, with the type of what it stands in."""
    match body:
        case str():
            yield kind, body
        case dict():
            kind = str(body.get("type", kind))
            for key, value in body.items():
                if key not in _UNSEEN:
                    yield from strings(value, kind)
        case list() | tuple():
            for each in body:
                yield from strings(each, kind)


def on_discord(text: str) -> Iterator[tuple[str, str, str]]:
    for name, document in documents(text).items():
        shown: list[Any] = [*discord_pages.document_pages(document)]
        if POSTS.match(name):
            key = name if name in {"headline", "ranking"} or ":" in name else "answer:A"
            shown.append(discord.post(document, run="r", key=key))
            for part in ("0", "1", "whole"):
                shown += discord_pages.opened(document, run="r", key=key, part=part)
        for page in shown:
            if isinstance(page, Notice):
                yield name, _TEXT_DISPLAY, page.content
            yield from ((name, *each) for each in strings(page.to_components()))
    for opened in discord_forms(text):
        yield from (("a form", *each) for each in strings(opened.to_dict()))
    yield "a thread's name", "", discord.thread_name(text)


def discord_forms(text: str) -> Iterator[Modal]:
    settings = Settings((model_of(text),), model_of(text), criteria=text[:PROSE_LIMIT_CHARS])
    for name in FORM:
        yield SettingForm(cast(App, None), name, settings)
    yield QuestionForm(follow_up(text), lambda interaction: cast(Press, interaction))


def on_slack(text: str) -> Iterator[tuple[str, str, str]]:
    for name, document in documents(text).items():
        messages = [*slack.document_messages(document)]
        if POSTS.match(name):
            key = name if name in {"headline", "ranking"} or ":" in name else "answer:A"
            for part in slack.post(document, run="r", key=key):
                if isinstance(part, slack.File):
                    yield name, "plain_text", part.content.decode()
                else:
                    messages += part.renderings()
        for message in messages:
            yield name, "mrkdwn", message.text
            yield from ((name, *each) for each in strings(list(message.blocks)))
    for view in forms(text):
        yield from (("a form", *each) for each in strings(view))


def forms(text: str) -> Iterator[Json]:
    model = model_of(text)[:60]
    settings = Settings((model, model), model, criteria=text[:PROSE_LIMIT_CHARS])
    stored = StoredSettings(1, {"criteria": text})
    opened = form.Opened("C1", 1, "https://slack.example")
    yield form.view(settings, stored, Prices(0.05, lambda model: 0.01), opened)
    yield asking.view(follow_up(text), "C1")


def follow_up(text: str) -> Form:
    whom = ((f"The council ({one_line(text)[:40]})", "council"), ("Only A", "A"))
    return Form("r", "follow:1", "Ask a follow-up", "Question", "Ask", "Whom", whom)


def in_terminal(text: str) -> Iterator[tuple[str, str]]:
    for name, document in documents(text).items():
        yield name, terminal.plain(document, opened=True)
        out = StringIO()
        console = Console(file=out, width=80, force_terminal=False)
        console.print(terminal.render(document, opened=True))
        yield name, out.getvalue()


def found(pattern: re.Pattern[str], shown: Iterator[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, hit[0]) for name, text in shown if (hit := pattern.search(text))]


def without_escaped(shown: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((name, re.sub(r"\\.", "", text)) for name, text in shown)


@pytest.mark.parametrize("text", TEXTS)
def test_on_discord_nothing_pings_hides_or_disguises_itself(text: str) -> None:
    shown = list(on_discord(text))
    live = [(name, CODE.sub("", each)) for name, kind, each in shown if kind == _TEXT_DISPLAY]

    assert found(PINGS_ON_DISCORD, iter(live)) == []
    assert found(STEERS, ((name, each) for name, _kind, each in shown)) == []
    assert found(DISGUISED_ON_DISCORD, without_escaped(live)) == []


@pytest.mark.parametrize("text", TEXTS)
def test_on_slack_nothing_pings_hides_or_disguises_itself(text: str) -> None:
    shown = list(on_slack(text))
    live = [(name, CODE.sub("", each)) for name, kind, each in shown if kind not in _LITERAL]

    assert found(PINGS_ON_SLACK, iter(live)) == []
    assert found(STEERS, ((name, each) for name, _kind, each in shown)) == []
    assert found(DISGUISED_ON_SLACK, without_escaped(live)) == []


@pytest.mark.parametrize("text", TEXTS)
def test_in_the_terminal_nothing_steers_or_hides(text: str) -> None:
    assert found(STEERS, in_terminal(text)) == []


def test_each_of_these_would_be_found() -> None:
    """Else nothing here could fail."""
    texts = "\n".join(text for kind in KINDS.values() for text in kind)
    for pattern in (
        STEERS,
        PINGS_ON_DISCORD,
        PINGS_ON_SLACK,
        DISGUISED_ON_DISCORD,
        DISGUISED_ON_SLACK,
    ):
        assert pattern.search(texts)
    assert len(documents("A plain text.")) > 20
