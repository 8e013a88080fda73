"""One question from the command line: find or make its case, run it, print it."""

from dataclasses import replace
from datetime import timedelta

from bot import settings as channel_settings
from bot.conversation.app import App
from bot.conversation.questions import checked, new_case
from bot.council import Council, Deliberation
from bot.document import Note
from bot.errors import InvalidInput
from bot.language import _
from bot.pages.presenter import verdict
from bot.printing import note
from bot.program.progress import Narrator
from bot.protocol.modes import MODES
from bot.records import Case
from bot.texts import VERDICT_LEGEND

# A question asked again after this long is a new one.
SAME_QUESTION = timedelta(hours=24)


async def ask(app: App, text: str, *, id: str | None, mode: str | None) -> Deliberation:
    """The deliberation of this question: resumed, repeated from the store, or new.

    Raises `InvalidInput` for a question that cannot be asked, or an id of another question.
    """
    council = council_for(app, mode)
    case = await _known(app, text, id=id, mode=council.mode)
    if case is None:
        case = new_case(text, council, app.now(), id=id)
        await app.store.create(case)
    if case.result:
        return case.result
    return await run(app, case)


async def run(app: App, case: Case) -> Deliberation:
    """Run or resume a case of the command line, telling the way on standard error."""
    journal = await app.store.begin(case.id, app.rules.limits)
    if journal.requests:
        note(_("Going on where an earlier run was interrupted."))
    tell = Narrator(case).tell
    deliberate = MODES[case.council.mode]
    return await deliberate(case.question, case.council, app.caller, journal=journal, emit=tell)


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


async def _known(app: App, text: str, *, id: str | None, mode: str) -> Case | None:
    """The stored case that these words mean."""
    if id is None:
        since = app.now() - SAME_QUESTION
        return await app.store.unfinished_question("cli", checked(text), mode, since)
    case = await app.store.case(id)
    if case and (case.question.text, case.council.mode) != (checked(text), mode):
        raise InvalidInput(
            _(
                "The id {id} belongs to another question or mode. Leave --id out, or take a "
                "new one.",
                id=id,
            )
        )
    return case


def notes(deliberation: Deliberation) -> list[str]:
    """What belongs under a verdict: how sure, what is missing, who disagrees. Nobody votes here."""
    blocks = verdict(deliberation).blocks
    lines = [block.text for block in blocks if isinstance(block, Note)]
    return [line for line in lines if line and line != _(VERDICT_LEGEND)]
