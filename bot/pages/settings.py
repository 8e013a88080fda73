"""What is shown of a channel's council, and of the models that can be seated. Pure."""

from collections.abc import Callable, Collection, Iterable

from bot.document import Document, Heading, Note, Table, Text
from bot.language import _
from bot.settings import SETTINGS, Setting, Settings, shown

# What a model costs, in words.
Price = Callable[[str], str]


def council_page(settings: Settings, changed: Collection[str], price: Price) -> Document:
    """Seats and settings; `changed` are the settings that are the channel's own."""
    seats = [(str(n), model, price(model)) for n, model in enumerate(settings.members, start=1)]
    seats.append((_("chair"), settings.chairman, price(settings.chairman)))
    rows = tuple(
        (name, shown(settings, name), "" if name in changed else _("default"))
        for name in SETTINGS
        if name not in {"members", "chairman"}
    )
    return Document(
        (
            Heading(_("This channel's council")),
            Table((_("Seat"), _("Model"), _("Price")), tuple(seats)),
            Table((_("Setting"), _("Value"), ""), rows),
            Note(
                _(
                    "Change it: `/council members add MODEL`, `/council set NAME VALUE`; "
                    "`/council help`"
                )
            ),
        )
    )


def setting_page(settings: Settings, defaults: Settings, name: str) -> Document:
    """What it is now, what it can be, what it is where nobody changed it. Raises `InvalidInput`."""
    now, default = shown(settings, name), shown(defaults, name)
    possible = _("It can be: {values}", values=_possible(SETTINGS[name]))
    usual = _("Default: {value}", value=default)
    return Document(
        (
            Text(f"**{name}**: {now}"),
            Text(f"- {possible}\n- {usual}"),
            Note(_(SETTINGS[name].description)),
            Note(
                _(
                    "Change it: `/council set {name} VALUE`; `default` takes a change back.",
                    name=name,
                )
            ),
        )
    )


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
