"""One question from the command line: find or make its case, run it, print it."""

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from bot import settings as channel_settings
from bot.bills import NOTHING
from bot.conversation.app import App
from bot.conversation.cases import checked, new_case
from bot.council import Call, Council, Deliberation, Failure, Question, Verdict
from bot.document import Document, Note, Text
from bot.errors import BotError, Expired, InvalidInput
from bot.language import _, n_, number
from bot.pages import evidence
from bot.pages.checked import checked_lines
from bot.pages.modes import ended_early, how_decided
from bot.pages.prices import where_from
from bot.pages.ranked import discussion_line, reviewers_line
from bot.pages.sentences import (
    broken_off,
    degraded,
    dissent,
    rehearsal,
    verified,
    written_by,
)
from bot.printing import note, tell
from bot.program.asked import Asked
from bot.program.progress import Narrator
from bot.program.reading import put
from bot.protocol import outcome
from bot.protocol.events import Event, Finished
from bot.protocol.modes import deliberate
from bot.records import Case
from bot.store.spending import OverBudget
from bot.texts import EXPIRED_ID, SHELL_ADVICE, apology, kind_of

# A question asked again after this long is a new one.
SAME_QUESTION = timedelta(hours=24)


async def ask(
    app: App,
    asked: Asked,
    *,
    id: str | None,
    mode: str | None,
    show: Callable[[Deliberation], None] = lambda deliberation: None,
) -> tuple[Question, Deliberation]:
    """The question and its deliberation: resumed, repeated from the store, or new. `show` gets it
    as soon as the verdict stands, which may yet be checked.

    Raises `InvalidInput` for a question that cannot be asked, or an id of another question.
    """
    council = council_for(app, mode)
    asked = replace(asked, text=checked(asked.text))
    case = await _known(app, asked, id=id, mode=council.mode)
    if case is None:
        case = new_case(asked.text, council, app.now(), id=id)
        question = replace(case.question, quoted=asked.quoted, files=asked.files)
        case = replace(case, question=question)
        await _take_in(app, case)
    if case.result:
        note(_("This was answered before; nobody is asked again."))
        show(case.result)
        return case.question, case.result
    return case.question, await run(app, case, show)


async def _take_in(app: App, case: Case) -> None:
    """Keep the question, and its money. Raises `BotError` where a budget has no room for it."""
    limits = app.rules.limits
    carried = await app.exhibits.carried(case)
    shares = await app.budget.shares(case, carried) if limits else None
    try:
        await app.store.create(case, shares=shares, limits=limits)
    except OverBudget as over:
        raise NotAsked(case, await app.budget.sentence(over)) from over


class NotAsked(BotError):
    """A budget has no room for the question; nothing of it is kept."""

    def __init__(self, case: Case, sentence: str) -> None:
        super().__init__(sentence)
        self.case = case

    @property
    def deliberation(self) -> Deliberation:
        """As one in which every member failed for want of money."""
        at, failure = self.case.question.asked_at, Failure("no_credit", str(self))
        calls = [
            Call(
                *("answer", 0, seat, model, at, at, None, None),
                failure=failure,
                prompt_tokens=0,
                completion_tokens=0,
                cost_micros=0,
            )
            for seat, model in enumerate(self.case.council.members)
        ]
        return outcome.outcome(
            self.case.question,
            self.case.council,
            calls,
            answers=(),
            reviews=(),
            standings=(),
            verdict=Verdict(str(self), None, None, None, None, None),
            requests=0,
            paid=NOTHING,
            stopped_at=None,
        )


async def run(
    app: App, case: Case, show: Callable[[Deliberation], None] = lambda deliberation: None
) -> Deliberation:
    """Run or resume a case of the command line, telling the way on standard error."""
    journal = await app.store.begin(case.id, app.rules.limits)
    if journal.requests:
        note(_("Going on where an earlier run was interrupted."))
    narrator = Narrator(case)

    def tell(event: Event) -> None:
        narrator.tell(event)
        if isinstance(event, Finished):
            show(event.deliberation)

    question = await app.exhibits.told(case, case.question, journal)
    told = evidence.sentences(outcome.evidence(question)) if question.exhibits else []
    for sentence in told:
        note(sentence)
    found = await deliberate(question, case.council, app.caller, journal=journal, emit=tell)
    await journal.release()
    # Who sees no image may have said so only when asked.
    for sentence in evidence.sentences(found.evidence):
        if question.exhibits and sentence not in told:
            note(sentence)
    return found


