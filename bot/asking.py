"""One question from the command line: find or make its case, run it, print it."""

import secrets
import sys
from dataclasses import replace
from datetime import timedelta
from typing import Literal, assert_never

from bot import presenter, texts
from bot import settings as channel_settings
from bot.app import QUESTION_LIMIT_CHARS, App
from bot.council import Council, Deliberation, Question
from bot.deliberation import deliberate
from bot.errors import InvalidInput
from bot.events import (
    AnswerGiven,
    ChairmanFailed,
    Event,
    Finished,
    MemberFailed,
    Ranked,
    ReviewGiven,
    ReviewsAsked,
    Started,
    VerdictAsked,
    VerdictText,
)
from bot.store.records import Case

# A question asked again after this long is a new one.
SAME_QUESTION = timedelta(hours=24)


async def ask(app: App, text: str, *, id: str | None, mode: str | None) -> Deliberation:
    """The deliberation of this question: resumed, repeated from the store, or new.

    Raises `InvalidInput` for a question that cannot be asked, or an id of another question.
    """
    council = council_for(app, mode)
    case = await _known(app, text, id=id, mode=council.mode)
    if case is None:
        case = new_case(app, text, council, id=id)
        await app.store.create(case)
    if case.result:
        return case.result
    return await run(app, case)


async def run(app: App, case: Case) -> Deliberation:
    """Run or resume a case of the command line, telling the way on standard error."""
    journal = await app.store.begin(case.id, app.rules.limits)
    return await deliberate(case.question, case.council, app.caller, journal=journal, emit=_tell)


def new_case(
    app: App,
    text: str,
    council: Council,
    *,
    id: str | None = None,
    platform: Literal["cli"] = "cli",
) -> Case:
    """A case of the command line, not stored yet. Raises `InvalidInput`."""
    question = Question(
        id=id or secrets.token_hex(6),
        text=checked(text),
        seed=secrets.randbits(48),
        asked_at=app.now(),
    )
    return Case(question=question, council=council, platform=platform)


def council_for(app: App, mode: str | None) -> Council:
    """The configured council, in this mode. Raises `InvalidInput`."""
    settings = app.defaults
    if mode:
        parse = channel_settings.SETTINGS["mode"].parse
        settings = replace(settings, mode=parse(mode))
    council = channel_settings.council_of(settings)
    for model in dict.fromkeys((*council.members, council.chairman)):
        if app.catalogue.missing(model):
            close = app.catalogue.suggest(model)
            hint = f" Did you mean {' or '.join(close)}?" if close else ""
            _print(
                f"Warning: {model} is not in the list of models.{hint} It is asked all the same."
            )
    return council


def checked(text: str) -> str:
    """The question without space around it. Raises `InvalidInput` where there is none, or too much."""
    text = text.strip()
    if not text:
        raise InvalidInput('The question is empty. Write it in quotes: council ask "..."')
    if len(text) > QUESTION_LIMIT_CHARS:
        raise InvalidInput(
            f"The question has {len(text):,} characters; the limit is {QUESTION_LIMIT_CHARS:,}."
        )
    return text


async def _known(app: App, text: str, *, id: str | None, mode: str) -> Case | None:
    """The stored case that these words mean."""
    if id is None:
        since = app.now() - SAME_QUESTION
        return await app.store.unfinished_question("cli", checked(text), mode, since)
    case = await app.store.case(id)
    if case and (case.question.text, case.council.mode) != (checked(text), mode):
        raise InvalidInput(
            f"The id {id} belongs to another question or mode. Leave --id out, or take a new one."
        )
    return case


def _tell(event: Event) -> None:
    """Progress for whoever waits."""
    match event:
        case Started(labels):
            _print(f"The council is deliberating: {len(labels)} members.")
        case AnswerGiven(answer):
            _print(f"Answer {answer.label} is in ({answer.model}, {answer.seconds:.1f} s).")
        case MemberFailed(label, _, failure):
            _print(f"Member {label} failed: {failure.message} ({failure.kind})")
        case ReviewsAsked(reviewers):
            _print(f"{len(reviewers)} members review the answers.")
        case ReviewGiven(review) if review.counted:
            _print(f"The author of {review.label} ranked {presenter.ballot(review.ranking)}.")
        case ReviewGiven(review):
            why = texts.error_words(review.error) if review.error else "no ranking in it"
            _print(f"The review by the author of {review.label} does not count: {why}.")
        case Ranked(_, stopped_early) if stopped_early:
            _print("Stopped early: three reviewers agree on the first place.")
        case VerdictAsked():
            _print("The verdict is being written.")
        case ChairmanFailed(_, failure):
            _print(f"It could not be written: {failure.message} ({failure.kind})")
        case Ranked() | VerdictText() | Finished():
            pass
        case _:
            assert_never(event)


def _print(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
