"""The statistics of a channel in words: who leads, whether people and models agree, what it costs.

The page says what the intervals carry, and the details give them; what cannot be said yet is a
sentence. Pure. Models are named whatever the channel's `reveal` says, because sums over many questions tell of no single one.
Those over the first few would: counts by model begin with `NAMED_FROM` rated questions.
"""

import math
from collections.abc import Iterable, Sequence

from bot.analysis.biases import Biases
from bot.analysis.estimates import Estimate, outwards
from bot.analysis.leaderboard import ROWS_MIN, Acceptance, Board, Place, unrated
from bot.analysis.lift import Lift, Price, Rate
from bot.analysis.report import COMPARED_MAX, NAMED_FROM, REVIEWED_MAX, Missing, Report
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
    Table,
    Text,
)
from bot.language import N_, _, n_
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
    ]
    return Document(
        tuple(blocks),
        buttons=(
            Button("stats:details", _("How sure is this?")),
            Button("suggest", _("Whom to seat?")),
        ),
    )


def details_page(report: Report) -> Document:
    """Everything that is known, as tables."""
    if not report.rated.rows:
        return Document((Text(_(NO_QUESTION)),))
    return Document(
        tuple(block for title, blocks in _details(report) for block in (Heading(title), *blocks))
    )


def standings_bars(people: Board, peers: Board) -> Bars:
    """What the picture shows, as text: the people's shares, the models' beside them."""
    first, other = (people, peers) if people.ranked else (peers, people)
    beside = {place.model: place.wins for place in other.places}

    def bar(place: Place, wins: Estimate) -> Bar:
        others = beside.get(place.model)
        note = _("models: {share}", share=_share(others.value)) if others else ""
        return Bar(
            short(place.model), wins.value, _share(wins.value), note if people.ranked else ""
        )

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
    wins = _share(_wins(people))
    return [
        _("People prefer it to a typical model **{wins}** of the time.", wins=wins),
        *_models_prefer(models, people.leader),
    ]


def _models_prefer(board: Board, peoples: str | None = None) -> list[str]:
    if board.leader is None:
        return [_("Among the models themselves none clearly leads.")] if board.ranked else []
    wins = _share(_wins(board))
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
        often=_share(often.value),
        chance=_share(chance),
    )
    if often.low <= chance <= often.high:
        return _("{said}, so no difference can be told yet.", said=said)
    return f"{said}."


def _in_full(report: Report) -> list[str]:
    """What the page says, each number with its interval."""
    models = _("**Models:** {lead}", lead=_leads(report.peers.board))
    if not report.rated.rated:
        return [models]
    return [
        _("**People:** {lead}", lead=_leads(report.people)),
        models,
        *_agree(report),
        _beat(report.lift),
        _costs(report.price),
        _("Spent on all of them: ${usd:,.2f}.", usd=report.spent_usd),
    ]


def _uncounted(report: Report) -> list[Leaf]:
    if not (report.not_blind and report.rated.rated):
        return []
    sentence = n_(
        "{n:,} more vote of people who had seen the names, which do not count.",
        "{n:,} more votes of people who had seen the names, which do not count.",
        report.not_blind,
    )
    return [Note(sentence)]


def _leads(board: Board) -> str:
    if board.leader is None:
        return board.notes[0]
    place = next(place for place in board.places if place.model == board.leader)
    assert place.wins is not None
    return _(
        "{leader} leads: preferred to a typical model here {wins} of the time.",
        leader=board.leader,
        wins=_interval(place.wins),
    )


def _agree(report: Report) -> list[str]:
    found = report.agreement
    if found.top_one is None or found.top_one_by_chance is None:
        return []
    sentences = [
        report.first,
        _(
            "The reviewers' first was the people's best {often} of the time; by chance {chance}.",
            often=_interval(found.top_one),
            chance=_share(found.top_one_by_chance),
        ),
    ]
    if found.human_ceiling is not None:
        sentences.append(
            _(
                "One person's pick is that of most others {often}.",
                often=_interval(found.human_ceiling),
            )
        )
    return [" ".join(sentences)]


