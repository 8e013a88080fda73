"""One channel's settings as a value: what can be set, how it is written, what it falls back to.

Only what a channel changed is stored, as text under the setting's name; the rest is today's
defaults. Where the text is kept, and who may change it, is not known here, nor whether a model
exists: the catalogue says that.
"""

import dataclasses
import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from bot import criteria
from bot.council import Auditing, Council
from bot.errors import InvalidInput
from bot.language import LANGUAGES, N_, Message, _, either, language_for, spoken
from bot.modes import MODES
from bot.seats import parse_members, parse_model, show_members
from bot.typos import did_you_mean
from bot.waiting import parse_wait, show_wait

logger = logging.getLogger(__name__)

Effort = Literal["", "low", "medium", "high"]
Reveal = Literal["after_vote", "always", "never"]
Context = Literal["run", "thread"]
Changers = Literal["admins", "anyone"]
Weighted = Literal["off", "shadow", "on"]

PROSE_LIMIT_CHARS = 2_000
LANGUAGE_LIMIT_CHARS = 60
# More than anybody has for it; micro-dollars of it are still numbers that are kept exactly.
BUDGET_MAX_USD = 1e9


@dataclass(frozen=True, slots=True)
class Settings:
    """`""` leaves criteria and instructions at none, effort and language to the model, and what the bot
    itself speaks to the platform.

    `budget_usd` is for this channel and one UTC day, `None` where only the program's own limit
    holds. `wait` is in seconds.
    """

    members: tuple[str, ...]
    chairman: str
    mode: str = "council"
    criteria: str = ""
    instructions: str = ""
    effort: Effort = ""
    language: str = ""
    interface: str = ""
    reveal: Reveal = "after_vote"
    chairman_sees_names: bool = False
    budget_usd: float | None = None
    ask_first: bool = True
    changers: Changers = "admins"
    redact: bool = False
    context: Context = "run"
    links: bool = False
    web: bool = False
    audit: Auditing = "auto"
    verify: bool = False
    weights: Weighted = "shadow"
    wait: int = 0
    paused: bool = False
    audition: str = ""
    trial: bool = False

    @property
    def auditioning(self) -> str:
        """The model that answers along, "" for none: once it is a member, it is no more than that."""
        return "" if self.audition in self.members else self.audition


@dataclass(frozen=True, slots=True)
class Setting:
    """How one field of `Settings` is called, explained, read and written.

    `parse` raises `InvalidInput`; for any value, `parse(show(value)) == value`. `choices` are all
    the texts it takes, where they are few; else `takes` says what it takes. `words` are what some
    of them are called, `meanings` what each does where its name alone does not say. `presets` are
    texts that may be given by a name of theirs, too.
    """

    field: str
    label: Message
    description: Message
    parse: Callable[[str], Any]
    show: Callable[[Any], str] = str
    choices: tuple[str, ...] = ()
    takes: Message | None = None
    words: Mapping[str, Message] | None = None
    presets: Mapping[str, str] = dataclasses.field(default_factory=dict)
    meanings: Mapping[str, Message] | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """How a form asks for a setting. A field that is left empty stands for `empty`; without that
    it has to be filled in."""

    kind: Literal["models", "model", "choice", "prose", "line"]
    hint: Message | None = None
    empty: str = ""
    example: str = ""


def resolve(stored: Mapping[str, str], defaults: Settings) -> Settings:
    """What holds in a channel. A stored text that cannot be used counts as not set."""
    values: dict[str, Any] = {}
    for name, text in stored.items():
        try:
            setting = _setting(name)
            values[setting.field] = setting.parse(text)
        except InvalidInput:
            # Written by a newer version, or by hand: the channel still has to be served.
            logger.warning("ignoring the stored setting %r: it cannot be read", name)
    return replace(defaults, **values)


def change(stored: Mapping[str, str], name: str, text: str) -> Mapping[str, str]:
    """`stored` with one setting changed; the text `default` takes the change back."""
    setting = _setting(name)
    if text.strip().lower() == "default":
        return without(stored, name)
    return {**stored, name: setting.show(setting.parse(text))}


def without(stored: Mapping[str, str], name: str) -> Mapping[str, str]:
    """`stored` with this setting back at its default."""
    _setting(name)
    return {other: text for other, text in stored.items() if other != name}


