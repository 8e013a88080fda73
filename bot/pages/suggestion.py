"""A suggestion of members in words, with its reason. Pure."""

from collections.abc import Sequence

from bot.analysis.estimates import outwards
from bot.analysis.leaderboard import ROWS_MIN, Acceptance
from bot.analysis.rows import Rated
from bot.analysis.selection import COMPLETE_MIN, Suggestion
from bot.document import Block, Document, Heading, Note, Table, Text
from bot.language import _
from bot.pages.numbers import interval, signed


def suggestion_page(suggestion: Suggestion, seated: Sequence[str], rated: Rated) -> Document:
    """`seated` are the members of now."""
    models = suggestion.models
    same = set(models) == set(seated)
    command = f"`/council members set {' '.join(models)}`"
    blocks: list[Block] = [
        Heading(_("Members to consider")),
        Text("\n".join(f"- {model}" for model in models)),
        Text(reason(suggestion)),
        Text(
            _("They are seated already.")
            if same
            else _("Nothing was changed. To seat them: {command}", command=command)
        ),
        Table(
            (_("Model"), _("Accepted"), _("Rate"), _("Now"), _("Suggested")),
            tuple(_row(each, models, seated) for each in suggestion.candidates),
        ),
        Note(_("Rates with a 90\u00a0% interval; {rated}.", rated=rated)),
    ]
    if suggestion.unrated:
        blocks.append(
            Note(
                _(
                    "Below {least} rated answers, or with too many unrated ones: {unrated}.",
                    least=ROWS_MIN,
                    unrated=", ".join(suggestion.unrated),
                )
            )
        )
    return Document(tuple(blocks))


def reason(suggestion: Suggestion) -> str:
    """Why these, in a sentence."""
    count, of = len(suggestion.models), len(suggestion.candidates)
    top = (
        _("The most accepted {count} of {of} models", count=count, of=of)
        if count > 1
        else _("The most accepted of {of} models", of=of)
    )
    gain = suggestion.gain
    if gain is None:
        return _(
            "{top}; whether others complement each other better can be said once all {of} "
            "were rated in {asked} questions ({complete} so far).",
            top=top,
            of=of,
            asked=COMPLETE_MIN,
            complete=suggestion.complete,
        )
    low, high = outwards(100 * gain.low, 100 * gain.high, 1)
    points = _(
        "{mean} points ({low} to {high})",
        mean=signed(100 * gain.value, 1),
        low=signed(low, 1),
        high=signed(high, 1),
    )
    if suggestion.together:
        return _(
            "They fail on different questions: chosen this way, a council would be "
            "accepted more often than the most accepted {count}, by an estimated {points} "
            "on questions that the choice had not seen.",
            count=count,
            points=points,
        )
    return _(
        "{top}; choosing those that complement each other instead is not clearly better: "
        "{points} on questions they were not chosen by.",
        top=top,
        points=points,
    )


def _row(each: Acceptance, models: Sequence[str], seated: Sequence[str]) -> tuple[str, ...]:
    assert each.rate is not None
    return (
        each.model,
        _("{accepted} of {rated}", accepted=each.accepted, rated=each.rated),
        interval(each.rate),
        _("seated") if each.model in seated else "",
        _("yes") if each.model in models else "",
    )
