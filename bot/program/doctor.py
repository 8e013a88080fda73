"""Checks of everything for real: the models, the database, the platforms. One line each."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

from bot.conversation.app import App
from bot.conversation.health import Finding
from bot.errors import ModelFailed, StoreFailed, StoreLocked
from bot.language import _
from bot.llm import Message, Provider, Request
from bot.protocol.calls import Caller
from bot.store.store import Store

# A word is enough to see that a model answers; models that think first need some room.
TRIAL_TOKENS = 500


async def examine_database(path: Path, today: date) -> AsyncIterator[Finding]:
    """Beside a program that runs, too."""
    try:
        try:
            store = await Store.open(path, holder="council doctor")
            found = _("The database {path} can be read and written.", path=path)
        except StoreLocked:
            store = await Store.open(path, read_only=True)
            found = _("The database {path} can be read; a running Council writes to it.", path=path)
        try:
            damage = await store.damage()
            spent = await store.spent(today) / 1e6
        finally:
            await store.close()
    except StoreFailed as error:
        yield Finding(False, str(error))
        return
    yield Finding(True, found)
    if damage:
        yield Finding(
            False,
            _(
                "The database {path} is damaged ({damage}). Stop Council and restore a backup, "
                "or set COUNCIL_DATABASE to another file.",
                path=path,
                damage=damage,
            ),
        )
    yield Finding(None, _("Spent today (UTC): ${usd:.4f}.", usd=spent))


async def examine(app: App) -> AsyncIterator[Finding]:
    """The models; each finding as soon as it is there."""
    catalogue = app.catalogue
    if catalogue.known:
        yield Finding(True, _("The list of models is known."))
    else:
        yield Finding(
            None, _("The list of models could not be loaded: ids and prices are unchecked.")
        )
    models = dict.fromkeys((*app.defaults.members, app.defaults.chairman))
    for model in models:
        if catalogue.missing(model):
            hint = catalogue.did_you_mean(model)
            yield Finding(
                False, _("{model} is not in the list of models.{hint}", model=model, hint=hint)
            )
        elif assumed := catalogue.max_price(model):
            prompt, completion = assumed
            yield Finding(
                None,
                _(
                    "Nobody tells the price of {model}: budgets count ${prompt:g} / "
                    "${completion:g} per million tokens. COUNCIL_UNKNOWN_PRICE changes that.",
                    model=model,
                    prompt=prompt,
                    completion=completion,
                ),
            )
    async with asyncio.TaskGroup() as group:
        trials = [group.create_task(_trial(app.provider, model, app.caller)) for model in models]
    refused: set[str] = set()
    for trial in trials:
        finding = trial.result()
        if finding.text not in refused:
            yield finding
        refused.add(finding.text)


async def _trial(provider: Provider, model: str, caller: Caller) -> Finding:
    """Ask the model for one word. A key that is refused is one finding, whoever was asked."""
    request = Request(
        model=model,
        messages=(Message("user", "Reply with the word ready."),),
        max_completion_tokens=TRIAL_TOKENS,
        tag="doctor/answer/0/0",
    )
    try:
        async with asyncio.timeout(caller.patience.silence):
            await provider.complete(request)
    except TimeoutError:
        return Finding(False, _("{model} does not answer in time.", model=model))
    except ModelFailed as error:
        if error.kind == "unauthorised":
            return Finding(False, _("No model can be asked: {error}", error=error))
        return Finding(False, f"{model}: {error} ({error.kind})")
    return Finding(True, _("{model} answers.", model=model))