def council_for(app: App, mode: str | None) -> Council:
    """The configured council, in this mode. Raises `InvalidInput`."""
    settings = app.defaults
    if mode:
        try:
            settings = replace(settings, mode=channel_settings.SETTINGS["mode"].parse(mode))
        except InvalidInput as error:
            raise InvalidInput(
                _("--mode {mode} is not known. {error}", mode=mode, error=error)
            ) from error
    council = channel_settings.council_of(settings)
    for model in dict.fromkeys((*council.members, council.chairman)):
        if app.catalogue.missing(model):
            hint = app.catalogue.did_you_mean(model)
            note(
                _(
                    "Warning: {model} is not in the list of models.{hint} It is asked all the "
                    "same.",
                    model=model,
                    hint=hint,
                )
            )
    return council


async def _known(app: App, asked: Asked, *, id: str | None, mode: str) -> Case | None:
    """The stored case that these words mean."""
    if id is None:
        since = app.now() - SAME_QUESTION
        case = await app.store.unfinished_question(
            "cli", asked.text, mode, since, quoted=asked.quoted, files=asked.files
        )
        return None if case and case.id in await app.store.others_work() else case
    case = await app.store.case(id)
    if case and case.expired_at:
        raise Expired(_(EXPIRED_ID, id=id))
    if case and (_asked(case.question), case.council.mode) != (asked, mode):
        raise InvalidInput(
            _(
                "The id {id} belongs to another question or mode. Leave --id out, or take a "
                "new one.",
                id=id,
            )
        )
    if case and id in await app.store.others_work():
        raise InvalidInput(
            _(
                "The question of the id {id} is under way in another process: wait until that is over.",
                id=id,
            )
        )
    return case


def _asked(question: Question) -> Asked:
    return Asked(question.text, question.quoted, question.files)


def show_verdict(deliberation: Deliberation) -> None:
    """On standard output."""
    _show(deliberation.verdict.text if deliberation.answered else _apology(deliberation))


def show_notes(question: Question, deliberation: Deliberation) -> None:
    """What belongs below the verdict, on standard error."""
    note("")
    lines = notes(question, deliberation)
    if sys.stderr.isatty():
        put(Document(tuple(map(Note, lines))), sys.stderr)
        return
    for line in lines:
        note(line)


def _apology(deliberation: Deliberation) -> str:
    """With what to do in a shell; the one that is stored speaks to a channel."""
    kinds = [kind_of(member.error) for member in deliberation.members if member.error]
    return apology([Failure(kind, "") for kind in kinds], SHELL_ADVICE)


def show_answers(deliberation: Deliberation) -> None:
    """Under their labels, as everybody else reads them: names are told on the way and in JSON."""
    for answer in deliberation.answers:
        title = _("Answer {label}", label=answer.label)
        _show(f"\n## {title}\n\n{answer.text}")


def _show(markdown: str) -> None:
    """As people read it on a terminal, as it was written into a pipe."""
    if sys.stdout.isatty():
        put(Document((Text(markdown),)), sys.stdout)
    else:
        tell(markdown)


def notes(question: Question, deliberation: Deliberation) -> list[str]:
    """What belongs under a verdict: how sure, what is missing, who disagrees. Nobody votes here."""
    simulated = rehearsal([member.model for member in deliberation.members])
    stand = reviewers_line(deliberation, question)
    discussed = discussion_line(deliberation, question)
    return [
        *broken_off(deliberation),
        *dissent(deliberation),
        *ended_early(deliberation),
        *checked_lines(deliberation, question),
        *filter(None, (discussed, stand, verified(deliberation, str), written_by(deliberation))),
        *how_decided(deliberation, question),
        *degraded(deliberation, question),
        *(block.text for block in simulated),
    ]


def closing(deliberation: Deliberation) -> str:
    """`9 calls · $0.03 · 12 s · 4f2a9c`: what it took, and the id to ask for it again."""
    seconds = deliberation.timings.verdict
    parts = [
        n_("{n} call", "{n} calls", deliberation.calls),
        _spent(deliberation),
        "" if seconds is None else _("{seconds:.0f} s", seconds=seconds),
        deliberation.id,
    ]
    return " · ".join(filter(None, parts))


def _spent(deliberation: Deliberation) -> str:
    usd, origin = deliberation.cost_usd, where_from(deliberation.cost)
    if not usd and not origin:
        return _("free") if deliberation.cost_known else _("price unknown")
    spent = "$" + number(usd, ".2f" if usd >= 0.01 else ".4f")
    if origin:
        return spent + origin
    return (
        spent if deliberation.cost_known else _("{spent} and more, at prices unknown", spent=spent)
    )