def shown(settings: Settings, name: str) -> str:
    """The setting's value as a person would write it: a preset by its name."""
    setting = _setting(name)
    text = setting.show(getattr(settings, setting.field))
    return next((known for known, preset in setting.presets.items() if preset == text), text)


def at_length(settings: Settings, name: str) -> str:
    """The same, a preset with its text."""
    text = shown(settings, name)
    preset = _setting(name).presets.get(text)
    return f"{text}: {preset}" if preset else text


def in_words(settings: Settings, name: str) -> str:
    """The same as it is told to somebody who does not type it."""
    return word(name, shown(settings, name))


def word(name: str, text: str) -> str:
    """One of the setting's choices, as it is told to somebody who does not type it."""
    words = _setting(name).words or {}
    return _(words[text]) if text in words else text


def council_of(settings: Settings) -> Council:
    """The part of the settings that a deliberation keeps as its snapshot."""
    audition = settings.auditioning
    return Council(
        members=(*settings.members, audition) if audition else settings.members,
        chairman=settings.chairman,
        mode=settings.mode,
        criteria=settings.criteria,
        instructions=settings.instructions,
        language=settings.language,
        effort=settings.effort,
        chairman_sees_names=settings.chairman_sees_names,
        redact=settings.redact,
        context=settings.context,
        links=settings.links,
        web=settings.web,
        audit=settings.audit,
        verify=settings.verify,
        audition=audition,
        interface=settings.interface or spoken(),
        wait=settings.wait,
    )


def language_in(settings: Settings, locale: str) -> str:
    """What the bot speaks there to whoever has this locale, "" where the platform names none."""
    return settings.interface or language_for(locale)


def parse_budget(text: str) -> float | None:
    """US dollars, `None` for the word `unlimited`."""
    text = text.strip().lower().removeprefix("$").removesuffix("usd").strip()
    if text == "unlimited":
        return None
    try:
        budget = float(text)
    except ValueError:
        budget = math.nan
    if not 0 <= budget <= BUDGET_MAX_USD:
        raise InvalidInput(_("Give US dollars a day, for example `2.50`, or write `unlimited`."))
    return budget


def _one_of(choices: Mapping[str, object]) -> Callable[[str], object]:
    def parse(text: str) -> object:
        word = text.strip().lower()
        if word not in choices:
            raise InvalidInput(
                _(
                    "This can be {choices}.{hint}",
                    choices=either([f"`{choice}`" for choice in choices]),
                    hint=did_you_mean(word, choices),
                )
            )
        return choices[word]

    return parse


def _choice(
    field: str,
    label: Message,
    description: Message,
    choices: Mapping[str, object],
    words: Mapping[str, Message] | None = None,
) -> Setting:
    written = {value: word for word, value in choices.items()}
    return Setting(
        field,
        label,
        description,
        _one_of(choices),
        written.__getitem__,
        tuple(choices),
        words=words,
    )


def _prose(
    field: str,
    label: Message,
    description: Message,
    *,
    parse: Callable[[str], str],
    takes: Message,
    presets: Mapping[str, str] | None = None,
) -> Setting:
    return Setting(
        field,
        label,
        description,
        parse,
        lambda text: text or "none",
        takes=takes,
        presets=presets or {},
    )


def _parse_criteria(text: str) -> str:
    return criteria.preset(text) or _parse_prose(text)


def _parse_prose(text: str) -> str:
    text = text.strip()
    if len(text) > PROSE_LIMIT_CHARS:
        raise InvalidInput(
            _(
                "This may have {limit:,} characters; that text has {given:,}.",
                limit=PROSE_LIMIT_CHARS,
                given=len(text),
            )
        )
    return "" if text.lower() in {"none", "clear"} else text


def _parse_language(text: str) -> str:
    language = " ".join(text.split())
    if not language or len(language) > LANGUAGE_LIMIT_CHARS:
        raise InvalidInput(
            _("Name a language, for example `German`, or `auto` for the question's.")
        )
    return "" if language.lower() == "auto" else language


def _parse_audition(text: str) -> str:
    return "" if text.strip().lower() == "none" else parse_model(text)


def _show_budget(budget: float | None) -> str:
    return "unlimited" if budget is None else str(budget).removesuffix(".0")


