"""How sure a channel's statistics are: everything that is known, each number with its interval. Pure.

Models are named as on the page itself.
"""

import math
from collections.abc import Iterable, Sequence

from bot.analysis.biases import Biases
from bot.analysis.estimates import Missing, outwards
from bot.analysis.leaderboard import ROWS_MIN, Acceptance, Board
from bot.analysis.lift import Lift, Price, Rate
from bot.analysis.report import COMPARED_MAX, NAMED_FROM, REVIEWED_MAX, Report
from bot.document import Document, Heading, Leaf, Note, Table, Text
from bot.language import N_, _
from bot.pages.numbers import interval, percents, points, share, signed_estimate
from bot.pages.statistics import NO_QUESTION, on_audition


def details_page(report: Report) -> Document:
    """Everything that is known, as tables."""
    if not report.rated.rows:
        return Document((Text(_(NO_QUESTION)),))
    return Document(
        tuple(block for title, blocks in _details(report) for block in (Heading(title), *blocks))
    )


def _details(report: Report) -> Iterable[tuple[str, Sequence[Leaf]]]:
    sure = Text("\n".join(f"- {line}" for line in _in_full(report)))
    yield _("How sure this is"), (sure, *on_audition(report))
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


def _leads(board: Board) -> str:
    if board.leader is None:
        return board.notes[0]
    place = next(place for place in board.places if place.model == board.leader)
    assert place.wins is not None
    return _(
        "{leader} leads: preferred to a typical model here {wins} of the time.",
        leader=board.leader,
        wins=interval(place.wins),
    )


def _agree(report: Report) -> list[str]:
    found = report.agreement
    if found.top_one is None or found.top_one_by_chance is None:
        return []
    sentences = [
        report.first,
        _(
            "The reviewers' first was the people's best {often} of the time; by chance {chance}.",
            often=interval(found.top_one),
            chance=share(found.top_one_by_chance),
        ),
    ]
    if found.human_ceiling is not None:
        sentences.append(
            _(
                "One person's pick is that of most others {often}.",
                often=interval(found.human_ceiling),
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


_WINS = N_(
    "Preferred: how often to a typical model here, with a 90\u00a0% interval. A place is one "
    "more than the number of models whose whole interval is better."
)


_RATE = N_(
    "With a 90\u00a0% interval, from {least} rated answers on. Possible: if none, or all, of "
    "the unrated answers were acceptable.",
)


def _standings(board: Board) -> Table:
    rows = (
        (str(place.place), place.model, interval(place.wins), f"{place.firsts}", f"{place.rows}")
        for place in board.places
        if place.wins is not None
    )
    return Table(("#", _("Model"), _("Preferred"), _("Firsts"), _("Questions")), tuple(rows))


def _acceptance(acceptance: Sequence[Acceptance]) -> Table:
    rows = (
        (
            each.model,
            _("{accepted} of {rated}", accepted=each.accepted, rated=each.rated),
            "" if each.rate is None else interval(each.rate),
            "" if each.possible is None else percents(*each.possible),
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
    rows = [(name, interval(value), str(value.n)) for name, value in shown if value]
    if found.tau:
        rows.append((_("order (tau-b)"), signed_estimate(found.tau), str(found.tau.n)))
    if rows:
        yield Table((_("Agreement"), "95\u00a0%", "n"), tuple(rows))
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
            _(
                "Length: above 0, people prefer longer answers: {gamma}.",
                gamma=signed_estimate(gamma),
            )
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
        rows = tuple((each.reviewer, signed_estimate(each.tau)) for each in peers.reliabilities)
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
    return counted if rate.share is None else f"{counted}, {interval(rate.share)}"