def _beat(lift: Lift | Missing) -> str:
    if isinstance(lift, Missing):
        return lift.why
    if lift.lift.low > 0:
        said = _("The council beat its best member, {best}", best=lift.best)
    elif lift.lift.high < 0:
        said = _("The council did worse than its best member, {best}", best=lift.best)
    else:
        said = _("Whether the council beats its best member, {best}, is open", best=lift.best)
    return _(
        "{said}: acceptance differs by {points} over {questions} questions (verdict not blind).",
        said=said,
        points=points(lift.lift),
        questions=lift.lift.n,
    )


def _costs(price: Price | Missing) -> str:
    if isinstance(price, Missing):
        return price.why
    cost, seconds = price.cost_usd, price.seconds
    # Three digits of the value, and the same place in the ends.
    places = max(0, 2 - math.floor(math.log10(cost.value))) if cost.value else 0
    cost_low, cost_high = outwards(cost.low, cost.high, places)
    low, high = outwards(seconds.low, seconds.high)
    return _(
        "An accepted verdict takes ${cost:.3g} (${cost_low:.12g}-{cost_high:.12g}) and "
        "{seconds:.0f} s ({low:.0f}-{high:.0f}).",
        cost=cost.value,
        cost_low=cost_low,
        cost_high=cost_high,
        seconds=seconds.value,
        low=low,
        high=high,
    )


def _details(report: Report) -> Iterable[tuple[str, Sequence[Leaf]]]:
    yield _("How sure this is"), (Text("\n".join(f"- {line}" for line in _in_full(report))),)
    boards = (
        (_("People's standings"), report.people),
        (_("Models' standings"), report.peers.board),
    )
    for title, board in boards:
        if board.ranked:
            yield (title, (_standings(board), *map(Note, board.notes), Note(_(_WINS))))
    if report.rated.rated >= NAMED_FROM:
        yield (
            _("How often answers are acceptable"),
            (_acceptance(report.acceptance), Note(_(_RATE, least=ROWS_MIN))),
        )
    yield (_("People and models compared"), tuple(_compared(report)))
    yield (_("The verdicts"), tuple(_verdicts(report)))
    if reviewers := tuple(_reviewers(report)):
        yield (_("The reviewers"), reviewers)


_WINS = N_(
    "Preferred: how often to a typical model here, with a 90 % interval. A place is one "
    "more than the number of models whose whole interval is better."
)
_RATE = N_(
    "With a 90 % interval, from {least} rated answers on. Possible: if none, or all, of "
    "the unrated answers were acceptable.",
)


def _standings(board: Board) -> Table:
    rows = (
        (str(place.place), place.model, _interval(place.wins), f"{place.firsts}", f"{place.rows}")
        for place in board.places
        if place.wins is not None
    )
    return Table(("#", _("Model"), _("Preferred"), _("Firsts"), _("Questions")), tuple(rows))


def _acceptance(acceptance: Sequence[Acceptance]) -> Table:
    rows = (
        (
            each.model,
            _("{accepted} of {rated}", accepted=each.accepted, rated=each.rated),
            "" if each.rate is None else _interval(each.rate),
            "" if each.possible is None else _range(*each.possible),
        )
        for each in acceptance
    )
    return Table((_("Model"), _("Accepted"), _("Rate"), _("Possible")), tuple(rows))