def _setting(name: str) -> Setting:
    if name not in SETTINGS:
        raise InvalidInput(
            _(
                "There is no setting `{name}`.{hint} Settings are: {settings}.",
                name=name,
                hint=did_you_mean(name, SETTINGS),
                settings=", ".join(SETTINGS),
            )
        )
    return SETTINGS[name]


_ON_OFF = {"on": True, "off": False}
# As each calls itself, in every language.
_LANGUAGE_NAMES = {name: Message(called) for name, called in LANGUAGES.items()}

# By the names that people type.
SETTINGS: Mapping[str, Setting] = {
    "members": Setting(
        "members",
        N_("Who answers and reviews"),
        N_("The models that answer and review."),
        parse_members,
        show_members,
        takes=N_("1 to 20 model ids, separated by commas; `/council models SEARCH` finds some"),
    ),
    "chairman": Setting(
        "chairman",
        N_("Who writes the verdict"),
        N_("The model that writes the verdict."),
        parse_model,
        takes=N_("one model id; `/council models SEARCH` finds some"),
    ),
    "mode": replace(
        _choice(
            "mode",
            N_("Mode"),
            N_("How the council comes to its verdict."),
            {name: name for name in MODES},
        ),
        meanings=MODES,
    ),
    "criteria": _prose(
        "criteria",
        N_("What makes an answer good here"),
        N_("What reviewers judge answers by; `none` for the usual."),
        parse=_parse_criteria,
        takes=N_("one of the names below, a text of up to 2,000 characters, or `none`"),
        presets=criteria.PRESETS,
    ),
    "instructions": _prose(
        "instructions",
        N_("What every member is told"),
        N_("Given to every member with every question."),
        parse=_parse_prose,
        takes=N_("a text of up to 2,000 characters, or `none`"),
    ),
    "effort": _choice(
        "effort",
        N_("How long models reason"),
        N_("How long models reason before they write; `auto` leaves it to them."),
        {"auto": "", "low": "low", "medium": "medium", "high": "high"},
        {"auto": N_("as they like")},
    ),
    "language": Setting(
        "language",
        N_("Language"),
        N_("The language that models write in; `auto` for the question's."),
        _parse_language,
        lambda language: cast(str, language) or "auto",
        takes=N_("the name of a language, for example `German`, or `auto`"),
        words={"auto": N_("that of the question")},
    ),
    "interface": _choice(
        "interface",
        N_("Language of the bot"),
        N_(
            "The language of the bot's own words; `auto` for that of the platform, and of each person in "
            "what they alone see."
        ),
        {"auto": "", **{name: name for name in LANGUAGES}},
        {"auto": N_("as the platform is set"), **_LANGUAGE_NAMES},
    ),
    "reveal": _choice(
        "reveal",
        N_("Model names"),
        N_("When readers learn which model wrote which answer."),
        {"after_vote": "after_vote", "always": "always", "never": "never"},
        {"after_vote": N_("after one has voted"), "always": N_("always"), "never": N_("never")},
    ),
    "chairman_sees_names": _choice(
        "chairman_sees_names",
        N_("Whether the chairman sees names"),
        N_("Whether the chairman is told who wrote which answer."),
        _ON_OFF,
        {"on": N_("yes"), "off": N_("no")},
    ),
    "budget": Setting(
        "budget_usd",
        N_("At most, a day"),
        N_("US dollars this channel may spend a day (UTC)."),
        parse_budget,
        _show_budget,
        takes=N_("US dollars, for example `2.50`, or `unlimited`"),
        words={"unlimited": N_("no budget of its own")},
    ),
    "ask_first": _choice(
        "ask_first",
        N_("Dear questions"),
        N_("Whether *Go* is asked for where a question costs more than twice the usual."),
        _ON_OFF,
        {"on": N_("asked only after *Go*"), "off": N_("asked at once")},
    ),
    "changers": _choice(
        "changers",
        N_("Who may change this"),
        N_("Who may change these settings."),
        {"admins": "admins", "anyone": "anyone"},
        {"admins": N_("administrators"), "anyone": N_("everybody")},
    ),
    "redact": _choice(
        "redact",
        N_("Personal data"),
        N_(
            "Whether models get placeholders for e-mail addresses, phone, card and account numbers "
            "and keys."
        ),
        _ON_OFF,
        {"on": N_("hidden from models"), "off": N_("sent as written")},
    ),
    "context": _choice(
        "context",
        N_("What goes along in a thread"),
        N_(
            "What models get of a thread besides what the council was asked there: with `thread` also "
            "the last 20 messages of people, without their names."
        ),
        {"run": "run", "thread": "thread"},
        {"run": N_("what the council was asked"), "thread": N_("the last messages, too")},
    ),
    "links": _choice(
        "links",
        N_("Links"),
        N_(
            "Whether the pages that a question links to are fetched, once, and read along: public ones, "
            "as far as their sites let programs read them."
        ),
        _ON_OFF,
        {"on": N_("read along"), "off": N_("not followed")},
    ),
    "web": _choice(
        "web",
        N_("Web search"),
        N_(
            "Whether members may search the web, once each, for an answer: with the search of their "
            "model server, which costs extra and tells a search engine what they look for. What it "
            "brings up is named under the verdict."
        ),
        _ON_OFF,
        {"on": N_("by members, for their answers"), "off": N_("none")},
    ),
    "audit": _choice(
        "audit",
        N_("Check of the verdict"),
        N_(
            "Whether a cheap member looks for what the verdict left out, and for what no answer says; "
            "`auto` where that costs less than a tenth of the question."
        ),
        {"auto": "auto", "on": "on", "off": "off"},
        {"auto": N_("where it is cheap"), "on": N_("always"), "off": N_("never")},
    ),
    "verify": _choice(
        "verify",
        N_("Second review"),
        N_(
            "Whether the verdict is reviewed, too: among the answers and as blind as they were, so that "
            "it is known whether it is better than the best of them."
        ),
        _ON_OFF,
        {"on": N_("of the verdict"), "off": N_("none")},
    ),
    "weights": _choice(
        "weights",
        N_("What reviews count for"),
        N_(
            "Whether a review counts for more the more often its reviewer orders answers as people's votes "
            "here do. With `shadow` all count alike, and the statistics tell what weights would change. "
            "Below 20 pairs of answers that votes decided, `on` counts all alike, too."
        ),
        {"off": "off", "shadow": "shadow", "on": "on"},
        {
            "off": N_("all for the same"),
            "shadow": N_("all for the same; what weights would change is told"),
            "on": N_("the more, the more often they agree with people"),
        },
    ),
    "wait": Setting(
        "wait",
        N_("Answers of people"),
        N_(
            "How long a question waits for answers of people before the models are asked; `off` to "
            "ask them at once."
        ),
        parse_wait,
        show_wait,
        takes=N_("`off`, or a time from `1m` to `24h`, for example `10m`"),
        words={"off": N_("none are waited for")},
    ),
    "paused": _choice(
        "paused",
        N_("Paused"),
        N_("Whether the council is silent in this channel."),
        _ON_OFF,
        {"on": N_("yes"), "off": N_("no")},
    ),
    "audition": Setting(
        "audition",
        N_("On audition"),
        N_("The model that answers along, unnamed, until its answers were rated often enough."),
        _parse_audition,
        lambda model: cast(str, model) or "none",
        takes=N_("one model id, or `none`; `/council audition MODEL` says what comes of it"),
        words={"none": N_("nobody")},
    ),
    "trial": _choice(
        "trial",
        N_("Blind trial"),
        N_(
            "Whether people who have voted may compare the verdict with the best member's answer, blind, "
            "until it is known which they prefer."
        ),
        _ON_OFF,
        {"on": N_("until it is decided"), "off": N_("none")},
    ),
}

# Money, rights, names and what leaves the house stay with administrators, whoever else may change settings.
RESERVED = frozenset(
    {"budget", "ask_first", "reveal", "redact", "context", "links", "web", "paused", "changers"}
)

# What forms ask for, in this order, under the settings' labels.
FORM: Mapping[str, Asked] = {
    "members": Asked("models", N_("The price is what a typical answer costs.")),
    "chairman": Asked("model"),
    "mode": Asked("choice"),
    "criteria": Asked("prose", N_("Empty: what reviewers usually judge by."), "none"),
    "reveal": Asked("choice"),
    "budget": Asked("line", N_("US dollars. Empty: the bot's own limit."), "default", "2.50"),
}

# Where a form asks for a setting that has presets, one of them may be chosen instead.
PRESET_LABEL = N_("Or one of these, in its place")
