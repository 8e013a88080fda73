"""The statistics of a channel in words: who leads, whether people and models agree, what it costs.

The page says what the intervals carry, which `statistics_details` gives; what cannot be said yet is
a sentence. Pure. Models are named whatever the channel's `reveal` says, because sums over many questions tell of no single one.
Those over the first few would: counts by model begin with `NAMED_FROM` rated questions.
"""

from bot.analysis.estimates import Estimate, Missing
from bot.analysis.leaderboard import Board, Place, unrated
from bot.analysis.lift import Lift, Price
from bot.analysis.report import Report
from bot.document import (
    Bar,
    Bars,
    Block,
    Button,
    Document,
    Heading,
    Image,
    Leaf,
    Note,
    Text,
)
from bot.language import N_, _, n_
from bot.pages.numbers import interval, share
from bot.pages.prices import dollars
from bot.pages.settings import short

NO_QUESTION = N_("The council has answered no question here yet.")
HOW_TO_VOTE = N_("Votes are reactions: 👍 good enough · 👎 not · 🏆 best.")


def stats_page(report: Report, picture: Image | None = None) -> Document:
    """A sentence that says it, the picture, and what a council costs and gains."""
    if not report.rated.rows:
        return Document((Text(_(NO_QUESTION)),))
    rated = str(report.rated)
    blocks: list[Block] = [
        Heading(_headline(report)),
        Text(" ".join(_preferred(report))),
        *([picture] if picture else []),
        *([Text("\n".join(f"- {line}" for line in _short(report)))] if report.rated.rated else []),
        Note(rated[0].upper() + rated[1:] + "."),
        *_uncounted(report),
        *on_audition(report),
    ]
    return Document(
        tuple(blocks),
        buttons=(
            Button("stats:details", _("How sure is this?")),
            Button("stats:reviewers", _("Reviewers")),
            Button("suggest", _("Whom to seat?")),
        ),
    )


def standings_bars(people: Board, peers: Board) -> Bars:
    """What the picture shows, as text: the people's shares, the models' beside them."""
    first, other = (people, peers) if people.ranked else (peers, people)
    beside = {place.model: place.wins for place in other.places}

    def bar(place: Place, wins: Estimate) -> Bar:
        others = beside.get(place.model)
        note = _("models: {share}", share=share(others.value)) if others else ""
        return Bar(short(place.model), wins.value, share(wins.value), note if people.ranked else "")

    return Bars(tuple(bar(each, each.wins) for each in first.places if each.wins is not None))


def standings_alt(people: Board, peers: Board) -> str:
    """What the picture shows, for those who do not see it."""
    sides = ((_("People"), people), (_("Models"), peers))
    shown = [f"{who}: {_order(board)}" for who, board in sides if board.ranked]
    return " ".join([_("How often each model is preferred to a typical one."), *shown])


def _headline(report: Report) -> str:
    if leader := report.people.leader:
        return _("{model} serves people best here", model=short(leader))
    if not report.rated.rated:
        return _("Which models serve people here is not known yet")
    return _("No model clearly serves people best here yet")


def _preferred(report: Report) -> list[str]:
    """What people prefer, and what the models would."""
    people, models = report.people, report.peers.board
    if not report.rated.rated:
        return [unrated(report.not_blind), _(HOW_TO_VOTE), *_models_prefer(models)]
    if people.leader is None:
        return [people.notes[0], *_models_prefer(models)]
    wins = share(_wins(people))
    return [
        _("People prefer it to a typical model **{wins}** of the time.", wins=wins),
        *_models_prefer(models, people.leader),
    ]


def _models_prefer(board: Board, peoples: str | None = None) -> list[str]:
    if board.leader is None:
        return [_("Among the models themselves none clearly leads.")] if board.ranked else []
    wins = share(_wins(board))
    if board.leader == peoples:
        return [_("So do the models themselves ({wins}).", wins=wins)]
    return [
        _(
            "The models themselves would pick **{model}** ({wins}).",
            model=short(board.leader),
            wins=wins,
        )
    ]


def _wins(board: Board) -> float:
    """Of the leader."""
    place = next(place for place in board.places if place.model == board.leader)
    assert place.wins is not None
    return place.wins.value


def _short(report: Report) -> list[str]:
    """What the council gains, what it costs, and what the reviewers' word is worth."""
    lines = [_gained(report.lift), _costs_about(report.price)]
    found = report.agreement
    if found.top_one and found.top_one_by_chance is not None:
        lines.append(_reviewers_right(found.top_one, found.top_one_by_chance))
    return lines


def _gained(lift: Lift | Missing) -> str:
    if isinstance(lift, Missing):
        return lift.why
    if lift.lift.low > 0:
        found = _("**The verdict is accepted more often**")
    elif lift.lift.high < 0:
        found = _("**{best} alone is accepted more often**", best=short(lift.best))
    else:
        found = _("**No difference can be told yet**")
    return _(
        "Verdict or {best} alone? {found} ({questions} questions; everybody knows which text is "
        "the verdict).",
        best=short(lift.best),
        found=found,
        questions=lift.lift.n,
    )


def _costs_about(price: Price | Missing) -> str:
    if isinstance(price, Missing):
        return price.why
    return _(
        "An accepted verdict costs **${cost}** and takes **{seconds:.0f} s**.",
        cost=dollars(price.cost_usd.value),
        seconds=price.seconds.value,
    )


def _reviewers_right(often: Estimate, chance: float) -> str:
    said = _(
        "The reviewers' favourite was the people's best in **{often}**; a guess gets {chance}",
        often=share(often.value),
        chance=share(chance),
    )
    if often.low <= chance <= often.high:
        return _("{said}, so no difference can be told yet.", said=said)
    return f"{said}."


def _uncounted(report: Report) -> list[Leaf]:
    if not (report.not_blind and report.rated.rated):
        return []
    sentence = n_(
        "{n:,} more vote of people who had seen the names, which do not count.",
        "{n:,} more votes of people who had seen the names, which do not count.",
        report.not_blind,
    )
    return [Note(sentence)]


def on_audition(report: Report) -> list[Leaf]:
    if not report.on_audition:
        return []
    models = ", ".join(report.on_audition)
    return [
        Note(
            _(
                "On audition when they answered, and not compared here: {models}. `/council audition` "
                "tells of them.",
                models=models,
            )
        )
    ]


def _order(board: Board) -> str:
    def one(place: Place) -> str:
        assert place.wins is not None
        return f"{place.place}. {place.model} {interval(place.wins)}"

    return "; ".join(one(place) for place in board.places if place.wins is not None) + "."
