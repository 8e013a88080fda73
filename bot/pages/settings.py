"""What is shown of a channel's council, and of the models that can be seated. Pure."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.cleaning import one_line, shortened
from bot.document import Block, Button, Document, Entry, Heading, Note, Select, Table, Text
from bot.language import N_, _, n_
from bot.modes import ENDS_EARLY, MODES
from bot.pages.prices import dollars, price_words
from bot.settings import SETTINGS, Setting, Settings, at_length, in_words, shown

# What a model costs, in words.
Price = Callable[[str], str]

# What there is to say of settings besides their values, by the setting's name.
Remarks = Mapping[str, str]
NO_REMARKS: Remarks = MappingProxyType({})

# So much of a text that somebody wrote is shown in the summary.
_SUMMARY_CHARS = 120

_SEATS = frozenset({"members", "chairman"})
# Told at the end in any case: what people ask about first.
_ALWAYS_TOLD = ("reveal", "budget", "changers", "audition")


@dataclass(frozen=True, slots=True)
class Prices:
    """US dollars, `None` where nobody knows them: about what a question costs, and what one answer
    of a model does. `unknown` says what a price that nobody knows means for budgets."""

    question: float | None
    answer: Callable[[str], float | None]
    unknown: Price = lambda model: price_words(None)


@dataclass(frozen=True, slots=True)
class Change:
    """What somebody who may change the council can choose from: models to add, and chairmen."""

    models: Sequence[str]


def council_page(
    settings: Settings,
    changed: Collection[str],
    prices: Prices,
    change: Change | None,
    *,
    remarks: Remarks = NO_REMARKS,
) -> Document:
    """Who is seated and what a question costs, and what differs from the defaults: `changed` are
    the settings that are the channel's own. Without a `change` nothing is offered."""
    can_remove = change is not None and len(settings.members) > 1
    blocks: list[Block] = [Heading(_("This channel's council")), Text(_summary(settings, prices))]
    for n, model in enumerate(settings.members):
        # One button takes a seat of the model, and two of its name no platform takes.
        first = model not in settings.members[:n]
        blocks.append(_seat(model, prices, can_remove=can_remove and first))
    if settings.auditioning:
        blocks.append(_auditioning(settings.auditioning, prices, change))
    if change:
        blocks += _selects(settings, prices, change)
    own = [name for name in SETTINGS if name in changed and name not in (*_SEATS, *_ALWAYS_TOLD)]
    if own:
        blocks.append(Text("\n".join(_line(settings, name, remarks) for name in own)))
    blocks.append(Note(" · ".join(_told(settings))))
    return Document(tuple(blocks), buttons=_buttons(change))


def settings_page(
    settings: Settings, changed: Collection[str], *, remarks: Remarks = NO_REMARKS
) -> Document:
    """Every setting with its value, as people type them."""
    return Document(
        (
            Heading(_("All settings")),
            settings_table(settings, changed, remarks=remarks),
            Note(_("`/council set NAME VALUE` changes one, `/council set NAME` explains it.")),
        )
    )


def settings_table(
    settings: Settings, changed: Collection[str], *, remarks: Remarks = NO_REMARKS
) -> Table:
    rows = tuple(
        (
            name,
            remarked(shown(settings, name), remarks.get(name)),
            "" if name in changed else _("default"),
        )
        for name in SETTINGS
    )
    return Table((_("Setting"), _("Value"), ""), rows)


def setting_page(
    settings: Settings, defaults: Settings, name: str, *, remarks: Remarks = NO_REMARKS
) -> Document:
    """What it is now, what it can be, what it is where nobody changed it. Raises `InvalidInput`."""
    now, default = at_length(settings, name), shown(defaults, name)
    presets = SETTINGS[name].presets.items()
    facts = [_("Default: {value}", value=default)]
    if not SETTINGS[name].meanings:  # each of which is a line below
        facts.insert(0, _("It can be: {values}", values=_possible(SETTINGS[name])))
    return Document(
        (
            Text(remarked(f"**{name}**: {now}", remarks.get(name))),
            Text("\n".join(f"- {fact}" for fact in facts)),
            *(Text(f"- `{preset}`: {text}") for preset, text in presets),
            *_meanings(SETTINGS[name]),
            Note(_(SETTINGS[name].description)),
            Note(
                _(
                    "Change it: `/council set {name} VALUE`; `default` takes a change back.",
                    name=name,
                )
            ),
        )
    )


def _meanings(setting: Setting) -> list[Text]:
    lines = [f"- `{name}`: {_(does)}" for name, does in (setting.meanings or {}).items()]
    return [Text("\n".join(lines))] if lines else []


def _possible(setting: Setting) -> str:
    return ", ".join(f"`{choice}`" for choice in setting.choices) or str(setting.takes)


def members_page(settings: Settings, price: Price) -> Document:
    seated = "\n".join(
        f"{n}. `{model}` · {price(model)}" for n, model in enumerate(settings.members, start=1)
    )
    return Document((Heading(_("Members")), Text(seated)))


