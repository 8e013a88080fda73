"""What a verdict left out, and what it has of no answer: one call, once the verdict stands.

Made by the cheapest member that did not write it. What it finds is a hint and no judgement: read
tolerantly, counted strictly, and dropped where plain words speak against it. Where the call fails,
nothing is known.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from bot.bills import TYPICAL_TOKENS, Price, Prices
from bot.cleaning import one_line, shortened
from bot.council import Answer, Claim, Council, Standing, Verdict
from bot.llm import Message
from bot.protocol import outcome, prompts
from bot.protocol.claims import unmarked
from bot.protocol.overlap import shared, words
from bot.protocol.patience import Deadline
from bot.protocol.prompts import AUDIT_POINTS
from bot.protocol.sitting import Material, Sitting

# Room for two short lists, and for models that think before they write.
AUDIT_TOKENS = 3_000
POINT_LIMIT_CHARS = 240

# Under `auto` an audit costs less than such a part of its question.
_CHEAP = 1 / 10
# What it writes is shorter than what others write.
_TYPICAL_TOKENS = (TYPICAL_TOKENS[0], TYPICAL_TOKENS[1] // 2)
# What is said of a text is about it where it has half of the words, and in it where it has nearly all.
_ABOUT, _SAID = 0.5, 0.9

_AUDITOR = "auditor"
_HEADING = re.compile(
    r"[\s#>*_]*(left out|unsupported)\b[^:\n]*:[\s*_]*(?P<rest>.*)", re.IGNORECASE
)
_BULLET = re.compile(r"^[\s>]*(?:[-*+•–]\s|\d{1,3}[.)]\s)?\s*")
_NONE = re.compile(r"\W*(?:none|nothing|n/?a)\b.{0,20}", re.IGNORECASE)
_LETTER = re.compile(r"\s*[(\[](?:[Aa]nswer )?([A-Z])[)\]](?=\W*$)|^(?:[Aa]nswer )?([A-Z])[:.)]\s+")


@dataclass(frozen=True, slots=True)
class Audit:
    """Points of answers that the verdict lacks, and claims of its that no answer makes."""

    left_out: tuple[Claim, ...] = ()
    unsupported: tuple[str, ...] = ()


def auditor(
    council: Council, prices: Prices, *, writer: str, seats: Collection[int] | None = None
) -> int | None:
    """Which of these seats, or of all, audits what this model wrote: the cheapest with another
    model. `None` where there is none, or the council wants none."""
    if council.audit == "off":
        return None
    costs = {
        seat: _cost(prices.price(model), _TYPICAL_TOKENS)
        for seat, model in enumerate(council.seated)
        if model != writer and (seats is None or seat in seats)
    }
    if not costs:
        return None
    seat = min(costs, key=lambda seat: (costs[seat], seat))
    is_cheap = costs[seat] < _CHEAP * _question_cost(council, prices)
    return seat if council.audit == "on" or is_cheap else None


async def chosen_auditor(
    sitting: Sitting, answers: Sequence[Answer], verdict: Verdict
) -> int | None:
    """The same for a verdict that stands: one of those that answered. A resumed run has the same."""
    if verdict.written_by is None or len(answers) < 2:
        return None
    if known := sitting.journal.decision(_AUDITOR):
        return int(known)
    seats = [answer.seat for answer in answers]
    seat = auditor(sitting.council, sitting.caller.prices, writer=verdict.written_by, seats=seats)
    if seat is not None:
        await sitting.journal.decide(_AUDITOR, str(seat))
    return seat


async def audit(
    sitting: Sitting,
    seat: int,
    answers: Sequence[Answer],
    standings: Sequence[Standing],
    verdict: Verdict,
) -> Audit:
    """What this seat found; nothing where it failed."""
    places = {standing.label: place for place, standing in enumerate(standings)}
    shown = sorted(sitting.shown(answers), key=lambda each: places.get(each[0], len(places)))
    text = sitting.unnamed(verdict.text)

    def prompt(limit: int | None) -> tuple[Message, ...]:
        fence = sitting.fence("audit", seat)
        return prompts.audit_prompt(
            sitting.question, sitting.council, shown, text, fence=fence, limit=limit
        )

    call = await sitting.ask_about(
        "audit",
        seat,
        Material(tuple(each for _, each in (*shown, ("", text))), prompt),
        tokens=AUDIT_TOKENS,
        deadline=Deadline(sitting.caller.patience.audit),
    )
    if call.text is None or outcome.finish(call.finish_reason) != "stop":
        return Audit()
    found = read(sitting.unnamed(call.text), text, dict(shown))
    if sitting.shown_chars("audit", seat) is not None:
        # What it was not shown of an answer may well make the claim.
        return Audit(found.left_out)
    return found


def read(text: str, verdict: str, answers: Mapping[str, str]) -> Audit:
    """The two lists, without what the texts themselves speak against. `answers` are by label, best
    first."""
    said, have = words(verdict), {label: words(answer) for label, answer in answers.items()}
    firsts = dict(list(have.items())[:2])
    left_out: dict[str, Claim] = {}
    unsupported: dict[str, None] = {}
    for is_left_out, line in _lines(text):
        point, letter = _split_letter(line)
        spoken = words(point)
        if is_left_out:
            named = {label: firsts[label] for label in firsts if letter in ("", label)}
            about = [label for label, theirs in named.items() if _are_in(theirs, spoken, _ABOUT)]
            if about and not _are_in(said, spoken, _SAID):
                left_out.setdefault(point, Claim(point, tuple(sorted(about))))
        elif _are_in(said, spoken, _ABOUT) and not any(
            _are_in(theirs, spoken, _SAID) for theirs in have.values()
        ):
            unsupported.setdefault(point)
    return Audit(tuple(left_out.values())[:AUDIT_POINTS], tuple(unsupported)[:AUDIT_POINTS])


def _are_in(theirs: Set[str], spoken: Set[str], part: float) -> bool:
    """Whether so much of what is said, if anything, is among their words."""
    return bool(spoken) and shared(spoken, theirs) >= part


def _lines(text: str) -> Iterator[tuple[bool, str]]:
    """Each point, and whether it was left out; else no answer supports it."""
    is_left_out: bool | None = None
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            is_left_out = heading[1].lower() == "left out"
            line = heading["rest"]
        if is_left_out is None:
            continue
        point = one_line(_BULLET.sub("", line, count=1))
        if point and not _NONE.fullmatch(point):
            yield is_left_out, point


def _split_letter(line: str) -> tuple[str, str]:
    """The point as plain text, and the letter of its answer, "" where there is none."""
    found = _LETTER.search(line)
    letter = (found[1] or found[2]) if found else ""
    point = unmarked(_LETTER.sub("", line)) if found else unmarked(line)
    plain = re.sub(r"[*`~]", "", point).strip(" \"'“”«»_#>|=+-").rstrip(".")
    return shortened(plain, POINT_LIMIT_CHARS), letter


def _question_cost(council: Council, prices: Prices) -> float:
    """Micro-dollars, roughly: every member answers and reviews, the chairman writes."""
    models = (*council.members, *council.seated, council.chairman)
    return sum(_cost(prices.price(model), TYPICAL_TOKENS) for model in models)


def _cost(price: Price, tokens: tuple[int, int]) -> float:
    prompt, completion = tokens
    return price.prompt * prompt + price.completion * completion
