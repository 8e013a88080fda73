"""A suggestion of members in words, with its reason. Pure."""

from collections.abc import Sequence

from bot.analysis.leaderboard import ROWS_MIN, Acceptance
from bot.analysis.rows import Rated
from bot.analysis.selection import COMPLETE_MIN, Suggestion
from bot.document import Block, Document, Heading, Note, Table, Text
from bot.pages.statistics import signed


def suggestion_page(suggestion: Suggestion, seated: Sequence[str], rated: Rated) -> Document:
    """`seated` are the members of now."""
    models = suggestion.models
    same = set(models) == set(seated)
    command = f"`/council members set {' '.join(models)}`"
    blocks: list[Block] = [
        Heading("Members to consider"),
        Text("\n".join(f"- {model}" for model in models)),
        Text(reason(suggestion)),
        Text(
            "They are seated already." if same else f"Nothing was changed. To seat them: {command}"
        ),
        Table(
            ("Model", "Accepted", "Rate", "Now", "Suggested"),
            tuple(_row(each, models, seated) for each in suggestion.candidates),
        ),
        Note(f"Rates with a 90 % interval; {rated}."),
    ]
    if suggestion.unrated:
        blocks.append(
            Note(
                f"Below {ROWS_MIN} rated answers, or with too many unrated ones: "
                f"{', '.join(suggestion.unrated)}."
            )
        )
    return Document(tuple(blocks))


def reason(suggestion: Suggestion) -> str:
    """Why these, in a sentence."""
    count, of = len(suggestion.models), len(suggestion.candidates)
    top = (
        f"The most accepted {count} of {of} models"
        if count > 1
        else f"The most accepted of {of} models"
    )
    gain = suggestion.gain
    if gain is None:
        return (
            f"{top}; whether others complement each other better can be said once all {of} were "
            f"rated in {COMPLETE_MIN} questions ({suggestion.complete} so far)."
        )
    low, mean, high = (signed(100 * each, 1) for each in (gain.low, gain.value, gain.high))
    points = f"{mean} points ({low} to {high})"
    if suggestion.together:
        return (
            "They fail on different questions: chosen this way, a council would be accepted more "
            f"often than the most accepted {count}, by an estimated {points} on questions that the "
            "choice had not seen."
        )
    return (
        f"{top}; choosing those that complement each other instead is not clearly better: "
        f"{points} on questions they were not chosen by."
    )


def _row(each: Acceptance, models: Sequence[str], seated: Sequence[str]) -> tuple[str, ...]:
    assert each.rate is not None
    low, high = 100 * each.rate.low, 100 * each.rate.high
    return (
        each.model,
        f"{each.accepted} of {each.rated}",
        f"{100 * each.rate.value:.0f} % ({low:.0f}-{high:.0f} %)",
        "seated" if each.model in seated else "",
        "yes" if each.model in models else "",
    )