def models_page(ids: Iterable[str], price: Price) -> Document:
    rows = tuple((id, price(id)) for id in ids)
    return Document((Heading(_("Models")), Table((_("Model"), _("Price")), rows)))


def seats_in_words(members: Sequence[str]) -> str:
    """The models; of one with several seats also how many."""
    return ", ".join(
        model if count == 1 else n_("{model} ({n} seat)", "{model} ({n} seats)", count, model=model)
        for model, count in Counter(members).items()
    )


def _summary(settings: Settings, prices: Prices) -> str:
    sentences = [_who_does_what(settings), _question_price(prices.question, settings.mode)]
    if settings.paused:
        sentences.insert(0, _("⏸ **The council is paused here.**"))
    return " ".join(sentences)


def _who_does_what(settings: Settings) -> str:
    if settings.mode != "council":
        mode, does = settings.mode, _(MODES[settings.mode])
        seated = n_("{n} model is seated.", "{n} models are seated.", len(settings.members))
        return _("{seated} Mode **{mode}**: {does}.", seated=seated, mode=mode, does=does)
    n, chairman = len(settings.members), short(settings.chairman)
    if n == 1:  # who has nothing to review, which a plural alone could not say
        return _("1 model answers, **{chairman}** writes the verdict.", chairman=chairman)
    said = N_("{n} models answer and review, **{chairman}** writes the verdict.")
    return _(said, n=n, chairman=chairman)


def _question_price(usd: float | None, mode: str) -> str:
    if usd is None:
        return _("What a question costs is not known: not every model has a price.")
    if not usd:
        return _("Questions are free.")
    if mode in ENDS_EARLY:
        return _("**At most about ${usd} a question.**", usd=dollars(usd))
    return _("**About ${usd} a question.**", usd=dollars(usd))


def _seat(model: str, prices: Prices, *, can_remove: bool) -> Entry:
    vendor = model.rpartition("/")[0]
    usd = prices.answer(model)
    price = prices.unknown(model) if usd is None else price_words(usd)
    note = " · ".join(filter(None, (vendor, _("{price} an answer", price=price) if usd else price)))
    remove = Button(f"members:remove:{model}", _("Remove"))
    return Entry(f"**{short(model)}**", note, remove if can_remove else None)


def _auditioning(model: str, prices: Prices, change: Change | None) -> Entry:
    seat = _seat(model, prices, can_remove=False)
    stop = Button(f"audition:stop:{model}", _("Stop")) if change else None
    return Entry(_("{model}, on audition", model=seat.text), seat.note, stop)


def _selects(settings: Settings, prices: Prices, change: Change) -> list[Block]:
    def option(model: str) -> tuple[str, str]:
        return f"{model} · {price_words(prices.answer(model))}", model

    free = [model for model in change.models if model not in settings.members]
    others = [model for model in change.models if model != settings.chairman]
    chairman = _("Chairman: {model}", model=short(settings.chairman))
    add = [_("Add {model}", model=short(model)) for model in free[:1]]
    instead = [_("Let {model} be chairman", model=short(model)) for model in others[:1]]
    mode = _("Mode: {mode}", mode=settings.mode)
    modes = [(f"{name} · {_(MODES[name])}", name) for name in MODES if name != settings.mode]
    selects = (
        Select("members:add", _("Add a model"), tuple(map(option, free)), *add),
        Select("chairman", chairman, tuple(map(option, others)), *instead),
        Select("mode", mode, tuple(modes)),
    )
    return [select for select in selects if select.options]


def _line(settings: Settings, name: str, remarks: Remarks) -> str:
    value = shortened(one_line(in_words(settings, name)), _SUMMARY_CHARS)
    return remarked(f"- **{_(SETTINGS[name].label)}**: {value}", remarks.get(name))


def remarked(text: str, remark: str | None) -> str:
    return f"{text} · {remark}" if remark else text


def _told(settings: Settings) -> Iterable[str]:
    yield _("Model names: {when}", when=in_words(settings, "reveal"))
    if settings.budget_usd is None:
        yield in_words(settings, "budget")
    else:
        yield _("at most ${usd} a day", usd=dollars(settings.budget_usd))
    if settings.changers == "anyone":
        yield _("everybody may change this")
    else:
        yield _("only administrators change this")


def _buttons(change: Change | None) -> tuple[Button, ...]:
    everything = Button("settings:all", _("All settings"))
    if change is None:
        return (everything,)
    return (
        Button("form:criteria", _("What is a good answer?")),
        Button("form:budget", _("Budget")),
        everything,
    )


def unambiguous(models: Sequence[str]) -> dict[str, str]:
    """Each without its vendor, unless another would be called the same."""
    vendors = Counter(map(short, set(models)))
    return {model: short(model) if vendors[short(model)] == 1 else model for model in models}


def short(model: str) -> str:
    """Without the vendor."""
    return model.rpartition("/")[2]
