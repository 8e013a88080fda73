"""Who sits on a council, as people write it: lists of models, with seats added and removed.

Whether a model exists is not known here: the catalogue says that.
"""

from collections.abc import Sequence

from bot.council import MEMBERS_MAX, PERSON
from bot.errors import InvalidInput
from bot.language import _

MODEL_LIMIT_CHARS = 200


def added(members: Sequence[str], models: Sequence[str]) -> tuple[str, ...]:
    """A seat more for each model. Two seats may hold the same one, which is then said on purpose:
    by `replaced`."""
    seats = list(members)
    for model in _named(models):
        if model in seats:
            raise InvalidInput(
                _(
                    "`{model}` has a seat already, number {seat}. To give it another: "
                    "`/council members set {seats}`.",
                    model=model,
                    seat=seats.index(model) + 1,
                    seats=show_members([*seats, model]),
                )
            )
        seats.append(model)
    return _seats(seats)


def removed(members: Sequence[str], models: Sequence[str]) -> tuple[str, ...]:
    """One seat less for each model named, the last one that holds it."""
    left = list(members)
    for model in _named(models):
        if model not in left:
            raise InvalidInput(
                _(
                    "`{model}` holds no seat. Seated are: {seated}.",
                    model=model,
                    seated=show_members(members),
                )
            )
        del left[len(left) - 1 - left[::-1].index(model)]
    return _seats(left)


def replaced(models: Sequence[str]) -> tuple[str, ...]:
    """These models and no others."""
    return _seats(_named(models))


def parse_members(text: str) -> tuple[str, ...]:
    """Models separated by commas, spaces or both."""
    return replaced(text.replace(",", " ").split())


def parse_model(text: str) -> str:
    """One model id. Whether it exists is not checked."""
    model = text.strip().strip("`")
    if not model or len(model) > MODEL_LIMIT_CHARS or any(c.isspace() or c in ",`" for c in model):
        raise InvalidInput(_("Name one model by its id, for example `openai/gpt-5.1`."))
    if model == PERSON:
        raise InvalidInput(
            _(
                "`{model}` stands for people who answer, too, so that no model of that name can take "
                "part: give it another one on its server.",
                model=model,
            )
        )
    return model


def _named(models: Sequence[str]) -> list[str]:
    if not models:
        raise InvalidInput(_("Name at least one model by its id, for example `openai/gpt-5.1`."))
    return [parse_model(model) for model in models]


def _seats(members: Sequence[str]) -> tuple[str, ...]:
    if not 1 <= len(members) <= MEMBERS_MAX:
        raise InvalidInput(
            _(
                "A council has 1 to {most} members; this would leave it with {left}.",
                most=MEMBERS_MAX,
                left=len(members),
            )
        )
    return tuple(members)


def show_members(members: Sequence[str]) -> str:
    return ", ".join(members)