def _compared(report: Report) -> Iterable[Leaf]:
    found = report.agreement
    quantities = (
        (_("first = best"), found.top_one),
        (_("… ranking hidden"), found.top_one_hidden),
        (_("… ranking visible"), found.top_one_visible),
        (_("pairs ordered alike"), found.pairwise),
        (_("people among themselves"), found.human_ceiling),
    )
    shown = quantities if report.rated.rated >= ROWS_MIN else ()
    rows = [(name, _interval(value), str(value.n)) for name, value in shown if value]
    if found.tau:
        rows.append((_("order (tau-b)"), _signed(found.tau), str(found.tau.n)))
    if rows:
        yield Table((_("Agreement"), "95 %", "n"), tuple(rows))
    yield from map(Note, found.notes)
    if report.rated.rows > COMPARED_MAX:
        yield Note(
            _(
                "This, and the models' standings, over the newest {newest:,} questions.",
                newest=COMPARED_MAX,
            )
        )
    if report.position is not None:
        yield Note(
            _(
                "People accept what stands last in the thread more often than what stands "
                "first by {points}.",
                points=points(report.position),
            )
        )
    if not isinstance(report.length, Missing):
        gamma = report.length.gamma.estimate
        yield Note(
            _("Length: above 0, people prefer longer answers: {gamma}.", gamma=_signed(gamma))
        )


def _verdicts(report: Report) -> Iterable[Leaf]:
    rescue, harm = report.chairman.rescue, report.chairman.harm
    yield Text(
        "\n".join(
            (
                _("- Accepted although every answer was refused: {rate}", rate=_rate(rescue)),
                _("- Refused although an answer was accepted: {rate}", rate=_rate(harm)),
            )
        )
    )
    yield Note(_("Verdict not blind: everybody knows which text is the verdict."))


def _reviewers(report: Report) -> Iterable[Leaf]:
    peers = report.peers
    if not (peers.reliabilities or peers.self_preference.pooled or peers.position_slopes.pooled):
        return
    if peers.reliabilities:
        rows = tuple((each.reviewer, _signed(each.tau)) for each in peers.reliabilities)
        yield Table((_("Reviewer"), _("Agrees with the others (tau-b)")), rows)
    yield from _bias(
        peers.self_preference, _("Own answer preferred"), _("More of a share by its author")
    )
    yield from _bias(
        peers.position_slopes,
        _("Last place preferred to first"),
        _("More of a share for the position"),
    )
    yield Note(
        _(
            "Over the newest questions of which no review was stopped early, {most} at most.",
            most=REVIEWED_MAX,
        )
    )


def _bias(biases: Biases, title: str, more: str) -> Iterable[Leaf]:
    if biases.pooled is not None:
        rows = ((_("all"), points(biases.pooled)),)
        each = tuple((reviewer, points(bias)) for reviewer, bias in biases.by_reviewer)
        yield Table((title, more), rows + each)


def _rate(rate: Rate) -> str:
    counted = _("{accepted} of {rated}", accepted=rate.count, rated=rate.n)
    return counted if rate.share is None else f"{counted}, {_interval(rate.share)}"


def _order(board: Board) -> str:
    def one(place: Place) -> str:
        assert place.wins is not None
        return f"{place.place}. {place.model} {_interval(place.wins)}"

    return "; ".join(one(place) for place in board.places if place.wins is not None) + "."


def _interval(value: Estimate | None) -> str:
    return "" if value is None else f"{_share(value.value)} ({_range(value.low, value.high)})"


def _share(value: float) -> str:
    return f"{100 * value:.0f} %"


def _range(low: float, high: float) -> str:
    low, high = outwards(100 * low, 100 * high)
    return f"{low:.0f}-{high:.0f} %"


def _signed(value: Estimate) -> str:
    low, high = outwards(value.low, value.high, 2)
    return _(
        "{mean} ({low} to {high})",
        mean=signed(value.value, 2),
        low=signed(low, 2),
        high=signed(high, 2),
    )


def points(value: Estimate) -> str:
    """In whole points."""
    low, high = outwards(100 * value.low, 100 * value.high)
    return _(
        "{mean} points ({low} to {high})",
        mean=signed(100 * value.value, 0),
        low=signed(low, 0),
        high=signed(high, 0),
    )


def signed(value: float, digits: int) -> str:
    """With its sign, and 0 without: what rounds to nothing is neither above nor below it."""
    rounded = round(value, digits)
    return f"{rounded:+.{digits}f}" if rounded else f"{0:.{digits}f}"
