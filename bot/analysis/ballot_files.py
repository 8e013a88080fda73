"""People's outcomes and reviewers' ballots as files of other programs, and as `council export --csv`
writes them. Reading alone."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from bot.analysis.judged import Judged, Sheet, held_pairs, seat_name
from bot.analysis.outcomes import (
    RIGHT,
    UNKNOWN,
    Outcomes,
    read_outcomes,
    read_table,
    read_text,
    seat_columns,
)
from bot.errors import InvalidInput
from bot.language import _
from bot.protocol.ranking import shares

_Seat = TypeVar("_Seat", str, tuple[str, str])

_NEEDED = ("id", "reviewer", "model", "place")

# No council ranks more; and Python reads no number of thousands of digits.
_PLACE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class _Line:
    """`answer` and `seat` are labels, else the names; `place` is `None` where the answer was left out."""

    id: str
    reviewer: str
    seat: str
    model: str
    answer: str
    place: int | None


def read_judged(ballots: Path, outcomes: Path) -> tuple[Judged, ...]:
    """The questions of both in which an accepted answer stands beside one that is not.

    Raises `InvalidInput` where a file cannot be read, or the two do not belong together.
    """
    lines = parse_ballots(read_text(ballots))
    return matched(lines, read_outcomes(outcomes))


def parse_ballots(text: str) -> tuple[_Line, ...]:
    """Read a CSV of a line for each answer on each ballot, in columns called id, reviewer, model and
    place (1 is the best, ties share one, empty: left out); reviewer_label and label tell apart seats
    of one model. Raises `InvalidInput`, which names the line."""
    header, *lines = read_table(text) or [[]]
    if not header:
        raise InvalidInput(_("The file of ballots is empty."))
    names = [name.strip().lower() for name in header]
    missing = [name for name in _NEEDED if name not in names]
    if missing:
        raise InvalidInput(
            _(
                "The file of ballots has no column {names}. It is the first of the two, with a line for "
                "each answer on each ballot, as `council export --csv ballots` writes it.",
                names=", ".join(missing),
            )
        )
    twice = [name for name, count in Counter(filter(None, names)).items() if count > 1]
    if twice:
        raise InvalidInput(_("More than one column is called {names}.", names=", ".join(twice)))
    found = tuple(_line(names, line, number) for number, line in enumerate(lines, start=2))
    _check_once(found)
    return found


def matched(lines: Sequence[_Line], outcomes: Outcomes) -> tuple[Judged, ...]:
    """Raises `InvalidInput` where no question, or no model of these, is in both."""
    by_question: defaultdict[str, list[_Line]] = defaultdict(list)
    for line in lines:
        by_question[line.id].append(line)
    models = [seat_name(model) for model in outcomes.models]
    ids = [id for id in outcomes.rows if id in by_question]
    if not ids:
        raise InvalidInput(
            _("No id is in both files: the ballots and the outcomes are of different questions.")
        )
    accepted = dict(zip(outcomes.rows, outcomes.cells, strict=True))
    found, shown = [], set[str]()
    for id in ids:
        sheets = _sheets(by_question[id])
        answers = {answer for sheet in sheets for answer in sheet.shares}
        shown |= answers
        held = {
            model: None if cell == UNKNOWN else bool(cell == RIGHT)
            for model, cell in zip(models, accepted[id], strict=True)
            if model in answers
        }
        if sheets and (pairs := held_pairs(held)):
            found.append(Judged(id, id, (), pairs, sheets))
    if not shown:
        raise InvalidInput(_("No ballot of these questions places an answer."))
    if shown.isdisjoint(models):
        raise InvalidInput(
            _(
                "No model of the ballots is a column of the outcomes: {models}.",
                models=", ".join(sorted(shown)[:5]),
            )
        )
    return tuple(found)


def _line(names: Sequence[str], cells: Sequence[str], number: int) -> _Line:
    if len(cells) != len(names):
        raise InvalidInput(
            _(
                "Line {number} of the ballots has {cells} cells under {names} names.",
                number=number,
                cells=len(cells),
                names=len(names),
            )
        )
    said = {name: cell.strip() for name, cell in zip(names, cells, strict=True)}
    lacking = next((name for name in ("id", "reviewer", "model") if not said[name]), None)
    if lacking:
        raise InvalidInput(
            _("Line {number} of the ballots has nothing under {name}.", number=number, name=lacking)
        )
    reviewer, model = seat_name(said["reviewer"]), seat_name(said["model"])
    return _Line(
        id=said["id"],
        reviewer=reviewer,
        seat=said.get("reviewer_label") or reviewer,
        model=model,
        answer=said.get("label") or model,
        place=_place(said["place"], number),
    )


def _place(text: str, number: int) -> int | None:
    if not text:
        return None
    # Spreadsheets write whole numbers in their own ways.
    whole = text.removesuffix(".0").removesuffix(",0")
    if not whole.isdecimal() or len(whole) > _PLACE_DIGITS or int(whole) < 1:
        raise InvalidInput(
            _(
                "In line {number} of the ballots, `{place}` is no place: 1 for the best, 2, 3 ..., or "
                "nothing where the answer was left out.",
                number=number,
                place=text,
            )
        )
    return int(whole)


def _check_once(lines: Sequence[_Line]) -> None:
    seen = set[tuple[str, str, str, str]]()
    for number, line in enumerate(lines, start=2):
        key = line.id, line.reviewer, line.seat, line.answer
        if key in seen:
            raise InvalidInput(
                _(
                    "Line {number} of the ballots repeats another: {reviewer} placed {answer} in {id} "
                    "already.",
                    number=number,
                    reviewer=line.reviewer,
                    answer=line.answer,
                    id=line.id,
                )
            )
        seen.add(key)


def _sheets(lines: Sequence[_Line]) -> tuple[Sheet, ...]:
    """Of one question. A ballot that places nothing is none."""
    models = {line.answer: line.model for line in lines}
    answers = _named(models)
    ballots: defaultdict[tuple[str, str], dict[str, int | None]] = defaultdict(dict)
    for line in lines:
        ballots[line.reviewer, line.seat][answers[line.answer]] = line.place
    reviewers = _named({ballot: ballot[0] for ballot in ballots})
    return tuple(
        Sheet(
            # Who wrote an answer is called like it.
            answers[seat] if models.get(seat) == reviewer else reviewers[reviewer, seat],
            shares(_ranking(places), places),
        )
        for (reviewer, seat), places in ballots.items()
        if any(place is not None for place in places.values())
    )


def _named(models: Mapping[_Seat, str]) -> dict[_Seat, str]:
    """By seat, in their order: where one model holds several, the further ones have a number."""
    seats = sorted(models)
    names = seat_columns(models[seat] for seat in seats)
    return {seat: seat_name(name) for seat, name in zip(seats, names, strict=True)}


def _ranking(places: Mapping[str, int | None]) -> tuple[tuple[str, ...], ...]:
    tied: defaultdict[int, list[str]] = defaultdict(list)
    for answer, place in places.items():
        if place is not None:
            tied[place].append(answer)
    return tuple(tuple(tied[place]) for place in sorted(tied))
